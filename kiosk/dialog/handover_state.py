"""What an open handover is about: the jobs that it asks for, and what it asks now."""

from dataclasses import dataclass, replace

from kiosk.dialog import people
from kiosk.dialog.state import FOLLOWS, Dialog, Handover, Notice
from sync.domain.events import OperationStarted
from sync.domain.order import Order
from sync.domain.rules_base import amount, order_facts
from sync.domain.shop import Shop


@dataclass(frozen=True, slots=True)
class Job:
    """An operation that was started at this station and that nobody ended."""

    order: Order
    start: OperationStarted

    @property
    def stands(self) -> bool:
        """Whether it is paused."""
        return self.order.is_paused(self.start.id) is not None


def jobs(shop: Shop, station: str) -> tuple[Job, ...]:
    """What is open at a station, in the order in which it is asked about."""
    return tuple(
        Job(order, start)
        for order in shop.open_orders(station)
        for start in order.open_starts(station)
        if not order.is_ended(start.operation)
    )


def asked(dialog: Dialog, shop: Shop) -> Job | None:
    """The job that the handover asks about now; None: all are answered, or it is signed."""
    handover = dialog.handover
    if handover is None or handover.is_signed:
        return None
    told = {one.start for one in handover.answers}
    here = jobs(shop, dialog.workplace.station)
    return next((job for job in here if job.start.id not in told), None)


def question(dialog: Dialog, shop: Shop) -> Notice | None:
    """What the open handover asks now; None where none is open."""
    handover = dialog.handover
    if handover is None:
        return None
    person, whose = people.name_of(shop, dialog.person), people.name_of(shop, handover.successor)
    job = asked(dialog, shop)
    if job is not None:
        text = "handover_paused" if job.stands else "handover_order"
        return Notice("ask", text, job_facts(shop, job), FOLLOWS)
    if handover.is_signed:
        return Notice("ask", "handover_signed", {"person": person}, FOLLOWS)
    text = "handover_sign_too" if whose else "handover_sign"
    return Notice("ask", text, {"person": person, "whose": whose}, FOLLOWS)


def following(dialog: Dialog, shop: Shop) -> tuple[str, dict[str, str]] | None:
    """What is to be done next while the handover is open; None where none is."""
    if dialog.handover is None:
        return None
    job = asked(dialog, shop)
    if job is not None:
        text = "handover_paused" if job.stands else "handover_order"
        return text, {"next_order": job.order.number}
    return ("handover_signed" if dialog.handover.is_signed else "handover_sign"), {}


def at_question(dialog: Dialog, shop: Shop) -> Dialog:
    """The order that is asked about is current; when all are answered, the one before it is."""
    handover = dialog.handover
    if handover is None:
        return dialog
    dialog = replace(dialog, body="handover", booked="")
    job = asked(dialog, shop)
    if job is not None:
        return replace(dialog, order=job.order.number, operation=job.start.operation)
    return back(dialog, shop, handover)


def overtaken(dialog: Dialog, shop: Shop) -> Dialog:
    """What is asked about may have ended elsewhere: nothing is booked on another order then."""
    job = asked(dialog, shop) if dialog.asking is None else None
    if job is None or (dialog.order, dialog.operation) == (job.order.number, job.start.operation):
        return dialog
    return replace(dialog, order=job.order.number, operation=job.start.operation, number="")


def back(dialog: Dialog, shop: Shop, handover: Handover) -> Dialog:
    """The order that was current before the handover, if it is still open here; else none."""
    before = (handover.order, handover.operation)
    here = [(one.order.number, one.start.operation) for one in jobs(shop, dialog.workplace.station)]
    order, operation = before if before in here else (None, None)
    return replace(dialog, order=order, operation=operation, number="")


def job_facts(shop: Shop, job: Job) -> dict[str, str]:
    unit = job.order.unit or "C62"
    return {
        **order_facts(shop, job.order.number),
        "good": amount(job.order.good_at(job.start.operation), unit),
        "planned": amount(job.order.planned, unit),
    }
