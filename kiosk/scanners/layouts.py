"""The home of key codes: what a key of a Linux input device types under a keyboard layout.

The layout is the one that the *scanner* is set to; the PC's own plays no part here. Layouts stand
in `labels.keyboard`.
"""

import unicodedata
from collections.abc import Mapping
from typing import Final

from labels.keyboard import LAYOUTS

KEY_LAYOUTS: Final = tuple(LAYOUTS)

ENTER_KEYS: Final = frozenset({28, 96})
TAB_KEY: Final = 15
SHIFT_KEYS: Final = frozenset({42, 54})
CTRL_KEYS: Final = frozenset({29, 97})
ALT_KEY: Final = 56
ALTGR_KEY: Final = 100
# Every keyboard that types has these: digits, Enter, and the letters of the top row.
TYPING_KEYS: Final = frozenset({*range(2, 12), 28, *range(16, 26)})
KEYPAD: Final[Mapping[int, str]] = {
    **dict(zip((71, 72, 73, 75, 76, 77, 79, 80, 81, 82), "7894561230", strict=True)),
    **dict(zip((55, 74, 78, 83, 98), "*-+./", strict=True)),
}
_SPACE_KEY: Final = 57
_POSITIONS: Final = (41, *range(2, 14), *range(16, 28), *range(30, 41), 43, 86, *range(44, 54))
_PLACES: Final = {key: place for place, key in enumerate(_POSITIONS)}
_ACCENTS: Final = {"\u0300": "`", "\u0301": "´", "\u0302": "^", "\u0308": "¨"}
_CONTROL_MASK: Final = 0x1F


def sign_of(key: int, layout: str, *, shift: bool = False, altgr: bool = False) -> str:
    """The character of a key; a combining accent for a dead key, "" for a key that types none."""
    if key == _SPACE_KEY:
        return " "
    if key in KEYPAD:
        return KEYPAD[key]
    place = _PLACES.get(key)
    return "" if place is None else LAYOUTS[layout].sign(place, shift=shift, altgr=altgr)


def control_of(key: int, layout: str, *, shift: bool = False, altgr: bool = False) -> str:
    """What Ctrl and a key mean, such as GS for Ctrl+]: by the character, else by the place."""
    for sign in (sign_of(key, layout, shift=shift, altgr=altgr), sign_of(key, "us")):
        if sign and "@" <= sign.upper() <= "_":
            return chr(ord(sign.upper()) & _CONTROL_MASK)
    return ""


def joined(accent: str, sign: str) -> str:
    """A dead key and the character behind it; with a blank the accent itself."""
    if sign == " ":
        return _ACCENTS.get(accent, accent)
    both = unicodedata.normalize("NFC", sign + accent)
    return both if len(both) == 1 else _ACCENTS.get(accent, accent) + sign


def alt_code(digits: str) -> str:
    """The character of Alt and digits: with a leading 0 of Windows' table, else of the old one."""
    number = int(digits) & 0xFF
    table = "cp1252" if digits.startswith("0") else "cp437"
    return chr(number) if number < 0x80 else bytes((number,)).decode(table, "replace")
