"""The home of planned cost: what a quantity of a material costs by its BOM, routing and rates.

Money is whole micros of the site's currency. A bought material costs its standard cost; a made one
what its components and its work cost, through every level; by-products are taken off. Set-up is
paid once an order: in full for what is asked, and for a made component once, or once a lot size
where it has one, so that cost is a fixed part and one part for each base unit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, Literal

from sync.domain.events import BomDefined, BomLine, MaterialDefined, RoutingOperation
from sync.domain.quantity import (
    AMOUNT,
    MICROS_PER_ONE,
    Quantity,
    QuantityError,
    factor,
    micros,
)
from sync.server.planning.explosion import Book, need_of, operations_of

HOUR_SECONDS: Final = 3_600
SECOND: Final = "SEC"


@dataclass(frozen=True, slots=True)
class CostLine:
    """One component or one operation; `micros` are of `unit`, for work micros of a second.

    `key` is the material, or the work center; what comes out beside counts below nothing.
    """

    kind: Literal["material", "labour"]
    key: str
    name: str
    micros: int
    unit: str
    cost: int


@dataclass(frozen=True, slots=True)
class Cost:
    """`unknown` are materials without a price, work centers without a rate; they count nothing."""

    lines: tuple[CostLine, ...]
    unknown: tuple[str, ...] = ()

    @property
    def material(self) -> int:
        """What goes in, the work in made components included, less what comes out beside."""
        return sum(line.cost for line in self.lines if line.kind == "material")

    @property
    def labour(self) -> int:
        """The work of the material's own operations."""
        return sum(line.cost for line in self.lines if line.kind == "labour")

    @property
    def total(self) -> int:
        return sum(line.cost for line in self.lines)


@dataclass(frozen=True, slots=True)
class _Rate:
    """What a material costs: `fixed` once, `unit` for each micro of its base unit."""

    fixed: Fraction
    unit: Fraction

    def of(self, needed: int | Fraction) -> Fraction:
        return self.fixed + self.unit * needed


_NOTHING: Final = _Rate(Fraction(0), Fraction(0))


@dataclass(slots=True)
class _Roll:
    """One roll-up: what was found of each material, and what has no price."""

    book: Book
    rates: Mapping[str, int]
    found: dict[str, _Rate] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    lacking: set[str] = field(default_factory=set)

    def rate(self, material: str) -> _Rate:
        """What a material costs, its levels below it included; each is looked at once."""
        known = self.found.get(material)
        if known is not None:
            return known
        if material in self.open or material not in self.book.materials:
            self.unknown.add(material)
            self.lacking.add(material)
            return _NOTHING
        self.open.add(material)
        item = self.book.materials[material]
        rate = self._made(item) if is_made(material, self.book) else self._bought(item)
        self.open.discard(material)
        self.found[material] = rate
        return rate

    def _bought(self, item: MaterialDefined) -> _Rate:
        price = price_of(item)
        if price is None:
            self.unknown.add(item.material)
            self.lacking.add(item.material)
            return _NOTHING
        return _Rate(Fraction(0), Fraction(price, MICROS_PER_ONE))

    def _made(self, item: MaterialDefined) -> _Rate:
        fixed = unit = Fraction(0)
        bom = self.book.boms.get(item.material)
        for line, sign in _parts(bom):
            share = self.share(line, bom, item)
            rate = self.rate(line.material) if sign > 0 else self.credit(line.material)
            fixed += rate.fixed if share and sign > 0 else 0
            unit += rate.unit * share * sign
            if line.material in self.lacking or not share:
                self.lacking.add(item.material)
        for operation in operations_of(item.material, self.book):
            setup, run = self.seconds(operation)
            hour = self.hour(operation)
            fixed += hour * setup
            unit += hour * run / MICROS_PER_ONE
            if operation.work_center in self.unknown:
                self.lacking.add(item.material)
        lot = _in_base(item.lot_size, item)
        return _Rate(Fraction(0), unit + fixed / lot) if lot else _Rate(fixed, unit)

    def share(self, line: BomLine, bom: BomDefined | None, item: MaterialDefined) -> Fraction:
        """Micros of a line's base unit for one micro of the material; 0 where a unit is unknown."""
        component = self.book.materials.get(line.material)
        if component is None or bom is None:
            self.unknown.add(line.material)
            return Fraction(0)
        try:
            for_base = bom.quantity.micros * factor(bom.quantity.unit, item.unit, item.conversions)
            into = factor(line.quantity.unit, component.unit, component.conversions)
        except QuantityError:
            self.unknown.add(line.material)
            return Fraction(0)
        scrap = 1 + Fraction(micros(line.scrap_percent), 100 * MICROS_PER_ONE)
        return line.quantity.micros * into * scrap / for_base if for_base > 0 else Fraction(0)

    def credit(self, material: str) -> _Rate:
        """What a by-product is worth: its standard cost, or nothing."""
        item = self.book.materials.get(material)
        price = price_of(item) if item is not None else None
        return _Rate(Fraction(0), Fraction(price or 0, MICROS_PER_ONE))

    def hour(self, operation: RoutingOperation) -> Fraction:
        """What one second there costs; an operation that takes no time needs no rate."""
        rate = self.rates.get(operation.work_center)
        if rate is None:
            if any(self.seconds(operation)):
                self.unknown.add(operation.work_center)
            return Fraction(0)
        return Fraction(rate, HOUR_SECONDS)

    def seconds(self, operation: RoutingOperation) -> tuple[Fraction, Fraction]:
        """Set-up seconds, and seconds of one base unit."""
        run = operation.run_seconds
        told = Fraction(micros(run), MICROS_PER_ONE) if AMOUNT.match(run) else Fraction(0)
        return Fraction(operation.setup_seconds), told


def roll_up(material: str, quantity: Quantity, book: Book, rates: Mapping[str, int]) -> Cost:
    """What so much of a material costs; `rates` are micros of money an hour by work center.

    A bought material is one line. What has no price, or a unit without a factor, is `unknown`.
    """
    roll = _Roll(book, rates)
    lines = _lines(roll, material, quantity)
    return Cost((), (material,)) if lines is None else Cost(lines, tuple(sorted(roll.unknown)))


def totals(book: Book, rates: Mapping[str, int]) -> Callable[[str, Quantity], int]:
    """What so much of a material costs by its roll-up; what has no price counts nothing.

    Each material below is looked at once, however many quantities are asked for.
    """
    roll = _Roll(book, rates)

    def total(material: str, quantity: Quantity) -> int:
        return sum(line.cost for line in _lines(roll, material, quantity) or ())

    return total


def component_costs(book: Book, rates: Mapping[str, int]) -> Callable[[str, int], int | None]:
    """What so many micros of a material cost as a component; None where a price is missing."""
    roll = _Roll(book, rates)

    def cost(material: str, needed: int) -> int | None:
        rate = roll.rate(material)
        return None if material in roll.lacking else _rounded(rate.of(needed)) if needed else 0

    return cost


def is_made(material: str, book: Book) -> bool:
    """Whether it has a BOM or a routing; anything else is bought."""
    return material in book.boms or material in book.routings


def price_of(material: MaterialDefined) -> int | None:
    """Micros of money for one base unit; None without a standard cost."""
    return money_of(material.standard_cost)


def money_of(written: str) -> int | None:
    """Micros of money from decimal text; None for what is empty, no amount, or below nothing."""
    if not AMOUNT.match(written) or written.startswith("-"):
        return None
    return micros(written)


def _lines(roll: _Roll, material: str, quantity: Quantity) -> tuple[CostLine, ...] | None:
    """One line of what is bought, all of what is made; None for what is not known."""
    item = roll.book.materials.get(material)
    asked = _in_base(quantity, item) if item is not None else None
    if item is None or asked is None:
        return None
    if not is_made(material, roll.book):
        return (_line(roll, item, asked),)
    return (*_components(roll, item, asked), *_work(roll, item, asked))


def _components(roll: _Roll, item: MaterialDefined, asked: int) -> list[CostLine]:
    """The components with what this quantity really needs of them, then the by-products."""
    bom, book = roll.book.boms.get(item.material), roll.book
    lines = []
    roll.open.add(item.material)
    for line, sign in _parts(bom):
        component = book.materials.get(line.material)
        if component is None or bom is None:
            roll.unknown.add(line.material)
            continue
        needed = _needed(roll, line, bom, Quantity(_decimal(asked), item.unit))
        if sign > 0:
            lines.append(_line(roll, component, needed))
        else:
            worth = _rounded(roll.credit(line.material).of(needed))
            lines.append(_material_line(component, -needed, -worth))
    roll.open.discard(item.material)
    return lines


def _needed(roll: _Roll, line: BomLine, bom: BomDefined, quantity: Quantity) -> int:
    try:
        return need_of(line, bom, quantity, roll.book)
    except QuantityError:
        roll.unknown.add(line.material)
        return 0


def _work(roll: _Roll, item: MaterialDefined, asked: int) -> list[CostLine]:
    lines = []
    for operation in operations_of(item.material, roll.book):
        setup, run = roll.seconds(operation)
        seconds = setup + run * asked / MICROS_PER_ONE
        cost = _rounded(roll.hour(operation) * seconds)
        spent = _rounded(seconds * MICROS_PER_ONE)
        center = operation.work_center
        lines.append(CostLine("labour", center, operation.name, spent, SECOND, cost))
    return lines


def _line(roll: _Roll, component: MaterialDefined, needed: int) -> CostLine:
    rate = roll.rate(component.material)
    return _material_line(component, needed, _rounded(rate.of(needed)) if needed else 0)


def _material_line(component: MaterialDefined, needed: int, cost: int) -> CostLine:
    key = component.material
    return CostLine("material", key, component.name, needed, component.unit, cost)


def _parts(bom: BomDefined | None) -> list[tuple[BomLine, int]]:
    """What goes in, 1, and what comes out beside, -1."""
    if bom is None or bom.quantity.micros <= 0:
        return []
    return [*((line, 1) for line in bom.lines), *((line, -1) for line in bom.by_products)]


def _in_base(quantity: Quantity | None, item: MaterialDefined) -> int | None:
    """Micros of the material's base unit; None where there is no factor, or no quantity."""
    if quantity is None:
        return None
    try:
        return _rounded(quantity.micros * factor(quantity.unit, item.unit, item.conversions))
    except QuantityError:
        return None


def _decimal(value: int) -> str:
    whole, part = divmod(value, MICROS_PER_ONE)
    return f"{whole}.{part:06d}"


def _rounded(value: Fraction) -> int:
    """To whole micros, halves up."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)
