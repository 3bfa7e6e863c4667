"""Geometry of every kind at 203, 300 and 600 dpi: whole dots in what a printer burns.

Captured from native ZPL as another project's printer draws it, from our own bitmap, and from a PDF
as a printer's driver would turn it into dots.
"""

import random
from collections.abc import Callable

import pytest
import zplkit
from PIL import Image
from pypdfium2 import PdfDocument

from labels import pdf, raster, symbols, zpl
from labels.heads import HEADS, dots
from labels.primitives import Layout, Placed, Symbol, SymbolKind
from labels.symbol_classes import LABEL_CLASSES, LabelClass, fault, limits
from tests.labels import symbol_samples as samples

SSCC = "00095060000000000015"  # short enough for distribution
open_pdf: Callable[[bytes], PdfDocument] = PdfDocument
MARGIN = 24  # dots around the quiet zone


def _placed(symbol: Symbol, label_class: LabelClass, dpi: int) -> Placed:
    """The symbol as small as its class allows, its quiet zone inside the margin."""
    module = next(one for one in range(1, 40) if not fault(label_class, symbol, one, HEADS[dpi]))
    least = limits(label_class, symbol.kind).height_mm_min
    height = dots(least, dpi) + 1 if symbol.is_linear else len(symbol.rows) * module
    left = MARGIN + symbol.quiet * module
    top = MARGIN + (0 if symbol.is_linear else left - MARGIN)
    return Placed(left, top, symbol, module, height)


def _layout(placed: Placed, dpi: int) -> Layout:
    (area,) = placed.areas
    return Layout("symbol", dpi, area.right + MARGIN, area.bottom + MARGIN, (placed,))


def _printed(layout: Layout) -> Image.Image:
    options = zplkit.Options(width=layout.width, height=layout.height, dpi=layout.dpi)
    page = zplkit.render(zpl.write(layout, "job"), options).labels[0].rasterize()
    return Image.frombytes("L", (page.width, page.height), page.pixels)


def _converted(layout: Layout) -> Image.Image:
    """The PDF in dots; a hair less than whole, as the picture's size is rounded up."""
    scale = HEADS[layout.dpi] * 25.4 / 72 * (1 - 1e-6)
    page = open_pdf(pdf.write(layout, "job"))[0]
    picture: Image.Image = page.render(scale=scale, grayscale=True).to_pil()
    return picture


def _burnt(symbol: Symbol, module: int, height: int) -> Image.Image:
    """What the head should burn: every module so many dots wide, no other dot."""
    wide = str.maketrans({"0": "\xff" * module, "1": "\x00" * module})
    rows = [row.translate(wide).encode("latin-1") for row in symbol.rows]
    lines = b"".join(row * (height // len(rows)) for row in rows)
    return Image.frombytes("L", (symbol.width * module, height), lines)


def _check(picture: Image.Image, placed: Placed, layout: Layout) -> None:
    symbol, module = placed.symbol, placed.module
    black = picture.point(lambda shade: 0 if shade < 128 else 255)
    whole = Image.new("L", (layout.width, layout.height), 255)
    whole.paste(_burnt(symbol, module, placed.height), (placed.x, placed.y))
    assert black.tobytes() == whole.tobytes(), (symbol.kind, symbol.content)
    if symbol.is_linear:
        runs = samples.scan(black, placed.y + placed.height // 2)
        assert samples.decodability(runs, symbol.width) == 1.0
    assert [found[0].decode() for found in symbols.decode_image(black, [symbol.kind])] == [
        symbol.content
    ]


@pytest.mark.parametrize("dpi", HEADS)
@pytest.mark.parametrize("kind", samples.KINDS)
@pytest.mark.parametrize("label_class", LABEL_CLASSES)
def test_every_bar_is_on_whole_dots(kind: SymbolKind, dpi: int, label_class: LabelClass) -> None:
    text = SSCC if kind == "gs1-128" else samples.content(kind, random.Random(17))
    symbol = symbols.build(kind, text)
    placed = _placed(symbol, label_class, dpi)
    layout = _layout(placed, dpi)
    _check(_printed(layout), placed, layout)
    _check(raster.draw(layout).convert("L"), placed, layout)
    _check(_converted(layout), placed, layout)


@pytest.mark.long
@pytest.mark.parametrize("dpi", HEADS)
@pytest.mark.parametrize("kind", samples.KINDS)
def test_every_bar_of_many_is_on_whole_dots(kind: SymbolKind, dpi: int) -> None:
    dice = random.Random()
    for _ in range(40):
        symbol = symbols.build(kind, samples.content(kind, dice))
        placed = _placed(symbol, "in-house", dpi)
        layout = _layout(placed, dpi)
        _check(_printed(layout), placed, layout)


def test_decodability_is_lost_where_dots_are_not_whole() -> None:
    symbol = symbols.build("code128", "LOT-1")
    whole = samples.drawn(symbol, 4)
    assert samples.decodability(samples.scan(whole, whole.height // 2), symbol.width) == 1.0
    squeezed = whole.resize((whole.width * 5 // 8, whole.height), Image.Resampling.NEAREST)
    assert samples.decodability(samples.scan(squeezed, squeezed.height // 2), symbol.width) < 0.5
