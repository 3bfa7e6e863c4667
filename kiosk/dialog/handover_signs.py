"""Signatures under a handover: the own badge gives, another's takes over.

It never holds anybody back: the own badge signs at once, and a second time it signs out.
"""

from dataclasses import replace
from typing import Final

from kiosk.dialog import people, pins
from kiosk.dialog.acts import born, said, stop
from kiosk.dialog.handover_state import at_question, back, jobs
from kiosk.dialog.labels_open import labels_open
from kiosk.dialog.state import FOLLOWS, Body, Dialog, Handover, Moment, Notice, Turn
from sync.domain.events import (
    Event,
    HandoverSigned,
    OperatorDefined,
    OperatorJoined,
    OperatorSignedIn,
)
from sync.domain.shop import Shop

OPEN_TOLD_MAX: Final = 100  # of each kind, in the event


def sign(dialog: Dialog, shop: Shop, now: Moment, person: OperatorDefined) -> Turn:
    """A badge that is sure: the own one signs as giver, another's as successor."""
    handover = dialog.handover
    assert handover is not None, "a signature under no handover"
    dialog = replace(dialog, number="")
    if dialog.scrap or dialog.serials:
        return stop(dialog, "handover_staged")
    own = person.person == dialog.person
    if own and handover.is_signed:
        return _out(dialog, shop, now, handover)
    if own and not handover.successor:
        return _signed_alone(dialog, shop, now, handover)
    if own or handover.is_signed:
        successor = handover.successor if own else person.person
        return _taken_over(dialog, shop, now, handover, successor)
    after = replace(dialog, handover=replace(handover, successor=person.person))
    facts = {"person": people.name_of(shop, dialog.person), "whose": person.name}
    return Turn(after, notice=said("ok", "handover_successor", **facts))


def badge(dialog: Dialog, shop: Shop, now: Moment, number: str) -> Turn:
    person = shop.operator_of_badge(number)
    if person is None:
        return stop(dialog, "badge_unknown", badge=number)
    if pins.is_asked(dialog, person) and not people.is_here(dialog, shop, person.person):
        return pins.ask(dialog, now, person)
    return sign(dialog, shop, now, person)


def _signed_alone(dialog: Dialog, shop: Shop, now: Moment, handover: Handover) -> Turn:
    """The giver has signed: that is on disk, whoever comes."""
    after = at_question(replace(dialog, handover=replace(handover, is_signed=True)), shop)
    event = _signature(after, shop, now, "")
    facts = {"person": people.name_of(shop, dialog.person)}
    return Turn(after, (event,), Notice("ok", "handover_signed", facts, FOLLOWS))


def _taken_over(
    dialog: Dialog, shop: Shop, now: Moment, handover: Handover, successor: str
) -> Turn:
    """Both have signed: the giver goes, and the successor is on what runs."""
    giver = dialog.person or ""
    standing = replace(back(dialog, shop, handover), handover=None, person=successor)
    after = replace(standing, body="order" if standing.order else "queue")
    events: list[Event] = [_signature(dialog, shop, now, successor)]
    events.extend(people.gone(dialog, shop, now, giver))
    events.extend(_arrival(after, shop, now, successor))
    facts = {"person": people.name_of(shop, giver), "whose": people.name_of(shop, successor)}
    return Turn(after, tuple(events), said("ok", "handover_taken", **facts))


def _arrival(dialog: Dialog, shop: Shop, now: Moment, person: str) -> list[Event]:
    """The successor is at the station, and works on all that runs there."""
    station = dialog.workplace.station
    events: list[Event] = []
    if not shop.is_signed_in(station, person):
        events.append(born(dialog, now, OperatorSignedIn(), person))
    for job in jobs(shop, station):
        known = people.joins_here(job.order, station, person)
        if not job.stands and all(one.operation != job.start.operation for one in known):
            join = OperatorJoined(order=job.order.number, operation=job.start.operation)
            events.append(born(dialog, now, join, person))
    return events


def _out(dialog: Dialog, shop: Shop, now: Moment, handover: Handover) -> Turn:
    """The giver's badge after the signature: nobody has to wait for a successor."""
    giver = dialog.person or ""
    rest = sorted(who for who in shop.signed_in(dialog.workplace.station) if who != giver)
    standing = replace(back(dialog, shop, handover), handover=None)
    body: Body = "order" if standing.order else "queue"
    after = replace(standing, person=next(iter(rest), None), body=body)
    facts = {"person": people.name_of(shop, giver)}
    return Turn(after, people.gone(dialog, shop, now, giver), said("ok", "handover_out", **facts))


def _signature(dialog: Dialog, shop: Shop, now: Moment, successor: str) -> Event:
    """What is handed over, as it stands now; a second signature names the first."""
    place = dialog.workplace
    first = people.open_signature(shop, place.station) if successor else None
    is_second = dialog.handover is not None and dialog.handover.is_signed
    event = HandoverSigned(
        giver=dialog.person or "",
        successor=successor,
        orders=tuple(dict.fromkeys(job.order.number for job in jobs(shop, place.station))),
        of=first.id if first is not None and is_second else "",
        labels=tuple(one.label for one in labels_open(shop, place.station))[:OPEN_TOLD_MAX],
        stops=tuple(one.id for one in shop.stops(place.work_centers))[:OPEN_TOLD_MAX],
        calls=tuple(one.id for one in shop.calls(place.work_centers))[:OPEN_TOLD_MAX],
    )
    return born(dialog, now, event, successor if is_second else "")
