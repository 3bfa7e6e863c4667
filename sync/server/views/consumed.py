"""What the floor used of all materials in some days, ranked: by its worth or by its amount."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Final, Literal

import msgspec
from sqlalchemy import Connection, exists, select

from sync.domain.events import MaterialConsumed, MaterialReturned
from sync.server.planning.costing import component_costs
from sync.server.planning.explosion import Book
from sync.server.tables import event as event_table
from sync.server.view_tables import reversed_act
from sync.server.views.capital import Costs, in_unit, position_at
from sync.wire import decode

EVENTS_MAX: Final = 100_000
Rank = Literal["cost", "amount"]
Uses = MaterialConsumed | MaterialReturned


class Consumed(msgspec.Struct):
    """What was taken of a material less what came back; no `cost` where no price is known."""

    material: str
    name: str
    unit: str
    micros: int = 0
    scrapped: int = 0
    cost: int | None = None
    orders: int = 0


class Ranking(msgspec.Struct, frozen=True):
    """The largest first; not `whole`: only the latest EVENTS_MAX events were counted."""

    rows: tuple[Consumed, ...]
    whole: bool

    @property
    def cost(self) -> int:
        return sum(one.cost or 0 for one in self.rows)


def consumed(
    connection: Connection, known: Book, rates: Mapping[str, int], since: date, rank: Rank
) -> Ranking:
    """All materials used since a day; what is kept in no unit that fits is left out."""
    found: dict[str, Consumed] = {}
    orders: dict[str, set[str]] = {}
    count = 0
    for count, event in enumerate(_events(connection, since), 1):  # noqa: B007
        item = known.materials.get(event.material)
        micros = in_unit(event, item.unit, item.conversions) if item is not None else None
        if item is None or micros is None or event.at[:10] < since.isoformat():
            continue
        row = found.setdefault(item.material, Consumed(item.material, item.name, item.unit))
        row.micros += micros
        if isinstance(event, MaterialConsumed) and event.scrapped:
            row.scrapped += micros
        orders.setdefault(item.material, set()).add(event.order)
    costs = Costs(known.materials, component_costs(known, rates))
    for row in found.values():
        row.cost = costs.of(row.material, row.unit, row.micros)
        row.orders = len(orders[row.material])
    return Ranking(tuple(sorted(found.values(), key=_by(rank))), count < EVENTS_MAX)


def _by(rank: Rank) -> Callable[[Consumed], tuple[int, str]]:
    if rank == "amount":
        return lambda one: (-one.micros, one.material)
    return lambda one: (-(one.cost or 0), one.material)


def _events(connection: Connection, since: date) -> Iterator[Uses]:
    """What was used and given back, without what was reversed, the latest first."""
    table = event_table
    query = (
        select(table.c.body)
        .where(
            table.c.position >= position_at(connection, since),
            table.c.type.in_((MaterialConsumed.__name__, MaterialReturned.__name__)),
            ~exists().where(reversed_act.c.act == table.c.act),
        )
        .order_by(table.c.position.desc())
        .limit(EVENTS_MAX)
    )
    for (body,) in connection.execute(query):
        told = decode(body).event
        if isinstance(told, Uses):
            yield told
