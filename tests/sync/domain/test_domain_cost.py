"""What folding costs, counted in calls and objects, so that no clock is in it."""

import gc
import sys
from collections.abc import Sequence
from types import FrameType

from sync.domain.events import Event, MaterialConsumed
from sync.domain.shop import Shop, absorb
from tests.bench.fold import fold, scans

EVENTS = 4_000


def calls(events: Sequence[Event]) -> int:
    """How many calls, of C functions too, it takes to fold the events."""
    count = 0

    def counting(_frame: FrameType, what: str, _arg: object) -> None:
        nonlocal count
        count += what in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counting)
    try:
        fold(events)
    finally:
        sys.setprofile(before)
    return count


def test_one_order_of_many_events_costs_as_much_an_event_as_many_orders() -> None:
    one, many = calls(scans(1, EVENTS)), calls(scans(500, EVENTS))
    assert one <= 2 * many


def test_an_event_costs_as_much_late_as_early() -> None:
    assert calls(scans(1, EVENTS)) <= 4.4 * calls(scans(1, EVENTS // 4))


def test_an_event_takes_few_calls() -> None:
    assert calls(scans(500, EVENTS)) <= 60 * EVENTS


def test_scans_leave_no_objects_behind() -> None:
    consumed = [event for event in scans(1, 3 * EVENTS) if isinstance(event, MaterialConsumed)]
    shop = Shop()
    for event in consumed[:1000]:
        absorb(shop, event)
    gc.collect()
    before = len(gc.get_objects())
    for event in consumed[1000:]:
        absorb(shop, event)
    gc.collect()
    assert len(gc.get_objects()) - before <= 0.01 * (len(consumed) - 1000) + 10
