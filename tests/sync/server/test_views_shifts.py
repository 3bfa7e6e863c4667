"""Which shift a moment belongs to, and how work is shared out over shifts and days."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.domain.events import CalendarDefined, WorkCenterDefined
from sync.server.views.shifts import NO_CALENDAR, OUTSIDE, Placed, ShiftBook

# 2026-11-23 is a Monday; on 2026-10-25, a Sunday, clocks went back from 03:00 to 02:00.
WEEK: Final = (("06:00-14:00", "14:00-22:00", "22:00-06:00"),) * 5 + ((), ())
SUNDAY: Final = ((),) * 5 + (("22:00-06:00",),) * 2
OVERLAP: Final = (("06:00-14:30", "14:00-22:00"),) * 7


def calendar(name: str, weekdays: tuple[tuple[str, ...], ...], *closed: str) -> CalendarDefined:
    return CalendarDefined(calendar=name, revision=1, name=name, weekdays=weekdays, closed=closed)


def center(name: str, calendar: str = "", capacity: int = 1) -> WorkCenterDefined:
    return WorkCenterDefined(
        work_center=name, revision=1, name=name, calendar=calendar, capacity=capacity
    )


BOOK: Final = ShiftBook(
    {
        "MIX": center("MIX", "THREE", capacity=2),
        "BAKE": center("BAKE", "WEEKEND"),
        "PACK": center("PACK", "OVERLAP"),
        "SAW": center("SAW"),
        "LATHE": center("LATHE", "GONE"),
    },
    {
        "THREE": calendar("THREE", WEEK, "2026-11-25"),
        "WEEKEND": calendar("WEEKEND", SUNDAY),
        "OVERLAP": calendar("OVERLAP", OVERLAP),
    },
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("center", "moment", "day", "shift"),
    [
        # shifts that follow each other: the end of one is the begin of the next
        ("MIX", "2026-11-23T06:00", "2026-11-23", "06:00-14:00"),
        ("MIX", "2026-11-23T13:59:59.999", "2026-11-23", "06:00-14:00"),
        ("MIX", "2026-11-23T14:00", "2026-11-23", "14:00-22:00"),
        # the night belongs to the day that it began on, also on a Saturday morning
        ("MIX", "2026-11-24T02:00", "2026-11-23", "22:00-06:00"),
        ("MIX", "2026-11-28T05:59", "2026-11-27", "22:00-06:00"),
        # no shift begins on a closed day; the night before works to its end
        ("MIX", "2026-11-25T05:00", "2026-11-24", "22:00-06:00"),
        ("MIX", "2026-11-25T07:00", "2026-11-25", OUTSIDE),
        ("MIX", "2026-11-26T02:00", "2026-11-26", OUTSIDE),
        ("MIX", "2026-11-23T02:00", "2026-11-23", OUTSIDE),
        ("MIX", "2026-11-29T12:00", "2026-11-29", OUTSIDE),
        # the night in which an hour comes twice is one shift
        ("BAKE", "2026-10-25T02:30", "2026-10-24", "22:00-06:00"),
        ("BAKE", "2026-10-25T23:00", "2026-10-25", "22:00-06:00"),
        # of two that overlap, the first to begin
        ("PACK", "2026-11-23T14:15", "2026-11-23", "06:00-14:30"),
        ("PACK", "2026-11-23T14:30", "2026-11-23", "14:00-22:00"),
        # no calendar, one that nobody defined, a work center that nobody defined
        ("SAW", "2026-11-23T02:00", "2026-11-23", NO_CALENDAR),
        ("LATHE", "2026-11-23T07:00", "2026-11-23", NO_CALENDAR),
        ("OVEN", "2026-11-23T07:00", "2026-11-23", NO_CALENDAR),
    ],
)
def test_a_moment_belongs_to_one_shift_of_one_day(
    center: str, moment: str, day: str, shift: str
) -> None:
    assert BOOK.of(center, at(moment)) == Placed(date.fromisoformat(day), shift)


MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
SATURDAY, SUNDAY_DAY = date(2026, 10, 24), date(2026, 10, 25)


@pytest.mark.parametrize(
    ("center", "begins", "ends", "amount", "parts"),
    [
        (
            "MIX", "2026-11-23T12:00", "2026-11-23T15:00", 10_800,
            [(Placed(MONDAY, "06:00-14:00"), 7_200), (Placed(MONDAY, "14:00-22:00"), 3_600)],
        ),
        (
            "MIX", "2026-11-23T21:00", "2026-11-24T07:00", 36_000,
            [
                (Placed(MONDAY, "14:00-22:00"), 3_600),
                (Placed(MONDAY, "22:00-06:00"), 28_800),
                (Placed(TUESDAY, "06:00-14:00"), 3_600),
            ],
        ),
        # eight hours by the wall were nine: the shift has them all
        (
            "BAKE", "2026-10-24T22:00", "2026-10-25T06:00", 32_400,
            [(Placed(SATURDAY, "22:00-06:00"), 32_400)],
        ),
        (
            "BAKE", "2026-10-24T20:00", "2026-10-25T08:00", 46_800,
            [
                (Placed(SATURDAY, OUTSIDE), 7_800),
                (Placed(SATURDAY, "22:00-06:00"), 31_200),
                (Placed(SUNDAY_DAY, OUTSIDE), 7_800),
            ],
        ),
        (
            "SAW", "2026-11-23T23:00", "2026-11-24T01:00", 7_200,
            [(Placed(MONDAY, NO_CALENDAR), 3_600), (Placed(TUESDAY, NO_CALENDAR), 3_600)],
        ),
        # a clock on the wall that went back, or that was years off: where it ended
        (
            "MIX", "2026-11-23T09:00", "2026-11-23T08:00", 60,
            [(Placed(MONDAY, "06:00-14:00"), 60)],
        ),
        (
            "MIX", "1970-01-01T00:00", "2026-11-23T08:00", 60,
            [(Placed(MONDAY, "06:00-14:00"), 60)],
        ),
    ],
)  # fmt: skip
def test_work_is_shared_by_the_clock_on_the_wall(
    center: str, begins: str, ends: str, amount: int, parts: list[tuple[Placed, int]]
) -> None:
    assert BOOK.cut(center, at(begins), at(ends), amount) == parts


@pytest.mark.parametrize(
    ("center", "day", "now", "opened"),
    [
        # two places side by side, and a day that is half over
        (
            "MIX", "2026-11-23", "2026-11-30T00:00",
            {"06:00-14:00": 57_600, "14:00-22:00": 57_600, "22:00-06:00": 57_600},
        ),
        ("MIX", "2026-11-23", "2026-11-23T10:00", {"06:00-14:00": 28_800}),
        ("MIX", "2026-11-25", "2026-11-30T00:00", {}),
        ("PACK", "2026-11-23", "2026-11-30T00:00", {"06:00-14:30": 30_600, "14:00-22:00": 27_000}),
        ("SAW", "2026-11-23", "2026-11-30T00:00", {NO_CALENDAR: 28_800}),
        ("SAW", "2026-11-28", "2026-11-30T00:00", {}),
        ("OVEN", "2026-11-23", "2026-11-30T00:00", {}),
    ],
)  # fmt: skip
def test_a_shift_is_open_until_now(center: str, day: str, now: str, opened: dict[str, int]) -> None:
    assert BOOK.open_seconds(center, date.fromisoformat(day), at(now)) == opened


@given(
    center=st.sampled_from(["MIX", "BAKE", "PACK", "SAW"]),
    begins=st.datetimes(at("2026-10-20"), at("2026-11-30")),
    hours=st.floats(min_value=0, max_value=200),
    amount=st.integers(min_value=0, max_value=10**9),
)
def test_parts_add_up_and_each_lies_where_it_is_said_to(
    center: str, begins: datetime, hours: float, amount: int
) -> None:
    parts = BOOK.cut(center, begins, begins + timedelta(hours=hours), amount)
    assert sum(ms for _, ms in parts) == amount
    assert all(ms >= 0 for _, ms in parts)
    assert hours == 0 or parts[0][0] == BOOK.of(center, begins)
    assert all(one[0] != after[0] for one, after in pairwise(parts))
