"""OK, CANCEL and SCRAP where no question stands: each takes the first thing that it can mean."""

from dataclasses import replace
from typing import Final

from kiosk.dialog import entry, orders, output, packing, undo
from kiosk.dialog.acts import said, stop
from kiosk.dialog.bodies import home
from kiosk.dialog.state import Dialog, Moment, Turn
from kiosk.dialog.steps import current, open_check, open_note, open_steps
from sync.domain.shop import Shop

_BOOKINGS: Final = frozenset({"lot", "done"})


def ok(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """OK where nothing is asked: a correction, a value, a note that was read, a step."""
    if dialog.person is None:
        return stop(dialog, "not_signed_in")
    here = current(dialog, shop)
    if dialog.number and dialog.booked in _BOOKINGS:
        return undo.correct(dialog, shop, now)
    if dialog.number and here is not None and open_check(here) is not None:
        return orders.record_check(dialog, shop, now)
    if dialog.number:
        return stop(dialog, "nothing_to_correct", number=dialog.number)
    if open_note(dialog, shop):
        return orders.read_note(dialog, shop)
    if here is not None and open_steps(here):
        return orders.confirm_step(dialog, shop, now)
    if here is not None and here.in_setup:
        return orders.end_setup(dialog, shop, now)
    return Turn(dialog, notice=said("note", "nothing_to_confirm"))


def cancel(dialog: Dialog, shop: Shop, _now: Moment) -> Turn:
    """CANCEL where nothing is asked: the number goes, then staged scrap, the body, the packing."""
    dropped = entry.dropped(dialog)
    if dropped is not None:
        return dropped
    if dialog.packing is not None and dialog.body == "packing":
        return packing.leave(dialog, shop)
    selected = dialog.selected if dialog.body == home(dialog) else 0
    after = replace(dialog, body=home(dialog), entry="", selected=selected)
    return Turn(after, notice=said("note", "nothing_to_cancel"))


def scrap(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    if dialog.number:
        return output.stage_scrap(dialog, shop, now)
    if dialog.booked == "lot":
        return undo.scrap_last(dialog, shop, now)
    return stop(dialog, "scrap_what" if dialog.person else "not_signed_in")
