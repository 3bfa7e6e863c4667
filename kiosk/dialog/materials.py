"""What goes in: lots and serials to lines, how much of them, next containers, torn bags."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from kiosk.dialog import naming
from kiosk.dialog.acts import born, judged, propose, said, stop, told, without
from kiosk.dialog.measure import Item, Measure, item_of, line_for, measure_of
from kiosk.dialog.orders import ensure_running
from kiosk.dialog.people import because
from kiosk.dialog.state import Dialog, Moment, Notice, Proposal, Turn
from kiosk.dialog.steps import current
from labels.codes import Code, CodeError, LotCode, MaterialCode
from sync.domain.events import Event, EventReversed, MaterialConsumed, stamped
from sync.domain.needs import LineState
from sync.domain.quantity import (
    MICROS_PER_ONE,
    QuantityError,
    convert,
    of_micros,
    shown,
    typed,
)
from sync.domain.rules import Deviation, Severity
from sync.domain.rules_base import SEVERITIES, amount, is_expired, line_name, material_name
from sync.domain.rules_repair import CORRECTION
from sync.domain.shop import Shop

_BAGGED: Final = frozenset({"KGM", "GRM", "TNE"})  # what a rest of is said to be in a bag
_FETCHED: Final = frozenset({"wrong_material", "lot_of_order"})  # another lot is to be fetched


def scan_material(dialog: Dialog, shop: Shop, now: Moment, code: LotCode | MaterialCode) -> Turn:
    """A container of a lot, a serial number, or an item whose label names no lot."""
    item = item_of(dialog, shop, code)
    name = {"name": material_name(shop, item.material) or item.lot, "lot": item.lot or item.serial}
    if dialog.person is None:
        return stop(dialog, "not_signed_in_lot", **name)
    here = current(dialog, shop)
    if here is None:
        return Turn(dialog, notice=said("stop", "no_order_lot", **name), refused=True)
    unclear = naming.unclear(dialog, shop, item)
    if unclear is not None:
        return unclear
    if item.serial and item.material == here.order.material:
        return _product_serial(dialog, shop, item, name)
    line = line_for(here.order, here.operation, item)
    if line is not None and line.line.serial_controlled and not item.serial:
        return stop(dialog, "serial_missing", **name)
    if line is not None and line.line.lot_controlled and not item.lot:
        return naming.ask_lot(dialog, shop, now, item, line)
    measure = measure_of(dialog, shop, item, line)
    if isinstance(measure, Notice):
        notice = _unneeded(dialog, shop, now, item) if line is None else None
        notice = notice or replace(measure, facts={**name, **measure.facts})
        return Turn(dialog, notice=notice, refused=True)
    return _consume(dialog, shop, now, item, line, measure)


def lot_told(dialog: Dialog, shop: Shop, now: Moment, given: Code | CodeError) -> Turn | None:
    """What a code means while an article waits for its lot; None: the article is dropped."""
    told = naming.whole(dialog, shop, now, given)
    if isinstance(told, LotCode):
        return scan_material(replace(dialog, asking=None), shop, now, told)
    return told


def correct(dialog: Dialog, shop: Shop, now: Moment, event: MaterialConsumed) -> Turn:
    """Number and OK straight after a consumption: reversed and booked anew in one act."""
    before = without(shop, event.act)
    unit = event.quantity.unit
    try:
        quantity = typed(dialog.number, unit)
    except QuantityError:
        return stop(dialog, "fraction", number=dialog.number, unit=shown(unit))
    if not quantity.micros:
        return stop(dialog, "number_zero", unit=shown(unit))
    fresh = stamped(
        event,
        id="",
        n=0,
        act="",
        boot="",
        mono=0,
        saw=None,
        accepted=(),
        quantity=quantity,
        scanned=quantity,
        factor="1",
    )
    back = born(dialog, now, EventReversed(of=event.act, order=event.order, reason=CORRECTION))
    after = replace(dialog, number="", booked="lot")
    facts = {
        "name": material_name(shop, event.material),
        "lot": event.lot or event.serial,
        "old": str(event.quantity),
        "quantity": str(quantity),
        "left": _left(before, fresh),
    }
    notice = said("ok", "corrected", **facts)
    events = (back, *ensure_running(dialog, before, now), born(dialog, now, fresh))
    return propose(dialog, shop, now, Proposal(events, notice, after))


def scrap_booked(dialog: Dialog, shop: Shop, now: Moment, event: MaterialConsumed) -> Turn:
    """SCRAP straight after a lot: that container was spoilt; it raises consumption only."""
    back = born(dialog, now, EventReversed(of=event.act, order=event.order, reason="scrapped"))
    fresh = stamped(event, id="", n=0, act="", boot="", mono=0, saw=None, accepted=())
    return _spoilt(dialog, shop, now, (back,), fresh)


def scrap_asked(dialog: Dialog, shop: Shop, now: Moment) -> Turn | None:
    """SCRAP while over-issue is asked: the container in hand was spoilt. None: not that case."""
    asking = dialog.asking
    if asking is None or asking.proposal is None:
        return None
    names = {one.name for one in asking.open}
    events = asking.proposal.events
    if names != {"over_issue"} or not isinstance(events[-1], MaterialConsumed):
        return None
    return _spoilt(replace(dialog, asking=None), shop, now, events[:-1], events[-1])


def _spoilt(
    dialog: Dialog, shop: Shop, now: Moment, first: tuple[Event, ...], event: MaterialConsumed
) -> Turn:
    fresh = born(dialog, now, stamped(event, scrapped=True, reason=""))
    after = replace(dialog, number="", booked="")
    facts = {
        "name": material_name(shop, event.material),
        "lot": event.lot or event.serial,
        "quantity": str(event.quantity),
    }
    notice = said("ok", "component_scrapped", **facts)
    return because(dialog, shop, now, Proposal((*first, fresh), notice, after), "scrap")


def _consume(
    dialog: Dialog, shop: Shop, now: Moment, item: Item, line: LineState | None, measure: Measure
) -> Turn:
    here = current(dialog, shop)
    assert here is not None, "no current order"
    operation = here.order.operation(here.operation)
    event = born(
        dialog,
        now,
        MaterialConsumed(
            order=here.order.number,
            operation=here.operation,
            work_center=operation.work_center if operation is not None else "",
            material=item.material,
            lot=item.lot,
            quantity=measure.quantity,
            line=line.line.line if line is not None else "",
            scanned=measure.scanned,
            factor=measure.factor if measure.factor != "1" else "",
            serial=item.serial,
            into=dialog.serials[-1] if dialog.serials else "",
        ),
    )
    events = (*ensure_running(dialog, shop, now), event)
    after = _booked(dialog, item)
    notice = _answer(after, shop, item, line, event)
    proposal = Proposal(events, notice, after, extra=_of_label(dialog, shop, item, event))
    return propose(dialog, shop, now, proposal)


def _unneeded(dialog: Dialog, shop: Shop, now: Moment, item: Item) -> Notice | None:
    """A material that no line wants, in a scan that tells no quantity: the deviation comes first.

    None where the rules do not mind it; then the quantity is what is missing.
    """
    here = current(dialog, shop)
    assert here is not None, "no current order"
    event = MaterialConsumed(
        order=here.order.number,
        operation=here.operation,
        material=item.material,
        lot=item.lot,
        serial=item.serial,
        quantity=of_micros(MICROS_PER_ONE, "C62"),
    )
    ((_, found),) = judged(dialog, shop, [born(dialog, now, event)])
    wrong = next((one for one in found if one.name == "wrong_material"), None)
    if wrong is None:
        return None
    notice = told(wrong)
    if not notice.facts["fetch_lot"] or notice.text not in _FETCHED:
        return replace(notice, next="number_then_badge")
    place = "_at" if notice.facts["fetch_place"] else ""
    return replace(notice, next=f"fetch{place}_or_number")


def _booked(dialog: Dialog, item: Item) -> Dialog:
    container = f"{item.material} {item.lot}"
    again = dialog.container == container and not item.serial
    return replace(
        dialog,
        number="",
        body="order",
        booked="lot",
        asking=None,
        container=container,
        containers=dialog.containers + 1 if again else 1,
    )


def _answer(
    after: Dialog, shop: Shop, item: Item, line: LineState | None, event: MaterialConsumed
) -> Notice:
    """The answer with all three: what was booked, what the label says, what is left."""
    label = event.scanned if item.label is None else item.label
    facts = {
        "name": material_name(shop, item.material),
        "material": item.material,
        "lot": item.serial or item.lot,
        "quantity": str(event.quantity),
        "label": str(label) if label is not None else "",
        "left": "",
        "container": shown(item.label.unit) if item.label is not None else "",
        "count": str(after.containers),
        "serial": event.into,
        "rest": _rest(shop, item, line, event),
    }
    if line is None:
        return said("ok", "consumed_as_scanned", **facts)
    remaining = max(0, line.remaining - event.quantity.micros)
    facts["left"] = amount(remaining, line.line.quantity.unit)
    facts["wanted"] = line_name(shop, line.line)
    return said("ok", _answer_text(after, item, line, facts), **facts)


def _rest(shop: Shop, item: Item, line: LineState | None, event: MaterialConsumed) -> str:
    """What stays in the container, by its label; empty where nothing does."""
    known, unit = shop.materials.get(item.material), event.quantity.unit
    conversions = dict(known.conversions) if known is not None else {}
    conversions.update(line.line.conversions if line is not None else {})
    try:
        label = convert(item.label, unit, conversions) if item.label is not None else None
    except QuantityError:
        return ""
    rest = label.micros - event.quantity.micros if label is not None else 0
    return amount(rest, unit) if rest > 0 else ""


def _answer_text(after: Dialog, item: Item, line: LineState, facts: Mapping[str, str]) -> str:
    """Which sentence fits best: a rest in the bag, a next container, a substitute, a piece."""
    own = item.label is not None and shown(item.label.unit) == item.label.unit
    if facts["rest"] and after.containers > 1:
        return "consumed_rest"
    if facts["rest"] and own:
        return "consumed_part_of"
    if facts["rest"]:
        bagged = line.line.quantity.unit in _BAGGED
        return "consumed_part" if bagged else "consumed_part_other"
    if after.containers > 1:
        return "consumed_container" if own else "consumed_again"
    if item.material != line.line.material:
        return "consumed_instead"
    if facts["serial"]:
        return "consumed_into"
    return "consumed_of_label" if item.label is not None else "consumed"


def _left(shop: Shop, event: MaterialConsumed) -> str:
    order = shop.orders.get(event.order)
    if order is None:
        return ""
    item = Item(event.material, event.lot)
    line = line_for(order, event.operation, item)
    if line is None:
        return ""
    return amount(max(0, line.remaining - event.quantity.micros), line.line.quantity.unit)


def _of_label(
    dialog: Dialog, shop: Shop, item: Item, event: MaterialConsumed
) -> tuple[Deviation, ...]:
    """Deviations that only the label tells: its own expiry, or a material that was assumed."""
    known = shop.lot(item.material, item.lot)
    facts = {
        "order": event.order,
        "name": material_name(shop, item.material),
        "material": item.material,
        "lot": item.lot,
        "quantity": str(event.quantity),
    }
    found = []
    told = known.expiry if known is not None else ""
    if is_expired(item.expiry, dialog.today) and not is_expired(told, dialog.today):
        found.append(_own(dialog, "lot_expired", {**facts, "expiry": item.expiry}))
    if item.assumed:
        found.append(_own(dialog, "lot_assumed", facts))
    return tuple(found)


def _own(dialog: Dialog, name: str, facts: dict[str, str]) -> Deviation:
    severity: Severity = dialog.workplace.severities.get(name, SEVERITIES[name])
    return Deviation(name, severity, facts)


def _product_serial(dialog: Dialog, shop: Shop, item: Item, name: dict[str, str]) -> Turn:
    """A serial number of what is made: it waits for DONE."""
    other = shop.serial_made(item.material, item.serial)
    if other or item.serial in dialog.serials:
        facts = {**name, "serial": item.serial, "other": other or dialog.order or ""}
        return stop(dialog, "serial_seen_before", **facts)
    after = replace(dialog, serials=(*dialog.serials, item.serial), booked="", body="order")
    facts = {**name, "serial": item.serial, "count": str(len(after.serials))}
    return Turn(after, notice=said("ok", "serial_staged", **facts))
