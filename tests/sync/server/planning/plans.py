"""Orders and work centers as Hypothesis strategies, and what holds of every schedule of them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from hypothesis import strategies as st

from sync.server.planning.calendar import Capacity, WorkTime
from sync.server.planning.schedule import Job, Schedule, Slot, Step

NOW = datetime.fromisoformat("2026-11-23T09:13:20")
TODAY = NOW.date()
ONE_SHIFT = (((360, 840),),) * 5 + ((), ())
NIGHTS = (((1_320, 1_800),),) * 5 + ((), ())
ALWAYS = (((0, 1_440),),) * 7
CENTERS = ("SAW", "TURN", "MILL")


def days_from(first: int, last: int) -> st.SearchStrategy[date | None]:
    return st.none() | st.integers(first, last).map(lambda n: TODAY + timedelta(days=n))


STEPS = st.builds(
    Step,
    operation=st.just("?"),
    work_center=st.sampled_from(CENTERS),
    setup_seconds=st.sampled_from([0, 60, 1_799.5]),
    run_seconds=st.sampled_from([0, 1, 3_600, 28_800, 100_000]),
    begun=st.booleans(),
)


@st.composite
def jobs(draw: st.DrawFn) -> tuple[Job, ...]:
    """Up to eight orders with one to four operations; each may wait for any other."""
    names = [f"O{n}" for n in range(draw(st.integers(1, 8)))]
    return tuple(draw(job(name, tuple(names[:n]))) for n, name in enumerate(names))


@st.composite
def job(draw: st.DrawFn, name: str, before: Sequence[str]) -> Job:
    steps = draw(st.lists(STEPS, max_size=4))
    numbered = [
        Step(str(n), one.work_center, one.setup_seconds, one.run_seconds, one.begun and n == 1)
        for n, one in enumerate(steps, 1)
    ]
    ready = draw(days_from(-5, 9))
    return Job(
        name,
        draw(st.integers(1, 3)),
        draw(days_from(-9, 30)),
        draw(days_from(-5, 9)),
        ready,
        "FLOUR" if ready else "",
        tuple(numbered),
        tuple(draw(st.lists(st.sampled_from(before), max_size=2, unique=True))) if before else (),
    )


@st.composite
def capacities(draw: st.DrawFn) -> dict[str, Capacity]:
    closed = draw(st.frozensets(st.integers(0, 9), max_size=3))
    days = frozenset(TODAY + timedelta(days=n) for n in closed)
    weeks = st.sampled_from([ONE_SHIFT, NIGHTS, ALWAYS])
    return {name: Capacity(name, draw(st.integers(1, 3)), draw(weeks), days) for name in CENTERS}


def midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def most_at_once(slots: Sequence[Slot]) -> int:
    """How many slots run side by side at the busiest moment."""
    changes = sorted(
        change for slot in slots if slot.seconds for change in ((slot.begins, 1), (slot.ends, -1))
    )
    running = most = 0
    for _, change in sorted(changes, key=lambda one: (one[0], one[1])):
        running += change
        most = max(most, running)
    return most


def holds(plan: Schedule, of: Sequence[Job], centers: Mapping[str, Capacity]) -> None:
    """Assert what is true of every schedule, whatever it was made of."""
    _all_is_placed_once(plan, of)
    for name, center in centers.items():
        assert most_at_once(plan.at_work_center(name)) <= center.capacity
    for slot in plan.slots:
        _takes_its_time(slot, centers[slot.work_center], plan.now)
        _is_explained(plan, slot)
    for one in of:
        _keeps_its_order(plan, one)


def _all_is_placed_once(plan: Schedule, of: Sequence[Job]) -> None:
    placed = sorted((slot.order, slot.operation) for slot in plan.slots)
    assert placed == sorted((one.order, step.operation) for one in of for step in one.steps)
    assert plan.ends.keys() == {one.order for one in of}
    assert not plan.unplaced


def _takes_its_time(slot: Slot, center: Capacity, now: datetime) -> None:
    axis = WorkTime(center, now)
    first, last = axis.position(slot.begins), axis.position(slot.ends)
    assert first is not None
    assert last is not None
    assert last - first == slot.seconds
    assert now <= slot.begins <= slot.ends


def _is_explained(plan: Schedule, slot: Slot) -> None:
    """The waits are the time from now to the begin, and what they name is so."""
    at = plan.now
    for wait in slot.waits:
        assert wait.since == at < wait.until
        at = wait.until
        if wait.kind == "capacity":
            assert any(one.ends == at for one in plan.of_order(wait.by))
        if wait.kind == "previous":
            before = [one for one in plan.of_order(slot.order) if one.operation == wait.by]
            assert [one.ends for one in before] == [at]
        if wait.kind == "order":
            assert plan.ends[wait.by] == at
    assert at == slot.begins
    assert slot.reason.until <= slot.begins
    assert (slot.reason.kind == "now") == (slot.begins == plan.now), slot


def _keeps_its_order(plan: Schedule, one: Job) -> None:
    slots = {slot.operation: slot for slot in plan.of_order(one.order)}
    at = plan.now
    for n, step in enumerate(one.steps):
        slot = slots[step.operation]
        if not step.begun:
            assert slot.begins >= at
            _waits_for_its_materials(plan, one, slot)
        at = max(at, slot.ends)
        assert plan.ends[one.order] >= slot.ends, n
    if one.due is not None:
        slack = plan.slack_days(one.order)
        assert slack is not None
        assert (slack >= 0) == (plan.ends[one.order] <= midnight(one.due + timedelta(days=1)))


def _waits_for_its_materials(plan: Schedule, one: Job, slot: Slot) -> None:
    for day in (one.ready, one.not_before):
        assert day is None or slot.begins >= midnight(day)
    for supplier in one.after:
        assert slot.begins >= plan.ends[supplier]
