"""Output that is not good as it is: REWORK leaves the good count and waits, HOLD is a blocked lot.

Rework is taken from what was reported good, as far as there is so much; the rest was made just now
and is reported in the same act. What is put on hold was made just now: it is neither good nor
scrap, counts as made, and is stock only where the last operation makes it.
"""

from dataclasses import replace

from kiosk.dialog.acts import born, said, stop
from kiosk.dialog.orders import ensure_running, open_operation
from kiosk.dialog.people import because
from kiosk.dialog.state import Asking, Choice, Dialog, Moment, Notice, Proposal, Turn
from kiosk.dialog.steps import Current, current
from sync.domain.events import MaterialDisposed, OperationReported
from sync.domain.quantity import (
    MICROS_PER_ONE,
    Quantity,
    QuantityError,
    of_micros,
    shown,
    typed,
)
from sync.domain.rules_base import amount, order_facts
from sync.domain.shop import Shop


def rework(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """n, REWORK: so much is to be reworked, here or at an operation before. Without n: go there."""
    quantity = _quantity(dialog, shop)
    here = current(dialog, shop)
    if quantity is None and here is not None:
        waiting = _where_rework_waits(dialog, here)
        if waiting:
            return _go(dialog, shop, now, here, waiting)
    if not isinstance(quantity, Quantity):
        return Turn(dialog, notice=quantity or _missing(dialog, "rework_what"), refused=True)
    assert here is not None, "a quantity of no order"
    choices = _redoing(here)
    if len(choices) < 2:
        return _to_rework(dialog, shop, now, here, quantity, here.operation)
    facts = {**order_facts(shop, here.order.number), "quantity": str(quantity)}
    notice = Notice("ask", "which_rework", facts)
    asking = Asking(
        "rework",
        notice,
        now.mono,
        choices=choices,
        selected=len(choices) - 1,
        of=quantity.amount,
    )
    return Turn(replace(dialog, asking=asking, number=""), notice=notice)


def chosen_operation(dialog: Dialog, shop: Shop, now: Moment, code: str) -> Turn:
    """The operation that reworks it was picked."""
    asking, here = dialog.asking, current(dialog, shop)
    assert asking is not None, "a choice without a question"
    dialog = replace(dialog, asking=None)
    if here is None or not any(one.code == code for one in asking.choices):
        return stop(dialog, "order_gone", order=code)
    return _to_rework(dialog, shop, now, here, typed(asking.of, here.order.unit), code)


def hold(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """n, HOLD: so much was made and is blocked until the office has decided on it."""
    quantity = _quantity(dialog, shop)
    if not isinstance(quantity, Quantity):
        return Turn(dialog, notice=quantity or _missing(dialog, "hold_what"), refused=True)
    here = current(dialog, shop)
    assert here is not None, "a quantity of no order"
    order, is_stock = here.order, here.order.is_last(here.operation)
    event = MaterialDisposed(
        order=order.number,
        operation=here.operation,
        work_center=_work_center(here),
        material=order.material if is_stock else "",
        quantity=quantity,
        disposition="hold",
        lot=f"{order.number}-HOLD" if is_stock else "",
        serials=_serials(dialog, quantity),
    )
    facts = {
        **order_facts(shop, order.number),
        "quantity": str(quantity),
        "lot": event.lot,
        "good": amount(order.good_at(here.operation), order.unit),
    }
    notice = said("ok", "held_lot" if is_stock else "held", **facts)
    events = (*ensure_running(dialog, shop, now), born(dialog, now, event))
    after = _after(dialog, quantity)
    return _for_reason(dialog, shop, now, Proposal(events, notice, after), "hold")


def _quantity(dialog: Dialog, shop: Shop) -> Quantity | Notice | None:
    """How much: the number, else the pieces whose serial numbers wait; None: nothing tells."""
    here = current(dialog, shop)
    if dialog.person is None or here is None:
        return _missing(dialog, "no_order" if dialog.person else "not_signed_in")
    unit, pieces = here.order.unit, len(dialog.serials) * MICROS_PER_ONE
    if not unit:
        return Notice("stop", "order_waits", order_facts(shop, here.order.number))
    if not dialog.number:
        return of_micros(pieces, unit) if pieces else None
    try:
        quantity = typed(dialog.number, unit)
    except QuantityError:
        return Notice("stop", "fraction", {"number": dialog.number, "unit": shown(unit)})
    if not quantity.micros:
        return Notice("stop", "number_zero", {"unit": shown(unit)})
    if quantity.micros < pieces:
        return Notice(
            "stop", "serials_more", {"number": dialog.number, "count": str(len(dialog.serials))}
        )
    return quantity


def _missing(dialog: Dialog, text: str) -> Notice:
    return Notice("stop", text, {"station": dialog.workplace.station})


def _where_rework_waits(dialog: Dialog, here: Current) -> str:
    """The operation whose rework this station can finish: the current one before all others."""
    centers = dialog.workplace.work_centers
    ours = [one.operation for one in here.order.operations if one.work_center in centers]
    found = (one for one in (here.operation, *ours) if here.order.rework_at(one))
    return next(found, "")


def _go(dialog: Dialog, shop: Shop, now: Moment, here: Current, operation: str) -> Turn:
    """REWORK without a number: to the operation where it waits, which DONE then finishes."""
    planned = here.order.operation(operation)
    if operation != here.operation and planned is not None:
        return open_operation(dialog, shop, now, here.order, planned)
    waiting = amount(here.order.rework_at(operation), here.order.unit)
    facts = {**order_facts(shop, here.order.number), "quantity": waiting}
    return Turn(dialog, notice=said("note", "rework_waiting", **facts))


def _redoing(here: Current) -> tuple[Choice, ...]:
    """The operations that can redo output of the current one: itself and those before it."""
    found: list[Choice] = []
    for one in here.order.operations:
        found.append(Choice(one.operation, f"{one.operation} {one.name}".rstrip()))
        if one.operation == here.operation:
            return tuple(found)
    return ()


def _to_rework(
    dialog: Dialog, shop: Shop, now: Moment, here: Current, quantity: Quantity, target: str
) -> Turn:
    """The act: what was not reported yet is, then all of it leaves the good count."""
    order, unit = here.order, here.order.unit
    release = order.release
    pieces = release is not None and release.serial_controlled
    good = 0 if pieces else max(0, order.good_at(here.operation))
    fresh = max(0, quantity.micros - good)
    events = [*ensure_running(dialog, shop, now)]
    if fresh:
        made = OperationReported(
            order=order.number,
            operation=here.operation,
            work_center=_work_center(here),
            good=of_micros(fresh, unit),
        )
        events.append(born(dialog, now, made))
    parts = [("", fresh), *_from_stock(here, quantity.micros - fresh)]
    serials = _serials(dialog, quantity)
    for lot, micros in parts:
        if micros:
            event = _sent(here, of_micros(micros, unit), lot, target, serials)
            events.append(born(dialog, now, event))
            serials = ()
    planned = order.operation(target)
    facts = {
        **order_facts(shop, order.number),
        "quantity": str(quantity),
        "step": (planned.name or target) if planned is not None else target,
        "good": amount(good - min(good, quantity.micros), unit),
    }
    notice = said("ok", "to_rework", **facts)
    proposal = Proposal(tuple(events), notice, _after(dialog, quantity))
    return _for_reason(dialog, shop, now, proposal, "rework")


def _sent(
    here: Current, quantity: Quantity, lot: str, target: str, serials: tuple[str, ...]
) -> MaterialDisposed:
    return MaterialDisposed(
        order=here.order.number,
        operation=here.operation,
        work_center=_work_center(here),
        material=here.order.material,
        quantity=quantity,
        disposition="rework",
        lot=lot,
        rework_operation=target if target != here.operation else "",
        serials=serials,
    )


def _from_stock(here: Current, micros: int) -> list[tuple[str, int]]:
    """Which lots of output give so much, the latest first; none where output is no stock."""
    order, unit = here.order, here.order.unit
    if not micros or not order.is_last(here.operation):
        return [("", micros)]
    made = order.outputs.get(order.material, {})
    names = [name for name in made if not name.endswith("-HOLD")]
    names.sort(key=lambda name: (len(name), name), reverse=True)
    found: list[tuple[str, int]] = []
    for name in names:
        taken = min(micros, max(0, made[name].get(unit, 0)))
        found.append((name, taken))
        micros -= taken
    return [*found, ("", micros)]


def _for_reason(dialog: Dialog, shop: Shop, now: Moment, proposal: Proposal, word: str) -> Turn:
    """The reasons are those of scrap; the question names what it is about."""
    turn = because(dialog, shop, now, proposal, "scrap")
    asking = turn.dialog.asking
    if asking is None or asking.wanted != "reason":
        return turn
    notice = replace(asking.notice, text=f"reason_{word}")
    after = replace(turn.dialog, asking=replace(asking, notice=notice))
    return replace(turn, dialog=after, notice=notice)


def _serials(dialog: Dialog, quantity: Quantity) -> tuple[str, ...]:
    return dialog.serials[: quantity.micros // MICROS_PER_ONE]


def _after(dialog: Dialog, quantity: Quantity) -> Dialog:
    """What was staged is used."""
    rest = dialog.serials[quantity.micros // MICROS_PER_ONE :]
    return replace(
        dialog, number="", serials=rest, asking=None, booked="", body="order", containers=0
    )


def _work_center(here: Current) -> str:
    if here.start is not None:
        return here.start.work_center
    operation = here.order.operation(here.operation)
    return operation.work_center if operation is not None else ""
