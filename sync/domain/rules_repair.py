"""The rules of repair: whose act may be taken back, and until when."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from sync.domain.durations import between
from sync.domain.events import (
    DowntimeEnded,
    DowntimeStarted,
    Event,
    EventReversed,
    HelpAnswered,
    HelpCalled,
    MaterialConsumed,
    MaterialDisposed,
    MaterialProduced,
    MaterialReturned,
    OperationReported,
    UnitClosed,
    UnitPacked,
    order_of,
)
from sync.domain.label_jobs import Told, label_facts, labels_of, state_of
from sync.domain.order import Order, Status
from sync.domain.rules_base import Case, Deviation, material_name, order_facts
from sync.domain.shop import Shop

UNDO_SECONDS_MAX: Final = 60.0
CORRECTION: Final = "quantity"  # the reason of a reversal that has the right number in its own act
_AT_WORK_CENTER: Final = (DowntimeStarted, DowntimeEnded, HelpCalled, HelpAnswered)
_CALLED_BY: Final = (
    *(MaterialDisposed, OperationReported, MaterialReturned, MaterialConsumed),
    *(UnitPacked, UnitClosed),
)
_VOID: Final = frozenset({"voided"})
_OVER: Final = frozenset({Status.COMPLETED, Status.CLOSED, Status.CANCELLED})


def reversal(case: Case, event: EventReversed) -> Iterator[Deviation]:
    """What a reversal disagrees with."""
    if not case.shop.is_signed_in(event.station, event.operator):
        yield case.deviation("not_signed_in", person=event.operator)
    act = tuple(case.shop.acts.get(event.of, ()))
    if not act:
        yield case.deviation("unknown_target")
        return
    facts = act_facts(case.shop, act)
    late = between(act[0], event) > UNDO_SECONDS_MAX
    if _is_over(case.shop, act, corrects=event.reason == CORRECTION and not late):
        yield case.deviation("reversal_after_end", **facts)
    if act[0].operator != event.operator or act[0].station != event.station:
        yield case.deviation("reversal_of_other", **facts)
    elif late:
        yield case.deviation("reversal_late", **facts)
    used = next((lot for lot in _outputs(act) if _user_of(case.shop, *lot)), None)
    if used:
        by = _user_of(case.shop, *used)
        yield case.deviation("reversal_of_used", **{**facts, "lot": used[1], "other": by})
    for output, label in outstanding(case.shop, act)[:1]:
        told = {"label": label, "output": output.id}
        yield case.deviation("label_outstanding", **{**facts, **told})


def act_facts(shop: Shop, act: Sequence[Event]) -> dict[str, str]:
    """What an act was, for the sentence that names it: `name`, `lot`, `quantity`, `whose`.

    `kind` is the type of the event that people would call it by.
    """
    told = _telling(act)
    person = shop.operators.get(told.operator)
    facts = {
        **order_facts(shop, order_of(told)),
        "kind": type(told).__name__,
        "whose": person.name if person is not None else told.operator,
        "lot": "",
        "quantity": "",
    }
    facts["name"] = facts.get("product", facts["kind"])
    if isinstance(told, MaterialConsumed | MaterialReturned):
        facts["name"] = material_name(shop, told.material)
        facts.update(lot=told.lot or told.serial, quantity=str(told.quantity))
    elif isinstance(told, MaterialDisposed):
        facts.update(lot=told.lot, quantity=str(told.quantity))
    elif isinstance(told, OperationReported):
        facts["quantity"] = str(told.good)
    elif isinstance(told, UnitPacked | UnitClosed):
        facts.update(_unit_facts(shop, told))
    elif isinstance(told, _AT_WORK_CENTER):
        facts["name"] = facts["work_center"] = work_center_name(shop, told.work_center)
    return facts


def work_center_name(shop: Shop, work_center: str) -> str:
    """A work center by its human name; its code where no name is known."""
    known = shop.work_centers.get(work_center)
    return known.name if known is not None and known.name else work_center


def outstanding(shop: Shop, act: Sequence[Event]) -> tuple[tuple[Told, str], ...]:
    """The labels of an act that nobody voided, each with what it tells; a unit's once printed."""
    return tuple(
        (event, job.label)
        for event in act
        if isinstance(event, MaterialProduced | UnitClosed)
        for job in labels_of(shop, event)
        if state_of(label_facts(shop, job.of, job.label, job.order)) not in _no_paper(event)
    )


def seconds_between(earlier: str, later: str) -> float:
    """Seconds from one RFC 3339 time to another; 0 where one is none."""
    try:
        return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()
    except (ValueError, TypeError):
        return 0.0


def _no_paper(event: Told) -> frozenset[str]:
    """States in which no label of it is about; that of an output may be printed any moment."""
    return _VOID if isinstance(event, MaterialProduced) else _VOID | {"unprinted"}


def _unit_facts(shop: Shop, told: UnitPacked | UnitClosed) -> dict[str, str]:
    facts = {"carton": told.unit, "name": told.unit}
    if isinstance(told, UnitPacked):
        facts["name"] = told.packed_unit or material_name(shop, told.material) or told.lot
        facts["lot"] = told.serial or ("" if told.packed_unit else told.lot)
        facts["quantity"] = str(told.quantity) if told.quantity is not None else ""
    return facts


def _telling(act: Sequence[Event]) -> Event:
    """The event that people would call the act by."""
    for kind in _CALLED_BY:
        for event in act:
            if isinstance(event, kind):
                return event
    return act[0]


def _is_over(shop: Shop, act: Sequence[Event], *, corrects: bool) -> bool:
    """After completion only the office reverses; the number that completed it can be put right."""
    told = _telling(act)
    order = shop.orders.get(order_of(told))
    if order is None or order.status not in _OVER:
        return False
    if isinstance(told, UnitPacked | UnitClosed) and order.status is Status.COMPLETED:
        return False  # packing goes on after the last piece was made
    return order.status is not Status.COMPLETED or not corrects or not completed(order, act)


def completed(order: Order, act: Sequence[Event]) -> bool:
    """Whether it was this act that ended an operation of the order."""
    return any(event.id in order.ends for event in act)


def _outputs(act: Sequence[Event]) -> tuple[tuple[str, str], ...]:
    made = (event for event in act if isinstance(event, MaterialProduced))
    return tuple((event.material, event.lot) for event in made)


def _user_of(shop: Shop, material: str, lot: str) -> str:
    """An order that consumed the lot, or nothing."""
    users = (n for n, order in shop.orders.items() if lot in order.consumed.get(material, {}))
    return min(users, default="")
