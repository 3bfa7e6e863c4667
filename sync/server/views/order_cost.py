"""What people ask of an order's money: what it should cost, what it did, and where they differ.

Planned is the roll-up of today's master data for the planned quantity. Actual is what was consumed
at standard cost, and set-up and run of what ended at the work center's rate.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Final, Literal

import msgspec

from sync.domain.amounts import Amounts
from sync.domain.order import Order
from sync.domain.quantity import MICROS_PER_ONE, QuantityError, factor, of_micros
from sync.server.planning.costing import HOUR_SECONDS, SECOND, roll_up
from sync.server.planning.explosion import Book
from sync.server.views.times import OrderTimes

Kind = Literal["material", "labour"]


class CostRow(msgspec.Struct, frozen=True):
    """One material or work center: amounts in micros of `unit`, money in micros."""

    kind: Kind
    key: str
    name: str
    unit: str
    planned_amount: int = 0
    actual_amount: int = 0
    planned: int = 0
    actual: int = 0

    @property
    def variance(self) -> int:
        """How much more it cost than planned."""
        return self.actual - self.planned


class OrderCost(msgspec.Struct, frozen=True):
    """`unknown` are materials without a price and work centers without a rate.

    `expected` is what the plan allows for the output that is there, 0 without a plan; per unit is
    of one base unit, none where nothing is planned or made.
    """

    rows: tuple[CostRow, ...]
    unknown: tuple[str, ...]
    quantity: int
    made: int
    expected: int

    @property
    def planned(self) -> int:
        return sum(row.planned for row in self.rows)

    @property
    def actual(self) -> int:
        return sum(row.actual for row in self.rows)

    @property
    def variance(self) -> int:
        return self.actual - self.planned

    @property
    def planned_each(self) -> int | None:
        return self.planned * MICROS_PER_ONE // self.quantity if self.quantity > 0 else None

    @property
    def actual_each(self) -> int | None:
        return self.actual * MICROS_PER_ONE // self.made if self.made > 0 else None


_Sums = dict[tuple[Kind, str], CostRow]
_KINDS: Final[dict[Kind, int]] = {"material": 0, "labour": 1}


def order_cost(order: Order, times: OrderTimes, book: Book, rates: Mapping[str, int]) -> OrderCost:
    """The cost of an order, by line."""
    found: _Sums = {}
    unknown: set[str] = set()
    _plan(order, book, rates, found, unknown)
    planned = sum(row.planned for row in found.values())
    _materials(order, book, rates, found, unknown)
    _work(order, times, rates, found, unknown)
    rows = sorted(found.values(), key=lambda row: (_KINDS[row.kind], -row.planned, row.key))
    made = max(0, order.good_total)
    share = Fraction(planned * made, order.planned) if order.planned else Fraction(0)
    return OrderCost(tuple(rows), tuple(sorted(unknown)), order.planned, made, round(share))


def _plan(
    order: Order, book: Book, rates: Mapping[str, int], found: _Sums, unknown: set[str]
) -> None:
    if order.quantity is None:
        return
    cost = roll_up(order.material, order.quantity, book, rates)
    unknown.update(cost.unknown)
    for line in cost.lines:
        row = found.get((line.kind, line.key)) or CostRow(
            line.kind, line.key, line.name or line.key, line.unit
        )
        found[line.kind, line.key] = msgspec.structs.replace(
            row,
            name=_joined(row.name, line.name),
            planned_amount=row.planned_amount + line.micros,
            planned=row.planned + line.cost,
        )


def _joined(name: str, more: str) -> str:
    return name if not more or more in name.split(", ") else f"{name}, {more}"


def _materials(
    order: Order, book: Book, rates: Mapping[str, int], found: _Sums, unknown: set[str]
) -> None:
    """What was consumed, net of returns, each material at what its base unit costs."""
    for material, lots in order.consumed.items():
        item = book.materials.get(material)
        if item is None:
            unknown.add(material)
            continue
        used = _in_base(lots.values(), item.unit, item.conversions)
        if used is None:
            unknown.add(material)
            continue
        cost = roll_up(material, of_micros(used, item.unit), book, rates) if used > 0 else None
        unknown.update(cost.unknown if cost else ())
        row = found.get(("material", material)) or CostRow(
            "material", material, item.name or material, item.unit
        )
        found["material", material] = msgspec.structs.replace(
            row, actual_amount=used, actual=cost.total if cost else 0
        )


def _in_base(lots: Iterable[Amounts], unit: str, conversions: Mapping[str, str]) -> int | None:
    """Micros of a base unit; None where a unit has no factor."""
    whole = Fraction(0)
    for amounts in lots:
        for told, value in amounts.items():
            try:
                whole += value * factor(told, unit, conversions)
            except QuantityError:
                return None
    return round(whole)


def _work(
    order: Order, times: OrderTimes, rates: Mapping[str, int], found: _Sums, unknown: set[str]
) -> None:
    """Set-up and run of what ended, at the rate of the work center where it ran."""
    for name, told in times.operations.items():
        seconds = told.setup_seconds + told.run_seconds
        center = _center(order, name)
        if not seconds or not center:
            continue
        if center not in rates:
            unknown.add(center)
        row = found.get(("labour", center)) or CostRow("labour", center, name, SECOND)
        found["labour", center] = msgspec.structs.replace(
            row,
            actual_amount=row.actual_amount + seconds * MICROS_PER_ONE,
            actual=row.actual + seconds * rates.get(center, 0) // HOUR_SECONDS,
        )


def _center(order: Order, operation: str) -> str:
    planned = order.operation(operation)
    if planned is not None:
        return planned.work_center
    starts = (one.work_center for one in order.starts.values() if one.operation == operation)
    return min((center for center in starts if center), default="")
