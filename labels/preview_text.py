"""Primitives -> text for a terminal: the label in half blocks, and what its symbols say.

The picture shows where things stand, its texts as a terminal's own letters; no scanner reads it.
The list below it is the fact.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from labels import gs1, gs1_table, raster
from labels.heads import HEADS
from labels.primitives import Layout, Placed, Text

if TYPE_CHECKING:
    from PIL.Image import Image

COLUMNS_MIN: Final = 20
_BLOCKS: Final = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
_INK_SHADE_MAX: Final = 178  # of 255: half a cell with more than three tenths ink is black


def write(layouts: Sequence[Layout], columns: int = 80) -> str:
    """Every page: its size, a framed picture at most `columns` wide, its symbols and content."""
    pages = (_page(layout, max(COLUMNS_MIN, columns)) for layout in layouts)
    return "\n".join(line for page in pages for line in page) + "\n"


def contents(layout: Layout) -> list[str]:
    """A line for each symbol and, below a GS1 one, a line for each of its elements."""
    return [line for placed in layout.symbols for line in _symbol_lines(placed, layout.dpi)]


def _page(layout: Layout, columns: int) -> Iterator[str]:
    dots = HEADS[layout.dpi]
    size = f"{layout.width / dots:.1f} x {layout.height / dots:.1f} mm"
    yield f"{layout.name}: {size}, {layout.width} x {layout.height} dots at {layout.dpi} dpi"
    lines, left_out = _picture(layout, min(columns - 2, layout.width))
    edge = "─" * len(lines[0])
    yield f"┌{edge}┐"
    yield from (f"│{line}│" for line in lines)
    yield f"└{edge}┘"
    yield from (f"not in the picture: {text}" for text in left_out)
    yield from contents(layout)


def _picture(layout: Layout, columns: int) -> tuple[list[str], list[str]]:
    """Lines of `columns` characters, and the texts that found no room there."""
    shapes = tuple(one for one in layout.primitives if not isinstance(one, Text))
    lines = list(_blocks(replace(layout, primitives=shapes), columns))
    taken: set[tuple[int, int]] = set()
    left_out = []
    for text in layout.primitives:
        if isinstance(text, Text):
            row = int((text.y + text.height / 2) * columns / layout.width / 2)
            start = int(text.x * columns / layout.width)
            cells = {(row, start + place) for place in range(len(text.value))}
            if start + len(text.value) > columns or row >= len(lines) or cells & taken:
                left_out.append(text.value)
                continue
            taken |= cells
            line = lines[row]
            lines[row] = line[:start] + text.value + line[start + len(text.value) :]
    return lines, left_out


def _blocks(layout: Layout, columns: int) -> Iterator[str]:
    """The picture, a cell as wide as one of its two halves is high."""
    small = _scaled(raster.draw(layout), columns)
    width, height = small.size
    shades = small.tobytes()
    dark = [
        [shade <= _INK_SHADE_MAX for shade in shades[top * width : (top + 1) * width]]
        for top in range(height)
    ]
    blank = [False] * width
    for top in range(0, height, 2):
        lower = dark[top + 1] if top + 1 < height else blank
        pairs = zip(dark[top], lower, strict=True)
        yield "".join(_BLOCKS[pair] for pair in pairs)


def _scaled(picture: "Image", width: int) -> "Image":
    from PIL import Image

    height = max(1, round(picture.height * width / picture.width))
    return picture.resize((width, height), Image.Resampling.BOX)


def _symbol_lines(placed: Placed, dpi: int) -> Iterator[str]:
    symbol, dots = placed.symbol, HEADS[dpi]
    wide, high = symbol.width * placed.module / dots, placed.height / dots
    yield (
        f"{symbol.kind} {symbol.aim}  X {placed.module / dots:.3f} mm, "
        f"{wide:.1f} x {high:.1f} mm  {_shown(symbol.content)}"
    )
    if symbol.kind.startswith("gs1-"):
        for element in gs1.parse(symbol.content, associations=False):
            title = gs1_table.title(element.ai)
            yield f"  ({element.ai}) {title}: {element.value}"


def _shown(content: str) -> str:
    return content.replace(gs1.GS, "<GS>")
