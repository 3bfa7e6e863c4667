"""Taking back: UNDO of an act, labels to be voided, a number that corrects what was just booked."""

from collections.abc import Sequence
from dataclasses import replace

from kiosk.dialog import materials, output, printing
from kiosk.dialog.acts import born, judged, propose, said, stop, told, without
from kiosk.dialog.state import Asking, Dialog, Moment, Notice, Proposal, Turn
from labels.codes import Code, CodeError, LabelCode, UnitCode
from sync.domain.events import (
    Event,
    EventReversed,
    LabelVoided,
    MaterialConsumed,
    MaterialProduced,
    OperationReported,
    UnitClosed,
    UnitPacked,
    order_of,
)
from sync.domain.label_jobs import Told, label_facts, label_told, labels_of, state_of
from sync.domain.rules import Deviation, Severity
from sync.domain.rules_repair import CORRECTION, act_facts, outstanding
from sync.domain.shop import Shop

_ACT_TEXTS = {
    "MaterialConsumed": "undo_lot",
    "MaterialReturned": "undo_return",
    "MaterialDisposed": "undo_disposed",
    "OperationReported": "undo_done",
    "OperationStarted": "undo_start",
    "OperationPaused": "undo_pause",
    "OperationResumed": "undo_resume",
    "OperationEnded": "undo_end",
    "SetupEnded": "undo_setup",
    "DowntimeStarted": "undo_stop",
    "DowntimeEnded": "undo_runs",
    "HelpCalled": "undo_call",
    "HelpAnswered": "undo_help_came",
    "UnitPacked": "undo_packed",
    "UnitClosed": "undo_sealed",
}
_UNDONE_TEXTS = {
    "MaterialConsumed": "undone",
    "MaterialReturned": "undone_return",
    "MaterialDisposed": "undone_disposed",
    "OperationReported": "undone",
    "OperationStarted": "undone_start",
    "OperationPaused": "undone_pause",
    "OperationResumed": "undone_resume",
    "OperationEnded": "undone_end",
    "SetupEnded": "undone_setup",
    "DowntimeStarted": "undone_stop",
    "DowntimeEnded": "undone_runs",
    "HelpCalled": "undone_call",
    "HelpAnswered": "undone_help_came",
    "UnitPacked": "undone_packed",
    "UnitClosed": "undone_sealed",
}


def undo(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """UNDO: takes back the own last act; a late or another's one by a supervisor's badge."""
    if dialog.person is None:
        return stop(dialog, "not_signed_in")
    act = _last_act(dialog, shop)
    if not act:
        return Turn(dialog, notice=said("note", "nothing_to_undo"))
    facts = act_facts(shop, act)
    number = facts.get("order", "")
    event = EventReversed(of=act[0].act, order=number)
    notice = said("ok", _UNDONE_TEXTS.get(facts["kind"], "undone_act"), **facts)
    proposal = Proposal((born(dialog, now, event),), notice, _undone(dialog, shop, act))
    return propose(dialog, shop, now, proposal)


def undoes(dialog: Dialog, shop: Shop) -> Notice | None:
    """What UNDO would take back now, to be shown before it is scanned; None: nothing."""
    is_asked = dialog.person is not None and dialog.handover is None
    other = printing.undo_shown(dialog) if is_asked else None
    if other is not None:
        return other
    act = _last_act(dialog, shop) if is_asked else ()
    if not act or _is_final(shop, act):
        return None
    facts = act_facts(shop, act)
    return Notice("rest", _ACT_TEXTS.get(facts["kind"], "undo_act"), facts)


def _is_final(shop: Shop, act: tuple[Event, ...]) -> bool:
    """Whether the act's order is complete: then only the office takes back."""
    order = shop.orders.get(next((order_of(event) for event in act if order_of(event)), ""))
    is_packing = any(isinstance(event, UnitPacked | UnitClosed) for event in act)
    return order is not None and (order.is_over or (order.is_completed and not is_packing))


def ask_label(turn: Turn, shop: Shop, now: Moment) -> Turn:
    """After the reversal of a DONE: its label is asked for, so that it can be voided."""
    event = next((one for one in turn.events if isinstance(one, EventReversed)), None)
    if event is None:
        return turn
    if turn.dialog.asking is not None:
        return turn
    return _ask_first(turn, shop, now, shop.acts.get(event.of, ()))


def _ask_first(turn: Turn, shop: Shop, now: Moment, act: Sequence[Event], but: str = "") -> Turn:
    """The first label of what was taken back that nobody voided, `but` the one that is now."""
    left = [(told, label) for told, label in outstanding(shop, act) if label != but]
    if not left:
        return turn
    output, label = left[0]
    facts = {**(turn.notice.facts if turn.notice is not None else {}), "label": label}
    notice = Notice("note", "label_wanted", facts)
    asking = Asking("label", notice, now.mono, label=label, of=output.id)
    return replace(turn, dialog=replace(turn.dialog, asking=asking), notice=notice)


def scan_label(dialog: Dialog, shop: Shop, now: Moment, code: LabelCode | UnitCode) -> Turn:
    """A printed label: voids it where its act was taken back, else tells what it is."""
    label = code.label if isinstance(code, LabelCode) else code.unit
    if dialog.person is None:
        return stop(dialog, "not_signed_in")
    made = _made_with(shop, dialog, code)
    if made is None:
        return stop(dialog, "label_unknown", label=label)
    lot, quantity = label_told(shop, made, label)
    facts = {"label": label, "lot": lot, "order": made.order, "quantity": quantity}
    if made.act not in shop.reversed:
        if state_of(label_facts(shop, made.id, label, made.order)) == "voided":
            return Turn(dialog, notice=said("note", "label_void_already", **facts))
        return stop(dialog, "label_valid", **facts)
    after = replace(dialog, asking=None)
    if not any(name == label for _, name in outstanding(shop, (made,))):
        return Turn(after, notice=said("note", "label_void_already", **facts))
    event = LabelVoided(label=label, of=made.id, order=made.order, reason="undone")
    turn = Turn(after, (born(dialog, now, event),), said("ok", "label_voided", **facts))
    return _ask_first(turn, shop, now, shop.acts.get(made.act, ()), but=label)


def unit_voided(dialog: Dialog, shop: Shop, now: Moment, code: Code | CodeError) -> Turn | None:
    """The label of a unit whose seal was taken back; None: no such label is about."""
    if not isinstance(code, UnitCode) or dialog.person is None:
        return None
    made = _made_with(shop, dialog, code)
    if made is None or made.act not in shop.reversed or not outstanding(shop, (made,)):
        return None
    return scan_label(dialog, shop, now, code)


def correct(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """Number and OK straight after a booking: the right quantity in its place."""
    act = shop.last_act(dialog.workplace.station, dialog.person or "")
    event = _quantity_event(act)
    if isinstance(event, MaterialConsumed):
        return materials.correct(dialog, shop, now, event)
    if not isinstance(event, OperationReported):
        return stop(dialog, "nothing_to_correct", number=dialog.number)
    before = without(shop, event.act)
    back = born(dialog, now, EventReversed(of=event.act, order=event.order, reason=CORRECTION))
    final = next((one for one in judged(dialog, shop, [back])[0][1] if _is_refused(one)), None)
    if final is not None:
        return Turn(dialog, notice=told(final), refused=True)
    base = replace(dialog, order=event.order, operation=event.operation)
    return output.done(base, before, now, before=back)


def _is_refused(deviation: Deviation) -> bool:
    return deviation.severity is Severity.REFUSE


def scrap_last(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """SCRAP without a number straight after a lot: that container was spoilt."""
    event = _quantity_event(shop.last_act(dialog.workplace.station, dialog.person or ""))
    if not isinstance(event, MaterialConsumed) or event.scrapped:
        return stop(dialog, "scrap_what")
    return materials.scrap_booked(dialog, shop, now, event)


def _quantity_event(act: tuple[Event, ...]) -> Event | None:
    for kind in (OperationReported, MaterialConsumed):
        for event in act:
            if isinstance(event, kind):
                return event
    return None


def _last_act(dialog: Dialog, shop: Shop) -> tuple[Event, ...]:
    station = dialog.workplace.station
    return shop.last_act(station, dialog.person or "") or shop.last_act(station)


def _undone(dialog: Dialog, shop: Shop, act: tuple[Event, ...]) -> Dialog:
    """Where the dialog stands once the act is gone: its order is current if it still runs here."""
    number = next((order_of(event) for event in act if order_of(event)), "")
    after = replace(
        dialog, number="", booked="", container="", containers=0, asking=None, body="order"
    )
    order = without(shop, act[0].act).orders.get(number)
    running = order.open_starts(dialog.workplace.station) if order is not None else ()
    running = tuple(one for one in running if order is None or not order.is_ended(one.operation))
    if running:
        return replace(after, order=number, operation=running[-1].operation)
    if number == dialog.order:
        return replace(after, order=None, operation=None, scrap=(), serials=(), body="queue")
    return replace(after, body="order" if after.order else "queue")


def _made_with(shop: Shop, dialog: Dialog, code: LabelCode | UnitCode) -> Told | None:
    """What a station made or sealed under a label, the latest first, reversed or not."""
    station = dialog.workplace.station
    if isinstance(code, LabelCode):
        station = code.station or station
    for act in reversed(shop.station_acts.get(station, [])):
        for event in shop.acts.get(act, ()):
            if isinstance(event, MaterialProduced | UnitClosed) and _bears(shop, event, code):
                return event
    return None


def _bears(shop: Shop, event: Told, code: LabelCode | UnitCode) -> bool:
    """Whether a label of an event is the one that was scanned."""
    if isinstance(code, UnitCode) or isinstance(event, UnitClosed):
        return isinstance(code, UnitCode) and getattr(event, "unit", None) == code.unit
    known = [job.label for job in labels_of(shop, event)]
    return code.label in known or code.label == event.label
