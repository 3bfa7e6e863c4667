"""The home of what a schedule asks of the work centers: load by day, and what waits before them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sync.server.planning.calendar import DAY_SECONDS, Capacity
from sync.server.planning.schedule import Schedule, Slot


@dataclass(frozen=True, slots=True)
class Load:
    """Minutes of work that a day holds at a work center, and how many fit into it."""

    minutes: int
    available: int

    @property
    def share(self) -> float | None:
        """Load against capacity, 1.0 is full; None where nothing is worked."""
        return self.minutes / self.available if self.available else None


@dataclass(frozen=True, slots=True)
class Front:
    """What stands before a work center.

    `waits_seconds` is the time that its operations wait for it to be free, summed over all of
    them; `clear` is when the last of its work ends; `first` is the next operation to begin.
    """

    work_center: str
    waiting: int
    work_seconds: int
    clear: datetime
    waits_seconds: int
    first: Slot | None


def load(
    schedule: Schedule, capacities: Mapping[str, Capacity], first: date, days: int
) -> dict[tuple[str, date], Load]:
    """The load of each work center on each of so many days from `first` on."""
    known = [first + timedelta(days=n) for n in range(days)]
    seconds = {(name, day): 0 for name in capacities for day in known}
    for slot in schedule.slots:
        for day, worked in _by_day(slot, capacities[slot.work_center], first, days):
            seconds[slot.work_center, day] += worked
    return {
        (name, day): Load(-(-worked // 60), capacities[name].available(day))
        for (name, day), worked in seconds.items()
    }


def fronts(schedule: Schedule) -> tuple[Front, ...]:
    """What stands before each work center that has work, the longest waiting first."""
    by_center: dict[str, list[Slot]] = {}
    for slot in schedule.slots:
        by_center.setdefault(slot.work_center, []).append(slot)
    found = [_front(name, slots) for name, slots in by_center.items()]
    return tuple(sorted(found, key=lambda one: (-one.waits_seconds, -one.work_seconds)))


def _front(name: str, slots: Iterable[Slot]) -> Front:
    own = tuple(slots)
    waiting = [slot for slot in own if not slot.begun]
    waits = [
        int((wait.until - wait.since).total_seconds())
        for slot in waiting
        for wait in slot.waits
        if wait.kind == "capacity"
    ]
    return Front(
        name,
        len(waiting),
        sum(slot.seconds for slot in own),
        max(slot.ends for slot in own),
        sum(waits),
        waiting[0] if waiting else None,
    )


def _by_day(slot: Slot, capacity: Capacity, first: date, days: int) -> Iterable[tuple[date, int]]:
    """Worked seconds of a slot on each day of the window that it touches."""
    begin = max(first, slot.begins.date())
    end = min(first + timedelta(days=days - 1), slot.ends.date())
    for n in range((end - begin).days + 1):
        day = begin + timedelta(days=n)
        midnight = datetime.combine(day, time())
        since = max(0, int((slot.begins - midnight).total_seconds()))
        until = min(DAY_SECONDS, int((slot.ends - midnight).total_seconds()))
        worked = sum(
            max(0, min(until, ends * 60) - max(since, begins * 60))
            for begins, ends in capacity.spans(day)
        )
        yield day, worked
