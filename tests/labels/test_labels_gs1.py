"""The strict element string: every rule that our labels rest on, and the way back."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels import gs1
from labels.gs1 import GS, Element, Gs1Error
from labels.gs1_table import IDENTIFIERS, Identifier

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
        (f"01{GTIN}8008261130126", "8008", 16, "HH, HHMM or HHMMSS"),
        (f"01{GTIN}10", "10", 16, "wants 1 to 20 characters"),
        (f"01{GTIN}10{'A' * 21}", "10", 16, "wants 1 to 20 characters"),
        (f"01{GTIN}10A#B", "10", 19, "not in character set 82"),
        (f"01{GTIN}10A B", "10", 19, "not in character set 82"),
        (f"01{GTIN}10A{GS}{GS}21B", "<GS>2", 20, "not an identifier"),
        (f"{GS}01{GTIN}", "<GS>0", 0, "not an identifier"),
        (f"01{GTIN}66X", "66", 16, "not an identifier"),
        (f"01{GTIN}3106001250", "31", 16, "not an identifier"),
        (f"01{GTIN}10A{GS}10B", "10", 20, "two values"),
        ("10A", "10", 0, "needs AI 01 or 02"),
        ("17261231", "17", 0, "needs AI 01 or 02"),
        (f"02{GTIN}10A", "02", 0, "needs AI 37"),
        (f"02{GTIN}375", "37", 16, "needs AI 00 with 02"),
        (f"00{SSCC}01{GTIN}375", "01", 20, "must not stand beside AI 37"),
        (f"00{SSCC}01{GTIN}02{GTIN}375", "01", 20, "must not stand beside AI 37"),
        (f"01{GTIN}02{GTIN}", "02", 16, "must not stand beside AI 01"),
        (f"01{GTIN}250X", "250", 16, "needs AI 01 with 21"),
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


def test_an_element_that_cannot_be_written_is_refused() -> None:
    for elements in (
        [],
        [Element("66", "A")],
        [Element("01", GTIN), Element("10", f"A{GS}21B")],
        [Element("01", GTIN), Element("10", "A"), Element("10", "B")],
        [Element("10", "A")],
    ):
        with pytest.raises(Gs1Error):
            gs1.format(elements)


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
    [("3103", "001250", "1.250"), ("3100", "001250", "1250"), ("37", "50", "50"), ("30", "1", "1")],
)
def test_amounts_are_exact(ai: str, value: str, amount: str) -> None:
    assert str(gs1.amount_of(Element(ai, value))) == amount


def _value(row: Identifier) -> st.SearchStrategy[str]:
    if row.check == "check_digit":
        body = st.text("0123456789", min_size=row.chars_max - 1, max_size=row.chars_max - 1)
        return body.map(lambda digits: digits + gs1.check_digit(digits))
    if row.check in {"date", "date_month"}:
        return st.dates(date(1977, 1, 1), date(2076, 12, 31)).map(lambda day: f"{day:%y%m%d}")
    if row.check == "time":
        return st.datetimes(timezones=st.none()).map(lambda at: f"{at:%y%m%d%H%M}").filter(_real)
    chars = "0123456789" if row.numeric else "".join(sorted(gs1.CHARSET_82))
    return st.text(chars, min_size=row.chars_min, max_size=row.chars_max)


def _real(stamp: str) -> bool:
    return not (stamp[2:6] == "0229" and int(stamp[:2]) % 4)


elements = st.lists(
    st.sampled_from(sorted(IDENTIFIERS)), min_size=1, max_size=6, unique=True
).flatmap(
    lambda ais: st.tuples(*(st.builds(Element, st.just(ai), _value(IDENTIFIERS[ai])) for ai in ais))
)


@given(elements)
def test_what_is_formatted_is_parsed(wanted: tuple[Element, ...]) -> None:
    families = [element.ai[:3] for element in wanted if len(element.ai) == 4]
    ais = {element.ai for element in wanted}
    if len(families) != len(set(families)) or {"01", "02"} <= ais:
        return
    text = gs1.format(wanted, associations=False)
    assert gs1.parse(text, associations=False) == wanted
    assert not text.endswith(GS)


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        found = gs1.parse(text)
    except Gs1Error:
        return
    assert gs1.parse(gs1.format(found)) == found
