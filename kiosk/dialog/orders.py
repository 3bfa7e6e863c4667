"""The current order: opening, switching, resuming and pausing it, its notes and steps."""

from dataclasses import replace

from kiosk.dialog.acts import born, propose, said, stop
from kiosk.dialog.people import because, joining
from kiosk.dialog.state import Asking, Choice, Dialog, Moment, Notice, Proposal, Turn
from kiosk.dialog.steps import Current, clock_text, current, note_key, open_check, open_steps
from kiosk.dialog.waiting import queue
from labels.codes import OrderCode
from sync.domain.events import (
    CheckRecorded,
    Event,
    OperationPaused,
    OperationResumed,
    OperationStarted,
    RoutingOperation,
    SetupEnded,
    StepConfirmed,
)
from sync.domain.order import Order
from sync.domain.quantity import Quantity, QuantityError, of_decimal, shown, unit_named
from sync.domain.rules_base import material_name, order_facts
from sync.domain.shop import Shop


def scan_order(dialog: Dialog, shop: Shop, now: Moment, code: OrderCode) -> Turn:
    """A traveller: its order becomes the current one."""
    facts = {"order": code.number, **order_facts(shop, code.number)}
    if dialog.person is None:
        return stop(dialog, "not_signed_in_order", **facts)
    dialog = replace(dialog, number="")
    order = shop.orders.get(code.number)
    if order is None or not order.operations:
        return _open_unreleased(dialog, shop, now, code, order)
    if code.number == dialog.order:
        return _again(dialog, shop, now, order)
    fits = order.next_operations(dialog.workplace.work_centers)
    running = [one for one in fits if order.start_of(one.operation, dialog.workplace.station)]
    if len(running) == 1:
        return open_operation(dialog, shop, now, order, running[0])
    if len(fits) > 1:
        return _which(dialog, shop, now, order, fits)
    return _open_first(dialog, shop, now, order, fits)


def open_operation(
    dialog: Dialog, shop: Shop, now: Moment, order: Order, operation: RoutingOperation
) -> Turn:
    """Make an operation of an order current: started, resumed or joined as it needs."""
    after = _on(dialog, order.number, operation.operation)
    start = order.start_of(operation.operation, dialog.workplace.station)
    events: list[Event] = []
    text = "order_opened"
    if start is None:
        begun = OperationStarted(
            order=order.number, operation=operation.operation, work_center=operation.work_center
        )
        events.append(born(dialog, now, begun))
    else:
        events.extend(_resuming(dialog, now, order, start))
        text = "order_resumed" if events else "order_switched"
    events.extend(joining(dialog, shop, now, order.number, operation.operation))
    facts = {**opened_facts(shop, order), "step": operation.name or operation.operation}
    if start is None and operation.setup_seconds:
        text, facts["setup"] = "setup_begun", clock_text(operation.setup_seconds)
    notice = said("ok", text, **facts)
    return propose(dialog, shop, now, Proposal(tuple(events), notice, after))


def opened_facts(shop: Shop, order: Order) -> dict[str, str]:
    """What the answer to an opened order names."""
    quantity = order.quantity
    return {
        **order_facts(shop, order.number),
        "quantity": str(quantity) if quantity is not None else "",
        "due": order.due,
    }


def chosen_operation(dialog: Dialog, shop: Shop, now: Moment, code: str) -> Turn:
    """The operation that was picked where two fit."""
    assert dialog.asking is not None, "a choice without a question"
    order = shop.orders.get(dialog.asking.of)
    operation = order.operation(code) if order is not None else None
    dialog = replace(dialog, asking=None)
    if order is None or operation is None:
        return stop(dialog, "order_gone", order=code)
    return open_operation(dialog, shop, now, order, operation)


def ensure_running(dialog: Dialog, shop: Shop, now: Moment, *, set_up: bool = True) -> list[Event]:
    """What must happen first so that work on the current operation counts: start, resume, join.

    Work ends the set-up, in the same act; what is no work yet leaves it (`set_up` False).
    """
    here = current(dialog, shop)
    assert here is not None, "no current order"
    events: list[Event] = []
    if here.start is None:
        operation = here.order.operation(here.operation)
        centers = dialog.workplace.work_centers
        center = operation.work_center if operation is not None else next(iter(centers), "")
        begun = OperationStarted(
            order=here.order.number, operation=here.operation, work_center=center
        )
        events.append(born(dialog, now, begun))
    else:
        events.extend(_resuming(dialog, now, here.order, here.start))
    if set_up:
        events.extend(_set_up(dialog, now, here))
    return [*events, *joining(dialog, shop, now, here.order.number, here.operation)]


def end_setup(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """OK while an operation is set up: its run begins."""
    here = current(dialog, shop)
    assert here is not None, "no current order"
    events = tuple(ensure_running(dialog, shop, now))
    operation = here.order.operation(here.operation)
    step = (operation.name or operation.operation) if operation is not None else here.operation
    notice = said("ok", "setup_ended", **order_facts(shop, here.order.number), step=step)
    return propose(dialog, shop, now, Proposal(events, notice, replace(dialog, booked="")))


def pause(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """PAUSE: the current operation stands, for a reason."""
    here = current(dialog, shop)
    if dialog.person is None or here is None or here.start is None:
        return stop(dialog, "no_order" if dialog.person else "not_signed_in")
    facts = order_facts(shop, here.order.number)
    if here.pause is not None:
        return Turn(dialog, notice=said("note", "paused_already", **facts))
    event = OperationPaused(
        order=here.order.number,
        operation=here.operation,
        work_center=here.start.work_center,
        of=here.start.id,
    )
    after = replace(dialog, booked="")
    notice = Notice("ok", "paused", facts, "resume_here")
    proposal = Proposal((born(dialog, now, event),), notice, after)
    return because(dialog, shop, now, proposal, "pause")


def resume(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """RESUME: the current operation goes on."""
    here = current(dialog, shop)
    if dialog.person is None or here is None or here.start is None:
        return stop(dialog, "no_order" if dialog.person else "not_signed_in")
    facts = order_facts(shop, here.order.number)
    events = _resuming(dialog, now, here.order, here.start)
    if not events:
        return Turn(dialog, notice=said("note", "running_already", **facts))
    joins = joining(dialog, shop, now, here.order.number, here.operation)
    notice = said("ok", "order_resumed", **facts, quantity="", step="")
    return propose(dialog, shop, now, Proposal((*events, *joins), notice, dialog))


def read_note(dialog: Dialog, shop: Shop) -> Turn:
    """OK on the order's note."""
    order = shop.orders[dialog.order or ""]
    after = replace(dialog, noted=dialog.noted | {note_key(order)})
    return Turn(after, notice=said("ok", "note_read", order=order.number))


def confirm_step(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """OK on the next instruction."""
    here = current(dialog, shop)
    assert here is not None, "no current order"
    step = open_steps(here)[0]
    event = StepConfirmed(order=here.order.number, operation=here.operation, step=step)
    events = (*ensure_running(dialog, shop, now), born(dialog, now, event))
    left = str(len(open_steps(here)) - 1)
    notice = said("ok", "step_confirmed", step=step, left=left)
    return propose(dialog, shop, now, Proposal(events, notice, replace(dialog, booked="")))


def record_check(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """A number and OK where a value is to be recorded."""
    here = current(dialog, shop)
    wanted = open_check(here) if here is not None else None
    assert here is not None, "no current order"
    assert wanted is not None, "no value wanted"
    event = CheckRecorded(
        order=here.order.number,
        operation=here.operation,
        check=wanted.check,
        value=dialog.number,
        unit=wanted.unit,
    )
    events = (*ensure_running(dialog, shop, now), born(dialog, now, event))
    facts = {"name": wanted.text or wanted.check, "value": dialog.number}
    after = replace(dialog, number="", booked="")
    notice = said("ok", "check_recorded", **facts, unit=shown(wanted.unit))
    return propose(dialog, shop, now, Proposal(events, notice, after))


def pick(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """Enter on the selected row of the queue."""
    waiting = queue(dialog, shop)
    if not waiting:
        return Turn(dialog, notice=said("note", "nothing_here"))
    order = waiting[min(dialog.selected, len(waiting) - 1)]
    return scan_order(dialog, shop, now, OrderCode(order.number))


def _on(dialog: Dialog, order: str, operation: str) -> Dialog:
    same = order == dialog.order and operation == dialog.operation
    return replace(
        dialog,
        order=order,
        operation=operation,
        body="order",
        number="",
        asking=None,
        booked="",
        container="",
        containers=0,
        scrap=dialog.scrap if same else (),
        serials=dialog.serials if same else (),
    )


def _resuming(dialog: Dialog, now: Moment, order: Order, start: OperationStarted) -> list[Event]:
    pause = order.is_paused(start.id)
    if pause is None:
        return []
    event = OperationResumed(
        order=order.number, operation=start.operation, work_center=start.work_center, of=pause.id
    )
    return [born(dialog, now, event)]


def _set_up(dialog: Dialog, now: Moment, here: Current) -> list[Event]:
    """The end of the set-up that goes on; one that begins in this very act has none to name."""
    operation = here.order.operation(here.operation)
    begins = here.start is None and operation is not None and operation.setup_seconds > 0
    if not (here.in_setup or begins):
        return []
    event = SetupEnded(
        order=here.order.number,
        operation=here.operation,
        work_center=operation.work_center if operation is not None else "",
        of=here.start.id if here.start is not None else "",
    )
    return [born(dialog, now, event)]


def _again(dialog: Dialog, shop: Shop, now: Moment, order: Order) -> Turn:
    """The current order's own traveller changes nothing, but that what stands goes on."""
    here = current(dialog, shop)
    operation = order.operation(here.operation) if here is not None else None
    if here is None or operation is None or order.is_ended(here.operation):
        fits = order.next_operations(dialog.workplace.work_centers)
        return _open_first(dialog, shop, now, order, fits)
    if here.pause is not None or here.start is None:
        return open_operation(dialog, shop, now, order, operation)
    facts = order_facts(shop, order.number)
    after = replace(dialog, body="order")
    return Turn(after, notice=said("note", "order_current", **facts))


def _which(
    dialog: Dialog, shop: Shop, now: Moment, order: Order, fits: tuple[RoutingOperation, ...]
) -> Turn:
    choices = tuple(Choice(one.operation, one.name or one.operation) for one in fits)
    facts = {**order_facts(shop, order.number), "count": str(len(fits)), "first": choices[0].text}
    notice = Notice("ask", "which_operation", facts)
    asking = Asking("operation", notice, now.mono, choices=choices, of=order.number)
    return Turn(replace(dialog, asking=asking, body="order"), notice=notice)


def _open_first(
    dialog: Dialog, shop: Shop, now: Moment, order: Order, fits: tuple[RoutingOperation, ...]
) -> Turn:
    """The operation that fits; else the first open one elsewhere, which the rules ask about."""
    if fits:
        return open_operation(dialog, shop, now, order, fits[0])
    first = next((one for one in order.operations if not order.is_ended(one.operation)), None)
    return open_operation(dialog, shop, now, order, first or order.operations[-1])


def _open_unreleased(
    dialog: Dialog, shop: Shop, now: Moment, code: OrderCode, order: Order | None
) -> Turn:
    """An order that has no release here: it starts from what the traveller says."""
    number = code.number
    if order is not None and order.start_of("", dialog.workplace.station) is not None:
        after = _on(dialog, number, "")
        joins = joining(dialog, shop, now, number, "")
        facts = opened_facts(shop, order)
        notice = said("ok", "order_switched", **facts, step="")
        return propose(dialog, shop, now, Proposal(tuple(joins), notice, after))
    target = _target(code)
    if target is None and (order is None or order.quantity is None):
        return stop(dialog, "unknown_order_bare", order=number)
    material = code.material or (order.material if order is not None else "")
    center = next(iter(dialog.workplace.work_centers), "")
    begun = OperationStarted(
        order=number, operation="", work_center=center, material=material, target=target
    )
    events = (born(dialog, now, begun), *joining(dialog, shop, now, number, ""))
    product = material_name(shop, material) or number
    after = _on(dialog, number, "")
    facts = {"order": number, "product": product, "quantity": str(target or ""), "step": ""}
    notice = Notice("ok", "order_opened", facts, "lots_as_scanned")
    return propose(dialog, shop, now, Proposal(events, notice, after))


def _target(code: OrderCode) -> Quantity | None:
    if not code.material or code.amount is None:
        return None
    try:
        return of_decimal(code.amount, unit_named(code.unit or "C62"))
    except QuantityError:
        return None
