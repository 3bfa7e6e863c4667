"""What a badge means: signing in and out, joining and leaving an order, overriding."""

from dataclasses import replace

from kiosk.dialog import pins
from kiosk.dialog.acts import approve, born, propose, said, stop
from kiosk.dialog.state import (
    Asking,
    Choice,
    Dialog,
    Moment,
    Notice,
    Proposal,
    Turn,
)
from kiosk.dialog.steps import current, reasons
from sync.domain.events import (
    Event,
    OperationPaused,
    OperatorDefined,
    OperatorJoined,
    OperatorLeft,
    OperatorSignedIn,
    OperatorSignedOut,
)
from sync.domain.order import Order
from sync.domain.rules_base import order_facts
from sync.domain.shop import Shop


def badge(dialog: Dialog, shop: Shop, now: Moment, number: str) -> Turn:
    """A badge while no question waits for one."""
    person = shop.operator_of_badge(number)
    if person is None:
        return stop(dialog, "badge_unknown", badge=number)
    dialog = replace(dialog, number="")
    if dialog.person is None and pins.is_asked(dialog, person):
        return pins.ask(dialog, now, person)
    if dialog.person is None:
        return sign_in(dialog, shop, now, person)
    order = shop.orders.get(dialog.order or "")
    if order is None:
        if person.person in shop.signed_in(dialog.workplace.station):
            return _sign_out(dialog, shop, now, person)
        return _join_station(dialog, now, person)
    if person.person == dialog.person or person.person in order.joined():
        return _leave(dialog, shop, now, person, order)
    return _join(dialog, shop, now, person, order)


def override(dialog: Dialog, shop: Shop, now: Moment, number: str) -> Turn:
    """A badge while a supervisor's is waited for: approves this one act, or says why not."""
    asking = dialog.asking
    assert asking is not None, "override without a question"
    person = shop.operator_of_badge(number)
    if person is None:
        return stop(dialog, "badge_unknown", badge=number)
    own = person.person == dialog.person
    if own and not dialog.workplace.one_person:
        return stop(dialog, "not_your_own", person=person.name)
    if person.role != "supervisor" and not own:
        return stop(dialog, "supervisor_needed", person=person.name)
    if pins.is_asked(dialog, person):
        return pins.ask(dialog, now, person)
    return approve(dialog, shop, now, person.person)


def joining(dialog: Dialog, shop: Shop, now: Moment, order: str, operation: str) -> list[Event]:
    """The join of whoever is signed in here and does not work on the order yet."""
    known = shop.orders.get(order)
    joined = {
        who: join
        for who, join in (known.joined() if known is not None else {}).items()
        if join.operation == operation
    }
    here = dict.fromkeys([dialog.person or "", *shop.signed_in(dialog.workplace.station)])
    join = OperatorJoined(order=order, operation=operation)
    return [born(dialog, now, join, who) for who in here if who and who not in joined]


def join_own(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """JOIN: whoever is signed in works on the current order."""
    here = current(dialog, shop)
    if here is None or dialog.person is None:
        return stop(dialog, "no_order" if dialog.person else "not_signed_in")
    joins = joining(dialog, shop, now, here.order.number, here.operation)
    facts = order_facts(shop, here.order.number)
    notice = said("ok", "joined", person=name_of(shop, dialog.person), **facts)
    return propose(dialog, shop, now, Proposal(tuple(joins), notice, dialog))


def name_of(shop: Shop, person: str | None) -> str:
    """A person by name."""
    known = shop.operators.get(person or "")
    return known.name if known is not None else person or ""


def idle_out(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """Nobody touched the station for long: sessions end, the work runs on."""
    station = dialog.workplace.station
    outs = tuple(
        born(dialog, now, OperatorSignedOut(of=session.id, idle=True), who)
        for who, session in sorted(shop.signed_in(station).items())
    )
    dropped = bool(dialog.number or dialog.scrap or dialog.serials)
    after = session_ended(dialog)
    text = "idle_out_dropped" if dropped else "idle_out"
    notice = said("note", text, person=name_of(shop, dialog.person))
    return Turn(after, outs, notice)


def session_ended(dialog: Dialog) -> Dialog:
    """Nobody is at the station: what was staged is dropped, the order stays on screen."""
    return replace(
        dialog, person=None, number="", scrap=(), serials=(), asking=None, booked="", containers=0
    )


def left(dialog: Dialog, shop: Shop, now: Moment, answer: str) -> Turn:
    """The last who leaves an order said PAUSE or KEEP."""
    asking = dialog.asking
    assert asking is not None, "an answer without a question"
    assert asking.proposal is not None, "leaving without an act"
    proposal = asking.proposal
    here = current(dialog, shop)
    if answer != "PAUSE" or here is None or here.start is None or here.pause is not None:
        return propose(replace(dialog, asking=None), shop, now, proposal)
    pause = OperationPaused(
        order=here.order.number,
        operation=here.operation,
        work_center=here.start.work_center,
        of=here.start.id,
    )
    paused = said("ok", "left_paused", **proposal.notice.facts)
    act = replace(proposal, events=(born(dialog, now, pause), *proposal.events), notice=paused)
    return because(replace(dialog, asking=None), shop, now, act, "pause")


def because(dialog: Dialog, shop: Shop, now: Moment, proposal: Proposal, group: str) -> Turn:
    """Ask the reason that an act wants; where the site has none of that group, none is asked."""
    choices = reasons(shop, group)
    if not choices:
        return propose(dialog, shop, now, proposal)
    facts = {**proposal.notice.facts, "first": choices[0].text}
    notice = Notice("ask", f"reason_{group}", facts)
    asking = Asking("reason", notice, now.mono, proposal, choices=choices)
    return Turn(replace(dialog, asking=asking, number=""), notice=notice)


def sign_in(dialog: Dialog, shop: Shop, now: Moment, person: OperatorDefined) -> Turn:
    """A session begins; what runs at the station is on screen again."""
    after = replace(dialog, person=person.person, body="order" if dialog.order else "queue")
    known = person.person in shop.signed_in(dialog.workplace.station)
    events = () if known else (born(dialog, now, OperatorSignedIn(), person.person),)
    return Turn(after, events, said("ok", "signed_in", person=person.name))


def _join_station(dialog: Dialog, now: Moment, person: OperatorDefined) -> Turn:
    event = born(dialog, now, OperatorSignedIn(), person.person)
    notice = said("ok", "joined_station", person=person.name)
    return Turn(dialog, (event,), notice)


def _join(dialog: Dialog, shop: Shop, now: Moment, person: OperatorDefined, order: Order) -> Turn:
    here = current(dialog, shop)
    operation = here.operation if here is not None else ""
    events: list[Event] = []
    if person.person not in shop.signed_in(dialog.workplace.station):
        events.append(born(dialog, now, OperatorSignedIn(), person.person))
    join = OperatorJoined(order=order.number, operation=operation)
    events.append(born(dialog, now, join, person.person))
    notice = said("ok", "joined", person=person.name, **order_facts(shop, order.number))
    return Turn(dialog, tuple(events), notice)


def _leave(dialog: Dialog, shop: Shop, now: Moment, person: OperatorDefined, order: Order) -> Turn:
    leaving = _leaving(dialog, now, person.person, order)
    others = [who for who in order.joined() if who != person.person]
    here = [who for who in others if who in shop.signed_in(dialog.workplace.station)]
    if here:
        return _leave_others(dialog, shop, now, person, leaving, here[0])
    after = replace(
        dialog, order=None, operation=None, scrap=(), serials=(), body="queue", booked=""
    )
    facts = {"person": person.name, **order_facts(shop, order.number)}
    notice = said("ok", "left_running", **facts)
    proposal = Proposal(leaving, notice, after)
    standing = current(dialog, shop)
    if standing is None or standing.start is None or standing.pause is not None:
        return Turn(after, leaving, said("ok", "left", **facts))
    question = Notice("ask", "leave", facts)
    choices = (Choice("PAUSE"), Choice("KEEP"))
    asking = Asking("leave", question, now.mono, proposal, choices=choices, selected=1)
    return Turn(replace(dialog, asking=asking), notice=question)


def _leave_others(
    dialog: Dialog,
    shop: Shop,
    now: Moment,
    person: OperatorDefined,
    leaving: tuple[Event, ...],
    other: str,
) -> Turn:
    session = shop.signed_in(dialog.workplace.station).get(person.person)
    events = list(leaving)
    if session is not None:
        events.append(born(dialog, now, OperatorSignedOut(of=session.id), person.person))
    stays = other if dialog.person == person.person else dialog.person
    after = replace(dialog, person=stays)
    facts = {"person": person.name, "other": name_of(shop, stays)}
    facts.update(order_facts(shop, dialog.order or ""))
    return Turn(after, tuple(events), said("ok", "left_to_other", **facts))


def _sign_out(dialog: Dialog, shop: Shop, now: Moment, person: OperatorDefined) -> Turn:
    station = dialog.workplace.station
    here = shop.signed_in(station)
    events: list[Event] = []
    for order in shop.open_orders(station):
        events.extend(_leaving(dialog, now, person.person, order))
    out = OperatorSignedOut(of=here[person.person].id)
    events.append(born(dialog, now, out, person.person))
    rest = sorted(who for who in here if who != person.person)
    stays = dialog.person if dialog.person != person.person else next(iter(rest), None)
    after = replace(dialog, person=stays, scrap=(), serials=(), body="queue", booked="")
    return Turn(after, tuple(events), said("ok", "signed_out", person=person.name))


def _leaving(dialog: Dialog, now: Moment, person: str, order: Order) -> tuple[Event, ...]:
    join = order.joined().get(person)
    if join is None:
        return ()
    leave = OperatorLeft(of=join.id, order=order.number, operation=join.operation)
    return (born(dialog, now, leave, person),)
