"""What people ask of where a lot came from and where it went, through every level.

What a lot reaches is walked by `reach`; here it becomes what people and the API read of it.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from sync.domain.order import Order
from sync.domain.quantity import text
from sync.domain.trace import Genealogy, Node, Step, genealogy
from sync.server.rows import rows_with
from sync.server.station_clocks import ClockBook, Timed, clock_book
from sync.server.view_tables import order_lot, order_output, order_view, stock, unit_content
from sync.server.views.orders import order_of_state
from sync.server.views.reach import Lot, around, sources, told_reach_of, uses
from sync.server.views.times import lot_times
from sync.server.views.units import UnitLine, units_of_lot


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


class RecallLine(msgspec.Struct, frozen=True):
    """A lot that an order made of what is called back; amounts in micros of their units.

    `used` of the `parent` went in, `made` came out; `left` of it lies in stock at `place`.
    """

    level: int
    material: str
    lot: str
    order: str
    order_status: str
    customer: str
    parent_material: str
    parent_lot: str
    used: int
    used_unit: str
    made: int
    left: int
    unit: str
    place: str
    units: tuple[str, ...] = ()


def trace_of(connection: Connection, lot: str, material: str = "") -> Trace | None:
    """The trace of a lot, of every material that has one of that name; nothing if none has."""
    nodes = [node for node in nodes_named(connection, lot) if material in ("", node.material)]
    if not nodes:
        return None
    links = {link for walk in (sources, uses) for link in around(connection, nodes, walk)}
    known = genealogy(links)
    return Trace(lot, tuple(_traced(connection, node, known) for node in nodes))


def nodes_named(connection: Connection, lot: str) -> list[Node]:
    """The lots of that name, one a material."""
    found = set()
    for table in (stock, order_lot, order_output, unit_content):
        rows = connection.execute(select(table.c.material).where(table.c.lot == lot).distinct())
        found |= {Node(row[0], lot) for row in rows}
    return sorted(found)


def recall_lines(connection: Connection, steps: Sequence[Step]) -> list[RecallLine]:
    """Steps with their orders, customers, what is left in stock where, and the units."""
    made = _made(connection, steps)
    orders = _orders(connection, {step.link.order for step in steps})
    lots = sorted({step.link.child.lot for step in steps if step.link.child.lot})
    stocks, units = _stocks(connection, lots), _units(connection, lots)
    return [
        _recall_line(step, orders, stocks, units, made.get((step.link.order, step.link.child)))
        for step in steps
    ]


def recall_rows(connection: Connection, node: Node) -> Iterator[tuple[Any, ...]]:
    """The fields of every `RecallLine` of a lot's recall, in their order."""
    steps = told_reach_of(connection, node).steps
    units = _units(connection, list({hop[1] for _, hop in steps.hops()} - {""}))
    on = {lot: tuple(sorted(several)) for lot, several in units.items()}
    for level, hop in steps.hops():
        material, lot, parent, parent_lot, order, unit, micros, made, made_unit, *told = hop
        status, customer, left, left_unit, place = told
        yield (
            level, material, lot, order, status, customer, parent, parent_lot, micros, unit,
            made, left, made_unit or left_unit, place, on.get((material, lot), ()),
        )  # fmt: skip


def _recall_line(
    step: Step,
    orders: dict[str, tuple[str, str]],
    stocks: dict[Node, tuple[int, str, str]],
    units: dict[Lot, set[str]],
    made: tuple[int, str] | None,
) -> RecallLine:
    link = step.link
    status, customer = orders.get(link.order, ("", ""))
    produced, unit = made or (0, "")
    left, stock_unit, place = stocks.get(link.child, (0, unit, ""))
    return RecallLine(
        step.level,
        *link.child,
        link.order,
        status,
        customer,
        *link.parent,
        link.micros,
        link.unit,
        produced,
        left,
        unit or stock_unit,
        place,
        tuple(sorted(units.get(link.child, ()))),
    )


def _orders(connection: Connection, numbers: Iterable[str]) -> dict[str, tuple[str, str]]:
    columns = ("status", "customer_reference")
    rows = rows_with(connection, order_view, "order_number", sorted(numbers), *columns)
    return {row[0]: (row[1], row[2]) for row in rows}


def _stocks(connection: Connection, lots: Sequence[str]) -> dict[Node, tuple[int, str, str]]:
    columns = ("material", "micros", "unit", "place")
    rows = rows_with(connection, stock, "lot", lots, *columns)
    return {Node(row[1], row[0]): (row[2], row[3], row[4]) for row in rows}


def _units(connection: Connection, lots: Sequence[str]) -> dict[Lot, set[str]]:
    found: dict[Lot, set[str]] = {}
    for lot, material, unit in rows_with(connection, unit_content, "lot", lots, "material", "unit"):
        found.setdefault((material, lot), set()).add(unit)
    return found


def _made(connection: Connection, steps: Sequence[Step]) -> dict[tuple[str, Node], tuple[int, str]]:
    numbers = sorted({step.link.order for step in steps})
    columns = ("material", "lot", "produced", "unit")
    rows = rows_with(connection, order_output, "order_number", numbers, *columns)
    return {(row[0], Node(row[1], row[2])): (row[3], row[4]) for row in rows}


def _traced(connection: Connection, node: Node, known: Genealogy) -> TracedLot:
    first, last = lot_times(connection, node.material, node.lot)
    return TracedLot(
        node.material,
        node.lot,
        tuple(map(trace_link, known.up(node.material, node.lot))),
        tuple(map(trace_link, known.down(node.material, node.lot))),
        first,
        last,
        units_of_lot(connection, node),
    )


def trace_link(step: Step) -> TraceLink:
    """A step as the API tells it."""
    link = step.link
    amount = text(link.micros)
    return TraceLink(step.level, link.order, *link.child, *link.parent, amount, link.unit)


class Work(msgspec.Struct, frozen=True):
    """Who worked on an order, and when its first operation began and its last one ended."""

    operators: tuple[str, ...] = ()
    began: str = ""
    ended: str = ""


def work_of(connection: Connection, numbers: Iterable[str]) -> dict[str, Work]:
    """Operators and times of orders, each clock put right."""
    found = (order_of_state(connection, number) for number in sorted(set(numbers)))
    orders = [one for one in found if one is not None]
    told = [event for one in orders for event in (*one.starts.values(), *one.ends.values())]
    book = clock_book(connection, told)
    return {one.number: _work(one, book) for one in orders}


def _work(order: Order, book: ClockBook) -> Work:
    events = (*order.starts.values(), *order.ends.values())
    people = sorted({event.operator for event in events if event.operator})
    began = sorted(book.timed(event).at for event in order.starts.values())
    ended = sorted(book.timed(event).at for event in order.ends.values())
    return Work(tuple(people), *began[:1] or ("",), *ended[-1:] or ("",))
