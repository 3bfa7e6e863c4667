"""Primitives -> a picture in whole dots: previews, and what a bitmap printer would burn.

Pillow is imported at first use.
"""

from typing import TYPE_CHECKING

from labels.primitives import Box, Layout, Line, Placed, Primitive, Text

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

_BLACK = 0
_WHITE = 255


def draw(layout: Layout) -> "Image":
    """The label as an 8-bit grey picture, one pixel a dot."""
    from PIL import Image, ImageDraw

    picture = Image.new("L", (layout.width, layout.height), _WHITE)
    pen = ImageDraw.Draw(picture)
    for primitive in layout.primitives:
        _draw(pen, primitive)
    return picture


def _draw(pen: "ImageDraw", primitive: Primitive) -> None:
    match primitive:
        case Text():
            _draw_text(pen, primitive)
        case Line() | Box():
            for area in primitive.areas:
                corners = (area.left, area.top, area.right - 1, area.bottom - 1)
                pen.rectangle(corners, fill=_BLACK)
        case Placed():
            _draw_symbol(pen, primitive)


def _draw_text(pen: "ImageDraw", text: Text) -> None:
    """Shrinks where this font is wider than the printer's, so that nothing is hidden."""
    from PIL import ImageFont

    size = text.height
    font = ImageFont.load_default(size)
    while size > 1 and pen.textlength(text.value, font=font) > text.width:
        size -= 1
        font = ImageFont.load_default(size)
    pen.text((text.x, text.y + text.height), text.value, fill=_BLACK, font=font, anchor="ld")


def _draw_symbol(pen: "ImageDraw", placed: Placed) -> None:
    rows = placed.symbol.rows
    row_height = placed.height // len(rows)
    for number, row in enumerate(rows):
        top = placed.y + number * row_height
        for place, sign in enumerate(row):
            if sign == "1":
                left = placed.x + place * placed.module
                corners = (left, top, left + placed.module - 1, top + row_height - 1)
                pen.rectangle(corners, fill=_BLACK)
