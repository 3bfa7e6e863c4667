"""Trouble: a work center that stands and runs again, help that is called and comes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from kiosk.dialog import orders
from kiosk.dialog.acts import born, propose, said, stop
from kiosk.dialog.people import because
from kiosk.dialog.state import Asking, Choice, Dialog, Moment, Notice, Proposal, Turn
from kiosk.dialog.steps import current, elapsed
from sync.domain.events import (
    Acceptance,
    DowntimeEnded,
    DowntimeStarted,
    Event,
    EventReversed,
    HelpAnswered,
    HelpCalled,
    MaterialConsumed,
    Operating,
    OperationEnded,
    OperationReported,
)
from sync.domain.rules_repair import work_center_name
from sync.domain.shop import Shop

CALLS: Final = ("MATERIAL", "MAINTENANCE", "QUALITY", "SUPERVISOR")


def downtime(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """DOWNTIME: the work center stands, for a reason; where it stands already, it runs again."""
    if dialog.person is None:
        return stop(dialog, "not_signed_in")
    places = _places(dialog, shop)
    if len(places) == 1:
        return _turned(dialog, shop, now, places[0])
    choices = tuple(Choice(one, work_center_name(shop, one)) for one in places)
    facts = {"count": str(len(places)), "first": choices[0].text}
    notice = Notice("ask", "stop_where", facts)
    asking = Asking("place", notice, now.mono, choices=choices)
    return Turn(replace(dialog, asking=asking, number=""), notice=notice)


def chosen_place(dialog: Dialog, shop: Shop, now: Moment, code: str) -> Turn:
    """The work center that was picked where the station has several."""
    assert dialog.asking is not None, "a choice without a question"
    if code not in {one.code for one in dialog.asking.choices}:
        return Turn(dialog, notice=replace(dialog.asking.notice, kind="stop"), refused=True)
    return _turned(replace(dialog, asking=None), shop, now, code)


def resume(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """RESUME: what stands goes on, the work center and the operation alike."""
    stops = stops_here(dialog, shop)
    if dialog.person is None or not stops:
        return orders.resume(dialog, shop, now)
    here = current(dialog, shop)
    paused = here is not None and here.pause is not None
    events = orders.ensure_running(dialog, shop, now, set_up=False) if paused else []
    return _runs_again(dialog, shop, now, stops, events)


def call(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """CALL: help is called, for what is asked; where it was called already, it has come."""
    if dialog.person is None:
        return stop(dialog, "not_signed_in")
    calls = calls_here(dialog, shop)
    if calls:
        return _help_came(dialog, shop, now, calls)
    place = _places(dialog, shop)[0]
    notice = Notice("ask", "call_what", {"work_center": work_center_name(shop, place)})
    choices = tuple(Choice(one) for one in CALLS)
    asking = Asking("help", notice, now.mono, choices=choices, of=place)
    return Turn(replace(dialog, asking=asking, number=""), notice=notice)


def called(dialog: Dialog, shop: Shop, now: Moment, code: str) -> Turn:
    """What help is called for was picked."""
    asking = dialog.asking
    assert asking is not None, "a choice without a question"
    if code not in CALLS:
        return Turn(dialog, notice=replace(asking.notice, kind="stop"), refused=True)
    event = HelpCalled(work_center=asking.of, reason=code, order=dialog.order or "")
    facts = {"work_center": work_center_name(shop, asking.of)}
    notice = said("ok", f"help_called_{code.lower()}", **facts)
    after = replace(dialog, asking=None, booked="")
    proposal = Proposal((born(dialog, now, event),), notice, after)
    return propose(replace(dialog, asking=None), shop, now, proposal)


def stops_here(dialog: Dialog, shop: Shop) -> tuple[DowntimeStarted, ...]:
    """Open stops of the current order's work center; without an order, of all of the station."""
    return shop.stops(_places(dialog, shop))


def calls_here(dialog: Dialog, shop: Shop) -> tuple[HelpCalled, ...]:
    """Calls of this station that nobody answered."""
    centers = {one.work_center for one in shop.helps.values()}
    own = dialog.workplace.station
    return tuple(one for one in shop.calls(centers) if one.station == own)


def at_rest(dialog: Dialog, shop: Shop, now: Moment) -> Notice | None:
    """What the band says at rest while the work center stands."""
    stops = stops_here(dialog, shop)
    if not stops:
        return None
    following = "runs_again" if dialog.person is not None else "badge"
    return Notice("rest", "stopped_rest", _facts(dialog, shop, now, stops), following)


def asked(dialog: Dialog, turn: Turn, shop: Shop, now: Moment) -> Turn:
    """A booking at a work center that stands: does it run again? OK writes both in one act.

    `dialog` is how things stood before the turn.
    """
    booked = _booking(turn.events)
    if booked is None:
        return turn
    stops = shop.stops((_center(shop, booked),))
    if not stops or turn.notice is None:
        return turn
    facts = _facts(dialog, shop, now, stops)
    notice = Notice("ask", "runs_again_asked", facts, "runs_again_or_cancel")
    accepted: dict[str, Acceptance] = {
        one.deviation: one for event in turn.events for one in event.accepted
    }
    proposal = Proposal(
        (*_ends(dialog, now, stops), *turn.events),
        turn.notice,
        turn.dialog,
        tuple(accepted.values()),
    )
    asking = Asking("confirm", notice, now.mono, proposal)
    return Turn(replace(dialog, asking=asking, number="", entry=""), notice=notice, refused=True)


def _turned(dialog: Dialog, shop: Shop, now: Moment, place: str) -> Turn:
    """A work center that runs stands now, one that stands runs again."""
    stops = shop.stops((place,))
    if stops:
        return _runs_again(dialog, shop, now, stops, [])
    event = DowntimeStarted(work_center=place, reason="", order=dialog.order or "")
    facts = {"work_center": work_center_name(shop, place), "reason": ""}
    notice = Notice("ok", "stopped", facts, "runs_again")
    after = replace(dialog, booked="", number="")
    proposal = Proposal((born(dialog, now, event),), notice, after)
    return because(dialog, shop, now, proposal, "downtime")


def _runs_again(
    dialog: Dialog,
    shop: Shop,
    now: Moment,
    stops: Sequence[DowntimeStarted],
    more: Sequence[Event],
) -> Turn:
    notice = said("ok", "runs_again", **_facts(dialog, shop, now, stops))
    events = (*_ends(dialog, now, stops), *more)
    return propose(dialog, shop, now, Proposal(events, notice, replace(dialog, booked="")))


def _ends(dialog: Dialog, now: Moment, stops: Sequence[DowntimeStarted]) -> tuple[Event, ...]:
    return tuple(
        born(dialog, now, DowntimeEnded(of=one.id, work_center=one.work_center)) for one in stops
    )


def _help_came(dialog: Dialog, shop: Shop, now: Moment, calls: Sequence[HelpCalled]) -> Turn:
    answers = tuple(
        born(dialog, now, HelpAnswered(of=one.id, work_center=one.work_center)) for one in calls
    )
    station = dialog.workplace.station
    facts = {
        "work_center": work_center_name(shop, calls[-1].work_center),
        "clock": elapsed(calls[0], station, now),
    }
    notice = said("ok", "help_came", **facts)
    return propose(dialog, shop, now, Proposal(answers, notice, replace(dialog, booked="")))


def _facts(
    dialog: Dialog, shop: Shop, now: Moment, stops: Sequence[DowntimeStarted]
) -> dict[str, str]:
    """Where it stands, why, and since when: of the latest stop."""
    last = stops[-1]
    known = shop.reasons.get(last.reason)
    return {
        "work_center": work_center_name(shop, last.work_center),
        "reason": known.text if known is not None else last.reason,
        "clock": elapsed(last, dialog.workplace.station, now),
    }


def _places(dialog: Dialog, shop: Shop) -> tuple[str, ...]:
    """Where trouble is: the current order's work center, else all of the station."""
    here = current(dialog, shop)
    operation = here.order.operation(here.operation) if here is not None else None
    if here is not None and here.start is not None and here.start.work_center:
        return (here.start.work_center,)
    if operation is not None:
        return (operation.work_center,)
    return dialog.workplace.work_centers or (dialog.workplace.station,)


def _booking(events: Sequence[Event]) -> Operating | None:
    """What a machine that stands cannot have done; corrections and closing short are no work."""
    if any(isinstance(one, (EventReversed, DowntimeEnded)) for one in events):
        return None
    if any(isinstance(one, OperationEnded) and one.short is not None for one in events):
        return None
    booked = (one for one in events if isinstance(one, (MaterialConsumed, OperationReported)))
    return next(booked, None)


def _center(shop: Shop, event: Operating) -> str:
    order = shop.orders.get(event.order)
    operation = order.operation(event.operation) if order is not None else None
    return operation.work_center if operation is not None else event.work_center
