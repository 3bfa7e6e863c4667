"""Back to stock: RETURN, then the lot; a number before it, or all of it when that is confirmed."""

from dataclasses import dataclass, replace

from kiosk.dialog import entry
from kiosk.dialog.acts import born, propose, said, stop
from kiosk.dialog.measure import Item, item_of
from kiosk.dialog.state import Asking, Dialog, Moment, Notice, Proposal, Turn
from kiosk.dialog.steps import Current, current
from labels.codes import Code, CodeError, CommandCode, DigitCode, LotCode, MaterialCode
from sync.domain.events import MaterialReturned
from sync.domain.needs import LineState, takes
from sync.domain.quantity import (
    COUNTED_UNITS,
    MICROS_PER_ONE,
    Quantity,
    QuantityError,
    of_micros,
    shown,
    typed,
)
from sync.domain.rules_base import amount, line_name, material_name, order_facts
from sync.domain.rules_material import taken_of
from sync.domain.shop import Shop


@dataclass(frozen=True, slots=True)
class Taken:
    """What of a lot, or which piece, is in the current order: micros of `unit`, for a line."""

    item: Item
    line: LineState | None
    unit: str
    micros: int


def ask(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """RETURN: the next lot goes back to stock, until that is done or cancelled."""
    here = current(dialog, shop)
    if dialog.person is None or here is None:
        return stop(dialog, "no_order" if dialog.person else "not_signed_in")
    notice = Notice("ask", "return_lot", order_facts(shop, here.order.number))
    asking = Asking("return", notice, now.mono)
    return Turn(replace(dialog, asking=asking, body="order", booked=""), notice=notice)


def answer(dialog: Dialog, shop: Shop, now: Moment, given: Code | CodeError) -> Turn | None:
    """What a code means while a lot is to go back; None: the question is dropped."""
    asking = dialog.asking
    assert asking is not None, "a return that nobody asked for"
    match given:
        case LotCode() | MaterialCode():
            return _of(dialog, shop, now, given)
        case DigitCode(digit):
            return entry.digit(dialog, shop, now, digit)
        case CommandCode("OK") if asking.proposal is not None:
            return _confirmed(dialog, shop, now, asking.proposal)
        case CommandCode("RETURN" | "OK"):
            return Turn(dialog, notice=asking.notice)
        case CodeError():
            return stop(dialog, "unreadable_return")
        case _:
            return None


def _of(dialog: Dialog, shop: Shop, now: Moment, code: LotCode | MaterialCode) -> Turn:
    """A lot or a piece that is to go back: so much of it as the number says, or all."""
    here = current(dialog, shop)
    if here is None:
        return stop(replace(dialog, asking=None), "no_order")
    taken = _taken(dialog, shop, here, code)
    facts = {
        **order_facts(shop, here.order.number),
        "name": _name(shop, taken) or taken.item.lot,
        "lot": taken.item.serial or taken.item.lot,
    }
    if taken.micros <= 0:
        return stop(dialog, "return_nothing", **facts)
    whole = of_micros(taken.micros, taken.unit)
    if not dialog.number and not taken.item.serial:
        proposal = _proposal(dialog, shop, now, here, taken, whole)
        notice = Notice("ask", "return_all", {**facts, "quantity": str(whole)})
        asking = Asking("return", notice, now.mono, proposal)
        return Turn(replace(dialog, asking=asking), notice=notice)
    quantity = whole if taken.item.serial else _number(dialog, taken)
    if isinstance(quantity, Notice):
        return Turn(dialog, notice=quantity, refused=True)
    return _back(dialog, shop, now, _proposal(dialog, shop, now, here, taken, quantity))


def _confirmed(dialog: Dialog, shop: Shop, now: Moment, proposal: Proposal) -> Turn:
    """OK on all of it, or after a number on so much of it."""
    here, event = current(dialog, shop), proposal.events[-1]
    assert isinstance(event, MaterialReturned), "a return of nothing"
    if here is None:
        return stop(replace(dialog, asking=None), "no_order")
    item = Item(event.material, event.lot, event.serial)
    taken = _in(shop, here, item)
    quantity: Quantity | Notice = event.quantity
    if dialog.number:
        quantity = _number(dialog, taken)
    if isinstance(quantity, Notice):
        return Turn(dialog, notice=quantity, refused=True)
    return _back(dialog, shop, now, _proposal(dialog, shop, now, here, taken, quantity))


def _back(dialog: Dialog, shop: Shop, now: Moment, proposal: Proposal) -> Turn:
    """Book it; where the rules refuse it, RETURN waits on."""
    turn = propose(replace(dialog, asking=None), shop, now, proposal)
    return replace(turn, dialog=dialog) if turn.refused and not turn.dialog.asking else turn


def _number(dialog: Dialog, taken: Taken) -> Quantity | Notice:
    """The number that was entered, in the unit that it went in by."""
    unit = shown(taken.unit)
    try:
        quantity = typed(dialog.number, taken.unit)
    except QuantityError:
        return Notice("stop", "fraction", {"number": dialog.number, "unit": unit})
    if not quantity.micros:
        return Notice("stop", "number_zero", {"unit": unit})
    return quantity


def _proposal(
    dialog: Dialog, shop: Shop, now: Moment, here: Current, taken: Taken, quantity: Quantity
) -> Proposal:
    item, line = taken.item, taken.line
    known = shop.materials.get(item.material)
    operation = here.order.operation(here.operation)
    event = MaterialReturned(
        order=here.order.number,
        operation=here.operation,
        work_center=operation.work_center if operation is not None else "",
        material=item.material,
        lot=item.lot,
        quantity=quantity,
        line=line.line.line if line is not None else "",
        serial=item.serial,
        place=_place(shop, item) or (known.place if known is not None else ""),
    )
    facts = {
        **order_facts(shop, here.order.number),
        "name": _name(shop, taken),
        "lot": item.serial or item.lot,
        "quantity": str(quantity),
        "left": "",
        "place": event.place,
    }
    if line is not None:
        back = max(0, line.need - line.issued + quantity.micros)
        facts["left"] = amount(back, line.line.quantity.unit)
    after = replace(
        dialog, number="", booked="", body="order", asking=None, container="", containers=0
    )
    name = "returned" if facts["left"] else "returned_as_scanned"
    return Proposal((born(dialog, now, event),), said("ok", name, **facts), after)


def _place(shop: Shop, item: Item) -> str:
    """Where the lot lies, so that the rest of it is put beside it."""
    lot = shop.lot(item.material, item.lot)
    if lot is None:
        return ""
    return next((place for place, held in lot.places.items() if held > 0 and place), "")


def _name(shop: Shop, taken: Taken) -> str:
    line = taken.line
    if line is not None and line.line.material == taken.item.material:
        return line_name(shop, line.line)
    return material_name(shop, taken.item.material)


def _taken(dialog: Dialog, shop: Shop, here: Current, code: LotCode | MaterialCode) -> Taken:
    """What a label names, as far as it went in: a lot by its name alone where that is clear."""
    item = item_of(dialog, shop, code)
    if isinstance(code, LotCode) and not code.material and not code.gtin:
        went = [one for one, lots in here.order.consumed.items() if code.lot in lots]
        item = replace(item, material=went[0], assumed=False) if len(went) == 1 else item
    if item.serial:
        item = replace(item, lot=_lot_taken(shop, item) or item.lot)
    if not item.lot and not item.serial:
        lots = here.order.consumed.get(item.material, {})
        item = replace(item, lot=next(iter(lots))) if len(lots) == 1 else item
    return _in(shop, here, item)


def _lot_taken(shop: Shop, item: Item) -> str:
    """The lot that a piece was taken from."""
    lots = shop.stock.get(item.material, {})
    found = (
        name
        for name, lot in lots.items()
        if any(times.get(item.serial, 0) > 0 for times in lot.taken.values())
    )
    return next(found, "")


def _in(shop: Shop, here: Current, item: Item) -> Taken:
    order = here.order
    lines = [one for one in order.lines(here.operation) if takes(one.line, item.material)]
    given = (one for one in lines if one.lots.get(item.lot, 0) > 0)
    line = next(given, lines[0] if lines else None)
    known = shop.materials.get(item.material)
    unit = line.line.quantity.unit if line is not None else known.unit if known else "C62"
    factors = line.line.conversions if line is not None else {}
    micros = taken_of(order, item.material, item.lot, unit, factors)
    if item.serial:
        is_in = order.has_in(item.material, item.serial)
        piece = MICROS_PER_ONE if unit in COUNTED_UNITS else micros
        micros = piece if is_in else 0
    return Taken(item, line, unit, micros)
