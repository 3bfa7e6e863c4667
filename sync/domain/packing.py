"""The home of logistic units as an order tells them: what is on each, and what was packed where.

A unit is a carton or a pallet. What is on it are quantities of lots, single pieces, and lower units
that were sealed before. An order tells of every unit that holds something of it.
"""

from collections.abc import Iterator

from sync.domain.amounts import total
from sync.domain.events import UnitClosed, UnitPacked
from sync.domain.order import Order
from sync.domain.shop import Shop


def contents(shop: Shop, unit: str) -> tuple[UnitPacked, ...]:
    """What was put on a unit, the first first."""
    told = shop.units.get(unit, {}).values()
    return tuple(sorted((e for e in told if isinstance(e, UnitPacked)), key=_turn))


def closing(shop: Shop, unit: str) -> UnitClosed | None:
    """The event that sealed a unit; nothing while it is open or not known."""
    told = shop.units.get(unit, {}).values()
    return max((e for e in told if isinstance(e, UnitClosed)), key=_turn, default=None)


def open_units(shop: Shop, station: str) -> tuple[str, ...]:
    """Units that hold something packed at a station and that nobody sealed, the latest first."""
    found = []
    for unit, told in shop.units.items():
        is_open = not any(isinstance(e, UnitClosed) for e in told.values())
        if is_open and any(e.station == station for e in told.values()):
            found.append((max(map(_turn, told.values())), unit))
    return tuple(unit for _, unit in sorted(found, reverse=True))


def orders_on(shop: Shop, unit: str) -> tuple[str, ...]:
    """The orders of what is on a unit, the first packed first."""
    return tuple(dict.fromkeys(e.order for e in contents(shop, unit) if e.order))


def placing(order: Order, event: UnitPacked) -> UnitPacked | None:
    """Where the same piece or lower unit was put before: things of which there is but one."""
    if not event.serial and not event.packed_unit:
        return None
    for told in order.on_units.values():
        for one in told.values():
            if isinstance(one, UnitPacked) and one.id != event.id and _is_same(one, event):
                return one
    return None


def is_sealed(order: Order, unit: str) -> bool:
    """Whether an order tells that a unit was sealed."""
    return any(isinstance(e, UnitClosed) for e in order.on_units.get(unit, {}).values())


def holds_any(order: Order, unit: str) -> bool:
    """Whether an order tells of anything on a unit."""
    return any(isinstance(e, UnitPacked) for e in order.on_units.get(unit, {}).values())


def packed_of(order: Order, material: str, lot: str, unit: str) -> int:
    """Micros of a lot in a unit of measure that are on logistic units."""
    return order.packed.get(material, {}).get(lot, {}).get(unit, 0)


def made_of(order: Order, material: str, lot: str, unit: str) -> int:
    """Micros of a lot in a unit of measure that an order made."""
    return order.outputs.get(material, {}).get(lot, {}).get(unit, 0)


def packed_total(order: Order) -> int:
    """Micros of what the order makes that are on logistic units, in its own unit of measure."""
    lots = order.packed.get(order.material, {})
    return sum(amounts.get(order.unit, 0) for amounts in lots.values())


def made_total(order: Order) -> int:
    """Micros of stock that the order made of its material, in its own unit of measure."""
    lots = order.outputs.get(order.material, {})
    return sum(total(amounts, order.unit) for amounts in lots.values())


def maker_of(shop: Shop, material: str, lot: str) -> Order | None:
    """The order that made a lot, as far as it is known here."""
    named = shop.orders.get(lot)  # by default a lot has its order's number
    if named is not None and lot in named.outputs.get(material, {}):
        return named
    found = (one for one in shop.orders.values() if lot in one.outputs.get(material, {}))
    return min(found, key=lambda one: one.number, default=None)


def stands_on(shop: Shop, unit: str) -> str:
    """The higher unit that a unit was put on, or nothing."""
    for number in orders_on(shop, unit):
        order = shop.orders.get(number)
        for higher, told in order.on_units.items() if order is not None else ():
            if any(isinstance(e, UnitPacked) and e.packed_unit == unit for e in told.values()):
                return higher
    return ""


def is_above(shop: Shop, unit: str, other: str) -> bool:
    """Whether a unit holds another one, on whatever level, or is the same."""
    return other in _units_below(shop, unit)


def _units_below(shop: Shop, unit: str) -> Iterator[str]:
    """A unit and all that stand on it; each is entered once."""
    entered, waiting = {unit}, [unit]
    while waiting:
        one = waiting.pop()
        yield one
        below = {e.packed_unit for e in contents(shop, one)} - entered - {""}
        entered |= below
        waiting += sorted(below)


def _is_same(one: UnitPacked, other: UnitPacked) -> bool:
    if other.packed_unit:
        return one.packed_unit == other.packed_unit
    return (one.material, one.serial) == (other.material, other.serial)


def _turn(event: UnitPacked | UnitClosed) -> tuple[int, str]:
    return event.n, event.id
