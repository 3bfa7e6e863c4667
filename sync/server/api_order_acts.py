"""The home of REST for an order that stands: change it, split it, ask for its cost and its past."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Final, TypeVar

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, JSONBody, Parameter
from sqlalchemy import Connection

from sync.domain.events import NAME_CHARS_MAX, TEXT_CHARS_MAX
from sync.domain.quantity import text
from sync.server.api import AnyRequest, services_of
from sync.server.api_etag import PRECONDITION, IfMatch, made_of
from sync.server.api_office import Limit, acted, desk_of, today_of
from sync.server.api_orders import shown_order, standing_order
from sync.server.auth import account_of, office_guard
from sync.server.desk.orders import change_order, split_order
from sync.server.office import PRIORITY_MAX
from sync.server.office.orders import ChangeWanted, SplitWanted
from sync.server.openapi import ADMIN, AMOUNT, DATE, EXAMPLES, as_told, refusals
from sync.server.problem import at_field, problem
from sync.server.views import OrderLine, order_of_state
from sync.server.views.books import book, rates
from sync.server.views.order_cost import OrderCost, order_cost
from sync.server.views.timeline import EVENTS_MAX, timeline
from sync.server.views.times import order_times

REVISION_MAX: Final = 2**53
T = TypeVar("T")
PLAN: Final = {"right": "plan"}
LOOK: Final = {"right": "look"}
Before = Annotated[int, Parameter(ge=0, le=REVISION_MAX)]
Revision = Annotated[int, msgspec.Meta(ge=0, le=REVISION_MAX)]


class OrderChange(msgspec.Struct, frozen=True):
    """An order as it shall be; `revision` is the one that it was filled from (`past` tells it)."""

    quantity: Annotated[str, as_told(pattern=AMOUNT)]
    revision: Revision | None = None
    unit: str = ""
    due: Annotated[str, as_told(pattern=DATE)] = ""
    start: Annotated[str, as_told(pattern=DATE)] = ""
    priority: Annotated[int, as_told(minimum=0, maximum=PRIORITY_MAX)] = 50
    note: Annotated[str, as_told(max_length=TEXT_CHARS_MAX)] = ""
    customer_reference: Annotated[str, as_told(max_length=NAME_CHARS_MAX)] = ""
    reason: Annotated[str, as_told(max_length=TEXT_CHARS_MAX)] = ""


class OrderSplit(msgspec.Struct, frozen=True):
    """How much becomes another order; `release` gives it to the floor as the first one was."""

    quantity: Annotated[str, as_told(pattern=AMOUNT)]
    revision: Revision | None = None
    unit: str = ""
    due: Annotated[str, as_told(pattern=DATE)] = ""
    reason: Annotated[str, as_told(max_length=TEXT_CHARS_MAX)] = ""
    release: bool = False


class CostItem(msgspec.Struct, frozen=True):
    """One material or work center; amounts in `unit`, money in the site's currency."""

    kind: str
    key: str
    name: str
    unit: str
    planned_amount: str
    actual_amount: str
    planned: str
    actual: str
    variance: str


class CostAnswer(msgspec.Struct, frozen=True):
    """`unknown` has no price and counts nothing; `expected` is the plan's for what is made."""

    currency: str
    planned: str
    actual: str
    expected: str
    variance: str
    planned_each: str
    actual_each: str
    items: tuple[CostItem, ...]
    unknown: tuple[str, ...]


class PastItem(msgspec.Struct, frozen=True):
    """One event; `undone` if it was reversed."""

    position: int
    event: str
    at: str
    who: str
    station: str
    amount: str
    unit: str
    facts: dict[str, str]
    reason: str
    undone: bool


class Past(msgspec.Struct, frozen=True):
    """The latest first; `next` is the value of `before` for the page that follows, 0 at the end.

    `revision` is the header's that stands, for a change.
    """

    revision: int
    items: tuple[PastItem, ...]
    next: int = 0


@post(
    "/v1/orders/{order:str}/change",
    status_code=200,
    opt=PLAN,
    responses={**refusals(400, 401, 404, 409, 413), **PRECONDITION},
)
async def change(
    request: AnyRequest,
    order: FromPath[str],
    data: JSONBody[OrderChange],
    if_match: IfMatch = "",
) -> OrderLine:
    """Give an order other values; 409 where somebody changed it since `revision`, 412 by If-Match.

    Without If-Match the body names the revision.
    """
    desk, account = desk_of(request), account_of(request)

    async def act(revision: int | None) -> None:
        told = {**msgspec.structs.asdict(data), "revision": _named(revision)}
        await acted(partial(change_order, desk, account, ChangeWanted(order=order, **told)))

    await _made_of(request, act, order, if_match, data.revision)
    return await shown_order(services_of(request), order)


@post(
    "/v1/orders/{order:str}/split",
    status_code=201,
    opt=PLAN,
    response_description="The new order.",
    responses={**refusals(400, 401, 404, 409, 413), **PRECONDITION},
)
async def split(
    request: AnyRequest,
    order: FromPath[str],
    data: JSONBody[OrderSplit],
    if_match: IfMatch = "",
) -> OrderLine:
    """Make two orders of one; what was made stays with the first.

    Without If-Match the body names the revision.
    """
    desk, account = desk_of(request), account_of(request)

    async def act(revision: int | None) -> str:
        told = {**msgspec.structs.asdict(data), "revision": _named(revision)}
        return await acted(partial(split_order, desk, account, SplitWanted(order=order, **told)))

    number = await _made_of(request, act, order, if_match, data.revision)
    return await shown_order(services_of(request), number)


@get("/v1/orders/{order:str}/cost", opt=LOOK, responses=refusals(400, 401, 404))
async def cost(request: AnyRequest, order: FromPath[str]) -> CostAnswer:
    """What an order should cost, what it did, line by line."""
    services = services_of(request)
    today = today_of(services)

    def found(connection: Connection) -> OrderCost | None:
        state = order_of_state(connection, order)
        if state is None:
            return None
        times = order_times(connection, state)
        return order_cost(state, times, book(connection, today), rates(connection))

    answer = await services.database.read(found)
    if answer is None:
        raise problem(404, "unknown", f"order {order[:60]!r} is not known: look at the list")
    return _cost(answer, services.config.currency)


@get("/v1/orders/{order:str}/past", opt=LOOK, responses=refusals(400, 401, 404))
async def past(
    request: AnyRequest, order: FromPath[str], before: Before = 0, limit: Limit = EVENTS_MAX
) -> Past:
    """Every event of an order, the latest first."""

    def found(connection: Connection) -> Past | None:
        state = order_of_state(connection, order)
        if state is None:
            return None
        rows = timeline(connection, order, before, limit)
        items = tuple(
            PastItem(one.position, one.kind, one.at, one.who, one.station, text(one.amount),
                     one.unit, one.facts, one.reason, one.undone)
            for one in rows
        )  # fmt: skip
        revision = state.header.revision if state.header else 0
        return Past(revision, items, rows[-1].position if len(rows) == limit else 0)

    answer: Past | None = await services_of(request).database.read(found)
    if answer is None:
        raise problem(404, "unknown", f"order {order[:60]!r} is not known: look at the list")
    return answer


def _cost(found: OrderCost, currency: str) -> CostAnswer:
    return CostAnswer(
        currency,
        text(found.planned),
        text(found.actual),
        text(found.expected),
        text(found.variance),
        text(found.planned_each) if found.planned_each is not None else "",
        text(found.actual_each) if found.actual_each is not None else "",
        tuple(
            CostItem(
                one.kind, one.key, one.name, one.unit, text(one.planned_amount),
                text(one.actual_amount), text(one.planned), text(one.actual), text(one.variance),
            )
            for one in found.rows
        ),
        found.unknown,
    )  # fmt: skip


async def _made_of(
    request: AnyRequest,
    act: Callable[[int | None], Awaitable[T]],
    order: str,
    if_match: str,
    told: int | None,
) -> T:
    """A change of an order, made of the revision that it names; raises the problem 400 for none."""
    if told is None and not if_match:
        said = f"name the revision of order {order[:60]} that was looked at, here or in If-Match"
        raise problem(400, "value", said, errors=at_field("revision", said))
    stands, services = partial(standing_order, order), services_of(request)
    return await made_of(services, act, stands, f"order {order[:60]}", if_match, told)


def _named(revision: int | None) -> int:
    assert revision is not None, "a change without a revision was refused"
    return revision


_SHOWN: Final = (
    OrderChange("540", 2, due="2027-04-09", priority=30, reason="the customer wants more"),
    OrderSplit("120", 2, due="2027-04-07", reason="the first pallet goes early", release=True),
)

routes: Final = (
    Router(
        "/",
        guards=[office_guard],
        tags=["office"],
        security=ADMIN,
        opt={EXAMPLES: _SHOWN},
        route_handlers=[change, split, cost, past],
    ),
)
