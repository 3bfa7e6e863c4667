"""Primitives -> PDF vectors: label stock, a page a label; Roboto's letters go with the document.

reportlab is imported at first use.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any, Final, TypeAlias

from labels import fonts
from labels.heads import HEADS
from labels.primitives import Box, Layout, Line, Placed, Primitive, Symbol, Text, Weight

POINTS_A_MILLIMETRE: Final = 72 / 25.4
# A font that documents share has one place from which it is read: no two threads may do so.
_ONE_AT_A_TIME: Final = Lock()
Page: TypeAlias = Any  # reportlab's canvas: its code has no types


def write(layout: Layout, job: str) -> bytes:
    """One page of the label's size; the same layout and job give the same bytes."""
    return write_pages((layout,), job)


def write_pages(layouts: Sequence[Layout], job: str) -> bytes:
    """A document: a page for each layout, all of the first one's size."""
    first = layouts[0]
    dot = POINTS_A_MILLIMETRE / HEADS[first.dpi]
    with document((first.width * dot, first.height * dot), job) as (page, buffer):
        for layout in layouts:
            draw_layout(page, layout, (0, first.height * dot))
            page.showPage()
    return buffer.getvalue()


@contextmanager
def document(size: tuple[float, float], title: str) -> Iterator[tuple[Page, io.BytesIO]]:
    """Pages of `size` points, and where their bytes are once it is left."""
    with _ONE_AT_A_TIME:
        from reportlab.pdfgen.canvas import Canvas

        make: Callable[..., Page] = Canvas
        buffer = io.BytesIO()
        page = make(buffer, pagesize=size, invariant=1, pageCompression=1)
        page.setTitle(title)
        yield page, buffer
        page.save()


def draw_layout(page: Page, layout: Layout, corner: tuple[float, float]) -> None:
    """A whole label, its top left at `corner` in points from the page's bottom left."""
    dot = POINTS_A_MILLIMETRE / HEADS[layout.dpi]
    page.saveState()
    page.translate(corner[0], corner[1] - layout.height * dot)
    page.scale(dot, dot)
    for primitive in layout.primitives:
        _draw(page, primitive, layout.height)
    page.restoreState()


def _draw(page: Page, primitive: Primitive, label_height: int) -> None:
    match primitive:
        case Text(x, y, height, value=value, weight=weight):
            fonts.check(value)
            line = label_height - y - fonts.baseline(height)
            _set_text(page, (x, line), fonts.size(value, height, weight), value, weight)
        case Line() | Box():
            for area in primitive.areas:
                width, height = area.right - area.left, area.bottom - area.top
                page.rect(area.left, label_height - area.bottom, width, height, stroke=0, fill=1)
        case Placed(x, y, symbol, module, height):
            _draw_symbol(page, symbol, (x, label_height - y - height, module, height))


def _draw_symbol(page: Page, symbol: Symbol, box: tuple[float, float, float, float]) -> None:
    """The dark modules as one path in (left, bottom, module width, whole height)."""
    left, bottom, module, height = box
    row_height = height / len(symbol.rows)
    path = page.beginPath()
    for number, row in enumerate(symbol.rows):
        lower = bottom + height - (number + 1) * row_height
        for start, length in _runs(row):
            path.rect(left + start * module, lower, length * module, row_height)
    page.drawPath(path, stroke=0, fill=1)


def _set_text(
    page: Page, start: tuple[float, float], size: float, text: str, weight: Weight
) -> None:
    page.setFont(_face(weight), size)
    page.drawString(start[0] + fonts.offsets(text, size, weight)[0], start[1], text)


@cache
def _face(weight: Weight) -> str:
    """The name under which reportlab knows the font; each document takes the letters it shows."""
    from reportlab.pdfbase import pdfmetrics, ttfonts

    name = f"Roboto-{weight}"
    read: Callable[[str, str], object] = ttfonts.TTFont
    register: Callable[[object], None] = pdfmetrics.registerFont
    register(read(name, str(fonts.file(weight))))
    return name


def _runs(row: str) -> Iterator[tuple[int, int]]:
    """(start, length) of each run of dark modules."""
    start = row.find("1")
    while start >= 0:
        end = row.find("0", start)
        end = len(row) if end < 0 else end
        yield start, end - start
        start = row.find("1", end)
