"""Rework and holds as folded: what leaves the good count, where it waits, how it comes back."""

from itertools import permutations

from sync.domain.events import (
    Event,
    EventReversed,
    MaterialConsumed,
    MaterialDisposed,
    MaterialProduced,
    MaterialReturned,
    OperationEnded,
    OperationReported,
    OrderReleased,
    RoutingOperation,
    stamped,
)
from sync.domain.order import Order, Status
from sync.domain.quantity import Quantity
from sync.domain.shop import Shop, absorb

ONE = 1_000_000
RELEASE = OrderReleased(
    id="r",
    order="B-1",
    revision=1,
    material="LOAF",
    name="Loaf",
    quantity=Quantity("100", "C62"),
    operations=(RoutingOperation("10", "MIX", "Mix"), RoutingOperation("20", "PACK", "Pack")),
)


def pcs(amount: str) -> Quantity:
    return Quantity(amount, "C62")


def good(name: str, operation: str, amount: str, reworked: str = "") -> OperationReported:
    again = pcs(reworked) if reworked else None
    return OperationReported(
        id=name, order="B-1", operation=operation, good=pcs(amount), reworked=again
    )


def sent(name: str, amount: str, *, lot: str = "B-1", target: str = "") -> MaterialDisposed:
    return MaterialDisposed(
        id=name,
        order="B-1",
        operation="20",
        material="LOAF",
        lot=lot,
        quantity=pcs(amount),
        disposition="rework",
        rework_operation=target,
    )


def made(name: str, amount: str) -> MaterialProduced:
    return MaterialProduced(
        id=name, order="B-1", operation="20", material="LOAF", lot="B-1", quantity=pcs(amount)
    )


def folded(events: tuple[Event, ...]) -> Shop:
    shop = Shop()
    for event in events:
        absorb(shop, event)
    return shop


def state(order: Order, operation: str) -> tuple[int, int, int]:
    """Good, waiting for rework and made, in pieces."""
    sums = (order.good_at(operation), order.rework_at(operation), order.made_at(operation))
    return sums[0] // ONE, sums[1] // ONE, sums[2] // ONE


WHOLE: tuple[Event, ...] = (
    RELEASE,
    good("g1", "20", "60"),
    made("m1", "60"),
    sent("d1", "8"),
    good("g2", "20", "8", "8"),
    made("m2", "8"),
)


def test_what_left_comes_back_and_counts_once_in_order_and_stock() -> None:
    away, back = folded(WHOLE[:4]), folded(WHOLE)
    assert state(away.orders["B-1"], "20") == (52, 8, 60)
    assert state(back.orders["B-1"], "20") == (60, 0, 60)
    lots = [shop.lot("LOAF", "B-1") for shop in (away, back)]
    assert [one.micros // ONE for one in lots if one is not None] == [52, 60]
    assert back.orders["B-1"].outputs == {"LOAF": {"B-1": {"C62": 60 * ONE}}}
    assert all(one is not None and one.status == "available" for one in lots)


def test_the_order_of_arrival_does_not_matter() -> None:
    shops = [folded(tuple(events)) for events in permutations(WHOLE[1:])]
    assert all(shop.orders == shops[0].orders for shop in shops)
    assert all(shop.stock == shops[0].stock for shop in shops)


def test_an_ended_operation_is_open_while_rework_waits_there() -> None:
    ends = tuple(
        OperationEnded(id=f"e{name}", order="B-1", operation=name) for name in ("10", "20")
    )
    before = (RELEASE, good("g0", "10", "100"), *WHOLE[1:3], ends[0])
    shop = folded((*before, sent("d1", "8", target="10")))
    order = shop.orders["B-1"]
    assert (order.is_ended("10"), order.was_ended("10")) == (False, True)
    assert [one.operation for one in order.next_operations(["MIX"])] == ["10"]
    assert (state(order, "10"), state(order, "20")) == ((92, 8, 100), (52, 0, 60))
    absorb(shop, good("g3", "10", "8", "8"))
    assert (order.is_ended("10"), state(order, "10")) == (True, (100, 0, 100))
    absorb(shop, ends[1])
    assert order.status == Status.COMPLETED


def test_rework_taken_back_leaves_no_trace() -> None:
    acts = [stamped(one, act=one.id, station="S", operator="anna") for one in WHOLE[:4]]
    shop, without = folded(tuple(acts)), folded(tuple(acts[:3]))
    absorb(shop, EventReversed(id="x", of="d1"))
    assert shop.orders == without.orders
    assert shop.stock == without.stock


def test_hold_is_made_and_neither_good_nor_open() -> None:
    hold = MaterialDisposed(
        id="h",
        order="B-1",
        operation="20",
        material="LOAF",
        lot="B-1-HOLD",
        quantity=pcs("5"),
        disposition="hold",
    )
    shop = folded((*WHOLE[:3], hold))
    order, lot = shop.orders["B-1"], shop.lot("LOAF", "B-1-HOLD")
    assert (state(order, "20"), order.held_total) == ((60, 0, 65), 5 * ONE)
    assert lot is not None
    assert (lot.status, lot.micros) == ("blocked", 5 * ONE)
    assert order.outputs["LOAF"]["B-1-HOLD"] == {"C62": 5 * ONE}
    part = folded((RELEASE, stamped(hold, operation="10", material="", lot="")))
    assert (part.stock, part.orders["B-1"].held_at("10")) == ({}, 5 * ONE)


def test_what_a_piece_was_built_of_is_kept_less_what_came_back() -> None:
    parts = tuple(
        MaterialConsumed(
            id=f"c{serial}",
            order="B-1",
            operation="10",
            material="CHIP",
            lot="L",
            serial=serial,
            quantity=pcs("1"),
            into="X-1",
        )
        for serial in ("A", "B")
    )
    glue = MaterialConsumed(
        id="g", order="B-1", operation="10", material="GLUE", lot="G", quantity=pcs("1"), into="X-1"
    )
    back = MaterialReturned(
        id="b",
        order="B-1",
        operation="10",
        material="CHIP",
        lot="L",
        serial="A",
        quantity=pcs("1"),
    )
    order = folded((*parts, glue, back)).orders["B-1"]
    assert order.as_built("X-1") == (("CHIP", "L", "B"), ("GLUE", "G", ""))
    assert order.as_built("X-2") == ()
