"""Random records of every template, on paper by two ways and read by two readers: all of it right.

ZPL goes to a virtual printer on TCP that draws with another project's renderer, PDF through another
project's reader. On each picture every symbol is read by zxing-cpp, with its AIM identifier, and by
zbar or libdmtx.
"""

import io
import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from pyzbar import pyzbar

from kiosk.demo.virtual_printer import draw
from labels import languages, render
from labels.heads import HEADS
from labels.primitives import Layout, Placed, SymbolKind
from labels.printers import NetworkPrinter
from tests.labels import label_records, symbol_samples
from tests.labels.faulty_printer import Faults, on_tcp

# 2,004 of fourteen templates; what is set up with is always the same, a traveller takes longest.
RECORDS: Final = dict.fromkeys(render.names(), 40) | {"setup": 12, "traveller": 24}
RECORDS_LONG: Final = 10_000
DPI: Final = 203
TOGETHER: Final = 24  # labels of one connection
POINTS_AN_INCH: Final = 72
BAND_DOTS: Final = 40
SOUGHT: Final = zxingcpp.BarcodeFormats(
    [
        *(zxingcpp.BarcodeFormat.Code128, zxingcpp.BarcodeFormat.DataMatrix),
        *(zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.Aztec),
    ]
)
Told = list[tuple[str, str]]


@pytest.mark.parametrize("name", render.names())
def test_every_symbol_is_read_twice_from_zpl_and_pdf(name: str) -> None:
    _prove(name, RECORDS[name])


@pytest.mark.long
@pytest.mark.parametrize("name", render.names())
def test_many_records(name: str) -> None:
    _prove(name, RECORDS_LONG)


def _prove(name: str, count: int) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    dice = random.Random(seed)
    template = render.load(name, DPI)
    records = [label_records.record(template, dice) for _ in range(count)]
    for start in range(0, count, TOGETHER):
        some = records[start : start + TOGETHER]
        documents = [render.lay_out_pages(name, values, DPI) for values in some]
        pictures = _from_zpl(documents)
        for values, pages in zip(some, documents, strict=True):
            wanted = label_records.expected(name, values)
            told = f"{name}, seed {seed}: {values}"
            assert _read(pages, [next(pictures) for _ in pages], 1) == wanted, f"ZPL of {told}"
            scale = _pixels_a_dot(pages)
            assert _read(pages, _from_pdf(pages, scale), scale) == wanted, f"PDF of {told}"


def _from_zpl(documents: Sequence[Sequence[Layout]]) -> Iterator[Image.Image]:
    """The pages as a printer's picture, in one go over one connection."""
    with on_tcp(Faults()) as (port, printed):
        data = b"".join(languages.write(pages, "zpl", "R") for pages in documents)
        NetworkPrinter("127.0.0.1", port).send("R", data)
    assert len(printed.labels) == sum(len(pages) for pages in documents)
    for label in printed.labels:
        with Image.open(io.BytesIO(draw(label))) as picture:
            yield picture.convert("L")


def _from_pdf(pages: Sequence[Layout], pixels: int) -> list[Image.Image]:
    dots_an_inch = HEADS[DPI] * 25.4
    open_document: Any = pypdfium2.PdfDocument
    document = open_document(languages.write(pages, "pdf", "R"))
    try:
        scale = dots_an_inch / POINTS_AN_INCH * pixels
        return [page.render(scale=scale, grayscale=True).to_pil() for page in document]
    finally:
        document.close()


def _pixels_a_dot(pages: Sequence[Layout]) -> int:
    """Thin modules want more: a page is no whole number of dots wide, so their edges are grey."""
    return 2 if any(placed.module <= 2 for page in pages for placed in page.symbols) else 1


def _read(pages: Sequence[Layout], pictures: Sequence[Image.Image], scale: int) -> Told:
    """(AIM identifier, text) of every symbol, sorted; what one reader says, the other says too."""
    found = []
    for page, picture in zip(pages, pictures, strict=True):
        for placed in page.symbols:
            cut = _cut(placed, picture, scale)
            read = zxingcpp.read_barcode(cut, SOUGHT)
            assert read is not None, f"nothing read for {placed.symbol.content!r}"
            kind = placed.symbol.kind
            if kind not in symbol_samples.WITHOUT_SECOND_READER:
                second = _second_reading(cut, kind)
                assert second in symbol_samples.second_sent(placed.symbol), second
            found.append((read.symbology_identifier, read.bytes.decode("latin-1")))
    return sorted(found)


def _cut(placed: Placed, picture: Image.Image, scale: int) -> Image.Image:
    """The symbol with its quiet zone, and a little white around for zbar."""
    (area,) = placed.areas
    left, top, right, bottom = (
        side * scale for side in (area.left, area.top, area.right, area.bottom)
    )
    cut = picture.crop((left, top, right, bottom))
    framed = Image.new("L", (cut.width + 20, cut.height + 20), 255)
    framed.paste(cut, (10, 10))
    return framed


def _second_reading(picture: Image.Image, kind: SymbolKind) -> str:
    if "datamatrix" in kind:
        found = symbol_samples._read_matrix(picture, max_count=1, timeout=3000)
        return str(found[0].data.decode("latin-1")) if found else "nothing"
    if "128" in kind:  # a band across the bars says as much as their whole height
        middle = picture.height // 2
        picture = picture.crop((0, middle - BAND_DOTS // 2, picture.width, middle + BAND_DOTS // 2))
    kinds = [pyzbar.ZBarSymbol[name] for name in ("CODE128", "QRCODE")]
    read = [one.data.decode() for one in symbol_samples._read_others(picture, kinds)]
    return str(read[0]) if len(read) == 1 else f"{len(read)} symbols {read}"
