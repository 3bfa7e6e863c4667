"""The home of the schedule: when each operation of each order begins and ends, and why not before.

Finite capacity: a work center runs so many operations side by side as it has places, each without
a break but for closed hours; what is no work takes no place. Orders are placed one after the other,
by priority, then due date, then number; an order takes the first gap that it fits into, so none
that is placed later delays one placed before. An order that another waits for is as urgent as that
one. What has begun on the floor is placed first. All times are naive and local, in whole seconds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal

from sync.server.planning.calendar import Capacity, WorkTime, whole
from sync.server.planning.occupancy import Occupancy
from sync.server.planning.sequence import in_sequence, suppliers_last

ReasonKind = Literal[
    "now", "not_before", "material", "order", "previous", "capacity", "calendar", "due"
]
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Step:
    """What is left of an operation: seconds of set-up, and of run time for all that is to make."""

    operation: str
    work_center: str
    setup_seconds: float
    run_seconds: float
    begun: bool = False

    @property
    def seconds(self) -> int:
        return whole(self.setup_seconds + self.run_seconds)


@dataclass(frozen=True, slots=True)
class Job:
    """An order to be scheduled.

    Its bought materials are there from the beginning of `ready` on, the last of them `ready_why`;
    `after` names orders whose end it waits for. Lower priority numbers go first.
    """

    order: str
    priority: int
    due: date | None
    not_before: date | None
    ready: date | None
    ready_why: str
    steps: tuple[Step, ...]
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why nothing began from `since` to `until`.

    `by` is the material, the order that is made first, the operation before, the order that takes
    the place, or the work center that is closed. "due" is backward scheduling: later is in time.
    """

    kind: ReasonKind
    by: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Slot:
    """An operation in the schedule; `waits` cover the time from now to its begin without a gap."""

    order: str
    operation: str
    work_center: str
    begins: datetime
    ends: datetime
    seconds: int
    begun: bool
    waits: tuple[Reason, ...]

    @property
    def reason(self) -> Reason:
        """Why it begins then: the last wait, a night or weekend after another one aside."""
        if not self.waits:
            return Reason("now", "", self.begins, self.begins)
        last = self.waits[-1]
        short = last.kind == "calendar" and last.until - last.since < _DAY
        return self.waits[-2] if short and len(self.waits) > 1 else last


@dataclass(frozen=True, slots=True)
class Schedule:
    """Slots by begin; `unplaced` are orders that cannot be planned, with what stands against it."""

    now: datetime
    slots: tuple[Slot, ...]
    ends: Mapping[str, datetime]
    due: Mapping[str, date]
    unplaced: Mapping[str, Reason]
    by_order: Mapping[str, tuple[Slot, ...]]
    by_work_center: Mapping[str, tuple[Slot, ...]]

    def slack_days(self, order: str) -> int | None:
        """Calendar days between the day it ends and its due day; below 0 is late."""
        ends, due = self.ends.get(order), self.due.get(order)
        if ends is None or due is None:
            return None
        return (due - (ends - timedelta(microseconds=1)).date()).days

    def of_order(self, order: str) -> tuple[Slot, ...]:
        return self.by_order.get(order, ())

    def at_work_center(self, work_center: str) -> tuple[Slot, ...]:
        return self.by_work_center.get(work_center, ())


@dataclass(slots=True)
class _Center:
    """A work center while the schedule grows."""

    time: WorkTime
    places: Occupancy


Latest = Mapping[tuple[str, int], datetime]


def forward(jobs: Sequence[Job], capacities: Mapping[str, Capacity], now: datetime) -> Schedule:
    """Each order as early as the orders before it, its materials and the calendars allow.

    A work center without a capacity never works: its orders are `unplaced`.
    """
    return _Growing(jobs, capacities, now, {}).grown()


def backward(jobs: Sequence[Job], capacities: Mapping[str, Capacity], now: datetime) -> Schedule:
    """Each order as late as its due day allows; as early as it can where that is too late.

    Orders without a due date, and what is late already, are scheduled forward.
    """
    whole_now = now.replace(microsecond=0)
    return _Growing(jobs, capacities, now, _latest(jobs, capacities, whole_now)).grown()


class _Growing:
    """A schedule that grows by one operation at a time."""

    def __init__(
        self,
        jobs: Sequence[Job],
        capacities: Mapping[str, Capacity],
        now: datetime,
        latest: Latest,
    ) -> None:
        self.now = now.replace(microsecond=0)
        self.jobs = in_sequence(jobs)
        self.latest = latest
        self.centers = _centers(capacities, self.now)
        self.slots: list[Slot] = []
        self.ends: dict[str, datetime] = {}
        self.unplaced: dict[str, Reason] = {}
        self.known = {job.order for job in jobs}
        self.begun: dict[tuple[str, int], Slot] = {}

    def grown(self) -> Schedule:
        for job in self.jobs:
            for n, step in enumerate(job.steps):
                if step.begun:
                    self._begun(job, n, step)
        for job in self.jobs:
            self._job(job)
        return self._schedule()

    def _schedule(self) -> Schedule:
        slots = sorted(self.slots, key=lambda one: (one.begins, one.work_center, one.order))
        by_order: dict[str, list[Slot]] = {}
        by_center: dict[str, list[Slot]] = {}
        for slot in slots:
            by_order.setdefault(slot.order, []).append(slot)
            by_center.setdefault(slot.work_center, []).append(slot)
        return Schedule(
            self.now,
            tuple(slots),
            self.ends,
            {job.order: job.due for job in self.jobs if job.due is not None},
            self.unplaced,
            {order: tuple(own) for order, own in by_order.items()},
            {name: tuple(own) for name, own in by_center.items()},
        )

    def _begun(self, job: Job, n: int, step: Step) -> None:
        slot = self._placed(job, step, [])
        if slot is not None:
            self.begun[job.order, n] = slot

    def _job(self, job: Job) -> None:
        waits = self._bounds(job)
        end = max([self.now, *(wait.until for wait in waits)])
        for n, step in enumerate(job.steps):
            if job.order in self.unplaced:
                return
            slot = self.begun.get((job.order, n))
            if slot is None:
                slot = self._placed(job, step, [*waits, *self._late_as_due(job, n)])
            if slot is None:
                return
            end = max(end, slot.ends) if n else slot.ends
            waits = [*waits, self._reason("previous", step.operation, slot.ends)]
        if job.order not in self.unplaced:
            self.ends[job.order] = end

    def _late_as_due(self, job: Job, n: int) -> Iterable[Reason]:
        latest = self.latest.get((job.order, n))
        if latest is not None:
            yield self._reason("due", job.order, latest)

    def _bounds(self, job: Job) -> list[Reason]:
        """Before what the whole order cannot begin."""
        found = []
        if job.not_before is not None:
            found.append(self._reason("not_before", job.order, _midnight(job.not_before)))
        if job.ready is not None:
            found.append(self._reason("material", job.ready_why, _midnight(job.ready)))
        for supplier in job.after:
            if supplier in self.unplaced:
                self.unplaced[job.order] = self._reason("order", supplier, self.now)
            elif supplier in self.ends:
                found.append(self._reason("order", supplier, self.ends[supplier]))
        return found

    def _reason(self, kind: ReasonKind, by: str, until: datetime) -> Reason:
        return Reason(kind, by, self.now, until)

    def _placed(self, job: Job, step: Step, bounds: Sequence[Reason]) -> Slot | None:
        """The step in the first gap behind its bounds; None, and `unplaced` tells, without one."""
        center = self.centers.get(step.work_center)
        slot = _in_gap(center, job, step, self.now, bounds) if center is not None else None
        if slot is None:
            self.unplaced[job.order] = self._reason("calendar", step.work_center, self.now)
        else:
            self.slots.append(slot)
        return slot


def _in_gap(
    center: _Center, job: Job, step: Step, now: datetime, bounds: Sequence[Reason]
) -> Slot | None:
    waits = _one_after_another(now, bounds)
    bound = waits[-1].until if waits else now
    first = center.time.position(bound)
    if first is None:
        return None
    seconds = step.seconds
    own = (job.order, step.operation, step.work_center)
    if not seconds:
        return Slot(*own, bound, bound, seconds, step.begun, tuple(waits))
    at, by = center.places.first_gap(first, seconds)
    begins, ends = center.time.begin(at), center.time.end(at + seconds)
    if begins is None or ends is None:
        return None
    if at > first and (full := center.time.end(at)) is not None:
        waits.append(Reason("capacity", by, bound, full))
        bound = full
    if begins > bound:
        waits.append(Reason("calendar", step.work_center, bound, begins))
    center.places.take(at, seconds, job.order)
    return Slot(*own, begins, ends, seconds, step.begun, tuple(waits))


def _latest(jobs: Sequence[Job], capacities: Mapping[str, Capacity], now: datetime) -> Latest:
    """When each operation begins at the latest, so that all due days are kept; none: too late."""
    centers = _centers(capacities, now)
    begins: dict[str, datetime] = {}
    latest: dict[tuple[str, int], datetime] = {}
    waiting: dict[str, list[str]] = {}
    for job in jobs:
        for supplier in job.after:
            waiting.setdefault(supplier, []).append(job.order)
    for job in suppliers_last(jobs):
        limits = [begins[order] for order in waiting.get(job.order, ()) if order in begins]
        if job.due is not None:
            limits.append(_end_of(job.due))
        if limits:
            found = _steps_back(job, min(limits), centers)
            begins[job.order] = min(found.values(), default=min(limits))
            latest.update(((job.order, n), begin) for n, begin in found.items())
    return latest


def _steps_back(job: Job, limit: datetime, centers: Mapping[str, _Center]) -> dict[int, datetime]:
    """Begin by step, from the last one back to the first that is begun or too late."""
    found: dict[int, datetime] = {}
    for n in range(len(job.steps) - 1, -1, -1):
        step = job.steps[n]
        center = centers.get(step.work_center)
        last = center.time.position(limit) if center is not None else None
        if step.begun or center is None or last is None:
            break
        at = center.places.last_gap(last, step.seconds)
        begin = None if at is None else center.time.begin(at) if step.seconds else limit
        if at is None or begin is None:
            break
        center.places.take(at, step.seconds, job.order)
        found[n] = limit = min(begin, limit)
    return found


def _centers(capacities: Mapping[str, Capacity], now: datetime) -> dict[str, _Center]:
    return {
        name: _Center(WorkTime(capacity, now), Occupancy(capacity.capacity))
        for name, capacity in capacities.items()
    }


def _one_after_another(now: datetime, bounds: Iterable[Reason]) -> list[Reason]:
    """The bounds as one wait behind the other: each accounts for what it adds to the earlier."""
    waits: list[Reason] = []
    at = now
    for bound in sorted(bounds, key=lambda one: one.until):
        if bound.until > at:
            waits.append(Reason(bound.kind, bound.by, at, bound.until))
            at = bound.until
    return waits


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _end_of(day: date) -> datetime:
    return _midnight(day + _DAY) if day < date.max else _midnight(day)
