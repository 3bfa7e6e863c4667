"""What printers answer when they are asked how they are: ZPL, ESC/POS and TSPL, read strictly.

Pure. None is returned for an answer that is none; it is then as good as silence.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from labels.printers.base import PrinterStatus, State

HOST_STATUS: Final = b"~HS\r\n"
HOST_ERRORS: Final = b"~HQES\r\n"
TSPL_STATUS: Final = b"\x1b!?"
REAL_TIME_STATUS: Final = tuple(b"\x10\x04" + bytes([number]) for number in (1, 2, 3, 4))

SILENT: Final = PrinterStatus(
    "needs_attention", "it says nothing: paper, ribbon, head or power; look at it"
)
_HOST_STATUS: Final = re.compile(
    rb"\x02(\d{3}),([01]),([01]),(\d{4}),(\d{3}),([01]),([01]),([01]),\d{3},([01]),([01]),([01])"
    rb"\x03\r\n"
    rb"\x02(\d{3}),[01],([01]),([01]),([01]),(.),(\d),([01]),(\d{8}),[01],(\d{3})\x03\r\n"
    rb"\x02(.{4}),([01])\x03\r\n"
)
_HOST_ERRORS: Final = re.compile(
    rb"ERRORS:\s+([01])\s+([0-9A-Fa-f]{8})\s+([0-9A-Fa-f]{8})\s+"
    rb"WARNINGS:\s+([01])\s+([0-9A-Fa-f]{8})\s+([0-9A-Fa-f]{8})\s*\x03"
)


@dataclass(frozen=True, slots=True)
class _Sign:
    """One bit of an error word."""

    bit: int
    state: State
    detail: str


_ZPL_ERRORS: Final = (
    _Sign(0x1, "paper_out", "out of labels"),
    _Sign(0x2, "ribbon_out", "out of ribbon"),
    _Sign(0x4, "head_open", "the head is open"),
    _Sign(0x8, "needs_attention", "the cutter is stuck"),
    _Sign(0x10, "needs_attention", "the head is too hot: let it cool"),
    _Sign(0x20, "needs_attention", "the motor is too hot: let it cool"),
    _Sign(0x40, "needs_attention", "an element of the head is dead: bars may be broken"),
    _Sign(0x80, "needs_attention", "the head is not recognised"),
)
_TSPL_SIGNS: Final = (
    _Sign(0x01, "head_open", "the head is open"),
    _Sign(0x04, "paper_out", "out of labels"),
    _Sign(0x08, "ribbon_out", "out of ribbon"),
    _Sign(0x02, "needs_attention", "labels are jammed"),
    _Sign(0x80, "needs_attention", "it reports another fault: look at its display"),
    _Sign(0x10, "paused", "paused: press its feed or pause key"),
    _Sign(0x20, "busy", "printing"),
)


def host_status(answer: bytes) -> PrinterStatus | None:
    """Zebra's three lines to `~HS` (ZPL II Programming Guide, `~HS`)."""
    found = _HOST_STATUS.search(answer)
    if found is None:
        return None
    value = [_number(group) for group in found.groups()]
    waiting = value[4] + value[18]
    for is_so, state, detail in (
        (value[1], "paper_out", "out of labels"),
        (value[12], "head_open", "the head is open"),
        (value[13], "ribbon_out", "out of ribbon"),
        (value[8], "needs_attention", "its memory is damaged: switch it off and on"),
        (value[9], "needs_attention", "the head is too cold"),
        (value[10], "needs_attention", "the head is too hot: let it cool"),
        (value[2], "paused", "paused: press its pause key"),
        (value[17], "busy", "a label waits to be taken"),
        (value[5], "busy", "its buffer is full"),
        (waiting or value[7], "busy", f"{waiting} labels wait in it"),
    ):
        if is_so:
            return PrinterStatus(state, detail, waiting)  # type: ignore[arg-type]
    return PrinterStatus("ready", "ready", 0)


def host_errors(answer: bytes) -> PrinterStatus | None:
    """Zebra's error word to `~HQES`; warnings are no reason to stop."""
    found = _HOST_ERRORS.search(answer)
    if found is None:
        return None
    flag, high, low = found.group(1), int(found.group(2), 16), int(found.group(3), 16)
    if flag == b"0":
        return PrinterStatus("ready", "ready")
    sign = _first(_ZPL_ERRORS, low)
    if sign is not None:
        return PrinterStatus(sign.state, sign.detail)
    detail = f"it reports fault {high:08X} {low:08X}: look at its display"
    return PrinterStatus("needs_attention", detail)


def tspl(answer: bytes) -> PrinterStatus | None:
    """The byte that answers `<ESC>!?` (TSPL/TSPL2 Programming, immediate commands)."""
    if len(answer) != 1 or answer[0] & 0x40:
        return None
    sign = _first(_TSPL_SIGNS, answer[0])
    return PrinterStatus("ready", "ready") if sign is None else _status(sign)


def is_real_time(answer: bytes) -> bool:
    """Whether a byte can be an answer to `DLE EOT n`: bits 1 and 4 set, 0 and 7 clear."""
    return len(answer) == 1 and answer[0] & 0b10010011 == 0b00010010


def real_time(answers: Sequence[bytes]) -> PrinterStatus | None:
    """The bytes that answer `DLE EOT` 1 to 4: printer, cause, fault, paper."""
    if len(answers) != len(REAL_TIME_STATUS) or not all(is_real_time(one) for one in answers):
        return None
    printer, cause, fault, paper = (one[0] for one in answers)
    for is_so, state, detail in (
        (cause & 0x04, "head_open", "its cover is open"),
        (cause & 0x20 or paper & 0x60, "paper_out", "out of paper"),
        (fault & 0x08, "needs_attention", "the cutter is stuck"),
        (fault & 0x20, "needs_attention", "it cannot recover: switch it off and on"),
        (fault & 0x44 or cause & 0x40, "needs_attention", "it reports a fault: look at it"),
        (cause & 0x08, "busy", "paper is fed by hand"),
        (printer & 0x08, "paused", "it is offline: press its online or feed key"),
        (paper & 0x0C, "ready", "ready, paper runs low"),
    ):
        if is_so:
            return PrinterStatus(state, detail)  # type: ignore[arg-type]
    return PrinterStatus("ready", "ready")


def is_whole(read: Callable[[bytes], PrinterStatus | None]) -> Callable[[bytes], bool]:
    """Tells when an answer need not be waited for any longer."""
    return lambda answer: read(answer) is not None


def _first(signs: Sequence[_Sign], word: int) -> _Sign | None:
    return next((sign for sign in signs if word & sign.bit), None)


def _status(sign: _Sign) -> PrinterStatus:
    return PrinterStatus(sign.state, sign.detail)


def _number(group: bytes) -> int:
    return int(group) if group.isdigit() else 0
