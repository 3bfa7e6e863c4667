"""The home of what stands on an order's traveller: texts for whoever prints it, kiosk or server."""

from collections.abc import Mapping, Sequence
from typing import Final

from sync.domain.events import OrderReleased, ReleasedLine, RoutingOperation
from sync.domain.quantity import AMOUNT, MICROS_PER_ONE, micros

Row = Mapping[str, str]
TravellerValues = dict[str, str | tuple[Row, ...]]
# What the paper has room for; what is longer ends in CUT_SIGN.
CUT_SIGN: Final = ".."
NAME_CHARS_MAX: Final = 80
PRODUCT_CHARS_MAX: Final = 100
REMARK_CHARS_MAX: Final = 200
SHORT_CHARS_MAX: Final = 60
CODE_CHARS_MAX: Final = 40
PLACE_CHARS_MAX: Final = 20
OPERATION_CHARS_MAX: Final = 8
STEP_SIGN: Final = " · "
HOURS_MAX: Final = 9_999


def traveller_values(
    order: OrderReleased, commands: Sequence[tuple[str, str]] = ()
) -> TravellerValues:
    """The fields of the label template `traveller`; `commands` are (word, code to scan)."""
    return {
        "order": order.order,
        "product": _cut(order.name or order.material, PRODUCT_CHARS_MAX),
        "material": order.material,
        "quantity": order.quantity.amount,
        "unit": order.quantity.unit,
        "start": order.start,
        "due": order.due,
        "priority": str(order.priority)[:3],
        "customer": _cut(order.customer_reference, SHORT_CHARS_MAX),
        "note": _cut(order.note, REMARK_CHARS_MAX),
        "drawing": _cut(_drawings(order), SHORT_CHARS_MAX),
        "operations": tuple(_operation(order, one) for one in order.operations),
        "lines": tuple(_line(line) for line in order.lines),
        "commands": tuple({"word": word, "code": code} for word, code in commands),
    }


def _operation(order: OrderReleased, operation: RoutingOperation) -> Row:
    return {
        "number": _cut(operation.operation, OPERATION_CHARS_MAX),
        "name": _cut(operation.name or operation.operation, NAME_CHARS_MAX),
        "work_center": _cut(operation.work_center, CODE_CHARS_MAX),
        "time": _planned_time(order, operation),
        "steps": _cut(STEP_SIGN.join(operation.steps), REMARK_CHARS_MAX),
    }


def _line(line: ReleasedLine) -> Row:
    return {
        "material": _cut(line.material, CODE_CHARS_MAX),
        "name": _cut(line.name or line.material, NAME_CHARS_MAX),
        "quantity": line.quantity.amount,
        "unit": line.quantity.unit,
        "operation": _cut(line.operation, PLACE_CHARS_MAX),
        "location": _cut(line.place, PLACE_CHARS_MAX),
    }


def _planned_time(order: OrderReleased, operation: RoutingOperation) -> str:
    """Set-up and run of the whole order as h:mm, minutes rounded up; empty without a plan."""
    run = micros(operation.run_seconds) if AMOUNT.match(operation.run_seconds) else 0
    seconds = operation.setup_seconds + run * order.quantity.micros // MICROS_PER_ONE**2
    hours, minutes = divmod(-(-seconds // 60), 60)
    return f"{hours}:{minutes:02d}" if seconds > 0 and hours <= HOURS_MAX else ""


def _drawings(order: OrderReleased) -> str:
    """Each work drawing once, in the order of the operations."""
    return ", ".join(dict.fromkeys(one.drawing for one in order.operations if one.drawing))


def _cut(text: str, chars_max: int) -> str:
    """`text` on one line, its end cut where the paper has no room for it."""
    line = " ".join(text.split())
    return line if len(line) <= chars_max else line[: chars_max - len(CUT_SIGN)] + CUT_SIGN
