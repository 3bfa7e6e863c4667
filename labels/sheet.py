"""An A4 sheet of codes to scan: badges, travellers, lots and commands for a visitor or a wall.

It is the template `commands`, filled: short texts become Code 128, which every scanner reads,
longer ones QR, GS1 element strings a GS1 Data Matrix. Raises LabelError.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from labels import fonts, render
from labels.pdf import POINTS_A_MILLIMETRE as MM
from labels.template import Record, Values

TEMPLATE: Final = "commands"
DPI: Final = 600  # of an office printer
# As the template has them: what places entries by column and row counts on these.
COLUMNS: Final = 3
ROWS: Final = 6
CELL: Final = (62 * MM, 43 * MM)
LINEAR_CHARS_MAX: Final = 13
TITLE_CHARS_MAX: Final = 60
SUBTITLE_CHARS_MAX: Final = 100
HEADING_CHARS_MAX: Final = 100
NO_LETTER: Final = "?"


@dataclass(frozen=True, slots=True)
class SheetEntry:
    """One cell: what people read, and `text`, what the scanner sends without AIM identifier.

    `gs1`: `text` is a GS1 element string. Without `text` the cell stays empty.
    """

    title: str
    subtitle: str
    text: str
    gs1: bool = False


def sheet(entries: Sequence[SheetEntry], heading: str, folder: Path | None = None) -> bytes:
    """A PDF of A4 pages, 18 entries a page in the given order; every symbol was read back.

    What no font has stands as a `?`: a sheet of codes is of use without one person's name.
    """
    rows = [_row(entry) for entry in entries] or [_row(SheetEntry("", "", ""))]
    values: Values = {"heading": _shown(heading, HEADING_CHARS_MAX), "codes": rows}
    return render.render(TEMPLATE, values, "pdf", DPI, "codes", folder)


def _row(entry: SheetEntry) -> Record:
    if not entry.text:
        return {}
    plain = "linear" if len(entry.text) <= LINEAR_CHARS_MAX else "square"
    return {
        "title": _shown(entry.title, TITLE_CHARS_MAX),
        "subtitle": _shown(entry.subtitle, SUBTITLE_CHARS_MAX),
        "gs1" if entry.gs1 else plain: entry.text,
    }


def _shown(text: str, chars_max: int) -> str:
    return "".join(char if fonts.covers(char) else NO_LETTER for char in text[:chars_max])
