"""The home of how long things took. Within one boot of one station the boot clock says it, whatever
anybody does to the wall clock; between boots the wall clocks do. No duration is negative.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TypeVar

from sync.domain.events import (
    DowntimeEnded,
    DowntimeStarted,
    Event,
    OperationEnded,
    OperationStarted,
    SetupEnded,
)
from sync.domain.order_facts import OrderFacts, ends_setup

E = TypeVar("E", bound=Event)
Seconds = Callable[[Event], float | None]
"""The time of an event in seconds of one scale for all stations; None where it has none."""


def wall_seconds(event: Event) -> float | None:
    """The time of an event as its own station's wall clock told it."""
    try:
        return datetime.fromisoformat(event.at).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def between(earlier: Event, later: Event, wall: Seconds = wall_seconds) -> float:
    """Seconds from one event to another; `wall` is asked only where no boot clock saw both."""
    if earlier.boot and (earlier.station, earlier.boot) == (later.station, later.boot):
        return max(0.0, (later.mono - earlier.mono) / 1000)
    begun, ended = wall(earlier), wall(later)
    return max(0.0, ended - begun) if begun is not None and ended is not None else 0.0


def run_seconds(order: OrderFacts, operation: str, wall: Seconds = wall_seconds) -> float:
    """How long an operation ran, over all its starts that ended; pauses and set-up do not count."""
    whole = 0.0
    for start, end in _spans(order, operation):
        worked = max(0.0, between(start, end, wall) - _paused(order, start, end, wall))
        whole += max(0.0, worked - _set_up(order, start, wall))
    return whole


def setup_seconds(order: OrderFacts, operation: str, wall: Seconds = wall_seconds) -> float:
    """How long an operation was set up, over its starts that ended; pauses do not count."""
    return sum(_set_up(order, start, wall) for start, _ in _spans(order, operation))


def pause_seconds(order: OrderFacts, operation: str, wall: Seconds = wall_seconds) -> float:
    """How long the pauses of those took; one that nobody ended lasts as long as its operation."""
    return sum(_paused(order, start, end, wall) for start, end in _spans(order, operation))


def attended_seconds(order: OrderFacts, wall: Seconds = wall_seconds) -> dict[str, float]:
    """Person → how long they were joined to the order, until they left or the operation ended."""
    left = _first_of(order.leaves.values())
    ended = {end.operation: end for end in _in_turn(order.ends.values())}
    found: dict[str, float] = {}
    for join in _in_turn(order.joins.values()):
        end = left.get(join.id) or ended.get(join.operation)
        if end is not None:
            known = found.get(join.operator, 0.0)
            found[join.operator] = known + between(join, end, wall)
    return found


def down_seconds(
    stops: Iterable[DowntimeStarted],
    ends: Iterable[DowntimeEnded],
    wall: Seconds = wall_seconds,
) -> dict[str, float]:
    """Work center → how long it stood, over all stops that ended."""
    ended = _first_of(ends)
    found: dict[str, float] = {}
    for stop in _in_turn(stops):
        if stop.id in ended:
            known = found.get(stop.work_center, 0.0)
            found[stop.work_center] = known + between(stop, ended[stop.id], wall)
    return found


def _spans(order: OrderFacts, operation: str) -> Iterator[tuple[OperationStarted, OperationEnded]]:
    """The starts of an operation with what ended them."""
    ends = [end for end in _in_turn(order.ends.values()) if end.operation == operation]
    named = _first_of(ends)
    whole = next((end for end in ends if not end.of), None)
    for start in _in_turn(order.starts.values()):
        end = named.get(start.id, whole)
        if start.operation == operation and end is not None:
            yield start, end


def _set_up(order: OrderFacts, start: OperationStarted, wall: Seconds) -> float:
    """The set-up of one start, up to the first end of it; none where nobody ended one."""
    ends = [end for end in _in_turn(order.setups.values()) if ends_setup(end, start)]
    if not ends:
        return 0.0
    return max(0.0, between(start, ends[0], wall) - _paused(order, start, ends[0], wall))


def _paused(
    order: OrderFacts, start: OperationStarted, end: OperationEnded | SetupEnded, wall: Seconds
) -> float:
    """The pauses of one start up to an end; two that nobody resumed in between count once."""
    resumed = _first_of(order.resumes.values())
    pauses = [pause for pause in _in_turn(order.pauses.values()) if pause.of == start.id]
    whole, until, last = 0.0, 0.0, between(start, end, wall)
    for pause in pauses:
        begun = min(last, between(start, pause, wall))
        over = min(last, begun + between(pause, resumed.get(pause.id, end), wall))
        whole += max(0.0, over - max(until, begun))
        until = max(until, over)
    return whole


def _first_of(closing: Iterable[E]) -> dict[str, E]:
    """What is closed → the first that closes it."""
    found: dict[str, E] = {}
    for one in _in_turn(closing):
        found.setdefault(getattr(one, "of", ""), one)
    return found


def _in_turn(events: Iterable[E]) -> list[E]:
    return sorted(events, key=lambda one: (one.station, one.n, one.id))
