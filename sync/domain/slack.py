"""The home of urgency: how much work an order still is, and how long it can wait with it.

Slack is what is left between now and the end of the due day once the planned set-up and run time of
the remaining operations is taken off. It is calendar time: shifts are the planner's.
"""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from sync.domain.events import RoutingOperation
from sync.domain.order import Order
from sync.domain.quantity import AMOUNT, MICROS_PER_ONE, micros

TIMES_KEPT_MAX: Final = 1_024
NEVER: Final = float("inf")
_EPOCH: Final = date(1970, 1, 1)
_DAY_SECONDS: Final = 86_400.0
Urgency = tuple[int, float, str]


def seconds_left(order: Order, operation: RoutingOperation) -> int:
    """Planned seconds of what is still to be made there, set-up included before its start."""
    if order.is_ended(operation.operation):
        return 0
    run = _run_micros(operation.run_seconds)
    left = max(0, order.remaining(operation.operation) - order.scrap_at(operation.operation))
    begun = any(one.operation == operation.operation for one in order.starts.values())
    return (0 if begun else operation.setup_seconds) + run * left // MICROS_PER_ONE**2


def work_seconds(order: Order) -> int:
    """Planned seconds of all that is still to be done for an order."""
    return sum(seconds_left(order, one) for one in order.operations)


def slack_seconds(order: Order, now: datetime) -> float | None:
    """How long the order can wait; negative is late, None is an order without a due date."""
    due = _due_day(order)
    if due is None:
        return None
    end = datetime.combine(due + timedelta(days=1), time(), now.tzinfo)
    return (end - now).total_seconds() - work_seconds(order)


def urgency(order: Order) -> Urgency:
    """What a queue is sorted by: priority, then slack, then number.

    At one moment two orders differ in slack as their latest starts do, so no clock is asked.
    """
    return order.priority, _latest_start(order), order.number


def _latest_start(order: Order) -> float:
    due = _due_day(order)
    return (due - _EPOCH).days * _DAY_SECONDS - work_seconds(order) if due is not None else NEVER


def _due_day(order: Order) -> date | None:
    try:
        due = date.fromisoformat(order.due)
    except ValueError:
        return None
    return due if due < date.max else None


@lru_cache(TIMES_KEPT_MAX)
def _run_micros(seconds: str) -> int:
    return micros(seconds) if AMOUNT.match(seconds) else 0
