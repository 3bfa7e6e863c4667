"""The home of the stock's REST interface: lots, counts, moves, shortages, purchases, receipts.

Lists answer `{"items": [...]}` and with `next` the value of `after` for the page that follows.
Amounts are decimal text in the unit beside them.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, TypeVar

import msgspec
from litestar import Router, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, Parameter

from sync.domain.quantity import text
from sync.server.api import AnyRequest, services_of
from sync.server.api_office import Limit, Number, acted, desk_of, today_of
from sync.server.auth import admin_guard
from sync.server.desk import Receipt
from sync.server.desk.stock import (
    Count,
    Move,
    Name,
    Note,
    Purchase,
    StatusChange,
    change_supply,
    count,
    drop_supply,
    move,
    order_supply,
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
from sync.server.views.plan import PlanView, plan_of
from sync.server.views.supplies import Purchase as Need
from sync.server.views.supplies import ReceiptRow as Owed
from sync.server.views.supplies import Shortage as Short
from sync.server.views.supplies import purchases, receipts, shortages

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


class ShortOrderLine(msgspec.Struct, frozen=True):
    order: str
    status: str
    due: str
    missing: str


class ShortageLine(msgspec.Struct, frozen=True):
    """A material that stock does not cover; `arrives` is when more of it comes, and by what."""

    material: str
    name: str
    unit: str
    available: str
    needed: str
    missing: str
    orders: tuple[ShortOrderLine, ...]
    arrives: str
    arrives_by: str


class Shortages(msgspec.Struct, frozen=True):
    items: tuple[ShortageLine, ...]
    next: str = ""


class NeedLine(msgspec.Struct, frozen=True):
    """What to order; `late` where it comes behind its day though it is ordered today."""

    key: str
    material: str
    name: str
    amount: str
    unit: str
    order_by: str
    need_by: str
    arrives: str
    late: bool
    supplier: str
    orders: tuple[str, ...]
    demands: tuple[str, ...]
    why: str


class Needs(msgspec.Struct, frozen=True):
    items: tuple[NeedLine, ...]
    next: str = ""


class ReceiptLine(msgspec.Struct, frozen=True):
    """A scheduled receipt that is still owed; `open` is what is still to come."""

    receipt: str
    material: str
    name: str
    unit: str
    ordered: str
    received: str
    open: str
    due: str
    late: bool
    supplier: str
    reference: str
    note: str
    revision: int


class ReceiptList(msgspec.Struct, frozen=True):
    items: tuple[ReceiptLine, ...]
    next: str = ""


class ReceiptChange(msgspec.Struct, frozen=True):
    """What a receipt is to be; with `drop` it will not come, `note` tells why."""

    quantity: Name = ""
    due: Name = ""
    unit: Name = ""
    supplier: Name = ""
    reference: Name = ""
    note: Note = ""
    drop: bool = False
    revision: Annotated[int, msgspec.Meta(ge=0, lt=2**53)] | None = None


class Ordered(msgspec.Struct, frozen=True):
    receipt: str


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


@get("/v1/stock/lot", opt={"right": "look"}, responses=refusals(400, 401, 404))
async def one_lot(request: AnyRequest, material: Number = "", lot: Number = "") -> LotAnswer:
    """A lot, and where it lies."""
    return await _lot(services_of(request), material, lot)


@post(
    "/v1/stock/count",
    status_code=200,
    opt={"right": "stock"},
    responses=refusals(400, 401, 404, 409, 413),
)
async def count_stock(request: AnyRequest, data: JSONBody[Count]) -> LotAnswer:
    """Book a count: the difference to `expected` is added, so that other events keep theirs."""
    return await _done(request, data.material, data.lot, lambda desk: count(desk, _who(), data))


@post(
    "/v1/stock/move",
    status_code=200,
    opt={"right": "stock"},
    responses=refusals(400, 401, 404, 409, 413),
)
async def move_stock(request: AnyRequest, data: JSONBody[Move]) -> LotAnswer:
    """Book that so much of a lot lies elsewhere."""
    return await _done(request, data.material, data.lot, lambda desk: move(desk, _who(), data))


@post(
    "/v1/stock/status",
    status_code=200,
    opt={"right": "quality"},
    responses=refusals(400, 401, 404, 409, 413),
)
async def status_stock(request: AnyRequest, data: JSONBody[StatusChange]) -> LotAnswer:
    """Block a lot or release it, told why; with `revision` only if nobody did meanwhile."""
    return await _done(
        request, data.material, data.lot, lambda desk: set_status(desk, _who(), data)
    )


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
        lambda desk: receive(desk, _who(), data, data.receipt),
    )


@get("/v1/shortages", opt={"right": "look"}, responses=refusals(400, 401))
async def list_shortages(
    request: AnyRequest, material: Number = "", after: After = "", limit: Limit = PAGE_ROWS_MAX
) -> Shortages:
    """Materials that open orders lack, those first that stop most."""
    plan = await _plan(services_of(request))
    found = shortages(plan, material)
    items, last = _paged(found, lambda one: one.material, after, limit)
    return Shortages(tuple(map(_shortage_line, items)), last)


@get("/v1/purchase-needs", opt={"right": "look"}, responses=refusals(400, 401))
async def list_needs(
    request: AnyRequest, supplier: Number = "", after: After = "", limit: Limit = PAGE_ROWS_MAX
) -> Needs:
    """What to order by when and for which orders, the most urgent first."""
    plan = await _plan(services_of(request))
    found = [one for one in purchases(plan) if supplier in ("", one.supplier)]
    items, last = _paged(found, lambda one: one.key, after, limit)
    return Needs(tuple(map(_need_line, items)), last)


@get("/v1/receipts", opt={"right": "look"}, responses=refusals(400, 401))
async def list_receipts(
    request: AnyRequest, after: After = "", limit: Limit = PAGE_ROWS_MAX
) -> ReceiptList:
    """What suppliers owe, by due day."""
    plan = await _plan(services_of(request))
    items, last = _paged(receipts(plan), lambda one: one.receipt, after, limit)
    return ReceiptList(tuple(map(_receipt_line, items)), last)


@post(
    "/v1/receipts",
    status_code=201,
    opt={"right": "stock"},
    response_description="Noted as ordered.",
    responses=refusals(400, 401, 404, 409, 413),
)
async def schedule_receipt(request: AnyRequest, data: JSONBody[Purchase]) -> Ordered:
    """Note what was ordered from a supplier; answers with the number of the receipt."""
    desk = desk_of(request)
    return Ordered(await acted(lambda: order_supply(desk, _who(), data)))


@put(
    "/v1/receipts/{receipt:str}",
    status_code=200,
    opt={"right": "stock"},
    responses=refusals(400, 401, 404, 409, 413),
)
async def change_receipt(
    request: AnyRequest, receipt: FromPath[str], data: JSONBody[ReceiptChange]
) -> Ordered:
    """Another day or quantity of a receipt, or with `drop` that it will not come."""
    desk = desk_of(request)
    if data.drop:
        await acted(lambda: drop_supply(desk, _who(), receipt, data.note, data.revision))
        return Ordered(receipt)
    asked = Purchase(
        material="",
        quantity=data.quantity,
        due=data.due,
        unit=data.unit,
        supplier=data.supplier,
        reference=data.reference,
        note=data.note,
    )
    await acted(lambda: change_supply(desk, _who(), receipt, asked, data.revision))
    return Ordered(receipt)


routes: Final = (
    Router(
        "/",
        guards=[admin_guard],
        tags=["stock"],
        security=ADMIN,
        route_handlers=[
            list_lots,
            one_lot,
            count_stock,
            move_stock,
            status_stock,
            receive_goods,
            list_shortages,
            list_needs,
            list_receipts,
            schedule_receipt,
            change_receipt,
        ],
    ),
)


def _who() -> str:
    """The account of the token that opens these paths."""
    return "office"


async def _done(
    request: AnyRequest, material: str, lot: str, verb: Callable[[Any], None]
) -> LotAnswer:
    desk = desk_of(request)
    await acted(lambda: verb(desk))
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


async def _plan(services: Services) -> PlanView:
    now = services.clock.local()
    found: PlanView = await services.database.read(lambda conn: plan_of(conn, now))
    return found


def _paged(
    rows: Sequence[T], key: Callable[[T], str], after: str, limit: int
) -> tuple[Sequence[T], str]:
    """Rows behind the one with that key; of a key that is gone, from the beginning."""
    found = next((n for n, one in enumerate(rows, 1) if key(one) == after), 0) if after else 0
    part = rows[found : found + limit]
    return part, key(part[-1]) if found + limit < len(rows) else ""


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


def _shortage_line(one: Short) -> ShortageLine:
    return ShortageLine(
        material=one.material,
        name=one.name,
        unit=one.unit,
        available=text(one.available),
        needed=text(one.needed),
        missing=text(one.missing),
        orders=tuple(
            ShortOrderLine(
                order.order,
                order.status,
                order.due.isoformat() if order.due else "",
                text(order.missing),
            )
            for order in one.orders
        ),
        arrives=one.arrival.day.isoformat() if one.arrival else "",
        arrives_by=one.arrival.key if one.arrival else "",
    )


def _need_line(one: Need) -> NeedLine:
    return NeedLine(
        key=one.key,
        material=one.material,
        name=one.name,
        amount=text(one.micros),
        unit=one.unit,
        order_by=one.order_by.isoformat(),
        need_by=one.need_by.isoformat(),
        arrives=one.arrives.isoformat(),
        late=one.late,
        supplier=one.supplier,
        orders=one.orders,
        demands=one.demands,
        why=one.why,
    )


def _receipt_line(one: Owed) -> ReceiptLine:
    return ReceiptLine(
        receipt=one.receipt,
        material=one.material,
        name=one.name,
        unit=one.unit,
        ordered=text(one.ordered),
        received=text(one.received),
        open=text(one.open),
        due=one.due,
        late=one.late,
        supplier=one.supplier,
        reference=one.reference,
        note=one.note,
        revision=one.revision,
    )
