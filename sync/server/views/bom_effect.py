"""What a new BOM changes once it is saved: every open order that reaches it, through all levels.

An order keeps the components that it was released with. A planned one takes the BOM that holds on
the day that it begins. What is above is told with its cost, what is below with needs and shortages
of the whole plan, proposals included, as if the new BOM held already.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sync.domain.events import BomDefined
from sync.domain.quantity import Quantity, of_micros
from sync.server.planning.costing import Cost, is_made, roll_up, totals
from sync.server.planning.explosion import Book
from sync.server.planning.supply import PurchaseNeed, Requirements
from sync.server.views.books import Masters
from sync.server.views.jobs import OpenOrder, replanned
from sync.server.views.plan import PlanView, required

ByDay = Sequence[tuple[date, int]]


@dataclass(frozen=True, slots=True)
class Change:
    """A need before and after, in micros of the component's base unit."""

    material: str
    name: str
    unit: str
    before: int
    after: int

    @property
    def more(self) -> int:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class OrderEffect:
    """An open order and its planned cost before and after; what has no price counts nothing.

    `changes` are of its own components: only of a planned order of the material itself.
    """

    order: str
    status: str
    material: str
    quantity: Quantity
    start: str
    due: str
    before: int
    after: int
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Shortage:
    """What runs out, or lacks more, with the new BOM: so much from that day on if nobody acts.

    `purchase` is the first that is to be ordered of it then, None of what is made here.
    """

    material: str
    name: str
    unit: str
    day: date
    before: int
    after: int
    purchase: PurchaseNeed | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a new BOM changes.

    `orders` are planned and take it; `above` reach it through what it goes into, `demands` through
    proposals; `keeping` were released and keep theirs, `before_day` begin before it holds.
    """

    orders: tuple[OrderEffect, ...]
    above: tuple[OrderEffect, ...]
    demands: tuple[str, ...]
    keeping: tuple[OpenOrder, ...]
    before_day: tuple[OpenOrder, ...]
    changes: tuple[Change, ...]
    shortages: tuple[Shortage, ...]
    unit_before: Cost
    unit_after: Cost

    @property
    def more(self) -> int:
        """What the planned orders of it cost more, below 0 where less."""
        return sum(one.after - one.before for one in self.orders)


def effect(known: Masters, made: BomDefined, plan: PlanView) -> Effect:
    """The plan with the BOM against the plan as it is; pure."""
    today = plan.today
    old, new = plan.known.book, with_bom(plan.known.book, made)
    own = [one for one in plan.orders.values() if one.material == made.material]
    planned = [one for one in own if not one.is_frozen]
    taking = [one for one in planned if _begins(one, today) >= made.valid_from]
    later = {one.order: replanned(one, with_bom(known.book(_day(one, today)), made))
             for one in taking}  # fmt: skip
    below = _below(made.material, old, new, *(known.book(_day(one, today)) for one in taking))
    wanted = required(plan, new, later, below)
    above, demands = _above(known, made.material, plan)
    costs = [totals(book, known.rates) for book in (old, new)]
    first = known.book(date.fromisoformat(max(today.isoformat(), made.valid_from)))
    units = [
        roll_up(made.material, made.quantity, book, known.rates)
        for book in (first, with_bom(first, made))
    ]

    def told(one: OpenOrder, changes: tuple[Change, ...] = ()) -> OrderEffect:
        quantity = of_micros(one.planned, one.unit)
        before, after = (cost(one.material, quantity) for cost in costs)
        start, due = (day.isoformat() if day else "" for day in (one.start, one.due))
        own = (one.order, one.status, one.material, quantity, start, due)
        return OrderEffect(*own, before, after, changes)

    return Effect(
        tuple(told(one, _own_changes(one, later[one.order], known)) for one in taking),
        tuple(told(one) for one in above),
        demands,
        tuple(one for one in own if one.is_frozen),
        tuple(one for one in planned if one.order not in later),
        tuple(_changes(plan, wanted, below, known)),
        tuple(_shortages(plan, wanted, known, new)),
        *units,
    )


def with_bom(book: Book, made: BomDefined) -> Book:
    """The book with one BOM in the place of what stands; without one where it is not active."""
    boms = {key: one for key, one in book.boms.items() if key != made.material}
    if made.active:
        boms[made.material] = made
    return Book(book.materials, boms, book.routings)


def _day(order: OpenOrder, today: date) -> date:
    return max(today, order.start or today)


def _begins(order: OpenOrder, today: date) -> str:
    return _day(order, today).isoformat()


def _below(material: str, *books: Book) -> set[str]:
    """The material and all that goes into it, at whatever level, by any of the books."""
    found = {material}
    waiting = [material]
    while waiting:
        key = waiting.pop()
        boms = [bom for book in books if (bom := book.boms.get(key)) is not None]
        parts = {line.material for bom in boms for line in bom.lines} - found
        found |= parts
        waiting += parts
    return found


def _above(
    known: Masters, material: str, plan: PlanView
) -> tuple[list[OpenOrder], tuple[str, ...]]:
    """Open orders of what it goes into, at whatever level, or for which some of it is to be had."""
    over, wanted = _reaching(known, material), plan.requirements
    roots = {key for one in wanted.proposals if one.material == material for key in one.wants}
    for one in wanted.purchases:
        if one.material == material:
            roots |= {*one.orders, *one.demands}
    above = [
        one
        for one in plan.orders.values()
        if one.material != material and (one.material in over or one.order in roots)
    ]
    return above, tuple(sorted(key for key in roots if key not in plan.orders))


def _reaching(known: Masters, material: str) -> set[str]:
    """All that a material goes into, through every level of the BOMs that may hold."""
    into: dict[str, set[str]] = {}
    for several in known.dated.values():
        for bom in (one for one in several if one.active):
            for line in bom.lines:
                into.setdefault(line.material, set()).add(bom.material)
    found: set[str] = set()
    waiting = [material]
    while waiting:
        above = into.get(waiting.pop(), set()) - found
        found |= above
        waiting += above
    return found - {material}


def _own_changes(before: OpenOrder, after: OpenOrder, known: Masters) -> tuple[Change, ...]:
    sides = [_summed((part.material, part.micros) for part in one.parts) for one in (before, after)]
    return tuple(_differing(sides[0], sides[1], known))


def _changes(
    plan: PlanView, wanted: Requirements, below: set[str], known: Masters
) -> Iterable[Change]:
    """Needs of all open orders, demand and proposals: what is there and comes less what is left."""
    there = _summed((one.material, one.micros) for one in plan.supplies)
    sides = [
        {
            key: there.get(key, 0) - by_day[-1][1]
            for key, by_day in found.projected.items()
            if key in below
        }
        for found in (plan.requirements, wanted)
    ]
    return _differing(sides[0], sides[1], known)


def _differing(
    before: Mapping[str, int], after: Mapping[str, int], known: Masters
) -> Iterable[Change]:
    for key in sorted({*before, *after}):
        item = known.materials.get(key)
        one, other = before.get(key, 0), after.get(key, 0)
        if one != other and item is not None:
            yield Change(key, item.name, item.unit, one, other)


def _summed(amounts: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for key, amount in amounts:
        found[key] = found.get(key, 0) + amount
    return found


def _shortages(
    plan: PlanView, wanted: Requirements, known: Masters, new: Book
) -> Iterable[Shortage]:
    """Materials that run out only now, or lack more than before, the soonest first."""
    first: dict[str, PurchaseNeed] = {}
    for purchase in wanted.purchases:
        first.setdefault(purchase.material, purchase)
    found = []
    for key, by_day in wanted.projected.items():
        lacking, day = _lacking(by_day)
        before, _ = _lacking(plan.requirements.projected.get(key, ()))
        item = known.materials.get(key)
        if day is not None and lacking > before and item is not None:
            buy = None if is_made(key, new) else first.get(key)
            found.append(Shortage(key, item.name, item.unit, day, before, lacking, buy))
    return sorted(found, key=lambda one: (one.day, one.material))


def _lacking(by_day: ByDay) -> tuple[int, date | None]:
    """How much is missing at the worst, and from which day on anything is."""
    worst = -min((balance for _, balance in by_day), default=0)
    return max(0, worst), next((day for day, balance in by_day if balance < 0), None)
