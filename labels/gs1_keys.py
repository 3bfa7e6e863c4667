"""GS1 keys of our own: SSCC and GTIN made from a company prefix, and never without one.

Raises Gs1Error: there is no prefix, or a number does not fit beside it (GenSpecs 2.1 and 2.2).
"""

from labels.gs1 import Gs1Error, check_digit

PREFIX_CHARS_MIN = 4
PREFIX_CHARS_MAX = 12
_SSCC_SERIAL_CHARS = 16  # of 18 digits, without extension and check digit, prefix included
_GTIN_ITEM_CHARS = 12  # of 14 digits, without indicator and check digit, prefix included


def company_prefix(text: str) -> str:
    """`text` if it can be a GS1 company prefix: 4 to 12 digits."""
    return _prefix("", text)


def sscc_serials(prefix: str) -> int:
    """How many serial references an extension digit has room for beside `prefix`."""
    return int(10 ** (_SSCC_SERIAL_CHARS - len(_prefix("00", prefix))))


def sscc(extension: int, prefix: str, serial: int) -> str:
    """The 18 digits of a logistic unit's number."""
    return _key("00", "extension digit", extension, prefix, serial, _SSCC_SERIAL_CHARS)


def gtin14(indicator: int, prefix: str, item: int) -> str:
    """The 14 digits of a trade item's number; indicator 0 is the GTIN-13 with a leading zero."""
    return _key("01", "indicator digit", indicator, prefix, item, _GTIN_ITEM_CHARS)


def _key(ai: str, lead: str, digit: int, prefix: str, number: int, chars: int) -> str:
    if not 0 <= digit <= 9:
        raise Gs1Error(ai, 0, f"the {lead} is 0 to 9, not {digit}")
    room = chars - len(_prefix(ai, prefix))
    if not 0 <= number < 10**room:
        raise Gs1Error(ai, 0, f"{number} has no place in {room} digits beside prefix {prefix}")
    body = f"{digit}{prefix}{number:0{room}d}" if room else f"{digit}{prefix}"
    return body + check_digit(body)


def _prefix(ai: str, text: str) -> str:
    if not text:
        raise Gs1Error(ai, 0, "there is no GS1 company prefix: enter the one that GS1 assigned")
    good = text.isascii() and text.isdigit()
    if not good or not PREFIX_CHARS_MIN <= len(text) <= PREFIX_CHARS_MAX:
        wanted = f"{PREFIX_CHARS_MIN} to {PREFIX_CHARS_MAX} digits"
        raise Gs1Error(ai, 0, f"a GS1 company prefix has {wanted}, not {text!r}")
    return text
