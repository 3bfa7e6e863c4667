"""What many orders cost, planned and actual, by the same count as `order_cost`, each order at once.

Prices of a material and roll-ups of a lot size are looked at once for all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from sync.domain.quantity import MICROS_PER_ONE, QuantityError, factor, of_micros
from sync.server.planning.costing import HOUR_SECONDS, Cost, is_made, price_of, roll_up
from sync.server.planning.explosion import Book


class Spent(NamedTuple):
    """What an order was to make, made and used; micros, and whole seconds of each operation.

    `used` are (material, unit, micros), net of returns; `labour` are (work center, seconds).
    """

    material: str
    unit: str
    planned: int
    made: int
    used: tuple[tuple[str, str, int], ...]
    labour: tuple[tuple[str, int], ...]


class Money(NamedTuple):
    """Micros of money; `unknown` are materials without a price and work centers without a rate."""

    planned: int
    actual: int
    unknown: tuple[str, ...]

    @property
    def variance(self) -> int:
        """How much more it cost than planned."""
        return self.actual - self.planned


def each(money: int, quantity: int) -> int | None:
    """Micros of money for one base unit; None for no quantity."""
    return money * MICROS_PER_ONE // quantity if quantity > 0 else None


@dataclass(frozen=True, slots=True)
class OrderMoney:
    """What a finished order cost; `day` is that of the shift it ended in, quantities are micros."""

    order: str
    material: str
    name: str
    unit: str
    day: date
    due: str
    in_time: bool
    quantity: int
    made: int
    money: Money

    @property
    def planned_each(self) -> int | None:
        """Micros of money for one unit as planned."""
        return each(self.money.planned, self.quantity)

    @property
    def actual_each(self) -> int | None:
        """Micros of money for one good unit."""
        return each(self.money.actual, self.made)


@dataclass(slots=True)
class MaterialMoney:
    """What the finished orders of one material cost together, the worst of them first."""

    material: str
    unit: str
    orders: list[OrderMoney] = field(default_factory=list)
    planned: int = 0
    actual: int = 0
    quantity: int = 0
    made: int = 0

    def add(self, one: OrderMoney) -> None:
        self.orders.append(one)
        self.planned += one.money.planned
        self.actual += one.money.actual
        self.quantity += one.quantity
        self.made += one.made

    @property
    def variance(self) -> int:
        return self.actual - self.planned

    @property
    def planned_each(self) -> int | None:
        """Micros of money for one unit as planned."""
        return each(self.planned, self.quantity)

    @property
    def actual_each(self) -> int | None:
        """Micros of money for one good unit."""
        return each(self.actual, self.made)


@dataclass(slots=True)
class Pricing:
    """Prices by one state of the master data; `rates` are micros of money an hour."""

    book: Book
    rates: Mapping[str, int]
    _rolled: dict[tuple[str, int, str], Cost] = field(default_factory=dict)
    _prices: dict[str, int | None] = field(default_factory=dict)
    _factors: dict[tuple[str, str], Fraction | int | None] = field(default_factory=dict)

    def of(self, spent: Spent) -> Money:
        """What an order was to cost, and did."""
        unknown: set[str] = set()
        planned = 0
        if spent.planned:
            cost = self._roll_up(spent.material, spent.planned, spent.unit)
            planned = cost.total
            unknown.update(cost.unknown)
        actual = self._used(spent, unknown)
        for center, seconds in spent.labour:
            if center not in self.rates:
                unknown.add(center)
            actual += seconds * self.rates.get(center, 0) // HOUR_SECONDS
        return Money(planned, actual, tuple(sorted(unknown)))

    def _used(self, spent: Spent, unknown: set[str]) -> int:
        """What all that was consumed cost; a material in a unit without a factor is unknown."""
        base: dict[str, Fraction | int] = {}
        lacking: set[str] = set()
        for material, unit, micros in spent.used:
            rate = self._factor(material, unit)
            if rate is None:
                lacking.add(material)
            else:
                base[material] = base.get(material, 0) + micros * rate
        unknown |= lacking
        return sum(
            self._consumed(name, round(amount), unknown)
            for name, amount in base.items()
            if name not in lacking
        )

    def _consumed(self, material: str, micros: int, unknown: set[str]) -> int:
        if micros <= 0:
            return 0
        price = self._price(material)
        if price is not None:  # to whole micros, halves up
            return (2 * price * micros + MICROS_PER_ONE) // (2 * MICROS_PER_ONE)
        cost = self._roll_up(material, micros, self.book.materials[material].unit)
        unknown.update(cost.unknown)
        return cost.total

    def _price(self, material: str) -> int | None:
        """Of a bought material with a price."""
        if material not in self._prices:
            bought = not is_made(material, self.book)
            self._prices[material] = price_of(self.book.materials[material]) if bought else None
        return self._prices[material]

    def _factor(self, material: str, unit: str) -> Fraction | int | None:
        key = (material, unit)
        if key not in self._factors:
            item = self.book.materials.get(material)
            try:
                found = factor(unit, item.unit, item.conversions) if item else None
            except QuantityError:
                found = None
            # Whole numbers are reckoned with much faster.
            self._factors[key] = found.numerator if found and found.denominator == 1 else found
        return self._factors[key]

    def _roll_up(self, material: str, micros: int, unit: str) -> Cost:
        key = (material, micros, unit)
        known = self._rolled.get(key)
        if known is None:
            quantity = of_micros(micros, unit)
            known = self._rolled[key] = roll_up(material, quantity, self.book, self.rates)
        return known
