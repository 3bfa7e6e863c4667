"""Can it be made? What an order needs, what of it is there, when the rest comes, when it begins."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from sync.domain.events import MaterialDefined
from sync.domain.quantity import AMOUNT, MICROS_PER_ONE, Quantity, micros
from sync.server.planning.explosion import (
    Book,
    Feasibility,
    Requirement,
    feasibility,
    free_stock,
    operations_of,
)
from sync.server.planning.schedule import Step
from sync.server.views.jobs import OpenOrder, Part
from sync.server.views.orders import promised
from sync.server.views.plan import PlanView, begin_of, plan_of, planned
from sync.server.views.stock import available
from sync.server.views.supplies import arrivals

NEW: Final = "?"


@dataclass(frozen=True, slots=True)
class CheckLine:
    """A component; `comes` is the day on which enough of it is there, `by` what brings the last.

    Where nothing is on its way `comes` is today and its lead time, and `by` is empty.
    """

    need: Requirement
    comes: date | None = None
    by: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """The answer: `begins` and `ends` are by the plan, none where it has no place there."""

    lines: tuple[CheckLine, ...]
    problems: tuple[str, ...]
    begins: datetime | None
    ends: datetime | None

    @property
    def short(self) -> tuple[CheckLine, ...]:
        """The order's own components that free stock does not cover."""
        return tuple(one for one in self.lines if one.need.short and one.need.level == 1)

    @property
    def can_be_made(self) -> bool:
        return not self.problems and not self.short


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked at; `number` is empty for an order that is not planned yet."""

    material: str
    quantity: Quantity
    number: str = ""
    due: date | None = None
    start: date | None = None
    priority: int = 50


def check(connection: Connection, now: datetime, asked: Asked) -> Check:
    """Whether it can be made, and when it would begin; raises `QuantityError`."""
    plan = plan_of(connection, now)
    book = plan.known.book
    free = free_stock(available(connection, plan.today), promised(connection))
    found = feasibility(asked.material, asked.quantity, book, free)
    tried = plan if asked.number in plan.orders else _tried(plan, asked, found)
    number = asked.number if asked.number in plan.orders else NEW
    return Check(
        tuple(_line(plan, one) for one in found.requirements),
        found.problems,
        begin_of(tried.schedule, number),
        tried.schedule.ends.get(number),
    )


def _line(plan: PlanView, need: Requirement) -> CheckLine:
    if not need.short:
        return CheckLine(need)
    there = need.free
    for one in arrivals(plan, need.material):
        there += one.micros
        if there >= need.needed:
            return CheckLine(need, max(plan.today, one.day), one.key, one.kind)
    item = plan.known.book.materials.get(need.material)
    days = item.lead_time_days if item is not None else 0
    return CheckLine(need, plan.today + timedelta(days=days) if days else None)


def _tried(plan: PlanView, asked: Asked, found: Feasibility) -> PlanView:
    """The plan as it would be with this order in it."""
    item = plan.known.book.materials[asked.material]
    order = OpenOrder(
        order=NEW, status="planned", material=asked.material, name=item.name, unit=item.unit,
        planned=asked.quantity.micros, left=asked.quantity.micros, due=asked.due,
        start=asked.start, priority=asked.priority, customer_reference="", note="",
        steps=_steps(plan.known.book, item, asked.quantity), parts=_parts(found),
    )  # fmt: skip
    return planned(replace(plan.known, orders={**plan.orders, NEW: order}))


def _steps(book: Book, item: MaterialDefined, quantity: Quantity) -> tuple[Step, ...]:
    return tuple(
        Step(
            one.operation,
            one.work_center,
            one.setup_seconds,
            _each(one.run_seconds) * quantity.micros / MICROS_PER_ONE**2,
            begun=False,
        )
        for one in operations_of(item.material, book)
    )


def _each(seconds: str) -> int:
    return max(0, micros(seconds)) if AMOUNT.match(seconds) else 0


def _parts(found: Feasibility) -> tuple[Part, ...]:
    own = (one for one in found.requirements if one.level == 1)
    return tuple(Part(f"{NEW} / {n}", one.material, one.needed) for n, one in enumerate(own))
