"""Symbols say what they should, and a wrong one never passes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from labels import gs1, symbols
from labels.primitives import Symbol, SymbolError, SymbolKind

GTIN = "09506000134352"
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


@given(printable, st.sampled_from(["datamatrix", "qr"]))
def test_two_dimensional_symbols_read_as_written(text: str, kind: SymbolKind) -> None:
    symbol = symbols.build(kind, text)
    assert symbols.read_back(symbol) == (text, {"datamatrix": "]d1", "qr": "]Q1"}[kind])
    assert len(symbol.rows) == symbol.width


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


@pytest.mark.parametrize("kind", ["code128", "datamatrix", "qr"])
def test_a_read_back_that_differs_is_an_error(kind: SymbolKind) -> None:
    good = symbols.build(kind, "LOT-1")
    with pytest.raises(SymbolError, match="reads as 'LOT-1'"):
        symbols.read_back(replace(good, content="LOT-2"))
    with pytest.raises(SymbolError, match="reads as"):
        symbols.read_back(replace(good, aim="]C1"))
    with pytest.raises(SymbolError, match="no reader finds"):
        symbols.read_back(replace(good, rows=tuple("0" * len(row) for row in good.rows)))


def test_a_picture_is_read_from_the_top_down() -> None:
    page = Image.new("L", (600, 400), 255)
    wanted = [("code128", "LOW", 250), ("datamatrix", "HIGH", 20)]
    for kind, text, top in wanted:
        page.paste(_picture(symbols.build(kind, text)), (60, top))  # type: ignore[arg-type]
    assert symbols.decode_image(page) == [
        (b"HIGH", "]d1", "datamatrix"),
        (b"LOW", "]C0", "code128"),
    ]
    assert symbols.decode_image(Image.new("RGB", (50, 50), "white")) == []


def _picture(symbol: Symbol) -> Image.Image:
    rows = symbol.rows * (30 if symbol.is_linear else 1)
    dots = bytes(0 if sign == "1" else 255 for row in rows for sign in row)
    return Image.frombytes("L", (symbol.width, len(rows)), dots).resize(
        (symbol.width * 3, len(rows) * 3), Image.Resampling.NEAREST
    )
