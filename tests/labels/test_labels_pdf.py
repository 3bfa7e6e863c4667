"""PDF: the same places as the dots, its letters in the document, sheets of labels."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageFilter
from pypdfium2 import PdfDocument
from reportlab.pdfbase import pdfmetrics

from labels import languages, pdf, pdf_sheet, raster, render, symbols
from labels.primitives import LabelError, Layout, Placed, Text
from tests.labels import golden_labels

open_pdf: Callable[[bytes], PdfDocument] = PdfDocument
font_of: Callable[[str], Any] = pdfmetrics.getFont
DOT = 72 / 25.4 / 8
SMALL = Layout("small", 203, 480, 320, (Text(20, 20, 40, 440, "LABEL Ω1"),))


def burnt(data: bytes, page: int = 0, scale: float = 1 / DOT) -> Image.Image:
    """A page as a printer of 8 dots a millimetre burns it, or at another scale."""
    sheet_of = open_pdf(data)[page]
    width = sheet_of.get_width()
    whole = (round(width * scale) - 0.01) / width  # the renderer rounds up
    shown: Image.Image = sheet_of.render(scale=whole).to_pil().convert("L")
    return shown.point(lambda shade: 0 if shade < 128 else 255)


def ink(picture: Image.Image, area: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    box = ImageChops.invert(picture.crop(area)).getbbox()
    assert box is not None
    return box


def test_symbols_are_the_same_dots_and_bars_within_one() -> None:
    """Renderers widen a single rectangle to the dots that it touches."""
    layout = golden_labels.label("pdf")
    shapes = tuple(one for one in layout.primitives if not isinstance(one, Text))
    bare = Layout("bare", 203, layout.width, layout.height, shapes)
    shown, wanted = burnt(pdf.write(bare, "j")), raster.draw(bare)
    assert shown.size == wanted.size
    for placed in bare.symbols:
        area = placed.areas[0]
        box = (area.left, area.top, area.right, area.bottom)
        assert shown.crop(box).tobytes() == wanted.crop(box).tobytes()
    widened = wanted.filter(ImageFilter.MinFilter(3))
    assert ImageChops.lighter(shown, widened).tobytes() == shown.tobytes()
    assert ImageChops.darker(shown, wanted).tobytes() == shown.tobytes()


@pytest.mark.parametrize(
    "value", ["Wheat bread 500 g", "LOT 99-000123 (A)", "Größe ÄÖÜ", "Хлеб пшеничный", "Žluťoučký"]
)
@pytest.mark.parametrize("height", [17, 24, 40, 56])
@pytest.mark.parametrize("weight", ["bold", "regular"])
def test_texts_stand_where_the_dots_have_them(value: str, height: int, weight: str) -> None:
    text = Text(30, 20, height, 700, value, "bold" if weight == "bold" else "regular")
    layout = Layout("one", 203, 800, 100, (text,))
    whole = (0, 0, 800, 100)
    first, second = ink(burnt(pdf.write(layout, "j")), whole), ink(raster.draw(layout), whole)
    assert max(abs(one - two) for one, two in zip(first, second, strict=True)) <= 2


def test_every_letter_goes_with_the_document() -> None:
    text = "Größe Łódź Ελλάδα Хлеб ±5 °C € ½"
    layout = Layout("one", 203, 900, 60, (Text(5, 5, 40, 890, text),))
    data = pdf.write(layout, "j")
    page = open_pdf(data)[0]
    assert text in page.get_textpage().get_text_bounded()
    assert re.findall(rb"/BaseFont /[A-Z]{6}\+([\w-]+)", data) == [b"Roboto-Bold"]
    assert b"Helvetica-Bold" not in data
    assert len(data) < 20_000


def test_many_documents_leave_nothing_behind() -> None:
    for _ in range(20):
        pdf.write(SMALL, "j")
    assert font_of("Roboto-bold").state == {}


def test_pages_of_a_document() -> None:
    document = open_pdf(pdf.write_pages((SMALL, SMALL, SMALL), "j"))
    assert len(document) == 3
    for page in document:
        assert [round(side / DOT) for side in page.get_size()] == [480, 320]
        assert "LABEL Ω1" in page.get_textpage().get_text_bounded()


@pytest.mark.parametrize(
    ("paper", "columns", "rows", "size"),
    [("A4", 3, 6, (210, 297)), ("Letter", 3, 6, (215.9, 279.4))],
)
def test_a_sheet_holds_as_many_labels_as_fit(
    paper: pdf_sheet.Paper, columns: int, rows: int, size: tuple[float, float]
) -> None:
    grid = pdf_sheet.grid(SMALL, paper)
    assert (grid.columns, grid.rows, grid.paper) == (columns, rows, size)
    left, top = grid.corner(0)
    right, bottom = grid.corner(grid.cells - 1)
    assert left >= 5
    assert top >= 5
    assert left + right + 60 == pytest.approx(size[0])
    assert top + bottom + 40 == pytest.approx(size[1])


def test_a_sheet_goes_across_where_that_holds_more() -> None:
    wide = Layout("wide", 203, 138 * 8, 95 * 8, ())
    assert pdf_sheet.grid(wide, "A4").paper == (297, 210)
    assert pdf_sheet.grid(wide, "A4").cells == 4


def test_every_label_of_the_sheets_is_read() -> None:
    layouts = []
    for number in range(20):
        code = symbols.build("code128", f"LABEL-{number}")
        layouts.append(Layout("one", 203, 480, 320, (Placed(90, 90, code, 2, 120),)))
    document = open_pdf(pdf_sheet.write_sheet(layouts, "j", used_cells=2))
    assert len(document) == 2
    pages = [burnt(pdf_sheet.write_sheet(layouts, "j", used_cells=2), one, 3) for one in (0, 1)]
    found = [[read[0].decode() for read in symbols.decode_image(page)] for page in pages]
    assert sorted(found[0]) == sorted(f"LABEL-{number}" for number in range(16))
    assert sorted(found[1]) == sorted(f"LABEL-{number}" for number in range(16, 20))


def test_labels_of_a_sheet_have_one_size_and_fit() -> None:
    with pytest.raises(LabelError, match="differ in size"):
        pdf_sheet.write_sheet([SMALL, golden_labels.label("pdf")], "j")
    with pytest.raises(LabelError, match="300 x 300 mm does not fit on A4"):
        pdf_sheet.write_sheet([Layout("poster", 203, 2400, 2400, ())], "j")
    for gap in (-60.0, 50.1, float("nan")):
        with pytest.raises(LabelError, match="0 to 50 mm can be cut"):
            pdf_sheet.write_sheet([SMALL], "j", gap_mm=gap)
    with pytest.raises(LabelError, match="room for 0 to 17"):
        pdf_sheet.write_sheet([SMALL], "j", used_cells=18)


def test_the_door_shows_every_form() -> None:
    assert set(languages.PREVIEW_FORMS) == {"png", "svg", "pdf", "text"}
    assert render.Language is languages.Language
