"""Urgency: what is left to do, how long that can wait, and set-up until it is ended."""

from datetime import UTC, datetime
from typing import Any, Final

import pytest

from sync.domain.events import (
    Event,
    EventReversed,
    OperationEnded,
    OperationReported,
    OperationStarted,
    OrderReleased,
    RoutingOperation,
    SetupEnded,
    stamped,
)
from sync.domain.quantity import Quantity
from sync.domain.shop import Shop, absorb
from sync.domain.slack import slack_seconds, urgency, work_seconds

NOON: Final = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MIX: Final = RoutingOperation("10", "MIX", "Mix", setup_seconds=600, run_seconds="1.5")
PACK: Final = RoutingOperation("20", "PACK", "Pack", setup_seconds=300, run_seconds="2")
WHERE: Final[dict[str, Any]] = {"order": "B-1", "operation": "10", "work_center": "MIX"}


def pcs(amount: str) -> Quantity:
    return Quantity(amount, "C62")


def release(order: str = "B-1", due: str = "2026-11-22", priority: int = 50) -> OrderReleased:
    return OrderReleased(
        order=order,
        revision=1,
        material="ROLL",
        quantity=pcs("1000"),
        due=due,
        priority=priority,
        name="Roll",
        operations=(MIX, PACK),
    )


def shop_of(*events: Event) -> Shop:
    shop = Shop()
    for n, event in enumerate(events, 1):
        absorb(shop, stamped(event, id=event.id or f"e{n}", n=n, act=f"a{n}", station="MIX-1"))
    return shop


START: Final = OperationStarted(**WHERE, id="s")
REPORT: Final = OperationReported(**WHERE, good=pcs("400"), scrap=pcs("100"))


@pytest.mark.parametrize(
    ("events", "seconds"),
    [
        ((), 600 + 1500 + 300 + 2000),
        ((START,), 1500 + 300 + 2000),
        ((START, REPORT), 750 + 300 + 2000),
        ((START, REPORT, OperationEnded(**WHERE, of="s")), 300 + 2000),
    ],
)
def test_what_is_left_to_do(events: tuple[Event, ...], seconds: int) -> None:
    assert work_seconds(shop_of(release(), *events).orders["B-1"]) == seconds


@pytest.mark.parametrize(
    ("due", "seconds"),
    [
        ("2026-11-22", 12 * 3600 - 4400),
        ("2026-11-23", 36 * 3600 - 4400),
        ("2026-11-21", -12 * 3600 - 4400),
        ("", None),
    ],
)
def test_slack_is_what_is_left_until_the_end_of_the_due_day(
    due: str, seconds: float | None
) -> None:
    assert slack_seconds(shop_of(release(due=due)).orders["B-1"], NOON) == seconds


def test_the_queue_goes_by_priority_then_slack_then_number() -> None:
    shop = shop_of(
        release("A-1", "2026-11-24", 50),
        release("A-2", "", 50),
        release("A-3", "2026-11-22", 50),
        release("A-4", "2026-11-30", 10),
        release("A-5", "2026-11-24", 50),
        stamped(START, order="A-5"),
    )
    turn = sorted(shop.orders.values(), key=urgency)
    assert [one.number for one in turn] == ["A-4", "A-3", "A-1", "A-5", "A-2"]


@pytest.mark.parametrize(
    ("events", "in_setup"),
    [
        ((START,), True),
        ((START, SetupEnded(**WHERE, of="s")), False),
        ((START, SetupEnded(**WHERE)), False),
        ((START, SetupEnded(**WHERE, of="s"), EventReversed(of="a3")), True),
        ((SetupEnded(**WHERE, of="s"), START), False),
    ],
)
def test_set_up_lasts_until_it_is_ended(events: tuple[Event, ...], in_setup: bool) -> None:
    order = shop_of(release(), *events).orders["B-1"]
    start = order.start_of("10")
    assert start is not None
    assert order.in_setup(start) is in_setup
