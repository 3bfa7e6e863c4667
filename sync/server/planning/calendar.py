"""The home of working time: when a work center works, and where so many hours of work end.

All times are naive and local, as the clock on the wall shows them. A shift belongs to the day that
it begins on: on a closed day none begins, and the night shift of the evening before works to its
end. Without a calendar a work center works its `hours_per_day` from Monday to Friday, from 06:00.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from sync.domain.events import CalendarDefined, WorkCenterDefined
from sync.domain.quantity import AMOUNT, MICROS_PER_ONE, micros
from sync.domain.shifts import DAY_MINUTES, Shift, shift_of

HORIZON_DAYS_MAX: Final = 1_830
"""Nothing is planned further ahead than about five years."""
DAY_SECONDS: Final = 86_400
_FIRST_MINUTE: Final = 6 * 60
_WORKING_WEEKDAYS: Final = 5
_MINUTES_PER_HOUR: Final = 60
Span = tuple[int, int]
Week = tuple[tuple[Span, ...], ...]


@dataclass(frozen=True, slots=True)
class Capacity:
    """When a work center works, and how many orders side by side.

    `week` holds for each weekday, Monday first, the spans that begin on it, in minutes after
    midnight; one that goes overnight ends beyond 1440.
    """

    work_center: str
    capacity: int
    week: Week
    closed: frozenset[date] = field(default=frozenset())

    def spans(self, day: date) -> tuple[Span, ...]:
        """What is worked on that day by the clock, in minutes after midnight, without overlaps."""
        before = day - timedelta(days=1) if day > date.min else day
        return _spans(self.week, day.weekday(), before not in self.closed, day not in self.closed)

    def minutes(self, day: date) -> int:
        """Minutes worked on that day by the clock, of one of the places side by side."""
        return sum(ends - begins for begins, ends in self.spans(day))

    def available(self, day: date) -> int:
        """Minutes of work that fit into that day: those of the clock on all places."""
        return self.minutes(day) * self.capacity

    def works_on(self, day: date) -> bool:
        """Whether a shift begins on that day: what a working day is."""
        return day not in self.closed and bool(self.week[day.weekday()])

    def next_working(self, at: datetime) -> datetime | None:
        """The first moment from `at` on that is worked; None within the horizon."""
        return WorkTime(self, at).begin(0)

    def after(self, at: datetime, seconds: float) -> datetime | None:
        """When so much work ends that begins at `at` or when work next begins; None: beyond."""
        return WorkTime(self, at).end(whole(seconds))

    def before(self, at: datetime, seconds: float) -> datetime | None:
        """When so much work must begin to end by `at`; None: beyond the horizon."""
        left, day = whole(seconds), at.date()
        latest = int((at - datetime.combine(day, time())).total_seconds())
        for _ in range(HORIZON_DAYS_MAX):
            for begins, ends in reversed(self.spans(day)):
                worked = max(0, min(latest, ends * 60) - begins * 60)
                if worked >= left and (left or latest > begins * 60):
                    begin = min(latest, ends * 60) - left
                    return datetime.combine(day, time()) + timedelta(seconds=begin)
                left -= worked
            if day == date.min:
                return None
            day, latest = day - timedelta(days=1), DAY_SECONDS
        return None

    def working_days(self, day: date, count: int) -> date | None:
        """The day so many working days later, or earlier where below 0; None: beyond."""
        step, left = timedelta(days=1 if count >= 0 else -1), abs(count)
        for _ in range(HORIZON_DAYS_MAX):
            if not left:
                return day
            if day in (date.min, date.max):
                return None
            day += step
            left -= self.works_on(day)
        return None if left else day


class WorkTime:
    """The worked seconds from one moment on as one axis without gaps, and the way back."""

    __slots__ = ("_begins", "_capacity", "_days", "_ends", "_midnight", "_origin", "_sums")

    def __init__(self, capacity: Capacity, origin: datetime) -> None:
        self._capacity = capacity
        self._midnight = datetime.combine(origin.date(), time())
        self._origin = int((origin - self._midnight).total_seconds())
        self._begins: list[int] = []
        self._ends: list[int] = []
        self._sums: list[int] = [0]
        self._days = 0

    def position(self, at: datetime) -> int | None:
        """Worked seconds from the origin until then, 0 before it; None: beyond the horizon."""
        second = -int(-(at - self._midnight).total_seconds() // 1)
        while self._days * DAY_SECONDS < second:
            if not self._one_day_more():
                return None
        n = bisect_right(self._begins, second) - 1
        if n < 0:
            return 0
        return self._sums[n] + min(second, self._ends[n]) - self._begins[n]

    def begin(self, position: int) -> datetime | None:
        """When work begins that has so many worked seconds before it."""
        while self._sums[-1] <= position:
            if not self._one_day_more():
                return None
        n = bisect_right(self._sums, position) - 1
        return self._wall(self._begins[n] + position - self._sums[n])

    def end(self, position: int) -> datetime | None:
        """When work ends that brings the worked seconds to so many; of none: when it begins."""
        if not position:
            return self.begin(0)
        while self._sums[-1] < position:
            if not self._one_day_more():
                return None
        n = bisect_left(self._sums, position) - 1
        return self._wall(self._begins[n] + position - self._sums[n])

    def _wall(self, second: int) -> datetime:
        return self._midnight + timedelta(seconds=second)

    def _one_day_more(self) -> bool:
        """Read the next day of the calendar; whether there was one before the horizon."""
        midnight = self._midnight.date()
        if self._days >= HORIZON_DAYS_MAX or (date.max - midnight).days <= self._days:
            return False
        offset = self._days * DAY_SECONDS
        for first, last in self._capacity.spans(midnight + timedelta(days=self._days)):
            begins = max(offset + first * 60, self._origin)
            ends = offset + last * 60
            if ends > begins:
                self._begins.append(begins)
                self._ends.append(ends)
                self._sums.append(self._sums[-1] + ends - begins)
        self._days += 1
        return True


def capacity_of(center: WorkCenterDefined, calendars: Mapping[str, CalendarDefined]) -> Capacity:
    """A work center's working time: by its calendar, or by its hours a day where it has none."""
    calendar = calendars.get(center.calendar) if center.calendar else None
    side_by_side = max(1, center.capacity)
    if calendar is None or not calendar.active:
        return Capacity(center.work_center, side_by_side, _daily(center.hours_per_day))
    return Capacity(center.work_center, side_by_side, week_of(calendar), _closed_of(calendar))


def site_of(capacities: Iterable[Capacity]) -> Capacity:
    """The working days of the whole site: any day on which any work center works."""
    week: list[set[Span]] = [set() for _ in range(7)]
    closed: list[frozenset[date]] = []
    for capacity in capacities:
        closed.append(capacity.closed)
        for own, spans in zip(week, capacity.week, strict=True):
            own.update(spans)
    if not closed:
        return Capacity("", 1, _daily("8"))
    shut = frozenset.intersection(*closed)
    return Capacity("", 1, tuple(tuple(sorted(spans)) for spans in week), shut)


def week_of(calendar: CalendarDefined) -> Week:
    """The spans of each weekday; a shift that cannot be read is not worked."""
    days = [tuple(sorted(_readable(shifts))) for shifts in calendar.weekdays[:7]]
    return tuple(days) + ((),) * (7 - len(days))


def whole(seconds: float) -> int:
    """Work in whole seconds, rounded up; never negative."""
    return max(0, -int(-seconds // 1))


def _readable(shifts: Iterable[str]) -> Iterable[Span]:
    for text in shifts:
        try:
            shift: Shift = shift_of(text)
        except ValueError:
            continue
        yield shift.begins, shift.begins + shift.minutes


def _closed_of(calendar: CalendarDefined) -> frozenset[date]:
    found = set()
    for text in calendar.closed:
        try:
            found.add(date.fromisoformat(text))
        except ValueError:
            continue
    return frozenset(found)


def _daily(hours: str) -> Week:
    asked = micros(hours) * _MINUTES_PER_HOUR // MICROS_PER_ONE if AMOUNT.match(hours) else 0
    minutes = min(DAY_MINUTES, max(0, asked))
    begins = min(_FIRST_MINUTE, DAY_MINUTES - minutes)
    day = ((begins, begins + minutes),) if minutes else ()
    return (day,) * _WORKING_WEEKDAYS + ((),) * (7 - _WORKING_WEEKDAYS)


@lru_cache(maxsize=1_024)
def _spans(week: Week, weekday: int, before_open: bool, open_now: bool) -> tuple[Span, ...]:
    own = week[weekday] if open_now else ()
    night = week[weekday - 1] if before_open else ()
    parts = [(begins, min(ends, DAY_MINUTES)) for begins, ends in own]
    parts += [(0, ends - DAY_MINUTES) for _, ends in night if ends > DAY_MINUTES]
    joined: list[Span] = []
    for begins, ends in sorted(parts):
        if joined and begins <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], ends))
        else:
            joined.append((begins, ends))
    return tuple(joined)
