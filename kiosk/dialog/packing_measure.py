"""How much of a lot goes onto a logistic unit: the first rule that applies."""

from kiosk.dialog.measure import Item
from kiosk.dialog.state import Dialog, Notice
from sync.domain.order import Order
from sync.domain.packing import made_of, maker_of, packed_of
from sync.domain.quantity import (
    MICROS_PER_ONE,
    Quantity,
    QuantityError,
    UnitUnknown,
    convert,
    of_micros,
    shown,
    typed,
)
from sync.domain.shop import Shop


def made_as(dialog: Dialog, shop: Shop, item: Item) -> Order | None:
    """The order whose output a label names; the current one where it is of what that makes."""
    if item.serial and item.material:
        made = shop.orders.get(shop.serial_made(item.material, item.serial))
        if made is not None:
            return made
    made = maker_of(shop, item.material, item.lot) if item.lot else None
    here = shop.orders.get(dialog.order or "")
    if made is None and here is not None and item.material and here.material == item.material:
        return here
    return made


def quantity_of(dialog: Dialog, shop: Shop, made: Order | None, item: Item) -> Quantity | Notice:
    """The number; a piece; the smaller of the label's quantity and what is left; what is left."""
    unit = unit_of(shop, made, item)
    told = {"unit": shown(unit)}
    if dialog.number:
        return _number(dialog, item, unit)
    if item.serial:
        return of_micros(MICROS_PER_ONE, unit)
    left = _left(made, item, unit)
    if item.label is None:
        return of_micros(left, unit) if left else Notice("stop", "number_wanted", told)
    known = shop.materials.get(item.material)
    try:
        label = convert(item.label, unit, dict(known.conversions) if known is not None else {})
    except UnitUnknown:
        facts = {"label_unit": shown(item.label.unit), "quantity": str(item.label)}
        return Notice("stop", "unit_unknown", {**told, **facts})
    except QuantityError:
        return Notice("stop", "number_wanted", told)
    return of_micros(min(label.micros, left), unit) if left else label


def unit_of(shop: Shop, made: Order | None, item: Item) -> str:
    """The unit of measure that a lot is counted in."""
    if made is not None and made.unit and made.material == item.material:
        return made.unit
    known = shop.materials.get(item.material)
    if known is not None:
        return known.unit
    return item.label.unit if item.label is not None else "C62"


def _left(made: Order | None, item: Item, unit: str) -> int:
    """Micros of the lot that were made and stand on no unit."""
    if made is None:
        return 0
    where = (item.material, item.lot, unit)
    return max(0, made_of(made, *where) - packed_of(made, *where))


def _number(dialog: Dialog, item: Item, unit: str) -> Quantity | Notice:
    facts = {"number": dialog.number, "unit": shown(unit)}
    try:
        quantity = typed(dialog.number, unit)
    except QuantityError:
        return Notice("stop", "fraction", facts)
    if not quantity.micros:
        return Notice("stop", "number_zero", {"unit": shown(unit)})
    if item.serial and quantity.micros != MICROS_PER_ONE:
        return Notice("stop", "serial_one", {**facts, "serial": item.serial})
    return quantity
