"""The page of what comes in and goes out: tables checked first, every change and fault shown."""

import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Redirect

from sync.server.api_office import IMPORT_BYTES_MAX, WORKBOOK, as_file
from sync.server.database import DatabaseError
from sync.server.desk import in_desk_thread
from sync.server.importing import b2mml_written as b2mml
from sync.server.importing.columns import TABLES
from sync.server.importing.run import TABLE_OF, Preview, import_files, preview_files
from sync.server.importing.tables import template_of
from sync.server.importing.workbook import CONTENT_TYPE
from sync.server.importing.written import csv_of, workbook_of
from sync.server.office import OfficeError
from sync.server.web.entry import AnyRequest, visitor
from sync.server.web.forms import Form, form_of, status_of
from sync.server.web.frame import go_to, services_of, show_plain, telling, today_of
from sync.server.web.listing import csv_answer

CHECKED_SECONDS_MAX: Final = 900.0
CHECKED_COUNT_MAX: Final = 8
CHANGES_SHOWN_MAX: Final = 500
TICKET_BYTES: Final = 16
FILES_COUNT_MAX: Final = 50
FAULTS: Final = ("file", "line", "cell", "column", "text")
RIGHT: Final = {"right": "administer"}
Files = Mapping[str, bytes]


class Checked:
    """Files that were checked and wait for the word to load them: a few, for a quarter of an hour.

    Another server process does not know them; then they are asked for once more.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[str, tuple[float, Files]] = OrderedDict()

    def keep(self, files: Files) -> str:
        """Returns the ticket by which they are taken out again."""
        ticket = secrets.token_urlsafe(TICKET_BYTES)
        self._held[ticket] = (time.monotonic(), files)
        while len(self._held) > CHECKED_COUNT_MAX:
            self._held.popitem(last=False)
        return ticket

    def take(self, ticket: str) -> Files | None:
        """The files, once; nothing for a ticket that is old or of nobody."""
        files = self.look(ticket)
        self._held.pop(ticket, None)
        return files

    def look(self, ticket: str) -> Files | None:
        """The same, and they stay."""
        begun, files = self._held.get(ticket, (0.0, None))
        return files if time.monotonic() - begun <= CHECKED_SECONDS_MAX else None


_checked: Final = Checked()


@get("/import", opt=RIGHT)
async def imports(request: AnyRequest) -> Response[str]:
    """What can be loaded, and all that can be had as a file."""
    return _page(request)


@post("/import/check", opt=RIGHT, request_max_body_size=IMPORT_BYTES_MAX)
async def check(request: AnyRequest) -> Response[str]:
    """Read the files, and show what loading them would change."""
    files = await _uploaded(request)
    if not files:
        return _page(request, 422, fault="imports.no_file")
    services = services_of(request)
    parts = files, services.ledger, services.projector, today_of(request), telling(request)
    try:
        found = await in_desk_thread(lambda: preview_files(*parts))
    except (OfficeError, DatabaseError) as fault:
        return _page(request, status_of(fault), told=Form().failing(fault).fault)
    ticket = _checked.keep(files) if found.changes or not found.report.ok else ""
    return _page(request, 200 if found.report.ok else 422, found=found, ticket=ticket)


@post("/import/load", opt=RIGHT)
async def load(request: AnyRequest) -> Response[str] | Redirect:
    """Load what was checked, all of it or nothing."""
    files = _checked.take((await form_of(request))["ticket"])
    if files is None:
        return _page(request, 409, fault="imports.check_again")
    services, account = services_of(request), visitor(request).account
    parts = files, services.ledger, services.projector, today_of(request), account
    try:
        report = await in_desk_thread(lambda: import_files(*parts, telling(request)))
    except (OfficeError, DatabaseError) as fault:
        return _page(request, status_of(fault), told=Form().failing(fault).fault)
    if not report.ok:
        found, ticket = Preview(report, ()), _checked.keep(files)
        return _page(request, 409, found=found, ticket=ticket)
    return go_to("/import", "imports.said.loaded", sum(report.events.values()))


@post("/import/faults", opt=RIGHT)
async def faults(request: AnyRequest) -> Response[str]:
    """What is wrong with files that were checked, as a table, read anew."""
    files = _checked.look((await form_of(request))["ticket"])
    if files is None:
        return _page(request, 409, fault="imports.check_again")
    services = services_of(request)
    parts = files, services.ledger, services.projector, today_of(request), telling(request)
    try:
        found = await in_desk_thread(lambda: preview_files(*parts))
    except (OfficeError, DatabaseError) as fault:
        return _page(request, status_of(fault), told=Form().failing(fault).fault)
    rows = [
        (one.file, one.line or "", one.cell, one.column, one.text) for one in found.report.problems
    ]
    return csv_answer("faults", FAULTS, rows)


@get("/import/template/{file:str}", opt=RIGHT)
async def template(file: FromPath[str]) -> Response[str]:
    """An empty table, each column explained."""
    if file not in TABLE_OF:
        return Response("", status_code=404)
    return Response(template_of(TABLE_OF[file]), media_type="text/csv", headers=as_file(file))


@get("/export/{file:str}", opt=RIGHT)
async def export(request: AnyRequest, file: FromPath[str]) -> Response[bytes]:
    """A table as it stands, or all of them as a workbook."""
    database = services_of(request).database
    if file == WORKBOOK:
        content = await database.read(workbook_of)
        return Response(content, media_type=CONTENT_TYPE, headers=as_file(file))
    if file in b2mml.FILES:
        now = services_of(request).clock.local()
        content = await database.read(lambda conn: b2mml.document(conn, file, now))
        return Response(content, media_type=b2mml.CONTENT_TYPE, headers=as_file(file))
    if file not in TABLE_OF:
        return Response(b"", status_code=404)
    text = await database.read(lambda conn: csv_of(conn, file))
    return Response(text.encode(), media_type="text/csv", headers=as_file(file))


async def _uploaded(request: AnyRequest) -> dict[str, bytes]:
    """The files of the form by name in small letters; a field left empty is none."""
    posted = await request.form()
    given = [one for one in posted.getall("files", []) if isinstance(one, UploadFile)]
    found = {}
    for one in given[:FILES_COUNT_MAX]:
        if one.filename:
            name = one.filename.replace("\\", "/").rpartition("/")[2].lower()
            found[name] = await one.read()
    return found


def _page(request: AnyRequest, status: int = 200, **values: Any) -> Response[str]:
    shown = {"found": None, "ticket": "", "fault": "", "told": "", **values}
    return show_plain(
        request,
        "office/imports.html",
        status,
        tables=[one.file for one in TABLES],
        workbook=WORKBOOK,
        documents=b2mml.FILES,
        most=CHANGES_SHOWN_MAX,
        **shown,
    )


routes: Final = (imports, check, faults, load, template, export)
