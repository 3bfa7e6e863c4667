"""Whether people knowingly accepted what an order's events add up to.

A badge accepts one act. What all acts add up to is accepted where each act that may have gone over
the limit did so under a badge, whichever arrived first: an act without one has to be within it even
if all that did not know of it came before. So two stations that each made the whole plan are
found, whatever a badge said at one of them about a little more.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from sync.domain.events import REVERSIBLE, Event
from sync.domain.order import Order
from sync.domain.order_facts import ORDER_FACTS, evolve
from sync.server import tables as ledger_tables
from sync.server.causality import Placed, knew
from sync.server.projector_sets import Standing
from sync.server.projector_state import Tables, reversed_acts
from sync.wire import Unknown, decode

Measure = Callable[[Order], int]


class _Act(NamedTuple):
    """What one act of a station added; the badges that accepted it."""

    first: Placed
    micros: int
    badges: frozenset[str]


def with_badges(
    connection: Connection,
    tables: Tables,
    undone: Collection[str],
    order: Order,
    found: Iterable[Standing],
) -> Iterator[Standing]:
    """The same deviations, with the badges that accepted them; `undone` acts are of this slice."""
    acts: list[list[Placed]] | None = None
    for one in found:
        measured = _measured(order, one)
        if measured is None or one.name not in order.accepted:
            yield one
            continue
        if acts is None:
            acts = _acts(connection, tables, undone, order.number, one.position)
        measure, allowed = measured
        told = [_added(order, act, one.name, measure) for act in acts]
        yield one._replace(accepted_by=_accepted_by(connection, told, allowed))


def _measured(order: Order, one: Standing) -> tuple[Measure, int] | None:
    """What is added up, and how much of it is no deviation; nothing of what badges do not rule."""
    if one.name == "over_production":
        operation = one.facts["operation"]
        return lambda part: part.good_at(operation), max(order.planned, order.highest)
    if one.name == "over_issue":
        line = next(n for n in order.all_needs() if n.line.line == one.facts["line"])
        return lambda part: part.issued(line), max(line.need, line.tolerated)
    return None


def _acts(
    connection: Connection, tables: Tables, undone: Collection[str], order: str, last: int
) -> list[list[Placed]]:
    """The effective events of an order up to a position, act by act."""
    event = ledger_tables.event
    rows = connection.execute(
        select(event.c.position, event.c.body)
        .where(event.c.order_number == order, event.c.order_number != "")
        .where(event.c.unreadable == "", event.c.position <= last)
        .order_by(event.c.position)
    )
    acts: dict[str, list[Placed]] = {}
    for position, body in rows:
        told = decode(body).event
        if not isinstance(told, Unknown) and type(told) in _COUNTED:
            acts.setdefault(told.act or told.id, []).append(Placed(position, told))
    gone = reversed_acts(connection, tables, acts.keys()).keys() | undone
    return [events for act, events in acts.items() if act not in gone]


def _added(order: Order, act: Sequence[Placed], name: str, measure: Measure) -> _Act:
    """What an act alone adds, by the domain's own sums."""
    part = Order(order.number, header=order.header, release=order.release)
    for one in act:
        evolve(part, one.event)
    return _Act(act[0], measure(part), frozenset(part.accepted.get(name, {}).values()))


def _accepted_by(connection: Connection, acts: Sequence[_Act], allowed: int) -> str:
    """The badges, or nothing where an act that may have gone over has none."""
    stations: dict[str, list[_Act]] = {}
    for act in sorted(acts, key=lambda act: (act.first.event.n, act.first.event.id)):
        stations.setdefault(act.first.event.station, []).append(act)
    for station, own in stations.items():
        bare = [n for n, act in enumerate(own) if act.micros > 0 and not act.badges]
        if not bare:
            continue
        last = own[bare[-1]]  # it has the most before it
        before = sum(act.micros for act in own[: bare[-1] + 1])
        for other, theirs in stations.items():
            if other != station:
                before += _unknowing(connection, theirs, last)
        if before > allowed:
            return ""
    return ", ".join(sorted({badge for act in acts for badge in act.badges}))


def _unknowing(connection: Connection, acts: Sequence[_Act], of: _Act) -> int:
    """What a station added before it knew of an act; who knows stays knowing."""
    first = bisect_left(acts, True, key=lambda act: knew(connection, act.first, of.first))
    return sum(act.micros for act in acts[:first])


_COUNTED: Final[frozenset[type[Event]]] = ORDER_FACTS & frozenset(REVERSIBLE)
