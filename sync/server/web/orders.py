"""The pages of orders: the list with its filters, and a new order after a look at its materials."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect
from sqlalchemy import Connection

from sync.domain.quantity import QuantityError
from sync.domain.quantity import shown as unit_shown
from sync.server.database import DatabaseError
from sync.server.office import (
    OfficeError,
    OfficeInvalid,
    Wanted,
    day,
    material_of,
    quantity_of,
)
from sync.server.office import planned as checked
from sync.server.views.books import book
from sync.server.views.jobs import day_of
from sync.server.views.order_check import Asked, Check, check
from sync.server.views.order_list import (
    FILTERS,
    counted_by_filter,
    listed,
    made_materials,
)
from sync.server.views.orders import OrderLine
from sync.server.web.entry import AnyRequest
from sync.server.web.forms import FORM_BYTES_MAX, Form, acted, form_of, query_form, status_of
from sync.server.web.frame import go_to, services_of, show
from sync.server.web.listing import ROWS_ON_PAGE, Page, csv_answer, wants_csv
from sync.server.web.plan import now_of, whole_of
from sync.server.wording import Said

LOOK: Final = {"right": "look"}
PLAN: Final = {"right": "plan"}
FILE_ROWS_MAX: Final = 100_000
PRIORITY: Final = "50"
TRIED: Final = "TRIED"
HEADER: Final = (
    "order", "status", "material", "name", "quantity", "unit", "good", "scrap", "start", "due",
    "slack_days", "priority", "operation", "work_center", "short", "deviations",
    "customer_reference", "note",
)  # fmt: skip


@get("/orders", opt=LOOK)
async def orders(request: AnyRequest) -> Response[str]:
    """Orders by number; `show` is a filter, `q` a word in number, item, name or customer."""
    asked, now = query_form(request), now_of(request)
    kind = asked["show"] if asked["show"] in FILTERS else "all" if asked["q"] else "open"
    if wants_csv(request):
        rows = await services_of(request).database.read(
            lambda conn: listed(conn, now, kind, asked["q"], "", FILE_ROWS_MAX)
        )
        return csv_answer("orders", HEADER, map(_cells, rows))

    def question(connection: Connection) -> Mapping[str, Any]:
        rows = listed(connection, now, kind, asked["q"], asked["after"], ROWS_ON_PAGE + 1)
        return {
            "kind": kind,
            "word": asked["q"],
            "page": Page(rows, lambda one: one.order),
            "counts": counted_by_filter(connection, now),
            "filters": FILTERS,
            "unit_of": unit_shown,
        }

    return await show(request, "office/orders_list.html", question)


@get("/orders/new", opt=PLAN)
async def new(request: AnyRequest) -> Response[str]:
    """The form of a new order; with `check` its materials and when it would begin."""
    return await _new_page(request, query_form(request))


@post("/orders/new", opt=PLAN, request_max_body_size=FORM_BYTES_MAX)
async def create(request: AnyRequest) -> Response[str] | Redirect:
    """Plan the order, or only look whether it can be made."""
    form = await form_of(request)
    if form["do"] == "check":
        return await _new_page(request, form)
    try:
        wanted = wanted_of(form)
        number = await acted(request, lambda desk, account: desk.create(wanted, account))
    except (OfficeError, DatabaseError) as fault:
        return await _new_page(request, form.failing(fault), status_of(fault))
    return go_to("/order", "orders.said.planned", number, number=number)


async def _new_page(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    now = now_of(request)

    def question(connection: Connection) -> Mapping[str, Any]:
        answer, shown = None, form
        if form["material"] and form["quantity"] and not form.fault:
            try:
                answer = _checked(connection, form)
            except OfficeError as fault:
                shown = form.failing(fault)
        return {
            "form": shown,
            "answer": answer,
            "materials": made_materials(connection, now.date()),
        }

    def _checked(connection: Connection, form: Form) -> Check:
        known = book(connection, now.date())
        wanted = wanted_of(form)
        checked(_named(wanted), known)
        material = material_of(wanted.material, known)
        asked = Asked(
            material.material,
            quantity_of(wanted.quantity, wanted.unit, material),
            "",
            day_of(day("due", wanted.due)),
            day_of(day("planned start", wanted.start)),
            wanted.priority,
        )
        try:
            return check(connection, now, asked)
        except QuantityError as fault:
            raise OfficeInvalid(
                Said("bom.mend", material=material.material, fault=fault), "material"
            ) from None

    return await show(request, "office/orders_new.html", question, status=status)


def wanted_of(form: Form) -> Wanted:
    """The order as asked for; raises `OfficeInvalid`."""
    return Wanted(
        material=form["material"],
        quantity=form["quantity"],
        order=form["order"].upper(),
        unit=form["unit"],
        due=form["due"],
        start=form["start"],
        priority=whole_of(form["priority"] or PRIORITY, "priority"),
        note=form["note"],
        customer_reference=form["customer_reference"],
    )


def _named(wanted: Wanted) -> Wanted:
    """The same under some number, to be looked at before it has its own."""
    fields = {name: getattr(wanted, name) for name in Wanted.__dataclass_fields__}
    return Wanted(**{**fields, "order": wanted.order or TRIED})


def _cells(one: OrderLine) -> tuple[Any, ...]:
    slack = "" if one.slack is None else one.slack
    return (
        one.order, one.status, one.material, one.name, one.planned.amount, one.planned.unit,
        one.good.amount, one.scrap.amount, one.start, one.due, slack, one.priority,
        one.operation, one.work_center, " ".join(one.short), one.deviations,
        one.customer_reference, one.note,
    )  # fmt: skip


routes: Final = (orders, new, create)
