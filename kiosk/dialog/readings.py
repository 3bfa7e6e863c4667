"""The home of codes that came otherwise than they were printed: what is said of them."""

from typing import Final

from kiosk.dialog.acts import stop
from kiosk.dialog.state import Body, Dialog, Kind, Notice, Turn
from labels.codes import Code, CodeError, CommandCode, LotCode
from labels.keyboard import LAYOUTS, Fault, run_together
from sync.domain.shop import Shop

DOCTOR: Final[Body] = "doctor"
_LEAVES_DOCTOR: Final = frozenset({"DOCTOR", "CANCEL"})
_TOLD: Final = frozenset({"gs1", "gs_lost"})


def unreadable(dialog: Dialog, fault: CodeError) -> Turn:
    """A code that means nothing here: changed by a keyboard, broken, or none of ours."""
    if fault.kind == "layout":
        return stop(dialog, changed_text(fault.fault), layout=layout_name(fault.fault))
    text = f"unreadable_{fault.kind}" if fault.kind in _TOLD else "unreadable"
    return stop(dialog, text, why=str(fault))


def gs_lost(dialog: Dialog, shop: Shop, code: LotCode) -> Turn | None:
    """Refuse a lot that nobody knows where a known one and more ran together; None: it is whole."""
    if code.gtin is None or shop.lots_named(code.lot):
        return None
    if any(shop.lots_named(lot) for lot, _ in run_together(code.lot)):
        return stop(dialog, "unreadable_gs_lost")
    return None


def raw(dialog: Dialog, code: Code | CodeError) -> Turn | None:
    """The doctor takes every scan for itself; None: it is not open, or this code closes it."""
    closes = isinstance(code, CommandCode) and code.command in _LEAVES_DOCTOR
    if dialog.body != DOCTOR or closes:
        return None
    return Turn(dialog, notice=Notice("note", "doctor_scan"))


def set_up(fault: Fault) -> Notice:
    """What the set-up code told of scanner and keyboard."""
    kind: Kind = "stop" if fault.changed or fault.caps or fault.gs_lost else "ok"
    text = "unreadable_gs_lost" if fault.gs_lost and not fault.changed else "setup_good"
    if fault.changed or fault.caps:
        text = changed_text(fault)
    return Notice(kind, text, {"layout": layout_name(fault)})


def changed_text(fault: Fault) -> str:
    """The sentence for what a keyboard did to a code."""
    if not fault.changed:
        return "unreadable_caps" if fault.caps else "unreadable_layout"
    if not fault.layout:
        return "unreadable_layout"
    return "unreadable_keyboard_caps" if fault.caps else "unreadable_keyboard"


def layout_name(fault: Fault) -> str:
    """The layout's language in capitals; "" if it cannot be told."""
    return LAYOUTS[fault.layout].name if fault.layout else ""
