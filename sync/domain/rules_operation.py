"""The rules of operations: when they may start, what they report, what they skip."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from sync.domain.amounts import micros_of
from sync.domain.events import (
    CheckRecorded,
    MaterialProduced,
    Operating,
    OperationEnded,
    OperationReported,
    OperationStarted,
    RoutingOperation,
)
from sync.domain.order import Order
from sync.domain.quantity import shown
from sync.domain.rules_base import Case, Deviation, amount
from sync.domain.rules_material import output_of_lines


def operating(case: Case, event: Operating) -> Iterator[Deviation]:
    """What holds for everything that happens at an operation.

    Output comes late where the report of its act does, which may finish the rework that waited.
    """
    if not case.shop.is_signed_in(event.station, event.operator):
        yield case.deviation("not_signed_in", person=event.operator)
    order = case.order
    if order is None or (order.header is None and order.release is None):
        name = "unknown_order" if isinstance(event, OperationStarted) else "unknown_target"
        yield case.deviation(name)
        return
    if order.is_over or (type(event) is not MaterialProduced and order.is_ended(event.operation)):
        ended = order.status.value if order.is_over else "finished"
        yield case.deviation("already_ended", status=ended, operation=event.operation)
    elif order.is_held:
        reason = order.hold.reason if order.hold is not None else ""
        yield case.deviation("order_held", reason=reason)
    elif order.release is None:
        yield case.deviation("order_not_released")


def start(case: Case, event: OperationStarted) -> Iterator[Deviation]:
    """What a start disagrees with."""
    order = case.order
    operation = order.operation(event.operation) if order is not None else None
    if order is None or operation is None:
        return
    facts = _operation_facts(case, operation)
    if case.work_centers and operation.work_center not in case.work_centers:
        yield case.deviation("wrong_work_center", **facts, here=", ".join(case.work_centers))
    earlier = before(order, event.operation)
    if earlier and not order.is_ended(earlier.operation) and not order.good_at(earlier.operation):
        facts["earlier"] = earlier.name or earlier.operation
        yield case.deviation("out_of_sequence", **facts)


def report(case: Case, event: OperationReported) -> Iterator[Deviation]:
    """What a report of output disagrees with: too much of it, or too little that went in."""
    order = case.order
    if order is None or order.header is None:
        return
    good = order.good_at(event.operation) + micros_of(event.good)
    if event.good.unit != order.unit:
        facts = {"label_unit": shown(event.good.unit), "unit": shown(order.unit)}
        yield case.deviation("unit_unknown", name=order.number, quantity=str(event.good), **facts)
    elif good > order.highest:
        grade = "over_production_limit" if good > order.limit else "over_production"
        facts = {
            "quantity": str(event.good),
            "good": amount(good, order.unit),
            "planned": amount(order.planned, order.unit),
            "over": amount(good - order.planned, order.unit),
        }
        yield case.deviation("over_production", grade, **facts)
    yield from output_of_lines(case, event)


def end(case: Case, event: OperationEnded) -> Iterator[Deviation]:
    """Steps that nobody confirmed when an operation ends."""
    order = case.order
    operation = order.operation(event.operation) if order is not None else None
    if order is None or operation is None:
        return
    done = order.steps.get(event.operation, {})
    skipped = [step for step in operation.steps if step not in done]
    if skipped:
        facts = {"step": skipped[0], "count": str(len(skipped))}
        yield case.deviation("step_skipped", **_operation_facts(case, operation), **facts)


def check_value(case: Case, event: CheckRecorded) -> Iterator[Deviation]:
    """A recorded value outside its limits; a value that is no number is outside."""
    order = case.order
    operation = order.operation(event.operation) if order is not None else None
    if operation is None:
        return
    wanted = next((one for one in operation.checks if one.check == event.check), None)
    if wanted is None or _within(event.value, wanted.lowest, wanted.highest):
        return
    yield case.deviation(
        "check_out_of_limits",
        name=wanted.text or wanted.check,
        value=event.value,
        unit=shown(wanted.unit),
        lowest=wanted.lowest or "–",
        highest=wanted.highest or "–",
    )


def before(order: Order, operation: str) -> RoutingOperation | None:
    """The operation before one in the routing."""
    names = [one.operation for one in order.operations]
    index = names.index(operation) if operation in names else 0
    return order.operations[index - 1] if index else None


def _within(value: str, lowest: str, highest: str) -> bool:
    try:
        number = Decimal(value)
        low = Decimal(lowest) if lowest else number
        high = Decimal(highest) if highest else number
    except InvalidOperation:
        return False
    return number.is_finite() and low <= number <= high


def _operation_facts(case: Case, operation: RoutingOperation) -> dict[str, str]:
    center = case.shop.work_centers.get(operation.work_center)
    return {
        "operation": operation.name or operation.operation,
        "work_center": center.name if center is not None else operation.work_center,
    }
