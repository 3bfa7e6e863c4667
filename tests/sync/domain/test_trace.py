"""Genealogy: both directions, every level, quantities, orders still running, and cycles."""

from hypothesis import given
from hypothesis import strategies as st

from sync.domain.events import (
    MaterialConsumed,
    MaterialProduced,
    MaterialReturned,
    OperationStarted,
    OrderPlanned,
    UnitClosed,
    UnitPacked,
)
from sync.domain.order import Order, evolve
from sync.domain.quantity import Quantity
from sync.domain.trace import (
    Link,
    Node,
    Step,
    UnitStep,
    genealogy,
    links_of,
    on_unit,
    placing_of,
    placings_of,
    units_with,
)

FLOUR, SALT = Node("FLOUR", "F-1"), Node("SALT", "S-1")
DOUGH, BREAD = Node("DOUGH", "D-1"), Node("BREAD", "B-1")


def link(child: Node, parent: Node, order: str, kilos: int = 1) -> Link:
    return Link(child, parent, order, "KGM", kilos * 1_000_000)


MIXED = (link(DOUGH, FLOUR, "D-1", 25), link(DOUGH, SALT, "D-1"))
BAKED = (link(BREAD, DOUGH, "B-1", 20), link(BREAD, SALT, "B-1"))


def consumed(name: str, node: Node, amount: str, unit: str = "KGM") -> MaterialConsumed:
    return MaterialConsumed(
        id=name,
        order="D-1",
        operation="10",
        material=node.material,
        lot=node.lot,
        quantity=Quantity(amount, unit),
    )


def produced(name: str, node: Node) -> MaterialProduced:
    return MaterialProduced(
        id=name,
        order="D-1",
        operation="10",
        material=node.material,
        lot=node.lot,
        quantity=Quantity("26", "KGM"),
    )


def test_links_of_an_order_join_every_output_to_every_input() -> None:
    order = Order("D-1")
    for event in (
        produced("p1", DOUGH),
        produced("p2", Node("DOUGH", "D-2")),
        consumed("u1", FLOUR, "25"),
        consumed("u2", SALT, "500", "GRM"),
    ):
        evolve(order, event)
    second = Node("DOUGH", "D-2")
    assert links_of(order) == (
        link(DOUGH, FLOUR, "D-1", 25),
        Link(DOUGH, SALT, "D-1", "GRM", 500_000_000),
        link(second, FLOUR, "D-1", 25),
        Link(second, SALT, "D-1", "GRM", 500_000_000),
    )
    assert links_of(order)[0].quantity == Quantity("25", "KGM")


def test_an_order_without_output_links_to_its_material_with_an_empty_lot() -> None:
    order = evolve(Order("D-1"), consumed("u1", FLOUR, "25"))
    assert links_of(order) == (link(Node("", ""), FLOUR, "D-1", 25),)
    evolve(
        order,
        OrderPlanned(
            id="o", order="D-1", revision=0, material="DOUGH", quantity=Quantity("26", "KGM")
        ),
    )
    assert links_of(order) == (link(Node("DOUGH", ""), FLOUR, "D-1", 25),)


def test_what_was_returned_as_a_whole_did_not_go_in() -> None:
    order = evolve(Order("D-1"), consumed("u1", FLOUR, "25"))
    back = MaterialReturned(
        id="b1",
        order="D-1",
        operation="10",
        material="FLOUR",
        lot="F-1",
        quantity=Quantity("26", "KGM"),
    )
    assert links_of(evolve(order, back)) == ()
    started = OperationStarted(id="s", order="D-1", operation="10", material="DOUGH")
    assert links_of(evolve(Order("D-1"), started)) == ()


def test_up_tells_what_went_in_through_every_level() -> None:
    found = genealogy([*BAKED, *MIXED])
    assert found.up("BREAD", "B-1") == (
        Step(1, BAKED[0]),
        Step(1, BAKED[1]),
        Step(2, MIXED[0]),
        Step(2, MIXED[1]),
    )
    assert found.up("FLOUR", "F-1") == ()


def test_down_tells_where_it_went_through_every_level() -> None:
    found = genealogy([*BAKED, *MIXED, *MIXED])
    assert found.down("FLOUR", "F-1") == (Step(1, MIXED[0]), Step(2, BAKED[0]))
    assert found.down("SALT", "S-1") == (
        Step(1, BAKED[1]),
        Step(1, MIXED[1]),
        Step(2, BAKED[0]),
    )


def test_rework_in_a_circle_ends() -> None:
    crumbs = link(DOUGH, BREAD, "D-1")
    found = genealogy([*BAKED, *MIXED, crumbs])
    assert found.up("BREAD", "B-1")[-1].level == 2
    assert Step(2, crumbs) in found.up("BREAD", "B-1")
    assert genealogy([link(DOUGH, DOUGH, "D-1")]).down("DOUGH", "D-1") == (
        Step(1, link(DOUGH, DOUGH, "D-1")),
    )


def test_output_that_does_not_exist_yet_leads_no_further() -> None:
    running = Node("DOUGH", "")
    found = genealogy([link(running, FLOUR, "D-7"), link(BREAD, running, "B-9")])
    assert found.down("FLOUR", "F-1") == (Step(1, link(running, FLOUR, "D-7")),)


NODES = st.builds(Node, st.sampled_from("MN"), st.sampled_from("123"))


@given(st.lists(st.builds(link, NODES, NODES, st.sampled_from(["A", "B"])), max_size=12))
def test_what_is_up_from_a_lot_is_down_from_the_other(links: list[Link]) -> None:
    found = genealogy(links)
    for one in links:
        for step in found.up(*one.child):
            back = {further.link for further in found.down(*step.link.parent)}
            assert step.link in back
        levels = [step.level for step in found.up(*one.child)]
        assert levels == sorted(levels)


# Logistic units


def packed(name: str, unit: str, lower: str = "", pieces: str = "") -> UnitPacked:
    return UnitPacked(
        id=name,
        unit=unit,
        order="B-1",
        packed_unit=lower,
        material="" if lower else BREAD.material,
        lot="" if lower else BREAD.lot,
        quantity=Quantity(pieces, "C62") if pieces else None,
    )


PACKED = (
    packed("a", "U-1", pieces="100"),
    packed("b", "U-2", pieces="60"),
    packed("c", "U-3", lower="U-1"),
    packed("d", "U-3", lower="U-2"),
)


def shown(steps: tuple[UnitStep, ...]) -> list[tuple[int, str, str, int]]:
    return [
        (one.level, one.placing.unit, one.placing.packed_unit or one.placing.node.lot, m // 10**6)
        for one in steps
        for m in [one.placing.micros]
    ]


def test_a_pallet_is_followed_to_its_lots_and_a_lot_to_its_pallet() -> None:
    order = Order("B-1")
    for event in (*PACKED, UnitClosed(id="e", unit="U-3", order="B-1")):
        evolve(order, event)
    known = placings_of(order)
    assert shown(on_unit("U-3", known)) == [
        (1, "U-3", "U-1", 0),
        (1, "U-3", "U-2", 0),
        (2, "U-1", "B-1", 100),
        (2, "U-2", "B-1", 60),
    ]
    assert shown(units_with(BREAD, known)) == [
        (1, "U-1", "B-1", 100),
        (1, "U-2", "B-1", 60),
        (2, "U-3", "U-1", 0),
        (2, "U-3", "U-2", 0),
    ]
    evolve(order, PACKED[3], -1)
    assert shown(units_with(BREAD, placings_of(order)))[2:] == [(2, "U-3", "U-1", 0)]
    assert on_unit("U-9", known) == ()


def test_units_in_a_ring_are_entered_once() -> None:
    ring = [placing_of(packed("a", "U-1", lower="U-2")), placing_of(packed("b", "U-2", "U-1"))]
    assert len(on_unit("U-1", ring)) == 2
    assert units_with(BREAD, ring) == ()
