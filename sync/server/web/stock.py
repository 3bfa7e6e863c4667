"""Pages of the whole stock: by material, lot and place; what it is worth; what is used up."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from litestar import Response, get
from sqlalchemy import Connection

from sync.domain.events import MaterialDefined
from sync.domain.quantity import text
from sync.server.views.books import book, rates
from sync.server.views.capital import Consumption, Step, capital, consumption
from sync.server.views.consumed import Rank, Ranking, consumed
from sync.server.views.holdings import (
    LOT_STATUSES,
    LotFilter,
    LotRow,
    MaterialStock,
    joined,
    lot_rows,
    material_stock,
    named,
    place_rows,
    reserving_orders,
)
from sync.server.views.plan import recent_plan
from sync.server.views.supplies import arrivals, outlook
from sync.server.web.entry import AnyRequest
from sync.server.web.forms import Form, query_form
from sync.server.web.frame import services_of, show, today_of
from sync.server.web.listing import ROWS_ON_PAGE, Page, csv_answer, wants_csv

LOOK: Final = {"right": "look"}
FILE_ROWS_MAX: Final = 250_000
WEEKS_SHOWN: Final = 26
MONTHS_SHOWN: Final = 18
WORTH_ROWS_MAX: Final = 200
OUTLOOK_DAYS_MAX: Final = 60
RANK_DAYS: Final = ("7", "30", "90", "365")
RANK_HEADER: Final = ("material", "name", "used", "scrapped", "unit", "cost", "orders")
LOT_HEADER: Final = (
    "material", "name", "lot", "amount", "unit", "place", "expiry", "status", "supplier_lot",
)  # fmt: skip
MATERIAL_HEADER: Final = (
    "material", "name", "unit", "available", "reserved", "free", "blocked", "expired",
    "reorder_point", "lots",
)  # fmt: skip


@get("/stock", opt=LOOK)
async def stock(request: AnyRequest) -> Response[str]:
    """Stock by material; `view` lots or places shows those, `material` all of one."""
    form = query_form(request)
    if wants_csv(request):
        return await _as_file(request, form)
    if form["material"] and form["view"] != "lots":
        return await show(request, "office/stock_material.html", _one_material(request, form))
    asked = {"lots": _lots, "places": _places}.get(form["view"], _materials)
    template = form["view"] if form["view"] in {"lots", "places"} else "materials"
    return await show(request, f"office/stock_{template}.html", asked(request, form))


@get("/stock/value", opt=LOOK)
async def value(request: AnyRequest) -> Response[str]:
    """Capital tied up in stock and in work, at standard cost."""
    today = today_of(request)
    if wants_csv(request):
        found = await services_of(request).database.read(
            lambda conn: capital(conn, book(conn, today), rates(conn))
        )
        rows = [
            (one.material, one.name, text(one.micros), one.unit, _money(one.cost))
            for one in found.stock
        ]
        return csv_answer("stock-value", ("material", "name", "amount", "unit", "cost"), rows)

    def question(connection: Connection) -> Mapping[str, Any]:
        found = capital(connection, book(connection, today), rates(connection))
        return {"capital": found, "most": WORTH_ROWS_MAX}

    return await show(request, "office/stock_value.html", question)


@get("/stock/consumption", opt=LOOK)
async def used(request: AnyRequest) -> Response[str]:
    """What the floor used of a material by week or month; without one, of all in some days."""
    form, today = query_form(request), today_of(request)
    if not form["material"]:
        return await _ranked(request, form, today)
    step: Step = "month" if form["step"] == "month" else "week"
    if wants_csv(request):
        found = await services_of(request).database.read(
            lambda conn: _consumption(conn, form["material"], today, step)[1]
        )
        uses = found.uses if found else ()
        unit = found.unit if found else ""
        rows = [(one.begin, text(one.micros), text(one.scrapped), unit) for one in uses]
        return csv_answer("consumption", ("begin", "used", "scrapped", "unit"), rows)

    def question(connection: Connection) -> Mapping[str, Any]:
        item, found = _consumption(connection, form["material"], today, step)
        materials = book(connection, today).materials
        return {
            "form": form,
            "step": step,
            "item": item,
            "consumption": found,
            "ranking": None,
            "materials": [materials[key] for key in sorted(materials)],
            "peak": max((one.micros for one in found.uses), default=0) if found else 0,
        }

    return await show(request, "office/stock_consumption.html", question)


async def _ranked(request: AnyRequest, form: Form, today: date) -> Response[str]:
    days = int(form["days"]) if form["days"] in RANK_DAYS else int(RANK_DAYS[1])
    rank: Rank = "amount" if form["rank"] == "amount" else "cost"

    def ranking(connection: Connection) -> Ranking:
        since = today - timedelta(days=days - 1)
        return consumed(connection, book(connection, today), rates(connection), since, rank)

    if wants_csv(request):
        found = await services_of(request).database.read(ranking)
        rows = [
            (one.material, one.name, text(one.micros), text(one.scrapped), one.unit,
             _money(one.cost), one.orders)
            for one in found.rows
        ]  # fmt: skip
        return csv_answer("consumption", RANK_HEADER, rows)

    def question(connection: Connection) -> Mapping[str, Any]:
        materials = book(connection, today).materials
        found = ranking(connection)
        return {
            "form": form,
            "step": "week",
            "item": None,
            "consumption": None,
            "materials": [materials[key] for key in sorted(materials)],
            "ranking": found,
            "days": str(days),
            "rank": rank,
            "most": WORTH_ROWS_MAX,
        }

    return await show(request, "office/stock_consumption.html", question)


def _materials(request: AnyRequest, form: Form) -> Any:
    today = today_of(request)

    def question(connection: Connection) -> Mapping[str, Any]:
        rows = _material_rows(connection, form, today, ROWS_ON_PAGE + 1)
        return {"form": form, "page": Page(rows, lambda one: one.material)}

    return question


def _lots(request: AnyRequest, form: Form) -> Any:
    today = today_of(request)

    def question(connection: Connection) -> Mapping[str, Any]:
        rows = _lot_rows(connection, form, today, ROWS_ON_PAGE + 1)
        page: Page[LotRow] = Page(rows, lambda one: joined(one.material, one.lot))
        return {"form": form, "page": page, "statuses": LOT_STATUSES}

    return question


def _places(_request: AnyRequest, form: Form) -> Any:
    def question(connection: Connection) -> Mapping[str, Any]:
        rows = place_rows(connection, form["after"], ROWS_ON_PAGE + 1)
        return {"form": form, "page": Page(rows, lambda one: one.place)}

    return question


def _one_material(request: AnyRequest, form: Form) -> Any:
    """One material: its sums, its lots, who waits for it, what will be there by day."""
    today, now = today_of(request), services_of(request).clock.local()

    def question(connection: Connection) -> Mapping[str, Any]:
        item = book(connection, today).materials.get(form["material"])
        rows = _lot_rows(connection, form, today, ROWS_ON_PAGE + 1)
        plan, name = recent_plan(connection, now), form["material"]
        days = outlook(plan, name)[:OUTLOOK_DAYS_MAX]
        return {
            "form": form,
            "item": item,
            "stock": material_stock(connection, [item], today)[0] if item else None,
            "page": Page(rows, lambda one: joined(one.material, one.lot)),
            "orders": reserving_orders(connection, name),
            "arrivals": arrivals(plan, name),
            "outlook": days,
            "runs_out": next((day for day, micros in days if micros < 0), None),
        }

    return question


def _material_rows(
    connection: Connection, form: Form, today: date, limit: int
) -> list[MaterialStock]:
    materials = book(connection, today).materials
    names = [name for name in named(materials, form["q"]) if name > form["after"]]
    return material_stock(connection, [materials[name] for name in names[:limit]], today)


def _lot_rows(connection: Connection, form: Form, today: date, limit: int) -> list[LotRow]:
    asked = LotFilter(
        material=form["material"],
        place=form["place"],
        status=form["status"] if form["status"] in LOT_STATUSES else "",
        search=form["q"],
        empty=form.on("empty"),
    )
    materials = book(connection, today).materials
    return lot_rows(connection, materials, asked, today, form["after"], limit)


async def _as_file(request: AnyRequest, form: Form) -> Response[str]:
    today, database = today_of(request), services_of(request).database
    if form["view"] == "places":
        places = await database.read(lambda conn: place_rows(conn, "", FILE_ROWS_MAX))
        rows = [(one.place, one.lots, one.materials) for one in places]
        return csv_answer("stock-places", ("place", "lots", "materials"), rows)
    if form["view"] == "lots" or form["material"]:
        lots = await database.read(lambda conn: _lot_rows(conn, form, today, FILE_ROWS_MAX))
        return csv_answer("stock-lots", LOT_HEADER, map(_lot_cells, lots))
    found = await database.read(lambda conn: _material_rows(conn, form, today, FILE_ROWS_MAX))
    return csv_answer("stock", MATERIAL_HEADER, map(_material_cells, found))


def _lot_cells(one: LotRow) -> tuple[str, ...]:
    amount = text(one.micros)
    return (
        one.material, one.name, one.lot, amount, one.unit, one.place, one.expiry, one.status,
        one.supplier_lot,
    )  # fmt: skip


def _material_cells(one: MaterialStock) -> tuple[Any, ...]:
    amounts = (one.available, one.reserved, one.free, one.blocked, one.expired, one.reorder)
    return (one.material, one.name, one.unit, *map(text, amounts), one.lots)


def _consumption(
    connection: Connection, material: str, today: date, step: Step
) -> tuple[MaterialDefined | None, Consumption | None]:
    item = book(connection, today).materials.get(material)
    if item is None:
        return None, None
    shown = timedelta(weeks=WEEKS_SHOWN - 1) if step == "week" else timedelta(days=_month_days())
    since = today - shown
    return item, consumption(connection, material, item.unit, item.conversions, since, today, step)


def _month_days() -> int:
    return (MONTHS_SHOWN - 1) * 30


def _money(cost: int | None) -> str:
    return "" if cost is None else text(cost)


routes: Final = (stock, value, used)
