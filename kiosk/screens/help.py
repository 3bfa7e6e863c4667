"""Help: what can be scanned and pressed, in two columns that fit 80 × 24."""

from typing import Final

from textual.content import Content

from kiosk.screens.text import FAINT, STRONG, Column, columns, line, page

TABLE: Final = (Column("", 8), Column("", 26, 1), Column("", 8), Column("", 26, 1))
# key or scan, what it does; left column, right column.
ROWS: Final = (
    ("badge", "sign in, join, sign out", "F1", "this help, and back"),
    ("order", "open it, or make it current", "F2", "orders of this station"),
    ("lot", "book it into the order", "F3", "what is not sent yet"),
    ("12.5 lot", "book so much of it", "F4  UNDO", "take the last scan back"),
    ("DONE", "all that is left is good", "F8  DONE", "F11 SCRAP, F12 END"),
    ("480 DONE", "480 are good, the rest stays", "F9  OK", "yes, do it"),
    ("3 SCRAP", "3 are scrap, then the reason", "Esc", "CANCEL: no, leave it"),
    ("END", "end it short, say why", "↑ ↓ ⏎", "choose, take what is chosen"),
    ("PAUSE", "stop; RESUME goes on", "digits", "a quantity, before its scan"),
)


def help_page(first: int, width: int, rows: int) -> Content:
    """The commands in `width` × `rows` cells, from line `first` where they do not all fit."""
    head = line(("A number comes before the scan that it belongs to.", STRONG))
    lines = [head, *(_row(row, width) for row in ROWS)]
    if len(lines) <= rows:
        return page(lines)
    room = max(1, rows - 1)
    first = min(first, len(lines) - room)
    more = line((f"lines {first + 1} to {first + room} of {len(lines)}: ↑ ↓", FAINT))
    return page([*lines[first : first + room], more])


def _row(row: tuple[str, str, str, str], width: int) -> Content:
    return Content(columns(TABLE, row, width))
