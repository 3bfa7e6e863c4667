"""The home of what an order's lines need and what was used for them.

Use is kept by the line that the event names. What names none (the order was not known here, or the
line went with a new release) goes to the first line that takes the material: at the operation where
it was used if there is one, else anywhere. So it reconciles itself when the order arrives.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from sync.domain.amounts import Amounts, AmountsBy, add, foreign, merged, total
from sync.domain.events import OrderReleased, ReleasedLine
from sync.domain.quantity import AMOUNT, COUNTED_UNITS, MICROS_PER_ONE, micros

# line → operation → material → lot → unit → micros
Used = dict[str, dict[str, dict[str, AmountsBy]]]

WHOLE = Fraction(100)


@dataclass(frozen=True, slots=True)
class LineState:
    """One line's need and use, in micros of its unit; `lots` are net of returns.

    `waste` is the part of `consumed` that was scrapped: it raises consumption, not over-issue.
    `other` holds what was used in units that have no factor into the line's.
    """

    line: ReleasedLine
    need: int
    consumed: int
    waste: int
    lots: dict[str, int]
    other: Amounts = field(default_factory=dict)

    @property
    def issued(self) -> int:
        """What counts against the need: consumption less waste."""
        return self.consumed - self.waste

    @property
    def remaining(self) -> int:
        return max(0, self.need - self.issued)

    @property
    def tolerated(self) -> int:
        """The most that is no deviation: need and tolerance."""
        return self.need + percent_of(self.need, percent(self.line.tolerance_percent))

    @property
    def limit(self) -> int:
        """The most that an operator may confirm alone: a percentage of the need."""
        return percent_of(self.need, percent(self.line.limit_percent, WHOLE))


def percent(text: str, otherwise: Fraction = Fraction(0)) -> Fraction:
    """A percentage from decimal text; `otherwise` where it is not a number of 0 or more."""
    if not AMOUNT.match(text) or text.startswith("-"):
        return otherwise
    return Fraction(micros(text), MICROS_PER_ONE)


def percent_of(value: int, percentage: Fraction) -> int:
    """So many percent of an amount, cut to 10⁻⁶."""
    return math.floor(value * percentage / 100)


def whole_up(value: Fraction, unit: str) -> int:
    """Micros rounded up: to 10⁻⁶, and to a whole one where the unit is counted."""
    if unit in COUNTED_UNITS:
        return math.ceil(value / MICROS_PER_ONE) * MICROS_PER_ONE
    return math.ceil(value)


def home_of(release: OrderReleased, line: ReleasedLine) -> str:
    """The operation that a line belongs to: its own, else the first of the routing."""
    names = [operation.operation for operation in release.operations]
    if line.operation in names or not names:
        return line.operation
    return names[0]


def taker(release: OrderReleased, material: str, operation: str) -> ReleasedLine | None:
    """The line that takes a material used without naming one."""
    takers = [line for line in release.lines if takes(line, material)]
    here = (line for line in takers if home_of(release, line) == operation)
    return next(here, takers[0] if takers else None)


def takes(line: ReleasedLine, material: str) -> bool:
    """Whether the line is for this material or allows it as a substitute."""
    return line.material == material or material in line.substitutes


def use_of(release: OrderReleased, line: ReleasedLine, used: Used) -> AmountsBy:
    """Lot → amounts used for one line."""
    lots: AmountsBy = {}
    named = {one.line for one in release.lines if one.line}
    for name, operations in used.items():
        if name == line.line and name in named:
            _gather(lots, (m for materials in operations.values() for m in materials.values()))
        elif name not in named:
            _gather(lots, _unnamed(release, line, operations))
    return lots


def line_state(
    release: OrderReleased, line: ReleasedLine, need: int, used: Used, wasted: Used
) -> LineState:
    """The state of one line."""
    unit, factors = line.quantity.unit, line.conversions
    lots = use_of(release, line, used)
    waste = use_of(release, line, wasted)
    whole: Amounts = {}
    for amounts in lots.values():
        merged(whole, amounts)
    return LineState(
        line,
        need,
        total(whole, unit, factors),
        sum(total(amounts, unit, factors) for amounts in waste.values()),
        {lot: total(amounts, unit, factors) for lot, amounts in sorted(lots.items())},
        foreign(whole, unit, factors),
    )


def _unnamed(
    release: OrderReleased, line: ReleasedLine, operations: dict[str, dict[str, AmountsBy]]
) -> Iterable[AmountsBy]:
    for operation, materials in operations.items():
        for material, lots in materials.items():
            if taker(release, material, operation) is line:
                yield lots


def _gather(into: AmountsBy, sources: Iterable[AmountsBy]) -> None:
    for lots in sources:
        for lot, amounts in lots.items():
            for unit, value in amounts.items():
                add(into, value, lot, unit)
