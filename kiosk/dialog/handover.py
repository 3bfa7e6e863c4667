"""Handover: each open order is counted, paused or kept; then giver and successor sign.

While it is open it claims all scans, and says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from kiosk.dialog import entry, handover_signs, orders, output, people
from kiosk.dialog.acts import foreseen, said, stop
from kiosk.dialog.handover_state import (
    Job,
    asked,
    at_question,
    back,
    following,
    job_facts,
    jobs,
    overtaken,
    question,
)
from kiosk.dialog.state import FOLLOWS, Answer, Dialog, Handover, Moment, Notice, Turn
from kiosk.dialog.steps import number_unit
from labels.codes import BadgeCode, Code, CodeError, CommandCode, DigitCode
from sync.domain.events import Event, OperationPaused, OperationReported, OperationResumed
from sync.domain.quantity import shown
from sync.domain.rules_base import order_facts
from sync.domain.shifts import end_within
from sync.domain.shop import Shop

__all__ = [
    "KEEP",
    "PAUSE",
    "claim",
    "following",
    "hand_over",
    "number_typed",
    "offer",
    "overtaken",
    "progressed",
    "question",
]

OFFER_MINUTES: Final = 15
OFFER_QUIET_SECONDS: Final = 5.0
KEEP: Final = "keep"
PAUSE: Final = "pause"


def offer(dialog: Dialog, shop: Shop, now: Moment) -> Turn | None:
    """A handover is offered once before each end of a shift, where nothing else is said."""
    end = end_within(dialog.workplace.shifts, now.corrected or now.at, OFFER_MINUTES)
    if end is None or dialog.person is None or end.isoformat() == dialog.offered:
        return None
    quiet = now.mono - (dialog.touched or 0.0) >= OFFER_QUIET_SECONDS
    if dialog.asking is not None or dialog.number or dialog.handover is not None or not quiet:
        return None
    count = str(len(jobs(shop, dialog.workplace.station)))
    notice = Notice("note", "handover_offered", {"ends": f"{end:%H:%M}", "count": count})
    return Turn(replace(dialog, offered=end.isoformat()), notice=notice)


def hand_over(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """HANDOVER: it is open from now on; a second time it says again what it asks."""
    if dialog.person is None:
        return stop(dialog, "not_signed_in")
    if dialog.handover is not None:
        return Turn(replace(dialog, body="handover"), notice=question(dialog, shop))
    if dialog.scrap or dialog.serials:
        return stop(dialog, "handover_staged")
    end = end_within(dialog.workplace.shifts, now.corrected or now.at, OFFER_MINUTES)
    after = replace(
        dialog,
        handover=Handover(dialog.order or "", dialog.operation or ""),
        offered=end.isoformat() if end is not None else dialog.offered,
        number="",
        booked="",
        container="",
        containers=0,
    )
    after = at_question(after, shop)
    return Turn(after, notice=question(after, shop))


def claim(dialog: Dialog, shop: Shop, now: Moment, code: Code | CodeError) -> Turn | None:
    """What a code means to the open handover; None: the same as ever."""
    match code:
        case BadgeCode(badge):
            return handover_signs.badge(dialog, shop, now, badge)
        case DigitCode() if asked(dialog, shop) is not None:
            return None
        case CommandCode(command) if command in _COMMANDS:
            return _COMMANDS[command](dialog, shop, now)
        case CodeError():
            return None
    return _claimed(dialog)


def number_typed(dialog: Dialog, shop: Shop) -> Turn | None:
    """A typed number where the handover asks for none; None: it is a count."""
    if dialog.handover is None or asked(dialog, shop) is not None:
        return None
    return _claimed(dialog)


def progressed(turn: Turn, shop: Shop) -> Turn:
    """The answer that an act gave to the handover; the next question follows."""
    dialog = turn.dialog
    if dialog.handover is None or not turn.events:
        return turn
    later = foreseen(shop, turn.events)
    job = asked(dialog, shop)
    told = _told(job, turn.events) if job is not None else ""
    if job is not None and told:
        dialog = _answered(dialog, job, told)
    notice = replace(turn.notice, next=FOLLOWS) if turn.notice is not None else None
    return replace(turn, dialog=at_question(dialog, later), notice=notice)


def _ok(dialog: Dialog, shop: Shop, _now: Moment) -> Turn:
    """OK keeps what is asked about as it is; after the signature it says that nobody is here."""
    job = asked(dialog, shop)
    if job is None:
        return _alone(dialog, shop)
    if dialog.number or dialog.scrap or dialog.serials:
        return _number_waits(dialog, shop)
    text = "handover_kept_paused" if job.stands else "handover_kept"
    after = at_question(_answered(dialog, job, PAUSE if job.stands else KEEP), shop)
    return Turn(after, notice=said("ok", text, **order_facts(shop, job.order.number)))


def _alone(dialog: Dialog, shop: Shop) -> Turn:
    handover = dialog.handover
    if handover is None or not handover.is_signed:
        return Turn(dialog, notice=question(dialog, shop))
    return _closed(dialog, shop, handover)


def _pause(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    job = asked(dialog, shop)
    if job is None:
        return _claimed(dialog)
    if dialog.number or dialog.scrap or dialog.serials:
        return _number_waits(dialog, shop)
    return _ok(dialog, shop, now) if job.stands else orders.pause(dialog, shop, now)


def _done(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """A handover takes a counted number only: nobody signs for what the plan would make."""
    job = asked(dialog, shop)
    if job is None:
        return _claimed(dialog)
    if not dialog.number:
        unit = shown(job.order.unit)
        return stop(dialog, "handover_count", **job_facts(shop, job), unit=unit)
    return output.done(dialog, shop, now)


def _scrap(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    if asked(dialog, shop) is None or not dialog.number:
        return _claimed(dialog)
    return output.stage_scrap(dialog, shop, now)


def _cancel(dialog: Dialog, shop: Shop, _now: Moment) -> Turn:
    """CANCEL drops the number, then staged scrap, then closes the handover."""
    dropped = entry.dropped(dialog)
    if dropped is not None:
        return dropped
    assert dialog.handover is not None, "a cancel of no handover"
    return _closed(dialog, shop, dialog.handover)


def _closed(dialog: Dialog, shop: Shop, handover: Handover) -> Turn:
    after = replace(back(dialog, shop, handover), handover=None)
    after = replace(after, body="order" if after.order else "queue")
    text = "handover_one" if handover.is_signed else "handover_closed"
    return Turn(after, notice=said("note", text, person=people.name_of(shop, dialog.person)))


def _claimed(dialog: Dialog) -> Turn:
    """A scan that the handover does not take."""
    return Turn(dialog, notice=Notice("stop", "handover_claims", {}, FOLLOWS), refused=True)


def _number_waits(dialog: Dialog, shop: Shop) -> Turn:
    if not dialog.number:
        return stop(dialog, "handover_staged")
    unit = shown(number_unit(dialog, shop))
    return stop(dialog, "handover_number", number=dialog.number, unit=unit)


def _answered(dialog: Dialog, job: Job, told: str) -> Dialog:
    assert dialog.handover is not None, "an answer to no handover"
    answer = Answer(job.start.id, job.order.number, told)
    handover = replace(dialog.handover, answers=(*dialog.handover.answers, answer))
    return replace(dialog, handover=handover)


def _told(job: Job, events: Sequence[Event]) -> str:
    """What an act says of a job; a count that let it go on leaves the question open."""
    if any(isinstance(one, OperationResumed) for one in events):
        return ""
    for one in events:
        if isinstance(one, OperationPaused) and one.of == job.start.id:
            return PAUSE
        place = (job.order.number, job.start.operation)
        if isinstance(one, OperationReported) and (one.order, one.operation) == place:
            return str(one.good)
    return ""


_COMMANDS: Final[dict[str, Callable[[Dialog, Shop, Moment], Turn]]] = {
    "OK": _ok,
    "PAUSE": _pause,
    "DONE": _done,
    "SCRAP": _scrap,
    "CANCEL": _cancel,
    "HANDOVER": hand_over,
}
