"""The home of requirements planning (MRP): what to make, what to buy, by when, and for whom.

Materials are netted level by level, each after all that it goes into. A proposal's components are
needed on the day that it begins; a component that is made is done on the working day before. What
comes out beside an open order is a supply; beside a proposal it is not counted on.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from sync.domain.quantity import QuantityError, of_micros
from sync.server.planning.calendar import Capacity
from sync.server.planning.explosion import Book, need_of
from sync.server.planning.lead import Leads, in_base
from sync.server.planning.netting import Item, New, below_reorder_point, net, projected
from sync.server.planning.supply import (
    Need,
    Peg,
    Proposal,
    PurchaseNeed,
    Readiness,
    Requirements,
    Supply,
    SupplyKind,
    Want,
    Why,
)

__all__ = [
    "Peg",
    "Proposal",
    "PurchaseNeed",
    "Readiness",
    "Requirements",
    "Supply",
    "SupplyKind",
    "Want",
    "Why",
    "readiness",
    "requirements",
]
_PAST_MAX: Final = timedelta(days=3_660)
_AHEAD_MAX: Final = timedelta(days=36_600)


def requirements(
    wants: Sequence[Want],
    supplies: Sequence[Supply],
    book: Book,
    today: date,
    capacities: Mapping[str, Capacity] | None = None,
) -> Requirements:
    """What covers every want, and what is to be made and bought so that it does.

    Wants are demand lines and what open orders still need; what they make is a supply.
    """
    return _Planning(wants, supplies, book, today, capacities or {}).planned()


def readiness(found: Requirements, wants: Iterable[Want], today: date) -> dict[str, Readiness]:
    """When the materials of each open order are there, for every order among the wants."""
    by_order: dict[str, list[Peg]] = {}
    for want in wants:
        if want.order:
            by_order.setdefault(want.order, []).extend(found.pegs.get(want.key, ()))
    return {order: _ready(pegs, today) for order, pegs in by_order.items()}


def _ready(pegs: Sequence[Peg], today: date) -> Readiness:
    dated = [peg for peg in pegs if peg.kind not in {"stock", "order"} and peg.day > today]
    last = max(dated, key=lambda peg: peg.day, default=None)
    return Readiness(
        last.day if last is not None else None,
        last.material if last is not None else "",
        tuple(sorted({peg.key for peg in pegs if peg.kind == "order"})),
        tuple(peg for peg in pegs if peg.kind in {"proposal", "purchase"}),
    )


class _Planning:
    """Requirements on their way down the levels, and back up with what is late."""

    def __init__(
        self,
        wants: Sequence[Want],
        supplies: Sequence[Supply],
        book: Book,
        today: date,
        capacities: Mapping[str, Capacity],
    ) -> None:
        self.book = book
        self.today = today
        self.leads = Leads(book, capacities)
        self.supplies: dict[str, list[Supply]] = {}
        self.needs: dict[str, list[Need]] = {}
        self.proposals: dict[str, Proposal] = {}
        self.purchases: dict[str, PurchaseNeed] = {}
        self.parts: dict[str, list[Need]] = {}
        self.projected: dict[str, tuple[tuple[date, int], ...]] = {}
        self.problems: dict[str, None] = {}
        self.levels: dict[str, int] = {}
        self.undated: set[str] = set()
        for supply in supplies:
            self.supplies.setdefault(supply.material, []).append(supply)
        for want in wants:
            self.needs.setdefault(want.material, []).append(_need(want, today))

    def planned(self) -> Requirements:
        for material in self._downward():
            self._material(material)
        for proposal in reversed(list(self.proposals.values())):
            self._settle(proposal)
        pegs = {
            need.key: tuple(self._dated(peg, need) for peg in need.pegs)
            for needs in self.needs.values()
            for need in needs
        }
        return Requirements(
            tuple(sorted(self.proposals.values(), key=lambda one: (one.due, one.level, one.key))),
            tuple(sorted(self.purchases.values(), key=lambda one: (one.order_by, one.key))),
            self.projected,
            pegs,
            tuple(self.problems),
            {key: tuple(need.key for need in parts) for key, parts in self.parts.items()},
        )

    def _downward(self) -> list[str]:
        """Each material after all that it goes into, as far as anything is wanted of it."""
        reorder = (
            name for name, one in self.book.materials.items() if one.reorder_point is not None
        )
        done: dict[str, None] = {}
        entered: set[str] = set()
        for start in sorted({*self.needs, *self.supplies, *reorder}):
            trail = [(start, iter(self._components(start)))] if start not in entered else []
            entered.add(start)
            while trail:
                inner = next((one for one in trail[-1][1] if one not in entered), None)
                if inner is None:
                    done[trail.pop()[0]] = None
                else:
                    entered.add(inner)
                    trail.append((inner, iter(self._components(inner))))
        return list(reversed(done))

    def _components(self, material: str) -> list[str]:
        bom = self.book.boms.get(material)
        return [line.material for line in bom.lines] if bom is not None else []

    def _material(self, material: str) -> None:
        item = self._item(material)
        needs, supplies = self.needs.get(material, []), self.supplies.get(material, [])
        if not (needs or supplies or item.reorder):
            return
        found = net(item, needs, supplies, self.leads, self.today)
        by_day = projected(needs, supplies, self.today)
        self.projected[material] = by_day
        for new in found:
            self._add(item, new)
        below = below_reorder_point(item, by_day, sum(new.micros for new in found))
        if below is not None:
            self._reorder(item, *below)

    def _item(self, material: str) -> Item:
        known = self.book.materials.get(material)
        made = self.leads.is_made(material)
        if known is None:
            self._problem(f"material {material} is not defined: import or define it")
            return Item(material, made)
        try:
            lot = max(0, in_base(known.lot_size, known))
            return Item(material, made, lot, max(0, in_base(known.reorder_point, known)))
        except QuantityError as fault:
            self._problem(f"material {material}, lot size or reorder point: {fault}")
            return Item(material, made)

    def _add(self, item: Item, new: New) -> None:
        if not item.made:
            self._purchase(item, new, self.today)
            return
        due = new.day
        if due is not None and not new.by_end:
            due = self.leads.working_day_before(due)
        start = self.leads.start(item.material, new.micros, due) if due else self.today
        self._propose(item, new, start, due)

    def _reorder(self, item: Item, day: date, micros: int) -> None:
        """Ordered on the day on which too little is left; there a lead time later."""
        new = New(f"{item.material} reorder", None, by_end=False, why="reorder", micros=micros)
        if item.made:
            self._propose(item, new, day, None)
        else:
            self._purchase(item, new, day)

    def _purchase(self, item: Item, new: New, first: date) -> None:
        known = self.book.materials.get(item.material)
        lead = self.leads.bought(item.material)
        need_by = new.day or first + lead
        order_by = need_by - lead
        self.purchases[new.key] = PurchaseNeed(
            new.key,
            item.material,
            new.micros,
            need_by,
            order_by,
            max(order_by, self.today) + lead,
            known.supplier if known is not None else "",
            _together(need.orders for need in new.needs),
            _together(need.demands for need in new.needs),
            _together((need.proposal,) for need in new.needs if need.proposal),
            order_by < self.today,
            new.why,
        )

    def _propose(self, item: Item, new: New, start: date, due: date | None) -> None:
        begin = max(start, self.today)
        ready = self.leads.end(item.material, new.micros, begin)
        if due is not None and start >= self.today:
            ready = min(ready, due)
        orders = _together(need.orders for need in new.needs)
        demands = _together(need.demands for need in new.needs)
        level = self.levels.get(item.material, 0)
        proposal = Proposal(
            new.key,
            item.material,
            new.micros,
            begin,
            due or ready,
            ready,
            level,
            (*demands, *orders),
            due is not None and ready > due,
            new.why,
        )
        self.proposals[new.key] = proposal
        if due is None:
            self.undated.add(new.key)
        self.parts[new.key] = list(self._exploded(proposal, orders, demands, new))

    def _exploded(
        self, made: Proposal, orders: tuple[str, ...], demands: tuple[str, ...], new: New
    ) -> Iterator[Need]:
        priority = min((need.priority for need in new.needs), default=0)
        for n, (material, micros) in enumerate(self._taken_by(made), 1):
            key = f"{made.key} / {n} {material}"
            need = Need(
                key, micros, made.start, priority, by_end=False, orders=orders, demands=demands,
                proposal=made.key,
            )  # fmt: skip
            self.needs.setdefault(material, []).append(need)
            self.levels[material] = max(self.levels.get(material, 0), made.level + 1)
            yield need

    def _taken_by(self, made: Proposal) -> Iterator[tuple[str, int]]:
        bom = self.book.boms.get(made.material)
        output = self.book.materials.get(made.material)
        if bom is None or output is None:
            return
        try:
            planned = of_micros(made.micros, output.unit)
        except QuantityError as fault:
            self._problem(f"material {made.material}, quantity of its order: {fault}")
            return
        for line in bom.lines:
            if line.material not in self.book.materials:
                self._problem(f"material {line.material} is not defined: import or define it")
                continue
            try:
                yield line.material, need_of(line, bom, planned, self.book)
            except QuantityError as fault:
                self._problem(f"BOM of {made.material}, component {line.material}: {fault}")

    def _settle(self, made: Proposal) -> None:
        """Later where its components are: they stand behind it and are settled already."""
        there = [self._dated(peg, need).day for need in self.parts[made.key] for peg in need.pegs]
        begin = max([made.start, *there])
        if begin > made.start:
            ready = max(made.ready, self.leads.end(made.material, made.micros, begin))
            due = ready if made.key in self.undated else made.due
            values = (made.key, made.material, made.micros, made.start, due, ready)
            late = ready > due
            self.proposals[made.key] = Proposal(*values, made.level, made.wants, late, made.why)

    def _dated(self, peg: Peg, need: Need) -> Peg:
        """With the day on which it is there: a component that is made, the working day after."""
        day = peg.day
        if peg.kind == "proposal":
            ready = self.proposals[peg.key].ready
            day = ready if need.by_end else self.leads.working_day_after(ready)
        elif peg.kind == "purchase":
            bought = self.purchases[peg.key]
            day = bought.arrives if bought.late else bought.need_by
        return Peg(peg.kind, peg.key, peg.material, peg.micros, day)

    def _problem(self, text: str) -> None:
        self.problems[text] = None


def _need(want: Want, today: date) -> Need:
    orders, demands = ((want.order,), ()) if want.order else ((), (want.key,))
    day = want.due
    if day is not None:
        day = min(max(day, today - _PAST_MAX), today + _AHEAD_MAX)
    own = (want.key, want.micros, day, want.priority)
    return Need(*own, by_end=not want.order, orders=orders, demands=demands)


def _together(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({one for group in groups for one in group}))
