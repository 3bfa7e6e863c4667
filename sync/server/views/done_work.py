"""The home of the work of the last months as each process keeps it: a reader with a mark in memory.

It follows the views: whatever an event touches since the mark, an order or a stop, is read again
whole; what it added to its days is taken out and added anew. So what stations tell late, or undo,
shows as soon as it is projected, and a look costs only what came since the last one. No table is
kept for it: every event of every rebuild would pay for a page that few look at. At its first look a
process reads the months once, in turns of limited length.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

from sync.server.views.books import Masters, masters
from sync.server.views.capital import position_at
from sync.server.views.done_days import Days, Thing
from sync.server.views.done_reading import Order, Stops, Touched, read_orders, touched
from sync.server.views.order_costs import OrderMoney, Pricing
from sync.server.views.orders import projected

DAYS_KEPT: Final = 92
POSITIONS_AT_ONCE: Final = 50_000
ORDERS_AT_ONCE: Final = 400
THINGS_KEPT_MAX: Final = 200_000
_STOP: Final = "stop "


class DoneWork:
    """The sums of the last `DAYS_KEPT` days, and the orders that were finished in them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.version = 0
        self.results: dict[Any, Any] = {}
        self._reset()

    def _reset(self) -> None:
        self._days = Days()
        self._stops = Stops()
        self._orders: dict[str, Order] = {}
        self._finished: dict[str, date] = {}
        self._waiting: list[str] = []
        self._mark = self._target = self._upto = self._began = -1
        self._since = date.min
        self._masters = Masters()
        self._pricing: Pricing | None = None
        self._priced = date.min
        self._money: dict[str, OrderMoney] = {}

    @property
    def days(self) -> Days:
        return self._days

    @property
    def masters(self) -> Masters:
        """The master data that it counts by."""
        return self._masters

    @property
    def since(self) -> date:
        """The first day that is kept whole."""
        return self._since

    @property
    def share(self) -> float:
        """How much of what there is was read, 0 to 1."""
        if self._mark >= self._target:
            return 1.0
        return (self._mark - self._began) / (self._target - self._began)

    def finished(self, since: date, until: date, today: date) -> list[OrderMoney]:
        """Orders whose last operation ended in a shift of these days, priced as of today."""
        found = (key for key, day in self._finished.items() if since <= day <= until)
        return [self._money.get(key) or self._price(key, today) for key in found]

    def _price(self, number: str, today: date) -> OrderMoney:
        """What a finished order was to cost and did, by the master data of today."""
        if self._pricing is None:
            self._pricing = Pricing(self._masters.book(today), self._masters.rates)
        order = self._orders[number]
        spent, ended = order.spent, max(at for _, at in order.done.ended).date()
        assert spent is not None, f"order {number} is finished"
        money = self._money[number] = OrderMoney(
            *(number, spent.material, order.name, spent.unit, self._finished[number], order.due),
            *(ended.isoformat() <= order.due, spent.planned, spent.made, self._pricing.of(spent)),
        )
        return money

    def advance(self, connection: Connection, today: date, seconds_max: float) -> None:
        """Read what came since the mark, as far as that goes in the time: at least one turn."""
        until = time.monotonic() + seconds_max
        self._target = projected(connection)
        if self._target < self._mark:
            self._reset()
            self._target = projected(connection)
        self._keep_from(max(self._since, today - timedelta(days=DAYS_KEPT)))
        self._follow(masters(connection), today)
        if self._mark < 0:
            self._mark = self._began = max(0, position_at(connection, self._since) - 1)
        while self._mark < self._target:
            self._turn(connection)
            if time.monotonic() > until:
                break

    def _follow(self, told: Masters, today: date) -> None:
        """Count and price by the master data of today."""
        if told is self._masters and today == self._priced:
            return
        self._masters, self._priced, self._pricing = told, today, None
        self._money.clear()
        if self._days.follow(told):
            for number, order in self._orders.items():
                self._finish(number, order)
        self.version += 1

    def _keep_from(self, since: date) -> None:
        if since == self._since:
            return
        self._since = since
        for key in self._days.keep_from(since):
            self._forget(key)
        self._stops.keep_from(since)
        self.version += 1

    def _forget(self, number: str) -> None:
        for kept in (self._orders, self._finished, self._money):
            kept.pop(number, None)

    def _turn(self, connection: Connection) -> None:
        """Read some orders of the stretch at hand, or begin the next one."""
        if self._upto < 0:
            upto = min(self._target, self._mark + POSITIONS_AT_ONCE)
            found = touched(connection, self._mark, upto)
            self._take_stops(connection, found)
            self._waiting, self._upto = sorted(found.orders), upto
        numbers = self._waiting[:ORDERS_AT_ONCE]
        told = {one.number: one for one in read_orders(connection, numbers, self._since)}
        for number in numbers:
            self._take(number, told.get(number))
        del self._waiting[: len(numbers)]
        if not self._waiting:
            self._mark, self._upto = self._upto, -1
        self.version += 1
        self._trim()

    def _take(self, number: str, order: Order | None) -> None:
        self._forget(number)
        if order is None:
            self._days.put(number, None)
            return
        done = order.done
        self._days.put(number, Thing(order.material, done.outputs, done.works))
        self._orders[number] = order
        self._finish(number, order)

    def _finish(self, number: str, order: Order) -> None:
        """Tell the day of the shift in which the last operation of a finished order ended."""
        self._finished.pop(number, None)
        if order.spent is not None:
            center, at = max(order.done.ended, key=lambda one: one[1])
            self._finished[number] = self._days.shifts.of(center, at).day

    def _take_stops(self, connection: Connection, found: Touched) -> None:
        for of, work in self._stops.works(connection, self._stops.take(found)).items():
            self._days.put(_STOP + of, Thing(None, (), (work,)) if work else None)

    def _trim(self) -> None:
        """Where there is more than memory should hold, the oldest days go."""
        lasts = [thing.last for thing in self._days.things.values()]
        if len(lasts) > THINGS_KEPT_MAX:
            cut = sorted(lasts)[len(lasts) - THINGS_KEPT_MAX // 2]
            self._keep_from(max(cut, self._since + timedelta(days=1)))


_kept: Final[WeakKeyDictionary[Engine, DoneWork]] = WeakKeyDictionary()
_keeping: Final = threading.Lock()


@contextmanager
def done_work(connection: Connection, today: date, seconds_max: float) -> Iterator[DoneWork | None]:
    """The work as far as it is read in the time; None where another look reads meanwhile."""
    with _keeping:
        kept = _kept.setdefault(connection.engine, DoneWork())
    if not kept.lock.acquire(timeout=seconds_max):
        yield None
        return
    try:
        kept.advance(connection, today, seconds_max)
        yield kept
    finally:
        kept.lock.release()
