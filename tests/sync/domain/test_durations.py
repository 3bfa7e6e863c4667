"""How long things took: the same whatever is done to wall clocks, and never negative."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.domain.durations import (
    attended_seconds,
    between,
    down_seconds,
    pause_seconds,
    run_seconds,
    setup_seconds,
)
from sync.domain.events import (
    DowntimeEnded,
    DowntimeStarted,
    Event,
    EventReversed,
    HelpCalled,
    OperationEnded,
    OperationPaused,
    OperationReported,
    OperationResumed,
    OperationStarted,
    OperatorJoined,
    OperatorLeft,
    OperatorSignedIn,
    SetupEnded,
    stamped,
)
from sync.domain.order import Order
from sync.domain.quantity import Quantity
from sync.domain.rules import check
from sync.domain.shop import Shop, absorb

START = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
WHERE: Final[dict[str, Any]] = {"order": "B-1", "operation": "10", "work_center": "MIX"}


def call(at: int, boot: str = "b", mono: int = -1, station: str = "MIX-1") -> HelpCalled:
    """An event `at` so many seconds by the wall clock, `mono` by the boot clock."""
    when = (START + timedelta(seconds=at)).isoformat()
    clocks: dict[str, Any] = {"boot": boot, "mono": max(0, mono) * 1000, "at": when}
    return stamped(HelpCalled(work_center="MIX"), **clocks, station=station)


@pytest.mark.parametrize(
    ("earlier", "later", "seconds"),
    [
        (call(0, "b", 100), call(60, "b", 160), 60),
        (call(0, "b", 100), call(259_260, "b", 160), 60),
        (call(0, "b", 100), call(-259_140, "b", 160), 60),
        (call(0, "b", 160), call(60, "b", 100), 0),
        # Another boot, another station, or none: the wall clocks, and never less than nothing.
        (call(0, "b", 100), call(60, "c", 5), 60),
        (call(0, "b", 100), call(60, "b", 5, "MIX-2"), 60),
        (call(60, "b", 100), call(0, "c", 5), 0),
        (call(0, ""), call(60, ""), 60),
        (HelpCalled(work_center="MIX"), call(60), 0),
    ],
)
def test_between(earlier: Event, later: Event, seconds: float) -> None:
    assert between(earlier, later) == seconds


def day() -> list[tuple[int, Event]]:
    """Minute by the boot clock → what happened: 100 minutes of work in 150, one stop of 12."""
    start, pause = OperationStarted(**WHERE, id="s"), OperationPaused(**WHERE, id="p", of="s")
    other = OperationPaused(**WHERE, id="q", of="s")
    return [
        (0, start),
        (0, OperatorJoined(id="ja", operator="anna", order="B-1", operation="10")),
        (20, OperatorJoined(id="jp", operator="paul", order="B-1", operation="10")),
        (30, pause),
        (35, DowntimeStarted(id="d", work_center="MIX", reason="JAM")),
        (47, DowntimeEnded(id="e", of="d", work_center="MIX")),
        (60, OperationResumed(**WHERE, id="r", of="p")),
        (80, OperatorLeft(id="l", of="jp", order="B-1", operation="10")),
        (130, other),
        (150, OperationEnded(**WHERE, id="o", of="s")),
    ]


def told(clocks: Sequence[int]) -> Shop:
    """The day with the wall clock off by so many seconds at each event."""
    shop = Shop()
    for n, ((minute, event), off) in enumerate(zip(day(), clocks, strict=True), 1):
        at = (START + timedelta(minutes=minute, seconds=off)).isoformat()
        clock = {"boot": "b", "mono": 7_000 + minute * 60_000, "at": at}
        absorb(shop, stamped(event, n=n, act=f"a{n}", station="MIX-1", **clock))
    return shop


@given(st.lists(st.integers(-300_000, 300_000), min_size=10, max_size=10))
def test_no_jump_of_the_clock_changes_a_duration(clocks: list[int]) -> None:
    shop = told(clocks)
    order = shop.orders["B-1"]
    assert run_seconds(order, "10") == 100 * 60
    assert pause_seconds(order, "10") == 50 * 60
    assert attended_seconds(order) == {"anna": 150 * 60, "paul": 60 * 60}
    stops = down_seconds(shop.downtimes.values(), shop.downtime_ends.values())
    assert stops == {"MIX": 12 * 60}


@given(st.lists(st.sampled_from(("b", "c", "d")), min_size=10, max_size=10), st.data())
def test_no_duration_is_negative(boots: list[str], data: st.DataObject) -> None:
    order = Order("B-1")
    shop = Shop(orders={"B-1": order})
    for n, ((_, event), boot) in enumerate(zip(day(), boots, strict=True), 1):
        off, mono = data.draw(st.integers(-(10**6), 10**6)), data.draw(st.integers(0, 10**9))
        at = (START + timedelta(seconds=off)).isoformat()
        absorb(shop, stamped(event, n=n, act=f"a{n}", at=at, boot=boot, mono=mono))
    found = [run_seconds(order, "10"), pause_seconds(order, "10")]
    found += attended_seconds(order).values()
    found += down_seconds(shop.downtimes.values(), shop.downtime_ends.values()).values()
    assert min(found) >= 0


def test_what_has_not_ended_has_no_duration_yet() -> None:
    shop = Shop()
    absorb(shop, stamped(day()[0][1], n=1, act="a"))
    absorb(shop, stamped(day()[1][1], n=2, act="a"))
    order = shop.orders["B-1"]
    assert (run_seconds(order, "10"), attended_seconds(order)) == (0, {})


@pytest.mark.parametrize(("off", "late"), [(0, 50), (259_200, 50), (-259_200, 50), (0, 70)])
def test_a_minute_to_undo_is_a_minute_of_the_boot_clock(off: int, late: int) -> None:
    shop = Shop()
    made = OperationReported(**WHERE, good=Quantity("1", "C62"))
    for n, event in enumerate((OperatorSignedIn(), made), 1):
        full = stamped(call(0, "b", 100), id=f"e{n}")
        clocks = {"boot": full.boot, "mono": full.mono, "at": full.at, "station": "MIX-1"}
        absorb(shop, stamped(event, id=f"e{n}", n=n, act=f"a{n}", operator="anna", **clocks))
    undo = stamped(call(off, "b", 100 + late), id="u")
    clocks = {"boot": undo.boot, "mono": undo.mono, "at": undo.at, "station": "MIX-1"}
    reversal = stamped(EventReversed(of="a2"), id="u", operator="anna", **clocks)
    found = [one.name for one in check(shop, reversal)]
    assert found == (["reversal_late"] if late > 60 else [])


@pytest.mark.parametrize(
    ("ends", "seconds"),
    [
        ((), (0, 100)),
        (((20, "s", "MIX-1"),), (20, 80)),
        # The pause from minute 30 to 60 is no set-up, and none of it counts twice.
        (((70, "s", "MIX-1"),), (40, 60)),
        (((40, "s", "MIX-1"),), (30, 70)),
        # The first end holds; one without a name is of the start at its own station.
        (((20, "s", "MIX-1"), (70, "s", "MIX-1")), (20, 80)),
        (((20, "", "MIX-1"),), (20, 80)),
        (((20, "", "MIX-2"),), (0, 100)),
        (((20, "other", "MIX-1"),), (0, 100)),
    ],
)
def test_set_up_and_run_are_told_apart(
    ends: tuple[tuple[int, str, str], ...], seconds: tuple[int, int]
) -> None:
    shop = told([0] * 10)
    for n, (minute, of, station) in enumerate(ends, 20):
        end = SetupEnded(**WHERE, of=of, id=f"u{n}")
        clock: dict[str, Any] = {"boot": "b", "mono": 7_000 + minute * 60_000}
        absorb(shop, stamped(end, n=n, act=f"a{n}", station=station, **clock))
    order = shop.orders["B-1"]
    found = (setup_seconds(order, "10"), run_seconds(order, "10"))
    assert found == (seconds[0] * 60, seconds[1] * 60)
    assert pause_seconds(order, "10") == 50 * 60
