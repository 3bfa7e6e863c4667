"""What comes out: DONE, scrap and its reason, END; output lots, labels and serial numbers."""

from dataclasses import dataclass, replace
from datetime import timedelta

from kiosk.dialog.acts import born, propose, said, stop
from kiosk.dialog.orders import ensure_running
from kiosk.dialog.people import because
from kiosk.dialog.state import Asking, Dialog, Moment, Notice, Proposal, Scrap, Turn
from kiosk.dialog.steps import (
    Current,
    current,
    planned_remainder,
    reasons,
    rework_ready,
    rework_until,
    staged_scrap,
    wants_count,
)
from sync.domain.events import (
    Event,
    LabelRule,
    MaterialConsumed,
    MaterialProduced,
    OperationEnded,
    OperationReported,
)
from sync.domain.needs import LineState
from sync.domain.order import Order
from sync.domain.quantity import (
    MICROS_PER_ONE,
    QuantityError,
    of_micros,
    shown,
    text,
    typed,
)
from sync.domain.rules_base import amount, is_expired, order_facts
from sync.domain.shop import Shop

SERIAL_DIGITS_MIN = 3


@dataclass(frozen=True, slots=True)
class Report:
    """One DONE: micros good and scrapped now, and the totals at its operation after it.

    `reworked` is the part of both that had waited for rework here; `left` is still to be made.
    """

    good: int
    scrap: int
    reworked: int
    good_after: int
    scrap_after: int
    left: int
    reached: bool


def done(dialog: Dialog, shop: Shop, now: Moment, before: Event | None = None) -> Turn:
    """DONE: report output; `before` is a reversal that belongs to the same act."""
    here = current(dialog, shop)
    if dialog.person is None or here is None:
        return stop(dialog, "no_order" if dialog.person else "not_signed_in")
    facts = order_facts(shop, here.order.number)
    if not here.order.unit:
        return stop(dialog, "order_waits", **facts)
    good = _good(dialog, shop, here)
    if isinstance(good, Notice):
        return Turn(dialog, notice=replace(good, facts={**facts, **good.facts}), refused=True)
    report = _report(dialog, here, good)
    if not good and not dialog.scrap and not report.reached:
        return stop(dialog, "number_zero", unit=shown(here.order.unit), **facts)
    events = [
        *([before] if before is not None else []),
        *ensure_running(dialog, shop, now),
        *_backflush(dialog, shop, now, here, report),
        *_reported(dialog, now, here, report),
        *_produced(dialog, shop, now, here, report),
        *_ended(dialog, now, here, report),
    ]
    after = _after(dialog, report)
    notice = _answer(here, report, facts)
    return propose(dialog, shop, now, Proposal(tuple(events), notice, after))


def stage_scrap(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """n, SCRAP: so much of the output is scrap; its reason is asked, DONE commits both."""
    here = current(dialog, shop)
    if dialog.person is None or here is None or not here.order.unit:
        return stop(dialog, "no_order" if dialog.person else "not_signed_in")
    unit = here.order.unit
    try:
        quantity = typed(dialog.number, unit)
    except QuantityError:
        return stop(dialog, "fraction", number=dialog.number, unit=shown(unit))
    if not quantity.micros:
        return stop(dialog, "number_zero", unit=shown(unit))
    after = replace(
        dialog, number="", booked="", body="order", scrap=(*dialog.scrap, Scrap(quantity.amount))
    )
    facts = {**order_facts(shop, here.order.number), "quantity": str(quantity), "reason": ""}
    choices = reasons(shop, "scrap")
    proposal = Proposal((), said("note", "scrap_staged", **facts), after)
    if not choices:
        return Turn(after, notice=proposal.notice)
    notice = Notice("ask", "reason_scrap", {**facts, "first": choices[0].text})
    asking = Asking("reason", notice, now.mono, proposal, choices=choices)
    return Turn(replace(dialog, asking=asking, number=""), notice=notice)


def end(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """END: close the operation short; shows the shortfall and asks the reason."""
    here = current(dialog, shop)
    if dialog.person is None or here is None:
        return stop(dialog, "no_order" if dialog.person else "not_signed_in")
    if not here.order.unit:
        return stop(dialog, "order_waits", **order_facts(shop, here.order.number))
    if dialog.number:
        return stop(dialog, "number_waits", number=dialog.number, unit=shown(here.order.unit))
    report = _report(dialog, here, 0)
    unit = here.order.unit
    waiting = here.order.rework_total - report.reworked
    if waiting:
        facts = order_facts(shop, here.order.number)
        return stop(dialog, "end_rework", quantity=amount(waiting, unit), **facts)
    short = report.left
    closing = OperationEnded(
        order=here.order.number,
        operation=here.operation,
        work_center=here.start.work_center if here.start is not None else "",
        of=here.start.id if here.start is not None else "",
        short=of_micros(short, unit) if short and not report.reached else None,
    )
    events = (
        *_reported(dialog, now, here, report),
        born(dialog, now, closing),
    )
    facts = {
        **order_facts(shop, here.order.number),
        "good": amount(report.good_after, unit),
        "planned": amount(here.order.planned, unit),
        "left": amount(short, unit),
    }
    after = _after(dialog, replace(report, reached=True))
    notice = said("ok", "ended", **facts)
    proposal = Proposal(events, notice, after)
    if closing.short is None:
        return propose(dialog, shop, now, proposal)
    if reasons(shop, "short"):
        return because(dialog, shop, now, proposal, "short")
    question = Notice("ask", "end_short", facts)
    asking = Asking("confirm", question, now.mono, proposal)
    return Turn(replace(dialog, asking=asking, number=""), notice=question)


def _good(dialog: Dialog, shop: Shop, here: Current) -> int | Notice:
    """Good output of this DONE in micros: the number, scanned serials, the planned remainder."""
    unit = here.order.unit
    serials = len(dialog.serials) * MICROS_PER_ONE
    if dialog.number:
        try:
            told = typed(dialog.number, unit).micros
        except QuantityError:
            return Notice("stop", "fraction", {"number": dialog.number, "unit": shown(unit)})
        if told < serials:
            facts = {"number": dialog.number, "unit": shown(unit)}
            return Notice("stop", "serials_more", {**facts, "count": str(len(dialog.serials))})
        return told
    if serials:
        return serials
    if here.order.rework_at(here.operation):
        return rework_ready(dialog, here)
    if wants_count(here) or not here.order.planned:
        return Notice("stop", "count_wanted", {"unit": shown(unit)})
    return planned_remainder(dialog, shop)


def _report(dialog: Dialog, here: Current, good: int) -> Report:
    order, operation = here.order, here.operation
    scrap = staged_scrap(dialog, order.unit)
    reworked = min(order.rework_at(operation), good + scrap)
    good_after = order.good_at(operation) + good
    scrap_after = order.scrap_at(operation) + scrap
    made = good_after + scrap_after + order.held_at(operation)
    told = bool(order.planned and order.release is not None)
    enough = made >= order.lowest or order.was_ended(operation)
    reached = told and enough and rework_until(order, operation) == reworked
    return Report(
        good, scrap, reworked, good_after, scrap_after, max(0, order.planned - made), reached
    )


def _reported(dialog: Dialog, now: Moment, here: Current, report: Report) -> list[Event]:
    """One report of what is good with the first scrap, one more for each other scrap.

    The last ones take rework first: till the last is told, rework waits and nothing comes late.
    """
    if not report.good and not dialog.scrap:
        return []
    unit = here.order.unit
    staged: tuple[Scrap | None, ...] = dialog.scrap or (None,)
    shares = _shares(dialog, report, unit)
    events: list[Event] = []
    for place, scrap in enumerate(staged):
        event = OperationReported(
            order=here.order.number,
            operation=here.operation,
            work_center=_work_center(here),
            good=of_micros(0 if place else report.good, unit),
            scrap=typed(scrap.amount, unit) if scrap is not None else None,
            reason=scrap.reason if scrap is not None else "",
            serials=dialog.serials if not place else (),
            reworked=of_micros(shares[place], unit) if shares[place] else None,
        )
        events.append(born(dialog, now, event))
    return events


def _shares(dialog: Dialog, report: Report, unit: str) -> list[int]:
    """How much of the rework each report tells, the last ones all that they scrap."""
    left, shares = report.reworked, []
    for scrap in reversed(dialog.scrap[1:]):
        shares.append(min(left, typed(scrap.amount, unit).micros))
        left -= shares[-1]
    return [left, *reversed(shares)]


def _work_center(here: Current) -> str:
    if here.start is not None:
        return here.start.work_center
    operation = here.order.operation(here.operation)
    return operation.work_center if operation is not None else ""


def _produced(
    dialog: Dialog, shop: Shop, now: Moment, here: Current, report: Report
) -> list[Event]:
    """Stock and its label, by the last operation of a released order alone."""
    order = here.order
    release = order.release
    if release is None or not report.good or not order.is_last(here.operation):
        return []
    number = shop.labels_made(dialog.workplace.station) + 1
    made = shop.materials.get(order.material)
    days = release.shelf_life_days or (made.shelf_life_days if made is not None else 0)
    expiry = (now.today + timedelta(days=days)).isoformat() if days else ""
    event = MaterialProduced(
        order=order.number,
        operation=here.operation,
        work_center=_work_center(here),
        material=order.material,
        lot=_lot(dialog, shop, order, release.label, number),
        quantity=of_micros(report.good, order.unit),
        expiry=expiry,
        serials=_serials(dialog, shop, order, report.good) if release.serial_controlled else (),
        place=made.place if made is not None else "",
        label=str(number) if _is_labelled(release.label, report) else "",
    )
    return [born(dialog, now, event)]


def _is_labelled(rule: LabelRule, report: Report) -> bool:
    """By default one label a DONE; an order's one label comes with the DONE that completes it.

    What goes onto pallets is labelled when they are sealed.
    """
    at_done = rule.label not in {"none", "per_pallet"}
    return at_done and (rule.label != "per_order" or report.reached)


def _goes_on_pallets(here: Current, report: Report) -> bool:
    """Whether what was made now is to be packed next."""
    release = here.order.release
    is_packed = release is not None and release.label.label == "per_pallet"
    return is_packed and report.good > 0 and here.order.is_last(here.operation)


def _lot(dialog: Dialog, shop: Shop, order: Order, rule: LabelRule, number: int) -> str:
    """The order's number, or one a DONE: of its label, or the next free where it has none."""
    if rule.lot != "per_done":
        return order.number
    head = f"{order.number}-{dialog.workplace.station}"
    while shop.lot(order.material, f"{head}-{number}") is not None:
        number += 1
    return f"{head}-{number}"


def _serials(dialog: Dialog, shop: Shop, order: Order, good: int) -> tuple[str, ...]:
    """Scanned serial numbers first; the rest is numbered by order and station.

    Another station may work on the order and not be heard of: no two may give one number.
    """
    wanted = good // MICROS_PER_ONE
    serials = list(dialog.serials[:wanted])
    head = f"{order.number}-{dialog.workplace.station}"
    count = 0
    while len(serials) < wanted:
        count += 1
        serial = f"{head}-{count:0{SERIAL_DIGITS_MIN}d}"
        if serial not in serials and not shop.serial_made(order.material, serial):
            serials.append(serial)
    return tuple(serials)


def _backflush(
    dialog: Dialog, shop: Shop, now: Moment, here: Current, report: Report
) -> list[Event]:
    """Lines that nobody scans: consumed with the output, from the lot to use first."""
    made = here.order.made_at(here.operation) + report.good + report.scrap - report.reworked
    events: list[Event] = []
    for state in here.order.lines(here.operation):
        if not state.line.backflush:
            continue
        need = here.order.need_for(state.line, made) - state.issued
        events.extend(_drawn(dialog, shop, now, here, state, need))
    return events


def _drawn(
    dialog: Dialog, shop: Shop, now: Moment, here: Current, state: LineState, need: int
) -> list[Event]:
    unit = state.line.quantity.unit
    lots = [one for one in shop.fefo(state.line.material, unit) if not _past(one.expiry, now)]
    events: list[Event] = []
    for place, lot in enumerate(lots):
        taken = need if place == len(lots) - 1 else min(need, lot.micros)
        if taken > 0:
            events.append(_flushed(dialog, now, here, state, lot.lot, taken))
            need -= taken
    if need > 0 and not lots:
        events.append(_flushed(dialog, now, here, state, "", need))
    return events


def _past(expiry: str, now: Moment) -> bool:
    return is_expired(expiry, now.today.isoformat())


def _flushed(
    dialog: Dialog, now: Moment, here: Current, state: LineState, lot: str, micros: int
) -> Event:
    event = MaterialConsumed(
        order=here.order.number,
        operation=here.operation,
        work_center=_work_center(here),
        material=state.line.material,
        lot=lot,
        quantity=of_micros(micros, state.line.quantity.unit),
        line=state.line.line,
    )
    return born(dialog, now, event)


def _ended(dialog: Dialog, now: Moment, here: Current, report: Report) -> list[Event]:
    if not report.reached:
        return []
    event = OperationEnded(
        order=here.order.number,
        operation=here.operation,
        work_center=_work_center(here),
        of=here.start.id if here.start is not None else "",
    )
    return [born(dialog, now, event)]


def _after(dialog: Dialog, report: Report) -> Dialog:
    """What was staged is used; an ended operation leaves no order current."""
    after = replace(
        dialog, number="", scrap=(), serials=(), asking=None, container="", containers=0
    )
    if report.reached:
        return replace(after, order=None, operation=None, body="queue", booked="done", selected=0)
    return replace(after, booked="done", body="order")


def _answer(here: Current, report: Report, facts: dict[str, str]) -> Notice:
    order, unit = here.order, here.order.unit
    plan, left = order.planned, report.left
    facts = {
        **facts,
        "quantity": amount(report.good, unit),
        "good": amount(report.good_after, unit),
        "good_number": text(report.good_after),
        "scrap": amount(report.scrap_after, unit),
        "planned": amount(plan, unit),
        "planned_number": text(plan),
        "left": amount(left, unit),
        "left_number": text(left),
        "reworked": amount(report.reworked, unit),
    }
    name = "partial_reworked" if report.reworked else "partial"
    if report.reached:
        name = "order_done" if order.is_last(here.operation) else "operation_done"
        name = f"{name}_scrap" if report.scrap_after else name
    notice = said("ok", name, **facts)
    return replace(notice, next="pack_start") if _goes_on_pallets(here, report) else notice
