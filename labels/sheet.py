"""An A4 sheet of codes to scan: badges, travellers, lots and commands for a visitor or a wall.

Short texts become Code 128, which every scanner reads; what is too long for the cell becomes QR,
GS1 element strings a GS1 Data Matrix. Raises SymbolError.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from labels import fonts, symbols
from labels.pdf import POINTS_A_MILLIMETRE as MM
from labels.pdf import Page, draw_symbol, draw_text, open_page
from labels.primitives import Symbol

PAGE = (210 * MM, 297 * MM)
MARGIN = 12 * MM
HEADING = 12 * MM
COLUMNS = 3  # as many as leave the longest command a module that every laser reads
ROWS = 9
CELL = ((PAGE[0] - 2 * MARGIN) / COLUMNS, (PAGE[1] - 2 * MARGIN - HEADING) / ROWS)
CELL_GAP = 2 * MM
LINEAR_MODULE_MAX = 0.5 * MM
LINEAR_MODULE_MIN = 0.3 * MM
LINEAR_HEIGHT = 14 * MM
SQUARE_SIZE = 18 * MM
TITLE_HEIGHT = 4 * MM
SUBTITLE_HEIGHT = 2.6 * MM


@dataclass(frozen=True, slots=True)
class SheetEntry:
    """One cell: what people read, and `text`, what the scanner sends without AIM identifier.

    `gs1`: `text` is a GS1 element string. Without `text` the cell stays empty.
    """

    title: str
    subtitle: str
    text: str
    gs1: bool = False


def sheet(entries: Sequence[SheetEntry], heading: str) -> bytes:
    """A PDF of A4 pages, 27 entries a page in the given order; every symbol was read back."""
    page, buffer = open_page(PAGE, heading)
    for start in range(0, max(1, len(entries)), COLUMNS * ROWS):
        draw_text(page, MARGIN, PAGE[1] - MARGIN, 5 * MM, heading)
        for place, entry in enumerate(entries[start : start + COLUMNS * ROWS]):
            if not entry.text:
                continue
            row, column = divmod(place, COLUMNS)
            left = MARGIN + column * CELL[0]
            top = PAGE[1] - MARGIN - HEADING - row * CELL[1]
            _draw_entry(page, entry, left, top)
        page.showPage()
    page.save()
    return buffer.getvalue()


def symbol_of(entry: SheetEntry) -> Symbol:
    """The proved symbol that a cell shows."""
    if entry.gs1:
        return symbols.build("gs1-datamatrix", entry.text)
    if len(entry.text) <= symbols.CODE128_CHARS_MAX:
        linear = symbols.build("code128", entry.text)
        if _module_of(linear) >= LINEAR_MODULE_MIN:
            return linear
    return symbols.build("qr", entry.text)


def _module_of(symbol: Symbol) -> float:
    """Points a module, quiet zone inside the cell."""
    if not symbol.is_linear:
        return SQUARE_SIZE / (symbol.modules_across)
    return min(LINEAR_MODULE_MAX, (CELL[0] - CELL_GAP) / (symbol.modules_across))


def _draw_entry(page: Page, entry: SheetEntry, left: float, top: float) -> None:
    room = CELL[0] - CELL_GAP
    draw_text(page, left, top, _fitting(entry.title, TITLE_HEIGHT, room), entry.title)
    below = top - TITLE_HEIGHT * 1.1
    draw_text(page, left, below, _fitting(entry.subtitle, SUBTITLE_HEIGHT, room), entry.subtitle)
    symbol = symbol_of(entry)
    module = _module_of(symbol)
    height = LINEAR_HEIGHT if symbol.is_linear else len(symbol.rows) * module
    quiet = symbol.quiet * module
    symbol_top = below - SUBTITLE_HEIGHT * 1.4 - (0 if symbol.is_linear else quiet)
    draw_symbol(page, symbol, (left + quiet, symbol_top - height, module, height))


def _fitting(text: str, height: float, width: float) -> float:
    natural = fonts.width(text, 1000) / 1000
    return min(height, width / natural) if natural else height
