"""The home of the printed sheet: every command, digit and reason as a code, for laser scanners.

What stands on screen an imager reads; a laser reads paper. Opposites are never neighbours.
"""

from collections.abc import Iterable

from kiosk.dialog.actions import ACTIONS, Action
from kiosk.texts import Texts
from labels.codes import DIGITS, CommandCode, DigitCode, ReasonCode, encode
from labels.sheet import COLUMNS, SheetEntry, sheet

Reason = tuple[str, str, str]  # code, text, group


def entries(texts: Texts, reasons: Iterable[Reason] = ()) -> list[SheetEntry]:
    """What stands on it: commands by their numbers, digits, reasons by group and text.

    A part begins in a row of its own, so that nothing of one is beside the other.
    """
    known = sorted(reasons, key=lambda one: (one[2], one[1], one[0]))
    parts = [
        [_of_action(one, number, texts) for number, one in enumerate(ACTIONS, 1)],
        [SheetEntry(sign, texts.label("sheet_digit"), encode(DigitCode(sign))) for sign in DIGITS],
        [SheetEntry(text or code, group, encode(ReasonCode(code))) for code, text, group in known],
    ]
    found: list[SheetEntry] = []
    for part in parts:
        found += [SheetEntry("", "", "")] * (-len(found) % COLUMNS)
        found += part
    return found


def command_sheet(texts: Texts, reasons: Iterable[Reason] = ()) -> bytes:
    """The sheet as a PDF of A4 pages; raises `SymbolError`, `CodeError`."""
    return sheet(entries(texts, reasons), texts.label("sheet_heading"))


def _of_action(action: Action, number: int, texts: Texts) -> SheetEntry:
    key = texts.label("key_escape") if action.key == "escape" else action.key.upper()
    told = f"*{number} {key}".strip()
    words = f"{told} · {texts.label(action.label)}"
    return SheetEntry(texts.label(action.word), words, encode(CommandCode(action.command)))
