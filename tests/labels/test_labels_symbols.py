"""Symbols say what they should, by two readers, and a wrong one never passes."""

import random
import shutil
from dataclasses import replace
from typing import cast

import pytest
import treepoem
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps
from typing_extensions import Buffer

from labels import gs1, symbols
from labels.keyboard import SETUP_TEXT
from labels.primitives import LINEAR_KINDS, SymbolError, SymbolKind
from tests.labels import symbol_samples as samples
from tests.missing import missing

GTIN = "09506000134352"
GS1 = f"01{GTIN}10A%(B){gs1.GS}21x/9"
CONTENTS: dict[SymbolKind, str] = {
    "code128": "LOT-1",
    "gs1-128": GS1,
    "code39": "LOT-1",
    "itf14": GTIN,
    "ean13": "9506000134352",
    "ean8": "96385074",
    "upca": "036000291452",
    "datamatrix": "LOT-1",
    "gs1-datamatrix": GS1,
    "qr": "LOT-1",
    "gs1-qr": GS1,
    "pdf417": "LOT-1",
    "aztec": "LOT-1",
}
RECORDS = 150
RECORDS_LONG = 2_000
printable = st.text([chr(code) for code in range(32, 127)], min_size=1, max_size=40)


@given(printable)
def test_code_128_reads_as_written(text: str) -> None:
    assert symbols.read_back(symbols.code128(text)) == (text, "]C0")


@given(st.text("0123456789", max_size=20).map("99".__add__))
def test_a_leading_99_is_kept(text: str) -> None:
    assert symbols.read_back(symbols.code128(text)) == (text, "]C0")


@pytest.mark.parametrize("text", ["99", "9912", "99A", "99-1", "9", "99999"])
def test_code_words_begin_with_the_first_characters(text: str) -> None:
    symbol = symbols.code128(text)
    assert symbol.rows[0].startswith("11010") or text == "9"
    assert symbols.read_back(symbol)[0] == text


@pytest.mark.parametrize("kind", samples.KINDS)
def test_two_readers_read_what_was_written(kind: SymbolKind) -> None:
    _read_random(kind, RECORDS)


@pytest.mark.long
@pytest.mark.parametrize("kind", samples.KINDS)
def test_two_readers_read_many(kind: SymbolKind) -> None:
    _read_random(kind, RECORDS_LONG)


def _read_random(kind: SymbolKind, records: int) -> None:
    """A reader's and a scanner's identifier are one; PDF417 and Aztec have no second reader."""
    dice = random.Random()
    for _ in range(records):
        text = samples.content(kind, dice)
        symbol = symbols.build(kind, text)
        sent = samples.sent(kind, text)
        assert (symbol.content, symbol.aim) == (sent, samples.AIMS[kind])
        assert symbols.read_back(symbol) == (sent, samples.AIMS[kind])
        if kind not in samples.WITHOUT_SECOND_READER:
            assert samples.second_reading(symbol) in samples.second_sent(symbol), text
        if "matrix" in kind:
            assert len(symbol.rows) == symbol.width, text


@pytest.mark.long
@pytest.mark.parametrize(("kind", "name"), [("pdf417", "pdf417"), ("aztec", "azteccode")])
def test_the_only_reader_reads_what_another_project_wrote(kind: SymbolKind, name: str) -> None:
    """PDF417 and Aztec have one reader: that it reads BWIPP's symbols too clears it of its writer."""
    if shutil.which("gs") is None:
        missing("gs", "install ghostscript")
    dice = random.Random()
    for _ in range(4):
        text = samples.content(kind, dice).replace("^", "")  # BWIPP's own escape
        picture = treepoem.generate_barcode(name, text).convert("L")
        framed = ImageOps.expand(picture, 20, 255)
        assert symbols.decode_image(framed, [kind]) == [(text.encode(), samples.AIMS[kind], kind)]


@pytest.mark.parametrize("kind", ["datamatrix", "qr", "pdf417", "aztec"])
def test_a_thousand_characters_are_read_back(kind: SymbolKind) -> None:
    text = "".join(random.Random().choices(samples.PRINTABLE, k=1000))
    assert symbols.build(kind, text).content == text
    with pytest.raises(SymbolError, match="1 to 1000 characters"):
        symbols.build(kind, f"{text}1")


def test_gs1_128_holds_48_characters() -> None:
    assert symbols.build("gs1-128", f"91{'A' * 46}").content == f"91{'A' * 46}"


@pytest.mark.parametrize("kind", samples.KINDS)
def test_every_kind_builds_and_says_its_size(kind: SymbolKind) -> None:
    symbol = symbols.build(kind, CONTENTS[kind])
    assert symbol.kind == kind
    assert {len(row) for row in symbol.rows} == {symbol.width}
    assert symbol.is_linear == (len(symbol.rows) == 1) == (kind in LINEAR_KINDS)
    assert symbol.modules_across == symbol.width + symbol.quiet + symbol.quiet_right


@pytest.mark.parametrize(
    ("kind", "quiet"),
    [
        ("code128", (10, 10)),
        ("ean13", (11, 7)),
        ("ean8", (7, 7)),
        ("upca", (9, 9)),
        ("itf14", (10, 10)),
        ("code39", (10, 10)),
        ("datamatrix", (1, 1)),
        ("gs1-qr", (4, 4)),
        ("pdf417", (2, 2)),
        ("aztec", (0, 0)),
    ],
)
def test_quiet_zones_are_the_standards(kind: SymbolKind, quiet: tuple[int, int]) -> None:
    symbol = symbols.build(kind, CONTENTS[kind])
    assert (symbol.quiet, symbol.quiet_right) == quiet


# What each kind does with the texts that have hurt others: built as it is, or refused with words.
FIXED = [
    ("9912345678", {"code128": "", "code39": "", "datamatrix": "", "qr": "", "aztec": ""}),
    ("99", {"code128": "", "code39": "", "datamatrix": "", "qr": "", "pdf417": "", "aztec": ""}),
    ("100%", {"code128": "", "code39": "", "datamatrix": "", "qr": "", "pdf417": ""}),
    ("%%", {"code128": "", "code39": "", "datamatrix": "", "qr": "", "pdf417": "", "aztec": ""}),
    ("(01)123", {"code128": "", "code39": "has no '\\('", "datamatrix": "", "qr": ""}),
    ("[10]A", {"code128": "", "code39": "has no", "datamatrix": "", "qr": "", "aztec": ""}),
    ("lower case", {"code128": "", "code39": "has no 'l'", "datamatrix": "", "qr": ""}),
    ("\\n^FD~JA&lt;", {"code128": "", "code39": "has no", "datamatrix": "", "pdf417": ""}),
    ("A" * 48, {"code128": "", "code39": "", "datamatrix": "", "qr": "", "pdf417": ""}),
    ("A" * 49, {"code39": "1 to 48 characters", "code128": "", "datamatrix": "", "qr": ""}),
    (" PADDED ", {"code128": "", "code39": "", "datamatrix": "", "qr": "", "pdf417": ""}),
    ("", dict.fromkeys(("code128", "code39", "datamatrix", "qr", "pdf417"), "1 to")),
    ("\N{PACKAGE}", dict.fromkeys(("code128", "code39", "qr", "aztec"), "not every scanner")),
    ("שלום", dict.fromkeys(("code128", "code39", "datamatrix", "pdf417"), "not every scanner")),
    ("A\tB", dict.fromkeys(("code128", "code39", "datamatrix", "pdf417"), "not every scanner")),
]


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [(text, kind, words) for text, kinds in FIXED for kind, words in kinds.items()],
)
def test_the_texts_that_hurt_are_right_or_refused(text: str, kind: SymbolKind, words: str) -> None:
    if words:
        with pytest.raises(SymbolError, match=words):
            symbols.build(kind, text)
        return
    symbol = symbols.build(kind, text)
    assert symbol.content == text
    if kind not in samples.WITHOUT_SECOND_READER:
        assert samples.second_reading(symbol) in samples.second_sent(symbol)


@pytest.mark.parametrize("kind", ["gs1-128", "gs1-datamatrix", "gs1-qr"])
@pytest.mark.parametrize("lot", ["99", "9912", "100%", "%%", "(10)", "a(b)c", "lower", "A/B"])
def test_lots_that_hurt_are_right_in_gs1(kind: SymbolKind, lot: str) -> None:
    text = f"01{GTIN}10{lot}{gs1.GS}21{lot}"
    symbol = symbols.build(kind, text)
    assert (symbol.content, symbol.aim) == (text, samples.AIMS[kind])
    assert samples.second_reading(symbol) in samples.second_sent(symbol)


@pytest.mark.parametrize("kind", ["datamatrix", "qr", "pdf417", "aztec"])
def test_the_set_up_text_alone_holds_a_gs(kind: SymbolKind) -> None:
    assert symbols.build(kind, SETUP_TEXT).content == SETUP_TEXT
    with pytest.raises(SymbolError, match=r"not every scanner passes on '\\x1d'"):
        symbols.build(kind, f"{SETUP_TEXT}1")


@pytest.mark.parametrize(("kind", "content"), [("ean13", "9506000134352"), ("ean8", "96385074")])
def test_a_gtin_of_14_digits_goes_without_its_zeros(kind: SymbolKind, content: str) -> None:
    symbol = symbols.build(kind, content.rjust(14, "0"))
    assert symbol == symbols.build(kind, content)
    assert symbols.build("upca", "00036000291452").content == "0036000291452"


def test_a_gtin_that_is_no_shorter_number_is_refused() -> None:
    with pytest.raises(SymbolError, match="EAN-13 needs 13 digits"):
        symbols.build("ean13", "10614141000415")
    with pytest.raises(SymbolError, match="EAN-8 needs 8 digits"):
        symbols.build("ean8", "09506000134352")


@pytest.mark.parametrize("kind", ["gs1-128", "gs1-datamatrix", "gs1-qr"])
@pytest.mark.parametrize("key", ["https://id.gs1.org/01/09506000134352/10/AB1", "http://x.example"])
def test_a_web_address_is_no_element_string(kind: SymbolKind, key: str) -> None:
    with pytest.raises(SymbolError, match="holds an element string; a web address goes into a qr"):
        symbols.build(kind, key)
    assert symbols.build("qr", key).content == key


def test_a_check_character_of_code_39_is_asked_for() -> None:
    symbol = symbols.code39("LOT-1", check=True)
    assert (symbol.content, symbol.aim) == ("LOT-1P", "]A0")
    assert symbols.read_back(symbol) == ("LOT-1P", "]A0")
    assert symbols.build("code39", "LOT-1P") == symbol  # and standing there by chance, does no harm


# Contents on which each option of zxing-cpp shows: it ignores those that it does not know.
ACTING: dict[tuple[SymbolKind, str], str] = {
    ("datamatrix", "force_square"): "1" * 18,
    ("gs1-datamatrix", "force_square"): "[10]1234567890123456",
    ("gs1-datamatrix", "gs1"): "[10]AB",
    ("qr", "ec_level"): "x" * 17,
    ("gs1-qr", "ec_level"): "[10]AB",
    ("gs1-qr", "gs1"): "[10]AB",
}


def test_every_option_that_is_passed_is_tried() -> None:
    passed = {(kind, name) for kind, names in symbols.OPTIONS.items() for name in names}
    assert passed == set(ACTING)


@pytest.mark.parametrize(("kind", "option"), ACTING)
def test_every_option_acts(kind: SymbolKind, option: str) -> None:
    form = getattr(zxingcpp.BarcodeFormat, "QRCode" if "qr" in kind else "DataMatrix")
    options = symbols.OPTIONS[kind]
    others = {name: value for name, value in options.items() if name != option}
    source = ACTING[kind, option]
    made = [zxingcpp.create_barcode(source, form, **one) for one in (options, others)]
    pictures = [zxingcpp.write_barcode_to_image(one, scale=1) for one in made]
    shown = [memoryview(cast("Buffer", one)) for one in pictures]
    assert (shown[0].shape, shown[0].tobytes()) != (shown[1].shape, shown[1].tobytes())


lots = st.text(sorted(gs1.CHARSET_82), min_size=1, max_size=12)


@given(lots, lots)
def test_gs1_symbols_carry_their_separators(lot: str, serial: str) -> None:
    elements = gs1.parse(f"01{GTIN}10{lot}{gs1.GS}21{serial}")
    text = f"01{GTIN}10{lot}{gs1.GS}21{serial}"
    assert symbols.read_back(symbols.gs1_128(elements)) == (text, "]C1")
    assert symbols.read_back(symbols.datamatrix(text, gs1=True)) == (text, "]d2")


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        ("code128", "", "1 to 80 characters"),
        ("code128", "A" * 81, "1 to 80 characters"),
        ("code128", "A\tB", "not every scanner"),
        ("datamatrix", "Mühle", "not every scanner"),
        ("qr", "A" * 1001, "1 to 1000 characters"),
        ("gs1-128", "0109506000134353", "check digit should be 2"),
        ("gs1-datamatrix", f"01{GTIN}10A#", "not in character set 82"),
        ("gs1-128", f"91{'A' * 47}", "48 characters"),
    ],
)
def test_what_no_symbol_should_hold_is_refused(kind: SymbolKind, content: str, words: str) -> None:
    with pytest.raises(SymbolError, match=words):
        symbols.build(kind, content)


@pytest.mark.parametrize("kind", samples.KINDS)
def test_a_read_back_that_differs_is_an_error(kind: SymbolKind) -> None:
    good = symbols.build(kind, CONTENTS[kind])
    with pytest.raises(SymbolError, match=f"reads as '{good.content[:5]}"):
        symbols.read_back(replace(good, content="LOT-2"))
    with pytest.raises(SymbolError, match="reads as"):
        symbols.read_back(replace(good, aim="]X9"))
    with pytest.raises(SymbolError, match="no reader finds"):
        symbols.read_back(replace(good, rows=tuple("0" * len(row) for row in good.rows)))


def test_a_picture_is_read_from_the_top_down() -> None:
    page = Image.new("L", (600, 400), 255)
    page.paste(samples.drawn(symbols.code128("LOW")), (60, 250))
    page.paste(samples.drawn(symbols.datamatrix("HIGH")), (60, 20))
    assert symbols.decode_image(page) == [
        (b"HIGH", "]d1", "datamatrix"),
        (b"LOW", "]C0", "code128"),
    ]
    assert symbols.decode_image(Image.new("RGB", (50, 50), "white")) == []


@pytest.mark.parametrize("kind", samples.KINDS)
def test_a_kind_that_is_asked_for_is_found(kind: SymbolKind) -> None:
    symbol = symbols.build(kind, CONTENTS[kind])
    page = Image.new("L", (1000, 500), 255)
    page.paste(samples.drawn(symbol), (100, 100))
    found = symbols.decode_image(page, [kind])
    named = "ean13" if kind == "upca" else kind
    assert found == [(symbol.content.encode(), symbol.aim, named)]


def test_no_kind_is_found_that_was_not_asked_for() -> None:
    page = samples.drawn(symbols.build("aztec", "LOT-1"))
    assert symbols.decode_image(page) == []
    assert symbols.decode_image(samples.drawn(symbols.build("itf14", GTIN)), ["qr"]) == []
