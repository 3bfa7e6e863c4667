"""What fits the next step best: the codes that a station would like to see now, best first."""

from datetime import date

from kiosk.dialog.handover_state import asked
from kiosk.dialog.state import Asking, Dialog
from kiosk.dialog.steps import (
    Current,
    current,
    done_quantity,
    open_check,
    open_lines,
    open_steps,
    plain,
    planned_remainder,
    wants_count,
)
from kiosk.dialog.trouble import stops_here
from kiosk.dialog.waiting import workable
from labels.codes import (
    BadgeCode,
    Code,
    CommandCode,
    DigitCode,
    LabelCode,
    LotCode,
    MaterialCode,
    OrderCode,
    ReasonCode,
)
from sync.domain.needs import LineState
from sync.domain.packing import contents, made_of, packed_of
from sync.domain.rules_base import is_expired
from sync.domain.shop import Lot, Shop


def expected(dialog: Dialog, shop: Shop) -> tuple[Code, ...]:
    """Codes that fit the next step, best first; lots without amount, as their names alone fit."""
    if dialog.asking is not None:
        return _answers(dialog, shop, dialog.asking)
    if dialog.handover is not None:
        return _handing_over(dialog, shop)
    if dialog.person is None:
        return _badges(dialog, shop, "operator") + _badges(dialog, shop, "supervisor")
    if dialog.packing is not None:
        return _packing(dialog, shop)
    if stops_here(dialog, shop):
        return (CommandCode("RESUME"), CommandCode("DOWNTIME"))
    here = current(dialog, shop)
    if here is None:
        return tuple(OrderCode(one.number) for one in workable(dialog, shop))
    if here.pause is not None:
        return (CommandCode("RESUME"), OrderCode(here.order.number))
    lots = tuple(
        code
        for line in open_lines(here.order, here.operation)
        for code in _lots(dialog, shop, line)
    )
    if lots:
        return lots
    if open_steps(here):
        return (CommandCode("OK"), CommandCode("DONE"))
    if (wants_count(here) and not dialog.serials) or not done_quantity(dialog, shop):
        return _digits(dialog, shop)
    if open_check(here) is not None and dialog.number:
        return (CommandCode("OK"), CommandCode("DONE"))
    if not dialog.number and not dialog.scrap and _is_short_for_good(dialog, shop, here):
        return (CommandCode("END"), CommandCode("DONE"))
    return (CommandCode("DONE"),)


def _packing(dialog: Dialog, shop: Shop) -> tuple[Code, ...]:
    """What was made and is on no unit yet; then SEAL."""
    left = tuple(
        LotCode(lot, order.material)
        for order in shop.orders.values()
        for lot in order.outputs.get(order.material, {})
        if packed_of(order, order.material, lot, order.unit)
        < made_of(order, order.material, lot, order.unit)
    )
    end = CommandCode("SEAL" if contents(shop, dialog.packing or "") else "CANCEL")
    return (*left, end)


def _answers(dialog: Dialog, shop: Shop, asking: Asking) -> tuple[Code, ...]:
    cancel: Code = CommandCode("CANCEL")
    match asking.wanted:
        case "supervisor" if _is_wrong_lot(asking):
            return (cancel, *_badges(dialog, shop, "supervisor"))
        case "pin":
            return (cancel,)
        case "supervisor":
            return (*_badges(dialog, shop, "supervisor"), cancel)
        case "reason":
            return (*(ReasonCode(one.code) for one in asking.choices), cancel)
        case "leave":
            return (CommandCode("PAUSE"), CommandCode("OK"), cancel)
        case "label":
            return (LabelCode(asking.label), cancel)
        case "doubt":
            return (CommandCode("OK"), CommandCode("PRINT"), cancel)
        case "void":
            return (cancel,)
        case "reprint":
            return (CommandCode("OK"), cancel)
        case "lot":
            known = (
                one for one in shop.fefo(asking.of) if not is_expired(one.expiry, dialog.today)
            )
            return (*(LotCode(one.lot) for one in known if one.lot), cancel)
        case "return" if asking.proposal is None:
            return (*_taken(dialog, shop), cancel)
        case _:
            return (CommandCode("OK"), cancel)


def _taken(dialog: Dialog, shop: Shop) -> tuple[Code, ...]:
    """The lots that went in and may go back."""
    here = current(dialog, shop)
    lines = here.order.lines(here.operation) if here is not None else ()
    return tuple(
        LotCode(lot, one.line.material)
        for one in lines
        for lot, micros in one.lots.items()
        if lot and micros > 0
    )


def _handing_over(dialog: Dialog, shop: Shop) -> tuple[Code, ...]:
    """OK keeps what is asked about; then the giver's badge signs, and a successor's."""
    own = shop.operators.get(dialog.person or "")
    cancel: Code = CommandCode("CANCEL")
    if asked(dialog, shop) is not None:
        return (CommandCode("OK"), CommandCode("PAUSE"), cancel)
    if dialog.handover is not None and dialog.handover.is_signed:
        return (*_badges(dialog, shop, "operator"), CommandCode("OK"))
    return (*([BadgeCode(own.badge)] if own is not None and own.badge else []), cancel)


def _is_wrong_lot(asking: Asking) -> bool:
    """Whether fetching the right lot is the way on, and an override the exception."""
    return any(deviation.name == "wrong_material" for deviation in asking.open)


def _badges(dialog: Dialog, shop: Shop, role: str) -> tuple[Code, ...]:
    people = sorted(shop.operators.values(), key=lambda one: one.person)
    return tuple(
        BadgeCode(one.badge)
        for one in people
        if one.active and one.badge and one.role == role and one.person != dialog.person
    )


def _lots(dialog: Dialog, shop: Shop, line: LineState) -> tuple[Code, ...]:
    """The lots to take for a line, first expiry first; serial numbers one by one."""
    fresh = [
        lot for lot in shop.fefo(line.line.material) if not is_expired(lot.expiry, dialog.today)
    ]
    if line.line.serial_controlled:
        return tuple(code for lot in fresh for code in _serials(shop, line, lot))
    return tuple(
        LotCode(lot.lot, line.line.material, expiry=_day(lot.expiry))
        if lot.lot
        else MaterialCode(line.line.material)
        for lot in fresh
    )


def _serials(shop: Shop, line: LineState, lot: Lot) -> tuple[Code, ...]:
    material = line.line.material
    free = [
        serial
        for serial, count in sorted(lot.serials.items())
        if count > 0 and not shop.serial_used(material, serial)
    ]
    if not free and lot.lot:
        return (LotCode(lot.lot, material),)
    return tuple(LotCode(lot.lot, material, serial=serial) for serial in free)


def _is_short_for_good(dialog: Dialog, shop: Shop, here: Current) -> bool:
    """Whether the plan is not reached and the operation before gives nothing more."""
    told = here.order.good_at(here.operation) + here.order.scrap_at(here.operation)
    return told < here.order.lowest and not planned_remainder(dialog, shop)


def _digits(dialog: Dialog, shop: Shop) -> tuple[Code, ...]:
    """The digits of what the plan would count, one after the other, then DONE."""
    wanted = plain(planned_remainder(dialog, shop))
    if dialog.number == wanted or not wanted.startswith(dialog.number):
        return (CommandCode("DONE"),)
    return (DigitCode(wanted[len(dialog.number)]), CommandCode("DONE"))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
