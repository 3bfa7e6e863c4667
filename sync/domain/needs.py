"""The home of what an order's lines need and what was used for them.

Use is kept by the line that the event names. What names none (the order was not known here, or the
line went with a new release) goes to the first line that takes the material: at the operation where
it was used if there is one, else anywhere. So it reconciles itself when the order arrives.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Final

from sync.domain.amounts import Amounts, AmountsBy, foreign, merged, micros_of, total
from sync.domain.events import OrderHeader, OrderReleased, ReleasedLine
from sync.domain.quantity import AMOUNT, COUNTED_UNITS, MICROS_PER_ONE, micros

# line → operation → material → lot → unit → micros
Used = dict[str, dict[str, dict[str, AmountsBy]]]

WHOLE = Fraction(100)
PERCENTAGES_KEPT_MAX: Final = 256


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
        return tolerated(self.line, self.need)

    @property
    def limit(self) -> int:
        """The most that an operator may confirm alone: a percentage of the need."""
        return limit(self.line, self.need)


@dataclass(frozen=True, slots=True)
class LineNeed:
    """What the plan says of one line: micros of its unit, and the operation it belongs to.

    `rank` counts the lines of the release from 0.
    """

    rank: int
    line: ReleasedLine
    home: str
    need: int
    tolerated: int
    limit: int


@dataclass(frozen=True, slots=True)
class Needs:
    """What follows from a release and the header in force, derived once for all questions."""

    release: OrderReleased
    header: OrderHeader
    scale: Fraction  # how much of the released quantity is planned now
    lines: tuple[LineNeed, ...]
    at: dict[str, tuple[LineNeed, ...]]  # operation
    named: dict[str, LineNeed]  # line number
    distinct: bool  # no two lines have one number


class Sums:
    """Consumption and waste of each line, kept while events add up; equal to a sum made afresh.

    What was used in another unit, or names no line, is not added but made afresh when asked for.
    """

    __slots__ = ("_by_rank", "needs")

    def __init__(self, needs: Needs) -> None:
        self.needs = needs
        self._by_rank: dict[int, tuple[int, int]] = {}

    def of(self, line: LineNeed, used: Used, wasted: Used) -> tuple[int, int]:
        """(consumption, waste) of a line, in micros of its unit."""
        known = self._by_rank.get(line.rank)
        if known is None:
            told = _consumed(self.needs, line.line, used), _wasted(self.needs, line.line, wasted)
            known = self._by_rank[line.rank] = told
        return known

    def add(self, name: str, unit: str, micros: int, *, torn: bool) -> None:
        """So much was used for the line of this number, or less than before."""
        line = self.needs.named.get(name)
        if line is None or line.line.quantity.unit != unit or not self.needs.distinct:
            self._by_rank.clear()
        elif line.rank in self._by_rank:
            consumed, waste = self._by_rank[line.rank]
            self._by_rank[line.rank] = consumed + micros, waste + micros if torn else waste


def needs_of(release: OrderReleased, header: OrderHeader) -> Needs:
    """The needs of a release for the quantity that the header plans."""
    scale = _scale(release, header)
    lines = tuple(_line_need(release, n, line, scale) for n, line in enumerate(release.lines))
    homes = dict.fromkeys(one.home for one in lines)
    at = {home: tuple(one for one in lines if one.home == home) for home in homes}
    named = {one.line.line: one for one in lines if one.line.line}
    distinct = len(named) == sum(1 for one in lines if one.line.line)
    return Needs(release, header, scale, lines, at, named, distinct)


def need_for(needs: Needs, line: ReleasedLine, good: int) -> int:
    """A line's need for so much good output (micros of the order's unit), rounded up."""
    planned = micros_of(needs.header.quantity)
    if not planned:
        return _need(line, needs.scale)
    over = micros_of(line.quantity) * needs.scale.numerator * good
    return _whole_up(over, needs.scale.denominator * planned, line.quantity.unit)


def tolerated(line: ReleasedLine, need: int) -> int:
    """The most that is no deviation: need and tolerance."""
    return need + percent_of(need, percent(line.tolerance_percent))


def limit(line: ReleasedLine, need: int) -> int:
    """The most that an operator may confirm alone: a percentage of the need."""
    return percent_of(need, percent(line.limit_percent, WHOLE))


def percent(text: str, otherwise: Fraction = Fraction(0)) -> Fraction:
    """A percentage from decimal text; `otherwise` where it is not a number of 0 or more."""
    told = _percent_told(text)
    return otherwise if told is None else told


def percent_of(value: int, percentage: Fraction) -> int:
    """So many percent of an amount, cut to 10⁻⁶."""
    return value * percentage.numerator // (percentage.denominator * 100)


@lru_cache(PERCENTAGES_KEPT_MAX)
def _percent_told(text: str) -> Fraction | None:
    if not AMOUNT.match(text) or text.startswith("-"):
        return None
    return Fraction(micros(text), MICROS_PER_ONE)


def _whole_up(over: int, under: int, unit: str) -> int:
    """Micros `over` / `under`, rounded up: to 10⁻⁶, and to a whole one of a counted unit."""
    if unit in COUNTED_UNITS:
        return -(-over // (under * MICROS_PER_ONE)) * MICROS_PER_ONE
    return -(-over // under)


def _scale(release: OrderReleased, header: OrderHeader) -> Fraction:
    released, planned = release.quantity, header.quantity
    now = total({planned.unit: planned.micros}, released.unit)
    return Fraction(now, released.micros) if now and released.micros else Fraction(1)


def _line_need(release: OrderReleased, rank: int, line: ReleasedLine, scale: Fraction) -> LineNeed:
    need, home = _need(line, scale), home_of(release, line)
    return LineNeed(rank, line, home, need, tolerated(line, need), limit(line, need))


def _need(line: ReleasedLine, scale: Fraction) -> int:
    unit = line.quantity.unit
    return _whole_up(micros_of(line.quantity) * scale.numerator, scale.denominator, unit)


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


def _consumed(needs: Needs, line: ReleasedLine, used: Used) -> int:
    """What was used for one line, in micros of its unit."""
    whole: Amounts = {}
    for lots in _uses(needs, line, used):
        for amounts in lots.values():
            for unit, value in amounts.items():
                whole[unit] = whole.get(unit, 0) + value
    return total(whole, line.quantity.unit, line.conversions)


def _wasted(needs: Needs, line: ReleasedLine, wasted: Used) -> int:
    """What was scrapped of what was used for one line, in micros of its unit."""
    unit, factors = line.quantity.unit, line.conversions
    lots = _by_lot(needs, line, wasted) if wasted else {}
    return sum(total(amounts, unit, factors) for amounts in lots.values())


def line_state(needs: Needs, line: LineNeed, used: Used, wasted: Used) -> LineState:
    """The state of one line."""
    unit, factors = line.line.quantity.unit, line.line.conversions
    lots = _by_lot(needs, line.line, used)
    whole: Amounts = {}
    for amounts in lots.values():
        merged(whole, amounts)
    return LineState(
        line.line,
        line.need,
        total(whole, unit, factors),
        _wasted(needs, line.line, wasted),
        {lot: total(lots[lot], unit, factors) for lot in sorted(lots)},
        foreign(whole, unit, factors),
    )


def _uses(needs: Needs, line: ReleasedLine, used: Used) -> Iterator[AmountsBy]:
    """Lot → amounts wherever something was used for one line."""
    for name, operations in used.items():
        if name not in needs.named:
            yield from _unnamed(needs.release, line, operations)
        elif name == line.line:
            for materials in operations.values():
                yield from materials.values()


def _unnamed(
    release: OrderReleased, line: ReleasedLine, operations: dict[str, dict[str, AmountsBy]]
) -> Iterator[AmountsBy]:
    for operation, materials in operations.items():
        for material, lots in materials.items():
            if taker(release, material, operation) is line:
                yield lots


def _by_lot(needs: Needs, line: ReleasedLine, used: Used) -> AmountsBy:
    """Lot → amounts used for one line, without what adds up to nothing."""
    found: AmountsBy = {}
    for lots in _uses(needs, line, used):
        for lot, amounts in lots.items():
            merged(found.setdefault(lot, {}), amounts)
    return {lot: amounts for lot, amounts in found.items() if amounts}
