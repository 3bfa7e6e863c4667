"""The home of the office's REST interface: orders, stock, trace, stations, deviations, import.

Lists answer `{"items": [...]}` and with `next` the value of `after` for the page that follows.
"""

import base64
import binascii
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Final, TypeVar

import msgspec
from litestar import get, post
from litestar.params import Parameter

from sync.domain.events import LabelRule
from sync.domain.quantity import text
from sync.server import office
from sync.server.api import AnyRequest, services_of
from sync.server.auth import admin_guard
from sync.server.desk import Desk, Receipt, in_desk_thread
from sync.server.import_csv import ProblemLine, Report, import_files_async
from sync.server.office import OfficeError, Wanted
from sync.server.planning.explosion import Feasibility
from sync.server.problem import problem
from sync.server.services import Services
from sync.server.views import PAGE_ROWS_MAX, OrderLine, order_line, order_lines
from sync.server.views_detail import OrderDetail, Trace, order_detail, trace_of
from sync.server.views_office import (
    DeviationLine,
    StationLine,
    deviation_lines,
    station_lines,
)
from sync.server.views_stock import StockLine, names_of, stock_lines

IMPORT_BYTES_MAX: Final = 64 * 1024 * 1024
NAME_CHARS_MAX: Final = 120
DESK: Final = "desk"
T = TypeVar("T")
_STATUS: Final = {
    office.OfficeUnknown: (404, "unknown"),
    office.OfficeConflict: (409, "order-state"),
    office.OfficeInvalid: (400, "value"),
    office.OfficeBusy: (503, "busy"),
}

Number = Annotated[str, Parameter(max_length=NAME_CHARS_MAX)]
Limit = Annotated[int, Parameter(ge=1, le=PAGE_ROWS_MAX)]


class Orders(msgspec.Struct, frozen=True):
    items: tuple[OrderLine, ...]
    next: str = ""


class Stock(msgspec.Struct, frozen=True):
    items: tuple[StockLine, ...]


class StationList(msgspec.Struct, frozen=True):
    items: tuple[StationLine, ...]


class Deviations(msgspec.Struct, frozen=True):
    items: tuple[DeviationLine, ...]


class OrderRequest(msgspec.Struct, frozen=True):
    """An order to plan; `quantity` as 12.5 or `12.5 kg`, dates ISO, no `order`: the next number."""

    material: str
    quantity: str
    order: str = ""
    unit: str = ""
    due: str = ""
    start: str = ""
    priority: int = 50
    note: str = ""
    customer_reference: str = ""
    release: bool = False


class ReleaseRequest(msgspec.Struct, frozen=True):
    """How the order's labels and output lots are made."""

    label: LabelRule = LabelRule()


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


class ImportRequest(msgspec.Struct, frozen=True):
    """CSV files by name, base64; `today` is what relative dates count from (empty: now)."""

    files: dict[str, str]
    today: str = ""


class ImportAnswer(msgspec.Struct, frozen=True):
    """`ok` and the events made, or every problem and nothing loaded."""

    ok: bool
    told: str
    rows: int
    events: dict[str, int]
    problems: tuple[ProblemLine, ...]


@get("/v1/orders", guards=[admin_guard])
async def list_orders(
    request: AnyRequest, status: Number = "", after: Number = "", limit: Limit = PAGE_ROWS_MAX
) -> Orders:
    """Orders by number; `status` one or several, parted by commas."""
    services = services_of(request)
    statuses = tuple(part for part in status.split(",") if part)
    today = today_of(services)
    items = await services.database.read(
        lambda conn: order_lines(conn, today, statuses, after, limit)
    )
    return Orders(tuple(items), items[-1].order if len(items) == limit else "")


@get("/v1/orders/{order:str}", guards=[admin_guard])
async def one_order(request: AnyRequest, order: str) -> OrderDetail:
    """An order with its operations, materials, lots in and out, labels and deviations."""
    services = services_of(request)
    today = today_of(services)
    detail = await services.database.read(lambda conn: order_detail(conn, order, today))
    if detail is None:
        raise problem(404, "unknown", f"order {order[:60]!r} is not known: look at the list")
    return detail


@post("/v1/orders", status_code=201, guards=[admin_guard])
async def create_order(request: AnyRequest, data: OrderRequest) -> OrderLine:
    """Plan an order, and with `release` give it to the floor at once."""
    services, desk = services_of(request), desk_of(request)
    wanted = wanted_of(data)

    def create() -> str:
        number = desk.create(wanted)
        if data.release:
            desk.release(number)
        return number

    number = await acted(create)
    return await _shown(services, number)


@post("/v1/orders/check", status_code=200, guards=[admin_guard])
async def check_order(request: AnyRequest, data: OrderRequest) -> FeasibilityAnswer:
    """Whether such an order could be made from free stock; plans nothing."""
    services, desk = services_of(request), desk_of(request)
    today = today_of(services)
    found = await acted(lambda: desk.feasibility(wanted_of(data), today))
    return FeasibilityAnswer(
        found.can_be_made,
        tuple(Need(**fields) for fields in need_fields(found)),
        found.problems,
    )


@post("/v1/orders/{order:str}/release", status_code=200, guards=[admin_guard])
async def release_order(
    request: AnyRequest, order: str, data: ReleaseRequest | None = None
) -> OrderLine:
    """Give a planned order to the floor."""
    services, desk = services_of(request), desk_of(request)
    rule = data.label if data else LabelRule()
    await acted(lambda: desk.release(order, rule))
    return await _shown(services, order)


@post("/v1/orders/{order:str}/{word:str}", status_code=200, guards=[admin_guard])
async def say_of_order(
    request: AnyRequest, order: str, word: str, data: ReasonRequest | None = None
) -> OrderLine:
    """`hold`, `resume`, `close`, `reopen` or `cancel` an order."""
    services, desk = services_of(request), desk_of(request)
    if word not in office.REGISTERS:
        words = ", ".join(("release", *office.REGISTERS))
        raise problem(404, "unknown", f"{word[:20]!r} is nothing to do to an order: {words}")
    reason = data.reason if data else ""
    await acted(lambda: desk.say(word, order, reason))
    return await _shown(services, order)


@get("/v1/stock", guards=[admin_guard])
async def list_stock(request: AnyRequest, material: Number = "", empty: bool = False) -> Stock:
    """Lots with what is left of them; with `empty` those used up too."""
    items = await services_of(request).database.read(
        lambda conn: stock_lines(conn, names_of(conn), material, empty=empty)
    )
    return Stock(tuple(items))


@post("/v1/stock", status_code=201, guards=[admin_guard])
async def receive_stock(request: AnyRequest, data: Receipt) -> Stock:
    """Take goods into stock; answers with the lots of the material."""
    services, desk = services_of(request), desk_of(request)
    await acted(lambda: desk.receive(data))
    items = await services.database.read(
        lambda conn: stock_lines(conn, names_of(conn), data.material)
    )
    return Stock(tuple(items))


@get("/v1/lots/{lot:str}/trace", guards=[admin_guard])
async def trace_lot(request: AnyRequest, lot: str, material: Number = "") -> Trace:
    """What went into a lot and what it went into, level by level."""
    found = await services_of(request).database.read(lambda conn: trace_of(conn, lot, material))
    if found is None:
        raise problem(404, "unknown", f"lot {lot[:60]!r} is not known: look at the stock")
    return found


@get("/v1/stations", guards=[admin_guard])
async def list_stations(request: AnyRequest) -> StationList:
    """Stations with their last contact and what waits there."""
    items = await services_of(request).database.read(station_lines)
    return StationList(tuple(items))


@get("/v1/deviations", guards=[admin_guard])
async def list_deviations(
    request: AnyRequest, status: Number = "open", order: Number = "", limit: Limit = PAGE_ROWS_MAX
) -> Deviations:
    """Deviations, the latest first; `status` open, withdrawn, reviewed or several of them."""
    statuses = tuple(part for part in status.split(",") if part)
    items = await services_of(request).database.read(
        lambda conn: deviation_lines(conn, statuses, order, limit)
    )
    return Deviations(tuple(items))


@post("/v1/import", status_code=200, guards=[admin_guard], request_max_body_size=IMPORT_BYTES_MAX)
async def import_csv(request: AnyRequest, data: ImportRequest) -> ImportAnswer:
    """Load a factory's CSV files, all of them or nothing."""
    services = services_of(request)
    try:
        today = date.fromisoformat(data.today) if data.today else today_of(services)
        files = {
            name: base64.b64decode(content, validate=True) for name, content in data.files.items()
        }
    except (ValueError, binascii.Error) as fault:
        raise problem(400, "import", f"{fault}; want base64 files and an ISO date") from None
    try:
        report = await import_files_async(files, services.ledger, services.projector, today)
    except OfficeError as fault:
        raise told(fault) from None
    return answer_of(report)


routes: Final = (
    list_orders,
    one_order,
    create_order,
    check_order,
    release_order,
    say_of_order,
    list_stock,
    receive_stock,
    trace_lot,
    list_stations,
    list_deviations,
    import_csv,
)


def answer_of(report: Report) -> ImportAnswer:
    return ImportAnswer(report.ok, str(report), report.rows, report.events, report.problems)


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
    return problem(status, kind, str(fault))


async def acted(act: Callable[[], T]) -> T:
    """Run an office act in a thread; its faults become problem documents."""
    try:
        return await in_desk_thread(act)
    except OfficeError as fault:
        raise told(fault) from None


async def _shown(services: Services, number: str) -> OrderLine:
    today = today_of(services)
    line: OrderLine | None = await services.database.read(
        lambda conn: order_line(conn, number, today)
    )
    assert line is not None, f"order {number} was just written"
    return line
