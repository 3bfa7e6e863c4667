"""Packing: PACK begins a logistic unit, scans put things onto it, SEAL closes it.

While a unit is packed, output of an order and sealed units go onto it; every other scan means what
it means without it. A number before a scan says how much of the lot.
"""

from dataclasses import replace
from typing import Final

from kiosk.dialog import naming
from kiosk.dialog.acts import born, propose, said, stop
from kiosk.dialog.bodies import home
from kiosk.dialog.measure import Item, item_of
from kiosk.dialog.packing_measure import made_as, quantity_of
from kiosk.dialog.state import Asking, Choice, Dialog, Moment, Notice, Proposal, Turn
from labels.codes import Code, CodeError, LabelCode, LotCode, MaterialCode, UnitCode
from sync.domain.events import Event, EventReversed, MaterialProduced, UnitClosed, UnitPacked
from sync.domain.label_jobs import label_facts, share_of, state_of
from sync.domain.logistic_unit import next_unit
from sync.domain.needs import takes
from sync.domain.order import Order
from sync.domain.packing import (
    closing,
    contents,
    is_above,
    made_total,
    maker_of,
    open_units,
    orders_on,
    packed_total,
    placing,
)
from sync.domain.quantity import Quantity
from sync.domain.rules import SEVERITIES, Deviation
from sync.domain.rules_base import amount, material_name, order_facts
from sync.domain.shop import Shop

NEW_UNIT: Final = "NEW"


def pack(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """PACK: a new unit, or an open one of this station: asked where there is one."""
    if dialog.person is None:
        return stop(dialog, "not_signed_in")
    if dialog.packing is not None:
        return Turn(dialog, notice=said("note", "packing_on", **unit_facts(shop, dialog.packing)))
    found = open_units(shop, dialog.workplace.station)
    if not found:
        return _begun(dialog, shop, "")
    choices = (*(Choice(unit, _told(shop, unit)) for unit in found), Choice(NEW_UNIT))
    notice = Notice("ask", "which_unit", {"carton": found[0], "count": str(len(found))})
    asking = Asking("unit", notice, now.mono, choices=choices)
    return Turn(replace(dialog, asking=asking), notice=notice)


def chosen(dialog: Dialog, shop: Shop, code: str) -> Turn:
    """Which unit is gone on with."""
    asking = dialog.asking
    assert asking is not None, "a choice without a question"
    if not any(one.code == code for one in asking.choices):
        return Turn(dialog, notice=replace(asking.notice, kind="stop"), refused=True)
    return _begun(replace(dialog, asking=None), shop, "" if code == NEW_UNIT else code)


def seal(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """SEAL: nothing more goes onto the unit; its label prints by itself."""
    if dialog.person is None:
        return stop(dialog, "not_signed_in")
    unit = dialog.packing
    if unit is None:
        return stop(dialog, "seal_what")
    if dialog.number:
        return stop(dialog, "seal_number", number=dialog.number)
    orders = orders_on(shop, unit)
    if not contents(shop, unit):
        return stop(dialog, "unit_empty", carton=unit)
    event = UnitClosed(unit=unit, order=orders[0] if orders else "")
    after = replace(dialog, packing=None, booked="")
    after = replace(after, body=home(after))
    notice = said("ok", "sealed", **unit_facts(shop, unit))
    return propose(dialog, shop, now, Proposal((born(dialog, now, event),), notice, after))


def leave(dialog: Dialog, shop: Shop) -> Turn:
    """CANCEL: the unit stays open for a later PACK."""
    unit = dialog.packing or ""
    after = replace(dialog, packing=None, entry="")
    after = replace(after, body=home(after))
    name = "packing_left" if contents(shop, unit) else "packing_left_empty"
    return Turn(after, notice=said("note", name, **unit_facts(shop, unit)))


def scanned(dialog: Dialog, shop: Shop, now: Moment, code: Code | CodeError) -> Turn | None:
    """What a scan means to the unit that is packed; None: it goes on as if none were."""
    if dialog.packing is None or dialog.person is None:
        return None
    match code:
        case LotCode() | MaterialCode():
            return _lot(dialog, shop, now, code)
        case LabelCode():
            return _label(dialog, shop, now, code)
        case UnitCode(unit):
            return _unit(dialog, shop, now, unit)
    return None


def scan_unit(dialog: Dialog, shop: Shop, unit: str) -> Turn:
    """A unit's label while nothing is packed: what it is."""
    if not contents(shop, unit):
        return stop(dialog, "unit_new", carton=unit)
    name = "unit_told" if closing(shop, unit) is not None else "unit_told_open"
    return Turn(dialog, notice=said("note", name, **unit_facts(shop, unit)))


def unit_facts(shop: Shop, unit: str) -> dict[str, str]:
    """A unit and what is on it, for the sentences."""
    on_it = contents(shop, unit)
    orders = orders_on(shop, unit)
    return {
        **order_facts(shop, orders[0] if orders else ""),
        "carton": unit,
        "count": str(len(on_it)),
        "quantity": _sum(on_it),
    }


def following(dialog: Dialog, shop: Shop) -> tuple[str, dict[str, str]] | None:
    """What comes next while a unit is packed."""
    if dialog.packing is None or dialog.person is None or dialog.handover is not None:
        return None
    if contents(shop, dialog.packing):
        return "pack_more", {}
    return "pack_first", {}


def at_rest(dialog: Dialog, shop: Shop) -> Notice | None:
    """What the band says while a unit is packed and nothing happened last."""
    if dialog.packing is None or dialog.person is None:
        return None
    name = "packing_on" if dialog.packing else "packing_begun"
    return said("rest", name, **unit_facts(shop, dialog.packing))


def held_to(turn: Turn, shop: Shop) -> Turn:
    """Nobody signed in packs nothing; a unit whose seal was taken back is packed again."""
    dialog = turn.dialog
    if dialog.person is None and dialog.packing is not None:
        return replace(turn, dialog=replace(dialog, packing=None))
    back = next((one for one in turn.events if isinstance(one, EventReversed)), None)
    if back is None or dialog.packing is not None:
        return turn
    act = shop.acts.get(back.of, ())
    unit = next((one.unit for one in act if isinstance(one, UnitClosed)), None)
    if unit is None or any(isinstance(one, UnitPacked) for one in turn.events):
        return turn
    return replace(turn, dialog=replace(dialog, packing=unit, body="packing"))


def _begun(dialog: Dialog, shop: Shop, unit: str) -> Turn:
    after = replace(dialog, packing=unit, body="packing", asking=None, booked="", selected=0)
    name = "packing_on" if unit else "packing_begun"
    return Turn(after, notice=said("ok", name, **unit_facts(shop, unit)))


def _lot(dialog: Dialog, shop: Shop, now: Moment, code: LotCode | MaterialCode) -> Turn | None:
    """Output of an order goes onto the unit; what the current order takes goes into that."""
    item = item_of(dialog, shop, code)
    made = made_as(dialog, shop, item)
    if made is None and _is_taken(dialog, shop, item):
        return None
    unclear = naming.unclear(dialog, shop, item)
    if unclear is not None:
        return unclear
    quantity = quantity_of(dialog, shop, made, item)
    if isinstance(quantity, Notice):
        name = material_name(shop, item.material)
        facts = {"name": name, "lot": item.serial or item.lot, **quantity.facts}
        return Turn(dialog, notice=replace(quantity, facts=facts), refused=True)
    return _put(dialog, shop, now, item, made, quantity)


def _is_taken(dialog: Dialog, shop: Shop, item: Item) -> bool:
    """Whether the current order takes such a material as a component."""
    order = shop.orders.get(dialog.order or "")
    return order is not None and any(
        takes(one.line, item.material) for one in order.lines(dialog.operation or "")
    )


def _label(dialog: Dialog, shop: Shop, now: Moment, code: LabelCode) -> Turn | None:
    """A batch label: the lot of the output that it tells, and how much that was."""
    station = code.station or dialog.workplace.station
    whole = code.label.partition("-")[0]
    for act in reversed(shop.station_acts.get(station, [])):
        for event in shop.acts.get(act, ()):
            if isinstance(event, MaterialProduced) and event.label == whole:
                if act in shop.reversed:
                    return None
                if state_of(label_facts(shop, event.id, code.label, event.order)) == "voided":
                    facts = {"label": code.label, "lot": event.lot}
                    notice = said("note", "label_void_already", **facts)
                    return Turn(dialog, notice=notice, refused=True)
                told = share_of(shop, event, code.label)
                item = Item(event.material, event.lot, label=told)
                made = maker_of(shop, event.material, event.lot)
                quantity = quantity_of(dialog, shop, made, item)
                if isinstance(quantity, Notice):
                    return Turn(dialog, notice=quantity, refused=True)
                return _put(dialog, shop, now, item, made, quantity)
    return None


def _put(
    dialog: Dialog, shop: Shop, now: Moment, item: Item, made: Order | None, quantity: Quantity
) -> Turn:
    event = UnitPacked(
        unit=_unit_in_hand(dialog, shop),
        order=made.number if made is not None else "",
        material=item.material,
        lot=item.lot,
        quantity=quantity,
        serial=item.serial,
    )
    facts = {
        "name": material_name(shop, item.material) or item.lot,
        "lot": item.serial or item.lot,
        "quantity": str(quantity),
    }
    extra = () if made is not None else (_not_made(dialog, facts),)
    return _packed(dialog, shop, now, event, facts, extra)


def _not_made(dialog: Dialog, facts: dict[str, str]) -> Deviation:
    """Nobody is known to have made the lot: asked, or noted where this station may be behind."""
    name = "lot_unknown" if dialog.online else "lot_unknown_offline"
    severity = dialog.workplace.severities.get(name, SEVERITIES[name])
    return Deviation("lot_unknown", severity, {**facts, "left": "", "label": ""})


def _unit(dialog: Dialog, shop: Shop, now: Moment, unit: str) -> Turn:
    """A sealed unit goes onto the one that is packed; an open one is gone on with."""
    in_hand = dialog.packing or ""
    on_it = contents(shop, unit)
    if unit == in_hand:
        return Turn(dialog, notice=said("note", "packing_on", **unit_facts(shop, unit)))
    if on_it and closing(shop, unit) is None:
        return _begun(dialog, shop, unit)
    if in_hand and is_above(shop, unit, in_hand):
        return stop(dialog, "packed_already", name=unit, lot="", quantity="", carton=in_hand)
    orders = orders_on(shop, unit) or orders_on(shop, in_hand)
    event = UnitPacked(
        unit=_unit_in_hand(dialog, shop), order=orders[0] if orders else "", packed_unit=unit
    )
    facts = {"name": unit, "lot": "", "quantity": _sum(on_it)}
    known = dialog.workplace.severities.get("carton_unknown", SEVERITIES["carton_unknown"])
    extra = () if on_it else (Deviation("carton_unknown", known, {"carton": unit}),)
    return _packed(dialog, shop, now, event, facts, extra)


def _packed(
    dialog: Dialog,
    shop: Shop,
    now: Moment,
    event: UnitPacked,
    facts: dict[str, str],
    extra: tuple[Deviation, ...],
) -> Turn:
    """The act; what stands on another unit is taken off there, which is asked first."""
    order = shop.orders.get(event.order)
    before = placing(order, event) if order is not None else None
    moved: tuple[Event, ...] = ()
    if before is not None and before.unit != event.unit:
        sealed = closing(shop, before.unit) is not None
        name = "sealed_elsewhere" if sealed else "packed_elsewhere"
        severity = dialog.workplace.severities.get(name, SEVERITIES[name])
        told = {**order_facts(shop, event.order), **facts, "other": before.unit}
        extra = (*extra, Deviation(name, severity, {**told, "carton": event.unit}))
        reversal = EventReversed(of=before.act, order=before.order, reason="packed elsewhere")
        moved = (born(dialog, now, reversal),)
    after = replace(
        dialog, packing=event.unit, number="", booked="", body="packing", asking=None, selected=0
    )
    notice = _answer(shop, event, facts, order)
    events = (*moved, born(dialog, now, event))
    return propose(dialog, shop, now, Proposal(events, notice, after, extra=extra))


def _answer(shop: Shop, event: UnitPacked, facts: dict[str, str], order: Order | None) -> Notice:
    """How much of the order's output is packed by now; of units how many are on this one."""
    count = len(contents(shop, event.unit)) + 1
    told = {**facts, "carton": event.unit, "count": str(count)}
    if order is None or event.packed_unit or event.quantity is None or not order.unit:
        return said("ok", "packed_unit" if event.packed_unit else "packed_lot", **told)
    packed = packed_total(order) + event.quantity.micros
    told["packed"] = amount(packed, order.unit)
    told["made"] = amount(max(0, made_total(order)), order.unit)
    return said("ok", "packed", **{**order_facts(shop, order.number), **told})


def _unit_in_hand(dialog: Dialog, shop: Shop) -> str:
    """The unit that is packed; a new one takes its name in the act of its first content."""
    return dialog.packing or next_unit(shop, dialog.workplace.origin)


def _told(shop: Shop, unit: str) -> str:
    facts = unit_facts(shop, unit)
    return " · ".join(one for one in (facts.get("product", ""), facts["quantity"]) if one)


def _sum(on_it: tuple[UnitPacked, ...]) -> str:
    """How much is on a unit by itself, where that is of one unit of measure."""
    amounts = [one.quantity for one in on_it if one.quantity is not None]
    units = {one.unit for one in amounts}
    return amount(sum(one.micros for one in amounts), units.pop()) if len(units) == 1 else ""
