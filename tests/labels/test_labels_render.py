"""What comes out of a printer, read by other people's programs, is what was to be printed."""

import random
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal

import pytest
import zplkit
from PIL import Image, ImageOps
from pypdfium2 import PdfDocument

from labels import fonts, layout, raster, render, symbols
from labels.codes import Code, LotCode, decode
from labels.primitives import LabelError, Text, ValueRefusedError

RECORDS = 200
open_pdf: Callable[[bytes], PdfDocument] = PdfDocument
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."
RECORD = {
    "product": "Wheat bread 500 g",
    "material": "BREAD-500",
    "order": "B-1",
    "lot": "B-1",
    "quantity": "480",
    "unit": "C62",
    "produced": "2026-11-22 14:46",
    "expiry": "2026-12-24",
    "station": "MIX-1",
    "operator": "Anna",
    "copy": "COPY 2",
}


def _word(dice: random.Random, longest: int) -> str:
    return "".join(dice.choices(LETTERS, k=dice.randint(1, longest)))


def _record(dice: random.Random, number: int) -> dict[str, str]:
    places = dice.randint(0, 6)
    amount = Decimal(dice.randint(1, 10**9)).scaleb(-places)
    day = date(2026, 1, 1) + timedelta(days=dice.randint(0, 3000))
    return {
        "product": _word(dice, 60),
        "material": _word(dice, 20),
        "order": _word(dice, 20),
        "lot": ("99" if number % 4 == 0 else "") + _word(dice, 18),
        "quantity": format(amount, "f"),
        "unit": dice.choice(["KGM", "C62", "LTR", "BG"]),
        "produced": "2026-11-22 14:46",
        "expiry": dice.choice(["", day.isoformat()]),
        "station": _word(dice, 12),
    }


def _codes(record: Mapping[str, str]) -> list[Code]:
    expiry = record.get("expiry")
    return [
        LotCode(
            record["lot"],
            record["material"],
            expiry=date.fromisoformat(expiry) if expiry else None,
            amount=Decimal(record["quantity"]),
            unit=record["unit"],
        ),
        LotCode(record["lot"]),
    ]


def _printed(data: bytes, dpi: int) -> Image.Image:
    """The label as another project's printer draws it."""
    dots = layout.HEADS[dpi]
    options = zplkit.Options(width=round(100 * dots), height=round(75 * dots), dpi=dpi)
    page = zplkit.render(data, options).labels[0].rasterize()
    return Image.frombytes("L", (page.width, page.height), page.pixels)


@pytest.mark.parametrize(("dpi", "records"), [(203, RECORDS), (300, 40)])
def test_native_zpl_reads_as_the_record(dpi: int, records: int) -> None:
    dice = random.Random()
    for number in range(records):
        record = _record(dice, number)
        data = render.render("batch", record, "zpl", dpi, f"job-{number}")
        found = symbols.decode_image(_printed(data, dpi))
        assert [decode(text, aim) for text, aim, _ in found] == _codes(record), record


def test_pdf_reads_as_the_record() -> None:
    dice = random.Random()
    for number in range(20):
        record = _record(dice, number)
        page = open_pdf(render.render("batch", record, "pdf", 203, "job"))[0]
        found = symbols.decode_image(page.render(scale=3).to_pil())
        assert [decode(text, aim) for text, aim, _ in found] == _codes(record), record
        words = page.get_textpage().get_text_bounded().replace("\x02", "-\n")  # hyphen at an end
        assert f"LOT {record['lot']}" in words
        assert f"ORDER {record['order']}" in words


def test_the_preview_reads_as_the_record() -> None:
    picture = raster.draw(render.lay_out("batch", RECORD, 203))
    assert picture.size == (800, 600)
    found = symbols.decode_image(picture)
    assert [decode(text, aim) for text, aim, _ in found] == _codes(RECORD)


def test_the_bytes_of_one_label() -> None:
    data = render.render("batch", RECORD, "zpl", 203, "01JD-1")
    assert data.decode("ascii").splitlines() == [
        "^XA^FXjob 01JD-1^FS",
        "^CI28^LH0,0^PW800^LL600",
        r"^FO24,24^A0N,56,56^FH\^FDWheat bread 500 g^FS",
        "^FO24,88^GB752,4,4^FS",
        r"^FO24,104^A0N,32,32^FH\^FDMATERIAL BREAD-500^FS",
        r"^FO24,144^A0N,32,32^FH\^FDORDER B-1^FS",
        r"^FO24,192^A0N,56,56^FH\^FDLOT B-1^FS",
        r"^FO24,256^A0N,56,56^FH\^FD480 PCS^FS",
        r"^FO24,320^A0N,28,28^FH\^FDMADE 2026-11-22 14:46^FS",
        r"^FO24,352^A0N,32,32^FH\^FDUSE BY 2026-12-24^FS",
        r"^FO24,392^A0N,24,24^FH\^FDMIX-1 Anna^FS",
        r"^FO600,392^A0N,24,24^FH\^FDCOPY 2^FS",
        (
            "^FO566,110^GFA,2244,2244,17,"
            "FC0FC0FC0FC0FC0FC0FC0FC0FC0FC0FC,:::::LFI0FC0FCH03FI0FCH03F03JF,:::::"
            "JFCH03F03HFCH03FJ03JF03F,:::::FCJ0IF03HFC0FCJ0FCH03MF,:::::"
            "JFCJ0FCJ0IF03F03F03F03F,:::::JFC0FC0FC0IFR0FC0IF,:::::"
            "FC0FCH03HFC0IF03JF03FI0IF,:::::FCJ0IF03F03JF03F03HFCJ0IF,:::::"
            "FCK03FJ03HFC0FCM0FC,:::::FCJ0JFC0MFC0FCK03F03F,:::::FCJ0IF03F03MF03HFCH03F,:::::"
            "IFJ03HFC0JFCJ0IF03MF,:::::FC0FC0LF03HFC0FC0FC0FCH03HFC,:::::"
            "IF03KFCJ0FCH03F03F03JF03F,:::::FC0FCJ0FC0MFCN03HFC,:::::"
            "FC0IFJ03F03HFCK03F03F03F03F,:::::IFL0IFI0IFJ03FI0FC,:::::"
            "FC0FCH03F03F03FJ03JFJ03F03F,:::::FC0FC0IF03FI0FCN03HFC0FC,:::::"
            "FC0FCH03FO0OF03F03F,:::::IFI0FCH03JFI0FC0JFC0JFC,:::::gSF,:::::^FS"
        ),
        r"^FO64,432^BY4,3,144^BCN,144,N,N,N,N^FH\^FD>:LOB-16^FS",
        "^XZ",
    ]


def test_the_same_label_is_the_same_bytes() -> None:
    for language in ("zpl", "pdf"):
        one, two = (render.render("batch", RECORD, language, 203, "a") for _ in range(2))
        assert one == two


@pytest.mark.parametrize("char", [chr(code) for code in range(33, 127)])
def test_texts_stay_in_their_room_on_a_printer(char: str) -> None:
    escaped = f"\\{ord(char):02X}" * 12
    for height in (17, 24, 33, 56):
        data = f"^XA^CI28^FO0,9^A0N,{height},{height}^FH\\^FD{escaped}^FS^XZ"
        page = zplkit.render(data, zplkit.Options(width=900, height=90)).labels[0].rasterize()
        ink = ImageOps.invert(Image.frombytes("L", (page.width, page.height), page.pixels))
        box = ink.getbbox()
        assert box is not None
        assert box[2] <= fonts.width(char * 12, height)


def test_signs_that_printers_take_for_commands_are_escaped() -> None:
    record = RECORD | {"product": "a^XZ~JA\\5E_Größe", "operator": ""}
    data = render.render("batch", record, "zpl", 203, "j")
    assert b"^FDa\\5EXZ\\7EJA\\5C5E_Gr\\C3\\B6\\C3\\9Fe^FS" in data
    assert data.count(b"^XZ") == 1


def test_long_names_take_two_lines_and_long_lots_shrink() -> None:
    record = RECORD | {"product": "Rye " * 25, "lot": "W" * 20}
    texts = _texts(record)
    assert " ".join(one.value for one in texts[:2]) == " ".join(["Rye"] * 25)
    assert texts[0].height == texts[1].height >= layout.dots(3.2, 203)
    assert [one.value for one in texts if one.value.startswith("LOT")] == [f"LOT {'W' * 20}"]
    for one in texts:
        assert fonts.width(one.value, one.height) <= one.width


def test_what_has_no_room_on_two_lines_is_cut_at_its_end() -> None:
    first, second = _texts(RECORD | {"product": "W" * 100})[:2]
    assert set(first.value) == {"W"}
    assert second.value.endswith("W..")


def _texts(record: Mapping[str, str]) -> list[Text]:
    placed = render.lay_out("batch", record, 203)
    return [one for one in placed.primitives if isinstance(one, Text)]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("lot", "", "the label batch needs it"),
        ("product", "  ", "the label batch needs it"),
        ("lot", "B 1", "other characters than A-Z"),
        ("lot", "b-1", "other characters than A-Z"),
        ("lot", "X" * 21, "longer than 20 characters"),
        ("quantity", "1,5", "is not an amount"),
        ("quantity", "-1", "is not an amount"),
        ("expiry", "24.12.2026", "is not a day, YYYY-MM-DD"),
        ("expiry", "20261224", "is not a day, YYYY-MM-DD"),
        ("expiry", "2199-01-01", "too far from 2026"),
        ("product", "a\nb", "in no printer's font"),
        ("product", "\u4e2d", "in no printer's font"),
    ],
)
def test_a_value_that_cannot_stand_is_refused(name: str, value: str, reason: str) -> None:
    with pytest.raises(ValueRefusedError, match=reason):
        render.render("batch", RECORD | {name: value}, "zpl", 203, "j")


def test_an_accent_of_its_own_joins_its_letter() -> None:
    texts = [one.value for one in _texts(RECORD | {"product": "Z\u0307o\u0301\u0142ty"})]
    assert "\u017b\u00f3\u0142ty" in texts


@pytest.mark.parametrize("job", ["", "a b", "^XZ", "a" * 65])
def test_a_job_id_that_would_disturb_the_printer_is_refused(job: str) -> None:
    with pytest.raises(LabelError, match="job"):
        render.render("batch", RECORD, "zpl", 203, job)
