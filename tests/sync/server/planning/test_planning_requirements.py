"""Requirements planning: who gets what, what is to be made and bought, and by when."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.domain.events import (
    BomDefined,
    BomLine,
    MaterialDefined,
    RoutingDefined,
    RoutingOperation,
)
from sync.domain.quantity import Quantity, micros
from sync.server.planning.calendar import Capacity
from sync.server.planning.explosion import Book
from sync.server.planning.requirements import (
    Proposal,
    PurchaseNeed,
    Readiness,
    Requirements,
    Supply,
    SupplyKind,
    Want,
    readiness,
    requirements,
)

MONDAY = date(2026, 11, 23)
ONE = 1_000_000
WEEK = (((360, 840),),) * 5 + ((), ())
CENTERS = {"MIX": Capacity("MIX", 1, WEEK)}


def item(name: str, lead: int = 0, lot: str = "", reorder: str = "") -> MaterialDefined:
    return MaterialDefined(
        material=name,
        revision=1,
        name=name,
        unit="C62",
        lead_time_days=lead,
        supplier=f"{name} & Sons",
        lot_size=Quantity(lot, "C62") if lot else None,
        reorder_point=Quantity(reorder, "C62") if reorder else None,
    )


def bom(material: str, **parts: str) -> BomDefined:
    lines = tuple(BomLine(material=n, quantity=Quantity(q, "C62")) for n, q in parts.items())
    return BomDefined(material=material, revision=1, quantity=Quantity("1", "C62"), lines=lines)


def book(*items: MaterialDefined, boms: Sequence[BomDefined] = ()) -> Book:
    run = RoutingOperation(
        operation="10", work_center="MIX", name="Mix", setup_seconds=3_600, run_seconds="360"
    )
    routing = RoutingDefined(material="CAKE", revision=1, operations=(run,))
    materials = {one.material: one for one in items}
    return Book(materials, {one.material: one for one in boms}, {"CAKE": routing})


def day(after: int) -> date:
    return MONDAY + timedelta(days=after)


def want(key: str, material: str, pieces: int, due: int | None, order: str = "") -> Want:
    return Want(key, material, pieces * ONE, None if due is None else day(due), 50, order)


def there(kind: SupplyKind, material: str, pieces: int, after: int = 0, key: str = "") -> Supply:
    return Supply(kind, key or f"{kind} {material}", material, pieces * ONE, day(after))


def made(found: Requirements) -> list[str]:
    return [
        f"{one.micros // ONE} {one.material} {(one.start - MONDAY).days}..{(one.due - MONDAY).days}"
        f" ready {(one.ready - MONDAY).days} level {one.level} for {' '.join(one.wants)}"
        f"{' late' if one.late else ''}"
        for one in found.proposals
    ]


def bought(found: Requirements) -> list[str]:
    return [
        f"{one.micros // ONE} {one.material} by {(one.need_by - MONDAY).days}, order"
        f" {(one.order_by - MONDAY).days}, there {(one.arrives - MONDAY).days}, for"
        f" {' '.join((*one.orders, *one.demands))}{' late' if one.late else ''}"
        for one in found.purchases
    ]


def pegs(found: Requirements, key: str) -> list[str]:
    return [f"{one.micros // ONE} {one.kind} {(one.day - MONDAY).days}" for one in found.pegs[key]]


EGGS = item("EGG", lead=3)
CAKES = book(EGGS, item("CAKE"), boms=[bom("CAKE", EGG="4")])


def test_stock_goes_to_the_earliest_need_and_the_rest_is_bought() -> None:
    wants = [want("late", "EGG", 10, 9, "O2"), want("soon", "EGG", 10, 5, "O1")]
    found = requirements(wants, [there("stock", "EGG", 15)], CAKES, MONDAY)
    assert bought(found) == ["5 EGG by 9, order 6, there 9, for O2"]
    assert pegs(found, "soon") == ["10 stock 0"]
    assert pegs(found, "late") == ["5 stock 0", "5 purchase 9"]
    assert found.purchases[0].supplier == "EGG & Sons"
    assert found.projected["EGG"] == ((day(0), 15 * ONE), (day(5), 5 * ONE), (day(9), -5 * ONE))


def test_what_is_ordered_too_late_tells_when_it_arrives() -> None:
    wants = [want("a", "EGG", 10, 1, "O1")]
    found = requirements(wants, [], CAKES, MONDAY)
    assert bought(found) == ["10 EGG by 1, order -2, there 3, for O1 late"]
    assert readiness(found, wants, MONDAY)["O1"] == Readiness(day(3), "EGG", (), found.pegs["a"])


@pytest.mark.parametrize(
    ("arrives", "pegged", "lacking"),
    [
        (1, ["10 receipt 1"], []),
        (3, ["10 receipt 3"], []),
        (8, ["10 purchase 3"], ["10 EGG by 1, order -2, there 3, for O1 late"]),
    ],
)
def test_a_receipt_that_comes_late_counts_where_nothing_new_came_sooner(
    arrives: int, pegged: list[str], lacking: list[str]
) -> None:
    wants = [want("a", "EGG", 10, 1, "O1")]
    found = requirements(wants, [there("receipt", "EGG", 10, arrives)], CAKES, MONDAY)
    assert pegs(found, "a") == pegged
    assert bought(found) == lacking


def test_an_order_is_planned_by_its_work_and_exploded_on_the_day_it_begins() -> None:
    found = requirements([want("D1", "CAKE", 100, 7)], [], CAKES, MONDAY, CENTERS)
    assert made(found) == ["100 CAKE 4..7 ready 7 level 0 for D1"]
    assert bought(found) == ["400 EGG by 4, order 1, there 4, for D1"]
    assert found.purchases[0].proposals == (found.proposals[0].key,)


def test_an_order_that_begins_too_late_is_told_when_it_is_ready() -> None:
    eggs = [there("stock", "EGG", 400)]
    found = requirements([want("D1", "CAKE", 100, 0)], eggs, CAKES, MONDAY, CENTERS)
    assert made(found) == ["100 CAKE 0..0 ready 1 level 0 for D1 late"]


def test_an_order_is_late_by_what_is_bought_for_it() -> None:
    found = requirements([want("D1", "CAKE", 10, 1)], [], CAKES, MONDAY, CENTERS)
    assert bought(found) == ["40 EGG by 1, order -2, there 3, for D1 late"]
    assert made(found) == ["10 CAKE 1..1 ready 3 level 0 for D1 late"]


def test_levels_follow_each_other_and_tell_the_root() -> None:
    known = book(
        item("GEAR", lead=2),
        item("SHAFT", lead=1),
        item("BAR", lead=5),
        boms=[bom("GEAR", SHAFT="2", BAR="1"), bom("SHAFT", BAR="3")],
    )
    found = requirements([want("D1", "GEAR", 10, 14)], [], known, MONDAY)
    assert made(found) == [
        "20 SHAFT 8..9 ready 9 level 1 for D1",
        "10 GEAR 10..14 ready 14 level 0 for D1",
    ]
    assert bought(found) == [
        "60 BAR by 8, order 3, there 8, for D1",
        "10 BAR by 10, order 5, there 10, for D1",
    ]


def test_lot_sizes_round_up_and_what_is_over_serves_the_next_need() -> None:
    known = book(item("EGG", lot="30"))
    wants = [want("a", "EGG", 10, 1), want("b", "EGG", 15, 2), want("c", "EGG", 10, 3)]
    found = requirements(wants, [], known, MONDAY)
    assert bought(found) == [
        "30 EGG by 1, order 1, there 1, for a b c",
        "30 EGG by 3, order 3, there 3, for c",
    ]
    assert pegs(found, "c") == ["5 purchase 1", "5 purchase 3"]


def test_one_order_a_day_of_need() -> None:
    known = book(item("EGG"))
    wants = [want("a", "EGG", 10, 1), want("b", "EGG", 15, 1), want("c", "EGG", 5, None)]
    assert bought(requirements(wants, [], known, MONDAY)) == [
        "5 EGG by 0, order 0, there 0, for c",
        "25 EGG by 1, order 1, there 1, for a b",
    ]


def test_below_its_reorder_point_a_material_is_ordered_the_day_that_it_falls() -> None:
    known = book(item("EGG", lead=3, reorder="20", lot="12"), item("SALT", lead=1, reorder="5"))
    stock = [there("stock", "EGG", 50), there("stock", "SALT", 6)]
    found = requirements([want("a", "EGG", 40, 4, "O1")], stock, known, MONDAY)
    assert bought(found) == ["12 EGG by 7, order 4, there 7, for "]
    assert [one.why for one in found.purchases] == ["reorder"]
    none_there = requirements([], stock[:1], known, MONDAY)
    assert bought(none_there) == ["5 SALT by 1, order 0, there 1, for "]


def test_what_an_open_order_makes_is_waited_for() -> None:
    wants = [want("a", "CAKE", 10, 3, "O1")]
    orders = [there("order", "CAKE", 10, 2, key="B-7")]
    found = requirements(wants, orders, CAKES, MONDAY)
    assert (found.proposals, found.purchases) == ((), ())
    assert readiness(found, wants, MONDAY) == {"O1": Readiness(after=("B-7",))}


def test_nothing_that_an_order_makes_serves_that_order() -> None:
    """A by-product is there when the order is done: another order may wait for it."""
    wants = [want("O1 / 0", "EGG", 10, 5, "O1"), want("O2 / 0", "EGG", 10, 6, "O2")]
    supplies = [there("order", "EGG", 15, 4, "O1"), there("order", "EGG", 3, 4, "O2")]
    found = requirements(wants, supplies, CAKES, MONDAY)
    assert [(peg.kind, peg.key, peg.micros // ONE) for peg in found.pegs["O1 / 0"]] == [
        ("order", "O2", 3),
        ("purchase", "EGG 2026-11-28", 7),
    ]
    assert [(peg.kind, peg.key, peg.micros // ONE) for peg in found.pegs["O2 / 0"]] == [
        ("order", "O1", 10)
    ]


def test_what_cannot_be_planned_with_is_told() -> None:
    odd = MaterialDefined(
        material="GLUE", revision=1, name="Glue", unit="KGM", lot_size=Quantity("1", "CAN")
    )
    known = book(odd, item("BOX"), boms=[bom("BOX", GLUE="1", TAPE="1")])
    found = requirements([want("a", "BOX", 1, 3), want("b", "GONE", 1, 3)], [], known, MONDAY)
    assert sorted(text.split(":")[0] for text in found.problems) == [
        "BOM of BOX, component GLUE",
        "material GLUE, lot size or reorder point",
        "material GONE is not defined",
        "material TAPE is not defined",
    ]


def test_a_bom_in_a_circle_and_days_at_the_ends_of_time_are_planned() -> None:
    known = book(item("A"), item("B"), boms=[bom("A", B="1"), bom("B", A="1")])
    wants = [
        Want("a", "A", ONE, date.max, 1),
        Want("b", "B", ONE, date.min, 1),
        Want("c", "A", ONE, None, 1),
    ]
    found = requirements(wants, [], known, MONDAY)
    assert {one.material for one in found.proposals} == {"A", "B"}


NAMES = ("CAKE", "CREAM", "EGG", "MILK")
ITEMS = st.fixed_dictionaries(
    {
        name: st.builds(
            item,
            st.just(name),
            st.integers(0, 5),
            st.sampled_from(["", "7"]),
            st.sampled_from(["", "9"]),
        )
        for name in NAMES
    }
)
WANTS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.integers(1, 30),
        st.none() | st.integers(-3, 20),
        st.sampled_from(["", "O1", "O2"]),
    ),
    max_size=8,
).map(lambda found: [want(str(n), *one) for n, one in enumerate(found)])
SUPPLIES = st.lists(
    st.tuples(
        st.sampled_from(["stock", "order", "receipt"]),
        st.sampled_from(NAMES),
        st.integers(1, 30),
        st.integers(0, 20),
    ),
    max_size=8,
).map(lambda found: [there(*one, key=str(n)) for n, one in enumerate(found)])  # type: ignore[arg-type]
PARTS = [bom("CAKE", CREAM="2", EGG="4"), bom("CREAM", MILK="3", EGG="1")]


@settings(deadline=None)
@given(ITEMS, WANTS, SUPPLIES)
def test_every_need_is_covered_once_and_nothing_is_taken_twice(
    items: dict[str, MaterialDefined], wants: list[Want], supplies: list[Supply]
) -> None:
    known = book(*items.values(), boms=PARTS)
    found = requirements(wants, supplies, known, MONDAY, CENTERS)
    for one in wants:
        assert sum(peg.micros for peg in found.pegs[one.key]) == one.micros
    taken: Counter[str] = Counter()
    for own in found.pegs.values():
        for peg in own:
            taken[peg.key] += peg.micros
    for supply in supplies:
        assert taken[supply.key] <= supply.micros
    news: list[Proposal | PurchaseNeed] = [*found.proposals, *found.purchases]
    for new in news:
        lot = items[new.material].lot_size
        assert taken[new.key] <= new.micros
        assert lot is None or new.micros % micros(lot.amount) == 0
        assert taken[new.key] or new.why == "reorder"


@settings(deadline=None)
@given(ITEMS, WANTS, SUPPLIES)
def test_no_proposal_begins_before_today_nor_is_ready_before_its_components(
    items: dict[str, MaterialDefined], wants: list[Want], supplies: list[Supply]
) -> None:
    found = requirements(wants, supplies, book(*items.values(), boms=PARTS), MONDAY, CENTERS)
    for one in found.proposals:
        assert MONDAY <= one.start <= one.ready
        assert one.late == (one.ready > one.due)
        parts = [
            peg for key, own in found.pegs.items() if key.startswith(f"{one.key} / ") for peg in own
        ]
        assert all(peg.day <= one.ready for peg in parts)
    for need in found.purchases:
        assert need.late == (need.order_by < MONDAY)
        assert need.arrives == max(need.need_by, need.arrives)


@settings(deadline=None)
@given(ITEMS, WANTS, SUPPLIES)
def test_ordering_all_that_is_proposed_leaves_nothing_to_propose(
    items: dict[str, MaterialDefined], wants: list[Want], supplies: list[Supply]
) -> None:
    """Purchases become receipts and proposals orders with their components: the plan is calm."""
    known = book(*items.values(), boms=PARTS)
    found = requirements(wants, supplies, known, MONDAY, CENTERS)
    receipts = [
        Supply("receipt", one.key, one.material, one.micros, one.arrives) for one in found.purchases
    ]
    orders = [
        Supply("order", one.key, one.material, one.micros, one.ready) for one in found.proposals
    ]
    parts = [
        Want(key, own[0].material, sum(peg.micros for peg in own), _start(found, key), 50, "P")
        for key, own in found.pegs.items()
        if " / " in key and own
    ]
    again = requirements([*wants, *parts], [*supplies, *receipts, *orders], known, MONDAY, CENTERS)
    for material in NAMES:
        last = again.projected.get(material, ((MONDAY, 0),))[-1][1]
        assert last >= 0


def _start(found: Requirements, key: str) -> date:
    return next(one.start for one in found.proposals if key.startswith(f"{one.key} / "))


def test_a_quantity_beyond_all_digits_is_told_and_stops_no_other_plan() -> None:
    known = book(item("CAKE"), item("EGG"), item("TOWER"), boms=[
        bom("TOWER", CAKE="999999999"), bom("CAKE", EGG="2"),
    ])  # fmt: skip
    asked = [want("D-1", "TOWER", 999_999, 9), want("D-2", "CAKE", 3, 9)]
    found = requirements(asked, [], known, MONDAY, CENTERS)
    (told,) = found.problems
    assert told.startswith("material CAKE, quantity of its order: ")
    assert {one.material for one in found.proposals} == {"TOWER", "CAKE"}
