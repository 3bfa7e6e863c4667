"""From folded states to the rows of the view tables; pure."""

from typing import Any, Final, NamedTuple

from sync.domain.amounts import AmountsBy
from sync.domain.events import RoutingOperation, UnitClosed, UnitPacked
from sync.domain.needs import LineNeed
from sync.domain.order import Order
from sync.domain.slack import seconds_left
from sync.server.view_tables import clamped

Row = tuple[Any, ...]

STATE_COLUMNS: Final = ("order_number", "body")
STOCK_COLUMNS: Final = (
    "lot", "material", "unit", "place", "expiry", "status", "supplier_lot", "micros", "received",
    "body",
)  # fmt: skip
PLACE_COLUMNS: Final = ("material", "lot", "place", "unit", "micros")
MASTER_COLUMNS: Final = ("kind", "key", "revision", "event_id", "body")
REVISION_COLUMNS: Final = (
    "kind", "key", "revision", "event_id", "position", "at", "account", "body",
)  # fmt: skip
SERIAL_COLUMNS: Final = ("serial", "material", "way", "order_number", "uses")
DEVIATION_COLUMNS: Final = (
    "target", "name", "subject", "kind", "order_number", "material", "lot", "station", "operator",
    "at", "severity", "facts", "accepted_by", "status", "verdict", "position",
)  # fmt: skip
ORDER_COLUMNS: Final = (
    "order_number",
    "status",
    "material",
    "name",
    "unit",
    "due",
    "start_date",
    "note",
    "customer_reference",
    "operation",
    "work_center",
    "planned",
    "good",
    "scrap",
    "priority",
    "revision",
    "position",
)
OPERATION_COLUMNS: Final = (
    "order_number",
    "rank",
    "operation",
    "name",
    "work_center",
    "status",
    "good",
    "scrap",
    "seconds_left",
)
MATERIAL_COLUMNS: Final = (
    "order_number",
    "rank",
    "line",
    "material",
    "name",
    "unit",
    "operation",
    "needed",
    "consumed",
    "waste",
    "remaining",
)
LOT_COLUMNS: Final = ("order_number", "material", "lot", "unit", "consumed")
OUTPUT_COLUMNS: Final = ("order_number", "material", "lot", "unit", "produced")


UNIT_COLUMNS: Final = (
    *("id", "unit", "packed_unit", "order_number", "material", "lot", "serial", "measure"),
    *("micros", "position"),
)


def unit_row(event: UnitPacked | UnitClosed, position: int) -> Row:
    """One thing on a logistic unit; of a seal a row without content."""
    if isinstance(event, UnitClosed):
        return (event.id, event.unit, "", event.order, "", "", "", "", 0, position)
    quantity = event.quantity
    micros = clamped(quantity.micros) if quantity is not None else 0
    thing = (event.packed_unit, event.order, event.material, event.lot, event.serial)
    measure = quantity.unit if quantity is not None else ""
    return (event.id, event.unit, *thing, measure, micros, position)


class OrderRows(NamedTuple):
    """All rows of one order but its state and its lots."""

    view: Row
    operations: tuple[Row, ...]
    materials: tuple[Row, ...]


def order_rows(order: Order, name: str, position: int) -> OrderRows:
    """The rows of an order; `name` is its material's, `position` the ledger's when it changed."""
    current = current_operation(order)
    number, header = order.number, order.header
    view = (
        number,
        str(order.status),
        order.material,
        order.release.name if order.release else name,
        order.unit,
        order.due,
        header.start if header else "",
        header.note if header else "",
        header.customer_reference if header else "",
        current.operation if current else "",
        current.work_center if current else "",
        clamped(order.planned),
        clamped(order.good_total),
        clamped(order.scrap_total),
        order.priority,
        header.revision if header else 0,
        position,
    )
    return OrderRows(
        view,
        tuple(_operation_row(order, n, one) for n, one in enumerate(order.operations)),
        tuple(_material_row(order, line) for line in order.all_needs()),
    )


def current_operation(order: Order) -> RoutingOperation | None:
    """The first operation that runs, else the first that is not ended."""
    left = [one for one in order.operations if not order.is_ended(one.operation)]
    running = (one for one in left if order.start_of(one.operation) is not None)
    return next(running, left[0] if left else None)


def _operation_row(order: Order, rank: int, operation: RoutingOperation) -> Row:
    name = operation.operation
    return (
        order.number,
        rank,
        name,
        operation.name,
        operation.work_center,
        _operation_status(order, name),
        clamped(order.good_at(name)),
        clamped(order.scrap_at(name)),
        clamped(seconds_left(order, operation)),
    )


def _operation_status(order: Order, operation: str) -> str:
    if order.is_ended(operation):
        return "ended"
    start = order.start_of(operation)
    if start is None:
        return "waiting"
    return "paused" if order.is_paused(start.id) else "running"


def _material_row(order: Order, needed: LineNeed) -> Row:
    line = needed.line
    consumed, waste = order.use(needed)
    return (
        order.number,
        needed.rank,
        line.line,
        line.material,
        line.name,
        line.quantity.unit,
        line.operation,
        clamped(needed.need),
        clamped(consumed),
        clamped(waste),
        clamped(max(0, needed.need - (consumed - waste))),
    )


def lot_amount(lots: dict[str, AmountsBy], material: str, lot: str, unit: str) -> int:
    """What an order took or made of a lot in one unit, as a row holds it; 0 is no row."""
    return clamped(lots.get(material, {}).get(lot, {}).get(unit, 0))
