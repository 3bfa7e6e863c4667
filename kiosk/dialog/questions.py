"""Answers to a question that stands: who may answer what, and what lets go of it."""

from dataclasses import replace
from typing import Final

from kiosk.dialog import (
    dispositions,
    handover_signs,
    materials,
    orders,
    packing,
    people,
    pins,
    printing,
    returns,
    trouble,
)
from kiosk.dialog.acts import approve, propose, said, stop
from kiosk.dialog.state import (
    OVERRIDE_SECONDS_MAX,
    Asking,
    Choice,
    Dialog,
    Moment,
    Notice,
    Proposal,
    Turn,
    Wanted,
)
from kiosk.dialog.steps import current
from labels.codes import BadgeCode, Code, CodeError, CommandCode, DigitCode, ReasonCode
from sync.domain import pin
from sync.domain.events import (
    DowntimeStarted,
    Event,
    MaterialConsumed,
    MaterialDisposed,
    OperationEnded,
    OperationPaused,
    stamped,
)
from sync.domain.shop import Shop

Given = Code | CodeError
LET_GO: Final[frozenset[Wanted]] = frozenset(
    {"confirm", "label", "doubt", "void"}
)  # any other scan ends these
TAKES_NUMBERS: Final[frozenset[Wanted]] = frozenset({"return", "lot"})
TOLD_WHEN_DROPPED: Final[frozenset[Wanted]] = frozenset({"confirm", "return", "lot"})
_GIVEN_A_REASON: Final = (OperationEnded, OperationPaused, DowntimeStarted, MaterialDisposed)


def answer(dialog: Dialog, shop: Shop, now: Moment, given: Given) -> Turn | None:
    """What a code means to the standing question; None: the question is dropped, go on without."""
    asking = dialog.asking
    assert asking is not None, "an answer without a question"
    if given == CommandCode("CANCEL"):
        return cancel(dialog)
    match asking.wanted:
        case "supervisor":
            return _supervisor(dialog, shop, now, given)
        case "confirm":
            return _confirm(dialog, shop, now, given)
        case "pin":
            return _pin(dialog, shop, now, given)
        case "label":
            return None
        case "doubt":
            return printing.doubt_answered(dialog, shop, now, given)
        case "void":
            return printing.void_scanned(dialog, shop, now, given)
        case "return":
            return returns.answer(dialog, shop, now, given)
        case "lot":
            return materials.lot_told(dialog, shop, now, given)
        case _:
            return _choice(dialog, shop, now, given)


def pin_entered(dialog: Dialog, shop: Shop, now: Moment, digits: str) -> Turn:
    """A PIN as a whole: right, it does what the badge before it was for."""
    asking = dialog.asking
    assert asking is not None, "a PIN that nobody asked for"
    person = shop.operators.get(asking.of)
    if person is None or not pin.matches(digits, person.pin):
        return pins.wrong(dialog)
    if asking.proposal is not None:
        return approve(dialog, shop, now, person.person)
    free = replace(dialog, asking=None)
    if dialog.handover is not None:
        return handover_signs.sign(free, shop, now, person)
    return people.known(free, shop, now, person)


def cancel(dialog: Dialog) -> Turn:
    """CANCEL: the question goes; nothing was written."""
    asking = dialog.asking
    assert asking is not None, "a cancel without a question"
    after = replace(dialog, asking=None, number="")
    if asking.wanted == "label":
        facts = {**asking.notice.facts, "label": asking.label}
        return Turn(after, notice=said("note", "label_outstanding", **facts))
    return Turn(after, notice=said("note", "cancelled"))


def lapse(dialog: Dialog, now: Moment) -> Turn | None:
    """An override that nobody gave in time goes, with a note."""
    asking = dialog.asking
    if asking is None or asking.wanted not in {"supervisor", "pin"}:
        return None
    if now.mono - asking.since < OVERRIDE_SECONDS_MAX:
        return None
    after = replace(dialog, asking=None)
    return Turn(after, notice=said("note", "override_lapsed"))


def choose(dialog: Dialog, shop: Shop, now: Moment, code: str) -> Turn:
    """One of the choices of a question."""
    asking = dialog.asking
    assert asking is not None, "a choice without a question"
    if asking.wanted == "operation":
        return orders.chosen_operation(dialog, shop, now, code)
    if asking.wanted == "rework":
        return dispositions.chosen_operation(dialog, shop, now, code)
    if asking.wanted == "leave":
        return people.left(dialog, shop, now, code)
    if asking.wanted == "place":
        return trouble.chosen_place(dialog, shop, now, code)
    if asking.wanted == "help":
        return trouble.called(dialog, shop, now, code)
    if asking.wanted == "unit":
        return packing.chosen(dialog, shop, code)
    if asking.wanted == "reprint":
        return printing.reason_chosen(dialog, shop, now, code)
    if asking.wanted == "printer":
        return printing.printer_chosen(dialog, shop, now, code)
    choice = next((one for one in asking.choices if one.code == code), None)
    if choice is None:
        return stop(dialog, "reason_other", reason=code, first=_first(asking))
    return _because(dialog, shop, now, choice)


def move(dialog: Dialog, step: int) -> Dialog:
    """Up or down among the choices."""
    asking = dialog.asking
    assert asking is not None, "a move without a question"
    if not asking.choices:
        return dialog
    selected = (asking.selected + step) % len(asking.choices)
    return replace(dialog, asking=replace(asking, selected=selected))


def _supervisor(dialog: Dialog, shop: Shop, now: Moment, given: Given) -> Turn:
    if isinstance(given, BadgeCode):
        return people.override(dialog, shop, now, given.badge)
    if given == CommandCode("SCRAP"):
        turn = materials.scrap_asked(dialog, shop, now)
        if turn is not None:
            return turn
    assert dialog.asking is not None, "an answer without a question"
    facts = dict(dialog.asking.notice.facts)
    notice = Notice("stop", "waiting", facts)
    return Turn(dialog, notice=notice, refused=True)


def _confirm(dialog: Dialog, shop: Shop, now: Moment, given: Given) -> Turn | None:
    if given == CommandCode("OK"):
        return approve(dialog, shop, now, dialog.person or "")
    if given == CommandCode("SCRAP"):
        return materials.scrap_asked(dialog, shop, now)
    return None


def _pin(dialog: Dialog, shop: Shop, now: Moment, given: Given) -> Turn | None:
    """Digits and OK; another's badge takes over, the same one again changes nothing."""
    asking = dialog.asking
    assert asking is not None, "an answer without a question"
    if isinstance(given, BadgeCode):
        person = shop.operator_of_badge(given.badge)
        if person is not None and person.person == asking.of:
            return Turn(dialog)
        over = asking.proposal is not None
        return people.override(dialog, shop, now, given.badge) if over else None
    if isinstance(given, DigitCode):
        return pins.digit(dialog, given.digit)
    if given == CommandCode("OK"):
        return pin_entered(dialog, shop, now, asking.digits)
    return _asked_again(dialog, asking)


def _choice(dialog: Dialog, shop: Shop, now: Moment, given: Given) -> Turn:
    asking = dialog.asking
    assert asking is not None, "an answer without a question"
    if asking.wanted in {"reason", "help", "reprint"} and isinstance(given, ReasonCode):
        return choose(dialog, shop, now, given.reason)
    if asking.wanted == "leave" and given in {CommandCode("PAUSE"), CommandCode("OK")}:
        keep = given == CommandCode("OK") and asking.choices[asking.selected].code == "KEEP"
        return choose(dialog, shop, now, "KEEP" if keep else "PAUSE")
    if given == CommandCode("OK"):
        return choose(dialog, shop, now, asking.choices[asking.selected].code)
    return _asked_again(dialog, asking)


def _asked_again(dialog: Dialog, asking: Asking) -> Turn:
    """A scan that is no answer is not taken, and sounds so; the question is said again."""
    return Turn(dialog, notice=replace(asking.notice, kind="stop"), refused=True)


def _because(dialog: Dialog, shop: Shop, now: Moment, choice: Choice) -> Turn:
    """The reason goes into the act that waits for it, or to the scrap that waits for DONE."""
    assert dialog.asking is not None, "a reason without a question"
    proposal = dialog.asking.proposal
    assert proposal is not None, "a reason without an act"
    after = proposal.dialog
    scrap = tuple(one if one.reason else replace(one, reason=choice.code) for one in after.scrap)
    proposal = replace(
        proposal,
        events=tuple(_filled(event, choice.code) for event in proposal.events),
        dialog=replace(after, scrap=scrap),
        notice=_named(proposal, choice),
    )
    return propose(replace(dialog, asking=None), shop, now, proposal)


def _filled(event: Event, reason: str) -> Event:
    scrapped = isinstance(event, MaterialConsumed) and event.scrapped
    if scrapped or isinstance(event, _GIVEN_A_REASON):
        return stamped(event, reason=reason)
    return event


def _named(proposal: Proposal, choice: Choice) -> Notice:
    notice = proposal.notice
    return replace(notice, facts={**notice.facts, "reason": choice.text})


def _first(asking: Asking) -> str:
    return asking.choices[0].text if asking.choices else ""


def question(dialog: Dialog, shop: Shop) -> Notice | None:
    """The question that stands, to be said again."""
    asking = dialog.asking
    if asking is None:
        return None
    here = current(dialog, shop)
    facts = {"order": here.order.number} if here is not None else {}
    return replace(asking.notice, facts={**facts, **asking.notice.facts})
