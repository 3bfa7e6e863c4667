"""The text of in-house codes: allowed characters, check character, amounts, web addresses.

The check character is ISO/IEC 7064 MOD 37-2 over 0-9 A-Z and `-`. The signs `.` and `+` lie
outside its 37 values and count as pairs, so that neither passes for a digit.
"""

import base64
import binascii
import re
from decimal import Decimal

SEPARATOR = "+"
_VALUES = {char: value for value, char in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-")}
_CHECK_SIGNS = "".join(_VALUES)
SIGNS = f"{_CHECK_SIGNS}.{SEPARATOR}"  # all that a code is made of
_PLAIN = re.compile(r"[A-Z0-9.-]*")
_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")


def is_plain(field: str) -> bool:
    """Whether `field` can stand between separators."""
    return _PLAIN.fullmatch(field) is not None


def checked(text: str) -> str:
    """`text` with its check character behind it."""
    return text + _check_character(text)


def is_intact(text: str) -> bool:
    """Whether all characters are allowed and the last is the check character of the others."""
    plain = is_plain(text.replace(SEPARATOR, "")) and len(text) > 2
    return plain and text[-1] == _check_character(text[:-1])


def write_amount(amount: Decimal) -> str:
    """Plain decimal text; raises ValueError where 12 digits, dot, 6 digits cannot hold it."""
    text = format(amount, "f")
    if _AMOUNT.fullmatch(text) is None:
        raise ValueError(f"{amount} is not an amount of at most 12 digits and 6 decimals")
    return text


def read_amount(text: str) -> Decimal:
    """The inverse of `write_amount`; raises ValueError."""
    if _AMOUNT.fullmatch(text) is None:
        raise ValueError(f"{text} is not an amount of at most 12 digits and 6 decimals")
    return Decimal(text)


def to_base32(text: str) -> str:
    """Any text in A-Z 2-7, so that an address survives every keyboard layout."""
    return base64.b32encode(text.encode()).decode().rstrip("=")


def from_base32(field: str) -> str:
    """The inverse of `to_base32`; raises ValueError."""
    try:
        text = base64.b32decode(field + "=" * (-len(field) % 8)).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError(f"{field} is not an address") from None
    if to_base32(text) != field:
        raise ValueError(f"{field} is not an address")
    return text


def _check_character(text: str) -> str:
    expanded = text.replace(".", "-D").replace(SEPARATOR, "-P")
    total = 0
    for char in expanded:
        total = (total + _VALUES[char]) * 2 % 37
    return _CHECK_SIGNS[(1 - total) % 37]
