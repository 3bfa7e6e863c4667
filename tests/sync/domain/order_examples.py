"""An order of three operations and three lines, and short ways to write its events."""

from collections.abc import Sequence

from sync.domain.events import (
    Event,
    MaterialConsumed,
    OperationEnded,
    OperationReported,
    OperationStarted,
    OrderPlanned,
    OrderReleased,
    ReleasedLine,
    RoutingOperation,
)
from sync.domain.order import Order, evolve
from sync.domain.quantity import Quantity

ONE = 1_000_000
OPERATIONS = (
    RoutingOperation(operation="10", work_center="SAW", name="Saw"),
    RoutingOperation(operation="20", work_center="MILL", name="Mill"),
    RoutingOperation(operation="30", work_center="SAW", name="Part off"),
)
FLOUR = ReleasedLine(
    line="1",
    material="FLOUR",
    name="Wheat flour",
    quantity=Quantity("100", "KGM"),
    operation="10",
    tolerance_percent="2",
    conversions={"BAG": "25 KGM"},
    substitutes=("SPELT",),
)
SALT = ReleasedLine(line="2", material="SALT", name="Salt", quantity=Quantity("2", "KGM"))
BOLT = ReleasedLine(
    line="3",
    material="BOLT",
    name="Bolt M8",
    quantity=Quantity("1500", "C62"),
    operation="20",
    limit_percent="120",
)
RELEASE = OrderReleased(
    id="r1",
    order="B-1",
    revision=1,
    material="BREAD",
    name="Bread",
    quantity=Quantity("1000", "C62"),
    tolerance_percent="1",
    limit_percent="110",
    due="2026-03-06",
    priority=10,
    operations=OPERATIONS,
    lines=(FLOUR, SALT, BOLT),
)
PLANNED = OrderPlanned(
    id="p1", order="B-1", revision=0, material="BREAD", quantity=Quantity("900", "C62")
)


def order_of(events: Sequence[Event]) -> Order:
    order = Order("B-1")
    for event in events:
        evolve(order, event)
    return order


def started(name: str, operation: str, station: str = "S", n: int = 1) -> OperationStarted:
    return OperationStarted(id=name, n=n, station=station, order="B-1", operation=operation)


def ended(name: str, operation: str, of: str = "") -> OperationEnded:
    return OperationEnded(id=name, order="B-1", operation=operation, of=of)


def good(name: str, operation: str, pieces: str, scrap: str = "") -> OperationReported:
    return OperationReported(
        id=name,
        order="B-1",
        operation=operation,
        good=Quantity(pieces, "C62"),
        scrap=Quantity(scrap, "C62") if scrap else None,
        reason="BURNT" if scrap else "",
    )


def used(
    name: str,
    material: str,
    amount: str,
    unit: str = "KGM",
    *,
    lot: str = "L-1",
    line: str = "",
    operation: str = "10",
    scrapped: bool = False,
) -> MaterialConsumed:
    return MaterialConsumed(
        id=name,
        order="B-1",
        operation=operation,
        material=material,
        lot=lot,
        line=line,
        quantity=Quantity(amount, unit),
        scrapped=scrapped,
    )
