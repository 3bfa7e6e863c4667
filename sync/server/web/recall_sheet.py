"""A recall list on paper: A4 lying, the head on every page, pages counted."""

import io
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

from labels import fonts

LINES_ON_PAGE: Final = 38
LINES_MAX: Final = 4_000
MARGIN_POINTS: Final = 36
ROW_POINTS: Final = 12
SIZE_POINTS: Final = 8
PAGE_POINTS: Final = (842, 595)
CELL_CHARS_MAX: Final = 24


def recall_sheet(
    title: str, head: Sequence[str], columns: Sequence[str], rows: Sequence[Sequence[str]],
    page_text: str, cut_text: str,
) -> bytes:  # fmt: skip
    """The PDF; `page_text` holds {page} and {pages}; past `LINES_MAX` rows it ends with the cut."""
    from reportlab.pdfgen import canvas

    out = io.BytesIO()
    made: Any = canvas.Canvas
    page = made(out, pagesize=PAGE_POINTS)
    page.setTitle(title)
    kept = [*rows[:LINES_MAX], *([[cut_text]] if len(rows) > LINES_MAX else [])]
    pages = max(1, -(-len(kept) // LINES_ON_PAGE))
    for number in range(pages):
        part = kept[number * LINES_ON_PAGE : (number + 1) * LINES_ON_PAGE]
        foot = page_text.format(page=number + 1, pages=pages)
        _page(page, title, head, columns, part, foot)
        page.showPage()
    page.save()
    return out.getvalue()


def _page(
    page: Any, title: str, head: Sequence[str], columns: Sequence[str],
    rows: Sequence[Sequence[str]], foot: str,
) -> None:  # fmt: skip
    width, height = PAGE_POINTS
    y = height - MARGIN_POINTS
    _text(page, MARGIN_POINTS, y, title, 13)
    for row, line in enumerate(head, 1):
        _text(page, MARGIN_POINTS, y - row * ROW_POINTS, line, SIZE_POINTS)
    y -= (len(head) + 2) * ROW_POINTS
    step = (width - 2 * MARGIN_POINTS) / len(columns)
    for cells in (columns, *rows):
        for rank, cell in enumerate(cells):
            shown = cell if len(cells) == 1 else _short(cell)
            _text(page, MARGIN_POINTS + rank * step, y, shown, SIZE_POINTS)
        if cells is columns:
            page.line(MARGIN_POINTS, y - 3, width - MARGIN_POINTS, y - 3)
        y -= ROW_POINTS
    _text(page, MARGIN_POINTS, MARGIN_POINTS / 2, foot, SIZE_POINTS)


def _text(page: Any, x: float, y: float, text: str, size: float) -> None:
    shown = "".join(char if fonts.covers(char) else "?" for char in text)
    page.setFont(_face(), size)
    page.drawString(x, y, shown)


def _short(text: str) -> str:
    return text if len(text) <= CELL_CHARS_MAX else f"{text[: CELL_CHARS_MAX - 1]}…"


@cache
def _face() -> str:
    from reportlab.pdfbase import pdfmetrics, ttfonts

    name = "Roboto-recall"
    read: Callable[[str, str], object] = ttfonts.TTFont
    register: Callable[[object], None] = pdfmetrics.registerFont
    register(read(name, str(fonts.file())))
    return name
