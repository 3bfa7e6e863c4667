"""What the floor made in a period, how well and at what cost: by day, shift, work center, material.

Terms are those of ISO 22400-2: actual production time (APT), planned busy time (PBT), produced and
good quantity (PQ, GQ), planned run time per item (PRI); the formulas stand in `sums`. Days and
shifts are those of `shifts`; every grouping holds the same work, so that all add up to one total.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from sync.server.database import Database
from sync.server.views.done_work import DoneWork, done_work
from sync.server.views.order_costs import MaterialMoney, OrderMoney
from sync.server.views.performed import MS
from sync.server.views.sums import Sums, joined

READ_SECONDS_MAX: Final = 0.7
RESULTS_KEPT_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class OnTime:
    """Finished orders of the period: how many had a due day, how many were in time."""

    finished: int
    in_time: int

    @property
    def rate(self) -> float | None:
        return self.in_time / self.finished if self.finished else None


@dataclass(slots=True)
class Performance:
    """A period; `read` is how much of what there is was read, 0 to 1, `first` the first day that
    is kept. `costs` are worst variance first, `unknown` what had no price or rate.
    """

    since: date
    until: date
    first: date
    read: float
    total: Sums = field(default_factory=Sums)
    days: dict[date, Sums] = field(default_factory=dict)
    shifts: dict[str, Sums] = field(default_factory=dict)
    centers: dict[str, Sums] = field(default_factory=dict)
    center_shifts: dict[tuple[str, str], Sums] = field(default_factory=dict)
    materials: dict[str, Sums] = field(default_factory=dict)
    reasons: dict[tuple[str, str], int] = field(default_factory=dict)
    orders: list[OrderMoney] = field(default_factory=list)
    costs: list[MaterialMoney] = field(default_factory=list)
    unknown: tuple[str, ...] = ()
    on_time: OnTime = OnTime(0, 0)

    @property
    def whole(self) -> bool:
        """Whether all of the period was read and kept."""
        return self.read >= 1.0 and self.first <= self.since


def performance(
    connection: Connection,
    since: date,
    until: date,
    now: datetime,
    seconds_max: float = READ_SECONDS_MAX,
) -> Performance:
    """The period from one day to another, both inclusive; `now` is the site's clock, naive.

    Where not all is read in the time, the answer says how much of it is, and holds nothing else.
    """
    with done_work(connection, now.date(), seconds_max) as kept:
        if kept is None or kept.share < 1:
            return Performance(since, until, since, kept.share if kept else 0.0)
        minute = now.replace(second=0, microsecond=0)
        key = (since, until, minute, kept.version)
        found = kept.results.get(key)
        if found is None:
            found = _performance(kept, since, until, minute)
            if len(kept.results) >= RESULTS_KEPT_MAX:
                kept.results.clear()
            kept.results[key] = found
        return found


async def whole_performance(
    database: Database, since: date, until: date, now: datetime
) -> Performance:
    """The same once all of it is read; between its turns others have theirs."""
    while True:
        found = await database.read(lambda conn: performance(conn, since, until, now))
        if found.read >= 1:
            return found
        await asyncio.sleep(0)


def _performance(kept: DoneWork, since: date, until: date, now: datetime) -> Performance:
    found = Performance(since, until, kept.since, 1.0)
    for day in _days(since, until):
        _add_day(found, kept, day)
    _add_open(found, kept, now)
    found.total = joined(found.days.values())
    for (_, shift), sums in found.center_shifts.items():
        found.shifts.setdefault(shift, Sums()).join(sums)
    for (center, _), sums in found.center_shifts.items():
        found.centers.setdefault(center, Sums()).join(sums)
    _add_costs(found, kept, now.date())
    return found


def _days(since: date, until: date) -> Iterator[date]:
    for number in range((until - since).days + 1):
        yield since + timedelta(days=number)


def _add_day(found: Performance, kept: DoneWork, at: date) -> None:
    day = kept.days.days.get(at)
    if day is None:
        return
    for key, sums in day.centers.items():
        found.center_shifts.setdefault(key, Sums()).join(sums)
    if day.centers:
        found.days[at] = joined(day.centers.values())
    for material, sums in day.materials.items():
        found.materials.setdefault(material, Sums()).join(sums)
    for reason, micros in day.reasons.items():
        found.reasons[reason] = found.reasons.get(reason, 0) + micros


def _add_open(found: Performance, kept: DoneWork, now: datetime) -> None:
    """Planned busy time (PBT): what the calendars opened, up to now, where anything was done."""
    centers = sorted({center for center, _ in found.center_shifts})
    for at in _days(found.since, found.until):
        for center in centers:
            for shift, seconds in kept.days.shifts.open_seconds(center, at, now).items():
                ms = seconds * MS
                found.center_shifts.setdefault((center, shift), Sums()).open_ms += ms
                found.days.setdefault(at, Sums()).open_ms += ms


def _add_costs(found: Performance, kept: DoneWork, today: date) -> None:
    """The finished orders, what they cost by material, and how many were on time."""
    unknown: set[str] = set()
    materials: dict[str, MaterialMoney] = {}
    found.orders = kept.finished(found.since, found.until, today)
    found.orders.sort(key=lambda one: (-one.money.variance, one.order))
    for one in found.orders:
        unknown.update(one.money.unknown)
        held = materials.get(one.material)
        if held is None:
            held = materials[one.material] = MaterialMoney(one.material, one.unit)
        held.add(one)
    found.costs = sorted(materials.values(), key=lambda one: (-one.variance, one.material))
    found.unknown = tuple(sorted(unknown))
    due = [one.in_time for one in found.orders if one.due]
    found.on_time = OnTime(len(due), sum(due))
