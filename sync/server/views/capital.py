"""What stock is worth at standard cost, what orders in work hold of it, what is used when."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import Connection, Engine, exists, func, select

from sync.domain.events import MaterialConsumed, MaterialDefined, MaterialReturned
from sync.domain.quantity import QuantityError, convert
from sync.server.planning.costing import component_costs
from sync.server.planning.explosion import Book
from sync.server.tables import event as event_table
from sync.server.view_tables import (
    lot_event,
    order_material,
    order_view,
    reversed_act,
    stock,
    stock_place,
)
from sync.server.views.orders import IN_WORK, projected
from sync.wire import decode

USES_MAX: Final = 20_000
Step = Literal["week", "month"]

Materials = Mapping[str, MaterialDefined]
_kept: Final[WeakKeyDictionary[Engine, tuple[int, Materials, "Capital"]]] = WeakKeyDictionary()


class Worth(msgspec.Struct, frozen=True):
    """What a material in stock is worth; `cost` is nothing where no price is known."""

    material: str
    name: str
    micros: int
    unit: str
    cost: int | None
    blocked: int


class OrderWorth(msgspec.Struct, frozen=True):
    """Materials that an order took in and that did not come out of it yet, at standard cost."""

    order: str
    name: str
    status: str
    taken: int
    delivered: int

    @property
    def cost(self) -> int:
        return max(0, self.taken - self.delivered)


class Capital(msgspec.Struct, frozen=True):
    """Money tied up; `unpriced` are materials in stock whose cost is not known."""

    stock: tuple[Worth, ...]
    orders: tuple[OrderWorth, ...]
    unpriced: tuple[str, ...]

    @property
    def in_stock(self) -> int:
        return sum(one.cost or 0 for one in self.stock)

    @property
    def blocked(self) -> int:
        return sum(one.blocked for one in self.stock)

    @property
    def in_work(self) -> int:
        return sum(one.cost for one in self.orders)


class Use(msgspec.Struct, frozen=True):
    """What was used of a material in a week or month, from its first day on; micros, net."""

    begin: date
    micros: int
    scrapped: int


class Consumption(msgspec.Struct, frozen=True):
    """Use by week or month, the oldest first; `whole` unless there was more than is counted."""

    unit: str
    uses: tuple[Use, ...]
    orders: int
    whole: bool

    @property
    def total(self) -> int:
        return sum(one.micros for one in self.uses)


def capital(connection: Connection, known: Book, rates: Mapping[str, int]) -> Capital:
    """Stock and work in progress, the largest sums first; what is made counts by its roll-up.

    It is summed over all lots, so it is kept for as long as the views stand still.
    """
    position = projected(connection)
    kept = _kept.get(connection.engine)
    if kept is not None and kept[0] == position and kept[1] is known.materials:
        return kept[2]
    found = _capital(connection, Costs(known.materials, component_costs(known, rates)))
    _kept[connection.engine] = position, known.materials, found
    return found


@dataclass(frozen=True, slots=True)
class Costs:
    """What amounts of materials cost, in the unit that each is kept in."""

    materials: Materials
    ask: Callable[[str, int], int | None]

    def of(self, material: str, unit: str, micros: int) -> int | None:
        """Nothing where a price is missing, or where it is kept in another unit."""
        item = self.materials.get(material)
        return self.ask(material, micros) if item is not None and item.unit == unit else None


def _capital(connection: Connection, costs: Costs) -> Capital:
    blocked = _blocked(connection)
    found = [
        _worth(costs, material, unit, micros, blocked.get(material, 0))
        for material, unit, micros in _amounts(connection)
    ]
    found.sort(key=lambda one: (-(one.cost or 0), one.material))
    unpriced = tuple(sorted(one.material for one in found if one.cost is None))
    return Capital(tuple(found), tuple(_in_work(connection, costs)), unpriced)


def consumption(
    connection: Connection,
    material: str,
    unit: str,
    factors: Mapping[str, str],
    since: date,
    until: date,
    step: Step,
) -> Consumption:
    """What the floor took of a material, less what it gave back, from a day to another."""
    since = begin_of(since, step)
    sums: dict[date, list[int]] = {begin: [0, 0] for begin in steps(since, until, step)}
    orders: set[str] = set()
    told = list(_uses(connection, material, since))
    for event in told:
        begin = _begin(event.at, step)
        micros = in_unit(event, unit, factors)
        if begin not in sums or micros is None:
            continue
        sums[begin][0] += micros
        if isinstance(event, MaterialConsumed) and event.scrapped:
            sums[begin][1] += micros
        orders.add(event.order)
    uses = tuple(Use(begin, *both) for begin, both in sums.items())
    return Consumption(unit, uses, len(orders), len(told) < USES_MAX)


def begin_of(day: date, step: Step) -> date:
    """The Monday of the day's week, or the first of its month."""
    return day - timedelta(days=day.weekday()) if step == "week" else day.replace(day=1)


def steps(since: date, until: date, step: Step) -> Iterator[date]:
    """The first days of all weeks or months from one day to another."""
    at = begin_of(since, step)
    while at <= until:
        yield at
        at = begin_of(at + timedelta(days=7 if step == "week" else 31), step)


def _amounts(connection: Connection) -> list[tuple[str, str, int]]:
    """(material, unit, micros) of what lies somewhere; by the slim table of places."""
    table = stock_place
    query = (
        select(table.c.material, table.c.unit, func.sum(table.c.micros))
        .where(table.c.micros > 0)
        .group_by(table.c.material, table.c.unit)
    )
    return [(row[0], row[1], int(row[2])) for row in connection.execute(query)]


def _blocked(connection: Connection) -> dict[str, int]:
    table = stock
    query = (
        select(table.c.material, func.sum(table.c.micros))
        .where(table.c.status == "blocked", table.c.micros > 0)
        .group_by(table.c.material)
    )
    return {material: int(micros) for material, micros in connection.execute(query)}


def _worth(costs: Costs, material: str, unit: str, micros: int, blocked: int) -> Worth:
    item = costs.materials.get(material)
    return Worth(
        material=material,
        name=item.name if item else material,
        micros=micros,
        unit=unit,
        cost=costs.of(material, unit, micros),
        blocked=costs.of(material, unit, min(blocked, micros)) or 0,
    )


def _in_work(connection: Connection, costs: Costs) -> Iterator[OrderWorth]:
    """What each order in work holds: taken, less the share of the plan that was delivered."""
    line, order = order_material, order_view
    query = (
        select(
            *(order.c[name] for name in ("order_number", "name", "status", "planned", "good")),
            *(line.c[name] for name in ("material", "unit", "needed", "consumed")),
        )
        .join(line, line.c.order_number == order.c.order_number)
        .where(order.c.status.in_((*IN_WORK, "completed")), line.c.consumed > 0)
        .order_by(order.c.order_number)
    )
    sums: dict[str, tuple[Any, list[int]]] = {}
    for row in connection.execute(query):
        share = min(row.good, row.planned) if row.planned > 0 else 0
        _, both = sums.setdefault(row.order_number, (row, [0, 0]))
        both[0] += costs.of(row.material, row.unit, row.consumed) or 0
        needed = costs.of(row.material, row.unit, row.needed) or 0
        both[1] += needed * share // row.planned if row.planned else 0
    found = [OrderWorth(order, row.name, row.status, *both) for order, (row, both) in sums.items()]
    yield from sorted((one for one in found if one.cost), key=lambda one: (-one.cost, one.order))


def _uses(
    connection: Connection, material: str, since: date
) -> Iterator[MaterialConsumed | MaterialReturned]:
    """What was used and given back since a day, without what was reversed, the latest first."""
    moved, event = lot_event, event_table
    kinds = (MaterialConsumed.__name__, MaterialReturned.__name__)
    query = (
        select(event.c.body)
        .join(moved, moved.c.position == event.c.position)
        .where(
            moved.c.material == material,
            moved.c.of_order == 1,
            moved.c.position >= position_at(connection, since),
            event.c.type.in_(kinds),
            ~exists().where(reversed_act.c.act == event.c.act),
        )
        .order_by(moved.c.position.desc())
        .limit(USES_MAX)
    )
    for (body,) in connection.execute(query):
        told = decode(body).event
        if isinstance(told, MaterialConsumed | MaterialReturned):
            yield told


def position_at(connection: Connection, day: date) -> int:
    """The first position that the server had on a day or later: it receives in order of time."""
    event = event_table
    wanted = round((day - timedelta(days=1) - date(1970, 1, 1)).total_seconds() * 1000)
    low, high = 0, int(connection.execute(select(func.max(event.c.position))).scalar() or 0)
    while low < high:
        middle = (low + high) // 2
        query = select(event.c.position, event.c.received_ms).where(event.c.position >= middle)
        row = connection.execute(query.order_by(event.c.position).limit(1)).one()
        if row.received_ms < wanted:
            low = row.position + 1
        else:
            high = middle
    return low


def _begin(at: str, step: Step) -> date | None:
    """The week or month of a moment, by the clock of the station that told it."""
    try:
        return begin_of(date.fromisoformat(at[:10]), step)
    except ValueError:
        return None


def in_unit(
    event: MaterialConsumed | MaterialReturned, unit: str, factors: Mapping[str, str]
) -> int | None:
    """Micros that were taken, given back ones below zero; None where no factor is known."""
    try:
        micros = convert(event.quantity, unit, factors).micros
    except QuantityError:
        return None
    return micros if isinstance(event, MaterialConsumed) else -micros
