"""The home of the REST interface of what is short, what to buy, and what suppliers owe.

Lists answer `{"items": [...]}` and with `next` the value of `after` for the page that follows.
Amounts are decimal text in the unit beside them.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Final, TypeVar

import msgspec
from litestar import Router, get, post, put
from litestar.params import FromPath, JSONBody

from sync.domain.quantity import text
from sync.server.api import AnyRequest, services_of
from sync.server.api_office import Limit, Number, acted, desk_of
from sync.server.auth import account_of, office_guard
from sync.server.desk.stock import Name, Note, Purchase, change_supply, drop_supply, order_supply
from sync.server.openapi import ADMIN, refusals
from sync.server.services import Services
from sync.server.views import PAGE_ROWS_MAX
from sync.server.views.plan import PlanView, plan_of
from sync.server.views.supplies import Purchase as Need
from sync.server.views.supplies import ReceiptRow as Owed
from sync.server.views.supplies import Shortage as Short
from sync.server.views.supplies import purchases, receipts, shortages

T = TypeVar("T")


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


@get("/v1/shortages", opt={"right": "look"}, responses=refusals(400, 401))
async def list_shortages(
    request: AnyRequest, material: Number = "", after: Number = "", limit: Limit = PAGE_ROWS_MAX
) -> Shortages:
    """Materials that open orders lack, those first that stop most."""
    plan = await _plan(services_of(request))
    found = shortages(plan, material)
    items, last = _paged(found, lambda one: one.material, after, limit)
    return Shortages(tuple(map(_shortage_line, items)), last)


@get("/v1/purchase-needs", opt={"right": "look"}, responses=refusals(400, 401))
async def list_needs(
    request: AnyRequest, supplier: Number = "", after: Number = "", limit: Limit = PAGE_ROWS_MAX
) -> Needs:
    """What to order by when and for which orders, the most urgent first."""
    plan = await _plan(services_of(request))
    found = [one for one in purchases(plan) if supplier in ("", one.supplier)]
    items, last = _paged(found, lambda one: one.key, after, limit)
    return Needs(tuple(map(_need_line, items)), last)


@get("/v1/receipts", opt={"right": "look"}, responses=refusals(400, 401))
async def list_receipts(
    request: AnyRequest, after: Number = "", limit: Limit = PAGE_ROWS_MAX
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
    desk, account = desk_of(request), account_of(request)
    return Ordered(await acted(lambda: order_supply(desk, account, data)))


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
    desk, account = desk_of(request), account_of(request)
    if data.drop:
        await acted(lambda: drop_supply(desk, account, receipt, data.note, data.revision))
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
    await acted(lambda: change_supply(desk, account, receipt, asked, data.revision))
    return Ordered(receipt)


routes: Final = (
    Router(
        "/",
        guards=[office_guard],
        tags=["purchase"],
        security=ADMIN,
        route_handlers=[
            list_shortages,
            list_needs,
            list_receipts,
            schedule_receipt,
            change_receipt,
        ],
    ),
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
