"""What the floor made in a period, and how well: output, scrap, times, by work center and material.

Facts are read from the ledger's own events of the period, without what was reversed. Terms are
those of ISO 22400-2: actual production time (APT), planned busy time (PBT), produced and good
quantity (PQ, GQ), planned run time per item (PRI).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, exists, select

from sync.domain.events import (
    DowntimeEnded,
    DowntimeStarted,
    Event,
    OperationEnded,
    OperationPaused,
    OperationReported,
    OperationResumed,
    OperationStarted,
)
from sync.domain.quantity import MICROS_PER_ONE
from sync.server.planning.calendar import capacity_of
from sync.server.rows import rows_with
from sync.server.tables import event as event_table
from sync.server.view_tables import order_view, reversed_act
from sync.server.views.books import Masters, masters
from sync.server.views.capital import position_at
from sync.wire import Unknown, decode

EVENTS_MAX: Final = 200_000
KINDS: Final = (
    OperationReported, OperationStarted, OperationEnded, OperationPaused, OperationResumed,
    DowntimeStarted, DowntimeEnded,
)  # fmt: skip
_CLOSES: Final = (OperationEnded, OperationResumed, DowntimeEnded)


@dataclass(slots=True)
class Sums:
    """Micros of good and scrap at all operations; seconds planned for them, worked and stopped."""

    good: int = 0
    scrap: int = 0
    planned_seconds: float = 0.0
    worked_seconds: float = 0.0
    stopped_seconds: float = 0.0
    busy_seconds: float = 0.0

    @property
    def produced(self) -> int:
        return self.good + self.scrap

    @property
    def quality(self) -> float | None:
        """GQ / PQ: what of the quantity was good."""
        return self.good / self.produced if self.produced else None

    @property
    def availability(self) -> float | None:
        """APT / PBT: what of the time that the work center is open was production."""
        return self.worked_seconds / self.busy_seconds if self.busy_seconds else None

    @property
    def effectiveness(self) -> float | None:
        """PRI x PQ / APT: the time that it should have taken, of what it took."""
        return self.planned_seconds / self.worked_seconds if self.worked_seconds else None

    @property
    def oee(self) -> float | None:
        """Availability x effectiveness x quality."""
        parts = (self.availability, self.effectiveness, self.quality)
        if any(part is None for part in parts):
            return None
        return (self.availability or 0) * (self.effectiveness or 0) * (self.quality or 0)


@dataclass(slots=True)
class Performance:
    """A period by work center, material, day and reason; `whole` unless it was too much to read."""

    since: date
    until: date
    centers: dict[str, Sums] = field(default_factory=dict)
    materials: dict[str, Sums] = field(default_factory=dict)
    days: dict[date, Sums] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    ended: dict[str, date] = field(default_factory=dict)
    whole: bool = True


@dataclass(frozen=True, slots=True)
class OnTime:
    """Finished orders of the period: how many there were with a due day, how many were in time."""

    finished: int
    in_time: int

    @property
    def rate(self) -> float | None:
        return self.in_time / self.finished if self.finished else None


def performance(connection: Connection, since: date, until: date) -> Performance:
    """The period from one day to another, both inclusive, by the stations' own days."""
    found = Performance(since, until)
    known = masters(connection)
    events = list(_events(connection, since))
    found.whole = len(events) < EVENTS_MAX
    told = [event for event in events if since <= (_day(event) or date.min) <= until]
    numbers = sorted({str(getattr(event, "order", "")) for event in told} - {""})
    rows = rows_with(connection, order_view, "order_number", numbers, "material")
    made = {row[0]: str(row[1]) for row in rows}
    for event in told:
        if isinstance(event, OperationReported):
            _report(found, event, made.get(event.order, ""), known)
        elif isinstance(event, OperationEnded):
            found.ended[event.order] = max(
                found.ended.get(event.order, since), _day(event) or since
            )
    _times(found, told)
    _busy(found, known)
    return found


def on_time(connection: Connection, found: Performance) -> OnTime:
    """Of the orders that were finished in the period and had a due day."""
    numbers = sorted(found.ended)
    rows = rows_with(connection, order_view, "order_number", numbers, "status", "due")
    due = [(row[0], row[2]) for row in rows if row[1] in {"completed", "closed"} and row[2]]
    in_time = sum(found.ended[order].isoformat() <= day for order, day in due)
    return OnTime(len(due), in_time)


def _report(found: Performance, event: OperationReported, material: str, known: Masters) -> None:
    scrap = event.scrap.micros if event.scrap else 0
    planned = _planned_seconds(known, material, event.operation, event.good.micros + scrap)
    day = _day(event) or found.since
    for sums in (
        found.centers.setdefault(event.work_center, Sums()),
        found.materials.setdefault(material, Sums()),
        found.days.setdefault(day, Sums()),
    ):
        sums.good += event.good.micros
        sums.scrap += scrap
        sums.planned_seconds += planned
    if scrap:
        found.reasons[event.reason] += scrap


def _planned_seconds(known: Masters, material: str, operation: str, micros: int) -> float:
    routing = known.routings.get(material)
    for one in routing.operations if routing else ():
        if one.operation == operation:
            return float(one.run_seconds or 0) * micros / MICROS_PER_ONE
    return 0.0


def _times(found: Performance, told: Sequence[Event]) -> None:
    """Seconds from starts to their ends less pauses, and of stops, where both ends are known."""
    opened = {event.id: event for event in told}
    for event in told:
        begun = opened.get(str(getattr(event, "of", ""))) if isinstance(event, _CLOSES) else None
        if begun is None:
            continue
        seconds = _between(begun, event)
        center = str(getattr(begun, "work_center", ""))
        sums = found.centers.setdefault(center, Sums())
        if isinstance(event, DowntimeEnded):
            sums.stopped_seconds += seconds
        elif isinstance(event, OperationEnded):
            sums.worked_seconds += seconds
        else:
            sums.worked_seconds -= seconds
    for sums in found.centers.values():
        sums.worked_seconds = max(0.0, sums.worked_seconds)


def _between(begun: Event, ended: Event) -> float:
    """Seconds by the clock that only runs forward where both are of one boot, else by the wall."""
    if begun.boot and begun.boot == ended.boot:
        return max(0.0, (ended.mono - begun.mono) / 1000)
    first, last = _moment(begun), _moment(ended)
    return max(0.0, (last - first).total_seconds()) if first and last else 0.0


def _busy(found: Performance, known: Masters) -> None:
    """Planned busy time: the hours of the calendars, up to today, of work centers that worked."""
    days = (found.until - found.since).days + 1
    for name, sums in found.centers.items():
        center = known.work_centers.get(name)
        if center is None:
            continue
        capacity = capacity_of(center, known.calendars)
        minutes = (capacity.available(found.since + timedelta(n)) for n in range(days))
        sums.busy_seconds = sum(minutes) * 60.0


def _events(connection: Connection, since: date) -> Iterator[Event]:
    table = event_table
    query = (
        select(table.c.body)
        .where(
            table.c.position >= position_at(connection, since),
            table.c.type.in_([kind.__name__ for kind in KINDS]),
            table.c.unreadable == "",
            ~exists().where(reversed_act.c.act == table.c.act),
        )
        .order_by(table.c.position)
        .limit(EVENTS_MAX)
    )
    rows: Any = connection.execute(query)
    for (body,) in rows:
        event = decode(body).event
        if not isinstance(event, Unknown):
            yield event


def _moment(event: Event) -> datetime | None:
    try:
        return datetime.fromisoformat(event.at)
    except ValueError:
        return None


def _day(event: Event) -> date | None:
    moment = _moment(event)
    return moment.date() if moment else None
