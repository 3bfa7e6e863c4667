"""Previews: what they show is what is printed."""

import io
import re
from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from labels import languages, preview_text, raster, svg, symbols
from labels.bitmap import Bitmap
from labels.primitives import Box, Layout, Line, Placed, Text
from tests.labels import golden_labels
from tests.labels.printer_decoders import of_picture

LABEL = golden_labels.label("zpl")
RECTANGLE = re.compile(r"M(-?\d+) (-?\d+)h(\d+)v(\d+)h-(\d+)z")
SPACE = "{http://www.w3.org/2000/svg}"


def painted(page: ET.Element, layout: Layout) -> Bitmap:
    """The dots that the rectangles of a page cover."""
    picture = Image.new("1", (layout.width, layout.height))
    for path in page.iter(f"{SPACE}path"):
        drawn = path.attrib["d"]
        assert RECTANGLE.sub("", drawn) == ""
        for left, top, wide, high, back in RECTANGLE.findall(drawn):
            assert wide == back
            right, bottom = int(left) + int(wide), int(top) + int(high)
            picture.paste(1, (int(left), int(top), right, bottom))
    return Bitmap(layout.width, layout.height, picture.tobytes())


def test_the_svg_is_the_very_dots() -> None:
    root = ET.fromstring(svg.write((LABEL, LABEL)))
    assert root.attrib["width"] == "49.625mm"
    assert root.attrib["height"] == "83.250mm"
    pages = root.findall(f"{SPACE}g")
    assert [painted(page, LABEL) for page in pages] == [raster.bits(LABEL)] * 2


def test_what_an_svg_says_can_be_read() -> None:
    root = ET.fromstring(svg.write((LABEL,)))
    titles = [one.text for one in root.iter(f"{SPACE}title")]
    assert titles[:3] == ["golden", "Bread 500 g", "Größe ±5 °C"]
    assert "code128 ]C0 'LOB-16'" in titles


@given(value=st.text("<>&'\"aЖ] ", min_size=1, max_size=12))
@settings(max_examples=30, deadline=None)
def test_any_text_is_well_formed_svg(value: str) -> None:
    layout = Layout("<&>", 203, 500, 60, (Text(3, 5, 40, 490, value),))
    root = ET.fromstring(svg.write((layout,)))
    assert painted(root.findall(f"{SPACE}g")[0], layout) == raster.bits(layout)


def test_the_png_is_the_very_dots() -> None:
    picture = Image.open(io.BytesIO(languages.preview((LABEL,), "png")))
    assert of_picture(picture) == raster.bits(LABEL)
    assert round(picture.info["dpi"][0]) == 203
    two = Image.open(io.BytesIO(languages.preview((LABEL, LABEL), "png")))
    assert two.size == (LABEL.width, 2 * LABEL.height + 16)


def test_the_terminal_shows_places_texts_and_contents() -> None:
    matrix = symbols.build("gs1-datamatrix", "01095060001343521726123110W-204\x1d2142")
    layout = Layout(
        "small",
        203,
        400,
        200,
        (
            Box(0, 0, 400, 200, 10),
            Text(30, 30, 30, 200, "Größe 12"),
            Text(30, 33, 30, 200, "over it"),
            Line(30, 80, 200, 20),
            Placed(300, 40, matrix, 3, 3 * len(matrix.rows)),
        ),
    )
    shown = languages.preview((layout,), "text", 42).decode()
    lines = shown.splitlines()
    assert lines[0] == "small: 50.0 x 25.0 mm, 400 x 200 dots at 203 dpi"
    assert {len(line) for line in lines[1:13]} == {42}
    assert lines[1:13] == [
        "┌────────────────────────────────────────┐",
        "│█▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀█│",
        "│█                                      █│",
        *lines[4:12],
        "└────────────────────────────────────────┘",
    ]
    assert "Größe 12" in lines[4]
    assert lines[13:] == [
        "not in the picture: over it",
        "gs1-datamatrix ]d2  X 0.375 mm, 7.5 x 7.5 mm  01095060001343521726123110W-204<GS>2142",
        "  (01) GTIN: 09506000134352",
        "  (17) USE BY or EXPIRY: 261231",
        "  (10) BATCH/LOT: W-204",
        "  (21) SERIAL: 42",
    ]


def test_the_terminal_gets_as_many_columns_as_it_has() -> None:
    for columns in (20, 40, 79, 200):
        lines = preview_text.write((LABEL,), columns).splitlines()
        framed = [line for line in lines if line.startswith(("│", "┌", "└"))]
        assert {len(line) for line in framed} == {columns}
    tiny = preview_text.write((Layout("dot", 203, 8, 8, ()),), 5)
    assert tiny.splitlines()[1] == "┌────────┐"
