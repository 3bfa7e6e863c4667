"""The home of what a station tells of itself with each push: its program, how its printers are.

It is state and not history: the last word counts, no event is made of it, and none ever waits
because it cannot be read.
"""

from typing import Final, Literal, get_args

import msgspec

TOLD_BYTES_MAX: Final = 8_192
TOLD_PRINTERS_MAX: Final = 16
TOLD_NAME_CHARS_MAX: Final = 60
TOLD_WHY_CHARS_MAX: Final = 160
TOLD_LABELS_MAX: Final = 1_000_000

PrinterHealth = Literal["", "ok", "silent", "fault"]


class PrinterTold(msgspec.Struct, frozen=True):
    """A printer as its station knows it: the language it speaks, the way to it, and how it is.

    `health` is empty where it was not asked yet; `why` is the word for "silent" and "fault".
    `waiting` labels are not on their way; of `doubt` ones nobody has said whether they came out.
    """

    name: str
    kind: str = ""
    output: str = ""
    health: str = ""
    why: str = ""
    waiting: int = 0
    doubt: int = 0

    @property
    def is_down(self) -> bool:
        """Whether it is known not to print."""
        return self.health in {"silent", "fault"}


class StationTold(msgspec.Struct, frozen=True):
    """What one station says of itself; no version where its program is too old to tell."""

    version: str = ""
    printers: tuple[PrinterTold, ...] = ()


def written(told: StationTold) -> bytes:
    """As it goes into a push, within the limits."""
    return msgspec.json.encode(_cut(told))


def read(content: bytes) -> StationTold | None:
    """What was told, cut to the limits; None for nothing, or for what nobody can read."""
    if len(content) > TOLD_BYTES_MAX:
        return None
    try:
        told = msgspec.json.decode(content, type=StationTold | None)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return _cut(told) if told is not None else None


def _cut(told: StationTold) -> StationTold:
    printers = tuple(_cut_printer(one) for one in told.printers[:TOLD_PRINTERS_MAX])
    return StationTold(_text(told.version, TOLD_NAME_CHARS_MAX), printers)


def _cut_printer(one: PrinterTold) -> PrinterTold:
    return PrinterTold(
        name=_text(one.name, TOLD_NAME_CHARS_MAX),
        kind=_text(one.kind, TOLD_NAME_CHARS_MAX),
        output=_text(one.output, TOLD_NAME_CHARS_MAX),
        health=one.health if one.health in get_args(PrinterHealth) else "",
        why=_text(one.why, TOLD_WHY_CHARS_MAX),
        waiting=min(max(0, one.waiting), TOLD_LABELS_MAX),
        doubt=min(max(0, one.doubt), TOLD_LABELS_MAX),
    )


def _text(text: str, chars: int) -> str:
    return "".join(char if char.isprintable() else "?" for char in text[:chars])
