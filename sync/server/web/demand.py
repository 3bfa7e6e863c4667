"""The pages of demand: who wants what by when, what covers it, and a file of it taken in."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect

from sync.domain.events import DemandDefined
from sync.domain.quantity import text
from sync.server.database import DatabaseError
from sync.server.desk import in_desk_thread
from sync.server.desk.plan import demand, drop_demand
from sync.server.importing.run import Preview, import_files, preview_files
from sync.server.office import OfficeError, OfficeInvalid
from sync.server.office.plan import DemandWanted
from sync.server.planning.supply import Peg, Want
from sync.server.views.plan import PlanView, plan_of
from sync.server.web.entry import AnyRequest, visitor
from sync.server.web.forms import FORM_BYTES_MAX, Form, acted, form_of, query_form, status_of
from sync.server.web.frame import go_to, language, services_of, show, show_plain, telling, today_of
from sync.server.web.listing import ROWS_ON_PAGE, csv_answer, wants_csv
from sync.server.web.plan import now_of, whole_of
from sync.server.web.plan_words import Words
from sync.server.wording import Said

FILE: Final = "demand.csv"
UPLOAD_BYTES_MAX: Final = 4 * 1024 * 1024
SUGGESTED_MAX: Final = 500
HEADER: Final = (
    "demand",
    "material",
    "quantity",
    "due",
    "priority",
    "customer_reference",
    "note",
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of demand and what covers it; `late` where that comes behind the due day."""

    demand: DemandDefined
    pegs: tuple[Peg, ...]
    covered: bool
    late: int

    @property
    def tone(self) -> str:
        if self.late > 0:
            return "bad"
        return "ok" if self.covered else "warn"


@get("/plan/demand", opt={"right": "look"})
async def demands(request: AnyRequest) -> Response[str]:
    """The lines of demand by due day."""
    if wants_csv(request):
        return await _csv(request)
    return await _page(request, query_form(request))


@post("/plan/demand", opt={"right": "plan"}, request_max_body_size=FORM_BYTES_MAX)
async def save(request: AnyRequest) -> Response[str] | Redirect:
    """Add or change a line."""
    form = await form_of(request)
    try:
        wanted = _wanted(form)
        key = await acted(request, lambda desk, account: demand(desk, account, wanted))
    except (OfficeError, DatabaseError) as fault:
        return await _page(request, form.failing(fault), status_of(fault))
    return go_to("/plan/demand", "plan.said.demand", key)


@post("/plan/demand/drop", opt={"right": "plan"}, request_max_body_size=FORM_BYTES_MAX)
async def drop(request: AnyRequest) -> Response[str] | Redirect:
    """Drop a line."""
    form = await form_of(request)
    try:
        key, revision = form["demand"], whole_of(form["revision"], "revision")
        await acted(request, lambda desk, account: drop_demand(desk, account, key, revision))
    except (OfficeError, DatabaseError) as fault:
        return await _page(request, form.failing(fault), status_of(fault))
    return go_to("/plan/demand", "plan.said.dropped", key)


@post("/plan/demand/file", opt={"right": "plan"}, request_max_body_size=UPLOAD_BYTES_MAX)
async def file(request: AnyRequest) -> Response[str] | Redirect:
    """Show what a file would change; with `load` do it."""
    posted = await request.form()
    try:
        content = await _content(posted.get("file"), str(posted.get("content") or ""))
        if posted.get("load"):
            return await _loaded(request, content)
        return await _previewed(request, content)
    except (OfficeError, DatabaseError) as fault:
        form = Form().failing(fault)
        return show_plain(
            request, "office/plan_demand_file.html", status_of(fault), preview=None, form=form
        )


async def _content(uploaded: object, kept: str) -> bytes:
    """The file's bytes, just chosen or kept from the look at it; raises `OfficeInvalid`."""
    if isinstance(uploaded, UploadFile):
        chosen = await uploaded.read()
        if chosen:
            return chosen
    try:
        content = base64.b64decode(kept, validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not content:
        raise OfficeInvalid(Said("demand.no_file"), "file")
    return content


async def _previewed(request: AnyRequest, content: bytes) -> Response[str]:
    services, today = services_of(request), today_of(request)
    preview: Preview = await in_desk_thread(
        lambda: preview_files(
            {FILE: content}, services.ledger, services.projector, today, telling(request)
        )
    )
    kept = base64.b64encode(content).decode("ascii")
    status = 200 if preview.report.ok else 422
    return show_plain(
        request, "office/plan_demand_file.html", status, preview=preview, content=kept, form=Form()
    )


async def _loaded(request: AnyRequest, content: bytes) -> Response[str] | Redirect:
    services, today, account = services_of(request), today_of(request), visitor(request).account
    report = await in_desk_thread(
        lambda: import_files({FILE: content}, services.ledger, services.projector, today, account)
    )
    if not report.ok:
        return await _previewed(request, content)
    return go_to("/plan/demand", "plan.said.loaded", report.rows)


async def _page(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    now, spoken = now_of(request), language(request)
    return await show(
        request,
        "office/plan_demand.html",
        lambda conn: _shown(plan_of(conn, now), spoken, form),
        status=status,
    )


def _shown(plan: PlanView, spoken: str, form: Form) -> Mapping[str, Any]:
    lines = lines_of(plan)
    edited = next((one.demand for one in lines if one.demand.demand == form["demand"]), None)
    materials = plan.known.book.materials
    after = form["after"]
    start = next((n for n, one in enumerate(lines, 1) if one.demand.demand == after), 0)
    page = lines[start : start + ROWS_ON_PAGE]
    return {
        "words": Words(plan, spoken),
        "lines": page,
        "next": page[-1].demand.demand if start + ROWS_ON_PAGE < len(lines) else "",
        "count": len(lines),
        "late": sum(one.late > 0 for one in lines),
        "edited": edited,
        "form": form if form.fault or edited is None else _form_of(edited),
        "materials": sorted(materials.values(), key=lambda one: one.material)[:SUGGESTED_MAX],
        "made": plan.known.book.boms.keys(),
        "revision": edited.revision if edited is not None else 0,
    }


def lines_of(plan: PlanView) -> list[Line]:
    """Every line that holds, with what covers it, by due day."""
    wants = {one.key: one for one in plan.wants}
    return [_line(plan, one, wants.get(one.demand)) for one in plan.known.demands]


def _line(plan: PlanView, line: DemandDefined, want: Want | None) -> Line:
    pegs = plan.requirements.pegs.get(line.demand, ())
    last = max((peg.day for peg in pegs), default=None)
    late = (last - want.due).days if want is not None and want.due and last else 0
    firm = sum(peg.micros for peg in pegs if peg.kind in {"stock", "order", "receipt"})
    return Line(line, pegs, want is not None and firm >= want.micros, max(0, late))


def _form_of(line: DemandDefined) -> Form:
    return Form(
        {
            "demand": line.demand,
            "material": line.material,
            "quantity": text(line.quantity.micros),
            "unit": line.quantity.unit,
            "due": line.due,
            "priority": str(line.priority),
            "customer_reference": line.customer_reference,
            "note": line.note,
            "revision": str(line.revision),
        }
    )


def _wanted(form: Form) -> DemandWanted:
    return DemandWanted(
        form["material"],
        form["quantity"],
        form["demand"],
        form["unit"],
        form["due"],
        whole_of(form["priority"] or "50", "priority"),
        form["customer_reference"],
        form["note"],
        whole_of(form["revision"] or "0", "revision"),
    )


async def _csv(request: AnyRequest) -> Response[str]:
    """All lines with the columns that a file of demand is read with."""
    now = now_of(request)
    plan = await services_of(request).database.read(lambda conn: plan_of(conn, now))
    return csv_answer("demand", HEADER, [_csv_row(one) for one in plan.known.demands])


def _csv_row(line: DemandDefined) -> list[object]:
    values = {**{name: getattr(line, name) for name in HEADER}, "quantity": _written(line)}
    return [values[name] for name in HEADER]


def _written(line: DemandDefined) -> str:
    return f"{text(line.quantity.micros)} {line.quantity.unit}"


routes: Final = (demands, save, drop, file)
