"""Keys of our own: exactly as wide as the prefix leaves room for, and none without a prefix."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels import gs1, gs1_keys
from labels.gs1 import Gs1Error

prefixes = st.text("0123456789", min_size=4, max_size=12)


@pytest.mark.parametrize(
    ("extension", "prefix", "serial", "made"),
    [
        (1, "0614141", 234567890, "106141412345678908"),
        (0, "952123456789", 9999, "095212345678999997"),
        (9, "9521", 0, "995210000000000004"),
    ],
)
def test_numbers_of_logistic_units(extension: int, prefix: str, serial: int, made: str) -> None:
    assert gs1_keys.sscc(extension, prefix, serial) == made
    assert gs1.parse(f"00{made}") == (gs1.Element("00", made),)


@pytest.mark.parametrize(
    ("indicator", "prefix", "item", "made"),
    [
        (0, "9506000", 13435, "09506000134352"),
        (1, "0614141", 12345, "10614141123459"),
        (0, "952123456789", 0, "09521234567899"),
    ],
)
def test_numbers_of_trade_items(indicator: int, prefix: str, item: int, made: str) -> None:
    assert gs1_keys.gtin14(indicator, prefix, item) == made
    assert gs1.parse(f"01{made}") == (gs1.Element("01", made),)


@pytest.mark.parametrize(
    ("prefix", "rule"),
    [
        ("", "there is no GS1 company prefix"),
        ("952", "4 to 12 digits"),
        ("9521234567890", "4 to 12 digits"),
        ("95 21", "4 to 12 digits"),
        ("95²1", "4 to 12 digits"),
        ("95A1", "4 to 12 digits"),
    ],
)
def test_nothing_is_made_without_a_right_prefix(prefix: str, rule: str) -> None:
    for make in (
        lambda: gs1_keys.company_prefix(prefix),
        lambda: gs1_keys.sscc_serials(prefix),
        lambda: gs1_keys.sscc(0, prefix, 1),
        lambda: gs1_keys.gtin14(0, prefix, 1),
    ):
        with pytest.raises(Gs1Error, match=rule):
            make()


@pytest.mark.parametrize(
    ("digit", "prefix", "number", "rule"),
    [
        (10, "0614141", 1, "0 to 9, not 10"),
        (-1, "0614141", 1, "0 to 9, not -1"),
        (1, "0614141", 10**9, "1000000000 has no place in 9 digits beside prefix 0614141"),
        (1, "0614141", -1, "-1 has no place"),
    ],
)
def test_a_number_that_does_not_fit_is_refused(
    digit: int, prefix: str, number: int, rule: str
) -> None:
    with pytest.raises(Gs1Error, match=rule) as caught:
        gs1_keys.sscc(digit, prefix, number)
    assert caught.value.ai == "00"


def test_a_twelve_digit_prefix_numbers_one_item_only() -> None:
    with pytest.raises(Gs1Error, match="1 has no place in 0 digits"):
        gs1_keys.gtin14(0, "952123456789", 1)


@given(st.integers(0, 9), prefixes, st.data())
def test_keys_hold_what_they_are_made_of(digit: int, prefix: str, data: st.DataObject) -> None:
    serials = gs1_keys.sscc_serials(prefix)
    serial = data.draw(st.integers(0, serials - 1))
    made = gs1_keys.sscc(digit, gs1_keys.company_prefix(prefix), serial)
    assert gs1.has_check_digit(made)
    assert (made[0], made[1 : 1 + len(prefix)]) == (str(digit), prefix)
    assert int(made[1 + len(prefix) : -1]) == serial
    with pytest.raises(Gs1Error):
        gs1_keys.sscc(digit, prefix, serials)
