"""The home of lead times: how long before the need something must be ordered or begun.

What is bought takes its `lead_time_days` in calendar days, as suppliers promise them. What is made
takes them in working days of the site; where none are set, the set-up and run time of its routing
by the calendars of the work centers, their load aside.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Final

from sync.domain.events import MaterialDefined, RoutingOperation
from sync.domain.quantity import AMOUNT, MICROS_PER_ONE, Quantity, factor, micros
from sync.server.planning.calendar import Capacity, site_of
from sync.server.planning.explosion import Book

LEAD_DAYS_MAX: Final = 1_830
_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)


class Leads:
    """Lead times of one plan: what is in the book, made at these capacities."""

    __slots__ = ("_book", "_capacities", "_site")

    def __init__(self, book: Book, capacities: Mapping[str, Capacity]) -> None:
        self._book = book
        self._capacities = capacities
        self._site = site_of(capacities.values())

    def is_made(self, material: str) -> bool:
        """Whether it is made here: it has a BOM or a routing."""
        return material in self._book.boms or material in self._book.routings

    def bought(self, material: str) -> timedelta:
        """Calendar days from the order to the receipt."""
        return timedelta(days=self._days(material))

    def working_day_before(self, day: date) -> date:
        return self._site.working_days(day, -1) or day

    def working_day_after(self, day: date) -> date:
        return self._site.working_days(day, 1) or day

    def start(self, material: str, made: int, due: date) -> date:
        """The last day on which so many micros can be begun to be done at the end of `due`."""
        days = self._days(material)
        if days:
            return self._site.working_days(due, -days) or due
        at = datetime.combine(due, time()) + _DAY
        for capacity, seconds in reversed(self._work(material, made)):
            at = capacity.before(at, seconds) or at
        return min(at.date(), due)

    def end(self, material: str, made: int, start: date) -> date:
        """The day on which so many micros are done that are begun on `start`."""
        days = self._days(material)
        if days:
            return self._site.working_days(start, days) or start
        at = datetime.combine(start, time())
        for capacity, seconds in self._work(material, made):
            at = capacity.after(at, seconds) or at
        return max((at - _INSTANT).date(), start)

    def _days(self, material: str) -> int:
        known = self._book.materials.get(material)
        return min(known.lead_time_days, LEAD_DAYS_MAX) if known is not None else 0

    def _work(self, material: str, made: int) -> list[tuple[Capacity, float]]:
        routing = self._book.routings.get(material)
        return [
            (self._capacities[one.work_center], seconds_of(one, made))
            for one in (routing.operations if routing is not None else ())
            if one.work_center in self._capacities
        ]


def seconds_of(operation: RoutingOperation, made: int) -> float:
    """Set-up and run time in seconds for so many micros of the base unit."""
    run = micros(operation.run_seconds) if AMOUNT.match(operation.run_seconds) else 0
    return operation.setup_seconds + max(0, run) * made / MICROS_PER_ONE**2


def in_base(quantity: Quantity | None, material: MaterialDefined) -> int:
    """Micros of the material's base unit; 0 without a quantity. Raises `QuantityError`."""
    if quantity is None:
        return 0
    if quantity.unit == material.unit:
        return quantity.micros
    return int(
        Fraction(quantity.micros) * factor(quantity.unit, material.unit, material.conversions)
    )
