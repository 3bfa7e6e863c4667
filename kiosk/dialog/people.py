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
    HandoverSigned,
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
    if pins.is_asked(dialog, person) and not is_here(dialog, shop, person.person):
        return pins.ask(dialog, now, person)
    return known(dialog, shop, now, person)


def known(dialog: Dialog, shop: Shop, now: Moment, person: OperatorDefined) -> Turn:
    """What a badge does, once it is sure whose it is."""
    if dialog.person is None:
        return sign_in(dialog, shop, now, person)
    here = is_here(dialog, shop, person.person)
    order = shop.orders.get(dialog.order or "")
    if order is None and here:
        return _sign_out(dialog, shop, now, person)
    if order is None:
        return _join_station(dialog, shop, now, person)
    own = person.person == dialog.person
    if own or (here and joins_here(order, dialog.workplace.station, person.person)):
        return _leave(dialog, shop, now, person, order)
    return _join(dialog, shop, now, person, order)


def is_here(dialog: Dialog, shop: Shop, person: str) -> bool:
    """Whether a person has a session at this station, while anybody acts at it."""
    return dialog.person is not None and shop.is_signed_in(dialog.workplace.station, person)


def joins_here(order: Order, station: str, person: str = "") -> tuple[OperatorJoined, ...]:
    """Joins of an order at a station (of one person, or of all) that nobody left or ended."""
    left = {leave.of for leave in order.leaves.values()}
    found = (
        join
        for join in order.joins.values()
        if join.station == station
        and person in ("", join.operator)
        and join.id not in left
        and not order.is_ended(join.operation)
    )
    return tuple(sorted(found, key=lambda join: (join.n, join.id)))


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
    station, known_order = dialog.workplace.station, shop.orders.get(order)
    joins = joins_here(known_order, station) if known_order is not None else ()
    joined = {join.operator for join in joins if join.operation == operation}
    here = dict.fromkeys([dialog.person or "", *shop.signed_in(station)])
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
    found = shop.operators.get(person or "")
    return found.name if found is not None else person or ""


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
    if dialog.handover is not None and not dialog.handover.is_signed:
        text = "idle_out_handover"
    notice = said("note", text, person=name_of(shop, dialog.person))
    return Turn(after, outs, notice)


def session_ended(dialog: Dialog) -> Dialog:
    """Nobody is at the station: what was staged is dropped, the order stays on screen."""
    open_handover = dialog.handover is not None
    return replace(
        dialog,
        person=None,
        number="",
        scrap=(),
        serials=(),
        asking=None,
        booked="",
        containers=0,
        handover=None,
        body="order" if open_handover and dialog.order else dialog.body,
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


def open_signature(shop: Shop, station: str) -> HandoverSigned | None:
    """The latest handover of a station, where only its giver has signed it."""
    here = [one for one in shop.handovers.values() if one.station == station]
    latest = max(here, key=lambda one: (one.n, one.id), default=None)
    return latest if latest is not None and not latest.successor else None


def countersigned(shop: Shop, dialog: Dialog, now: Moment, person: str) -> list[Event]:
    """The second signature under a handover that found no successor: the next badge gives it."""
    one = open_signature(shop, dialog.workplace.station)
    if one is None or one.giver == person:
        return []
    event = HandoverSigned(giver=one.giver, successor=person, orders=one.orders, of=one.id)
    return [born(dialog, now, event, person)]


def sign_in(dialog: Dialog, shop: Shop, now: Moment, person: OperatorDefined) -> Turn:
    """A session begins; what runs at the station is on screen again."""
    after = replace(dialog, person=person.person, body="order" if dialog.order else "queue")
    return _came(after, shop, now, person, said("ok", "signed_in", person=person.name))


def _came(
    after: Dialog,
    shop: Shop,
    now: Moment,
    person: OperatorDefined,
    notice: Notice,
    joins: tuple[Event, ...] = (),
) -> Turn:
    """Somebody is at the station from now on, and countersigns what waits for it."""
    signature = countersigned(shop, after, now, person.person)
    events: list[Event] = []
    if not shop.is_signed_in(after.workplace.station, person.person):
        events.append(born(after, now, OperatorSignedIn(), person.person))
    if signature:
        whose = name_of(shop, getattr(signature[0], "giver", ""))
        notice = said("ok", "countersigned", person=person.name, whose=whose)
    return Turn(after, (*events, *joins, *signature), notice)


def _join_station(dialog: Dialog, shop: Shop, now: Moment, person: OperatorDefined) -> Turn:
    return _came(dialog, shop, now, person, said("ok", "joined_station", person=person.name))


def _join(dialog: Dialog, shop: Shop, now: Moment, person: OperatorDefined, order: Order) -> Turn:
    here = current(dialog, shop)
    operation = here.operation if here is not None else ""
    known_joins = joins_here(order, dialog.workplace.station, person.person)
    joins: tuple[Event, ...] = ()
    if not any(join.operation == operation for join in known_joins):
        join = OperatorJoined(order=order.number, operation=operation)
        joins = (born(dialog, now, join, person.person),)
    notice = said("ok", "joined", person=person.name, **order_facts(shop, order.number))
    return _came(dialog, shop, now, person, notice, joins)


def _leave(dialog: Dialog, shop: Shop, now: Moment, person: OperatorDefined, order: Order) -> Turn:
    leaving = leaves(dialog, now, person.person, order)
    other = _stays(dialog, shop, person.person, order)
    if other:
        return _leave_others(dialog, shop, now, person, leaving, other)
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


def _stays(dialog: Dialog, shop: Shop, person: str, order: Order) -> str:
    """Who goes on with an order that a person leaves; nobody, where that was the last one."""
    if dialog.person not in {None, person}:
        return dialog.person or ""
    joined = (join.operator for join in joins_here(order, dialog.workplace.station))
    others = (who for who in joined if who != person and is_here(dialog, shop, who))
    return next(others, "")


def _leave_others(
    dialog: Dialog,
    shop: Shop,
    now: Moment,
    person: OperatorDefined,
    leaving: tuple[Event, ...],
    other: str,
) -> Turn:
    out = signed_out(dialog, shop, now, person.person)
    facts = {"person": person.name, "other": name_of(shop, other)}
    facts.update(order_facts(shop, dialog.order or ""))
    after = replace(dialog, person=other)
    return Turn(after, (*leaving, *out), said("ok", "left_to_other", **facts))


def _sign_out(dialog: Dialog, shop: Shop, now: Moment, person: OperatorDefined) -> Turn:
    here = shop.signed_in(dialog.workplace.station)
    events = gone(dialog, shop, now, person.person)
    rest = sorted(who for who in here if who != person.person)
    stays = dialog.person if dialog.person != person.person else next(iter(rest), None)
    after = replace(dialog, person=stays, scrap=(), serials=(), body="queue", booked="")
    runs = _running_alone(dialog, shop, person.person)
    if not runs:
        return Turn(after, events, said("ok", "signed_out", person=person.name))
    facts = {"person": person.name, **order_facts(shop, runs[0].number), "count": str(len(runs))}
    text = "signed_out_running" if len(runs) == 1 else "signed_out_several"
    return Turn(after, events, said("ok", text, **facts))


def _running_alone(dialog: Dialog, shop: Shop, person: str) -> list[Order]:
    """What runs on at this station with nobody on it, once a person has gone."""
    station = dialog.workplace.station
    return [
        order
        for order in shop.open_orders(station)
        if {join.operator for join in joins_here(order, station)} <= {person}
        and any(order.is_paused(one.id) is None for one in order.open_starts(station))
    ]


def gone(dialog: Dialog, shop: Shop, now: Moment, person: str) -> tuple[Event, ...]:
    """A person leaves every order here and the station; what runs goes on running."""
    events: list[Event] = []
    for order in shop.open_orders(dialog.workplace.station):
        events.extend(leaves(dialog, now, person, order))
    return (*events, *signed_out(dialog, shop, now, person))


def signed_out(dialog: Dialog, shop: Shop, now: Moment, person: str) -> tuple[Event, ...]:
    """The end of a person's session here; nothing where there is none."""
    session = shop.signed_in(dialog.workplace.station).get(person)
    return (born(dialog, now, OperatorSignedOut(of=session.id), person),) if session else ()


def leaves(dialog: Dialog, now: Moment, person: str, order: Order) -> tuple[Event, ...]:
    """A person leaves an order here, every operation of it that was joined."""
    return tuple(
        born(
            dialog,
            now,
            OperatorLeft(of=join.id, order=order.number, operation=join.operation),
            person,
        )
        for join in joins_here(order, dialog.workplace.station, person)
    )
