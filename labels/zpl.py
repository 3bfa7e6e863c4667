"""Primitives -> native ZPL II: the printer draws texts and symbols itself.

Code 128 goes as our own code words (^BC mode N with subset switches), because printers disagree on
what their automatic modes insert. Where a printer would choose for itself what is drawn (the size
and encoding of Data Matrix, version and mask of QR, columns of PDF417, how far the guards of EAN
and UPC reach) or cannot draw it (modules wider than ^BY takes), the proved modules go as ^GFA
graphics and ^GB bars: printed is what was read back. Texts are hex-escaped UTF-8 (^CI28, ^FH) in
the printer's own font 0; one with a letter that font 0 lacks goes as its drawn dots.
"""

import re
from collections.abc import Iterable
from typing import Final

from labels import fonts, raster, zpl_graphic_field
from labels.primitives import Box, Layout, Line, Placed, Primitive, Text

_HEX = "\\"  # the ^FH indicator: not the default `_`, which texts hold more often
_BY_DOTS_MAX: Final = 10
_WIDE_RATIO: Final = 3  # of Code 39 and ITF, as in `linear`
_DARK: Final = re.compile("1+")
_RESERVED = frozenset("^~\\")
_STARTS = {103: ("A", ">9"), 104: ("B", ">:"), 105: ("C", ">;")}
_SWITCHES = {99: ("C", ">5"), 100: ("B", ">6"), 101: ("A", ">7")}
_FNC1_WORD = 102


def write(layout: Layout, job: str) -> bytes:
    """One label as one ^XA … ^XZ; `job` is letters, digits, `.`, `_` and `-`, for the comment."""
    return framed(layout, job, (_field(one) for one in layout.primitives))


def framed(layout: Layout, job: str, fields: Iterable[str]) -> bytes:
    """A whole format around its fields."""
    head = f"^XA^FXjob {job}^FS\n^CI28^LH0,0^PW{layout.width}^LL{layout.height}\n"
    body = "".join(f"{one}^FS\n" for one in fields)
    return f"{head}{body}^XZ\n".encode("ascii")


def _field(primitive: Primitive) -> str:
    match primitive:
        case Text():
            return _text(primitive)
        case Line(x, y, width, height):
            return f"^FO{x},{y}^GB{width},{height},{min(width, height)}"
        case Box(x, y, width, height, thickness):
            return f"^FO{x},{y}^GB{width},{height},{thickness}"
        case Placed():
            return _symbol(primitive)


def _text(text: Text) -> str:
    """As high as the other outputs draw it, on their base line."""
    fonts.check(text.value)
    if not fonts.native(text.value):
        return zpl_graphic_field.bitmap_fields(text.x, text.y, raster.text_bits(text))
    size = fonts.size(text.value, text.height, text.weight)
    y = text.y + fonts.baseline(text.height) - fonts.baseline(size)
    return f"^FO{text.x},{y}^A0N,{size},{size}{_data(text.value)}"


def _symbol(placed: Placed) -> str:
    """Linear symbols by the printer's own commands where these leave it no choice."""
    symbol, height = placed.symbol, placed.height
    if not symbol.is_linear:
        return _graphic(placed)
    if placed.module > _BY_DOTS_MAX:
        return _bars(placed)
    head = f"^FO{placed.x},{placed.y}^BY{placed.module},{_WIDE_RATIO},{height}"
    match symbol.kind:
        case "code128" | "gs1-128":
            return f"{head}^BCN,{height},N,N,N,N{_data(_subsets(symbol.words))}"
        case "code39":
            return f"{head}^B3N,N,{height},N,N{_data(symbol.content)}"
        case "itf14":
            return f"{head}^B2N,{height},N,N,N{_data(symbol.content)}"
        case _:
            return _bars(placed)


def _bars(placed: Placed) -> str:
    """Each bar as a filled box."""
    module, height = placed.module, placed.height
    places = [found.span() for found in _DARK.finditer(placed.symbol.rows[0])]
    return "^FS\n".join(
        f"^FO{placed.x + first * module},{placed.y}"
        f"^GB{(end - first) * module},{height},{min((end - first) * module, height)}"
        for first, end in places
    )


def _graphic(placed: Placed) -> str:
    """The very modules that were read back."""
    module, symbol = placed.module, placed.symbol
    wide = str.maketrans({"0": "0" * module, "1": "1" * module})
    rows = ((row.translate(wide), module) for row in symbol.rows)
    return zpl_graphic_field.fields(placed.x, placed.y, rows, symbol.width * module)


def _data(text: str) -> str:
    return f"^FH{_HEX}^FD{''.join(_escaped(char) for char in text)}"


def _escaped(char: str) -> str:
    if " " <= char <= "~" and char not in _RESERVED:
        return char
    return "".join(f"{_HEX}{byte:02X}" for byte in char.encode())


def _subsets(words: tuple[int, ...]) -> str:
    """Code words as ^BC field data in mode N."""
    subset, text = _STARTS[words[0]]
    for word in words[1:]:
        if word == _FNC1_WORD:
            text += ">8"
        elif word in _SWITCHES and not (subset == "C" and word == 99):
            subset, switch = _SWITCHES[word]
            text += switch
        elif subset == "C":
            text += f"{word:02d}"
        else:
            assert subset == "B", "printable text needs no subset A"
            text += ">0" if chr(word + 32) == ">" else chr(word + 32)
    return text
