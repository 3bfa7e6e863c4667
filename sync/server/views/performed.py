"""The home of what one order's events tell of work done: what was reported, and what took how long.

Of a start that has ended, times are cut into set-up and run, pauses left out, as
`sync.domain.durations` counts them. Moments are those of the station's own clock on the wall.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from sync.domain.durations import Seconds, between, run_seconds, setup_seconds, wall_seconds
from sync.domain.events import (
    DowntimeEnded,
    DowntimeStarted,
    Event,
    OperationEnded,
    OperationReported,
    OperationStarted,
)
from sync.domain.order_facts import OrderFacts, ends_setup, evolve

Kind = Literal["run", "setup", "stop"]
MS: Final = 1_000
_Part = tuple[float, float]


class Output(NamedTuple):
    """One report: micros of good and of scrap, each in its unit."""

    at: datetime
    center: str
    operation: str
    good: int
    unit: str
    scrap: int
    scrap_unit: str
    reason: str


class Work(NamedTuple):
    """Some time at a work center: from and until by the wall, and how long it really took."""

    kind: Kind
    center: str
    begins: datetime
    ends: datetime
    ms: int


class Performed(NamedTuple):
    """What an order's events tell. `seconds` are (operation, set-up and run), whole, as its own
    page rounds them; `ended` is (work center, moment) of each end; `begun` is where each
    operation was begun.
    """

    outputs: tuple[Output, ...]
    works: tuple[Work, ...]
    seconds: tuple[tuple[str, int], ...]
    ended: tuple[tuple[str, datetime], ...]
    begun: Mapping[str, str]


def wall_of(event: Event) -> datetime | None:
    """The moment by the station's clock on the wall, naive; None where it has none."""
    try:
        return datetime.fromisoformat(event.at).replace(tzinfo=None)
    except ValueError:
        return None


def performed(number: str, events: Sequence[Event], wall: Seconds = wall_seconds) -> Performed:
    """The work of an order from its effective events of reports, starts, pauses and ends."""
    facts = OrderFacts(number)
    outputs = []
    for event in events:
        if not isinstance(event, OperationReported):
            evolve(facts, event)
        elif (at := wall_of(event)) is not None:
            outputs.append(_output(event, at))
    names = sorted({one.operation for one in (*facts.starts.values(), *facts.ends.values())})
    took = ((one, _whole_seconds(facts, one, wall)) for one in names)
    ends = ((one.work_center, wall_of(one)) for one in facts.ends.values())
    return Performed(
        tuple(outputs),
        tuple(work for name in names for work in _works(facts, name, wall)),
        tuple((name, seconds) for name, seconds in took if seconds),
        tuple((center, at) for center, at in ends if at is not None),
        _begun(facts),
    )


def stopped(
    stop: DowntimeStarted, ends: Iterable[DowntimeEnded], wall: Seconds = wall_seconds
) -> Work | None:
    """How long a work center stood, up to the first end; None while it stands."""
    end = min(ends, key=lambda one: (one.station, one.n, one.id), default=None)
    begun, over = wall_of(stop), wall_of(end) if end is not None else None
    if end is None or begun is None or over is None:
        return None
    return Work("stop", stop.work_center, begun, over, round(between(stop, end, wall) * MS))


def _output(event: OperationReported, at: datetime) -> Output:
    good, scrap = event.good, event.scrap or event.good
    return Output(
        at, event.work_center, event.operation, good.micros, good.unit,
        scrap.micros if event.scrap else 0, scrap.unit, event.reason if event.scrap else "",
    )  # fmt: skip


def _begun(facts: OrderFacts) -> dict[str, str]:
    """Operation → the first work center, by name, that began it."""
    found: dict[str, str] = {}
    for one in facts.starts.values():
        if one.work_center:
            found[one.operation] = min(one.work_center, found.get(one.operation, one.work_center))
    return found


def _whole_seconds(facts: OrderFacts, operation: str, wall: Seconds) -> int:
    set_up = round(setup_seconds(facts, operation, wall))
    return set_up + round(run_seconds(facts, operation, wall))


def _works(facts: OrderFacts, operation: str, wall: Seconds) -> Iterator[Work]:
    """The parts of all starts of an operation that have ended."""
    turn = sorted(facts.ends.values(), key=lambda one: (one.station, one.n, one.id))
    ends = [one for one in turn if one.operation == operation]
    named = {one.of: one for one in reversed(ends)}
    whole = next((one for one in ends if not one.of), None)
    for start in facts.starts.values():
        end = named.get(start.id, whole)
        if start.operation == operation and end is not None:
            yield from _of_start(facts, start, end, wall)


def _of_start(
    facts: OrderFacts, start: OperationStarted, end: OperationEnded, wall: Seconds
) -> Iterator[Work]:
    """Set-up and run of one start, each part between two pauses."""
    begun, over = wall_of(start), wall_of(end)
    if begun is None or over is None:
        return
    whole = between(start, end, wall)
    setups = sorted(facts.setups.values(), key=lambda one: (one.station, one.n, one.id))
    set_up = next((between(start, one, wall) for one in setups if ends_setup(one, start)), 0.0)
    # Where the clock on the wall and the one of the boot differ, the wall's day is stretched.
    scale = (over - begun).total_seconds() / whole if whole else 0.0
    for first, last in _worked(facts, start, end, wall):
        for kind, one in _split(first, last, min(set_up, whole)):
            length = round((one[1] - one[0]) * MS)
            first_at, last_at = (begun + timedelta(seconds=second * scale) for second in one)
            yield Work(kind, start.work_center, first_at, last_at, length)


def _worked(
    facts: OrderFacts, start: OperationStarted, end: OperationEnded, wall: Seconds
) -> Iterator[_Part]:
    """Seconds after the start: the parts that are not paused."""
    whole, at = between(start, end, wall), 0.0
    turn = sorted(facts.resumes.values(), key=lambda one: (one.station, one.n, one.id))
    resumed = {one.of: one for one in reversed(turn)}
    pauses = (one for one in facts.pauses.values() if one.of == start.id)
    spans = []
    for pause in pauses:
        begins = min(whole, between(start, pause, wall))
        spans.append((begins, begins + between(pause, resumed.get(pause.id, end), wall)))
    for begins, ends in sorted(spans):
        if begins > at:
            yield at, begins
        at = max(at, min(whole, ends))
    if whole > at:
        yield at, whole


def _split(first: float, last: float, set_up: float) -> Iterator[tuple[Kind, _Part]]:
    """A part of work as set-up, up to when that ended, and run."""
    if first < set_up:
        yield "setup", (first, min(last, set_up))
    if last > set_up:
        yield "run", (max(first, set_up), last)
