"""Names of logistic units: the check digit, ranges with and without a prefix, never one twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.domain.events import Event, EventReversed, NumbersGranted, UnitClosed, UnitPacked, stamped
from sync.domain.logistic_unit import (
    is_sscc,
    last_names,
    next_unit,
    number_of,
    numbers_max,
    sscc,
    unit_name,
    units_granted,
    units_left,
)
from sync.domain.shop import Shop, absorb

HERE, THERE = "9f86d081" + "0" * 24, "5d0c1f22" + "0" * 24


def granted(n: int, first: int, last: int, prefix: str = "", origin: str = HERE) -> NumbersGranted:
    return NumbersGranted(
        id=f"g{n}", n=n, origin=origin, kind="sscc", first=first, last=last, prefix=prefix
    )


def folded(*events: Event) -> Shop:
    shop = Shop()
    for event in events:
        absorb(shop, event)
    return shop


def pack(shop: Shop, origin: str, number: int) -> str:
    """Take the next name in an act."""
    name = next_unit(shop, origin)
    absorb(shop, stamped(UnitPacked(unit=name), id=f"p{number}", act=f"a{number}", station="P"))
    return name


@pytest.mark.parametrize(
    ("prefix", "number", "name"),
    [
        ("00614141", 123456789, "006141411234567890"),  # the samples of the specifications
        ("10614141", 123456789, "106141411234567897"),
        ("3952123", 1, "395212300000000018"),
        ("3952123456789", 9999, "395212345678999998"),
    ],
)
def test_an_sscc_ends_in_its_check_digit(prefix: str, number: int, name: str) -> None:
    assert sscc(prefix, number) == name
    assert is_sscc(name)
    assert number_of(prefix, name) == number


@pytest.mark.parametrize(
    "text", ["", "395212300000000011", "39521230000000001", "٣95212300000000018", "U-1"]
)
def test_what_is_no_sscc(text: str) -> None:
    assert not is_sscc(text)


@given(st.from_regex(r"[0-9]{5,13}", fullmatch=True), st.integers(1, 9_999))
def test_any_digit_that_is_changed_is_found(prefix: str, number: int) -> None:
    name = sscc(prefix, number)
    for place, digit in enumerate(name):
        other = str((int(digit) + 1) % 10)
        assert not is_sscc(name[:place] + other + name[place + 1 :])


def test_names_follow_each_other_through_the_ranges_and_go_on_by_origin() -> None:
    shop = folded(granted(1, 7, 8), granted(2, 20, 20))
    assert [pack(shop, HERE, n) for n in range(5)] == [
        "U-7",
        "U-8",
        "U-20",
        "U-9F86D081-1",
        "U-9F86D081-2",
    ]


def test_a_range_with_a_prefix_gives_ssccs_and_the_newest_prefix_rules() -> None:
    shop = folded(granted(1, 1, 10))
    assert pack(shop, HERE, 1) == "U-1"
    absorb(shop, granted(2, 11, 20, "3952123"))
    assert pack(shop, HERE, 2) == sscc("3952123", 11)
    absorb(shop, granted(3, 21, 30, "4952999"))
    assert pack(shop, HERE, 3) == sscc("4952999", 21)
    assert (units_left(shop, HERE), units_granted(shop, HERE)) == (9, 10)


def test_a_clone_and_a_restored_journal_use_nothing_of_the_first_origin() -> None:
    shop = folded(granted(1, 1, 100, "3952123"))
    first = [pack(shop, HERE, n) for n in range(3)]
    clone = pack(shop, THERE, 10)
    assert clone == "U-5D0C1F22-1"
    absorb(shop, granted(2, 101, 200, "3952123", THERE))
    assert pack(shop, THERE, 11) == sscc("3952123", 101)
    assert clone not in first


def test_the_name_of_an_act_that_was_undone_is_not_given_again() -> None:
    shop = folded(granted(1, 1, 5))
    assert pack(shop, HERE, 1) == "U-1"
    absorb(shop, EventReversed(id="r", of="a1"))
    assert shop.units == {}
    assert pack(shop, HERE, 2) == "U-2"


def test_a_range_above_what_the_prefix_can_hold_is_cut() -> None:
    prefix = "3952123456789"
    assert numbers_max(prefix) == 9_999
    shop = folded(granted(1, 9_999, 10_500, prefix))
    assert next_unit(shop, HERE) == sscc(prefix, 9_999)
    assert units_left(shop, HERE) == 1


def test_a_prefix_that_is_none_makes_no_sscc() -> None:
    assert next_unit(folded(granted(1, 1, 5, "39X")), HERE) == "U-9F86D081-1"


def test_what_may_be_forgotten_leaves_the_last_name_of_each_range() -> None:
    shop = folded(granted(1, 1, 50), granted(2, 51, 60, "3952123", THERE))
    names = [pack(shop, HERE, n) for n in range(12)] + [pack(shop, THERE, 99)]
    absorb(shop, UnitClosed(id="c", unit="U-5D0C1F22-4"))
    last = last_names(shop)
    assert last == {"U-12", sscc("3952123", 51), "U-5D0C1F22-4"}
    kept = folded(granted(1, 1, 50), granted(2, 51, 60, "3952123", THERE))
    for place, name in enumerate(last & set(names)):
        absorb(kept, UnitPacked(id=f"k{place}", unit=name))
    assert next_unit(kept, HERE) == "U-13"
    assert next_unit(kept, THERE) == unit_name("3952123", 52)
