"""What comes next at a station: the line to feed, the step to confirm, what DONE would report."""

from dataclasses import dataclass
from typing import Final

from kiosk.dialog.state import Choice, Dialog, Moment
from kiosk.dialog.waiting import workable
from sync.domain.durations import wall_seconds
from sync.domain.events import (
    Check,
    Event,
    OperationPaused,
    OperationReported,
    OperationStarted,
    ReasonDefined,
)
from sync.domain.needs import LineState
from sync.domain.order import Order
from sync.domain.packing import contents
from sync.domain.quantity import MICROS_PER_ONE, QuantityError, shown, text, typed
from sync.domain.rules_base import amount, fetch_facts, line_name, product_name
from sync.domain.rules_operation import before
from sync.domain.shop import Shop

TIME_GROUPS: Final = ("delay", "down", "setup", "preventive", "corrective", "")

_WAITING: Final = {"return": "return_lot", "lot": "lot_of"}  # what is asked for by scan


@dataclass(frozen=True, slots=True)
class Current:
    """The current order, its operation here, and its start at this station if there is one."""

    order: Order
    operation: str
    start: OperationStarted | None
    pause: OperationPaused | None

    @property
    def in_setup(self) -> bool:
        """Whether its set-up goes on."""
        return self.start is not None and self.order.in_setup(self.start)

    @property
    def setup_planned(self) -> str:
        """The set-up that the routing plans, as 0:20."""
        operation = self.order.operation(self.operation)
        return clock_text(operation.setup_seconds if operation is not None else 0)


def current(dialog: Dialog, shop: Shop) -> Current | None:
    """The order in hand; nothing where none is current."""
    order = shop.orders.get(dialog.order or "")
    if order is None:
        return None
    operation = dialog.operation or ""
    if not operation and order.operations:
        here = order.next_operations(dialog.workplace.work_centers)
        operation = here[0].operation if here else order.operations[0].operation
    start = order.start_of(operation, dialog.workplace.station)
    return Current(order, operation, start, order.is_paused(start.id) if start else None)


def open_lines(order: Order, operation: str) -> tuple[LineState, ...]:
    """Lines that are scanned and still need something, in the order of the release."""
    lines = order.lines(operation)
    return tuple(one for one in lines if one.remaining and not one.line.backflush)


def available_at(order: Order, operation: str) -> int:
    """What an operation can be given: the plan, or what the ended one before it gave.

    What waits for rework before it has yet to come.
    """
    earlier = before(order, operation)
    coming = rework_until(order, operation) - order.rework_at(operation)
    if earlier is None or not order.was_ended(earlier.operation):
        return order.planned - coming
    return min(order.planned - coming, order.good_at(earlier.operation))


def rework_until(order: Order, operation: str) -> int:
    """Micros that wait for rework at an operation or at one before it."""
    whole = 0
    for one in order.operations:
        whole += order.rework_at(one.operation)
        if one.operation == operation:
            return whole
    return order.rework_at(operation)


def rework_ready(dialog: Dialog, now: Current) -> int:
    """Micros of rework that DONE without a number would report good here."""
    staged = staged_scrap(dialog, now.order.unit)
    return max(0, now.order.rework_at(now.operation) - staged)


def staged_scrap(dialog: Dialog, unit: str) -> int:
    """Micros of scrap that wait for DONE."""
    return sum(typed(one.amount, unit).micros for one in dialog.scrap if one.amount)


def planned_remainder(dialog: Dialog, shop: Shop) -> int:
    """What DONE without a number would report good, in micros of the order's unit.

    Never more than the operation before it gave, once that has ended.
    """
    now = current(dialog, shop)
    if now is None or not now.order.unit:
        return 0
    told = now.order.good_at(now.operation) + now.order.scrap_at(now.operation)
    told += now.order.held_at(now.operation) + now.order.rework_at(now.operation)
    told += staged_scrap(dialog, now.order.unit)
    return max(0, available_at(now.order, now.operation) - told)


def done_quantity(dialog: Dialog, shop: Shop) -> str:
    """What DONE would report now ("520 PCS"): the staged number, else the planned remainder.

    What waits for rework here goes before that. Serial numbers that wait for DONE count one each.
    Empty where no order is current, or where this operation wants a number and none is staged.
    """
    now = current(dialog, shop)
    if now is None or not now.order.unit:
        return ""
    if dialog.number:
        try:
            return str(typed(dialog.number, now.order.unit))
        except QuantityError:
            return ""
    if dialog.serials:
        return amount(len(dialog.serials) * MICROS_PER_ONE, now.order.unit)
    if now.order.rework_at(now.operation):
        return amount(rework_ready(dialog, now), now.order.unit)
    if wants_count(now):
        return ""
    return amount(planned_remainder(dialog, shop), now.order.unit)


def wants_count(now: Current) -> bool:
    """Whether the routing wants the number of this operation counted."""
    operation = now.order.operation(now.operation)
    return operation is not None and operation.count == "ask"


def number_unit(dialog: Dialog, shop: Shop) -> str:
    """The unit of a staged number: of the value to measure, the line to feed, else the output."""
    check = check_next(dialog, shop)
    if check is not None:
        return check.unit
    is_made = dialog.handover is not None or dialog.packing is not None
    line = line_to_feed(dialog, shop) if not is_made else None
    return line.line.quantity.unit if line is not None else output_unit(dialog, shop)


def line_to_feed(dialog: Dialog, shop: Shop) -> LineState | None:
    """The first line of the current operation that is scanned and still needs something."""
    now = current(dialog, shop)
    lines = open_lines(now.order, now.operation) if now is not None else ()
    return lines[0] if lines else None


def output_unit(dialog: Dialog, shop: Shop) -> str:
    """The unit of what the current order makes, else of what was reported just now."""
    now = current(dialog, shop)
    if now is not None:
        return now.order.unit
    if dialog.packing is not None:
        return unit_packed(shop, dialog.packing)
    act = shop.last_act(dialog.workplace.station, dialog.person or "") if dialog.booked else ()
    return next((one.good.unit for one in act if isinstance(one, OperationReported)), "")


def unit_packed(shop: Shop, unit: str) -> str:
    """The unit of measure of what went onto a logistic unit last; pieces where nothing did."""
    packed = [one.quantity for one in contents(shop, unit) if one.quantity is not None]
    return packed[-1].unit if packed else "C62"


def open_steps(now: Current) -> tuple[str, ...]:
    """Instructions that nobody confirmed yet."""
    operation = now.order.operation(now.operation)
    if operation is None:
        return ()
    done = now.order.steps.get(now.operation, {})
    return tuple(step for step in operation.steps if step not in done)


def open_check(now: Current) -> Check | None:
    """The first value that is still to be recorded."""
    operation = now.order.operation(now.operation)
    if operation is None:
        return None
    done = now.order.checks.get(now.operation, {})
    return next((one for one in operation.checks if one.check not in done), None)


def check_next(dialog: Dialog, shop: Shop) -> Check | None:
    """The value to be measured now: what is to be fed and confirmed goes before it."""
    now = current(dialog, shop)
    if now is None or dialog.person is None or dialog.handover is not None:
        return None
    if dialog.packing is not None:
        return None
    if now.pause is not None or now.in_setup or now.order.is_ended(now.operation):
        return None
    if open_lines(now.order, now.operation) or open_steps(now) or open_note(dialog, shop):
        return None
    return None if now.order.rework_at(now.operation) else open_check(now)


def limits_of(check: Check) -> str:
    """A check's limits with its unit, as `19.98–20.02 mm`; the unit alone where there are none."""
    limits = f"{check.lowest or '…'}–{check.highest or '…'}"
    limits = limits if check.lowest or check.highest else ""
    return f"{limits} {shown(check.unit)}".strip()


def note_key(order: Order) -> str:
    """Names the order's note as it reads now, or nothing where there is none."""
    header = order.header
    return f"{order.number}/{header.revision}" if header is not None and header.note else ""


def open_note(dialog: Dialog, shop: Shop) -> str:
    """The note of the current order that the operator has not confirmed, or nothing."""
    order = shop.orders.get(dialog.order or "")
    if order is None or order.header is None or note_key(order) in dialog.noted:
        return ""
    return order.header.note


def reasons(shop: Shop, group: str) -> tuple[Choice, ...]:
    """The site's reasons of one group, by their text; those of stops by their time group first."""
    found: list[ReasonDefined] = [
        one for one in shop.reasons.values() if one.active and one.group == group
    ]
    if group != "downtime":
        found.sort(key=lambda one: one.text)
        return tuple(Choice(one.reason, one.text) for one in found)
    found.sort(key=lambda one: (TIME_GROUPS.index(one.time_group), one.text))
    return tuple(Choice(one.reason, one.text, one.time_group or "other") for one in found)


def elapsed(event: Event, station: str, now: Moment) -> str:
    """How long ago that was, as 0:42 hours; the boot clock tells it where it saw both."""
    if event.boot and (event.station, event.boot) == (station, now.boot):
        return clock_text(now.mono - event.mono / 1000)
    then = wall_seconds(event)
    return clock_text((now.corrected or now.at).timestamp() - then) if then is not None else ""


def clock_text(seconds: float) -> str:
    """A duration as 0:42 hours; none is negative."""
    minutes = int(max(0.0, seconds) // 60)
    return f"{minutes // 60}:{minutes % 60:02d}"


def following(dialog: Dialog, shop: Shop) -> tuple[str, dict[str, str]]:
    """The key of the next step's sentence, and its facts."""
    if dialog.person is None:
        return "badge", {}
    now, asking = current(dialog, shop), dialog.asking
    if now is None:
        return _next_order(dialog, shop)
    if asking is not None and asking.wanted in _WAITING:
        return _WAITING[asking.wanted], {"next_name": asking.notice.facts.get("name", "")}
    if now.pause is not None:
        return "resume", {"next_order": now.order.number}
    if now.order.rework_at(now.operation):
        waiting = amount(now.order.rework_at(now.operation), now.order.unit)
        return "rework", {"next_rework": waiting, "next_amount": done_quantity(dialog, shop)}
    lines = open_lines(now.order, now.operation)
    if lines:
        return _next_lot(dialog, shop, lines[0])
    return _finish(dialog, shop, now)


def _next_order(dialog: Dialog, shop: Shop) -> tuple[str, dict[str, str]]:
    waiting = workable(dialog, shop)
    if not waiting:
        return "empty", {}
    first = waiting[0]
    return "order", {"next_order": first.number, "next_product": product_name(shop, first)}


def _next_lot(dialog: Dialog, shop: Shop, line: LineState) -> tuple[str, dict[str, str]]:
    fetch = fetch_facts(shop, line.line.material, dialog.today)
    facts = {
        "next_name": line_name(shop, line.line),
        "next_amount": amount(line.remaining, line.line.quantity.unit),
        "next_lot": fetch["fetch_lot"],
        "next_place": fetch["fetch_place"] or line.line.place,
    }
    if not facts["next_lot"] or not line.line.lot_controlled:
        return ("material_at" if facts["next_place"] else "material"), facts
    return ("lot_at" if facts["next_place"] else "lot"), facts


def _finish(dialog: Dialog, shop: Shop, now: Current) -> tuple[str, dict[str, str]]:
    steps = open_steps(now)
    if steps:
        return "step", {"next_step": steps[0]}
    if now.in_setup:
        return "setup", {"next_amount": done_quantity(dialog, shop)}
    check = open_check(now)
    if check is not None:
        facts = {"next_check": check.text or check.check, "next_limits": limits_of(check)}
        return ("check" if facts["next_limits"] else "check_free"), facts
    if wants_count(now) and not dialog.number and not dialog.serials:
        return "count", {"next_order": now.order.number}
    if not now.order.unit or not now.order.planned:
        return "count", {"next_order": now.order.number}
    return "done", {"next_amount": done_quantity(dialog, shop)}


def plain(micros: int) -> str:
    """Micros as a bare number: `480`."""
    return text(micros)


def pieces(micros: int) -> int:
    """Whole units in micros."""
    return micros // MICROS_PER_ONE
