"""A visitor's sheet: every cell's symbol reads as its code."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from pypdfium2 import PdfDocument

from labels import codes, symbols
from labels.codes import BadgeCode, Code, CommandCode, DigitCode, EnrolmentCode, LotCode, OrderCode
from labels.sheet import COLUMNS, ROWS, SheetEntry, sheet

open_pdf: Callable[[bytes], PdfDocument] = PdfDocument
GS1_LOT = "01095060001343521726123110W-204"


def test_every_code_of_a_sheet_is_read() -> None:
    wanted: list[Code] = [
        BadgeCode("1234567890"),
        OrderCode("B-1"),
        OrderCode("B-1", "BREAD-500", Decimal(1000), "C62"),
        LotCode("W-204", "FLOUR", expiry=date(2026, 12, 31), amount=Decimal(25), unit="KGM"),
        EnrolmentCode("http://127.0.0.1:8000", "K7Q2"),
        *(CommandCode(name) for name in codes.COMMANDS),
        *(DigitCode(digit) for digit in codes.DIGITS),
        *(codes.ReasonCode(f"REASON-{number}") for number in range(9)),
    ]
    entries = [SheetEntry(str(code), "what it is for", codes.encode(code)) for code in wanted]
    entries.append(SheetEntry("Flour", "from the mill", GS1_LOT, gs1=True))
    wanted.append(LotCode("W-204", gtin="09506000134352", expiry=date(2026, 12, 31)))
    document = open_pdf(sheet(entries, "Bakery"))
    assert len(document) == -(-len(entries) // (COLUMNS * ROWS))
    found = [
        codes.decode(text, aim)
        for page in document
        for text, aim, _ in symbols.decode_image(page.render(scale=4).to_pil())
    ]
    assert sorted(map(str, found)) == sorted(map(str, wanted))
    assert "Bakery" in document[1].get_textpage().get_text_bounded()


def test_an_empty_sheet_is_one_page() -> None:
    assert len(open_pdf(sheet([], "Nothing"))) == 1
