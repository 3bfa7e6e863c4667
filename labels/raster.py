"""Primitives -> whole dots: what a bitmap printer burns, and what previews show.

Each letter stands at its own place, rounded to the dot, so that a text is nowhere more than half a
dot beside its place in the PDF. Pillow is imported at first use.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from labels import fonts
from labels.bitmap import Bitmap
from labels.primitives import Box, Layout, Line, Placed, Text, Weight

if TYPE_CHECKING:
    from PIL.Image import Image

LETTERS_KEPT_MAX: Final = 4096
TEXTS_KEPT_MAX: Final = 256
_CLIPPED_DOTS_MAX: Final = 1
_INK: Final = 1


def draw(layout: Layout) -> "Image":
    """The label as an 8-bit grey picture, one pixel a dot, black 0."""
    from PIL import ImageChops

    return ImageChops.invert(picture(layout).convert("L"))


def bits(layout: Layout) -> Bitmap:
    """The label as a head burns it. Raises ValueRefusedError for letters that there are not."""
    return Bitmap(layout.width, layout.height, picture(layout).tobytes())


def text_bits(text: Text) -> Bitmap:
    """The dots of one text, in a box that begins at its top left dot."""
    drawn = _text(text.value, text.height, text.weight)
    return Bitmap(drawn.width, drawn.height, drawn.tobytes())


def picture(layout: Layout) -> "Image":
    """The label as a picture of mode 1 whose ink is 1."""
    from PIL import Image

    canvas = Image.new("1", (layout.width, layout.height))
    for primitive in layout.primitives:
        match primitive:
            case Text(x, y, height, value=value, weight=weight):
                drawn = _text(value, height, weight)
                canvas.paste(_INK, (x, y), drawn)
            case Line() | Box():
                for area in primitive.areas:
                    canvas.paste(_INK, (area.left, area.top, area.right, area.bottom))
            case Placed(x, y):
                drawn = _symbol(primitive)
                canvas.paste(_INK, (x, y), drawn)
    return canvas


def _symbol(placed: Placed) -> "Image":
    """Every module in whole dots."""
    from PIL import Image

    rows = placed.symbol.rows
    across = len(rows[0])
    row_bytes = -(-across // 8)
    fill = row_bytes * 8 - across
    packed = b"".join((int(row, 2) << fill).to_bytes(row_bytes, "big") for row in rows)
    modules = Image.frombytes("1", (across, len(rows)), packed)
    size = (across * placed.module, placed.height // len(rows) * len(rows))
    return modules.resize(size, Image.Resampling.NEAREST)


@lru_cache(TEXTS_KEPT_MAX)
def _text(value: str, height: int, weight: Weight) -> "Image":
    """A text's ink in a box as high as the text; no ink leaves the box."""
    from PIL import Image

    fonts.check(value)
    em = fonts.size(value, height, weight)
    places = fonts.offsets(value, em, weight)
    while em > 1 and _overflow(value, height, em, weight) > _CLIPPED_DOTS_MAX:
        em -= 1
    canvas = Image.new("1", (max(1, -int(-places[-1] // 1)), height))
    line = fonts.baseline(height)
    for char, place in zip(value, places, strict=False):
        letter, left, top = _letter(char, em, weight)
        canvas.paste(_INK, (round(place) + left, line + top), letter)
    return canvas


def _overflow(value: str, height: int, em: int, weight: Weight) -> int:
    """Rows of ink that drawing on whole dots moves out of the box, of the letter worst off."""
    line = fonts.baseline(height)
    drawn = [_letter(char, em, weight) for char in set(value)]
    return max(max(-top - line, top + one.height - height + line) for one, _, top in drawn)


@lru_cache(LETTERS_KEPT_MAX)
def _letter(char: str, em: int, weight: Weight) -> "tuple[Image, int, int]":
    """A letter's ink, and where that begins right of the pen and below the base line."""
    from PIL import Image, ImageDraw

    face = fonts.face(em, weight)
    left, top, right, bottom = (round(one) for one in face.getbbox(char, mode="1", anchor="ls"))
    drawn = Image.new("1", (max(1, right - left), max(1, bottom - top)))
    pen = ImageDraw.Draw(drawn)
    pen.fontmode = "1"
    pen.text((-left, -top), char, fill=_INK, font=face, anchor="ls")
    return drawn, left, top
