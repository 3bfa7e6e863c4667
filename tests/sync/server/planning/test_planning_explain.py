"""What a schedule tells: why an order is late, what stands before a work center, what moved."""

import dataclasses
import itertools
from datetime import date, datetime, timedelta

from hypothesis import given, settings

from sync.server.planning.calendar import Capacity
from sync.server.planning.explain import Lost, causes, chain, late_because, moved
from sync.server.planning.load import Load, fronts, load
from sync.server.planning.schedule import Job, Step, forward
from tests.sync.server.planning.plans import NOW, ONE_SHIFT, TODAY, capacities, jobs

MONDAY = datetime.fromisoformat("2026-11-23T06:00")
HOUR = 3_600
CENTERS = {
    "SAW": Capacity("SAW", 1, ONE_SHIFT),
    "MILL": Capacity("MILL", 2, ONE_SHIFT, frozenset({TODAY + timedelta(days=2)})),
}


def order(name: str, *steps: tuple[str, float], ready: int | None = None, **more: int) -> Job:
    day = None if ready is None else TODAY + timedelta(days=ready)
    due = TODAY + timedelta(days=more.get("due", 0))
    return Job(
        name,
        more.get("priority", 50),
        due,
        None,
        day,
        "FLOUR" if day else "",
        tuple(Step(str(n), where, 0, hours * HOUR) for n, (where, hours) in enumerate(steps, 1)),
    )


BUSY = [
    order("A", ("SAW", 8), ("MILL", 4), priority=1),
    order("B", ("SAW", 4), ("MILL", 2), priority=2),
    order("C", ("SAW", 1), ready=1, priority=3, due=3),
]


def test_a_late_order_tells_what_it_waited_for_longest() -> None:
    plan = forward(BUSY, CENTERS, MONDAY)
    assert causes(plan, "B") == (
        Lost("calendar", "SAW", "SAW", 16 * HOUR),
        Lost("capacity", "A", "SAW", 8 * HOUR),
    )
    assert late_because(plan, "B") == Lost("capacity", "A", "SAW", 8 * HOUR)
    assert late_because(plan, "C") is None
    assert late_because(plan, "unknown") is None


def test_work_of_its_own_that_is_too_long_is_no_cause() -> None:
    plan = forward([order("A", ("SAW", 20))], CENTERS, MONDAY)
    assert plan.slack_days("A") == -2
    assert late_because(plan, "A") is None


def test_the_chain_leads_from_a_slot_to_what_began_it_all() -> None:
    plan = forward(BUSY, CENTERS, MONDAY)
    last = plan.of_order("B")[-1]
    links = [(slot.order, slot.operation, why.kind) for slot, why in chain(plan, last)]
    assert links == [("B", "2", "previous"), ("B", "1", "capacity"), ("A", "1", "now")]


def test_load_is_told_by_day_against_what_fits() -> None:
    plan = forward(BUSY, CENTERS, MONDAY)
    days = [TODAY + timedelta(days=n) for n in range(3)]
    found = load(plan, CENTERS, TODAY, 3)
    assert [found["SAW", day] for day in days] == [Load(480, 480), Load(300, 480), Load(0, 480)]
    assert [found["MILL", day] for day in days] == [Load(0, 960), Load(360, 960), Load(0, 0)]
    assert [found["SAW", days[0]].share, found["MILL", days[2]].share] == [1.0, None]


def test_the_work_center_with_the_longest_waiting_stands_first() -> None:
    saw, mill = fronts(forward(BUSY, CENTERS, MONDAY))
    assert (saw.work_center, saw.waiting, saw.work_seconds) == ("SAW", 3, 13 * HOUR)
    assert (mill.work_center, mill.waits_seconds) == ("MILL", 0)
    assert saw.first is not None
    assert (saw.first.order, saw.clear) == ("A", datetime.fromisoformat("2026-11-24T11:00"))
    assert saw.waits_seconds == 18 * HOUR


def test_what_if_tells_each_order_that_moves() -> None:
    before = forward(BUSY, CENTERS, MONDAY)
    urgent = [BUSY[0], dataclasses.replace(BUSY[1], priority=0), BUSY[2]]
    found = moved(before, forward(urgent, CENTERS, MONDAY))
    assert [(one.order, one.was_late, one.is_late) for one in found] == [
        ("A", True, True),
        ("B", True, False),
    ]
    assert moved(before, before) == ()
    gone = moved(before, forward(BUSY[1:], CENTERS, MONDAY))
    assert (gone[0].order, gone[0].now) == ("A", None)


@settings(deadline=None)
@given(jobs(), capacities())
def test_all_work_is_in_the_load_and_every_chain_ends(
    of: tuple[Job, ...], centers: dict[str, Capacity]
) -> None:
    plan = forward(of, centers, NOW)
    last: date = max((slot.ends for slot in plan.slots), default=NOW).date()
    found = load(plan, centers, TODAY, (last - TODAY).days + 1)
    for name in centers:
        seconds = sum(slot.seconds for slot in plan.at_work_center(name))
        days = [one for (center, _), one in found.items() if center == name]
        assert 0 <= sum(one.minutes for one in days) * 60 - seconds < 60 * len(days)
        assert all(one.minutes <= one.available for one in days)
    for slot in plan.slots:
        links = chain(plan, slot)
        assert links[0][0] is slot
        assert all(a.begins >= b.begins for (a, _), (b, _) in itertools.pairwise(links))
    for job in of:
        spent = sum(lost.seconds for lost in causes(plan, job.order))
        begin = min((slot.begins for slot in plan.of_order(job.order)), default=NOW)
        assert spent >= (begin - NOW).total_seconds() or any(s.begun for s in job.steps)
