"""The home of stock: lots of a material, what events move of them, and what is known of a lot.

A lot is kept in the units that events count in; no event is refused, so a lot consumed before its
receipt arrives stands below zero. Everything is a function of the set of effective events.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from sync.domain.amounts import Amounts, AmountsBy, add, foreign, merged, micros_of, total
from sync.domain.events import (
    Event,
    LotStatusSet,
    MaterialConsumed,
    MaterialDisposed,
    MaterialMoved,
    MaterialProduced,
    MaterialReceived,
    MaterialReturned,
    StockCounted,
)
from sync.domain.order_facts import winner
from sync.domain.pieces import repeated, taken_again
from sync.domain.quantity import MICROS_PER_ONE


class Movement(NamedTuple):
    """What one event adds to a lot at a place, in micros of `unit`."""

    material: str
    lot: str
    place: str
    unit: str
    micros: int


@dataclass(slots=True)
class Lot:
    """One material lot as folded: amounts by place and unit, and what tells of its use."""

    material: str
    lot: str
    held: AmountsBy = field(default_factory=dict)  # place → unit → micros
    units: dict[str, int] = field(default_factory=dict)  # unit → how many events count in it
    came: dict[str, int] = field(default_factory=dict)  # of these received, produced, counted, held
    expiries: dict[str, int] = field(default_factory=dict)  # date → how many events tell it
    serials: dict[str, int] = field(default_factory=dict)  # serial → in stock where above 0
    pieces: dict[str, dict[str, int]] = field(default_factory=dict)  # unit → serial → times made
    taken: dict[str, dict[str, int]] = field(default_factory=dict)  # unit → serial → net of returns
    holds: int = 0
    status_set: LotStatusSet | None = None

    @property
    def unit(self) -> str:
        """The unit that most events count in, first of all those that tell of its coming."""
        came, units = self.came, self.units
        if len(units) == 1:
            return next(iter(units))
        return min(units, key=lambda unit: (-came.get(unit, 0), -units[unit], unit), default="")

    @property
    def known(self) -> int:
        """How many events tell of its coming; 0 for a lot that was only used here."""
        return sum(self.came.values())

    @property
    def amounts(self) -> Amounts:
        """What there is, by unit, over all places."""
        whole: Amounts = {}
        for amounts in self.held.values():
            merged(whole, amounts)
        return whole

    @property
    def micros(self) -> int:
        """What there is, in `unit`; may be below 0. What has no factor is in `other`."""
        unit, whole = self.unit, 0
        for amounts in self.held.values():
            for held, value in amounts.items():
                if held != unit:
                    return total(self.amounts, unit)
                whole += value
        return whole

    @property
    def other(self) -> Amounts:
        """What there is in units that do not convert to `unit`."""
        return foreign(self.amounts, self.unit)

    @property
    def expiry(self) -> str:
        """The earliest date told, or nothing."""
        return min(self.expiries, default="")

    @property
    def status(self) -> str:
        """`available` or `blocked`: as the office set it, else blocked where output is on hold."""
        if self.status_set is not None:
            return self.status_set.status
        return "blocked" if self.holds > 0 else "available"

    @property
    def is_available(self) -> bool:
        return self.status == "available"

    @property
    def is_empty(self) -> bool:
        """Whether nothing in effect tells of this lot."""
        return not self.units and self.status_set is None

    @property
    def places(self) -> dict[str, int]:
        """Where it lies, micros of `unit`; use without a place is taken from the places by name."""
        unit = self.unit
        lying = {place: total(amounts, unit) for place, amounts in sorted(self.held.items())}
        short = -min(0, lying.get("", 0))
        for place in [one for one in lying if one and lying[one] > 0]:
            taken = min(short, lying[place])
            lying[place] -= taken
            lying[""] = lying.get("", 0) + taken
            short -= taken
        return {place: micros for place, micros in lying.items() if micros}


Stock = dict[str, dict[str, Lot]]  # material → lot


def lot_on_hold(event: MaterialDisposed) -> str:
    """The blocked lot that output on hold makes: the one named, else one of the order."""
    return event.lot or f"{event.order}-HOLD"


def movements(event: Event) -> tuple[Movement, ...]:
    """What an event moves; all of one lot. Empty for events that are not of stock."""
    kind = _MOVES.get(type(event))
    return kind(event) if kind is not None else ()


def lot_told(event: Event) -> tuple[str, str] | None:
    """The (material, lot) that an event moves or sets, if it is of a lot."""
    told = _LOTS.get(type(event))
    return told(event) if told is not None else None


class Derived:
    """Where a shop keeps what it derived from its stock: neither compared nor stored."""

    __slots__ = ("_taking",)

    def taking_from(self, stock: Stock) -> dict[str, tuple[Lot, ...]]:
        """Material → its lots to take in their order, of the materials that were asked for."""
        known: tuple[Stock, dict[str, tuple[Lot, ...]]] | None = getattr(self, "_taking", None)
        if known is None or known[0] is not stock:
            known = (stock, {})
            self._taking = known
        return known[1]


def book(stock: Stock, event: Event, sign: int) -> None:
    """Add an event's effect to the stock, or with `sign` -1 take it out again."""
    moves = movements(event)
    if not moves:
        return
    lot = _lot_of(stock, moves[0].material, moves[0].lot)
    for _, _, place, unit, micros in moves:
        add(lot.held, sign * micros, place, unit)
    add(lot.units, sign, moves[0].unit)
    kind = type(event)
    if kind in _COMING and not _leaves(event):
        add(lot.came, sign, moves[0].unit)
    tell = _TOLD.get(kind)
    if tell is not None:
        tell(lot, event, sign)
    if lot.is_empty:
        _forget(stock, lot)


def set_status(stock: Stock, event: LotStatusSet) -> None:
    """The status of a lot, a register."""
    lot = _lot_of(stock, event.material, event.lot)
    lot.status_set = winner(lot.status_set, event)


def _lot_of(stock: Stock, material: str, name: str) -> Lot:
    lots = stock.setdefault(material, {})
    lot = lots.get(name)
    if lot is None:
        lot = lots[name] = Lot(material, name)
    return lot


def _forget(stock: Stock, lot: Lot) -> None:
    del stock[lot.material][lot.lot]
    if not stock[lot.material]:
        del stock[lot.material]


def _made(lot: Lot, event: MaterialProduced, sign: int) -> None:
    """A piece that was finished before came once; the rest is short of no place by name."""
    _came(lot, event, sign)
    for serial in repeated(lot.pieces, sign, event.serials, event.quantity):
        add(lot.held, -sign * MICROS_PER_ONE, "", event.quantity.unit)
        add(lot.serials, -sign, serial)


def _came(lot: Lot, event: MaterialReceived | MaterialProduced, sign: int) -> None:
    if event.expiry:
        add(lot.expiries, sign, event.expiry)
    for serial in event.serials:
        add(lot.serials, sign, serial)


def _took(lot: Lot, event: MaterialConsumed, sign: int) -> None:
    _in_and_out(lot, event, sign)


def _gave(lot: Lot, event: MaterialReturned, sign: int) -> None:
    _in_and_out(lot, event, -sign)


def _in_and_out(lot: Lot, event: MaterialConsumed | MaterialReturned, sign: int) -> None:
    """A piece that was taken before left once."""
    if event.serial:
        add(lot.serials, -sign, event.serial)
        again = taken_again(lot.taken, sign, event.serial, event.quantity)
        add(lot.held, again, "", event.quantity.unit)


def _held(lot: Lot, event: MaterialDisposed, sign: int) -> None:
    if not _leaves(event):
        lot.holds += sign


def _leaves(event: Event) -> bool:
    """Whether output leaves its lot in stock, to be reworked."""
    return isinstance(event, MaterialDisposed) and event.disposition == "rework"


def _named(event: Any) -> tuple[str, str]:
    return event.material, event.lot


def _disposed_of(event: MaterialDisposed) -> tuple[str, str] | None:
    """The lot that output becomes on hold, or leaves for rework; none where it is no stock."""
    if event.disposition == "rework" and event.lot:
        return event.material, event.lot
    if event.disposition == "hold" and event.material:
        return event.material, lot_on_hold(event)
    return None


def _received(event: MaterialReceived) -> tuple[Movement, ...]:
    return (_move(event, event.place, micros_of(event.quantity)),)


def _consumed(event: MaterialConsumed) -> tuple[Movement, ...]:
    return (_move(event, "", -micros_of(event.quantity)),)


def _returned(event: MaterialReturned) -> tuple[Movement, ...]:
    return (_move(event, event.place, micros_of(event.quantity)),)


def _moved(event: MaterialMoved) -> tuple[Movement, ...]:
    micros = micros_of(event.quantity)
    return _move(event, event.source, -micros), _move(event, event.destination, micros)


def _counted(event: StockCounted) -> tuple[Movement, ...]:
    where = (event.material, event.lot, event.place)
    return (
        Movement(*where, event.counted.unit, micros_of(event.counted)),
        Movement(*where, event.expected.unit, -micros_of(event.expected)),
    )


def _disposed(event: MaterialDisposed) -> tuple[Movement, ...]:
    told = _disposed_of(event)
    if told is None:
        return ()
    micros = micros_of(event.quantity) * (-1 if _leaves(event) else 1)
    return (Movement(*told, "", event.quantity.unit, micros),)


def _move(
    event: MaterialReceived
    | MaterialConsumed
    | MaterialReturned
    | MaterialProduced
    | MaterialMoved,
    place: str,
    micros: int,
) -> Movement:
    return Movement(event.material, event.lot, place, event.quantity.unit, micros)


_COMING: Final = frozenset({MaterialReceived, MaterialProduced, StockCounted, MaterialDisposed})
_TOLD: Final[dict[type[Event], Callable[[Lot, Any, int], None]]] = {
    MaterialReceived: _came,
    MaterialProduced: _made,
    MaterialConsumed: _took,
    MaterialReturned: _gave,
    MaterialDisposed: _held,
}
_MOVES: Final[dict[type[Event], Callable[[Any], tuple[Movement, ...]]]] = {
    MaterialReceived: _received,
    MaterialConsumed: _consumed,
    MaterialReturned: _returned,
    MaterialProduced: _received,
    MaterialMoved: _moved,
    StockCounted: _counted,
    MaterialDisposed: _disposed,
}
_LOTS: Final[dict[type[Event], Callable[[Any], tuple[str, str] | None]]] = {
    **dict.fromkeys((*_MOVES, LotStatusSet), _named),
    MaterialDisposed: _disposed_of,
}
STOCK_FACTS: Final = frozenset({*_MOVES, LotStatusSet})
