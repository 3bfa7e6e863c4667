"""Pages of the trace: a lot up and down, the recall, a serial number as built, a logistic unit."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from litestar import Response, get
from sqlalchemy import Connection

from sync.domain.quantity import text
from sync.domain.trace import Node
from sync.server.projector_reader import collecting_later
from sync.server.views.books import names
from sync.server.views.found import lots_like
from sync.server.views.reach import reach_of, sources_of
from sync.server.views.serials import serial_record
from sync.server.views.timeline import people_names
from sync.server.views.trace import (
    RecallLine,
    Work,
    nodes_named,
    recall_lines,
    recall_rows,
    work_of,
)
from sync.server.views.units import unit_trace
from sync.server.web import shown
from sync.server.web.entry import AnyRequest
from sync.server.web.forms import query_form
from sync.server.web.frame import language, services_of, show, today_of
from sync.server.web.genealogy import drawing
from sync.server.web.listing import ROWS_ON_PAGE, csv_answer, wants_csv
from sync.server.web.recall_sheet import recall_sheet
from sync.server.web.texts import translator

LOOK: Final = {"right": "look"}
RECALL_HEADER: Final = (
    "level", "material", "lot", "order", "order_status", "customer", "from_material", "from_lot",
    "used", "used_unit", "made", "left", "unit", "place", "logistic_units",
)  # fmt: skip
SHEET_COLUMNS: Final = ("material", "lot", "order", "customer", "used", "left", "place", "units")


@get("/trace", opt=LOOK)
async def trace(request: AnyRequest) -> Response[str]:
    """Search a lot; a lot with all that went into it and that it went into."""
    asked = query_form(request)
    if not asked["lot"]:
        return await _search(request, asked["q"])
    node = Node(asked["material"], asked["lot"])

    def question(connection: Connection) -> Mapping[str, Any]:
        into, out = sources_of(connection, node), reach_of(connection, node)
        sources, uses = into.steps[:ROWS_ON_PAGE], out.steps[:ROWS_ON_PAGE]
        orders = {step.link.order for step in (*sources, *uses)}
        work = work_of(connection, orders)
        return {
            "node": node,
            "is_known": bool(into.steps or out.steps) or node in nodes_named(connection, node.lot),
            "names": names(connection),
            "into": into,
            "out": out,
            "sources": sources,
            "uses": uses,
            "work": work,
            "people": _people(connection, work),
            "picture": drawing(node, sources, uses),
        }

    return await show(request, "office/trace_lot.html", question)


def _people(connection: Connection, work: Mapping[str, Work]) -> Mapping[str, str]:
    return people_names(connection, {who for done in work.values() for who in done.operators})


async def _search(request: AnyRequest, wanted: str) -> Response[str]:
    def question(connection: Connection) -> Mapping[str, Any]:
        found = lots_like(connection, wanted) if wanted else []
        return {"wanted": wanted, "found": found, "names": names(connection)}

    return await show(request, "office/trace_search.html", question)


@get("/trace/recall", opt=LOOK)
async def recall(request: AnyRequest) -> Response[Any]:
    """Everything a lot went into: a page, `format` csv or pdf the whole list."""
    asked = query_form(request)
    node = Node(asked["material"], asked["lot"])
    if wants_csv(request):
        return await services_of(request).database.read(lambda conn: _file(conn, node))
    if asked["format"] == "pdf":
        return await _sheet(request, node)
    after = int(asked["after"]) if asked["after"].isdecimal() and len(asked["after"]) < 9 else 0

    def question(connection: Connection) -> Mapping[str, Any]:
        reach = reach_of(connection, node)
        end = after + ROWS_ON_PAGE
        return {
            "node": node,
            "reach": reach,
            "names": names(connection),
            "lines": recall_lines(connection, reach.steps[after:end]),
            "next": str(end) if len(reach.steps) > end else "",
        }

    return await show(request, "office/trace_recall.html", question)


def _file(connection: Connection, node: Node) -> Response[str]:
    """A line as a file has it: amounts as decimals."""
    written = cache(text)  # a hundred thousand amounts are few different ones
    rows = (
        (
            *row[:8], written(row[8]), row[9], written(row[10]), written(row[11]), *row[12:14],
            " ".join(row[14]),
        )
        for row in recall_rows(connection, node)
    )  # fmt: skip
    with collecting_later():
        return csv_answer("recall", RECALL_HEADER, rows)


async def _sheet(request: AnyRequest, node: Node) -> Response[bytes]:
    spoken, site = language(request), services_of(request).config.site
    told, today = translator(spoken), today_of(request)

    def made(connection: Connection) -> bytes:
        reach = reach_of(connection, node)
        lines = recall_lines(connection, reach.steps[:5_000])
        title = told("trace.recall_of", lot=node.lot, material=node.material)
        counts = told("trace.recall_counts", lots=reach.lots, orders=reach.orders)
        return recall_sheet(
            title,
            (f"{site}  {today.isoformat()}".strip(), counts),
            [told(f"trace.{name}") for name in SHEET_COLUMNS],
            [_row(line, spoken) for line in lines],
            told("trace.page_of", page="{page}", pages="{pages}"),
            told("trace.sheet_cut"),
        )

    content = await services_of(request).database.read(made)
    headers = {
        "Content-Disposition": 'attachment; filename="recall.pdf"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type="application/pdf", headers=headers)


def _row(line: RecallLine, spoken: str) -> tuple[str, ...]:
    return (
        line.material,
        line.lot or "–",
        line.order,
        line.customer,
        shown.quantity(line.used, line.used_unit, spoken),
        shown.quantity(line.left, line.unit, spoken),
        line.place,
        " ".join(line.units),
    )


@get("/serial", opt=LOOK)
async def serial(request: AnyRequest) -> Response[str]:
    """A piece as it was built, and where it went."""
    number = query_form(request)["number"]

    def question(connection: Connection) -> Mapping[str, Any]:
        record = serial_record(connection, number)
        work = work_of(
            connection, {one.order for one in record.made} | {one.order for one in record.used}
        )
        told = {"work": work, "people": _people(connection, work)}
        return {"record": record, "names": names(connection), **told}

    return await show(request, "office/trace_serial.html", question)


@get("/unit", opt=LOOK)
async def unit(request: AnyRequest) -> Response[str]:
    """A logistic unit down to its lots, and what it stands on."""
    number = query_form(request)["number"]
    return await show(
        request,
        "office/trace_unit.html",
        lambda conn: {"number": number, "unit": unit_trace(conn, number), "names": names(conn)},
    )


routes: Final = (recall, serial, trace, unit)
