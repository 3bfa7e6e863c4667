"""The home of netting: one material's needs against its supplies, and what is to be had beside.

Needs are served by day, then priority, then name. Each takes what is there on its day, the earliest
first. What is made and comes later is waited for: it can be hurried. A receipt that comes later
counts where nothing bought today could come sooner. What is still lacking is made or bought anew,
in lot sizes, one for each day; what a lot size gives too much serves later needs. Nothing that an
order makes, by-products say, serves that order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from sync.server.planning.lead import Leads
from sync.server.planning.supply import Need, Peg, PegKind, Supply, Why


@dataclass(slots=True)
class New:
    """What is to be made or bought: `day` is the day of need, None for as soon as it can be."""

    key: str
    day: date | None
    by_end: bool
    why: Why
    micros: int = 0
    needs: list[Need] = field(default_factory=list)


@dataclass(slots=True)
class _Source:
    """What is left of a supply; `day` None is there when the need is."""

    kind: PegKind
    key: str
    day: date
    left: int


@dataclass(frozen=True, slots=True)
class Item:
    """What netting asks of a material: lot size and reorder point in micros, 0 for none."""

    material: str
    made: bool
    lot: int = 0
    reorder: int = 0


def net(
    item: Item, needs: Sequence[Need], supplies: Iterable[Supply], leads: Leads, today: date
) -> list[New]:
    """What is to be had beside the supplies; each need gets its pegs."""
    sources = [_Source(one.kind, one.key, one.day, one.micros) for one in _by_day(supplies)]
    soonest = date.max if item.made else today + leads.bought(item.material)
    found: list[New] = []
    surplus = 0
    for need in sorted(needs, key=_served):
        by = max(soonest, need.day) if need.day is not None else date.max
        left = _taken(item, need, sources, by)
        if not left:
            continue
        if found and (used := min(left, surplus)):
            surplus -= used
            left -= used
            _pegged(item, need, found[-1], used)
        if left:
            new = _new_for(item, need, found)
            more = -(-left // item.lot) * item.lot if item.lot else left
            new.micros += more
            surplus += more - left
            _pegged(item, need, new, left)
    return found


def projected(
    needs: Iterable[Need], supplies: Iterable[Supply], today: date
) -> tuple[tuple[date, int], ...]:
    """Availability at the end of each day on which it changes; undated needs on the last one."""
    changes: dict[date, int] = {today: 0}
    undated = 0
    for supply in supplies:
        day = max(today, supply.day)
        changes[day] = changes.get(day, 0) + supply.micros
    for need in needs:
        if need.day is None:
            undated += need.micros
        else:
            day = max(today, need.day)
            changes[day] = changes.get(day, 0) - need.micros
    changes[max(changes)] -= undated
    balance = 0
    found = []
    for day in sorted(changes):
        balance += changes[day]
        found.append((day, balance))
    return tuple(found)


def below_reorder_point(
    item: Item, by_day: Sequence[tuple[date, int]], coming: int
) -> tuple[date, int] | None:
    """The day from which on less than the reorder point is left, and how much to order then.

    `coming` is what is to be had for needs already: it is counted as there.
    """
    if not item.reorder or by_day[-1][1] + coming >= item.reorder:
        return None
    first = by_day[-1][0]
    for day, balance in reversed(by_day):
        if balance + coming >= item.reorder:
            break
        first = day
    lacking = item.reorder - by_day[-1][1] - coming
    return first, -(-lacking // item.lot) * item.lot if item.lot else lacking


def _by_day(supplies: Iterable[Supply]) -> list[Supply]:
    return sorted(supplies, key=lambda one: (one.day, one.kind != "stock", one.key))


def _served(need: Need) -> tuple[date, int, str]:
    return need.day or date.max, need.priority, need.key


def _taken(item: Item, need: Need, sources: list[_Source], by: date) -> int:
    """Take for a need what is there by then; what is lacking still."""
    left = need.micros
    for source in sources:
        if not left or source.day > by:
            break
        if source.kind == "order" and source.key in need.orders:
            continue  # what comes out of an order is not there for it to begin with
        used = min(left, source.left)
        if used:
            source.left -= used
            left -= used
            need.pegs.append(Peg(source.kind, source.key, item.material, used, source.day))
    while sources and not sources[0].left:
        del sources[0]
    return left


def _new_for(item: Item, need: Need, found: list[New]) -> New:
    """That of the same day of need, or a new one."""
    if found and (found[-1].day, found[-1].by_end) == (need.day, need.by_end):
        return found[-1]
    number = sum(1 for one in found if one.day == need.day)
    key = f"{item.material} {need.day or '-'}{f' {number + 1}' if number else ''}"
    found.append(New(key, need.day, need.by_end, need.why))
    return found[-1]


def _pegged(item: Item, need: Need, new: New, micros: int) -> None:
    kind: PegKind = "proposal" if item.made else "purchase"
    need.pegs.append(Peg(kind, new.key, item.material, micros, need.day or date.max))
    new.needs.append(need)
