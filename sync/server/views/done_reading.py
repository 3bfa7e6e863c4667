"""The home of what `done_work` reads: which orders and stops a stretch of the ledger touches, and
all that the ledger and the views tell of them now.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, exists, select

from sync.domain.events import (
    DowntimeEnded,
    DowntimeStarted,
    Event,
    EventReversed,
    OperationEnded,
    OperationPaused,
    OperationReported,
    OperationResumed,
    OperationStarted,
    SetupEnded,
)
from sync.server.rows import rows_with
from sync.server.station_clocks import clock_book
from sync.server.tables import event as event_table
from sync.server.view_tables import order_lot, order_operation, order_view, reversed_act
from sync.server.views.order_costs import Spent
from sync.server.views.performed import Performed, Work, performed, stopped
from sync.wire import Unknown, decode

ACTS_AT_ONCE: Final = 400
_WORK: Final = tuple(
    kind.__name__
    for kind in (
        OperationReported, OperationStarted, OperationEnded, OperationPaused, OperationResumed,
        SetupEnded,
    )
)  # fmt: skip
_STOPS: Final = (DowntimeStarted.__name__, DowntimeEnded.__name__)
_REVERSED: Final = EventReversed.__name__
_AT: Final = b'"at":"'
_DATE_CHARS: Final = len("2026-11-23")
_FINISHED: Final = frozenset({"completed", "closed"})


class Order(NamedTuple):
    """What is told of one order now; `spent` only of one that is finished."""

    number: str
    material: str
    name: str
    due: str
    finished: bool
    done: Performed
    spent: Spent | None


@dataclass(slots=True)
class Stop:
    """A stop of a work center by what began it, and all that says it ended, by id."""

    start: DowntimeStarted | None = None
    ends: dict[str, DowntimeEnded] = field(default_factory=dict)


@dataclass(slots=True)
class Touched:
    """What a stretch of the ledger touches; `undone` are the (id, type) of acts taken back."""

    orders: set[str] = field(default_factory=set)
    stops: list[DowntimeStarted | DowntimeEnded] = field(default_factory=list)
    undone: set[str] = field(default_factory=set)


def touched(connection: Connection, after: int, upto: int) -> Touched:
    """The orders that any event behind `after` up to `upto` is about, and the stops told there."""
    table, found = event_table, Touched()
    there = (table.c.position > after, table.c.position <= upto)
    numbers = select(table.c.order_number).where(*there, table.c.order_number != "").distinct()
    found.orders.update(row[0] for row in connection.execute(numbers))
    told = (
        select(table.c.act, table.c.body)
        .where(*there, table.c.type.in_((*_STOPS, _REVERSED)), table.c.unreadable == "")
        .order_by(table.c.position)
    )
    events = [(act, decode(body).event) for act, body in connection.execute(told)]
    undone = _undone(connection, [act for act, _ in events if act])
    acts = {event.of for _, event in events if isinstance(event, EventReversed)} - {""}
    for act, event in events:
        if isinstance(event, DowntimeStarted | DowntimeEnded) and act not in undone:
            found.stops.append(event)
    _add_undone(connection, found, sorted(acts))
    return found


def _undone(connection: Connection, acts: Sequence[str]) -> set[str]:
    """Which acts are taken back, also by what came before them."""
    rows = rows_with(connection, reversed_act, "act", sorted(set(acts)), "position")
    return {row[0] for row in rows}


def _add_undone(connection: Connection, found: Touched, acts: Sequence[str]) -> None:
    """What acts that are taken back were about."""
    for _, event, kind, number in rows_with(
        connection, event_table, "act", acts, "id", "type", "order_number"
    ):
        if number:
            found.orders.add(number)
        if kind in _STOPS:
            found.undone.add(event)


class Stops:
    """The stops that were told and not taken back."""

    def __init__(self) -> None:
        self._stops: dict[str, Stop] = {}
        self._of: dict[str, str] = {}

    def take(self, found: Touched) -> set[str]:
        """Keep what a stretch of the ledger tells; returns which stops that changes."""
        changed = set()
        for event in found.stops:
            of = event.of if isinstance(event, DowntimeEnded) else event.id
            stop = self._stops.setdefault(of, Stop())
            if isinstance(event, DowntimeEnded):
                stop.ends[event.id] = event
            else:
                stop.start = event
            self._of[event.id] = of
            changed.add(of)
        for event_id in found.undone:
            changed.update(self._take_back(event_id))
        return changed

    def works(self, connection: Connection, changed: Iterable[str]) -> dict[str, Work | None]:
        """How long each of them stood; nothing of one that stands still, or never began."""
        stops = {of: self._stops.get(of, Stop()) for of in sorted(changed)}
        events: list[Event] = []
        for stop in stops.values():
            events += [*([stop.start] if stop.start else []), *stop.ends.values()]
        wall = clock_book(connection, events).seconds
        return {
            of: stopped(stop.start, stop.ends.values(), wall) if stop.start else None
            for of, stop in stops.items()
        }

    def keep_from(self, since: date) -> None:
        """Forget those that are told of no later than a day."""
        first = since.isoformat()
        for of, stop in list(self._stops.items()):
            told = [*([stop.start] if stop.start else []), *stop.ends.values()]
            if all(event.at < first for event in told):
                del self._stops[of]
                for event in told:
                    self._of.pop(event.id, None)

    def _take_back(self, event_id: str) -> list[str]:
        of = self._of.pop(event_id, None)
        if of is None:
            return []
        stop = self._stops[of]
        stop.ends.pop(event_id, None)
        if stop.start is not None and stop.start.id == event_id:
            stop.start = None
        return [of]


def read_orders(connection: Connection, numbers: Sequence[str], since: date) -> list[Order]:
    """What is told now of orders that were worked on since a day; others are left out."""
    bodies = _bodies(connection, numbers, since)
    events = {number: list(_events(several)) for number, several in bodies.items()}
    book = clock_book(connection, [one for several in events.values() for one in several])
    known = sorted(events)
    rows = rows_with(
        connection, order_view, "order_number", known,
        "status", "material", "name", "unit", "due", "planned", "good",
    )  # fmt: skip
    heads = {row[0]: row[1:] for row in rows}
    done = {number: performed(number, events[number], book.seconds) for number in known}
    finished = sorted(
        number for number, head in heads.items() if head[0] in _FINISHED and done[number].ended
    )
    spent = _spent(connection, finished, heads, done)
    nothing = ("", "", "", "", "", 0, 0)
    found = []
    for number in known:
        _, material, name, _, due, _, _ = heads.get(number, nothing)
        one = spent.get(number)
        found.append(Order(number, material, name, due, one is not None, done[number], one))
    return found


def _bodies(connection: Connection, numbers: Sequence[str], since: date) -> dict[str, list[bytes]]:
    """The effective events of work, in turn, of orders that have one of a day or later."""
    table = event_table
    query = (
        select(table.c.order_number, table.c.body)
        .where(
            table.c.order_number.in_(list(numbers)),
            table.c.order_number != "",  # what the index says of itself
            table.c.type.in_(_WORK),
            table.c.unreadable == "",
            ~exists().where(reversed_act.c.act == table.c.act),
        )
        .order_by(table.c.order_number, table.c.position)
    )
    told: dict[str, list[bytes]] = {}
    first, recent = since.isoformat().encode(), set()
    for number, body in connection.execute(query):
        told.setdefault(number, []).append(body)
        at = body.find(_AT) + len(_AT)
        if body[at : at + _DATE_CHARS] >= first or at < len(_AT):
            recent.add(number)
    return {number: told[number] for number in told if number in recent}


def _events(bodies: Iterable[bytes]) -> Iterable[Event]:
    for body in bodies:
        event = decode(body).event
        if not isinstance(event, Unknown):
            yield event


def _spent(
    connection: Connection,
    numbers: Sequence[str],
    heads: dict[str, tuple[Any, ...]],
    done: dict[str, Performed],
) -> dict[str, Spent]:
    """What finished orders used: their lots, and their time where the plan has the operation."""
    used: dict[str, list[tuple[str, str, int]]] = {}
    sums: dict[tuple[str, str, str], int] = {}
    for number, material, unit, micros in rows_with(
        connection, order_lot, "order_number", numbers, "material", "unit", "consumed"
    ):
        key = (number, material, unit)
        sums[key] = sums.get(key, 0) + int(micros)
    for (number, material, unit), micros in sorted(sums.items()):
        used.setdefault(number, []).append((material, unit, micros))
    centers = {
        (number, operation): center
        for number, operation, center in rows_with(
            connection, order_operation, "order_number", numbers, "operation", "work_center"
        )
    }
    found = {}
    for number in numbers:
        _, material, _, unit, _, planned, good = heads[number]
        labour = tuple(_labour(number, done[number], centers))
        micros, made = int(planned), max(0, int(good))
        found[number] = Spent(material, unit, micros, made, tuple(used.get(number, ())), labour)
    return found


def _labour(
    number: str, done: Performed, centers: dict[tuple[str, str], str]
) -> Iterable[tuple[str, int]]:
    """Where each operation ran, by the plan, else where it began."""
    for operation, seconds in done.seconds:
        begun = done.begun.get(operation, "")
        center = centers.get((number, operation), begun)
        if center:
            yield center, seconds
