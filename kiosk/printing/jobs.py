"""The home of what stands on a label: the values of a template from what the shop knows. Pure."""

from collections.abc import Callable
from typing import Final

from sync.domain.events import Event, MaterialProduced
from sync.domain.label_jobs import Job, content_of, told_by, unit_told
from sync.domain.logistic_unit import is_sscc
from sync.domain.quantity import Quantity
from sync.domain.shop import Shop

COPY: Final = "COPY"
MINUTE_CHARS: Final = 16
DAY_CHARS: Final = 10

Row = dict[str, str]
Values = dict[str, str | list[Row]]
TimeOf = Callable[[Event], str]


def values_of(shop: Shop, job: Job, copy: int, time_of: TimeOf) -> Values | None:
    """Everything that a template may ask for; None where what it tells is not known any more.

    `copy` counts the prints that came out or may have, this one among them.
    """
    event = told_by(shop, job.of, job.label)
    if event is None:
        return None
    time = time_of(event)[:MINUTE_CHARS].replace("T", " ")
    if isinstance(event, MaterialProduced):
        known = _of_output(shop, job, event)
    else:
        known = _of_unit(shop, job, time)
    person = shop.operators.get(event.operator)
    return {
        **known,
        "order": job.order,
        "produced": time,
        "made": time[:DAY_CHARS],
        "sender": event.station,
        "maker": event.station,
        "station": event.station,
        "operator": person.name if person else event.operator,
        "copy": f"{COPY} {copy}" if copy > 1 else "",
        "reason": job.reason,
        "label": "" if job.unit else job.label,
    }


def shown_of(shop: Shop, job: Job) -> tuple[str, str]:
    """(lot, quantity) by which people know the label; of a mixed unit its name and its lots."""
    if job.unit:
        return unit_told(shop, job.unit)
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


def _of_unit(shop: Shop, job: Job, closed: str) -> Values:
    """A logistic unit: all that stands on it, and where that is one lot of one material, what."""
    content = content_of(shop, job.unit)
    named: Values = {
        "unit": job.unit,
        "sscc": job.unit if is_sscc(job.unit) else "",
        "closed": closed,
        "contents": [_row(shop, job.order, *one) for one in content],
    }
    if len(content) != 1:
        return named
    ((material, lot, quantity),) = content
    held = shop.lot(material, lot)
    return {
        **_of_material(shop, material, job.order),
        "lot": lot,
        "count": quantity.amount if quantity else "",
        "quantity": quantity.amount if quantity else "",
        "expiry": held.expiry if held else "",
        **named,
    }


def _row(shop: Shop, order: str, material: str, lot: str, quantity: Quantity | None) -> Row:
    amount, unit = (quantity.amount, quantity.unit) if quantity else ("", "")
    product = _of_material(shop, material, order)["product"]
    return {"product": product, "lot": lot, "quantity": amount, "unit": unit, "unit_of": unit}


def _of_material(shop: Shop, material: str, order: str) -> Row:
    known, found = shop.materials.get(material), shop.orders.get(order)
    release = found.release if found else None
    name = (known.name if known else "") or (release.name if release else "")
    gtin = (known.gtin if known else "") or (release.gtin if release else "")
    return {"product": name or material, "material": material, "gtin": gtin}
