"""Scans mean what they say, and what we print is read back the same."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels import codes, house, keyboard
from labels.codes import (
    BadgeCode,
    Code,
    CodeError,
    CommandCode,
    DigitCode,
    EnrolmentCode,
    LabelCode,
    LotCode,
    MaterialCode,
    OrderCode,
    ReasonCode,
    UnitCode,
    decode,
    encode,
)

PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."
words = st.text(PLAIN, min_size=1, max_size=20)
maybe_words = st.none() | words
amounts = st.none() | st.builds(
    lambda units, places: Decimal(units).scaleb(-places),
    st.integers(0, 10**12 - 1),
    st.integers(0, 6),
)
days = st.none() | st.dates(date(1977, 1, 1), date(2076, 12, 31))
some_code: st.SearchStrategy[Code] = st.one_of(
    st.builds(OrderCode, words, maybe_words, amounts, maybe_words),
    st.builds(LotCode, words, maybe_words, maybe_words, days, amounts, maybe_words, maybe_words),
    st.builds(MaterialCode, words, maybe_words, maybe_words),
    st.builds(MaterialCode, maybe_words, words, maybe_words),
    st.builds(BadgeCode, words),
    st.builds(ReasonCode, words),
    st.builds(CommandCode, st.sampled_from(codes.COMMANDS)),
    st.builds(DigitCode, st.sampled_from(codes.DIGITS)),
    st.builds(LabelCode, words, st.none() | words),
    st.builds(UnitCode, words),
    st.builds(EnrolmentCode, st.text(min_size=1, max_size=60), words),
)


@given(some_code)
def test_what_is_written_is_read(code: Code) -> None:
    text = encode(code)
    assert decode(text.encode()) == code
    assert decode(text.encode(), "]C0") == code
    assert set(text) <= set(PLAIN + "+")


@given(some_code, st.sampled_from([name for name in keyboard.LAYOUTS if name != "us"]))
def test_no_layout_makes_another_code_of_ours(code: Code, layout: str) -> None:
    text = encode(code)
    arrived = keyboard.typed(text, layout)
    if arrived != text:
        with pytest.raises(CodeError):
            decode(arrived.encode())


@pytest.mark.parametrize(
    ("code", "layout", "mistaken"),
    [
        (LabelCode("NQ-Y4UXAI2OB"), "dk", "LBNQ+Y4UXAI2OBV"),
        (LotCode("0N0O-F"), "se", "LO0N0O+FY"),
        (OrderCode("UDWRJKZEEJ"), "fr", "ZOUDZRJKWEEJQ"),
    ],
)
def test_a_code_that_a_layout_would_mistake_gets_an_empty_field(
    code: Code, layout: str, mistaken: str
) -> None:
    text = encode(code)
    bare = house.checked(text[:-1].rstrip("+"))
    assert keyboard.typed(bare, layout) == mistaken
    assert house.is_intact(mistaken)
    assert text[-2] == "+"
    assert decode(text.encode()) == decode(bare.encode()) == code


GTIN = "09506000134352"


@pytest.mark.parametrize(
    ("payload", "aim", "code"),
    [
        (f"01{GTIN}10W-204", "]C1", LotCode("W-204", gtin=GTIN)),
        ("00340123450000000017", "]C1", UnitCode("340123450000000017")),
        ("00340123450000000017", "", UnitCode("340123450000000017")),
        (f"01{GTIN}10W-204", "", LotCode("W-204", gtin=GTIN)),
        (
            f"01{GTIN}172612003103001250" + "10W-204\x1d21S7",
            "]d2",
            LotCode(
                "W-204",
                gtin=GTIN,
                expiry=date(2026, 12, 31),
                amount=Decimal("1.250"),
                unit="KGM",
                serial="S7",
            ),
        ),
        (
            f"01{GTIN}15261224" + "3024\x1d10A",
            "]Q3",
            LotCode("A", None, GTIN, date(2026, 12, 24), Decimal(24), "C62"),
        ),
        (
            "00106141412345678908" + f"02{GTIN}3750\x1d10A",
            "]e0",
            LotCode("A", gtin=GTIN, amount=Decimal(50), unit="C62"),
        ),
        (
            f"01{GTIN}31520012503004" + "\x1d10A",
            "]C1",
            LotCode("A", gtin=GTIN, amount=Decimal("12.50"), unit="LTR"),
        ),
        (f"01{GTIN}", "", MaterialCode(gtin=GTIN)),
        (f"01{GTIN}21S7", "]d2", MaterialCode(gtin=GTIN, serial="S7")),
        ("9506000134352", "]E0", MaterialCode(gtin=GTIN)),
        ("96385074", "]E4", MaterialCode(gtin="00000096385074")),
    ],
)
def test_supplier_labels(payload: str, aim: str, code: Code) -> None:
    assert decode(payload.encode(), aim) == code


@pytest.mark.parametrize(
    ("payload", "aim", "kind"),
    [
        (b"", "", "unknown"),
        (b"\xff\xfe", "", "bytes"),
        (b"LO\x02X", "", "bytes"),
        (b"A" * 513, "", "bytes"),
        (b"B-1", "", "unknown"),
        (b"hello", "]C0", "unknown"),
        (f"01{GTIN}".encode(), "]C0", "unknown"),
        (b"0109506000134353", "", "unknown"),
        (f"01{GTIN}17261301".encode(), "", "gs1"),
        (b"0109506000134353", "]C1", "gs1"),
        (b"10W-204", "]C1", "gs1"),
        (b"400PO-1", "]C1", "unknown"),
        (b"9506000134353", "]E0", "gs1"),
        (encode(BadgeCode("4711")).lower().encode(), "", "layout"),
        (b"LOX-1", "", "layout"),
        ("WOB\u00df1".encode(), "", "layout"),
        (b"LO", "", "layout"),
        (house.checked("KCDANCE").encode(), "", "unknown"),
        (house.checked("KD12").encode(), "", "unknown"),
        (house.checked("WO").encode(), "", "unknown"),
        (house.checked("MA++").encode(), "", "unknown"),
        (house.checked("LOA+B+1.2.3+KGM").encode(), "", "unknown"),
        (house.checked("LOA+B+1+KGM+261301").encode(), "", "unknown"),
        (house.checked("OPA+B").encode(), "", "unknown"),
        (house.checked("KE1+B").encode(), "", "unknown"),
    ],
)
def test_what_cannot_be_read_says_why(payload: bytes, aim: str, kind: str) -> None:
    with pytest.raises(CodeError) as caught:
        decode(payload, aim)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    "code",
    [
        LotCode("a"),
        LotCode(""),
        LotCode("A+B"),
        LotCode("A", amount=Decimal(-1)),
        LotCode("A", amount=Decimal("NaN")),
        LotCode("A", amount=Decimal("0.1234567")),
        LotCode("A", expiry=date(2150, 1, 1)),
        MaterialCode(),
        CommandCode("DANCE"),
        DigitCode("12"),
        BadgeCode("A" * 600),
    ],
)
def test_what_no_code_can_carry_is_refused(code: Code) -> None:
    with pytest.raises(CodeError) as caught:
        encode(code)
    assert caught.value.kind == "characters"


@given(words, st.data())
def test_one_changed_letter_or_digit_is_noticed(lot: str, data: st.DataObject) -> None:
    text = encode(LotCode(lot))
    place = data.draw(st.integers(2, len(text) - 1))
    letters = PLAIN.replace(".", "")
    other = data.draw(st.sampled_from(letters.replace(text[place], "")))
    if text[place] != ".":
        assert not house.is_intact(text[:place] + other + text[place + 1 :])


def test_a_dot_and_a_plus_do_not_pass_for_digits() -> None:
    swaps = [("0", "."), ("1", "+"), (".", "0"), ("+", "1")]
    missed = [
        (good, bad)
        for good, bad in swaps
        if house.is_intact(encode(LotCode("A0.1", "B")).replace(good, bad, 1))
    ]
    assert missed == []


def test_the_clock_settles_the_century() -> None:
    payload = f"01{GTIN}17800101".encode() + b"10A"
    assert decode(payload, "]C1") == LotCode("A", gtin=GTIN, expiry=date(1980, 1, 1))
    late = LotCode("A", gtin=GTIN, expiry=date(2080, 1, 1))
    assert decode(payload, "]C1", current_year=2035) == late
