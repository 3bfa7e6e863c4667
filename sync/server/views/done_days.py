"""The home of work by day: what orders and stops add to the shifts of days, and take out again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Final

from sync.domain.quantity import AMOUNT, MICROS_PER_ONE, QuantityError, factor, micros
from sync.server.views.books import Masters
from sync.server.views.performed import MS, Output, Work
from sync.server.views.shifts import ShiftBook
from sync.server.views.sums import Share, Sums, add_share

NO_RATE: Final = Fraction(0)


@dataclass(slots=True)
class Day:
    """One day's sums: by (work center, shift), by material, and scrap by (reason, unit)."""

    centers: dict[tuple[str, str], Sums] = field(default_factory=dict)
    materials: dict[str, Sums] = field(default_factory=dict)
    reasons: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, material: str | None, share: Share, sign: int) -> None:
        """Add a share, or take it out; a stop is of no material."""
        add_share(self.centers, (share.center, share.shift), share, sign)
        if material is not None:
            add_share(self.materials, material, share, sign)
        if share.scrap:
            key = (share.reason, share.unit)
            left = self.reasons.get(key, 0) + sign * share.scrap
            self.reasons[key] = left
            if not left:
                del self.reasons[key]


@dataclass(slots=True)
class Thing:
    """An order, or a stop, which is of no material; `last` is the last day it was worked on.

    What it adds follows from it and the master data: nobody keeps that.
    """

    material: str | None
    outputs: Sequence[Output]
    works: Sequence[Work]
    last: date = date.min


class Days:
    """All days with the things that made them what they are."""

    def __init__(self) -> None:
        self.shifts = ShiftBook({}, {})
        self.days: dict[date, Day] = {}
        self.things: dict[str, Thing] = {}
        self._since = date.min
        self._masters = Masters()
        self._planned: dict[tuple[str, str, str], Fraction] = {}

    def follow(self, told: Masters) -> bool:
        """Count by other master data; whether that changed any shift, time or unit."""
        known, self._masters = self._masters, told
        if (
            known.work_centers == told.work_centers
            and known.calendars == told.calendars
            and known.routings == told.routings
            and known.materials == told.materials
        ):
            return False
        self.shifts = ShiftBook(told.work_centers, told.calendars)
        self._planned.clear()
        self.days.clear()
        for thing in self.things.values():
            self._add(thing, 1)
        return True

    def put(self, key: str, thing: Thing | None) -> None:
        """Have a thing add what it tells now, instead of what it told before."""
        known = self.things.pop(key, None)
        if known is not None:
            self._add(known, -1)
        if thing is not None:
            self.things[key] = thing
            self._add(thing, 1)

    def keep_from(self, since: date) -> list[str]:
        """Forget the days before one; returns which things are of no day any more."""
        self._since = since
        for day in [day for day in self.days if day < since]:
            del self.days[day]
        gone = [key for key, thing in self.things.items() if thing.last < since]
        for key in gone:
            del self.things[key]
        return gone

    def _add(self, thing: Thing, sign: int) -> None:
        thing.last = date.min
        for share in self._shares(thing):
            thing.last = max(thing.last, share.day)
            if share.day >= self._since:
                self.days.setdefault(share.day, Day()).add(thing.material, share, sign)

    def _shares(self, thing: Thing) -> Iterator[Share]:
        for one in thing.outputs:
            yield from self._of_output(thing.material or "", one)
        for work in thing.works:
            for placed, ms in self.shifts.cut(work.center, work.begins, work.ends, work.ms):
                run, setup, stop = (ms if work.kind == kind else 0 for kind in _KINDS)
                yield Share(
                    placed.day, work.center, placed.shift,
                    run_ms=run, setup_ms=setup, stopped_ms=stop,
                )  # fmt: skip

    def _of_output(self, material: str, one: Output) -> Iterator[Share]:
        day, shift = self.shifts.of(one.center, one.at)
        good = self._planned_ms(material, one.operation, one.unit, one.good)
        scrap = self._planned_ms(material, one.operation, one.scrap_unit, one.scrap)
        if one.unit == one.scrap_unit:
            yield Share(
                day, one.center, shift, one.unit, one.good, one.scrap, one.reason,
                planned_ms=good + scrap, planned_good_ms=good,
            )  # fmt: skip
            return
        yield Share(
            day, one.center, shift, one.unit, one.good, planned_ms=good, planned_good_ms=good
        )
        yield Share(
            day, one.center, shift, one.scrap_unit, 0, one.scrap, one.reason, planned_ms=scrap
        )

    def _planned_ms(self, material: str, operation: str, unit: str, amount: int) -> int:
        """PRI x PQ: the run time that the routing plans for so much."""
        if not amount:
            return 0
        key = (material, operation, unit)
        rate = self._planned.get(key)
        if rate is None:
            rate = self._planned[key] = planned_rate(self._masters, *key)
        return amount * rate.numerator // rate.denominator


def planned_rate(known: Masters, material: str, operation: str, unit: str) -> Fraction:
    """Milliseconds that the routing plans for one micro of a unit; 0 where it plans none."""
    routing, item = known.routings.get(material), known.materials.get(material)
    steps: Mapping[str, str] = (
        {one.operation: one.run_seconds for one in routing.operations} if routing else {}
    )
    told = steps.get(operation, "")
    if item is None or not AMOUNT.match(told):
        return NO_RATE
    try:
        base = factor(unit, item.unit, item.conversions)
    except QuantityError:
        return NO_RATE
    return base * Fraction(micros(told) * MS, MICROS_PER_ONE * MICROS_PER_ONE)


_KINDS: Final = ("run", "setup", "stop")
