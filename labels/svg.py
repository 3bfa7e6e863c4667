"""Primitives -> SVG in millimetres: a preview to look at, of the very dots that a head burns.

Texts are their dots too, so that a browser shows the same letters with or without the font; what
they say stands in the title that a pointer or a screen reader finds.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from labels import fonts, raster
from labels.heads import HEADS
from labels.primitives import Box, Layout, Line, Placed, Primitive, Text

PAGE_GAP_MM: Final = 4
_DARK: Final = re.compile("1+")


def write(layouts: Sequence[Layout]) -> str:
    """The pages below each other, each on its white ground."""
    pages, top, right = [], 0.0, 0.0
    for layout in layouts:
        dots = HEADS[layout.dpi]
        pages.append(_page(layout, top, 1 / dots))
        top += layout.height / dots + PAGE_GAP_MM
        right = max(right, layout.width / dots)
    width, height = f"{right:.3f}", f"{top - PAGE_GAP_MM:.3f}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" '
        f'viewBox="0 0 {width} {height}" shape-rendering="crispEdges">\n{"".join(pages)}</svg>\n'
    )


def _page(layout: Layout, top: float, dot: float) -> str:
    ground = f'<rect width="{layout.width}" height="{layout.height}" fill="white"/>\n'
    body = "".join(f"{_group(one)}\n" for one in layout.primitives)
    moved = f'transform="translate(0 {top:.3f}) scale({dot:.6f})"'
    return f"<g {moved}>\n<title>{html.escape(layout.name)}</title>\n{ground}{body}</g>\n"


def _group(primitive: Primitive) -> str:
    match primitive:
        case Text(x, y, value=value):
            path = _path(x, y, _text_runs(primitive))
            return f"<g><title>{html.escape(value)}</title>{path}</g>"
        case Line() | Box():
            runs = [
                (one.left, one.top, one.right - one.left, one.bottom - one.top)
                for one in primitive.areas
            ]
            return _path(0, 0, runs)
        case Placed(x, y, symbol):
            said = html.escape(f"{symbol.kind} {symbol.aim} {symbol.content!r}")
            return f"<g><title>{said}</title>{_path(x, y, _symbol_runs(primitive))}</g>"


def _text_runs(text: Text) -> Iterator[tuple[int, int, int, int]]:
    fonts.check(text.value)
    bitmap = raster.text_bits(text)
    for top, row in enumerate(bitmap.rows()):
        signs = f"{int.from_bytes(row, 'big'):0{len(row) * 8}b}"
        for found in _DARK.finditer(signs):
            yield found.start(), top, found.end() - found.start(), 1


def _symbol_runs(placed: Placed) -> Iterator[tuple[int, int, int, int]]:
    module, rows = placed.module, placed.symbol.rows
    high = placed.height // len(rows)
    for number, row in enumerate(rows):
        for found in _DARK.finditer(row):
            wide = found.end() - found.start()
            yield found.start() * module, number * high, wide * module, high


def _path(x: int, y: int, runs: Iterable[tuple[int, int, int, int]]) -> str:
    """Filled rectangles (left, top, width, height) from (x, y) on, as one path."""
    drawn = "".join(
        f"M{x + left} {y + top}h{wide}v{high}h-{wide}z" for left, top, wide, high in runs
    )
    return f'<path d="{drawn}"/>'
