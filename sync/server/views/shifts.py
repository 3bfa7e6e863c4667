"""The home of the question which shift a moment of work belongs to, by each work center's calendar.

A shift belongs to the day that it begins on, and so does all that happens in it: what a night shift
makes at two o'clock is the day before's. Of two that overlap, the one that began first counts. What
lies outside of every shift belongs to the day on the wall. All moments are naive and local.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple

from sync.domain.events import CalendarDefined, WorkCenterDefined
from sync.server.planning.calendar import Capacity, Span, capacity_of

OUTSIDE: Final = "outside"
NO_CALENDAR: Final = "no_calendar"
SPAN_DAYS_MAX: Final = 100
"""Work that seems longer is of a clock that was wrong: all of it counts where it ended."""
_DAY: Final = timedelta(days=1)
_MICROSECOND: Final = timedelta(microseconds=1)
_NO_WEEK: Final[tuple[tuple[Span, ...], ...]] = ((),) * 7


class Placed(NamedTuple):
    """A day and a shift of it: `06:00-14:00`, `OUTSIDE` of all, or of what has `NO_CALENDAR`."""

    day: date
    shift: str


class _Begun(NamedTuple):
    """One shift of one day."""

    placed: Placed
    begins: datetime
    ends: datetime


class ShiftBook:
    """The shifts of all work centers, as the calendars say today."""

    def __init__(
        self,
        centers: Mapping[str, WorkCenterDefined],
        calendars: Mapping[str, CalendarDefined],
    ) -> None:
        self._capacities: dict[str, Capacity] = {
            name: capacity_of(one, calendars) for name, one in centers.items()
        }
        self._with_shifts = {
            name
            for name, one in centers.items()
            if one.calendar in calendars and calendars[one.calendar].active
        }
        self._begun: dict[tuple[str, date], tuple[_Begun, ...]] = {}

    def of(self, center: str, at: datetime) -> Placed:
        """Where a moment belongs."""
        if center not in self._with_shifts:
            return Placed(at.date(), NO_CALENDAR)
        shift = self._at(center, at)
        return shift.placed if shift else Placed(at.date(), OUTSIDE)

    def cut(
        self, center: str, begins: datetime, ends: datetime, amount: int
    ) -> list[tuple[Placed, int]]:
        """An amount of work shared out by where the clock on the wall says that it was done.

        The parts add up to it exactly, however long an hour was on the day that clocks change.
        """
        if not timedelta(0) < ends - begins <= timedelta(days=SPAN_DAYS_MAX):
            return [(self.of(center, ends), amount)]
        whole, left, parts = (ends - begins) // _MICROSECOND, amount, []
        while begins < ends:
            placed, until = self._until(center, begins)
            until = min(until, ends)
            part = (until - begins) // _MICROSECOND
            share = left if until == ends else amount * part // whole
            parts.append((placed, share))
            left -= share
            begins = until
        return parts

    def open_seconds(self, center: str, day: date, now: datetime) -> dict[str, int]:
        """Shift → the seconds that it was open on a day, up to now, over all places side by side.

        Without a calendar: the hours a day that planning counts on.
        """
        capacity = self._capacities.get(center)
        found: dict[str, int] = {}
        if capacity is None:
            return found
        before = self._of_day(center, day - _DAY)
        last = max((one.ends for one in before), default=datetime.combine(day, time()))
        for one in self._of_day(center, day):
            begins, ends = max(one.begins, last), min(one.ends, now)
            if ends > begins:
                seconds = int((ends - begins).total_seconds()) * capacity.capacity
                shift = one.placed.shift if center in self._with_shifts else NO_CALENDAR
                found[shift] = found.get(shift, 0) + seconds
            last = max(last, one.ends)
        return found

    def _until(self, center: str, at: datetime) -> tuple[Placed, datetime]:
        """Where a moment belongs, and until when that stays so."""
        midnight = datetime.combine(at.date() + _DAY, time())
        if center not in self._with_shifts:
            return Placed(at.date(), NO_CALENDAR), midnight
        shift = self._at(center, at)
        if shift is not None:
            return shift.placed, shift.ends
        later = (one.begins for one in self._of_day(center, at.date()) if one.begins > at)
        return Placed(at.date(), OUTSIDE), min([midnight, *later])

    def _at(self, center: str, at: datetime) -> _Begun | None:
        """The shift that a moment lies in, the first to begin."""
        for day in (at.date() - _DAY, at.date()):
            for one in self._of_day(center, day):
                if one.begins <= at < one.ends:
                    return one
        return None

    def _of_day(self, center: str, day: date) -> tuple[_Begun, ...]:
        known = self._begun.get((center, day))
        if known is None:
            known = self._begun[center, day] = tuple(self._beginning(center, day))
        return known

    def _beginning(self, center: str, day: date) -> Iterator[_Begun]:
        """The shifts that begin on a day, in turn."""
        capacity = self._capacities.get(center)
        if capacity is None or day in capacity.closed:
            return
        midnight = datetime.combine(day, time())
        week = capacity.week or _NO_WEEK
        for first, last in week[day.weekday()]:
            begins, ends = midnight + timedelta(minutes=first), midnight + timedelta(minutes=last)
            name = f"{begins:%H:%M}-{ends:%H:%M}"
            yield _Begun(Placed(day, name), begins, ends)
