"""The home of the REST interface of the numbers that steer: what the floor made, and at what cost.

Amounts are decimal text in the unit beside them, shares are of 1, times are seconds, money is
decimal text in the site's currency. What is not known is null.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
from litestar import Router, get
from litestar.params import Parameter

from sync.domain.quantity import text
from sync.server.api import AnyRequest, services_of
from sync.server.api_office import Limit, Number
from sync.server.auth import office_guard
from sync.server.openapi import ADMIN, refusals
from sync.server.views import PAGE_ROWS_MAX
from sync.server.views.order_costs import OrderMoney
from sync.server.views.performance import Performance, whole_performance
from sync.server.views.sums import Sums

DAYS_MAX: Final = 90
DAYS: Final = 7
Days = Annotated[int, Parameter(ge=1, le=DAYS_MAX)]


class Made(msgspec.Struct, frozen=True):
    """Good and scrap of one unit; `quality` is good of both (GQ / PQ)."""

    unit: str
    good: str
    scrap: str
    quality: float | None


class Figures(msgspec.Struct, frozen=True):
    """One group's sums and its key figures by ISO 22400-2; `open_seconds` are planned busy time."""

    key: str
    made: tuple[Made, ...]
    planned_seconds: float
    run_seconds: float
    setup_seconds: float
    stopped_seconds: float
    open_seconds: float
    quality: float | None
    availability: float | None
    effectiveness: float | None
    oee: float | None


class ScrapOf(msgspec.Struct, frozen=True):
    reason: str
    unit: str
    scrap: str


class MaterialCost(msgspec.Struct, frozen=True):
    """The finished orders of a material; per unit is of one base unit."""

    material: str
    orders: int
    unit: str
    quantity: str
    made: str
    planned: str
    actual: str
    variance: str
    planned_each: str | None
    actual_each: str | None


class Numbers(msgspec.Struct, frozen=True):
    """A period, by day, shift, work center and material: each adds up to `total`.

    A shift is `06:00-14:00`, `outside` of all, or of what has `no_calendar`; `unknown` are
    materials without a price and work centers without a rate. `since` is later than asked where
    not all of the period is kept.
    """

    since: str
    until: str
    total: Figures
    days: tuple[Figures, ...]
    shifts: tuple[Figures, ...]
    work_centers: tuple[Figures, ...]
    materials: tuple[Figures, ...]
    scrap: tuple[ScrapOf, ...]
    costs: tuple[MaterialCost, ...]
    unknown: tuple[str, ...]
    finished: int
    in_time: int


class OrderCostLine(msgspec.Struct, frozen=True):
    order: str
    material: str
    day: str
    unit: str
    quantity: str
    made: str
    planned: str
    actual: str
    variance: str
    planned_each: str | None
    actual_each: str | None
    unknown: tuple[str, ...]


class OrderCosts(msgspec.Struct, frozen=True):
    items: tuple[OrderCostLine, ...]
    next: str = ""


@get("/v1/numbers", opt={"right": "look"}, responses=refusals(400, 401))
async def read_numbers(request: AnyRequest, days: Days = DAYS) -> Numbers:
    """Output, quality, times, OEE and cost of so many days up to today."""
    found = await _period(request, days)
    scrap = sorted(found.reasons.items(), key=lambda one: (-one[1], one[0]))
    return Numbers(
        since=max(found.since, found.first).isoformat(),
        until=found.until.isoformat(),
        total=_figures("", found.total),
        days=_groups(found.days),
        shifts=_groups(found.shifts),
        work_centers=_groups(found.centers),
        materials=_groups(found.materials),
        scrap=tuple(ScrapOf(reason, unit, text(micros)) for (reason, unit), micros in scrap),
        costs=tuple(_material_costs(found)),
        unknown=found.unknown,
        finished=found.on_time.finished,
        in_time=found.on_time.in_time,
    )


@get("/v1/numbers/orders", opt={"right": "look"}, responses=refusals(400, 401))
async def list_order_costs(
    request: AnyRequest, days: Days = DAYS, after: Number = "", limit: Limit = PAGE_ROWS_MAX
) -> OrderCosts:
    """What the orders cost that were finished in so many days up to today, by number."""
    found = await _period(request, days)
    orders = sorted(found.orders, key=lambda one: one.order)
    behind = [one for one in orders if one.order > after]
    part = behind[:limit]
    return OrderCosts(tuple(map(_order_cost, part)), part[-1].order if len(behind) > limit else "")


async def _period(request: AnyRequest, days: int) -> Performance:
    services = services_of(request)
    now: datetime = services.clock.local().replace(tzinfo=None)
    since = now.date() - timedelta(days=days - 1)
    return await whole_performance(services.database, since, now.date(), now)


def _groups(groups: Mapping[Any, Sums]) -> tuple[Figures, ...]:
    return tuple(_figures(str(key), sums) for key, sums in sorted(groups.items()))


def _figures(key: str, sums: Sums) -> Figures:
    return Figures(
        key=key,
        made=tuple(
            Made(unit, text(one.good), text(one.scrap), one.quality)
            for unit, one in sorted(sums.amounts.items())
        ),
        planned_seconds=sums.planned_ms / 1000,
        run_seconds=sums.run_ms / 1000,
        setup_seconds=sums.setup_ms / 1000,
        stopped_seconds=sums.stopped_ms / 1000,
        open_seconds=sums.open_ms / 1000,
        quality=sums.quality,
        availability=sums.availability,
        effectiveness=sums.effectiveness,
        oee=sums.oee,
    )


def _material_costs(found: Performance) -> Iterable[MaterialCost]:
    for one in found.costs:
        yield MaterialCost(
            material=one.material,
            orders=len(one.orders),
            unit=one.unit,
            quantity=text(one.quantity),
            made=text(one.made),
            planned=text(one.planned),
            actual=text(one.actual),
            variance=text(one.variance),
            planned_each=_each(one.planned_each),
            actual_each=_each(one.actual_each),
        )


def _order_cost(one: OrderMoney) -> OrderCostLine:
    return OrderCostLine(
        order=one.order,
        material=one.material,
        day=one.day.isoformat(),
        unit=one.unit,
        quantity=text(one.quantity),
        made=text(one.made),
        planned=text(one.money.planned),
        actual=text(one.money.actual),
        variance=text(one.money.variance),
        planned_each=_each(one.planned_each),
        actual_each=_each(one.actual_each),
        unknown=one.money.unknown,
    )


def _each(micros: int | None) -> str | None:
    return None if micros is None else text(micros)


routes: Final = (
    Router(
        "/",
        guards=[office_guard],
        tags=["numbers"],
        security=ADMIN,
        route_handlers=[read_numbers, list_order_costs],
    ),
)
