"""The home of what labels an event wants, and what became of each.

A label is known by the event that it tells (`of`) and its number at the station. Several labels of
one act are numbered after it, `17-1` and `17-2`; the label of a logistic unit bears the unit's own
number. Each print of it is a job: the first one, and one for every `LabelRequested`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from sync.domain.events import (
    Event,
    LabelDoubted,
    LabelEvent,
    LabelPrinted,
    LabelRequested,
    LabelRule,
    LabelVoided,
    MaterialProduced,
    UnitClosed,
)
from sync.domain.events.packing import unpacked
from sync.domain.logistic_unit import is_sscc
from sync.domain.order_facts import Label
from sync.domain.packing import contents
from sync.domain.quantity import MICROS_PER_ONE, Quantity, of_micros
from sync.domain.shop import Shop

CAME_OUT: Final = "came out"
CAME_NOT: Final = "did not come out"
# Of a logistic unit: with a number of the house, and with an SSCC by what stands on it.
UNIT_TEMPLATE: Final = "unit"
CONTENT_TEMPLATE: Final = "unit-content"
MIXED_TEMPLATE: Final = "unit-mixed"
_NOT_AT_DONE: Final = frozenset({"none", "per_pallet"})

LabelState = Literal["unprinted", "requested", "printed", "doubt", "voided"]
Told = MaterialProduced | UnitClosed


@dataclass(frozen=True, slots=True)
class Job:
    """One print of one label. `quantity` is what it tells; `place` of `parts` counts from 0.

    `request` names the `LabelRequested` that asked for it, empty at first; a person may have
    chosen `printer`, and gave `reason`.
    """

    of: str
    label: str
    order: str
    template: str
    quantity: Quantity | None = None
    serial: str = ""
    unit: str = ""
    place: int = 0
    parts: int = 1
    request: str = ""
    printer: str = ""
    reason: str = ""
    operator: str = ""

    @property
    def name(self) -> str:
        """What the printer is told that the job is called: letters, digits, - and dot."""
        named = self.request or self.of
        return named if self.parts == 1 else f"{named}.{self.place + 1}"


def jobs_of(shop: Shop, event: Event) -> tuple[Job, ...]:
    """The prints that an event wants; none where its act was undone or its label voided."""
    match event:
        case MaterialProduced() | UnitClosed():
            return tuple(_first_prints(shop, event))
        case LabelRequested():
            return _copies(shop, event)
    return ()


def told_by(shop: Shop, of: str, label: str = "") -> Told | None:
    """The output or closed unit that a label tells, undone or not."""
    closed = shop.units.get(label, {}).get(of)
    if isinstance(closed, UnitClosed):
        return closed
    body = next((act[of] for act in reversed(shop.packed.values()) if of in act), None)
    event = unpacked(body) if body is not None else None
    return event if isinstance(event, MaterialProduced | UnitClosed) else None


def labels_of(shop: Shop, event: Told) -> tuple[Job, ...]:
    """Every label of an output or a closed unit, whatever became of it."""
    if isinstance(event, UnitClosed):
        return (_unit_job(shop, event),)
    rule = rule_of(shop, event.order)
    if event.quantity.micros <= 0 or not event.label or rule.label in _NOT_AT_DONE:
        return ()
    shares = tuple(_shares(shop, event, rule))
    return tuple(
        Job(
            of=event.id,
            label=event.label if len(shares) == 1 else f"{event.label}-{place + 1}",
            order=event.order,
            template=rule.template,
            quantity=quantity,
            serial=serial,
            place=place,
            parts=len(shares),
            operator=event.operator,
        )
        for place, (quantity, serial) in enumerate(shares)
    )


def rule_of(shop: Shop, order: str) -> LabelRule:
    """How the released order wants its labels; the default rule where the order is not known."""
    found = shop.orders.get(order)
    return found.release.label if found and found.release else LabelRule()


def label_facts(shop: Shop, of: str, label: str, order: str = "") -> tuple[Label, ...]:
    """What was told of one label, in order of `n`."""
    known = shop.orders.get(order)
    told = known.labels.get(label, {}) if known is not None else shop.labels.get(label, {})
    return tuple(sorted((one for one in told.values() if one.of == of), key=_when))


def state_of(facts: Iterable[LabelEvent]) -> LabelState:
    """What became of a label: nothing brings a voided one back, else the last word stands."""
    told = list(facts)
    if any(isinstance(one, LabelVoided) for one in told):
        return "voided"
    if any(_open_doubts(told)):
        return "doubt"
    if told and isinstance(told[-1], LabelRequested):
        return "requested"
    return "printed" if told else "unprinted"


def copies_of(facts: Iterable[LabelEvent]) -> int:
    """How many prints of a label came out, or may have."""
    return len({one.request for one in facts if isinstance(one, LabelPrinted | LabelDoubted)})


def doubts(shop: Shop, station: str) -> tuple[LabelDoubted, ...]:
    """Labels of a station that nobody has said of whether they came out, the oldest first."""
    trees = [shop.labels, *(order.labels for order in shop.orders.values() if order.labels)]
    found = (
        one
        for labels in trees
        for told in labels.values()
        if any(isinstance(one, LabelDoubted) and one.station == station for one in told.values())
        for one in _open_doubts(told.values())
        if one.station == station
    )
    return tuple(sorted(found, key=_when))


def came_out(doubt: LabelDoubted) -> LabelPrinted:
    """The answer of a person who looked: it is there."""
    return LabelPrinted(
        label=doubt.label,
        of=doubt.of,
        order=doubt.order,
        printer=doubt.printer,
        copy_number=1,
        reason=CAME_OUT,
        request=doubt.request,
    )


def came_not(doubt: LabelDoubted) -> LabelRequested:
    """The answer of a person who looked: it is not there, print it again."""
    return LabelRequested(label=doubt.label, of=doubt.of, order=doubt.order, reason=CAME_NOT)


def again(event: Told, label: str, reason: str, printer: str = "") -> LabelRequested:
    """A copy of a label that was asked for, on another printer if one is named."""
    return LabelRequested(
        label=label, of=event.id, order=event.order, reason=reason, printer=printer
    )


def _first_prints(shop: Shop, event: Told) -> Iterator[Job]:
    if event.act in shop.reversed:
        return
    for job in labels_of(shop, event):
        if state_of(label_facts(shop, job.of, job.label, job.order)) == "unprinted":
            yield job


def _copies(shop: Shop, request: LabelRequested) -> tuple[Job, ...]:
    """Of the label asked for; of all labels of an act where its whole number was."""
    event = told_by(shop, request.of, request.label)
    known = labels_of(shop, event) if event is not None else ()
    named = tuple(job for job in known if job.label == request.label)
    return tuple(
        replace(
            job,
            request=request.id,
            template=request.template or job.template,
            printer=request.printer,
            reason=request.reason,
            operator=request.operator,
        )
        for job in named or known
        if state_of(label_facts(shop, job.of, job.label, job.order)) != "voided"
    )


def content_of(shop: Shop, unit: str) -> tuple[tuple[str, str, Quantity | None], ...]:
    """(material, lot, quantity) of all that stands on a unit, lower units taken apart.

    The same lot is told once with its sum; without a quantity where it has none or several units.
    """
    found: dict[tuple[str, str], list[Quantity | None]] = {}
    waiting, seen = [unit], {unit}
    while waiting:
        for one in contents(shop, waiting.pop(0)):
            if one.packed_unit and one.packed_unit not in seen:
                seen.add(one.packed_unit)
                waiting.append(one.packed_unit)
            elif one.material:
                piece = Quantity("1", "C62") if one.serial else None
                found.setdefault((one.material, one.lot), []).append(one.quantity or piece)
    return tuple((*name, _sum(amounts)) for name, amounts in found.items())


def label_told(shop: Shop, told: Told, label: str) -> tuple[str, str]:
    """(lot, quantity) that a label tells; of one of several labels of an output its own share."""
    if isinstance(told, UnitClosed):
        return unit_told(shop, told.unit)
    return told.lot, str(share_of(shop, told, label))


def share_of(shop: Shop, output: MaterialProduced, label: str) -> Quantity:
    """How much of an output one of its labels is for."""
    shares = (job.quantity for job in labels_of(shop, output) if job.label == label)
    return next(shares, None) or output.quantity


def unit_told(shop: Shop, unit: str) -> tuple[str, str]:
    """(lot, quantity) by which people know a unit; of a mixed one its name and how many lots."""
    content = content_of(shop, unit)
    if len(content) == 1 and content[0][2] is not None:
        return content[0][1], str(content[0][2])
    return unit, f"{len(content)} LOT" if len(content) == 1 else f"{len(content)} LOTS"


def _sum(amounts: Sequence[Quantity | None]) -> Quantity | None:
    known = [one for one in amounts if one is not None]
    units = {one.unit for one in known}
    if len(units) != 1 or len(known) < len(amounts):
        return None
    return of_micros(sum(one.micros for one in known), units.pop())


def _unit_template(shop: Shop, event: UnitClosed) -> str:
    """What the order says; else by the unit's name, and by its content where GS1 tells it."""
    named = rule_of(shop, event.order)
    if named.label == "per_pallet" and named.template != LabelRule().template:
        return named.template
    if not is_sscc(event.unit):
        return UNIT_TEMPLATE
    content = content_of(shop, event.unit)
    known = shop.materials.get(content[0][0]) if len(content) == 1 else None
    quantity = content[0][2] if len(content) == 1 else None
    is_counted = quantity is not None and not quantity.micros % MICROS_PER_ONE
    return CONTENT_TEMPLATE if known and known.gtin and is_counted else MIXED_TEMPLATE


def _unit_job(shop: Shop, event: UnitClosed) -> Job:
    return Job(
        of=event.id,
        label=event.unit,
        order=event.order,
        template=_unit_template(shop, event),
        unit=event.unit,
        operator=event.operator,
    )


def _shares(shop: Shop, event: MaterialProduced, rule: LabelRule) -> Iterator[tuple[Quantity, str]]:
    """(quantity, serial number) of each label of one output."""
    whole, unit = event.quantity.micros, event.quantity.unit
    if rule.label == "per_serial" and event.serials:
        yield from ((of_micros(MICROS_PER_ONE, unit), serial) for serial in event.serials)
    elif rule.label == "per_n" and rule.per:
        step = rule.per * MICROS_PER_ONE
        yield from ((of_micros(min(step, whole - at), unit), "") for at in range(0, whole, step))
    elif rule.label == "per_order" and event.order in shop.orders:
        made = shop.orders[event.order].good_at(event.operation)
        yield of_micros(max(made, whole), unit), ""
    else:
        yield event.quantity, ""


def _open_doubts(told: Iterable[LabelEvent]) -> Iterator[LabelDoubted]:
    facts = list(told)
    for one in facts:
        if isinstance(one, LabelDoubted) and _is_open(one, facts):
            yield one


def _is_open(doubt: LabelDoubted, facts: Iterable[LabelEvent]) -> bool:
    return not any(one.of == doubt.of and _answers(doubt, one) for one in facts)


def _answers(doubt: LabelDoubted, fact: LabelEvent) -> bool:
    if isinstance(fact, LabelPrinted):
        return fact.request == doubt.request
    is_later = isinstance(fact, LabelRequested) and _when(fact) > _when(doubt)
    return is_later or isinstance(fact, LabelVoided)


def _when(event: LabelEvent) -> tuple[int, str]:
    return event.n, event.id
