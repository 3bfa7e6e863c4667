"""The home of labour: who worked how long on what. It runs from joining an order's operation until
leaving it, until it is paused or ended, and never past the end of the shift that it began in.

Whoever is on several jobs at once gives each an equal part of that time, unless the site counts it
in full for each. Within one boot of one station the boot clock says how long; else corrected times.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from itertools import pairwise
from typing import Final

from sync.domain.durations import Seconds
from sync.domain.events import Event, OperationPaused, OperatorJoined
from sync.domain.order_facts import OrderFacts
from sync.domain.shifts import Shift, end_of

Job = tuple[str, str]  # order, operation
Time = Callable[[Event], Fraction | None]
Span = tuple[Fraction, Fraction | None]
_MILLI: Final = 1000
_UTC_OFFSET_NONE: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Stint:
    """A person on a job without a break, in seconds of one scale.

    `ended` is None while it lasts. `limit` is the end of the shift that the person joined in.
    """

    person: str
    order: str
    operation: str
    begun: Fraction
    ended: Fraction | None = None
    limit: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Labour:
    """What a person gave to a job. `is_cut`: it would have gone on past the end of a shift."""

    person: str
    order: str
    operation: str
    seconds: float
    is_cut: bool = False


def labour(stints: Iterable[Stint], now: float, *, in_full: bool = False) -> tuple[Labour, ...]:
    """The labour of each person and job until `now`, by person, order and operation.

    `in_full` counts the whole time for each of several jobs that a person is on at once.
    """
    until = Fraction(now)
    by_person: dict[str, list[Stint]] = {}
    for one in stints:
        by_person.setdefault(one.person, []).append(one)
    return tuple(
        found
        for person in sorted(by_person)
        for found in _of_person(person, by_person[person], until, in_full=in_full)
    )


def stints_of(
    orders: Iterable[OrderFacts], corrected: Seconds, shifts: Sequence[Shift] = ()
) -> tuple[Stint, ...]:
    """Every stint of these orders; `corrected` is asked where no boot clock saw both ends.

    A join that has no time is left out, as nobody knows when it was.
    """
    known = tuple(orders)
    time = timeline((event for order in known for event in _telling(order)), corrected)
    return tuple(
        stint
        for order in known
        for join in order.joins.values()
        for stint in _stints(order, join, time, shifts)
    )


def timeline(events: Iterable[Event], corrected: Seconds) -> Time:
    """The time of these events on one scale: in a boot, the first with a time and the boot clock.

    So no setting of a wall clock changes how long anything took within a boot.
    """
    first: dict[tuple[str, str], tuple[int, str, Fraction]] = {}
    for event in events:
        told = corrected(event) if event.boot else None
        if told is not None:
            begun = Fraction(told) - Fraction(event.mono, _MILLI)
            place, new = (event.station, event.boot), (event.n, event.id, begun)
            first[place] = min(first.get(place, new), new)

    def time(event: Event) -> Fraction | None:
        known = first.get((event.station, event.boot))
        if known is not None:
            return known[2] + Fraction(event.mono, _MILLI)
        told = corrected(event)
        return Fraction(told) if told is not None else None

    return time


def _of_person(
    person: str, stints: Sequence[Stint], until: Fraction, *, in_full: bool
) -> Iterable[Labour]:
    """Between two moments at which anything changed, the time is shared by the jobs then held."""
    spans = [(one, one.begun, _end(one, until)) for one in stints]
    moments = sorted({moment for _, begun, ended in spans for moment in (begun, ended)})
    given: dict[Job, Fraction] = {}
    for begun, ended in pairwise(moments):
        held = {(one.order, one.operation) for one, b, e in spans if b <= begun and ended <= e}
        for job in held:
            part = (ended - begun) / (1 if in_full else len(held))
            given[job] = given.get(job, Fraction(0)) + part
    cut = {(one.order, one.operation) for one in stints if _is_cut(one, until)}
    for order, operation in sorted({*given, *cut}):
        seconds = float(given.get((order, operation), 0))
        yield Labour(person, order, operation, seconds, (order, operation) in cut)


def _end(stint: Stint, until: Fraction) -> Fraction:
    ended = until if stint.ended is None else stint.ended
    ended = ended if stint.limit is None else min(ended, stint.limit)
    return max(stint.begun, ended)


def _is_cut(stint: Stint, until: Fraction) -> bool:
    if stint.limit is None:
        return False
    return (until if stint.ended is None else stint.ended) > max(stint.limit, stint.begun)


def _telling(order: OrderFacts) -> Iterable[Event]:
    """The events of an order that begin or end labour."""
    yield from order.joins.values()
    yield from order.leaves.values()
    yield from order.pauses.values()
    yield from order.resumes.values()
    yield from order.ends.values()


def _stints(
    order: OrderFacts, join: OperatorJoined, time: Time, shifts: Sequence[Shift]
) -> Iterable[Stint]:
    """One join as its stints: what is left of it when the pauses are taken out."""
    begun = time(join)
    if begun is None:
        return
    ended = _over(order, join, time)
    limit = _limit(join, begun, shifts)
    for start, end in _without(begun, ended, _pauses(order, join, time)):
        yield Stint(join.operator, join.order, join.operation, start, end, limit)


def _over(order: OrderFacts, join: OperatorJoined, time: Time) -> Fraction | None:
    """When a join ended: by the first leave or end of the operation; None: it lasts."""
    closing: list[Event] = [one for one in order.leaves.values() if one.of == join.id]
    closing += [one for one in order.ends.values() if one.operation == join.operation]
    if not closing:
        return None
    known = [found for one in closing if (found := time(one)) is not None]
    return min(known, default=time(join))


def _pauses(order: OrderFacts, join: OperatorJoined, time: Time) -> list[Span]:
    """When the operation stood at the station that was joined, in order; None: it still does."""
    found: list[Span] = [
        (begun, _went_on(order, one, time))
        for one in order.pauses.values()
        if _stands(one, join) and (begun := time(one)) is not None
    ]
    return sorted(found, key=lambda span: (span[0], span[1] is None, span[1] or span[0]))


def _went_on(order: OrderFacts, pause: OperationPaused, time: Time) -> Fraction | None:
    """When a pause was first resumed; None: nobody did, or nobody knows when."""
    resumed = (time(one) for one in order.resumes.values() if one.of == pause.id)
    return min((one for one in resumed if one is not None), default=None)


def _stands(pause: OperationPaused, join: OperatorJoined) -> bool:
    return (pause.station, pause.operation) == (join.station, join.operation)


def _without(begun: Fraction, ended: Fraction | None, pauses: Sequence[Span]) -> Iterable[Span]:
    """A span less the pauses in it."""
    for stood, went_on in pauses:
        if ended is not None and stood >= ended:
            break
        if stood > begun:
            yield begun, stood
        if went_on is None:
            return
        begun = max(begun, went_on)
    if ended is None or ended > begun:
        yield begun, ended


def _limit(join: OperatorJoined, begun: Fraction, shifts: Sequence[Shift]) -> Fraction | None:
    """The end of the shift that a join lies in, by the wall clock of its station."""
    try:
        offset = datetime.fromisoformat(join.at).utcoffset() or _UTC_OFFSET_NONE
        moment = datetime.fromtimestamp(float(begun), timezone(offset))
    except (ValueError, OverflowError, OSError):
        return None
    end = end_of(shifts, moment)
    return Fraction(end.timestamp()) if end is not None else None
