"""How much a scan books: the item it names, the line it is for, the first rule that applies."""

from dataclasses import dataclass

from kiosk.dialog.state import Dialog, Notice
from kiosk.dialog.steps import current
from labels.codes import LotCode, MaterialCode
from sync.domain.needs import LineState, takes
from sync.domain.order import Order
from sync.domain.quantity import (
    COUNTED_UNITS,
    MICROS_PER_ONE,
    Quantity,
    QuantityError,
    UnitUnknown,
    convert,
    factor,
    of_decimal,
    of_micros,
    shown,
    typed,
    unit_named,
)
from sync.domain.rules_base import amount
from sync.domain.shop import Shop


@dataclass(frozen=True, slots=True)
class Item:
    """What a scan names: a material, its lot and serial, what its label tells of it."""

    material: str
    lot: str = ""
    serial: str = ""
    expiry: str = ""
    label: Quantity | None = None
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """How much a scan books: in the line's unit, as scanned, and the factor between them."""

    quantity: Quantity
    scanned: Quantity | None
    factor: str


def item_of(dialog: Dialog, shop: Shop, code: LotCode | MaterialCode) -> Item:
    """What a label names, with what the shop knows of it."""
    material = code.material or ""
    if not material and code.gtin:
        material = _of_gtin(dialog, shop, code.gtin)
    serial = code.serial or ""
    if isinstance(code, MaterialCode):
        return Item(material, _lot_of_serial(shop, material, serial), serial)
    expiry = code.expiry.isoformat() if code.expiry is not None else ""
    assumed = not material
    if not material:
        material, assumed = _of_lot(dialog, shop, code.lot)
    return Item(material, code.lot, serial, expiry, _label(shop, material, code), assumed)


def _of_gtin(dialog: Dialog, shop: Shop, gtin: str) -> str:
    known = shop.material_of_gtin(gtin)
    if known is not None:
        return known.material
    here = current(dialog, shop)
    lines = here.order.lines(here.operation) if here is not None else ()
    plain = gtin.lstrip("0")
    found = (one.line.material for one in lines if one.line.gtin.lstrip("0") == plain)
    return next(found, "") if plain else ""


def _of_lot(dialog: Dialog, shop: Shop, lot: str) -> tuple[str, bool]:
    """The material of a label that names only a lot, and whether that is assumed."""
    here = current(dialog, shop)
    lines = here.order.lines(here.operation) if here is not None else ()
    named = [one.material for one in shop.lots_named(lot)]
    wanted = [one for one in named if any(takes(state.line, one) for state in lines)]
    if wanted or named:
        return (wanted or named)[0], False
    hungry = [one.line.material for one in lines if one.remaining and one.line.lot_controlled]
    return (hungry[0], True) if len(hungry) == 1 else ("", False)


def _lot_of_serial(shop: Shop, material: str, serial: str) -> str:
    if not serial:
        return ""
    lots = shop.stock.get(material, {})
    return next((name for name, lot in sorted(lots.items()) if serial in lot.serials), "")


def _label(shop: Shop, material: str, code: LotCode) -> Quantity | None:
    if code.amount is None or code.amount <= 0:
        return None
    known = shop.materials.get(material)
    unit = unit_named(code.unit) if code.unit else known.unit if known is not None else "C62"
    try:
        return of_decimal(code.amount, unit)
    except QuantityError:
        return None


def line_for(order: Order, operation: str, item: Item) -> LineState | None:
    """The line that an item is for: the first that still needs it, else the first it fits."""
    lines = [one for one in order.lines(operation) if takes(one.line, item.material)]
    return next((one for one in lines if one.remaining), lines[0] if lines else None)


def measure_of(dialog: Dialog, shop: Shop, item: Item, line: LineState | None) -> Measure | Notice:
    """How much: the first rule that applies, or why none does."""
    known = shop.materials.get(item.material)
    unit = line.line.quantity.unit if line is not None else ""
    unit = unit or (known.unit if known is not None else item.label.unit if item.label else "C62")
    conversions = dict(known.conversions) if known is not None else {}
    conversions.update(line.line.conversions if line is not None else {})
    if dialog.number:
        return _numbered(dialog, unit)
    try:
        label = convert(item.label, unit, conversions) if item.label is not None else None
    except UnitUnknown:
        assert item.label is not None, "a unit of no label"
        facts = {"label_unit": shown(item.label.unit), "unit": shown(unit)}
        return Notice("stop", "unit_unknown", {**facts, "quantity": str(item.label)})
    except QuantityError:
        return Notice("stop", "number_wanted", {"unit": shown(unit)})
    micros = _by_rule(item, line, label, unit)
    if micros <= 0:
        text = "line_full" if line is not None else "number_wanted"
        need = amount(line.need, unit) if line is not None else ""
        return Notice("stop", text, {"unit": shown(unit), "need": need})
    scanned, one = None, ""
    if label is not None and item.label is not None and micros == label.micros:
        scanned, one = item.label, str(factor(item.label.unit, unit, conversions))
    return Measure(of_micros(micros, unit), scanned, one)


def _numbered(dialog: Dialog, unit: str) -> Measure | Notice:
    try:
        quantity = typed(dialog.number, unit)
    except QuantityError:
        return Notice("stop", "fraction", {"number": dialog.number, "unit": shown(unit)})
    if not quantity.micros:
        return Notice("stop", "number_zero", {"unit": shown(unit)})
    return Measure(quantity, quantity, "1")


def _by_rule(item: Item, line: LineState | None, label: Quantity | None, unit: str) -> int:
    remaining = line.remaining if line is not None else 0
    serialised = bool(item.serial) or (line is not None and line.line.serial_controlled)
    measured = line is not None and line.line.label_quantity
    if serialised and label is None and unit in COUNTED_UNITS:
        return MICROS_PER_ONE
    if label is not None:
        if measured or serialised or line is None or not remaining:
            return label.micros
        return min(label.micros, remaining)
    return remaining
