"""The home of what a schedule is asked: why an order ends when it does, and what a change moves."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync.server.planning.schedule import Reason, ReasonKind, Schedule, Slot

_NOTHING = timedelta()


@dataclass(frozen=True, slots=True)
class Lost:
    """Time for which an order stood still, and for what; `work_center` is where it would go on."""

    kind: ReasonKind
    by: str
    work_center: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Moved:
    """An order that ends at another time; None is an order that is not planned there."""

    order: str
    was: datetime | None
    now: datetime | None
    was_late: bool
    is_late: bool


def causes(schedule: Schedule, order: str) -> tuple[Lost, ...]:
    """For what an order stands still, the longest first; its own work is no cause.

    Each moment counts once: what an operation waits for is counted from the end of the one before.
    """
    lost: dict[tuple[ReasonKind, str, str], float] = {}
    for slot in schedule.of_order(order):
        for wait in slot.waits:
            if wait.kind != "previous":
                key = wait.kind, wait.by, slot.work_center
                since = max(wait.since, _worked_until(schedule, slot))
                seconds = (wait.until - since).total_seconds()
                lost[key] = lost.get(key, 0) + max(0.0, seconds)
    found = [Lost(*key, int(seconds)) for key, seconds in lost.items() if seconds]
    return tuple(sorted(found, key=lambda one: (-one.seconds, one.kind, one.by)))


def late_because(schedule: Schedule, order: str) -> Lost | None:
    """What a late order waits for longest; None where it is in time or its own work is too long."""
    slack = schedule.slack_days(order)
    found = causes(schedule, order) if slack is not None and slack < 0 else ()
    real = [lost for lost in found if lost.kind != "calendar"]
    return next(iter(real or found), None)


def chain(schedule: Schedule, slot: Slot) -> tuple[tuple[Slot, Reason], ...]:
    """From a slot back to the root: each with its reason, then the slot that the reason names."""
    found: list[tuple[Slot, Reason]] = []
    at: Slot | None = slot
    while at is not None and all(at is not known for known, _ in found):
        reason = at.reason
        found.append((at, reason))
        at = _named(schedule, at, reason)
    return tuple(found)


def moved(before: Schedule, after: Schedule) -> tuple[Moved, ...]:
    """Each order that ends at another time in `after`, the most delayed first."""
    orders = before.ends.keys() | after.ends.keys() | before.unplaced.keys() | after.unplaced.keys()
    found = [
        Moved(
            order,
            before.ends.get(order),
            after.ends.get(order),
            _is_late(before, order),
            _is_late(after, order),
        )
        for order in orders
        if before.ends.get(order) != after.ends.get(order)
    ]
    return tuple(sorted(found, key=lambda one: (-_delay(one).total_seconds(), one.order)))


def _worked_until(schedule: Schedule, slot: Slot) -> datetime:
    """When the operation before in the same order ends."""
    ends = [wait.until for wait in slot.waits if wait.kind == "previous"]
    return max(ends, default=schedule.now)


def _named(schedule: Schedule, slot: Slot, reason: Reason) -> Slot | None:
    """The slot whose end a reason waits for."""
    if reason.kind == "previous":
        return _ending(schedule.of_order(slot.order), reason.until, reason.by)
    if reason.kind == "order":
        return _ending(schedule.of_order(reason.by), reason.until)
    if reason.kind == "capacity":
        taken = schedule.at_work_center(slot.work_center)
        return _ending((one for one in taken if one.order == reason.by), reason.until)
    return None


def _ending(slots: Iterable[Slot], until: datetime, operation: str = "") -> Slot | None:
    return next(
        (one for one in slots if one.ends == until and operation in {"", one.operation}), None
    )


def _is_late(schedule: Schedule, order: str) -> bool:
    slack = schedule.slack_days(order)
    return order in schedule.unplaced or (slack is not None and slack < 0)


def _delay(one: Moved) -> timedelta:
    if one.now is None:
        return timedelta.max
    return one.now - one.was if one.was is not None else _NOTHING
