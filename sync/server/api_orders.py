"""The home of the orders' REST interface: plan, check, release, hold, close, look at them."""

from functools import partial
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, JSONBody
from sqlalchemy import Connection

from sync.domain.events import NAME_CHARS_MAX, TEXT_CHARS_MAX, LabelRule
from sync.domain.quantity import text
from sync.server import office
from sync.server.api import AnyRequest, services_of
from sync.server.api_etag import (
    PRECONDITION,
    TAGGED,
    UNCHANGED,
    IfMatch,
    IfNoneMatch,
    Standing,
    made_of,
    tagged,
)
from sync.server.api_office import LOOK, Limit, Number, acted, desk_of, today_of
from sync.server.api_shortage import SHORT, asked_by, asked_of, unless_short
from sync.server.auth import RIGHT, account_of, check_right, office_guard
from sync.server.desk.orders import release_order
from sync.server.office import ORDER_NUMBER, PRIORITY_MAX, Wanted
from sync.server.office.orders import check_short
from sync.server.openapi import (
    ADMIN,
    AMOUNT,
    DATE,
    EXAMPLES,
    OptionalBodyOperation,
    as_told,
    refusals,
)
from sync.server.planning.explosion import Feasibility
from sync.server.problem import problem
from sync.server.services import Services
from sync.server.views import (
    PAGE_ROWS_MAX,
    OrderLine,
    order_line,
    order_lines,
    order_of_state,
)
from sync.server.views.detail import OrderDetail, order_detail
from sync.server.views.plan import plan_of, with_slack

REVISION_MAX: Final = 2**53
_NUMBER: Final = "^(" + ORDER_NUMBER.pattern.removesuffix(r"\Z") + ")?$"


class Orders(msgspec.Struct, frozen=True):
    items: tuple[OrderLine, ...]
    next: str = ""


class OrderRequest(msgspec.Struct, frozen=True):
    """An order to plan; `quantity` as 12.5 or `12.5 kg`, dates ISO, no `order`: the next number."""

    material: str
    quantity: Annotated[str, as_told(pattern=AMOUNT)]
    order: Annotated[str, as_told(pattern=_NUMBER)] = ""
    unit: str = ""
    due: Annotated[str, as_told(pattern=DATE)] = ""
    start: Annotated[str, as_told(pattern=DATE)] = ""
    priority: Annotated[int, as_told(minimum=0, maximum=PRIORITY_MAX)] = 50
    note: Annotated[str, as_told(max_length=TEXT_CHARS_MAX)] = ""
    customer_reference: Annotated[str, as_told(max_length=NAME_CHARS_MAX)] = ""
    release: bool = False
    accept_shortages: bool = False


class ReleaseRequest(msgspec.Struct, frozen=True):
    """How the order's labels and output lots are made; whether it goes out though parts are short.

    `reason` is kept with the release, `revision` is the one that was looked at (0: any).
    """

    label: LabelRule = LabelRule()
    accept_shortages: bool = False
    reason: Annotated[str, as_told(max_length=TEXT_CHARS_MAX)] = ""
    revision: Annotated[int, msgspec.Meta(ge=0, le=REVISION_MAX)] = 0


class ReasonRequest(msgspec.Struct, frozen=True):
    reason: str = ""


class Need(msgspec.Struct, frozen=True):
    """One component; amounts in `unit`, `level` 1 for the order's own."""

    material: str
    name: str
    unit: str
    needed: str
    free: str
    short: str
    level: int
    made: bool


class FeasibilityAnswer(msgspec.Struct, frozen=True):
    """Whether free stock is enough, and what each component has."""

    can_be_made: bool
    items: tuple[Need, ...]
    problems: tuple[str, ...]


PLAN: Final = {RIGHT: "plan"}
FLOOR: Final = {RIGHT: "floor"}
FLOOR_WORDS: Final = frozenset({"hold", "resume"})  # the others take the right to plan


@get("/v1/orders", opt=LOOK, responses=refusals(400, 401))
async def list_orders(
    request: AnyRequest, status: Number = "", after: Number = "", limit: Limit = PAGE_ROWS_MAX
) -> Orders:
    """Orders by number; `status` one or several, parted by commas."""
    services = services_of(request)
    statuses = tuple(part for part in status.split(",") if part)
    now = services.clock.local()

    def asked(connection: Connection) -> list[OrderLine]:
        lines = order_lines(connection, now.date(), statuses, after, limit)
        return with_slack(lines, plan_of(connection, now))

    items = await services.database.read(asked)
    return Orders(tuple(items), items[-1].order if len(items) == limit else "")


@get(
    "/v1/orders/{order:str}",
    opt=LOOK,
    responses={**UNCHANGED, **refusals(400, 401, 404)},
    response_headers=TAGGED,
)
async def one_order(
    request: AnyRequest, order: FromPath[str], if_none_match: IfNoneMatch = ""
) -> Response[OrderDetail]:
    """An order with its operations, materials, lots in and out, labels and deviations.

    The revision in its `ETag` is the one that a change, split or release may name.
    """
    services = services_of(request)
    now = services.clock.local()

    def asked(connection: Connection) -> tuple[OrderDetail, Standing | None] | None:
        detail = order_detail(connection, order, now.date())
        if detail is None:
            return None
        told = with_slack([detail], plan_of(connection, now))[0]
        return told, standing_order(order, connection)

    found = await services.database.read(asked)
    if found is None:
        raise problem(404, "unknown", f"order {order[:60]!r} is not known: look at the list")
    detail, standing = found
    return tagged(detail, standing.revision if standing else 0, if_none_match)


@post(
    "/v1/orders",
    opt=PLAN,
    status_code=201,
    response_description="Planned.",
    responses={**refusals(400, 401, 404, 413), **SHORT},
)
async def create_order(request: AnyRequest, data: JSONBody[OrderRequest]) -> OrderLine:
    """Plan an order, and with `release` give it to the floor at once.

    Where it is short of materials and that is not accepted, it is not planned either.
    """
    services, desk = services_of(request), desk_of(request)
    wanted, account, accept = wanted_of(data), account_of(request), data.accept_shortages

    def create() -> str:
        if data.release and not accept:
            named = wanted.order or f"of {wanted.material}"
            found = desk.feasibility(wanted, desk.today).short
            check_short(named, [one for one in found if one.level == 1], accepted=False)
        number = desk.create(wanted, account)
        if data.release:
            release_order(desk, account, number, LabelRule(), accept=accept)
        return number

    asked = partial(asked_of, desk.book, wanted)
    return await shown_order(services, await unless_short(services, create, asked))


@post("/v1/orders/check", opt=LOOK, status_code=200, responses=refusals(400, 401, 404, 413))
async def check_order(request: AnyRequest, data: JSONBody[OrderRequest]) -> FeasibilityAnswer:
    """Whether such an order could be made from free stock; plans nothing."""
    services, desk = services_of(request), desk_of(request)
    today = today_of(services)
    found = await acted(lambda: desk.feasibility(wanted_of(data), today))
    return FeasibilityAnswer(
        found.can_be_made,
        tuple(Need(**fields) for fields in need_fields(found)),
        found.problems,
    )


@post(
    "/v1/orders/{order:str}/release",
    opt=PLAN,
    status_code=200,
    operation_class=OptionalBodyOperation,
    responses={**refusals(400, 401, 404, 413), **SHORT, **PRECONDITION},
)
async def release(
    request: AnyRequest,
    order: FromPath[str],
    data: JSONBody[ReleaseRequest | None] = None,
    if_match: IfMatch = "",
) -> OrderLine:
    """Give a planned order to the floor; 409 where it is short of materials and nobody accepts it.

    What is missing then stands in `short`, with the day on which enough of it comes.
    """
    services, desk = services_of(request), desk_of(request)
    told, account = data or ReleaseRequest(), account_of(request)

    async def act(revision: int | None) -> None:
        say = partial(
            release_order,
            *(desk, account, order, told.label),
            accept=told.accept_shortages,
            reason=told.reason,
            revision=revision,
        )
        await unless_short(services, say, partial(asked_by, order))

    stands = partial(standing_order, order)
    await made_of(services, act, stands, f"order {order[:60]}", if_match, told.revision or None)
    return await shown_order(services, order)


@post(
    "/v1/orders/{order:str}/{word:str}",
    opt=FLOOR,
    status_code=200,
    operation_class=OptionalBodyOperation,
    responses=refusals(400, 401, 404, 409, 413),
)
async def say_of_order(
    request: AnyRequest,
    order: FromPath[str],
    word: FromPath[str],
    data: JSONBody[ReasonRequest | None] = None,
) -> OrderLine:
    """`hold`, `resume`, `close`, `reopen` or `cancel` an order."""
    services, desk = services_of(request), desk_of(request)
    if word not in office.REGISTERS:
        words = ", ".join(("release", *office.REGISTERS))
        raise problem(404, "unknown", f"{word[:20]!r} is nothing to do to an order: {words}")
    if word not in FLOOR_WORDS:
        check_right(request, "plan")
    reason, account = data.reason if data else "", account_of(request)
    await acted(lambda: desk.say(word, order, reason, account))
    return await shown_order(services, order)


_SHOWN: Final = (
    OrderRequest(
        "BREAD", "520", due="2027-04-08", start="2027-04-06", priority=40,
        note="for the fair", customer_reference="PO-7781",
    ),
    ReleaseRequest(accept_shortages=True, reason="flour comes at noon", revision=1),
)  # fmt: skip

routes: Final = (
    Router(
        "/",
        guards=[office_guard],
        tags=["office"],
        security=ADMIN,
        opt={EXAMPLES: _SHOWN},
        route_handlers=[
            list_orders,
            one_order,
            create_order,
            check_order,
            release,
            say_of_order,
        ],
    ),
)


def standing_order(number: str, connection: Connection) -> Standing | None:
    """The revision of an order's header, and who said it; nothing where the office did not."""
    state = order_of_state(connection, number)
    if state is None or state.header is None:
        return None
    return Standing(state.header.revision, state.header.operator, state.header.at)


def wanted_of(data: OrderRequest) -> Wanted:
    fields = {name: getattr(data, name) for name in Wanted.__dataclass_fields__}
    return Wanted(**fields)


def need_fields(found: Feasibility) -> list[dict[str, Any]]:
    """The requirements of a `Feasibility`, amounts as decimal text."""
    return [
        {
            "material": item.material,
            "name": item.name,
            "unit": item.unit,
            "needed": text(item.needed),
            "free": text(item.free),
            "short": text(item.short),
            "level": item.level,
            "made": item.made,
        }
        for item in found.requirements
    ]


async def shown_order(services: Services, number: str) -> OrderLine:
    """One line of the list, of an order that was just written."""
    now = services.clock.local()

    def asked(connection: Connection) -> OrderLine:
        line = order_line(connection, number, now.date())
        assert line is not None, f"order {number} was just written"
        return with_slack([line], plan_of(connection, now))[0]

    shown: OrderLine = await services.database.read(asked)
    return shown
