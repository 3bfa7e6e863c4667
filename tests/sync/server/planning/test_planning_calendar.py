"""Working time: shifts over midnight and closed days, and work that runs across both."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.domain.events import CalendarDefined, WorkCenterDefined
from sync.server.planning.calendar import Capacity, WorkTime, capacity_of, site_of

MONDAY = date(2026, 11, 23)
DAY = ("06:00-14:00", "14:00-22:00")
NIGHT = ("22:00-06:00",)


def calendar(*weekdays: tuple[str, ...], closed: tuple[str, ...] = ()) -> CalendarDefined:
    return CalendarDefined(
        calendar="C", revision=1, name="C", weekdays=tuple(weekdays), closed=closed
    )


def capacity(*weekdays: tuple[str, ...], closed: tuple[str, ...] = (), places: int = 1) -> Capacity:
    center = WorkCenterDefined(
        work_center="MIX", revision=1, name="Mixer", calendar="C", capacity=places
    )
    return capacity_of(center, {"C": calendar(*weekdays, closed=closed)})


def plain(hours: str) -> Capacity:
    center = WorkCenterDefined(work_center="MIX", revision=1, name="M", hours_per_day=hours)
    return capacity_of(center, {})


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}")


FIVE_DAYS = (DAY,) * 5
NIGHTS = (NIGHT,) * 5


@pytest.mark.parametrize(
    ("worked", "minutes"),
    [
        (capacity(*FIVE_DAYS), [960, 960, 960, 960, 960, 0, 0]),
        (capacity(*NIGHTS), [120, 480, 480, 480, 480, 360, 0]),
        (capacity(*FIVE_DAYS, closed=("2026-11-24",)), [960, 0, 960, 960, 960, 0, 0]),
        (capacity(*NIGHTS, closed=("2026-11-24",)), [120, 360, 120, 480, 480, 360, 0]),
        (capacity(("06:00-14:00", "12:00-16:00")), [600, 0, 0, 0, 0, 0, 0]),
        (capacity(("06:00-14:00", "six to two")), [480, 0, 0, 0, 0, 0, 0]),
        (capacity(), [0, 0, 0, 0, 0, 0, 0]),
        (plain("7.5"), [450, 450, 450, 450, 450, 0, 0]),
        (plain("24"), [1440, 1440, 1440, 1440, 1440, 0, 0]),
        (plain("99"), [1440, 1440, 1440, 1440, 1440, 0, 0]),
        (plain("0"), [0, 0, 0, 0, 0, 0, 0]),
        (plain("often"), [0, 0, 0, 0, 0, 0, 0]),
    ],
)
def test_minutes_of_each_day_by_the_clock(worked: Capacity, minutes: list[int]) -> None:
    assert [worked.minutes(MONDAY + timedelta(days=n)) for n in range(7)] == minutes


def test_places_side_by_side_hold_so_much_more() -> None:
    assert capacity(*FIVE_DAYS, places=3).available(MONDAY) == 3 * 960


def test_a_calendar_that_is_not_known_or_not_active_leaves_the_hours_per_day() -> None:
    center = WorkCenterDefined(
        work_center="MIX", revision=1, name="M", calendar="C", hours_per_day="8"
    )
    gone = CalendarDefined(calendar="C", revision=2, name="C", weekdays=(DAY,), active=False)
    assert capacity_of(center, {}).minutes(MONDAY) == 480
    assert capacity_of(center, {"C": gone}).minutes(MONDAY) == 480


@pytest.mark.parametrize(
    ("worked", "begin", "seconds", "end"),
    [
        (capacity(*FIVE_DAYS), "23T08:00", 3_600, "23T09:00"),
        (capacity(*FIVE_DAYS), "23T21:00", 3_600, "23T22:00"),
        (capacity(*FIVE_DAYS), "23T21:00", 7_200, "24T07:00"),
        (capacity(*FIVE_DAYS), "23T04:00", 3_600, "23T07:00"),
        (capacity(*FIVE_DAYS), "27T21:00", 7_200, "30T07:00"),
        (capacity(*FIVE_DAYS, closed=("2026-11-30",)), "27T21:00", 7_200, "2026-12-01T07:00"),
        (capacity(*NIGHTS), "23T23:00", 8 * 3_600, "24T23:00"),
        (capacity(*NIGHTS, closed=("2026-11-24",)), "23T23:00", 8 * 3_600, "25T23:00"),
        (capacity(), "23T08:00", 1, None),
        (plain("24"), "27T23:00", 7_200, "30T01:00"),
    ],
)
def test_work_ends_so_much_later_and_begins_so_much_before(
    worked: Capacity, begin: str, seconds: int, end: str | None
) -> None:
    ended = None if end is None else datetime.fromisoformat(end) if "-" in end else at(end)
    assert worked.after(at(begin), seconds) == ended
    if ended is not None:
        assert worked.before(ended, seconds) == worked.next_working(at(begin))


def test_never_worked_has_no_next_moment_and_no_working_day() -> None:
    closed = capacity()
    assert closed.next_working(at("23T08:00")) is None
    assert closed.before(at("23T08:00"), 1) is None
    assert closed.working_days(MONDAY, 1) is None


@pytest.mark.parametrize(
    ("count", "day"),
    [(0, "2026-11-23"), (1, "2026-11-24"), (5, "2026-11-30"), (-1, "2026-11-20")],
)
def test_working_days_leave_out_what_is_closed(count: int, day: str) -> None:
    assert capacity(*FIVE_DAYS).working_days(MONDAY, count) == date.fromisoformat(day)


def test_the_site_works_where_any_work_center_does() -> None:
    weekend = capacity((), (), (), (), (), DAY, closed=("2026-11-24", "2026-11-28"))
    site = site_of([capacity(*FIVE_DAYS, closed=("2026-11-24",)), weekend])
    worked = [site.works_on(MONDAY + timedelta(days=n)) for n in range(7)]
    assert worked == [True, False, True, True, True, True, False]


def test_the_end_of_the_calendar_is_no_fault() -> None:
    last = datetime.fromisoformat("9999-12-30T08:00")
    assert plain("8").after(last, 10**9) is None
    assert plain("8").working_days(date.max, 3) is None
    assert plain("8").before(datetime.fromisoformat("0001-01-01T08:00"), 10**9) is None
    assert plain("8").working_days(date.min, -3) is None


TIMES = st.tuples(st.integers(0, 1_439), st.integers(0, 1_439)).filter(lambda t: t[0] != t[1])
SHIFTS = st.builds(
    lambda t: f"{t[0] // 60:02}:{t[0] % 60:02}-{t[1] // 60:02}:{t[1] % 60:02}", TIMES
)
WEEKS = st.lists(st.lists(SHIFTS, max_size=2).map(tuple), min_size=7, max_size=7)
CLOSED = st.sets(st.integers(0, 20), max_size=4)
MOMENTS = st.integers(0, 10 * 86_400).map(lambda s: at("20T00:00") + timedelta(seconds=s))


@given(WEEKS, CLOSED, MOMENTS, st.integers(1, 200_000))
def test_work_takes_its_seconds_of_the_shifts_alone(
    week: list[tuple[str, ...]], closed: set[int], begin: datetime, seconds: int
) -> None:
    days = tuple((MONDAY + timedelta(days=n)).isoformat() for n in sorted(closed))
    worked = capacity(*week, closed=days)
    end = worked.after(begin, seconds)
    if end is None:
        assert not any(week)
        return
    axis = WorkTime(worked, begin)
    assert axis.position(end) == seconds
    assert axis.end(seconds) == end
    again = worked.before(end, seconds)
    assert again is not None
    assert worked.after(again, seconds) == end
    first = worked.next_working(begin)
    assert first is not None
    assert begin <= first <= again < end
