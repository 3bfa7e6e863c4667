"""The letters of every output: Roboto, from a package, and how it stands beside font 0.

A text hangs in a box `height` dots high, its base line at BASELINE of it, as in a label printer's
scalable font 0. What rises or hangs out of the box (capitals with accents) is drawn smaller, so
that no ink leaves the box. A letter that the font lacks is refused by name, never drawn as a box.
Raises ValueRefusedError, and LabelError where the package is missing.
"""

import math
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from labels import truetype
from labels.primitives import LabelError, ValueRefusedError, Weight

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

BASELINE: Final = 0.75  # of a text's height, from the top
TEXTS_KEPT_MAX: Final = 4096
FACES_KEPT_MAX: Final = 64
_OVERSHOOT_DOTS: Final = 0.5  # less than a dot: no output shows it
_HINTED_DOTS: Final = 1  # by which drawing on whole dots moves an accent away from its letter
_FILES: Final[dict[Weight, str]] = {"bold": "Roboto-Bold.ttf", "regular": "Roboto-Regular.ttf"}
# Advance widths of font 0 from space to tilde, in 32nds of its height. What it has beyond ASCII
# (Latin-1, as every code page since 850) is as wide as the base letter, else as its widest sign.
_FONT_0: Final = (
    *(9, 9, 15, 15, 15, 29, 20, 9, 9, 9, 15, 29, 9, 29, 9, 9),
    *(15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 9, 9, 32, 29, 32, 14),
    *(29, 18, 18, 17, 19, 16, 16, 19, 20, 9, 14, 18, 15, 24, 20, 18),
    *(18, 18, 19, 17, 16, 20, 17, 26, 18, 18, 16, 9, 15, 9, 16, 16),
    *(9, 15, 16, 14, 16, 15, 9, 16, 16, 8, 8, 14, 8, 24, 16, 15),
    *(16, 16, 11, 14, 9, 16, 14, 21, 14, 14, 12, 16, 16, 16, 32),
)
_FONT_0_WIDEST: Final = 32
_SOFT_HYPHEN: Final = "\xad"
_SUBSTITUTES: Final = "\ufffc\ufffd"  # what stands where a letter was lost


@cache
def covers(char: str) -> bool:
    """Whether every output shows `char`: one code point, printed left to right, on its own."""
    return _stands_alone(char) and all(_glyphs(char))


def check(text: str) -> None:
    """Raises ValueRefusedError that names the first letter that cannot be shown."""
    for char in text:
        if not covers(char):
            name = unicodedata.name(char, "a control character")
            reason = f"no output has a letter for {char!r} (U+{ord(char):04X}, {name})"
            raise ValueRefusedError("text", text, reason)


@lru_cache(TEXTS_KEPT_MAX)
def width(text: str, height_dots: int) -> int:
    """The most dots that `text` takes in any output: Roboto of either weight, or font 0."""
    check(text)
    drawn = [offsets(text, size(text, height_dots, weight), weight)[-1] for weight in _FILES]
    own = sum(_font_0_dots(char, height_dots) for char in text) if native(text) else 0
    return math.ceil(max(own, *drawn))


@lru_cache(TEXTS_KEPT_MAX)
def size(text: str, height_dots: int, weight: Weight = "bold") -> int:
    """Dots of the em that keeps the ink of `text` in a box of `height_dots`."""
    units = _font(weight).units
    glyphs = [glyph for char in text if (glyph := _glyph(char, weight))]
    rise = max((one.rise for one in glyphs), default=0) / units
    drop = max((one.drop for one in glyphs), default=0) / units
    above, below = BASELINE * height_dots, (1 - BASELINE) * height_dots
    overshoot = _OVERSHOOT_DOTS
    if rise * height_dots <= above + overshoot and drop * height_dots <= below + overshoot:
        return height_dots
    above, below = above - _HINTED_DOTS, below - _HINTED_DOTS
    fitting = min(above / rise if rise else height_dots, below / drop if drop else height_dots)
    return max(1, min(height_dots, int(fitting)))


def native(text: str) -> bool:
    """Whether a label printer's own font 0 has all of `text`."""
    return all(" " <= char <= "~" or "\xa0" <= char <= "\xff" for char in text) and (
        _SOFT_HYPHEN not in text
    )


def offsets(text: str, em: float, weight: Weight = "bold") -> list[float]:
    """Where each letter's pen starts, from the text's left; last, how wide the text is.

    The first starts so far in, and the width goes so far, that no ink is outside.
    """
    scale = em / _font(weight).units
    glyphs = [_known(char, weight) for char in text]
    places = [glyphs[0].before * scale if glyphs else 0.0]
    for glyph in glyphs:
        places.append(places[-1] + glyph.advance * scale)
    if glyphs:
        places[-1] += glyphs[-1].beyond * scale
    return places


def baseline(height_dots: int) -> int:
    """Rows of a text's box that are above its base line."""
    return round(BASELINE * height_dots)


@lru_cache(FACES_KEPT_MAX)
def face(em: int, weight: Weight = "bold") -> "FreeTypeFont":
    """Roboto for Pillow, `em` dots to the em."""
    from PIL import ImageFont

    return ImageFont.truetype(str(file(weight)), em, layout_engine=ImageFont.Layout.BASIC)


@cache
def file(weight: Weight = "bold") -> Path:
    """The font's file. Raises LabelError where its package is not installed."""
    from importlib.util import find_spec

    found = find_spec("font_roboto")
    if found is None or not found.submodule_search_locations:
        raise LabelError("the letters are missing: install the package font-roboto")
    path = Path(found.submodule_search_locations[0]) / "files" / _FILES[weight]
    if not path.is_file():
        raise LabelError(f"the letters are missing: {path}; install font-roboto again")
    return path


@cache
def _font(weight: Weight) -> truetype.Font:
    try:
        return truetype.read(file(weight).read_bytes())
    except (OSError, truetype.FontFormatError) as error:
        reason = f"{file(weight)} cannot be read ({error}); install font-roboto again"
        raise LabelError(reason) from error


@cache
def _glyph(char: str, weight: Weight) -> truetype.Glyph | None:
    return _font(weight).glyph(char)


def _known(char: str, weight: Weight) -> truetype.Glyph:
    glyph = _glyph(char, weight)
    assert glyph is not None, f"{char!r} was not checked"
    return glyph


def _glyphs(char: str) -> tuple[truetype.Glyph | None, ...]:
    return tuple(_glyph(char, weight) for weight in _FILES)


def _stands_alone(char: str) -> bool:
    """A sign from left to right that needs no letter before it; a blank too, but no control."""
    category = unicodedata.category(char)
    if category[0] in "CM" or category in {"Zl", "Zp"} or char in _SUBSTITUTES:
        return False
    return unicodedata.bidirectional(char) not in {"R", "AL", "AN"}


def _font_0_dots(char: str, height_dots: int) -> int:
    """Whole dots, as printers round each letter, with a 32nd more, as they fit it to the dots."""
    base = unicodedata.normalize("NFD", char)[0]
    advance = _FONT_0[ord(base) - 32] if " " <= base <= "~" else _FONT_0_WIDEST
    return -(-(advance + 1) * height_dots // 32)
