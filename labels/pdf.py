"""Primitives -> PDF vectors: label stock, one page a label. reportlab is imported at first use."""

import io
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from labels.layout import HEADS, PRINTABLE
from labels.primitives import Box, Layout, Line, Placed, Primitive, Symbol, Text

POINTS_A_MILLIMETRE = 72 / 25.4
FONT = "Helvetica-Bold"
BASELINE = 0.78  # of a font's height, from the top
Page: TypeAlias = Any  # reportlab's canvas: its code has no types


def write(layout: Layout, job: str) -> bytes:
    """One page of the label's size; the same layout and job give the same bytes."""
    dot = POINTS_A_MILLIMETRE / HEADS[layout.dpi]
    page, buffer = open_page((layout.width * dot, layout.height * dot), job)
    page.scale(dot, dot)
    for primitive in layout.primitives:
        _draw(page, primitive, layout.height)
    page.showPage()
    page.save()
    return buffer.getvalue()


def open_page(size: tuple[float, float], title: str) -> tuple[Page, io.BytesIO]:
    """A document of pages of `size` points, and where its bytes go."""
    from reportlab.pdfgen.canvas import Canvas

    make: Callable[..., Page] = Canvas
    buffer = io.BytesIO()
    page = make(buffer, pagesize=size, invariant=1, pageCompression=1)
    page.setTitle(title)
    return page, buffer


def draw_symbol(page: Page, symbol: Symbol, box: tuple[float, float, float, float]) -> None:
    """The dark modules as one path in (left, bottom, module width, whole height)."""
    left, bottom, module, height = box
    row_height = height / len(symbol.rows)
    path = page.beginPath()
    for number, row in enumerate(symbol.rows):
        lower = bottom + height - (number + 1) * row_height
        for start, length in _runs(row):
            path.rect(left + start * module, lower, length * module, row_height)
    page.drawPath(path, stroke=0, fill=1)


def draw_text(page: Page, x: float, top: float, height: float, text: str) -> None:
    """`text` whose line box of `height` hangs from `top`; what no font has becomes a `?`."""
    page.setFont(FONT, height)
    shown = text.encode(PRINTABLE, "replace").decode(PRINTABLE)
    page.drawString(x, top - BASELINE * height, shown)


def _draw(page: Page, primitive: Primitive, label_height: int) -> None:
    match primitive:
        case Text(x, y, height, _, value):
            draw_text(page, x, label_height - y, height, value)
        case Line() | Box():
            for area in primitive.areas:
                width, height = area.right - area.left, area.bottom - area.top
                page.rect(area.left, label_height - area.bottom, width, height, stroke=0, fill=1)
        case Placed(x, y, symbol, module, height):
            draw_symbol(page, symbol, (x, label_height - y - height, module, height))


def _runs(row: str) -> Iterator[tuple[int, int]]:
    """(start, length) of each run of dark modules."""
    start = row.find("1")
    while start >= 0:
        end = row.find("0", start)
        end = len(row) if end < 0 else end
        yield start, end - start
        start = row.find("1", end)
