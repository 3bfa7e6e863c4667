"""How much a scan books: the item it names, the line it is for, the first rule that applies."""

from dataclasses import dataclass, replace

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
    """What a scan names: a material, its lot and serial, what its label tells of it.

    `several` are materials that have a lot of this name, where the label does not tell which;
    `gtin` is an article number that says something else than the rest, or is of nothing known.
    """

    material: str
    lot: str = ""
    serial: str = ""
    expiry: str = ""
    label: Quantity | None = None
    assumed: bool = False
    several: tuple[str, ...] = ()
    gtin: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """How much a scan books: in the line's unit, as scanned, and the factor between them."""

    quantity: Quantity
    scanned: Quantity | None
    factor: str


def item_of(dialog: Dialog, shop: Shop, code: LotCode | MaterialCode) -> Item:
    """What a label names, with what the shop knows of it.

    Where a label tells a GTIN, its lot is never taken for one of another article.
    """
    of_gtin = _of_gtin(dialog, shop, code.gtin) if code.gtin else ""
    material, serial = code.material or of_gtin, code.serial or ""
    lot = code.lot if isinstance(code, LotCode) else _lot_of_serial(shop, material, serial)
    expiry = code.expiry.isoformat() if isinstance(code, LotCode) and code.expiry else ""
    item = Item(material, lot, serial, expiry)
    if isinstance(code, LotCode) and not material:
        return _by_lot_name(dialog, shop, code, item)
    if code.gtin and (not material or of_gtin not in {"", material}):
        item = replace(item, gtin=code.gtin)
    label = _label(shop, material, code) if isinstance(code, LotCode) else None
    return replace(item, label=label)


def _by_lot_name(dialog: Dialog, shop: Shop, code: LotCode, item: Item) -> Item:
    """The item of a label that names a lot, and no article that is known."""
    found, assumed = _of_lot(dialog, shop, code.lot)
    if code.gtin:
        found = [one for one in found if not _gtin_known(dialog, shop, one)]
        if len(found) != 1:
            return replace(item, gtin=code.gtin)
        assumed = True
    if len(found) != 1:
        return replace(item, several=tuple(found))
    label = _label(shop, found[0], code)
    return replace(item, material=found[0], label=label, assumed=assumed)


def _of_gtin(dialog: Dialog, shop: Shop, gtin: str) -> str:
    known = shop.material_of_gtin(gtin)
    if known is not None:
        return known.material
    here = current(dialog, shop)
    lines = here.order.lines(here.operation) if here is not None else ()
    plain = gtin.lstrip("0")
    found = (one.line.material for one in lines if one.line.gtin.lstrip("0") == plain)
    return next(found, "") if plain else ""


def _gtin_known(dialog: Dialog, shop: Shop, material: str) -> bool:
    """Whether it is known which GTIN a material has: another one then names another article."""
    known, here = shop.materials.get(material), current(dialog, shop)
    if known is not None and known.gtin:
        return True
    lines = here.order.lines(here.operation) if here is not None else ()
    return any(one.line.gtin for one in lines if one.line.material == material)


def _of_lot(dialog: Dialog, shop: Shop, lot: str) -> tuple[list[str], bool]:
    """The materials that a label may mean which names only a lot, and whether that is assumed."""
    here = current(dialog, shop)
    lines = here.order.lines(here.operation) if here is not None else ()
    named = [one.material for one in shop.lots_named(lot)]
    wanted = [one for one in named if any(takes(state.line, one) for state in lines)]
    if wanted or named:
        return wanted or named[:1], False
    hungry = [one.line.material for one in lines if one.remaining and one.line.lot_controlled]
    return (hungry, True) if len(hungry) == 1 else ([], False)


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
        return _numbered(dialog, item, unit)
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


def _numbered(dialog: Dialog, item: Item, unit: str) -> Measure | Notice:
    try:
        quantity = typed(dialog.number, unit)
    except QuantityError:
        return Notice("stop", "fraction", {"number": dialog.number, "unit": shown(unit)})
    if not quantity.micros:
        return Notice("stop", "number_zero", {"unit": shown(unit)})
    if item.serial and unit in COUNTED_UNITS and quantity.micros != MICROS_PER_ONE:
        facts = {"number": dialog.number, "unit": shown(unit), "serial": item.serial}
        return Notice("stop", "serial_one", facts)
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
