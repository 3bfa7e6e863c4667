"""Exact amounts, units, and conversions that are never silent."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.domain.quantity import (
    Quantity,
    QuantityError,
    UnitUnknown,
    convert,
    factor,
    micros,
    of_decimal,
    of_micros,
    shown,
    text,
    typed,
    unit_named,
    whole_if_counted,
)

MICROS_MAX = 10**18 - 1
KNOWN = ["MGM", "GRM", "KGM", "TNE", "MLT", "LTR", "MTQ", "MMT", "CMT", "MTR", "SEC", "MIN", "HUR"]
BAKERY = {"BAG": "25 KGM", "PALLET": "40 BAG", "C62": "0.52 KGM"}


@pytest.mark.parametrize(
    ("amount", "value", "shortest"),
    [
        ("0", 0, "0"),
        ("-0", 0, "0"),
        ("1", 1_000_000, "1"),
        ("007", 7_000_000, "7"),
        ("12.500", 12_500_000, "12.5"),
        ("-12.5", -12_500_000, "-12.5"),
        ("-0.000001", -1, "-0.000001"),
        ("0.000001", 1, "0.000001"),
        ("100", 100_000_000, "100"),
        ("999999999999.999999", MICROS_MAX, "999999999999.999999"),
    ],
)
def test_amounts_are_exact_and_kept_as_written(amount: str, value: int, shortest: str) -> None:
    assert Quantity(amount, "KGM").micros == micros(amount) == value
    assert Quantity(amount, "KGM").amount == amount
    assert text(value) == shortest


@pytest.mark.parametrize(
    "amount",
    [
        "",
        "-",
        ".5",
        "5.",
        "+5",
        " 5",
        "5\n",
        "1e3",
        "NaN",
        "1,5",
        "1_0",
        "٣",
        "1.0000001",
        "1" * 13,
    ],
)
def test_amounts_of_another_form_are_refused(amount: str) -> None:
    with pytest.raises(QuantityError, match="write digits"):
        Quantity(amount, "KGM")


@pytest.mark.parametrize("unit", ["", "kgm", "KG M", "ABCDEFGHI", "KGM\n", "МКГ"])
def test_units_of_another_form_are_refused(unit: str) -> None:
    with pytest.raises(QuantityError, match="UN/CEFACT"):
        Quantity("1", unit)


@given(st.integers(-MICROS_MAX, MICROS_MAX))
def test_text_and_micros_are_inverse(value: int) -> None:
    assert micros(text(value)) == value
    assert of_micros(value, "KGM").micros == value


@pytest.mark.parametrize(
    ("entry", "unit", "told"),
    [
        ("12.5", "KGM", Quantity("12.5", "KGM")),
        ("12,5", "KGM", Quantity("12.5", "KGM")),
        (" 480 ", "C62", Quantity("480", "C62")),
        ("480.0", "C62", Quantity("480.0", "C62")),
        ("0", "C62", Quantity("0", "C62")),
    ],
)
def test_what_people_type(entry: str, unit: str, told: Quantity) -> None:
    assert typed(entry, unit) == told


@pytest.mark.parametrize(
    ("entry", "unit", "why"),
    [
        ("1.234,5", "KGM", "'1.234,5' is not a number: write 12.5 or 12,5"),
        ("1,234.5", "KGM", "'1,234.5' is not a number"),
        ("1 234", "KGM", "'1 234' is not a number"),
        ("-5", "KGM", "'-5' is not a number"),
        ("", "KGM", "'' is not a number"),
        ("twelve", "KGM", "'twelve' is not a number"),
        ("1.5", "C62", "1.5 PCS is not whole: PCS are counted"),
    ],
)
def test_what_people_may_not_type(entry: str, unit: str, why: str) -> None:
    with pytest.raises(QuantityError, match=why.replace("(", r"\(")):
        typed(entry, unit)


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (Decimal("12.500"), "12.500"),
        (Decimal("12.50000000"), "12.500000"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0E-9"), "0.000000"),
        (Decimal(-1), "-1"),
    ],
)
def test_a_label_s_decimal_becomes_a_quantity(amount: Decimal, told: str) -> None:
    assert of_decimal(amount, "KGM") == Quantity(told, "KGM")


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1E+999999", "1E-999999", "1E-7", "1E+12"])
def test_a_decimal_that_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(QuantityError):
        of_decimal(Decimal(amount), "KGM")


@pytest.mark.parametrize(
    ("unit", "into", "told"),
    [
        ("KGM", "KGM", Fraction(1)),
        ("BOX", "BOX", Fraction(1)),
        ("GRM", "KGM", Fraction(1, 1000)),
        ("TNE", "GRM", Fraction(10**6)),
        ("LTR", "MLT", Fraction(1000)),
        ("HUR", "SEC", Fraction(3600)),
        ("C62", "EA", Fraction(1)),
        ("BAG", "KGM", Fraction(25)),
        ("BAG", "GRM", Fraction(25_000)),
        ("KGM", "BAG", Fraction(1, 25)),
        ("GRM", "BAG", Fraction(1, 25_000)),
        ("PALLET", "KGM", Fraction(1_000)),
        ("TNE", "PALLET", Fraction(1)),
        ("H87", "GRM", Fraction(520)),
        ("BAG", "C62", Fraction(625, 13)),
    ],
)
def test_factors(unit: str, into: str, told: Fraction) -> None:
    assert factor(unit, into, BAKERY) == told


@pytest.mark.parametrize(
    ("unit", "into", "factors"),
    [
        ("KGM", "LTR", None),
        ("BAG", "KGM", None),
        ("BAG", "KGM", {}),
        ("BAG", "KGM", {"BAG": "25 BAG"}),
        ("BAG", "KGM", {"BAG": "2 BOX", "BOX": "3 BAG"}),
        ("BAG", "KGM", {"BAG": "0 KGM"}),
        ("BAG", "KGM", {"BAG": "-25 KGM"}),
        ("BAG", "KGM", {"BAG": "many KGM"}),
        ("BAG", "KGM", {"BAG": ""}),
    ],
)
def test_a_factor_that_nobody_knows(unit: str, into: str, factors: dict[str, str] | None) -> None:
    with pytest.raises(UnitUnknown, match=f"no factor from {shown(unit)} to {shown(into)}"):
        factor(unit, into, factors)


def test_a_material_s_own_factor_never_overrules_a_dimension() -> None:
    assert factor("KGM", "GRM", {"KGM": "5 GRM"}) == 1000


@given(st.sampled_from(KNOWN), st.sampled_from(KNOWN))
def test_factors_there_and_back_are_inverse(unit: str, into: str) -> None:
    try:
        there = factor(unit, into)
    except UnitUnknown:
        with pytest.raises(UnitUnknown):
            factor(into, unit)
        return
    assert there * factor(into, unit) == 1


@given(
    st.dictionaries(
        st.sampled_from(["BAG", "BOX", "KGM", "C62"]),
        st.builds("{} {}".format, st.sampled_from(["1", "2.5", "-1", "x"]), st.text(max_size=4)),
        max_size=4,
    )
)
def test_factors_end_whatever_a_material_says(factors: dict[str, str]) -> None:
    for into in ("KGM", "BOX", "LTR"):
        try:
            assert factor("BAG", into, factors) > 0
        except UnitUnknown:
            continue


def test_conversions_are_exact_or_refused() -> None:
    assert convert(Quantity("1500", "GRM"), "KGM") == Quantity("1.5", "KGM")
    assert convert(Quantity("2.0", "KGM"), "KGM") == Quantity("2.0", "KGM")
    assert convert(Quantity("3", "BAG"), "KGM", BAKERY) == Quantity("75", "KGM")
    with pytest.raises(QuantityError, match=r"0.000001 G does not fit six places in KG"):
        convert(Quantity("0.000001", "GRM"), "KGM")
    with pytest.raises(UnitUnknown, match="no factor from KG to L"):
        convert(Quantity("1", "KGM"), "LTR")


def test_counted_units_refuse_fractions() -> None:
    assert whole_if_counted(Quantity("2.0", "C62")) == Quantity("2.0", "C62")
    assert whole_if_counted(Quantity("2.5", "KGM")) == Quantity("2.5", "KGM")
    with pytest.raises(QuantityError, match="are counted"):
        whole_if_counted(Quantity("2.5", "EA"))


@pytest.mark.parametrize(
    ("name", "unit", "read"),
    [
        ("kg", "KGM", "KG"),
        (" Pcs ", "C62", "PCS"),
        ("KGM", "KGM", "KG"),
        ("ea", "EA", "PCS"),
        ("l", "LTR", "L"),
        ("min", "MIN", "MIN"),
        ("bag", "BAG", "BAG"),
    ],
)
def test_units_as_people_write_and_read_them(name: str, unit: str, read: str) -> None:
    assert unit_named(name) == unit
    assert shown(unit) == read


def test_a_quantity_reads_as_people_say_it() -> None:
    assert str(Quantity("12.500", "KGM")) == "12.5 KG"
    assert str(Quantity("480", "C62")) == "480 PCS"
