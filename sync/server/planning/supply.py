"""The home of who wants what and where it comes from: the words of requirements planning (MRP).

Amounts are micros of the material's base unit. A day of need is one on which the thing must lie
there when work begins; the due day of a demand line is the day at whose end it is delivered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

SupplyKind = Literal["stock", "order", "receipt"]
PegKind = Literal["stock", "order", "receipt", "proposal", "purchase"]
Why = Literal["demand", "component", "reorder"]


@dataclass(frozen=True, slots=True)
class Want:
    """A demand line, or with `order` a component that an open order still needs; keys are unique.

    Without a day it comes after all others.
    """

    key: str
    material: str
    micros: int
    due: date | None
    priority: int
    order: str = ""


@dataclass(frozen=True, slots=True)
class Supply:
    """What is there or owed: free stock (its day is today), an open order, a scheduled receipt."""

    kind: SupplyKind
    key: str
    material: str
    micros: int
    day: date


@dataclass(frozen=True, slots=True)
class Proposal:
    """An order to plan: begins on `start` to be done by `due`; `ready` is when it really can be.

    `level` is 0 for what is wanted itself. `wants` are the demand lines and open orders at the root
    of it. The quantity is in lot sizes.
    """

    key: str
    material: str
    micros: int
    start: date
    due: date
    ready: date
    level: int
    wants: tuple[str, ...]
    late: bool
    why: Why


@dataclass(frozen=True, slots=True)
class PurchaseNeed:
    """What to order from a supplier by when, for the orders, demand lines and proposals named.

    `order_by` is `need_by` less the lead time in calendar days; late where that day is gone, then
    `arrives` tells when it is there if it is ordered today.
    """

    key: str
    material: str
    micros: int
    need_by: date
    order_by: date
    arrives: date
    supplier: str
    orders: tuple[str, ...]
    demands: tuple[str, ...]
    proposals: tuple[str, ...]
    late: bool
    why: Why


@dataclass(frozen=True, slots=True)
class Peg:
    """So much of a want comes from there and is there on that day."""

    kind: PegKind
    key: str
    material: str
    micros: int
    day: date


@dataclass(frozen=True, slots=True)
class Requirements:
    """What to make, what to buy, and what every want is covered by.

    `projected` is availability by day if nothing more is ordered or planned: below 0 is when it
    runs out. `problems` name master data that could not be planned with. `parts` are the keys, in
    `pegs`, of what each proposal needs, a proposal behind all that it goes into.
    """

    proposals: tuple[Proposal, ...]
    purchases: tuple[PurchaseNeed, ...]
    projected: Mapping[str, tuple[tuple[date, int], ...]]
    pegs: Mapping[str, tuple[Peg, ...]]
    problems: tuple[str, ...] = ()
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Readiness:
    """When an order's materials are there: from `ready` on, `material` being the last of them.

    `after` are open orders that make some of it; `missing` is what nobody makes or has ordered.
    """

    ready: date | None = None
    material: str = ""
    after: tuple[str, ...] = ()
    missing: tuple[Peg, ...] = ()


@dataclass(slots=True)
class Need:
    """A want on its way through the levels; `roots` and `demands` are at its beginning."""

    key: str
    micros: int
    day: date | None
    priority: int
    by_end: bool
    orders: tuple[str, ...] = ()
    demands: tuple[str, ...] = ()
    proposal: str = ""
    pegs: list[Peg] = field(default_factory=list)

    @property
    def why(self) -> Why:
        return "demand" if self.by_end else "component"
