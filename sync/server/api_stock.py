"""The home of the stock's REST interface: lots, counts, moves, shortages, purchases, receipts.

Lists answer `{"items": [...]}` and with `next` the value of `after` for the page that follows.
Amounts are decimal text in the unit beside them.
"""

from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromQuery, JSONBody, Parameter
from sqlalchemy import Connection

from sync.domain.quantity import text
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
from sync.server.api_office import Limit, Number, acted, desk_of, today_of
from sync.server.auth import account_of, office_guard
from sync.server.desk import Receipt
from sync.server.desk.stock import (
    Count,
    Move,
    Name,
    StatusChange,
    count,
    move,
    receive,
    set_status,
)
from sync.server.openapi import ADMIN, refusals
from sync.server.problem import problem
from sync.server.services import Services
from sync.server.views import PAGE_ROWS_MAX
from sync.server.views.books import book
from sync.server.views.holdings import LotFilter, LotRow, joined, lot_rows
from sync.server.views.lots import LotFacts, lot_facts

AFTER_CHARS_MAX: Final = 500
T = TypeVar("T")
After = Annotated[str, Parameter(max_length=AFTER_CHARS_MAX)]


class LotLine(msgspec.Struct, frozen=True):
    """What is left of a lot; `status` is available, blocked, expired or below (zero)."""

    material: str
    name: str
    lot: str
    amount: str
    unit: str
    place: str
    expiry: str
    status: str
    supplier_lot: str


class Lots(msgspec.Struct, frozen=True):
    items: tuple[LotLine, ...]
    next: str = ""


class LotAnswer(msgspec.Struct, frozen=True):
    """A lot as it stands; `revision` is that of its status, `places` amounts by place.

    `seen` tells a later count what was looked at.
    """

    material: str
    lot: str
    amount: str
    unit: str
    places: dict[str, str]
    status: str
    status_reason: str
    expiry: str
    supplier_lot: str
    revision: int
    seen: int


class GoodsRequest(Receipt, frozen=True):
    """Goods that came in; `receipt` is the scheduled receipt that they are of."""

    receipt: Name = ""


@get("/v1/stock/lots", opt={"right": "look"}, responses=refusals(400, 401))
async def list_lots(
    request: AnyRequest,
    material: Number = "",
    place: Number = "",
    status: Number = "",
    search: Number = "",
    empty: FromQuery[bool] = False,
    after: After = "",
    limit: Limit = PAGE_ROWS_MAX,
) -> Lots:
    """Lots by material and lot; with `empty` those used up too."""
    services, asked = services_of(request), LotFilter(material, place, status, search, empty)
    today = today_of(services)
    rows = await services.database.read(
        lambda conn: lot_rows(conn, book(conn, today).materials, asked, today, after, limit)
    )
    last = joined(rows[-1].material, rows[-1].lot) if len(rows) == limit else ""
    return Lots(tuple(map(_lot_line, rows)), last)


@get(
    "/v1/stock/lot",
    opt={"right": "look"},
    responses={**UNCHANGED, **refusals(400, 401, 404)},
    response_headers=TAGGED,
)
async def one_lot(
    request: AnyRequest,
    material: Number = "",
    lot: Number = "",
    if_none_match: IfNoneMatch = "",
) -> Response[LotAnswer]:
    """A lot, and where it lies; the revision in its `ETag` is that of its status."""
    found = await _lot(services_of(request), material, lot)
    return tagged(found, found.revision, if_none_match)


@post(
    "/v1/stock/count",
    status_code=200,
    opt={"right": "stock"},
    responses=refusals(400, 401, 404, 409, 413),
)
async def count_stock(request: AnyRequest, data: JSONBody[Count]) -> LotAnswer:
    """Book a count: the difference to `expected` is added, so that other events keep theirs."""
    return await _done(request, data.material, data.lot, count, data)


@post(
    "/v1/stock/move",
    status_code=200,
    opt={"right": "stock"},
    responses=refusals(400, 401, 404, 409, 413),
)
async def move_stock(request: AnyRequest, data: JSONBody[Move]) -> LotAnswer:
    """Book that so much of a lot lies elsewhere."""
    return await _done(request, data.material, data.lot, move, data)


@post(
    "/v1/stock/status",
    status_code=200,
    opt={"right": "quality"},
    responses={**refusals(400, 401, 404, 409, 413), **PRECONDITION},
)
async def status_stock(
    request: AnyRequest, data: JSONBody[StatusChange], if_match: IfMatch = ""
) -> LotAnswer:
    """Block a lot or release it, told why; with `revision`, or If-Match, only if nobody did
    meanwhile.
    """

    async def act(revision: int | None) -> LotAnswer:
        asked = msgspec.structs.replace(data, revision=revision)
        return await _done(request, data.material, data.lot, set_status, asked)

    def stands(connection: Connection) -> Standing | None:
        found = lot_facts(connection, data.material, data.lot)
        return Standing(found.revision, found.status_by) if found is not None else None

    what = f"the status of lot {data.lot[:40]}"
    return await made_of(services_of(request), act, stands, what, if_match, data.revision)


@post(
    "/v1/stock/receive",
    status_code=201,
    opt={"right": "stock"},
    response_description="Received.",
    responses=refusals(400, 401, 404, 409, 413),
)
async def receive_goods(request: AnyRequest, data: JSONBody[GoodsRequest]) -> LotAnswer:
    """Take goods into stock; told of which scheduled receipt they are, that owes so much less."""
    return await _done(
        request,
        data.material,
        data.lot.strip(),
        receive,
        data,
        data.receipt,
    )


routes: Final = (
    Router(
        "/",
        guards=[office_guard],
        tags=["stock"],
        security=ADMIN,
        route_handlers=[
            list_lots,
            one_lot,
            count_stock,
            move_stock,
            status_stock,
            receive_goods,
        ],
    ),
)


async def _done(
    request: AnyRequest, material: str, lot: str, verb: Callable[..., None], *said: Any
) -> LotAnswer:
    desk, account = desk_of(request), account_of(request)
    await acted(lambda: verb(desk, account, *said))
    return await _lot(services_of(request), material, lot)


async def _lot(services: Services, material: str, lot: str) -> LotAnswer:
    seen = services.projector.position()
    facts: LotFacts | None = await services.database.read(
        lambda conn: lot_facts(conn, material, lot)
    )
    if facts is None:
        said = f"lot {lot[:40]!r} of {material[:40]!r} is not known: look at the stock"
        raise problem(404, "unknown", said)
    return LotAnswer(
        material=facts.material,
        lot=facts.lot,
        amount=text(facts.micros),
        unit=facts.unit,
        places={place: text(micros) for place, micros in facts.places},
        status=facts.status,
        status_reason=facts.status_reason,
        expiry=facts.expiry,
        supplier_lot=facts.supplier_lot,
        revision=facts.revision,
        seen=seen,
    )


def _lot_line(row: LotRow) -> LotLine:
    return LotLine(
        material=row.material,
        name=row.name,
        lot=row.lot,
        amount=text(row.micros),
        unit=row.unit,
        place=row.place,
        expiry=row.expiry,
        status=row.status,
        supplier_lot=row.supplier_lot,
    )
