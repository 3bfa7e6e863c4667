"""BOM explosion: exact needs, what is short level by level, circles, what a release carries."""

import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.domain.events import BomDefined, BomLine, MaterialDefined, RoutingDefined
from sync.domain.quantity import Quantity, QuantityError, UnitUnknown
from sync.server.planning.explosion import (
    Book,
    Requirement,
    cycle,
    cycle_through,
    feasibility,
    free_stock,
    released_lines,
    short_orders,
)
from tests.sync.server.histories import book, kg, pcs


def made(material: str, of: str, *lines: BomLine) -> BomDefined:
    return BomDefined(material=material, revision=1, quantity=pcs(of), lines=lines)


@pytest.mark.parametrize(
    ("planned", "needs"),
    [
        ("100", ["6 KG", "0.12 KG", "5 PCS"]),
        ("1000", ["60 KG", "1.2 KG", "50 PCS"]),
        ("1", ["0.06 KG", "0.0012 KG", "1 PCS"]),
        ("21", ["1.26 KG", "0.0252 KG", "2 PCS"]),
    ],
)
def test_needs_are_exact_and_whole_where_counted(planned: str, needs: list[str]) -> None:
    lines = released_lines("ROLL", pcs(planned), book())
    assert [str(line.quantity) for line in lines] == needs
    assert [line.line for line in lines] == ["1", "2", "3"]
    assert lines[0].tolerance_percent == "2"


@given(planned=st.integers(1, 10**9), made_of=st.integers(1, 10**6), each=st.integers(1, 10**6))
def test_a_need_is_never_less_and_less_than_a_millionth_more(
    planned: int, made_of: int, each: int
) -> None:
    known = book()
    line = BomLine(material="WHEAT", quantity=kg(str(each)))
    known = dataclasses.replace(known, boms={"ROLL": made("ROLL", str(made_of), line)})
    try:
        need = released_lines("ROLL", pcs(str(planned)), known)[0].quantity.micros
    except QuantityError:
        assert planned * each // made_of >= 10**12
        return
    exact = planned * each * 10**6
    assert exact <= need * made_of < exact + made_of


def test_units_of_a_bom_are_converted_or_refused() -> None:
    bag = MaterialDefined(
        material="WHEAT", revision=1, name="Wheat", unit="KGM", conversions={"BAG": "25 KGM"}
    )
    line = BomLine(material="WHEAT", quantity=Quantity("2", "BAG"))
    known = dataclasses.replace(book(), boms={"ROLL": made("ROLL", "100", line)})
    with_bag = dataclasses.replace(known, materials={**known.materials, "WHEAT": bag})
    assert str(released_lines("ROLL", pcs("150"), with_bag)[0].quantity) == "75 KG"
    with pytest.raises(UnitUnknown, match="no factor from BAG to KG"):
        released_lines("ROLL", pcs("150"), known)


def test_what_is_short_is_named_and_what_is_made_is_exploded_further() -> None:
    known = book()
    crate = MaterialDefined(material="CRATE", revision=1, name="Crate", unit="C62")
    boms = {
        "ROLL": known.boms["ROLL"],
        "CRATE": made("CRATE", "1", BomLine(material="ROLL", quantity=pcs("50"))),
    }
    routings = {
        **known.routings,
        "CRATE": RoutingDefined(
            material="CRATE", revision=1, operations=known.routings["ROLL"].operations
        ),
    }
    known = Book({**known.materials, "CRATE": crate}, boms, routings)
    free = {"ROLL": 30_000_000, "WHEAT": 1_000_000, "SALT": 10**9, "BOX": 10**9}
    found = feasibility("CRATE", pcs("1"), known, free)
    assert not found.can_be_made
    assert [(one.material, one.level, one.made, one.short) for one in found.short] == [
        ("ROLL", 1, True, 20_000_000),
        ("WHEAT", 2, False, 200_000),
    ]
    assert feasibility("CRATE", pcs("1"), known, {"ROLL": 50_000_000}).can_be_made


def test_what_cannot_be_planned_says_why() -> None:
    assert feasibility("X", pcs("1"), book(), {}).problems == (
        "material 'X' is not defined: import or define it",
    )
    assert feasibility("WHEAT", kg("1"), book(), {}).problems == (
        "material WHEAT has no routing: import one in routings.csv",
        "material WHEAT has no BOM: import one in boms.csv",
    )


def test_stock_goes_to_the_first_order_in_line() -> None:
    remaining = [("A", "WHEAT", 60), ("B", "WHEAT", 50), ("B", "SALT", 1), ("C", "WHEAT", 1)]
    assert short_orders(remaining, {"WHEAT": 100}) == {"B": {"WHEAT", "SALT"}, "C": {"WHEAT"}}
    assert free_stock({"WHEAT": 5}, [("WHEAT", 7), ("SALT", 1)]) == {"WHEAT": -2, "SALT": -1}


def test_free_stock_below_nothing_covers_nothing() -> None:
    assert Requirement("W", "W", "KGM", needed=5, free=-3).short == 5


@pytest.mark.parametrize(
    ("parts", "circle"),
    [
        ({}, ()),
        ({"A": {"B"}, "B": {"C"}}, ()),
        ({"A": {"A"}}, ("A", "A")),
        ({"A": {"B"}, "B": {"C"}, "C": {"B"}}, ("B", "C", "B")),
    ],
)
def test_circles_are_found(parts: dict[str, set[str]], circle: tuple[str, ...]) -> None:
    assert cycle(parts) == circle


PARTS = st.dictionaries(
    st.sampled_from("ABCDEFG"), st.sets(st.sampled_from("ABCDEFG"), max_size=4), max_size=7
)


@given(PARTS, st.sampled_from("ABCDEFG"))
def test_a_circle_through_an_item_is_one_and_none_is_missed(
    parts: dict[str, set[str]], item: str
) -> None:
    found = cycle_through(parts, [item])
    for above, part in itertools.pairwise(found):
        assert part in parts[above]
    reached = set(parts.get(item, ()))
    while more := {below for part in reached for below in parts.get(part, ())} - reached:
        reached |= more
    assert bool(found) == (item in reached)
    assert not found or (found[0], found[-1]) == (item, item)


@given(PARTS)
def test_a_circle_is_one_and_none_is_missed(parts: dict[str, set[str]]) -> None:
    found = cycle(parts)
    for item, part in itertools.pairwise(found):
        assert part in parts[item]
    left = {item: set(below) for item, below in parts.items()}
    while True:  # what contains nothing that is left cannot be in a circle
        ends = {item for item, below in left.items() if not below & left.keys()}
        if not ends:
            break
        left = {item: below for item, below in left.items() if item not in ends}
    assert bool(found) == bool(left)
    assert not found or found[0] == found[-1]
