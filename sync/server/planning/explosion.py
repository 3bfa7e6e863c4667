"""BOM explosion: what an order needs, whether it can be made, and the release that tells a station.

All needs are exact: micros of the component's base unit, rounded up, and to whole pieces where the
unit is counted.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from sync.domain.events import (
    BomDefined,
    BomLine,
    MaterialDefined,
    ReleasedLine,
    RoutingDefined,
    RoutingOperation,
)
from sync.domain.quantity import (
    COUNTED_UNITS,
    MICROS_PER_ONE,
    Quantity,
    factor,
    micros,
    of_micros,
)

LEVELS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Book:
    """The active master data that planning reads, by material."""

    materials: Mapping[str, MaterialDefined]
    boms: Mapping[str, BomDefined] = field(default_factory=dict)
    routings: Mapping[str, RoutingDefined] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One component: what is needed, what is free in stock, in micros of `unit`.

    `level` is 1 for the order's own components; `made` components have a BOM of their own.
    """

    material: str
    name: str
    unit: str
    needed: int
    free: int
    level: int = 1
    made: bool = False

    @property
    def short(self) -> int:
        """How much is missing, never negative."""
        return max(0, self.needed - max(0, self.free))


@dataclass(frozen=True, slots=True)
class Feasibility:
    """Whether an order can be made from free stock, and every requirement behind the answer."""

    requirements: tuple[Requirement, ...]
    problems: tuple[str, ...] = ()

    @property
    def short(self) -> tuple[Requirement, ...]:
        """The requirements that free stock does not cover, the order's own first."""
        return tuple(item for item in self.requirements if item.short)

    @property
    def can_be_made(self) -> bool:
        return not self.problems and not any(item.level == 1 for item in self.short)


def need_of(line: BomLine, bom: BomDefined, planned: Quantity, book: Book) -> int:
    """Micros of the component's base unit that `planned` of the BOM's material takes.

    Raises `QuantityError` where a unit cannot be converted.
    """
    scrap = 1 + Fraction(micros(line.scrap_percent), 100 * MICROS_PER_ONE)
    return _rounded_up(_part(line, bom, planned, book) * scrap, book.materials[line.material].unit)


def beside_of(line: BomLine, bom: BomDefined, planned: Quantity, book: Book) -> int:
    """Micros of the by-product's base unit that can be counted on of `planned`, rounded down.

    Raises `QuantityError` where a unit cannot be converted.
    """
    step = MICROS_PER_ONE if book.materials[line.material].unit in COUNTED_UNITS else 1
    return int(_part(line, bom, planned, book) // step) * step


def _part(line: BomLine, bom: BomDefined, planned: Quantity, book: Book) -> Fraction:
    """Micros of the line's material, in its base unit, for `planned` of the BOM's."""
    component, output = book.materials[line.material], book.materials[bom.material]
    share = Fraction(planned.micros) * factor(planned.unit, bom.quantity.unit, output.conversions)
    share /= bom.quantity.micros
    into = factor(line.quantity.unit, component.unit, component.conversions)
    return share * line.quantity.micros * into


def released_lines(material: str, planned: Quantity, book: Book) -> tuple[ReleasedLine, ...]:
    """The components of a released order, scaled to its quantity; none without a BOM.

    Raises `QuantityError` where a unit cannot be converted.
    """
    bom = book.boms.get(material)
    if bom is None:
        return ()
    return tuple(
        _released(str(n), line, need_of(line, bom, planned, book), book.materials[line.material])
        for n, line in enumerate(bom.lines, 1)
    )


def operations_of(material: str, book: Book) -> tuple[RoutingOperation, ...]:
    """The routing's operations; none without a routing."""
    routing = book.routings.get(material)
    return routing.operations if routing else ()


def feasibility(
    material: str, planned: Quantity, book: Book, free: Mapping[str, int]
) -> Feasibility:
    """Can it be made? `free` is stock that is available and not promised, in micros by material.

    A made component that is short is exploded further, so that the answer names what to buy.
    Raises `QuantityError` where a unit cannot be converted.
    """
    if material not in book.materials:
        return Feasibility((), (f"material {material!r} is not defined: import or define it",))
    problems = _gaps(material, book)
    left = dict(free)
    found: dict[tuple[int, str], Requirement] = {}
    _explode(material, planned, book, left, found, 1)
    return Feasibility(tuple(found[key] for key in sorted(found)), problems)


def cycle(parts: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """The first circle of materials that contain themselves (A, B, A), or nothing."""
    done: set[str] = set()
    for start in parts:
        path: list[str] = []
        trail = [iter((start,))]
        while trail:
            item = next(trail[-1], None)
            if item is None:
                trail.pop()
                if path:
                    done.add(path.pop())
            elif item in path:
                return (*path[path.index(item) :], item)
            elif item not in done:
                path.append(item)
                trail.append(iter(tuple(parts.get(item, ()))))
    return ()


def cycle_through(parts: Mapping[str, Collection[str]], items: Iterable[str]) -> tuple[str, ...]:
    """A circle that leads through one of the items (A, B, A), or nothing."""
    for start in items:
        above: dict[str, str] = {}
        waiting = [start]
        while waiting:
            item = waiting.pop()
            for part in parts.get(item, ()):
                if part not in above:
                    above[part] = item
                    waiting.append(part)
        if start in above:
            path = [start, above[start]]
            while path[-1] != start:
                path.append(above[path[-1]])
            return tuple(reversed(path))
    return ()


def free_stock(available: Mapping[str, int], promised: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Available micros by material, less what open orders still need; may be negative."""
    free = dict(available)
    for material, needed in promised:
        free[material] = free.get(material, 0) - needed
    return free


def short_orders(
    remaining: Sequence[tuple[str, str, int]], available: Mapping[str, int]
) -> dict[str, set[str]]:
    """Which orders lack which materials: stock is given to orders in the sequence as listed.

    `remaining` holds (order, material, micros still needed), the most urgent order first.
    """
    left = dict(available)
    lacking: dict[str, set[str]] = {}
    for order, material, needed in remaining:
        if left.get(material, 0) < needed:
            lacking.setdefault(order, set()).add(material)
        left[material] = left.get(material, 0) - needed
    return lacking


def _rounded_up(value: Fraction, unit: str) -> int:
    step = MICROS_PER_ONE if unit in COUNTED_UNITS else 1
    return -(-value.numerator // (value.denominator * step)) * step


def _released(number: str, line: BomLine, need: int, component: MaterialDefined) -> ReleasedLine:
    return ReleasedLine(
        line=number,
        material=line.material,
        name=component.name,
        quantity=of_micros(need, component.unit),
        operation=line.operation,
        tolerance_percent=line.tolerance_percent,
        limit_percent=line.limit_percent,
        backflush=line.backflush,
        lot_controlled=component.lot_controlled,
        serial_controlled=component.serial_controlled,
        label_quantity=component.label_quantity,
        gtin=component.gtin,
        place=component.place,
        conversions=component.conversions,
        substitutes=line.substitutes,
    )


def _gaps(material: str, book: Book) -> tuple[str, ...]:
    found = []
    if not operations_of(material, book):
        found.append(f"material {material} has no routing: import one in routings.csv")
    if material not in book.boms:
        found.append(f"material {material} has no BOM: import one in boms.csv")
    return tuple(found)


def _explode(
    material: str,
    planned: Quantity,
    book: Book,
    left: dict[str, int],
    found: dict[tuple[int, str], Requirement],
    level: int,
) -> None:
    bom = book.boms.get(material)
    if bom is None or level > LEVELS_MAX:
        return
    for line in bom.lines:
        component = book.materials[line.material]
        needed = need_of(line, bom, planned, book)
        item = _required(component, needed, left, level, made=line.material in book.boms)
        left[line.material] = left.get(line.material, 0) - needed
        found[level, line.material] = _joined(found.get((level, line.material)), item)
        if item.short and item.made:
            missing = of_micros(item.short, component.unit)
            _explode(line.material, missing, book, left, found, level + 1)


def _required(
    component: MaterialDefined, needed: int, left: Mapping[str, int], level: int, *, made: bool
) -> Requirement:
    return Requirement(
        component.material,
        component.name,
        component.unit,
        needed,
        left.get(component.material, 0),
        level,
        made,
    )


def _joined(first: Requirement | None, more: Requirement) -> Requirement:
    if first is None:
        return more
    return Requirement(
        first.material,
        first.name,
        first.unit,
        first.needed + more.needed,
        first.free,
        first.level,
        first.made,
    )
