"""Pages of what is short and what to buy: who waits for it, order by when, what suppliers owe."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect
from sqlalchemy import Connection

from sync.domain.quantity import text
from sync.server.database import DatabaseError
from sync.server.desk.stock import Purchase, change_supply, drop_supply, order_supply
from sync.server.office import OfficeError
from sync.server.views.books import book
from sync.server.views.plan import recent_plan
from sync.server.views.supplies import purchases, receipts, shortages
from sync.server.web.entry import AnyRequest
from sync.server.web.forms import FORM_BYTES_MAX, Form, acted, form_of, query_form, status_of
from sync.server.web.frame import go_to, services_of, show, today_of
from sync.server.web.listing import csv_answer, wants_csv

LOOK: Final = {"right": "look"}
STOCK: Final = {"right": "stock"}
SHORTAGE_HEADER: Final = (
    "material", "name", "unit", "available", "needed", "missing", "orders", "arrives", "by",
)  # fmt: skip
PURCHASE_HEADER: Final = (
    "supplier", "material", "name", "amount", "unit", "order_by", "need_by", "arrives", "late",
    "why", "orders", "demands",
)  # fmt: skip


@get("/shortages", opt=LOOK)
async def short(request: AnyRequest) -> Response[str]:
    """Materials that open orders lack, those first that stop most."""
    form, now = query_form(request), services_of(request).clock.local()
    if wants_csv(request):
        found = await services_of(request).database.read(
            lambda conn: shortages(recent_plan(conn, now))
        )
        rows = [
            (
                one.material, one.name, one.unit, text(one.available), text(one.needed),
                text(one.missing), " ".join(order.order for order in one.orders),
                one.arrival.day if one.arrival else "", one.arrival.key if one.arrival else "",
            )
            for one in found
        ]  # fmt: skip
        return csv_answer("shortages", SHORTAGE_HEADER, rows)

    def question(connection: Connection) -> Mapping[str, Any]:
        found = shortages(recent_plan(connection, now), form["material"])
        stopped = {one.order for item in found for one in item.orders if one.status != "planned"}
        return {"form": form, "shortages": found, "stopped": len(stopped)}

    return await show(request, "office/purchase_shortages.html", question)


@get("/purchase", opt=LOOK)
async def purchase(request: AnyRequest) -> Response[str]:
    """What to order by when, and what suppliers owe."""
    if wants_csv(request):
        return await _as_file(request, query_form(request))
    return await _page(request, query_form(request))


@post("/purchase/order", opt=STOCK, request_max_body_size=FORM_BYTES_MAX)
async def mark_ordered(request: AnyRequest) -> Response[str] | Redirect:
    """Note what was ordered: a scheduled receipt."""
    form = await form_of(request)
    asked = _asked(form)
    try:
        number = await acted(request, lambda desk, who: order_supply(desk, who, asked))
    except (OfficeError, DatabaseError) as fault:
        return await _page(request, form.failing(fault), status_of(fault))
    return go_to("/purchase", "purchase.said.ordered", number)


@post("/purchase/change", opt=STOCK, request_max_body_size=FORM_BYTES_MAX)
async def change(request: AnyRequest) -> Response[str] | Redirect:
    """Another day or quantity of a receipt, or that it will not come."""
    form = await form_of(request)
    asked, revision = _asked(form), int(form["revision"]) if form["revision"].isdecimal() else None
    number = form["receipt"]
    try:
        if form["do"] == "drop":
            why = form["note"]
            await acted(request, lambda desk, who: drop_supply(desk, who, number, why, revision))
            return go_to("/purchase", "purchase.said.dropped", number)
        await acted(request, lambda desk, who: change_supply(desk, who, number, asked, revision))
    except (OfficeError, DatabaseError) as fault:
        return await _page(request, form.failing(fault), status_of(fault))
    return go_to("/purchase", "purchase.said.changed", number)


async def _page(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    now, today = services_of(request).clock.local(), today_of(request)

    def question(connection: Connection) -> Mapping[str, Any]:
        plan = recent_plan(connection, now)
        needs, owed, supplier = purchases(plan), receipts(plan), form["supplier_is"]
        shown = [one for one in needs if supplier in ("", one.supplier)]
        materials = book(connection, today).materials
        return {
            "form": form,
            "needs": shown,
            "owed": owed,
            "suppliers": sorted({one.supplier for one in needs if one.supplier}),
            "urgent": sum(one.order_by <= today for one in needs),
            "late": sum(one.late for one in owed),
            "problems": plan.requirements.problems,
            "materials": [materials[key] for key in sorted(materials)],
            "chosen": next((one for one in needs if one.key == form["need"]), None),
            "editing": next((one for one in owed if one.receipt == form["receipt"]), None),
            "text": text,
        }

    return await show(request, "office/purchase_needs.html", question, status=status)


async def _as_file(request: AnyRequest, form: Form) -> Response[str]:
    now = services_of(request).clock.local()
    plan = await services_of(request).database.read(lambda conn: recent_plan(conn, now))
    if form["of"] == "receipts":
        header = ("receipt", "supplier", "reference", "material", "due", "ordered", "open", "unit")
        rows = [
            (
                one.receipt, one.supplier, one.reference, one.material, one.due,
                text(one.ordered), text(one.open), one.unit,
            )
            for one in receipts(plan)
        ]  # fmt: skip
        return csv_answer("receipts", header, rows)
    needs = [one for one in purchases(plan) if form["supplier_is"] in ("", one.supplier)]
    cells = [
        (
            one.supplier, one.material, one.name, text(one.micros), one.unit, one.order_by,
            one.need_by, one.arrives, int(one.late), one.why, " ".join(one.orders),
            " ".join(one.demands),
        )
        for one in needs
    ]  # fmt: skip
    return csv_answer("purchase", PURCHASE_HEADER, cells)


def _asked(form: Form) -> Purchase:
    return Purchase(
        material=form["material"],
        quantity=form["quantity"],
        due=form["due"],
        unit=form["unit"],
        supplier=form["supplier"],
        reference=form["reference"],
        note=form["note"],
    )


routes: Final = (short, purchase, mark_ordered, change)
