"""The home of the walk from lot to lot: all that a lot went into, or came from, level by level.

A recall may reach a hundred thousand lots: each level is one question of flat rows, counted and
sorted as they are; a row becomes a step only where somebody looks at it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, overload

import msgspec
from sqlalchemy import Connection

from sync.domain.trace import Link, Node, Step
from sync.server.projector_reader import collecting_later
from sync.server.rows import fetched, on_sqlite, rows_with
from sync.server.view_tables import order_lot, order_output, order_view

LEVELS_MAX: Final = 50
LOTS_COUNT_MAX: Final = 5_000
RECALL_LINES_MAX: Final = 200_000

Hop = tuple[Any, ...]
"""Child material and lot, parent material and lot, order, unit and micros of what was used, micros
and unit of the child that the order made (0 and "" where none is, or where nobody asked). A told
hop goes on with the order's status and customer, and with micros, unit and place of what is left.
"""
Lot = tuple[str, str]
"""Material and lot: a `Node`, or as plain as it was read."""
Walk = Callable[[Connection, Collection[Lot]], list[Hop]]

_USED: Final = """
SELECT coalesce(made.material, ''), coalesce(made.lot, ''), used.material, used.lot,
       used.order_number, used.unit, used.consumed,
       coalesce(made.produced, 0), coalesce(made.unit, ''){told}
FROM order_lot AS used LEFT JOIN order_output AS made ON made.order_number = used.order_number{by}
WHERE used.consumed > 0 AND used.lot {of_these}
"""
_TOLD: Final = """,
       coalesce(known.status, ''), coalesce(known.customer_reference, ''),
       coalesce(held.micros, 0), coalesce(held.unit, ''), coalesce(held.place, '')"""
_TOLD_BY: Final = """
     LEFT JOIN order_view AS known ON known.order_number = used.order_number
     LEFT JOIN stock AS held ON held.lot = made.lot AND held.material = made.material"""
_OF_THESE: Final = {
    True: "IN (SELECT value FROM json_each(?))",
    False: "IN (SELECT jsonb_array_elements_text(%s::jsonb))",
}


class Steps(Sequence[Step]):
    """The steps of some levels, each made when it is asked for."""

    def __init__(self, levels: Sequence[tuple[int, Sequence[Hop]]], most: int) -> None:
        self._hops = list(islice((hop for _, hops in levels for hop in hops), most))
        self._levels = [(level, len(hops)) for level, hops in levels]

    def __len__(self) -> int:
        return len(self._hops)

    @overload
    def __getitem__(self, at: int) -> Step: ...
    @overload
    def __getitem__(self, at: slice) -> "tuple[Step, ...]": ...
    def __getitem__(self, at: int | slice) -> "Step | tuple[Step, ...]":
        if isinstance(at, slice):
            return tuple(self[one] for one in range(*at.indices(len(self))))
        hop, left = self._hops[at], at % max(1, len(self))
        for level, count in self._levels:
            if left < count:
                return _step(level, hop)
            left -= count
        raise AssertionError("every hop is of a level")

    def hops(self) -> Iterator[tuple[int, Hop]]:
        """Level and row of each step."""
        levels = (level for level, count in self._levels for _ in range(count))
        return zip(levels, self._hops, strict=False)


@dataclass(frozen=True, slots=True)
class Reach:
    """All that a lot went into, or came from, nearest first; `is_cut` where the limit ended it."""

    steps: Steps
    lots: int
    orders: int
    levels: int
    is_cut: bool = False


def reach_of(connection: Connection, node: Node, most: int = RECALL_LINES_MAX) -> Reach:
    """Everything that a lot went into: each lot is entered once, `most` links are kept."""
    return _reach(connection, node, uses, most)


def told_reach_of(connection: Connection, node: Node, most: int = RECALL_LINES_MAX) -> Reach:
    """The same with told hops: to ask of each order and lot alone costs more than the walk."""
    return _reach(connection, node, told_uses, most)


def sources_of(connection: Connection, node: Node, most: int = LOTS_COUNT_MAX) -> Reach:
    """Everything that went into a lot, likewise."""
    return _reach(connection, node, sources, most)


def around(connection: Connection, nodes: Sequence[Node], walk: Walk) -> list[Link]:
    """The links that nodes reach in one direction, until `LOTS_COUNT_MAX` lots are met."""
    found: list[Link] = []
    for level, hops in _levels(connection, nodes, walk):
        found += [_step(level, hop).link for hop in hops]
        if len(found) > LOTS_COUNT_MAX:
            break
    return found


def uses(connection: Connection, nodes: Collection[Lot]) -> list[Hop]:
    """From lots to what orders made of them; to an empty lot where nothing is made yet."""
    return _uses(connection, nodes)


def told_uses(connection: Connection, nodes: Collection[Lot]) -> list[Hop]:
    """The same, as told hops."""
    return _uses(connection, nodes, _TOLD, _TOLD_BY)


def _uses(
    connection: Connection, nodes: Collection[Lot], told: str = "", by: str = ""
) -> list[Hop]:
    asked = msgspec.json.encode(list({lot for _, lot in nodes})).decode()
    sql = _USED.format(told=told, by=by, of_these=_OF_THESE[on_sqlite(connection)])
    wanted = set(nodes)
    found = [row for row in fetched(connection, sql, (asked,)) if row[2:4] in wanted]
    if unmade := {row[4] for row in found if not row[0]}:
        headers = rows_with(connection, order_view, "order_number", sorted(unmade), "material")
        planned: dict[str, str] = dict(headers)
        found = [row if row[0] else (planned.get(row[4], ""), *row[1:]) for row in found]
    found.sort()
    return found


def sources(connection: Connection, nodes: Collection[Lot]) -> list[Hop]:
    """From lots to what the orders that made them took."""
    wanted = set(nodes)
    lots = sorted({lot for _, lot in nodes})
    rows = rows_with(connection, order_output, "lot", lots, "material", "order_number")
    made: dict[str, set[Node]] = {}
    for lot, material, order in rows:
        if (child := Node(material, lot)) in wanted:
            made.setdefault(order, set()).add(child)
    columns = ("material", "lot", "unit", "consumed")
    taken = rows_with(connection, order_lot, "order_number", sorted(made), *columns)
    return sorted(
        (*child, material, lot, order, unit, micros, 0, "")
        for order, material, lot, unit, micros in taken
        if micros > 0
        for child in made[order]
    )


def _reach(connection: Connection, node: Node, walk: Walk, most: int) -> Reach:
    with (
        collecting_later()
    ):  # so many rows live on: the collector would go through them for nothing
        return _walked(connection, node, walk, most)


def _walked(connection: Connection, node: Node, walk: Walk, most: int) -> Reach:
    levels: list[tuple[int, list[Hop]]] = []
    count = 0
    for level, hops in _levels(connection, [node], walk):
        levels.append((level, hops))
        count += len(hops)
        if count > most:
            break
    steps = Steps(levels, most)
    ends = _ends((hop for _, hop in steps.hops()), walk)
    lots = len(ends) - sum(1 for _, lot in ends if not lot)
    orders = {hop[4] for _, hop in steps.hops()}
    return Reach(steps, lots, len(orders), levels[-1][0] if levels else 0, count > most)


def _levels(
    connection: Connection, nodes: Sequence[Node], walk: Walk
) -> Iterator[tuple[int, list[Hop]]]:
    """Level by level what nodes reach; each lot is entered once."""
    entered: set[Lot] = set(nodes)
    waiting: Collection[Lot] = nodes
    for level in range(1, LEVELS_MAX + 1):
        hops = walk(connection, waiting)
        if not hops:
            return
        yield level, hops
        ends = _ends(hops, walk)
        waiting = [end for end in ends - entered if end[1]]
        entered |= ends
        if not waiting:
            return


def _ends(hops: Iterable[Hop], walk: Walk) -> set[Lot]:
    """The lots at the far ends of hops."""
    if walk is sources:
        return {(hop[2], hop[3]) for hop in hops}
    return {(hop[0], hop[1]) for hop in hops}


def _step(level: int, hop: Hop) -> Step:
    return Step(level, Link(Node(*hop[:2]), Node(*hop[2:4]), hop[4], hop[5], hop[6]))
