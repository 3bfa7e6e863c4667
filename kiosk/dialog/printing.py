"""Labels by hand: doubts answered, copies asked for, labels voided. PRINT opens its body.

A doubt never holds up a scan: it is asked where that body is open, and any other scan lets it be.
"""

from dataclasses import replace
from typing import Final

from kiosk.dialog.acts import born, propose, said, stop
from kiosk.dialog.bodies import home
from kiosk.dialog.labels_open import LABELS_LISTED_MAX, OpenLabel, labels_made
from kiosk.dialog.state import Asking, Body, Choice, Dialog, Moment, Notice, Proposal, Turn
from kiosk.dialog.steps import reasons
from labels.codes import Code, CodeError, CommandCode, LabelCode, LotCode, UnitCode
from sync.domain.events import (
    Event,
    LabelDoubted,
    LabelVoided,
    MaterialProduced,
    UnitClosed,
    stamped,
)
from sync.domain.label_jobs import Told, again, came_not, came_out, doubts, label_told, told_by
from sync.domain.rules import SEVERITIES, Deviation, Severity
from sync.domain.rules_base import order_facts
from sync.domain.shop import Shop

PRINTS: Final[Body] = "prints"
REASONS: Final = (Choice("DAMAGED"), Choice("LOST"), Choice("UNREADABLE"))
ROW_CHARS_MAX: Final = 3
USUAL_PRINTER: Final = "USUAL"


def listed(dialog: Dialog, shop: Shop) -> tuple[tuple[Told, OpenLabel], ...]:
    """The labels to choose from, the newest first."""
    found = []
    for one in labels_made(shop, dialog.workplace.station):
        found.append(one)
        if len(found) == LABELS_LISTED_MAX:
            break
    return tuple(found)


def opened(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """The body is open: a doubt is asked first; else PRINT once more prints a copy."""
    dialog = replace(dialog, body=PRINTS, selected=0)
    doubt = next(iter(doubts(shop, dialog.workplace.station)), None)
    if doubt is not None:
        return _ask(dialog, shop, now, doubt)
    return Turn(dialog, notice=_selected(dialog, shop))


def claimed(dialog: Dialog, shop: Shop, now: Moment, code: Code | CodeError) -> Turn | None:
    """What a scan means in the body itself, or of a doubt anywhere; None: what it always means."""
    if isinstance(code, LabelCode | UnitCode):
        proved = _proved(dialog, shop, now, code)
        if proved is not None:
            return proved
    if dialog.body != PRINTS:
        return None
    if code == CommandCode("UNDO"):
        return _ask_void(dialog, now)
    if code == CommandCode("PRINT"):
        return print_selected(dialog, shop, now)
    if isinstance(code, LabelCode | UnitCode | LotCode):
        found = _label_of(dialog, shop, code)
        return _ask_reason(dialog, shop, now, *found) if found is not None else None
    return None


def is_own(dialog: Dialog, code: CommandCode) -> bool:
    """Whether PRINT is of the body itself: a copy, or the answer to a doubt."""
    is_free = dialog.asking is None or dialog.asking.wanted == "doubt"
    return code.command == "PRINT" and dialog.body == PRINTS and is_free


def is_row(dialog: Dialog, shop: Shop, text: str) -> bool:
    """Whether a typed line is the number of a label in the list."""
    is_number = text.isascii() and text.isdigit() and len(text) <= ROW_CHARS_MAX
    return is_number and 1 <= int(text) <= len(listed(dialog, shop))


def print_selected(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """A copy of the selected label; at first that is the last one of this station."""
    if dialog.person is None:
        return stop(dialog, "not_signed_in")
    known = listed(dialog, shop)
    if not known:
        return stop(dialog, "print_nothing")
    return _ask_reason(dialog, shop, now, *known[min(dialog.selected, len(known) - 1)])


def select(dialog: Dialog, shop: Shop, place: int) -> Turn:
    """Another label of the list."""
    count = len(listed(dialog, shop))
    after = replace(dialog, selected=place % count if count else 0)
    return Turn(after, notice=_selected(after, shop))


def doubt_answered(dialog: Dialog, shop: Shop, now: Moment, given: Code | CodeError) -> Turn | None:
    """OK: it came out. PRINT: it did not, print it again. None: something else was scanned."""
    asking = dialog.asking
    assert asking is not None, "an answer without a question"
    if given not in {CommandCode("OK"), CommandCode("PRINT")}:
        return None
    if dialog.person is None:
        return stop(dialog, "not_signed_in")
    doubt = _doubt(dialog, shop, asking.of, asking.label)
    free = replace(dialog, asking=None)
    if doubt is None:
        return Turn(free, notice=_selected(free, shop))
    if given == CommandCode("OK"):
        event: Event = came_out(doubt)
        notice = said("ok", "doubt_out", **_facts(shop, doubt))
    else:
        event = came_not(doubt)
        notice = said("ok", "doubt_again", **_facts(shop, doubt))
    rest = [one for one in doubts(shop, dialog.workplace.station) if one.id != doubt.id]
    turn = propose(free, shop, now, Proposal((born(dialog, now, event),), notice, free))
    if not rest or turn.refused:
        return turn
    more = _ask(free, shop, now, rest[0])
    return replace(turn, dialog=more.dialog, notice=more.notice)


def void_scanned(dialog: Dialog, shop: Shop, now: Moment, given: Code | CodeError) -> Turn | None:
    """The label that is to be void, by its own code; None: something else was scanned."""
    if not isinstance(given, LabelCode | UnitCode | LotCode):
        return None
    if dialog.person is None:
        return stop(dialog, "not_signed_in")
    free = replace(dialog, asking=None)
    found = _label_of(free, shop, given)
    if found is None:
        return stop(dialog, "label_unknown", label=_name(given))
    told, label = found
    facts = _told_facts(shop, told, label.label)
    if label.state == "voided":
        return Turn(free, notice=said("note", "label_void_already", **facts))
    event = LabelVoided(label=label.label, of=told.id, order=told.order)
    after = replace(free, body=home(free))
    proposal = Proposal((born(dialog, now, event),), said("ok", "label_voided", **facts), after)
    return _because(free, shop, now, proposal, Notice("ask", "void_why", facts))


def reason_chosen(dialog: Dialog, shop: Shop, now: Moment, code: str) -> Turn:
    """Why: the copy is asked for, by another printer where there are several; or it is void."""
    asking = dialog.asking
    assert asking is not None, "a reason without a question"
    assert asking.proposal is not None, "a reason without an act"
    if not any(one.code == code for one in asking.choices):
        return stop(dialog, "reason_other", reason=code, first=asking.choices[0].code)
    event = stamped(asking.proposal.events[0], reason=code)
    proposal = replace(asking.proposal, events=(event,))
    free = replace(dialog, asking=None)
    printers = dialog.workplace.printers
    if isinstance(event, LabelVoided) or len(printers) < 2:
        return propose(free, shop, now, proposal)
    choices = (Choice(USUAL_PRINTER), *(Choice(name, name) for name in printers))
    notice = Notice("ask", "which_printer", proposal.notice.facts)
    asked = Asking("printer", notice, now.mono, proposal, choices=choices)
    return Turn(replace(free, asking=asked), notice=notice)


def printer_chosen(dialog: Dialog, shop: Shop, now: Moment, code: str) -> Turn:
    """Where: the usual printer, or another one by this choice alone."""
    asking = dialog.asking
    assert asking is not None, "a choice without a question"
    assert asking.proposal is not None, "a printer without an act"
    if not any(one.code == code for one in asking.choices):
        return Turn(dialog, notice=replace(asking.notice, kind="stop"), refused=True)
    name = "" if code == USUAL_PRINTER else code
    events = (stamped(asking.proposal.events[0], printer=name),)
    proposal = replace(asking.proposal, events=events)
    return propose(replace(dialog, asking=None), shop, now, proposal)


def undo_shown(dialog: Dialog) -> Notice | None:
    """What UNDO does while the body is open."""
    return Notice("rest", "undo_label", {}) if dialog.body == PRINTS else None


def _ask(dialog: Dialog, shop: Shop, now: Moment, doubt: LabelDoubted) -> Turn:
    notice = Notice("ask", "doubt_asked", _facts(shop, doubt))
    asking = Asking("doubt", notice, now.mono, label=doubt.label, of=doubt.of)
    return Turn(replace(dialog, asking=asking, body=PRINTS), notice=notice)


def _ask_void(dialog: Dialog, now: Moment) -> Turn:
    if dialog.person is None:
        return stop(dialog, "not_signed_in")
    notice = Notice("ask", "void_scan")
    return Turn(replace(dialog, asking=Asking("void", notice, now.mono)), notice=notice)


def _ask_reason(dialog: Dialog, shop: Shop, now: Moment, told: Told, label: OpenLabel) -> Turn:
    """A copy wants a reason; of a label that was voided there is none."""
    if dialog.person is None:
        return stop(dialog, "not_signed_in")
    facts = {
        **_told_facts(shop, told, label.label),
        "count": str(label.copies + 1),
        "person": dialog.person,
    }
    if label.state in {"voided", "outstanding"}:
        return stop(dialog, "reprint_void", **facts)
    if label.state == "unprinted":
        return stop(dialog, "reprint_waits", **facts)
    event = again(told, label.label, "")
    severity = dialog.workplace.severities.get("reprint", SEVERITIES["reprint"])
    extra = (Deviation("reprint", severity, facts),) if severity is not Severity.NOTE else ()
    notice = said("ok", "reprint_asked", **facts)
    after = replace(dialog, body=home(dialog))
    proposal = Proposal((born(dialog, now, event),), notice, after, extra=extra)
    return _because(dialog, shop, now, proposal, Notice("ask", "reprint_why", facts))


def _because(dialog: Dialog, shop: Shop, now: Moment, proposal: Proposal, notice: Notice) -> Turn:
    """The site's reasons of labels, else three of ours."""
    choices = reasons(shop, "reprint") or REASONS
    asking = Asking("reprint", notice, now.mono, proposal, choices=choices)
    return Turn(replace(dialog, asking=asking), notice=notice)


def _proved(dialog: Dialog, shop: Shop, now: Moment, code: LabelCode | UnitCode) -> Turn | None:
    """The code of a label that was in doubt: it is out, since it was scanned."""
    if dialog.person is None or (isinstance(code, LabelCode) and not _is_own(dialog, code)):
        return None
    known = doubts(shop, dialog.workplace.station)
    doubt = next((one for one in known if one.label == _name(code)), None)
    if doubt is None:
        return None
    told = told_by(shop, doubt.of, doubt.label)
    if told is None or told.act in shop.reversed:
        return None
    free = replace(dialog, asking=None)
    notice = said("ok", "doubt_out", **_facts(shop, doubt))
    return propose(dialog, shop, now, Proposal((born(dialog, now, came_out(doubt)),), notice, free))


def _label_of(
    dialog: Dialog, shop: Shop, code: LabelCode | UnitCode | LotCode
) -> tuple[Told, OpenLabel] | None:
    """The newest label of this station that a code names."""
    if isinstance(code, LabelCode) and not _is_own(dialog, code):
        return None
    found = (
        (told, label)
        for told, label in labels_made(shop, dialog.workplace.station)
        if _is_named(told, label, code)
    )
    return next(found, None)


def _is_named(told: Told, label: OpenLabel, code: LabelCode | UnitCode | LotCode) -> bool:
    match code:
        case LotCode(lot=lot, material=material):
            is_lot = isinstance(told, MaterialProduced) and told.lot == lot
            return is_lot and material in {None, getattr(told, "material", "")}
        case UnitCode(unit=unit):
            return isinstance(told, UnitClosed) and told.unit == unit
        case LabelCode(label=name):
            return label.label == name


def _is_own(dialog: Dialog, code: LabelCode) -> bool:
    return code.station in {None, dialog.workplace.station}


def _name(code: LabelCode | UnitCode | LotCode) -> str:
    match code:
        case LabelCode(label=name):
            return name
        case UnitCode(unit=unit):
            return unit
        case LotCode(lot=lot):
            return lot


def _doubt(dialog: Dialog, shop: Shop, of: str, label: str) -> LabelDoubted | None:
    known = doubts(shop, dialog.workplace.station)
    return next((one for one in known if (one.of, one.label) == (of, label)), None)


def _selected(dialog: Dialog, shop: Shop) -> Notice:
    """What PRINT would print again."""
    known = listed(dialog, shop)
    if not known:
        return said("note", "body_prints")
    told, label = known[min(dialog.selected, len(known) - 1)]
    return Notice("note", "print_selected", _told_facts(shop, told, label.label))


def _facts(shop: Shop, doubt: LabelDoubted) -> dict[str, str]:
    told = told_by(shop, doubt.of, doubt.label)
    if told is None:
        return {**order_facts(shop, doubt.order), "label": doubt.label, "lot": "", "quantity": ""}
    return _told_facts(shop, told, doubt.label)


def _told_facts(shop: Shop, told: Told, label: str) -> dict[str, str]:
    """What a label tells, by its human name first."""
    facts = {"product": "", **order_facts(shop, told.order), "label": label}
    lot, quantity = label_told(shop, told, label)
    return {**facts, "lot": lot, "quantity": quantity}
