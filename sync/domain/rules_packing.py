"""The rules of logistic units: what is on one already, what is sealed, and more than was made."""

from collections.abc import Iterator

from sync.domain.amounts import micros_of
from sync.domain.events import UnitClosed, UnitPacked
from sync.domain.order import Order
from sync.domain.packing import holds_any, is_sealed, made_of, packed_of, placing
from sync.domain.rules_base import Case, Deviation, amount, material_name


def packing(case: Case, event: UnitPacked) -> Iterator[Deviation]:
    """What goes onto a unit: not onto a sealed one, no single thing twice, no more than was made.

    What the order does not tell of is not judged.
    """
    if not case.shop.is_signed_in(event.station, event.operator):
        yield case.deviation("not_signed_in", person=event.operator)
    order = case.order
    if order is None:
        return
    facts = packed_facts(case, event)
    if is_sealed(order, event.unit):
        yield case.deviation("unit_sealed", **facts)
    before = placing(order, event)
    if before is not None and before.unit == event.unit:
        yield case.deviation("packed_already", **facts)
    elif before is not None:
        sealed = is_sealed(order, before.unit)
        name = "sealed_elsewhere" if sealed else "packed_elsewhere"
        yield case.deviation(name, **{**facts, "other": before.unit})
    yield from _too_much(case, order, event, facts)


def sealing(case: Case, event: UnitClosed) -> Iterator[Deviation]:
    """A unit is sealed once, and holds something."""
    if not case.shop.is_signed_in(event.station, event.operator):
        yield case.deviation("not_signed_in", person=event.operator)
    order = case.order
    if order is not None and is_sealed(order, event.unit):
        yield case.deviation("unit_sealed", carton=event.unit, name=event.unit, lot="")
    elif order is not None and not holds_any(order, event.unit):
        yield case.deviation("unit_empty", carton=event.unit)


def packed_facts(case: Case, event: UnitPacked) -> dict[str, str]:
    """What goes where, for the sentences: `name`, `lot`, `quantity`, and the unit as `carton`."""
    return {
        "carton": event.unit,
        "name": event.packed_unit or material_name(case.shop, event.material) or event.lot,
        "lot": event.serial or ("" if event.packed_unit else event.lot),
        "quantity": str(event.quantity) if event.quantity is not None else "",
    }


def _too_much(
    case: Case, order: Order, event: UnitPacked, facts: dict[str, str]
) -> Iterator[Deviation]:
    quantity = event.quantity
    if quantity is None or event.packed_unit:
        return
    where = (event.material, event.lot, quantity.unit)
    packed = packed_of(order, *where) + micros_of(quantity)
    made = max(0, made_of(order, *where))
    if packed > made:
        told = {"good": amount(packed, quantity.unit), "held": amount(made, quantity.unit)}
        yield case.deviation("over_packed", **{**facts, **told})
