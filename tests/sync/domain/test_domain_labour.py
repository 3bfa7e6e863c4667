"""Labour: who worked how long on what, split by the jobs held, cut at the end of the shift."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.domain.durations import wall_seconds
from sync.domain.events import (
    Event,
    OperationEnded,
    OperationPaused,
    OperationResumed,
    OperationStarted,
    OperatorJoined,
    OperatorLeft,
    stamped,
)
from sync.domain.labour import Labour, Stint, labour, stints_of
from sync.domain.shifts import Shift, end_of, end_within, shift_of
from sync.domain.shop import Shop, absorb

START: Final = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
EARLY: Final = (shift_of("06:00-14:00"), shift_of("14:00-22:00"))
MINUTE: Final = 60


class Station:
    """Events of one station, minute by minute after six o'clock."""

    def __init__(self, name: str = "MIX-1", boot: str = "b") -> None:
        self.events: list[Event] = []
        self.name, self.boot = name, boot
        self.wrong = timedelta()

    def add(self, minute: float, event: Event, person: str = "anna") -> str:
        n = len(self.events) + 1
        wall = START + timedelta(minutes=minute) + self.wrong
        stamp: dict[str, Any] = {"at": wall.isoformat(), "station": self.name, "n": n}
        stamp.update(boot=self.boot, mono=round(minute * MINUTE * 1000) if self.boot else 0)
        one = stamped(event, **stamp, id=f"{self.name}-{n:03}", act=f"a-{n}", operator=person)
        self.events.append(one)
        return one.id

    def start(self, minute: float, order: str = "B-1") -> str:
        event = OperationStarted(order=order, operation="10", work_center="MIX")
        return self.add(minute, event)

    def join(self, minute: float, order: str = "B-1", person: str = "anna") -> str:
        return self.add(minute, OperatorJoined(order=order, operation="10"), person)

    def leave(self, minute: float, of: str, order: str = "B-1", person: str = "anna") -> None:
        self.add(minute, OperatorLeft(of=of, order=order, operation="10"), person)

    def pause(self, minute: float, of: str, order: str = "B-1") -> str:
        event = OperationPaused(order=order, operation="10", work_center="MIX", of=of)
        return self.add(minute, event)

    def resume(self, minute: float, of: str, order: str = "B-1") -> None:
        event = OperationResumed(order=order, operation="10", work_center="MIX", of=of)
        self.add(minute, event)

    def end(self, minute: float, of: str, order: str = "B-1") -> None:
        event = OperationEnded(order=order, operation="10", work_center="MIX", of=of)
        self.add(minute, event)


def minutes(
    events: Iterable[Event], now: float, shifts: Sequence[Shift] = (), *, in_full: bool = False
) -> list[tuple[str, str, float, bool]]:
    """Person, order, minutes and whether they were cut, `now` so many minutes after six."""
    shop = Shop()
    for event in events:
        absorb(shop, event)
    stints = stints_of(shop.orders.values(), wall_seconds, shifts)
    until = (START + timedelta(minutes=now)).timestamp()
    found = labour(stints, until, in_full=in_full)
    return [(one.person, one.order, round(one.seconds / MINUTE, 6), one.is_cut) for one in found]


def test_from_join_to_leave_and_to_the_end_of_the_operation() -> None:
    here = Station()
    start = here.start(0)
    first = here.join(0)
    here.join(10, person="paul")
    here.leave(30, first)
    here.end(50, start)
    assert minutes(here.events, 90) == [("anna", "B-1", 30, False), ("paul", "B-1", 40, False)]


def test_what_goes_on_lasts_until_now() -> None:
    here = Station()
    here.start(0)
    here.join(5)
    assert minutes(here.events, 90) == [("anna", "B-1", 85, False)]


def test_a_pause_is_nobodys_labour() -> None:
    here = Station()
    start = here.start(0)
    here.join(0)
    pause = here.pause(20, start)
    here.resume(50, pause)
    here.pause(60, start)
    assert minutes(here.events, 90) == [("anna", "B-1", 30, False)]


def test_two_pauses_at_once_count_once() -> None:
    here = Station()
    start = here.start(0)
    here.join(0)
    one, other = here.pause(10, start), here.pause(20, start)
    here.resume(30, one)
    here.resume(40, other)
    assert minutes(here.events, 50) == [("anna", "B-1", 20, False)]


@pytest.mark.parametrize(("in_full", "given"), [(False, (40, 20)), (True, (60, 40))])
def test_on_two_jobs_at_once_each_gets_half_or_all_of_it(
    in_full: bool, given: tuple[float, float]
) -> None:
    here = Station()
    here.start(0)
    here.start(20, "B-2")
    first = here.join(0)
    second = here.join(20, "B-2")
    here.leave(60, first)
    here.leave(60, second, "B-2")
    expected = [
        ("anna", order, one, False) for order, one in zip(("B-1", "B-2"), given, strict=True)
    ]
    assert minutes(here.events, 90, in_full=in_full) == expected


def test_one_job_at_two_stations_is_one_job() -> None:
    here, there = Station("MIX-1"), Station("MIX-2")
    here.join(0)
    there.join(0)
    assert minutes([*here.events, *there.events], 30) == [("anna", "B-1", 30, False)]


def test_never_past_the_end_of_the_shift() -> None:
    here = Station()
    here.start(0)
    here.join(420)  # 13:00
    assert minutes(here.events, 470, EARLY) == [("anna", "B-1", 50, False)]
    assert minutes(here.events, 480, EARLY) == [("anna", "B-1", 60, False)]
    assert minutes(here.events, 900, EARLY) == [("anna", "B-1", 60, True)]
    assert minutes(here.events, 900) == [("anna", "B-1", 480, False)]


def test_a_cut_is_by_the_wall_clock_of_the_station() -> None:
    join = OperatorJoined(order="B-1", operation="10", at="2026-11-22T13:30:00+05:00", id="j", n=1)
    shop = Shop()
    absorb(shop, stamped(join, operator="anna", station="MIX-1"))
    (stint,) = stints_of(shop.orders.values(), wall_seconds, EARLY)
    assert stint.limit is not None
    assert datetime.fromtimestamp(float(stint.limit), UTC).hour == 9  # 14:00 at +05:00


def test_work_that_goes_on_after_a_pause_over_the_end_is_flagged() -> None:
    here = Station()
    start = here.start(0)
    here.join(420)
    pause = here.pause(450, start)
    here.resume(500, pause)
    assert minutes(here.events, 600, EARLY) == [("anna", "B-1", 30, True)]


def test_setting_the_clock_changes_nothing_within_a_boot() -> None:
    here = Station()
    here.start(0)
    join = here.join(0)
    here.wrong = timedelta(days=3)
    here.leave(30, join)
    assert minutes(here.events, 90) == [("anna", "B-1", 30, False)]


def test_between_two_boots_the_corrected_times_tell() -> None:
    here = Station(boot="")
    join = here.join(0)
    here.leave(30, join)
    assert minutes(here.events, 90) == [("anna", "B-1", 30, False)]


def test_a_join_without_a_time_is_left_out() -> None:
    shop = Shop()
    join = OperatorJoined(order="B-1", operation="10", id="j", at="yesterday")
    absorb(shop, stamped(join, operator="anna", station="MIX-1"))
    assert stints_of(shop.orders.values(), wall_seconds) == ()


def test_values_in_values_out() -> None:
    stint = Stint("anna", "B-1", "10", Fraction(0), Fraction(10), Fraction(4))
    assert labour([stint], 99) == (Labour("anna", "B-1", "10", 4.0, is_cut=True),)
    late = Stint("anna", "B-1", "10", Fraction(50))
    assert labour([late], 10) == ()


STINTS: Final = st.lists(
    st.builds(
        Stint,
        st.sampled_from(["anna", "paul"]),
        st.sampled_from(["B-1", "B-2", "B-3"]),
        st.sampled_from(["10", "20"]),
        st.integers(0, 100).map(Fraction),
        st.none() | st.integers(0, 120).map(Fraction),
        st.none() | st.integers(0, 120).map(Fraction),
    ),
    max_size=12,
)


@given(STINTS, st.integers(0, 130))
def test_split_labour_adds_up_to_the_time_on_any_job(stints: list[Stint], now: int) -> None:
    found = labour(stints, now)
    for person in ("anna", "paul"):
        ticks = sum(
            any(
                one.person == person and one.begun <= tick and tick + 1 <= _ended(one, now)
                for one in stints
            )
            for tick in range(130)
        )
        told = sum(one.seconds for one in found if one.person == person)
        assert told == pytest.approx(ticks)
    assert all(one.seconds >= 0 for one in found)


def _ended(one: Stint, now: int) -> Fraction:
    ended = Fraction(now) if one.ended is None else one.ended
    return ended if one.limit is None else min(ended, one.limit)


@given(STINTS.flatmap(st.permutations), st.integers(0, 130), st.booleans())
def test_order_does_not_matter(stints: list[Stint], now: int, in_full: bool) -> None:
    first = labour(stints, now, in_full=in_full)
    assert labour(stints[::-1], now, in_full=in_full) == first
    assert labour(sorted(stints, key=repr), now, in_full=in_full) == first


@given(st.permutations(range(8)))
def test_the_order_of_events_does_not_matter(turn: Sequence[int]) -> None:
    here = Station()
    start = here.start(0)
    first = here.join(0)
    here.join(5, "B-2")
    pause = here.pause(10, start)
    here.resume(20, pause)
    here.join(22, person="paul")
    here.leave(30, first)
    here.end(40, start)
    events = [here.events[place] for place in turn]
    assert minutes(events, 60, EARLY) == minutes(here.events, 60, EARLY)


# Shifts


@pytest.mark.parametrize(
    "text", ["", "6:00-14:00", "06:00-24:00", "06:00 - 14:00", "06:00-06:00", "06:60-14:00", "x"]
)
def test_what_is_no_shift_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"06:00-14:00|same time"):
        shift_of(text)


@pytest.mark.parametrize(
    ("clock", "ends", "near"),
    [
        ("06:00", "14:00", ""),
        ("13:59", "14:00", "14:00"),
        ("14:00", "22:00", ""),
        ("23:30", "06:00", ""),
        ("05:46", "06:00", "06:00"),
        ("05:44", "06:00", ""),
    ],
)
def test_the_shift_that_a_moment_lies_in(clock: str, ends: str, near: str) -> None:
    shifts = (*EARLY, shift_of("22:00-06:00"))
    moment = datetime.fromisoformat(f"2026-11-22T{clock}:30").replace(tzinfo=UTC)
    end, soon = end_of(shifts, moment), end_within(shifts, moment, 15)
    assert end is not None
    assert (f"{end:%H:%M}", f"{soon:%H:%M}" if soon else "") == (ends, near)
    assert timedelta() < end - moment <= timedelta(hours=8)


def test_outside_all_shifts_and_in_two_at_once() -> None:
    day = (shift_of("06:00-14:00"), shift_of("08:00-16:00"))
    assert end_of(day, START.replace(hour=17)) is None
    assert end_of((), START) is None
    end = end_of(day, START.replace(hour=9))
    assert end is not None
    assert end.hour == 16
    soon = end_within(day, START.replace(hour=13, minute=50), 15)
    assert soon is not None
    assert soon.hour == 14
