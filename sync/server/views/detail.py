"""What people ask of one order or one lot: all its rows at once, its trace both ways."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Table, select

from sync.domain.order import Order
from sync.domain.quantity import MICROS_PER_ONE, text
from sync.domain.trace import Genealogy, Link, Node, Step, genealogy
from sync.server.station_clocks import Timed
from sync.server.view_tables import order_lot, order_output, order_view, stock, unit_content
from sync.server.views.floor import DeviationLine, deviation_lines
from sync.server.views.orders import (
    OrderLine,
    lot_rows,
    material_rows,
    operation_rows,
    order_line,
    order_of_state,
    output_rows,
)
from sync.server.views.times import OperationTimes, OrderTimes, lot_times, order_times
from sync.server.views.units import UnitLine, units_of_lot

LEVELS_MAX: Final = 50
LOTS_COUNT_MAX: Final = 5_000


class OperationLine(msgspec.Struct, frozen=True):
    """One operation; `rework` waits there to be done again, `held` of what it made is blocked."""

    operation: str
    name: str
    work_center: str
    status: str
    good: str
    scrap: str
    seconds_left: int
    times: OperationTimes = OperationTimes()
    rework: str = "0"
    held: str = "0"


class Piece(msgspec.Struct, frozen=True):
    """A piece of the product, and the (material, lot, serial) of each part that went into it."""

    serial: str
    parts: tuple[tuple[str, str, str], ...]


class MaterialLine(msgspec.Struct, frozen=True):
    """One line of the released order; `remaining` is what is still to be taken."""

    line: str
    material: str
    name: str
    operation: str
    unit: str
    needed: str
    consumed: str
    waste: str
    remaining: str


class LotAmount(msgspec.Struct, frozen=True):
    """So much of a lot; for parts without lots `lot` is the serial number."""

    material: str
    lot: str
    amount: str
    unit: str


class OrderDetail(OrderLine, frozen=True):
    """An order with all that the views tell of it."""

    operations: tuple[OperationLine, ...] = ()
    materials: tuple[MaterialLine, ...] = ()
    consumed: tuple[LotAmount, ...] = ()
    produced: tuple[LotAmount, ...] = ()
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    open_deviations: tuple[DeviationLine, ...] = ()
    attended_seconds: dict[str, int] = msgspec.field(default_factory=dict)
    pieces: tuple[Piece, ...] = ()


class TraceLink(msgspec.Struct, frozen=True):
    """An order used so much of `parent` while it made `child`; an empty child is not made yet."""

    level: int
    order: str
    child_material: str
    child_lot: str
    parent_material: str
    parent_lot: str
    amount: str
    unit: str


class TracedLot(msgspec.Struct, frozen=True):
    """`first` and `last` are when it was first and last moved; `units` hold it."""

    material: str
    lot: str
    made_of: tuple[TraceLink, ...]
    went_into: tuple[TraceLink, ...]
    first: Timed | None = None
    last: Timed | None = None
    units: tuple[UnitLine, ...] = ()


class Trace(msgspec.Struct, frozen=True):
    """Every material's lot of that name with what it is made of and what it went into."""

    lot: str
    items: tuple[TracedLot, ...]


def order_detail(connection: Connection, number: str, today: date) -> OrderDetail | None:
    """One order, or nothing."""
    line = order_line(connection, number, today)
    order = order_of_state(connection, number)
    if line is None or order is None:
        return None
    times = order_times(connection, order)
    return OrderDetail(
        **msgspec.structs.asdict(line),
        operations=tuple(
            _operation(row, times, order) for row in operation_rows(connection, number)
        ),
        materials=tuple(map(_material, material_rows(connection, number))),
        consumed=tuple(_consumed(order, lot_rows(connection, number))),
        produced=tuple(
            LotAmount(row.material, row.lot, text(row.produced), row.unit)
            for row in output_rows(connection, number)
        ),
        labels=order.label_states(),
        open_deviations=tuple(deviation_lines(connection, order=number)),
        attended_seconds=times.attended,
        pieces=tuple(Piece(one, order.as_built(one)) for one in sorted(order.built)),
    )


def trace_of(connection: Connection, lot: str, material: str = "") -> Trace | None:
    """The trace of a lot, of every material that has one of that name; nothing if none has."""
    nodes = [node for node in _nodes_named(connection, lot) if material in ("", node.material)]
    if not nodes:
        return None
    known = genealogy(_links_around(connection, nodes))
    return Trace(lot, tuple(_traced(connection, node, known) for node in nodes))


def _traced(connection: Connection, node: Node, known: Genealogy) -> TracedLot:
    first, last = lot_times(connection, node.material, node.lot)
    return TracedLot(
        node.material,
        node.lot,
        tuple(map(_link, known.up(node.material, node.lot))),
        tuple(map(_link, known.down(node.material, node.lot))),
        first,
        last,
        units_of_lot(connection, node),
    )


def _operation(row: Any, times: OrderTimes, order: Order) -> OperationLine:
    return OperationLine(
        row.operation,
        row.name,
        row.work_center,
        row.status,
        text(row.good),
        text(row.scrap),
        row.seconds_left,
        times.operations.get(row.operation, OperationTimes()),
        text(order.rework_at(row.operation)),
        text(order.held_at(row.operation)),
    )


def _material(row: Any) -> MaterialLine:
    return MaterialLine(
        row.line,
        row.material,
        row.name,
        row.operation,
        row.unit,
        text(row.needed),
        text(row.consumed),
        text(row.waste),
        text(row.remaining),
    )


def _consumed(order: Order, rows: Sequence[Any]) -> Iterable[LotAmount]:
    for row in rows:
        serials = [] if row.lot else _serials(order, row.material)
        if serials and len(serials) * MICROS_PER_ONE == row.consumed:
            for serial in serials:
                yield LotAmount(row.material, serial, "1", row.unit)
        else:
            yield LotAmount(row.material, row.lot, text(row.consumed), row.unit)


def _serials(order: Order, material: str) -> list[str]:
    """The serial numbers of a material that are in the product, those returned left out."""
    taken = order.serials_in.get(material, {})
    back = order.serials_back.get(material, {})
    return sorted(one for one, ids in taken.items() if len(ids) > len(back.get(one, {})))


def _link(step: Step) -> TraceLink:
    link = step.link
    return TraceLink(
        step.level,
        link.order,
        link.child.material,
        link.child.lot,
        link.parent.material,
        link.parent.lot,
        text(link.micros),
        link.unit,
    )


def _nodes_named(connection: Connection, lot: str) -> list[Node]:
    found = set()
    for table in (stock, order_lot, order_output, unit_content):
        rows = connection.execute(select(table.c.material).where(table.c.lot == lot).distinct())
        found |= {Node(row[0], lot) for row in rows}
    return sorted(found)


def _links_around(connection: Connection, nodes: Sequence[Node]) -> set[Link]:
    """All links that the nodes reach, upwards and downwards."""
    links: set[Link] = set()
    for came_from in (True, False):
        entered, waiting = set(nodes), list(nodes)
        for _ in range(LEVELS_MAX):
            orders = _orders_with(connection, order_output if came_from else order_lot, waiting)
            found = _links_of(connection, orders)
            links |= found
            ends = {link.parent if came_from else link.child for link in found}
            waiting = sorted(node for node in ends - entered if node.lot)
            entered |= ends
            if not waiting or len(entered) > LOTS_COUNT_MAX:
                break
    return links


def _orders_with(connection: Connection, table: Table, nodes: Sequence[Node]) -> set[str]:
    found: set[str] = set()
    for node in nodes:
        rows = select(table.c.order_number).where(
            table.c.lot == node.lot, table.c.material == node.material
        )
        found |= {row[0] for row in connection.execute(rows)}
    return found


def _links_of(connection: Connection, orders: Iterable[str]) -> set[Link]:
    links = set()
    for number in sorted(orders):
        made = [Node(row.material, row.lot) for row in output_rows(connection, number)]
        if not made:
            material = connection.execute(
                select(order_view.c.material).where(order_view.c.order_number == number)
            ).scalar()
            made = [Node(str(material or ""), "")]
        links |= {
            Link(child, Node(row.material, row.lot), number, row.unit, row.consumed)
            for child in made
            for row in lot_rows(connection, number)
            if row.consumed > 0
        }
    return links
