"""Pages of one lot: what it is, what moved it; receive, count, move, block it; its label."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect
from sqlalchemy import Connection

from labels.primitives import LabelError
from labels.render import render
from sync.domain.quantity import text
from sync.server.clock import ServerClock
from sync.server.database import DatabaseError
from sync.server.desk import Desk, Receipt
from sync.server.desk.stock import Count, Move, StatusChange, count, move, receive, set_status
from sync.server.office import OfficeError
from sync.server.views.books import book
from sync.server.views.lots import MOVEMENTS_MAX, LotFacts, lot_facts, lot_movements
from sync.server.views.plan import recent_plan
from sync.server.views.supplies import receipts
from sync.server.views.timeline import people_names
from sync.server.web.entry import AnyRequest
from sync.server.web.forms import FORM_BYTES_MAX, Form, acted, form_of, query_form, status_of
from sync.server.web.frame import go_to, services_of, show, show_plain, today_of
from sync.server.web.listing import csv_answer, wants_csv

LOOK: Final = {"right": "look"}
STOCK: Final = {"right": "stock"}
QUALITY: Final = {"right": "quality"}
LABEL: Final = "receipt"
LABEL_DPI: Final = 203
LANGUAGES: Final[dict[str, str]] = {"pdf": "application/pdf", "zpl": "application/vnd.zebra.zpl"}
MOVEMENT_HEADER: Final = (
    "position", "at", "kind", "delta", "amount", "unit", "from", "to", "order", "who", "station",
    "reason", "undone",
)  # fmt: skip


@get("/lot", opt=LOOK)
async def lot(request: AnyRequest) -> Response[str]:
    """A lot with its movements, the latest first."""
    asked = query_form(request)
    if wants_csv(request):
        return await _movements_file(request, asked)
    return await _lot_page(request, asked["material"], asked["lot"], before=asked["before"])


@post("/lot/count", opt=STOCK, request_max_body_size=FORM_BYTES_MAX)
async def count_lot(request: AnyRequest) -> Response[str] | Redirect:
    """Book what was counted at a place."""
    form = await form_of(request)
    asked = Count(
        material=form["material"],
        lot=form["lot"],
        counted=form["counted"],
        unit=form["unit"],
        place=form["place"],
        expected=form["expected"],
        seen=_whole(form["seen"]),
        reason=form["reason"],
    )
    return await _done(request, form, "count", lambda desk, who: count(desk, who, asked))


@post("/lot/move", opt=STOCK, request_max_body_size=FORM_BYTES_MAX)
async def move_lot(request: AnyRequest) -> Response[str] | Redirect:
    """Book that so much of it lies elsewhere."""
    form = await form_of(request)
    asked = Move(
        material=form["material"],
        lot=form["lot"],
        quantity=form["quantity"],
        unit=form["unit"],
        source=form["source"],
        destination=form["destination"],
    )
    return await _done(request, form, "move", lambda desk, who: move(desk, who, asked))


@post("/lot/status", opt=QUALITY, request_max_body_size=FORM_BYTES_MAX)
async def status_lot(request: AnyRequest) -> Response[str] | Redirect:
    """Block the lot or release it."""
    form = await form_of(request)
    asked = StatusChange(
        material=form["material"],
        lot=form["lot"],
        status=form["status"],
        reason=form["reason"],
        revision=_whole(form["revision"]) if form["revision"] else None,
    )
    return await _done(request, form, "status", lambda desk, who: set_status(desk, who, asked))


@get("/lot/label", opt=LOOK)
async def label(request: AnyRequest) -> Response[Any]:
    """The label of a lot as it came in: `as` pdf to print here, zpl for a label printer."""
    asked, today = query_form(request), today_of(request)
    form = asked["as"] if asked["as"] in LANGUAGES else "pdf"

    def made(connection: Connection) -> bytes | None:
        facts = lot_facts(connection, asked["material"], asked["lot"])
        if facts is None:
            return None
        item = book(connection, today).materials.get(facts.material)
        moment = services_of(request).clock
        values = _label_values(facts, item.name if item else "", asked["quantity"], moment)
        return render(LABEL, values, "zpl" if form == "zpl" else "pdf", LABEL_DPI, "receipt")

    try:
        content = await services_of(request).database.read(made)
    except LabelError as fault:
        return show_plain(request, "office/stock_no_label.html", 422, fault=str(fault), asked=asked)
    if content is None:
        return await _lot_page(request, asked["material"], asked["lot"])
    name = f'attachment; filename="label.{form}"'
    headers = {"Content-Disposition": name, "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=LANGUAGES[form], headers=headers)


@get("/stock/receive", opt=STOCK)
async def receive_form(request: AnyRequest) -> Response[str]:
    """The form of goods that came in; `receipt` fills it from what was ordered."""
    return await _receive_page(request, query_form(request))


@post("/stock/receive", opt=STOCK, request_max_body_size=FORM_BYTES_MAX)
async def receive_goods(request: AnyRequest) -> Response[str] | Redirect:
    """Take goods into stock."""
    form = await form_of(request)
    names = ("material", "lot", "quantity", "unit", "place", "expiry", "supplier", "supplier_lot")
    serials = tuple(form["serials"].replace(",", "\n").split())
    goods = Receipt(**{name: form[name] for name in names}, serials=serials)
    try:
        await acted(request, lambda desk, who: receive(desk, who, goods, form["receipt"]))
    except (OfficeError, DatabaseError) as fault:
        return await _receive_page(request, form.failing(fault), status_of(fault))
    told = {"material": form["material"], "lot": form["lot"]}
    return go_to("/lot", "stock.said.received", form["lot"] or form["material"], **told)


async def _done(
    request: AnyRequest, form: Form, act: str, verb: Callable[[Desk, str], None]
) -> Response[str] | Redirect:
    """Do it and go back to the lot, or show it with the form as filled and what was wrong."""
    try:
        await acted(request, verb)
    except (OfficeError, DatabaseError) as fault:
        failed = {act: form.failing(fault)}
        names = form["material"], form["lot"]
        return await _lot_page(request, *names, forms=failed, status=status_of(fault))
    key = f"stock.said.{act}"
    return go_to("/lot", key, form["lot"], material=form["material"], lot=form["lot"])


async def _lot_page(
    request: AnyRequest,
    material: str,
    name: str,
    *,
    before: str = "",
    forms: Mapping[str, Form] | None = None,
    status: int = 200,
) -> Response[str]:
    services, today = services_of(request), today_of(request)
    facts = await services.database.read(lambda conn: lot_facts(conn, material, name))
    if facts is None:
        return show_plain(request, "office/stock_no_lot.html", 404, material=material, lot=name)
    filled = forms or {}

    def question(connection: Connection) -> Mapping[str, Any]:
        item = book(connection, today).materials.get(material)
        now = lot_facts(connection, material, name) or facts
        moves = lot_movements(connection, material, name, _whole(before))
        return {
            "facts": now,
            "item": item,
            "name": item.name if item else material,
            "is_expired": bool(now.expiry) and now.expiry < today.isoformat(),
            "moves": moves,
            "next": moves[-1].position if len(moves) == MOVEMENTS_MAX else 0,
            "before": before,
            "people": people_names(connection, (one.who for one in moves)),
            "move_form": filled.get("move", Form()),
            "count_form": filled.get("count", Form()),
            "status_form": filled.get("status", Form()),
            "text": text,
        }

    return await show(request, "office/stock_lot.html", question, status=status)


async def _receive_page(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    today, now = today_of(request), services_of(request).clock.local()

    def question(connection: Connection) -> Mapping[str, Any]:
        materials = book(connection, today).materials
        owed = receipts(recent_plan(connection, now))
        chosen = next((one for one in owed if one.receipt == form["receipt"]), None)
        values: dict[str, str] = dict(form.fields)
        if chosen is not None and not form.fault:
            values.setdefault("material", chosen.material)
            values.setdefault("quantity", text(chosen.open))
            values.setdefault("supplier", chosen.supplier)
        item = materials.get(values.get("material", ""))
        return {
            "form": Form(values, form.fault, form.at),
            "item": item,
            "owed": owed,
            "materials": [materials[key] for key in sorted(materials)],
        }

    return await show(request, "office/stock_receive.html", question, status=status)


async def _movements_file(request: AnyRequest, asked: Form) -> Response[str]:
    moves = await services_of(request).database.read(
        lambda conn: lot_movements(conn, asked["material"], asked["lot"], 0, 100_000)
    )
    rows = [
        (
            one.position, one.at, one.kind, text(one.delta), text(one.amount), one.unit,
            one.source, one.destination, one.order, one.who, one.station, one.reason,
            int(one.undone),
        )
        for one in moves
    ]  # fmt: skip
    return csv_answer("movements", MOVEMENT_HEADER, rows)


def _label_values(facts: LotFacts, name: str, quantity: str, clock: ServerClock) -> dict[str, str]:
    """What stands on the label; the quantity of one container if one is told, else all of it."""
    amount = quantity.replace(",", ".") or text(max(0, facts.micros))
    values = {
        "product": name or facts.material,
        "material": facts.material,
        "lot": facts.lot,
        "quantity": amount,
        "unit": facts.unit,
        "received": f"{clock.local():%Y-%m-%d %H:%M}",
        "expiry": facts.expiry,
        "supplier_lot": facts.supplier_lot[:40],
        "location": (facts.places[0][0] if facts.places else "")[:20],
        "status": "BLOCKED" if facts.status == "blocked" else "",
    }
    return {key: value for key, value in values.items() if value}


def _whole(written: str) -> int:
    return int(written) if written.isascii() and written.isdigit() and len(written) < 16 else 0


routes: Final = (lot, count_lot, move_lot, status_lot, label, receive_form, receive_goods)
