"""The home of the office's REST interface: stock, trace, stations, deviations, import.

Lists answer `{"items": [...]}` and with `next` the value of `after` for the page that follows.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final, Literal, TypeVar
from urllib.parse import urlencode

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, FromQuery, JSONBody, Parameter
from sqlalchemy import Connection

from sync.server import office
from sync.server.api import AnyRequest, services_of
from sync.server.auth import RIGHT, account_of, office_guard
from sync.server.desk import Desk, Receipt, in_desk_thread
from sync.server.importing import b2mml_written as b2mml
from sync.server.importing.changes import Change
from sync.server.importing.folder import ProblemLine, Report
from sync.server.importing.run import TABLE_OF, import_files_async, preview_files
from sync.server.importing.workbook import CONTENT_TYPE
from sync.server.importing.written import csv_of, workbook_of
from sync.server.office import OfficeError
from sync.server.openapi import ADMIN, answer, as_told, refusals
from sync.server.problem import at_field, problem
from sync.server.services import Services
from sync.server.views import PAGE_ROWS_MAX, names
from sync.server.views.floor import (
    DeviationLine,
    StationLine,
    deviation_lines,
    station_lines,
)
from sync.server.views.stock import StockLine, stock_lines
from sync.server.views.trace import Trace, trace_of
from sync.server.views.units import UnitTrace, unit_trace

IMPORT_BYTES_MAX: Final = 64 * 1024 * 1024
NAME_CHARS_MAX: Final = 120
POSITION_MAX: Final = 2**53
DESK: Final = "desk"
WORKBOOK: Final = "all.xlsx"
LOOK: Final = {RIGHT: "look"}
T = TypeVar("T")
_STATUS: Final = {
    office.OfficeUnknown: (404, "unknown"),
    office.OfficeConflict: (409, "order-state"),
    office.OfficeInvalid: (400, "value"),
    office.OfficeBusy: (503, "busy"),
}

Number = Annotated[str, Parameter(max_length=NAME_CHARS_MAX)]
Limit = Annotated[int, Parameter(ge=1, le=PAGE_ROWS_MAX)]


class Stock(msgspec.Struct, frozen=True):
    items: tuple[StockLine, ...]


class StationList(msgspec.Struct, frozen=True):
    items: tuple[StationLine, ...]


class Deviations(msgspec.Struct, frozen=True):
    items: tuple[DeviationLine, ...]


class ImportRequest(msgspec.Struct, frozen=True):
    """CSV files and workbooks by name, base64; `today` is what relative dates count from (empty:
    now). `check` loads nothing and answers every change that loading would make.
    """

    files: dict[str, str]
    today: Annotated[str, as_told(format="date")] | None = None
    mode: Literal["load", "check"] = "load"


class ImportAnswer(msgspec.Struct, frozen=True):
    """`ok` and the events made, or every problem and nothing loaded."""

    ok: bool
    told: str
    rows: int
    events: dict[str, int]
    problems: tuple[ProblemLine, ...]
    changes: tuple[Change, ...] = ()


@get("/v1/stock", opt=LOOK, responses=refusals(400, 401))
async def list_stock(
    request: AnyRequest, material: Number = "", empty: FromQuery[bool] = False
) -> Stock:
    """Lots with what is left of them; with `empty` those used up too."""
    items = await services_of(request).database.read(
        lambda conn: stock_lines(conn, names(conn), material, empty=empty)
    )
    return Stock(tuple(items))


@post(
    "/v1/stock",
    opt={RIGHT: "stock"},
    status_code=201,
    response_description="Received.",
    responses=refusals(400, 401, 404, 413),
)
async def receive_stock(request: AnyRequest, data: JSONBody[Receipt]) -> Stock:
    """Take goods into stock; answers with the lots of the material."""
    services, desk = services_of(request), desk_of(request)
    account = account_of(request)
    await acted(lambda: desk.receive(data, account))
    items = await services.database.read(lambda conn: stock_lines(conn, names(conn), data.material))
    return Stock(tuple(items))


@get("/v1/lots/{lot:str}/trace", opt=LOOK, responses=refusals(400, 401, 404))
async def trace_lot(request: AnyRequest, lot: FromPath[str], material: Number = "") -> Trace:
    """What went into a lot and what it went into, level by level."""
    found = await services_of(request).database.read(lambda conn: trace_of(conn, lot, material))
    if found is None:
        raise problem(404, "unknown", f"lot {lot[:60]!r} is not known: look at the stock")
    return found


@get("/v1/units/{unit:str}/trace", opt=LOOK, responses=refusals(400, 401, 404))
async def trace_unit(request: AnyRequest, unit: FromPath[str]) -> UnitTrace:
    """What is on a logistic unit (SSCC or in-house number), level by level down to the lots."""
    found = await services_of(request).database.read(lambda conn: unit_trace(conn, unit))
    if found is None:
        raise problem(404, "unknown", f"unit {unit[:60]!r} is not known: scan its label again")
    return found


@get("/v1/stations", opt=LOOK, responses=refusals(401))
async def list_stations(request: AnyRequest) -> StationList:
    """Stations with their last contact and what waits there."""
    items = await services_of(request).database.read(station_lines)
    return StationList(tuple(items))


@get("/v1/deviations", opt=LOOK, responses=refusals(400, 401))
async def list_deviations(
    request: AnyRequest, status: Number = "open", order: Number = "", limit: Limit = PAGE_ROWS_MAX
) -> Deviations:
    """Deviations, the latest first; `status` open, withdrawn, reviewed, accepted or several."""
    statuses = tuple(part for part in status.split(",") if part)
    items = await services_of(request).database.read(
        lambda conn: deviation_lines(conn, statuses, order, limit)
    )
    return Deviations(tuple(items))


@post(
    "/v1/import",
    opt={RIGHT: "administer"},
    status_code=200,
    request_max_body_size=IMPORT_BYTES_MAX,
    responses=refusals(400, 401, 413),
)
async def import_csv(request: AnyRequest, data: JSONBody[ImportRequest]) -> ImportAnswer:
    """Load a factory's CSV files, all of them or nothing."""
    services = services_of(request)
    today, files, broken = _day(data.today) or today_of(services), *_contents(data.files)
    if broken:
        return answer_of(Report(broken))
    parts = files, services.ledger, services.projector, today
    try:
        if data.mode == "check":
            found = await in_desk_thread(lambda: preview_files(*parts))
            return answer_of(found.report, found.changes)
        return answer_of(await import_files_async(*parts, account_of(request)))
    except OfficeError as fault:
        raise told(fault) from None


@get(
    "/v1/tables/{file:str}",
    opt={RIGHT: "administer"},
    responses={
        200: answer(str, "The table, as the import takes it.", "text/csv"),
        **refusals(400, 401, 404),
    },
)
async def export_table(request: AnyRequest, file: FromPath[str]) -> Response[bytes]:
    """Master data, open orders and stock as a table of the import; `all.xlsx` is all of them,
    `orders.xml` the orders as B2MML.
    """
    database = services_of(request).database
    if file == WORKBOOK:
        content = await database.read(workbook_of)
        return Response(content, media_type=CONTENT_TYPE, headers=as_file(file))
    if file == b2mml.SCHEDULE_FILE:
        now = services_of(request).clock.local()
        content = await database.read(lambda conn: b2mml.schedule_of(conn, now))
        return Response(content, media_type=b2mml.CONTENT_TYPE, headers=as_file(file))
    if file not in TABLE_OF:
        known = ", ".join([*sorted(TABLE_OF), WORKBOOK, b2mml.SCHEDULE_FILE])
        raise problem(404, "unknown", f"table {file[:60]!r} is not known: there are {known}")
    text = await database.read(lambda conn: csv_of(conn, file))
    return Response(text.encode(), media_type="text/csv", headers=as_file(file))


@get(
    "/v1/performance",
    opt=LOOK,
    responses={
        200: answer(str, "A ProductionPerformance (B2MML V0600).", b2mml.CONTENT_TYPE),
        **refusals(400, 401),
    },
)
async def performance(
    request: AnyRequest,
    after: Annotated[int, Parameter(ge=0, le=POSITION_MAX)] = 0,
    order: Number = "",
) -> Response[bytes]:
    """What the floor made of orders, those first that changed first, as B2MML for an ERP.

    `after` and `order` are where the page before ended; where there may be more, the header `Link`
    names the next one (RFC 8288).
    """
    services = services_of(request)
    now = services.clock.local()

    def asked(connection: Connection) -> tuple[bytes, list[tuple[int, str]]]:
        found = b2mml.changed_after(connection, after, order)
        return b2mml.performance_of(connection, [number for _, number in found], now), found

    content, found = await services.database.read(asked)
    return Response(content, media_type=b2mml.CONTENT_TYPE, headers=_next(found))


def _next(found: Sequence[tuple[int, str]]) -> dict[str, str]:
    if len(found) < b2mml.PERFORMANCE_ORDERS_MAX:
        return {}
    query = urlencode({"after": found[-1][0], "order": found[-1][1]})
    return {"Link": f'</v1/performance?{query}>; rel="next"'}


routes: Final = (
    Router(
        "/",
        guards=[office_guard],
        tags=["office"],
        security=ADMIN,
        route_handlers=[
            list_stock,
            receive_stock,
            trace_lot,
            trace_unit,
            list_stations,
            list_deviations,
            import_csv,
            export_table,
            performance,
        ],
    ),
)


def answer_of(report: Report, changes: tuple[Change, ...] = ()) -> ImportAnswer:
    told = str(report)
    return ImportAnswer(report.ok, told, report.rows, report.events, report.problems, changes)


def as_file(name: str) -> dict[str, str]:
    """The headers of an answer that a browser keeps as a file."""
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }


def desk_of(request: AnyRequest) -> Desk:
    """The office's desk of this server: one, because it serialises acts."""
    state = request.app.state
    desk: Desk | None = state.get(DESK)
    if desk is None:
        services = services_of(request)
        desk = state[DESK] = Desk(services.ledger, services.projector)
    return desk


def today_of(services: Services) -> date:
    """The day at the server's place."""
    return services.clock.local().date()


def told(fault: OfficeError) -> Exception:
    """An office fault as a problem document."""
    status, kind = _STATUS.get(type(fault), (400, "value"))
    extra: dict[str, Any] = (
        {"errors": at_field(fault.field, str(fault))} if fault.field or status == 400 else {}
    )
    return problem(status, kind, str(fault), **extra)


def _day(written: str | None) -> date | None:
    if written is None:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        said = f"today {written[:40]!r} is no date: write 2027-03-31"
        raise problem(400, "import", said, errors=at_field("today", said)) from None


def _contents(files: Mapping[str, str]) -> tuple[dict[str, bytes], tuple[ProblemLine, ...]]:
    """The files' bytes, and those that are not base64 as problems of the import."""
    found, broken = {}, []
    for name, content in files.items():
        try:
            found[name] = base64.b64decode(content, validate=True)
        except ValueError as fault:
            said = f"{fault}; want the file's bytes as base64"
            broken.append(ProblemLine(name, 0, "", said, f"{name[:60]}: {said}"))
    return found, tuple(broken)


async def acted(act: Callable[[], T]) -> T:
    """Run an office act in a thread; its faults become problem documents."""
    try:
        return await in_desk_thread(act)
    except OfficeError as fault:
        raise told(fault) from None
