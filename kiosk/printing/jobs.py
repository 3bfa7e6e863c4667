"""The home of what stands on a label: the values of a template from what the shop knows. Pure."""

from collections.abc import Callable
from typing import Final

from sync.domain.events import Event, MaterialProduced, UnitPacked
from sync.domain.label_jobs import Job, told_by
from sync.domain.logistic_unit import is_sscc
from sync.domain.quantity import Quantity, of_micros
from sync.domain.shop import Shop

COPY: Final = "COPY"
MINUTE_CHARS: Final = 16

Values = dict[str, str]
TimeOf = Callable[[Event], str]


def values_of(shop: Shop, job: Job, copy: int, time_of: TimeOf) -> Values | None:
    """Everything that a template may ask for; None where what it tells is not known any more.

    `copy` counts the prints that came out or may have, this one among them.
    """
    event = told_by(shop, job.of, job.label)
    if event is None:
        return None
    known = _of_output(shop, job, event) if isinstance(event, MaterialProduced) else {}
    known = known or _of_unit(shop, job)
    person = shop.operators.get(event.operator)
    return {
        **known,
        "order": job.order,
        "produced": time_of(event)[:MINUTE_CHARS].replace("T", " "),
        "station": event.station,
        "operator": person.name if person else event.operator,
        "copy": f"{COPY} {copy}" if copy > 1 else "",
        "reason": job.reason,
        "label": "" if job.unit else job.label,
    }


def shown_of(shop: Shop, job: Job) -> tuple[str, str]:
    """(lot, quantity) by which people know the label."""
    event = told_by(shop, job.of, job.label)
    lot = event.lot if isinstance(event, MaterialProduced) else ""
    return lot, str(job.quantity) if job.quantity is not None else ""


def _of_output(shop: Shop, job: Job, event: MaterialProduced) -> Values:
    quantity = job.quantity or event.quantity
    return {
        **_of_material(shop, event.material, event.order),
        "lot": event.lot,
        "quantity": quantity.amount,
        "unit": quantity.unit,
        "expiry": event.expiry,
        "serial": job.serial,
    }


def _of_unit(shop: Shop, job: Job) -> Values:
    """A logistic unit: its content where that is one lot of one material."""
    packed = [one for one in shop.units.get(job.unit, {}).values() if isinstance(one, UnitPacked)]
    named = {"sscc": job.unit if is_sscc(job.unit) else "", "unit_number": job.unit}
    contents = {(one.material, one.lot) for one in packed if one.material}
    if len(contents) != 1:
        return {**named, "material": "", "lot": "", "product": ""}
    ((material, lot),) = contents
    quantity = _sum(packed)
    held = shop.lot(material, lot)
    return {
        **named,
        **_of_material(shop, material, job.order),
        "lot": lot,
        "quantity": quantity.amount if quantity else "",
        "unit": quantity.unit if quantity else "",
        "count": str(len(packed)),
        "expiry": held.expiry if held else "",
    }


def _of_material(shop: Shop, material: str, order: str) -> Values:
    known, found = shop.materials.get(material), shop.orders.get(order)
    release = found.release if found else None
    name = (known.name if known else "") or (release.name if release else "")
    gtin = (known.gtin if known else "") or (release.gtin if release else "")
    return {"product": name or material, "material": material, "gtin": gtin}


def _sum(packed: list[UnitPacked]) -> Quantity | None:
    """All that was packed; nothing where it has several units, or no amounts."""
    amounts = [one.quantity for one in packed if one.quantity is not None]
    units = {one.unit for one in amounts}
    if len(units) != 1 or len(amounts) != len(packed):
        return None
    return of_micros(sum(one.micros for one in amounts), units.pop())
