"""The home of how a work center stands: what runs, who is on it, what waits before it, how full the
week is; and of which of them is the bottleneck.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from sqlalchemy import Connection

from sync.server.planning.load import Front, fronts
from sync.server.planning.schedule import Slot
from sync.server.views.at_work import AtWork, at_work
from sync.server.views.plan import PlanView
from sync.server.views.trouble import TroubleLine, trouble_lines

WEEK_DAYS: Final = 7
FULL_SHARE: Final = 1.0
State = Literal["stopped", "blocked", "running", "paused", "idle"]


@dataclass(frozen=True, slots=True)
class Center:
    """A work center now. `minutes` of work against `available` of capacity are of the rest of this
    week; `front` is what waits before it, `next` the first order of that.
    """

    key: str
    name: str
    state: State
    running: tuple[AtWork, ...]
    trouble: tuple[TroubleLine, ...]
    front: Front | None
    minutes: int
    available: int
    late: int

    @property
    def share(self) -> float | None:
        return self.minutes / self.available if self.available else None

    @property
    def waiting(self) -> int:
        return self.front.waiting if self.front else 0

    @property
    def work_seconds(self) -> int:
        return self.front.work_seconds if self.front else 0

    @property
    def waits_seconds(self) -> int:
        return self.front.waits_seconds if self.front else 0

    @property
    def next(self) -> Slot | None:
        return self.front.first if self.front else None

    @property
    def people(self) -> tuple[str, ...]:
        return tuple(sorted({name for one in self.running for name in one.people}))

    @property
    def calls(self) -> tuple[TroubleLine, ...]:
        return tuple(one for one in self.trouble if one.kind == "call")


@dataclass(frozen=True, slots=True)
class Floor:
    """All work centers, the fullest first; `bottleneck` is the one that all wait for, if any."""

    centers: tuple[Center, ...]
    bottleneck: Center | None
    trouble: tuple[TroubleLine, ...]

    def count(self, state: State) -> int:
        return sum(1 for one in self.centers if one.state == state)


def floor_of(connection: Connection, plan: PlanView) -> Floor:
    """How the floor stands, by the plan and by what the stations told."""
    troubles, running = trouble_lines(connection), at_work(connection)
    before = {front.work_center: front for front in fronts(plan.schedule)}
    loads = week_load(plan)
    told = {one.work_center for one in running} | {one.work_center for one in troubles}
    keys = {*plan.capacities, *told} - {""}
    late = set(plan.late)
    found = [
        _center(
            key,
            plan,
            tuple(one for one in running if one.work_center == key),
            tuple(one for one in troubles if one.work_center == key),
            before.get(key),
            loads.get(key, (0, 0)),
            late,
        )
        for key in keys
    ]
    ranked = tuple(sorted(found, key=lambda one: (-(one.share or 0), -one.work_seconds, one.name)))
    return Floor(ranked, bottleneck(ranked), tuple(troubles))


def bottleneck(centers: Iterable[Center]) -> Center | None:
    """The work center that work waits for longest; where none waits, the one that is overfull."""
    known = tuple(centers)
    waited = max(known, key=lambda one: one.waits_seconds, default=None)
    if waited is not None and waited.waits_seconds:
        return waited
    full = max(known, key=lambda one: one.share or 0, default=None)
    return full if full is not None and (full.share or 0) > FULL_SHARE else None


def week_load(plan: PlanView) -> Mapping[str, tuple[int, int]]:
    """Work center → minutes of work and of capacity from today to the end of the week.

    On a week's end it is the next week that counts.
    """
    first = _first_day(plan)
    days = WEEK_DAYS - first.weekday()
    found: dict[str, tuple[int, int]] = {}
    for (center, _), load in plan.load(first, days).items():
        minutes, available = found.get(center, (0, 0))
        found[center] = minutes + load.minutes, available + load.available
    return found


def _first_day(plan: PlanView) -> date:
    """Today, or Monday where nothing is worked any more this week."""
    today = plan.today
    rest = [today + timedelta(days=n) for n in range(WEEK_DAYS - today.weekday())]
    works = any(one.available(day) for one in plan.capacities.values() for day in rest)
    return today if works else rest[-1] + timedelta(days=1)


def _center(
    key: str,
    plan: PlanView,
    running: tuple[AtWork, ...],
    trouble: tuple[TroubleLine, ...],
    front: Front | None,
    load: tuple[int, int],
    late: set[str],
) -> Center:
    known = plan.known.centers.get(key)
    slots = plan.schedule.at_work_center(key)
    return Center(
        key,
        known.name if known is not None and known.name else key,
        _state(running, trouble, front, plan),
        running,
        trouble,
        front,
        *load,
        len({slot.order for slot in slots} & late),
    )


def _state(
    running: tuple[AtWork, ...],
    trouble: tuple[TroubleLine, ...],
    front: Front | None,
    plan: PlanView,
) -> State:
    """Stopped by a reason told; blocked where work is there and its material is not."""
    if any(one.kind == "stop" for one in trouble):
        return "stopped"
    if any(one.status == "running" for one in running):
        return "running"
    if running:
        return "paused"
    first = front.first if front else None
    if first is not None and first.begins > plan.now and first.reason.kind in {"material", "order"}:
        return "blocked"
    return "idle"
