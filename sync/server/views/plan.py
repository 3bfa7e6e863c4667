"""The home of the plan: open orders scheduled against capacity, and what to make and to buy.

It is computed once for what the views show in a quarter of an hour, so that all pages tell of the
same plan. `plan_of` is for acts and for the plan's own pages, `recent_plan` for all that only tell.
"""

import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Final, TypeVar
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import Connection, Engine, select

from sync.domain.events import DemandDefined, WorkCenterDefined
from sync.domain.quantity import QuantityError, of_micros
from sync.server.ledger import GRANTED
from sync.server.planning.calendar import Capacity, capacity_of
from sync.server.planning.explosion import Book, need_of
from sync.server.planning.load import Load, load
from sync.server.planning.requirements import readiness, requirements
from sync.server.planning.schedule import Reason, Schedule, backward, forward
from sync.server.planning.shares import Shares, shares_of
from sync.server.planning.supply import Readiness, Requirements, Supply, Want
from sync.server.settings import OFFICE
from sync.server.tables import event
from sync.server.views.books import masters
from sync.server.views.jobs import OpenOrder, day_of, open_orders
from sync.server.views.orders import OrderLine, projected
from sync.server.views.supply import (
    OpenReceipt,
    demands,
    in_base,
    receipts_open,
    stock_by_material,
)

QUARTER_MINUTES: Final = 15
L = TypeVar("L", bound=OrderLine)
RECENT_SECONDS_MAX: Final = 15.0


@dataclass(frozen=True, slots=True)
class Known:
    """All that a plan is made of, as the views show it at one moment."""

    now: datetime
    position: int
    book: Book
    orders: Mapping[str, OpenOrder]
    demands: tuple[DemandDefined, ...]
    receipts: tuple[OpenReceipt, ...]
    stock: Mapping[str, int]
    centers: Mapping[str, WorkCenterDefined]
    capacities: Mapping[str, Capacity]

    @property
    def today(self) -> date:
        return self.now.date()


@dataclass(frozen=True)
class PlanView:
    """The plan: `schedule` of open orders, `requirements` of demand and open orders.

    `latest` is every order as late as its due day allows.
    """

    known: Known
    schedule: Schedule
    requirements: Requirements
    readiness: Mapping[str, Readiness]
    wants: tuple[Want, ...]
    supplies: tuple[Supply, ...]
    latest: Schedule

    @property
    def orders(self) -> Mapping[str, OpenOrder]:
        return self.known.orders

    @property
    def capacities(self) -> Mapping[str, Capacity]:
        return self.known.capacities

    @property
    def now(self) -> datetime:
        return self.known.now

    @property
    def today(self) -> date:
        return self.known.now.date()

    @cached_property
    def late(self) -> tuple[str, ...]:
        """Open orders that end behind their due day or cannot be placed, the latest first."""
        found = []
        for order in self.orders:
            slack = self.slack(order)
            if slack is not None and slack < 0:
                found.append((slack, order))
        return tuple(order for _, order in sorted(found))

    @cached_property
    def shares(self) -> Shares:
        """How much of each proposal is for which line of demand, in micros."""
        return shares_of(self.requirements, (line.demand for line in self.known.demands))

    def slack(self, order: str) -> int | None:
        """Calendar days between its end by plan and its due day; of one that is not placed, now."""
        placed = self.schedule.slack_days(order)
        known = self.orders.get(order)
        if placed is not None or known is None or known.due is None:
            return placed
        return min(0, (known.due - self.today).days) if order not in self.schedule.ends else None

    def load(self, first: date, days: int) -> dict[tuple[str, date], Load]:
        """Minutes of work against minutes of capacity, by work center and day."""
        return load(self.schedule, self.capacities, first, days)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A plan, and when it was made by the machine's own seconds."""

    plan: PlanView
    made: float


_kept: Final[WeakKeyDictionary[Engine, _Kept]] = WeakKeyDictionary()
_planning: Final = threading.Lock()


def plan_of(connection: Connection, now: datetime) -> PlanView:
    """The plan at a local moment; of two who ask at once one computes and both have it."""
    moment = quarter(now)
    position = projected(connection)
    with _planning:
        kept = _kept.get(connection.engine)
        if kept is not None and (kept.plan.known.position, kept.plan.now) == (position, moment):
            return kept.plan
        made = planned(known_of(connection, moment, position))
        _kept[connection.engine] = _Kept(made, time.monotonic())
        return made


def recent_plan(connection: Connection, now: datetime, orders: Collection[str] = ()) -> PlanView:
    """The plan for pages that only tell: as it was a few seconds ago, where only the floor went on
    since. What the office said is in it, and all of `orders`, which are open.
    """
    kept = _kept.get(connection.engine)
    if kept is None or kept.plan.now != quarter(now) or not kept.plan.orders.keys() >= set(orders):
        return plan_of(connection, now)
    is_recent = time.monotonic() - kept.made < RECENT_SECONDS_MAX
    if is_recent and not _said_by_office(connection, kept.plan.known.position):
        return kept.plan
    return plan_of(connection, now)


def _said_by_office(connection: Connection, position: int) -> bool:
    """Whether the office said anything but grants after a position."""
    table = event
    found = (
        select(table.c.position)
        .where(table.c.position > position, table.c.station == OFFICE, table.c.type != GRANTED)
        .limit(1)
    )
    return connection.execute(found).first() is not None


def with_slack(orders: Iterable[L], plan: PlanView) -> list[L]:
    """The same orders, each with its slack by the plan."""
    return [msgspec.structs.replace(one, slack=plan.slack(one.order)) for one in orders]


def quarter(now: datetime) -> datetime:
    """The begin of the quarter of an hour, as the clock on the wall shows it."""
    minute = now.minute - now.minute % QUARTER_MINUTES
    return now.replace(minute=minute, second=0, microsecond=0, tzinfo=None)


def known_of(connection: Connection, now: datetime, position: int) -> Known:
    """What planning needs to know, read from the views."""
    known = masters(connection)
    book = known.book(now.date())
    centers = {key: one for key, one in known.work_centers.items() if one.active}
    return Known(
        now,
        position,
        book,
        open_orders(connection, book),
        tuple(demands(connection)),
        tuple(receipts_open(connection, book.materials)),
        stock_by_material(connection, now.date(), book.materials),
        centers,
        {name: capacity_of(center, known.calendars) for name, center in centers.items()},
    )


def planned(known: Known) -> PlanView:
    """The plan of what is known; pure.

    First every order as late as its due day allows: by then its materials must lie there. With
    that it is known what is missing, and when it comes; then as early as all of it allows.
    """
    running = [order for order in known.orders.values() if order.can_run]
    latest = backward([order.job() for order in running], known.capacities, known.now)
    wants = _wants(known, latest)
    supplies = _supplies(known, latest)
    found = requirements(wants, supplies, known.book, known.today, known.capacities)
    ready = readiness(found, wants, known.today)
    stopped = _stopped(known, ready)
    jobs = [
        order.job(ready.get(order.order, Readiness()))
        for order in running
        if order.order not in stopped
    ]
    schedule = forward(jobs, known.capacities, known.now)
    waiting = {
        order: Reason("order", by, schedule.now, schedule.now) for order, by in stopped.items()
    }
    schedule = replace(schedule, unplaced={**schedule.unplaced, **waiting})
    return PlanView(known, schedule, found, ready, tuple(wants), tuple(supplies), latest)


def _stopped(known: Known, ready: Mapping[str, Readiness]) -> dict[str, str]:
    """Orders that wait for one that cannot run, held say, or for one that waits so: for which."""
    still = {name for name, order in known.orders.items() if not order.can_run}
    found: dict[str, str] = {}
    while True:
        more = {
            name: by
            for name, order in known.orders.items()
            if name not in found and order.can_run and not order.has_begun
            for by in ready.get(name, Readiness()).after
            if by in still or by in found
        }
        if not more:
            return found
        found.update(more)


def changed(
    plan: PlanView, number: str, start: date | None, due: date | None, priority: int
) -> PlanView:
    """The plan as it would be with other dates and another priority of one order."""
    order = replace(plan.orders[number], start=start, due=due, priority=priority)
    return planned(replace(plan.known, orders={**plan.orders, number: order}))


def required(
    plan: PlanView, book: Book, orders: Mapping[str, OpenOrder], below: Collection[str]
) -> Requirements:
    """What is wanted of some materials and all below them, under another book and with other
    components of some orders; what is above them, and the days of work, are as they are.
    """
    known = replace(plan.known, book=book, orders={**plan.orders, **orders})
    wants = [one for one in _wants(known, plan.latest) if one.material in below]
    small = Book(
        {key: book.materials[key] for key in below if key in book.materials},
        {key: book.boms[key] for key in below if key in book.boms},
        book.routings,
    )
    supplies = [one for one in plan.supplies if one.material in below]
    wants += _of_proposals(plan, below)
    return requirements(wants, supplies, small, plan.today, plan.capacities)


def _of_proposals(plan: PlanView, below: Collection[str]) -> Iterable[Want]:
    """What the proposals of all other materials take of some."""
    known = plan.known.book
    for one in plan.requirements.proposals:
        bom, item = known.boms.get(one.material), known.materials.get(one.material)
        if bom is None or item is None or one.material in below:
            continue
        for n, line in enumerate(bom.lines, 1):
            if line.material in below and line.material in known.materials:
                try:
                    needed = need_of(line, bom, of_micros(one.micros, item.unit), known)
                except QuantityError:
                    continue
                key = f"{one.key} / {n} {line.material}"
                yield Want(key, line.material, needed, one.start, 0, one.key)


def begin_of(schedule: Schedule, order: str) -> datetime | None:
    """When the first of its operations that are left begins."""
    return min((slot.begins for slot in schedule.of_order(order)), default=None)


def _wants(known: Known, latest: Schedule) -> list[Want]:
    """Lines of demand, and the components of every open order on the day that it begins."""
    found = []
    for line in known.demands:
        item = known.book.materials.get(line.material)
        micros = in_base(line.quantity, item) if item is not None else None
        if micros:
            found.append(Want(line.demand, line.material, micros, day_of(line.due), line.priority))
    for order in known.orders.values():
        found += order.wants(_needed(order, known, latest))
    return found


def _needed(order: OpenOrder, known: Known, latest: Schedule) -> date | None:
    if order.has_begun:
        return known.today
    begin = begin_of(latest, order.order)
    days = [begin.date() if begin is not None else order.due, order.start]
    return max((day for day in days if day is not None), default=None)


def _supplies(known: Known, latest: Schedule) -> Sequence[Supply]:
    stock = [
        Supply("stock", "", material, micros, known.today)
        for material, micros in known.stock.items()
    ]
    made = [
        Supply("order", order.order, order.material, order.left, _done(order, known, latest))
        for order in known.orders.values()
        if order.left > 0
    ]
    beside = [
        Supply("order", order.order, one.material, one.micros, _done(order, known, latest))
        for order in known.orders.values()
        for one in order.beside
    ]
    bought = [
        Supply("receipt", one.scheduled.receipt, one.scheduled.material, one.open,
               _comes(one, known.today))
        for one in known.receipts
    ]  # fmt: skip
    return [*stock, *made, *beside, *bought]


def _done(order: OpenOrder, known: Known, latest: Schedule) -> date:
    """The day on which an order's output is there."""
    ends = latest.ends.get(order.order)
    day = (ends - timedelta(microseconds=1)).date() if ends is not None else order.due
    return max(known.today, day or known.today)


def _comes(receipt: OpenReceipt, today: date) -> date:
    """The day of a scheduled receipt; one that is overdue is counted on for today."""
    return max(today, day_of(receipt.scheduled.due) or today)
