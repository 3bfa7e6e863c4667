"""The home of what work adds up to: amounts by unit, times, and the key figures of ISO 22400-2.

All are whole numbers (micros, milliseconds), so that what was added can be taken out again exactly.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, TypeVar


class Share(NamedTuple):
    """What one report, or one piece of work, adds to a shift of a day at a work center.

    Micros of `unit`; milliseconds. `planned_ms` is the planned run time of all that was produced,
    `planned_good_ms` of what was good.
    """

    day: date
    center: str
    shift: str
    unit: str = ""
    good: int = 0
    scrap: int = 0
    reason: str = ""
    planned_ms: int = 0
    planned_good_ms: int = 0
    run_ms: int = 0
    setup_ms: int = 0
    stopped_ms: int = 0


@dataclass(slots=True)
class Amount:
    """Micros of one unit."""

    good: int = 0
    scrap: int = 0

    @property
    def produced(self) -> int:
        """PQ: good and scrap."""
        return self.good + self.scrap

    @property
    def quality(self) -> float | None:
        """GQ / PQ."""
        return self.good / self.produced if self.produced > 0 else None


@dataclass(slots=True)
class Sums:
    """Amounts by unit; milliseconds planned, worked (run, set-up), stopped, and open (PBT)."""

    amounts: dict[str, Amount] = field(default_factory=dict)
    planned_ms: int = 0
    planned_good_ms: int = 0
    run_ms: int = 0
    setup_ms: int = 0
    stopped_ms: int = 0
    open_ms: int = 0

    def add(self, share: Share, sign: int = 1) -> None:
        """Add a share, or with `sign` -1 take it out again."""
        if share.good or share.scrap:
            self._amount(share.unit, sign * share.good, sign * share.scrap)
        self.planned_ms += sign * share.planned_ms
        self.planned_good_ms += sign * share.planned_good_ms
        self.run_ms += sign * share.run_ms
        self.setup_ms += sign * share.setup_ms
        self.stopped_ms += sign * share.stopped_ms

    def join(self, other: "Sums") -> None:
        """Add all of another."""
        for unit, amount in other.amounts.items():
            self._amount(unit, amount.good, amount.scrap)
        self.planned_ms += other.planned_ms
        self.planned_good_ms += other.planned_good_ms
        self.run_ms += other.run_ms
        self.setup_ms += other.setup_ms
        self.stopped_ms += other.stopped_ms
        self.open_ms += other.open_ms

    def _amount(self, unit: str, good: int, scrap: int) -> None:
        amount = self.amounts.get(unit)
        if amount is None:
            amount = self.amounts[unit] = Amount()
        amount.good += good
        amount.scrap += scrap
        if not amount.good and not amount.scrap:
            del self.amounts[unit]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left in it."""
        times = (self.planned_ms, self.run_ms, self.setup_ms, self.stopped_ms, self.open_ms)
        return not self.amounts and not any(times)

    @property
    def scrapped(self) -> bool:
        return any(amount.scrap > 0 for amount in self.amounts.values())

    @property
    def quality(self) -> float | None:
        """Quality ratio (ISO 22400-2): GQ / PQ, good of produced quantity.

        Of several units: Σ(PRI x GQ) / Σ(PRI x PQ), each weighted by its planned run time.
        """
        if len(self.amounts) == 1:
            return next(iter(self.amounts.values())).quality
        return self.planned_good_ms / self.planned_ms if self.planned_ms > 0 else None

    @property
    def availability(self) -> float | None:
        """Availability (ISO 22400-2): APT / PBT, actual production time of planned busy time.

        APT is the run without set-up, pauses and stops of the order.
        """
        return self.run_ms / self.open_ms if self.open_ms > 0 else None

    @property
    def effectiveness(self) -> float | None:
        """Effectiveness (ISO 22400-2): PRI x PQ / APT, planned run time of the actual one."""
        return self.planned_ms / self.run_ms if self.run_ms > 0 and self.planned_ms else None

    @property
    def oee(self) -> float | None:
        """OEE index (ISO 22400-2): availability x effectiveness x quality ratio."""
        found = 1.0
        for part in (self.availability, self.effectiveness, self.quality):
            if part is None:
                return None
            found *= part
        return found


K = TypeVar("K")


def add_share(held: dict[K, Sums], key: K, share: Share, sign: int) -> None:
    """Add a share under a key, or take it out; what is empty then goes."""
    sums = held.get(key)
    if sums is None:
        sums = held[key] = Sums()
    sums.add(share, sign)
    if sums.is_empty:
        del held[key]


def joined(several: Iterable[Sums]) -> Sums:
    """All together."""
    whole = Sums()
    for one in several:
        whole.join(one)
    return whole
