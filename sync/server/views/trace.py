"""What people ask of where a lot came from and where it went, through every level.

Each level is asked for at once, by index, so that a lot that went into very many costs few
statements. A recall goes on level by level and never holds more than `RECALL_LINES_MAX` lines.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, bindparam, select

from sync.domain.order import Order
from sync.domain.quantity import text
from sync.domain.trace import Genealogy, Link, Node, Step, genealogy
from sync.server.rows import LOOKUP_VALUES_MAX, rows_with
from sync.server.station_clocks import ClockBook, Timed, clock_book
from sync.server.view_tables import order_lot, order_output, order_view, stock, unit_content
from sync.server.views.orders import order_of_state
from sync.server.views.times import lot_times
from sync.server.views.units import UnitLine, units_of_lot

LEVELS_MAX: Final = 50
LOTS_COUNT_MAX: Final = 5_000
RECALL_LINES_MAX: Final = 200_000

_USED: Final = (
    select(
        *(order_lot.c[name] for name in ("material", "lot", "order_number", "unit", "consumed")),
        *(order_output.c.material.label("made"), order_output.c.lot.label("made_lot")),
    )
    .outerjoin(order_output, order_output.c.order_number == order_lot.c.order_number)
    .where(order_lot.c.lot.in_(bindparam("lots", expanding=True)), order_lot.c.consumed > 0)
)
Walk = Callable[[Connection, Sequence[Node]], list[Link]]


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


class Reach(msgspec.Struct, frozen=True):
    """All that a lot went into, or came from, nearest first; `is_cut` where the limit ended it."""

    steps: tuple[Step, ...]
    lots: int
    orders: int
    levels: int
    is_cut: bool = False


def trace_of(connection: Connection, lot: str, material: str = "") -> Trace | None:
    """The trace of a lot, of every material that has one of that name; nothing if none has."""
    nodes = [node for node in nodes_named(connection, lot) if material in ("", node.material)]
    if not nodes:
        return None
    links = {link for walk in (_sources, _uses) for link in _around(connection, nodes, walk)}
    known = genealogy(links)
    return Trace(lot, tuple(_traced(connection, node, known) for node in nodes))


def nodes_named(connection: Connection, lot: str) -> list[Node]:
    """The lots of that name, one a material."""
    found = set()
    for table in (stock, order_lot, order_output, unit_content):
        rows = connection.execute(select(table.c.material).where(table.c.lot == lot).distinct())
        found |= {Node(row[0], lot) for row in rows}
    return sorted(found)


def reach_of(connection: Connection, node: Node, most: int = RECALL_LINES_MAX) -> Reach:
    """Everything that a lot went into: each lot is entered once, `most` links are kept."""
    return _reach(connection, node, _uses, most)


def sources_of(connection: Connection, node: Node, most: int = LOTS_COUNT_MAX) -> Reach:
    """Everything that went into a lot, likewise."""
    return _reach(connection, node, _sources, most)


def _reach(connection: Connection, node: Node, walk: Walk, most: int) -> Reach:
    steps: list[Step] = []
    level = 0
    for level, links in _levels(connection, [node], walk):
        steps += [Step(level, link) for link in links]
        if len(steps) > most:
            break
    kept = steps[:most]
    ends = {step.link.child if walk is _uses else step.link.parent for step in kept}
    orders = {step.link.order for step in kept}
    return Reach(
        tuple(kept), len([one for one in ends if one.lot]), len(orders), level, len(steps) > most
    )


def recall_lines(connection: Connection, steps: Sequence[Step]) -> list[RecallLine]:
    """Steps with their orders, customers, what is left in stock where, and the units."""
    orders = _orders(connection, {step.link.order for step in steps})
    lots = sorted({step.link.child.lot for step in steps if step.link.child.lot})
    stocks = _stocks(connection, lots)
    units = _units(connection, lots)
    made = _made(connection, steps)
    return [
        _recall_line(step, orders, stocks, units, made.get((step.link.order, step.link.child)))
        for step in steps
    ]


def _recall_line(
    step: Step,
    orders: dict[str, tuple[str, str]],
    stocks: dict[Node, tuple[int, str, str]],
    units: dict[Node, set[str]],
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


def _units(connection: Connection, lots: Sequence[str]) -> dict[Node, set[str]]:
    found: dict[Node, set[str]] = {}
    for lot, material, unit in rows_with(connection, unit_content, "lot", lots, "material", "unit"):
        found.setdefault(Node(material, lot), set()).add(unit)
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


def _around(connection: Connection, nodes: Sequence[Node], walk: Walk) -> list[Link]:
    """The links that nodes reach in one direction, until `LOTS_COUNT_MAX` lots are met."""
    found: list[Link] = []
    for _, links in _levels(connection, nodes, walk):
        found += links
        if len(found) > LOTS_COUNT_MAX:
            break
    return found


def _levels(
    connection: Connection, nodes: Sequence[Node], walk: Walk
) -> Iterator[tuple[int, list[Link]]]:
    """Level by level what nodes reach; each lot is entered once."""
    entered, waiting = set(nodes), list(nodes)
    for level in range(1, LEVELS_MAX + 1):
        links = walk(connection, waiting)
        if not links:
            return
        yield level, links
        ends = {link.child if walk is _uses else link.parent for link in links}
        waiting = sorted(node for node in ends - entered if node.lot)
        entered |= ends
        if not waiting:
            return


def _uses(connection: Connection, nodes: Sequence[Node]) -> list[Link]:
    """Links from lots to what orders made of them; to an empty lot where nothing is made yet."""
    wanted = {node: node for node in nodes}  # a parent of very many is one object
    lots = sorted({node.lot for node in nodes})
    found: list[tuple[Node, Node, str, str, int]] = []
    unmade: list[tuple[Node, str, str, int]] = []
    for start in range(0, len(lots), LOOKUP_VALUES_MAX):
        part = {"lots": lots[start : start + LOOKUP_VALUES_MAX]}
        rows: Iterable[Any] = connection.execute(_USED, part)
        for material, lot, order, unit, micros, made, made_lot in rows:
            parent = wanted.get(Node(material, lot))
            if parent is None:
                continue
            if made is None:
                unmade.append((parent, order, unit, micros))
            else:
                found.append((Node(made, made_lot), parent, order, unit, micros))
    planned = _planned(connection, sorted({one[1] for one in unmade}))
    found += [
        (planned[order], parent, order, unit, micros) for parent, order, unit, micros in unmade
    ]
    return _sorted(found)


def _planned(connection: Connection, orders: Sequence[str]) -> dict[str, Node]:
    """What orders are to make, as an empty lot."""
    rows = rows_with(connection, order_view, "order_number", orders, "material")
    return {
        **dict.fromkeys(orders, Node("", "")),
        **{row[0]: Node(str(row[1]), "") for row in rows},
    }


def _sources(connection: Connection, nodes: Sequence[Node]) -> list[Link]:
    """Links from lots to what the orders that made them took."""
    wanted = set(nodes)
    lots = sorted({node.lot for node in nodes})
    rows = rows_with(connection, order_output, "lot", lots, "material", "order_number")
    made: dict[str, set[Node]] = {}
    for lot, material, order in rows:
        if (child := Node(material, lot)) in wanted:
            made.setdefault(order, set()).add(child)
    columns = ("material", "lot", "unit", "consumed")
    taken = rows_with(connection, order_lot, "order_number", sorted(made), *columns)
    return _sorted(
        (child, Node(material, lot), order, unit, micros)
        for order, material, lot, unit, micros in taken
        if micros > 0
        for child in made[order]
    )


def _sorted(found: Iterable[tuple[Node, Node, str, str, int]]) -> list[Link]:
    """Links by child, parent and order."""
    return list(map(Link._make, sorted(found)))


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
