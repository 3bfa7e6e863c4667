"""The home of the question what key events mean: raw input events -> the bytes of codes.

Pure. Caps Lock, its light and the PC's layout play no part; a key that repeats itself is no new
character. When the kernel says that it lost events, everything up to its next report is ignored.
"""

import struct
from typing import Final

from kiosk.scanners.layouts import (
    ALT_KEY,
    ALTGR_KEY,
    CTRL_KEYS,
    ENTER_KEYS,
    KEYPAD,
    SHIFT_KEYS,
    TAB_KEY,
    alt_code,
    control_of,
    joined,
    sign_of,
)

EVENT: Final = struct.Struct("@llHHi")  # seconds, microseconds, type, code, value
EV_SYN, EV_KEY = 0, 1
SYN_REPORT, SYN_DROPPED = 0, 3
RELEASED, PRESSED = 0, 1
ALT_DIGITS_MAX: Final = 8
_MODIFIERS: Final = SHIFT_KEYS | CTRL_KEYS | {ALT_KEY, ALTGR_KEY}


class KeyDecoder:
    """Input events of one device -> bytes; None stands where the kernel lost some."""

    __slots__ = ("_alt", "_dead", "_down", "_layout", "_lost", "_part")

    def __init__(self, layout: str = "us") -> None:
        self._layout = layout
        self._part = b""
        self._down: set[int] = set()
        self._alt = ""
        self._dead = ""
        self._lost = False

    def feed(self, data: bytes) -> list[bytes | None]:
        """Take events as they were read, in whole or in parts."""
        self._part += data
        whole = len(self._part) - len(self._part) % EVENT.size
        out: list[bytes | None] = []
        text = ""
        for _, _, kind, code, value in EVENT.iter_unpack(self._part[:whole]):
            if kind == EV_SYN and code == SYN_DROPPED:
                self._forget()
                out, text = [*out, text.encode(), None], ""
            elif kind == EV_SYN and code == SYN_REPORT:
                self._lost = False
            elif kind == EV_KEY and not self._lost:
                text += self._key(code, value)
        self._part = self._part[whole:]
        return [one for one in (*out, text.encode()) if one != b""]

    def _forget(self) -> None:
        self._down.clear()
        self._alt = self._dead = ""
        self._lost = True

    def _key(self, code: int, value: int) -> str:
        if code in _MODIFIERS:
            return self._modifier(code, value)
        if value != PRESSED:
            return ""
        if code in ENTER_KEYS:
            return "\r"
        if code == TAB_KEY:
            return "\t"
        return self._sign(code)

    def _modifier(self, code: int, value: int) -> str:
        if value == PRESSED:
            self._down.add(code)
        elif value == RELEASED:
            self._down.discard(code)
        if code != ALT_KEY or value != RELEASED or not self._alt:
            return ""
        digits, self._alt = self._alt, ""
        return alt_code(digits)

    def _sign(self, code: int) -> str:
        shift, altgr = bool(self._down & SHIFT_KEYS), ALTGR_KEY in self._down
        if self._down & CTRL_KEYS:
            return control_of(code, self._layout, shift=shift, altgr=altgr)
        sign = sign_of(code, self._layout, shift=shift, altgr=altgr)
        if ALT_KEY in self._down:
            digit = KEYPAD.get(code, sign_of(code, "us"))
            if digit.isdigit() and len(self._alt) < ALT_DIGITS_MAX:
                self._alt += digit
            return ""
        if self._dead and sign:
            accent, self._dead = self._dead, ""
            return joined(accent, sign)
        if "\u0300" <= sign <= "\u036f":
            self._dead = sign
            return ""
        return sign
