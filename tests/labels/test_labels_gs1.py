"""The strict element string: every rule that our labels rest on, and the way back."""

import re
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels import gs1
from labels.gs1 import GS, Element, Gs1Error
from tests.labels import gs1_corpus

GTIN = "09506000134352"
SSCC = "106141412345678908"


@pytest.mark.parametrize(
    ("digits", "check"),
    [
        ("0950600013435", "2"),
        ("950600013435", "2"),
        ("9638507", "4"),
        ("10614141234567890", "8"),
        ("952006600001", "7"),
    ],
)
def test_check_digits(digits: str, check: str) -> None:
    assert gs1.check_digit(digits) == check
    assert gs1.has_check_digit(digits + check)


def test_gtin_lengths_are_told_apart() -> None:
    assert gs1.gtin_check_digit("0950600013435") == "2"
    with pytest.raises(AssertionError):
        gs1.gtin_check_digit("12345")


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (f"01{GTIN}", [("01", GTIN)]),
        (f"01{GTIN}1726123110A-1", [("01", GTIN), ("17", "261231"), ("10", "A-1")]),
        (f"01{GTIN}10A{GS}21B", [("01", GTIN), ("10", "A"), ("21", "B")]),
        (f"01{GTIN}{GS}10A{GS}", [("01", GTIN), ("10", "A")]),
        (f"01{GTIN}01{GTIN}", [("01", GTIN)]),
        (f"00{SSCC}", [("00", SSCC)]),
        (f"00{SSCC}02{GTIN}3750{GS}10A", [("00", SSCC), ("02", GTIN), ("37", "50"), ("10", "A")]),
        (f"01{GTIN}3103001250", [("01", GTIN), ("3103", "001250")]),
        (f"00{SSCC}3302000100", [("00", SSCC), ("3302", "000100")]),
        (f"01{GTIN}80082612312359", [("01", GTIN), ("8008", "2612312359")]),
        (f"01{GTIN}11280200", [("01", GTIN), ("11", "280200")]),
        ("400ORDER-1", [("400", "ORDER-1")]),
        ("91anything", [("91", "anything")]),
    ],
)
def test_good_strings(text: str, pairs: list[tuple[str, str]]) -> None:
    assert [(element.ai, element.value) for element in gs1.parse(text)] == pairs


@pytest.mark.parametrize(
    ("text", "ai", "position", "rule"),
    [
        ("", "", 0, "no element"),
        ("0109506000134353", "01", 0, "check digit should be 2"),
        ("00106141412345678900", "00", 0, "check digit should be 8"),
        ("4149520066000010", "414", 0, "check digit should be 7"),
        ("010950600013435", "01", 0, "wants 14 characters"),
        (f"01{GTIN[:-1]}X", "01", 15, "digits only"),
        (f"01{GTIN}17261301", "17", 16, "no month 13"),
        (f"01{GTIN}17261131", "17", 16, "has no day 31"),
        (f"01{GTIN}17270229", "17", 16, "has no day 29"),
        (f"01{GTIN}800826110005", "8008", 16, "has no day 00"),
        (f"01{GTIN}800826113024", "8008", 16, "24 is not below 24"),
        (f"01{GTIN}8008261130126", "8008", 16, "not of the form N6 N2 [N2] [N2]"),
        (f"01{GTIN}10", "10", 16, "wants 1 to 20 characters"),
        (f"01{GTIN}10{'A' * 21}", "10", 16, "wants 1 to 20 characters"),
        (f"01{GTIN}10A#B", "10", 19, "not in character set 82"),
        (f"01{GTIN}10A B", "10", 19, "not in character set 82"),
        (f"01{GTIN}10A{GS}{GS}21B", "<GS>2", 20, "not an application identifier"),
        (f"{GS}{GS}01{GTIN}", "<GS>0", 1, "not an application identifier"),
        (f"01{GTIN}66X", "66", 16, "not an application identifier"),
        (f"01{GTIN}3106001250", "31", 16, "not an application identifier"),
        (f"01{GTIN}10A{GS}10B", "10", 20, "two values"),
        ("10A", "10", 0, "needs AI 01 or 02 or 03 or 8006 or 8026"),
        ("17261231", "17", 0, "needs AI 01 or 02 or 03 or 8006 or 8026"),
        (f"02{GTIN}10A", "02", 0, "needs AI 37"),
        (f"02{GTIN}375", "37", 16, "needs AI 00 with 02 or 00 with 8026"),
        (f"00{SSCC}01{GTIN}375", "01", 20, "must not stand beside AI 37"),
        (f"00{SSCC}01{GTIN}02{GTIN}375", "01", 20, "must not stand beside AI 37"),
        (f"01{GTIN}02{GTIN}", "02", 16, "must not stand beside AI 01"),
        (f"01{GTIN}250X", "250", 16, "needs AI 01 with 21 or 03 with 21 or 8006 with 21"),
        (f"01{GTIN}31030012503102000125", "3103", 16, "must not stand beside AI 3102"),
        ("403X", "403", 0, "needs AI 00"),
        ("3302000100", "3302", 0, "needs AI 00 or 01"),
    ],
)
def test_broken_strings(text: str, ai: str, position: int, rule: str) -> None:
    with pytest.raises(Gs1Error) as caught:
        gs1.parse(text)
    error = caught.value
    assert (error.ai, error.position) == (ai, position)
    assert rule in error.rule
    assert str(error) == f"GS1 AI {ai or '?'} at character {position + 1}: {error.rule}"


def test_one_symbol_of_several_may_stand_alone() -> None:
    assert gs1.parse("10A", associations=False) == (Element("10", "A"),)


@pytest.mark.parametrize(
    ("elements", "rule"),
    [
        ([], "there is no element"),
        ([Element("66", "A")], "not an application identifier"),
        ([Element("01", GTIN), Element("10", f"A{GS}21B")], "holds no separator"),
        ([Element("01", GTIN), Element("10", "A"), Element("10", "B")], "two values"),
        ([Element("01", f"{GTIN}1")], "wants 14 characters"),
        ([Element("01", "")], "wants 14 characters"),
        ([Element("01", GTIN[:-1] + "3")], "check digit should be 2"),
        ([Element("01", GTIN), Element("10", "A#")], "'#': not in character set 82"),
        ([Element("10", "A")], "needs AI 01"),
    ],
)
def test_an_element_that_cannot_be_written_is_refused(elements: list[Element], rule: str) -> None:
    with pytest.raises(Gs1Error, match=rule):
        gs1.format(elements)


def test_what_is_said_twice_is_written_once() -> None:
    assert gs1.format([Element("01", GTIN), Element("01", GTIN)]) == f"01{GTIN}"


@pytest.mark.parametrize(
    ("digits", "year", "day"),
    [
        ("261231", 2026, date(2026, 12, 31)),
        ("260200", 2026, date(2026, 2, 28)),
        ("280200", 2026, date(2028, 2, 29)),
        ("261200", 2026, date(2026, 12, 31)),
        ("760101", 2026, date(2076, 1, 1)),
        ("770101", 2026, date(1977, 1, 1)),
        ("000101", 2051, date(2100, 1, 1)),
        ("010101", 2051, date(2101, 1, 1)),
        ("020101", 2051, date(2002, 1, 1)),
    ],
)
def test_dates_and_their_century(digits: str, year: int, day: date) -> None:
    assert gs1.date_of(Element("17", digits), year) == day


def test_a_date_beyond_the_window_is_not_written() -> None:
    assert gs1.write_date(date(2026, 12, 31)) == "261231"
    with pytest.raises(ValueError, match="too far from 2026"):
        gs1.write_date(date(2077, 1, 1))


@pytest.mark.parametrize(
    ("ai", "value", "amount"),
    [
        ("3103", "001250", "1.250"),
        ("3100", "001250", "1250"),
        ("3105", "000001", "0.00001"),
        ("37", "50", "50"),
        ("30", "1", "1"),
        ("3922", "1995", "19.95"),
        ("3932", "9781995", "19.95"),
        ("3900", "7", "7"),
    ],
)
def test_amounts_are_exact(ai: str, value: str, amount: str) -> None:
    assert f"{gs1.amount_of(Element(ai, value)):f}" == amount


@pytest.mark.parametrize(("ai", "value"), [("10", "A1"), ("37", "²"), ("66", "12"), ("37", "")])
def test_what_is_no_number_has_no_amount(ai: str, value: str) -> None:
    with pytest.raises(Gs1Error, match="is not a number"):
        gs1.amount_of(Element(ai, value))


@pytest.mark.parametrize(
    "scan",
    [
        f"01{GTIN}10A{GS}21B",
        f"{GS}01{GTIN}10A{GS}21B",
        f"]C101{GTIN}10A{GS}21B",
        f"]d201{GTIN}10A{GS}21B",
        f"]Q301{GTIN}10A{GS}21B",
        f"]e001{GTIN}10A{GS}21B",
        f"]J101{GTIN}10A{GS}21B",
        f"]C1{GS}01{GTIN}10A{GS}21B{GS}",
        f"\xe801{GTIN}10A{GS}21B",
        f"\xe801{GTIN}10A\xe821B",
        f"\xf101{GTIN}10A\xf121B",
        f"]d2\xe801{GTIN}10A\xe821B",
        f"https://id.gs1.org/01/{GTIN}/10/A/21/B",
        f"]Q1https://example.com/a/01/{GTIN}/10/A/21/B?linkType=gs1:pip",
    ],
)
def test_the_ways_in_which_scanners_send_it(scan: str) -> None:
    assert gs1.parse(scan) == (Element("01", GTIN), Element("10", "A"), Element("21", "B"))


@pytest.mark.parametrize(
    ("scan", "position", "rule"),
    [
        (f"]C001{GTIN}", 0, "]C0 marks no symbol of GS1"),
        (f"]E0{GTIN[1:]}", 0, "]E0 marks no symbol of GS1"),
        ("]C", 0, "]C marks no symbol of GS1"),
        ("]C1", 3, "there is no element"),
        (GS, 1, "there is no element"),
        (f"]C1]C101{GTIN}", 3, "not an application identifier"),
        (f"]d2{GS}\xe801{GTIN}", 4, "not an application identifier"),
        (f"\xe801{GTIN}10A\xf121B", 20, "not in character set 82"),
        (f"01{GTIN}10A\xe821B", 19, "not in character set 82"),
        (f"]C101{GTIN}10A#", 22, "not in character set 82"),
        ("]C10109506000134353", 3, "check digit should be 2"),
        (f" 01{GTIN}", 0, "not an application identifier"),
        ("https://example.com/", 0, "names no GS1 key"),
        ("²1", 0, "not an application identifier"),
    ],
)
def test_what_scanners_must_not_send(scan: str, position: int, rule: str) -> None:
    with pytest.raises(Gs1Error) as caught:
        gs1.parse(scan)
    assert caught.value.position == position
    assert rule in caught.value.rule


def test_a_scan_is_written_with_its_mark() -> None:
    elements = (Element("01", GTIN), Element("10", "A"), Element("21", "B"))
    assert gs1.format_scan(elements, "]d2") == f"]d201{GTIN}10A{GS}21B"
    with pytest.raises(AssertionError):
        gs1.format_scan(elements, "]C0")


@pytest.mark.parametrize(
    ("pairs", "text"),
    [
        ([("01", GTIN), ("10", "A(1)")], f"(01){GTIN}(10)A(1)"),
        ([("10", "A("), ("21", "(x)"), ("01", GTIN)], f"(10)A((21)(x)(01){GTIN}"),
        ([("00", SSCC)], f"(00){SSCC}"),
        ([("01", GTIN), ("3103", "001250")], f"(01){GTIN}(3103)001250"),
    ],
)
def test_human_readable_text(pairs: list[tuple[str, str]], text: str) -> None:
    elements = tuple(Element(*pair) for pair in pairs)
    assert gs1.format_human(elements) == text
    assert gs1.parse_human(text) == elements


@pytest.mark.parametrize("value", ["A(21)B", "(99)", "X(0000)", "(01)"])
def test_a_value_that_looks_like_an_identifier_has_no_human_readable_text(value: str) -> None:
    elements = (Element("01", GTIN), Element("10", value))
    assert gs1.parse(gs1.format(elements)) == elements
    with pytest.raises(Gs1Error, match="digits in brackets would be read as an AI") as caught:
        gs1.format_human(elements)
    assert caught.value.ai == "10"
    assert caught.value.position == 18


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "there is no element"),
        (f"01{GTIN}", "stands before the first AI"),
        (f" (01){GTIN}", "stands before the first AI"),
        (f"(01){GTIN}(66)A", "not an application identifier"),
        (f"(01) {GTIN}", "wants 14 characters"),
        (f"(01) {GTIN[1:]}", "digits only"),
        (f"(01){GTIN}(10)", "wants 1 to 20 characters"),
        (f"(01){GTIN}(10)A(10)B", "two values"),
        ("(10)A", "needs AI 01"),
        (f"(01){GTIN}(10)A{GS}", "holds no separator"),
    ],
)
def test_broken_human_readable_text(text: str, rule: str) -> None:
    with pytest.raises(Gs1Error, match=rule):
        gs1.parse_human(text)


@given(st.randoms(use_true_random=False))
def test_what_is_written_is_read(random: Random) -> None:
    text, pairs = gs1_corpus.whole(random)
    elements = gs1.parse(text)
    assert elements == tuple(Element(*pair) for pair in pairs)
    assert gs1.parse(gs1.format(elements)) == elements
    assert gs1.parse(gs1.format_scan(elements, "]C1")) == elements
    assert gs1.format(elements) == gs1_corpus.element_string(pairs)


@given(st.randoms(use_true_random=False))
def test_human_readable_text_is_read_or_never_written(random: Random) -> None:
    elements = tuple(Element(*pair) for pair in gs1_corpus.pairs_of(random))
    if any(re.search(r"\([0-9]{2,4}\)", element.value) for element in elements):
        with pytest.raises(Gs1Error, match="digits in brackets"):
            gs1.format_human(elements)
    else:
        assert gs1.parse_human(gs1.format_human(elements)) == elements


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        found = gs1.parse(text)
    except Gs1Error:
        return
    assert gs1.parse(gs1.format(found)) == found
