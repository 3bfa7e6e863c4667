"""The pages of routings: the list, one with its times and drawings, the editor, drawing files."""

from collections.abc import Iterator
from typing import Any, Final

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect
from sqlalchemy import Connection

from sync.domain.events import RoutingDefined
from sync.drawings import (
    DRAWING_BYTES_MAX,
    PNG,
    DrawingError,
    checked_file,
    checked_name,
    reference,
)
from sync.server.database import DatabaseError
from sync.server.desk.master import define_routing
from sync.server.drawings import DrawingsFull, drawing_of, drawings, file_of, put_drawing
from sync.server.office import OfficeConflict, OfficeError
from sync.server.office.structure import check_text
from sync.server.views.books import Masters, masters
from sync.server.views.master import revisions
from sync.server.web.entry import AnyRequest
from sync.server.web.forms import FORM_BYTES_MAX, Form, acted, form_of, query_form, status_of
from sync.server.web.frame import HEADERS, go_to, services_of, show, today_of
from sync.server.web.listing import ROWS_ON_PAGE, Page, csv_answer, wants_csv
from sync.server.web.master_forms import (
    SECTION,
    padded,
    routing_fields,
    routing_rows,
    routing_wanted,
)
from sync.server.wording import Value, said_by

KIND: Final = RoutingDefined.__name__
ROWS_MORE: Final = 3
UPLOAD_BYTES_MAX: Final = DRAWING_BYTES_MAX + 65_536
CSV_HEADER: Final = (
    *("material", "operation", "work_center", "name", "setup_seconds", "run_seconds", "count"),
    *("steps", "checks", "drawing"),
)
FILE_HEADERS: Final = {
    **HEADERS,
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
}


@get("/routings", opt={"right": "look"})
async def routings(request: AnyRequest) -> Response[Any]:
    """All routings by material."""
    form = query_form(request)
    if wants_csv(request):
        known = await services_of(request).database.read(masters)
        told = (row for one in _found(known, form) for row in _csv_rows(one))
        return csv_answer("routings", CSV_HEADER, told)

    def asked(conn: Connection) -> dict[str, Any]:
        known = masters(conn)
        rows = [one for one in _found(known, form) if one.material > form["after"]]
        page = Page(rows[: ROWS_ON_PAGE + 1], lambda one: one.material)
        return {"form": form, "page": page, "names": known.names}

    return await show(request, "office/routings_list.html", asked)


@get("/routing", opt={"right": "look"})
async def routing(request: AnyRequest) -> Response[str]:
    """One routing: operations with their times, steps, checks and drawings."""
    name, today = query_form(request)["material"], today_of(request)

    def asked(conn: Connection) -> dict[str, Any]:
        known = masters(conn)
        found = known.routings.get(name)
        operations = found.operations if found else ()
        told = {one.operation: reference(one.drawing) for one in operations}
        files = {one.name: drawing_of(conn, one.name) for one in told.values() if one and one.name}
        return {
            "section": SECTION,
            "name": name,
            "item": known.book(today).materials.get(name),
            "routing": found,
            "names": known.names,
            "centers": known.work_centers,
            "drawings": told,
            "files": files,
            "png": PNG,
            "check_text": check_text,
            "revisions": revisions(conn, KIND, name),
        }

    there = await services_of(request).database.read(lambda conn: name in masters(conn).materials)
    return await show(request, "office/routings_one.html", asked, status=200 if there else 404)


@get("/routing/edit", opt={"right": "master"})
async def edit_routing(request: AnyRequest) -> Response[str]:
    """The editor, filled with what stands."""
    name = query_form(request)["material"]

    def question(conn: Connection) -> dict[str, Any]:
        known = masters(conn)
        found = known.routings.get(name)
        fresh = {"of": name, "active": "1", "revision": "0"}
        return _editor(conn, known, Form(routing_fields(found) if found else fresh))

    return await show(request, "office/routings_edit.html", question)


@post("/routing/edit", opt={"right": "master"}, request_max_body_size=FORM_BYTES_MAX)
async def save_routing(request: AnyRequest) -> Response[str] | Redirect:
    """More rows, or a routing made of the revision that the form was filled from."""
    form = await form_of(request)
    if form["do"] == "rows":
        return await _again(request, form, rows=ROWS_MORE)
    try:
        wanted = routing_wanted(form)
        await acted(request, lambda desk, account: define_routing(desk, account, wanted))
    except (OfficeError, DatabaseError) as fault:
        return await _again(request, form, fault)
    return go_to("/routing", "materials.said.routing", wanted.material, material=wanted.material)


@post("/routing/drawing", opt={"right": "master"}, request_max_body_size=UPLOAD_BYTES_MAX)
async def upload_drawing(request: AnyRequest) -> Response[str] | Redirect:
    """Store a drawing, checked by its content, under its name."""
    posted, services = await request.form(), services_of(request)
    material, file = str(posted.get("of", "")), posted.get("file")
    name, body = str(posted.get("name", "")).strip(), b""
    if isinstance(file, UploadFile):
        name, body = name or file.filename, await file.read()
        await file.close()
    try:
        media = checked_file(checked_name(name), body)
        await services.database.write(
            lambda conn: put_drawing(conn, name, media, body, services.clock.milliseconds())
        )
    except (DrawingError, DrawingsFull) as fault:
        return await _upload_refused(request, material, said_by(fault))
    return go_to("/routing/edit", "materials.said.drawing", name, material=material)


@get("/routing/drawing", opt={"right": "look"})
async def drawing(request: AnyRequest) -> Response[bytes]:
    """A drawing's file: a picture to show, a PDF to keep; nothing in it may run here."""
    name, database = query_form(request)["name"], services_of(request).database
    found = await database.read(lambda conn: drawing_of(conn, name))
    if found is None:
        return Response(b"", status_code=404, media_type="text/plain", headers=FILE_HEADERS)
    body = await database.read(lambda conn: file_of(conn, found.digest))
    way = "inline" if found.media == PNG else "attachment"
    plain = "".join(sign if sign.isascii() and sign.isalnum() else "_" for sign in found.name[:-4])
    told = f'{way}; filename="{plain}{found.name[-4:]}"'
    headers = {**FILE_HEADERS, "Content-Disposition": told}
    return Response(body, media_type=found.media, headers=headers)


async def _upload_refused(request: AnyRequest, material: str, why: Value) -> Response[str]:
    """The editor with what stands, and why the file was not taken."""

    def question(conn: Connection) -> dict[str, Any]:
        known = masters(conn)
        found = known.routings.get(material)
        fresh = {"of": material, "active": "1", "revision": "0"}
        form = Form(routing_fields(found) if found else fresh, why, "file")
        return _editor(conn, known, form)

    return await show(request, "office/routings_edit.html", question, status=422)


async def _again(
    request: AnyRequest,
    form: Form,
    fault: OfficeError | DatabaseError | None = None,
    rows: int = 1,
) -> Response[str]:
    failing = form.failing(fault) if fault is not None else form
    conflict = isinstance(fault, OfficeConflict)

    def question(conn: Connection) -> dict[str, Any]:
        known = masters(conn)
        standing = known.routings.get(form["of"]) if conflict else None
        shown_form = failing
        if standing is not None:
            fields = {**failing.fields, "revision": str(standing.revision)}
            shown_form = Form(fields, failing.fault, failing.at)
        return {**_editor(conn, known, shown_form, rows), "standing": standing}

    status = status_of(fault) if fault is not None else 200
    return await show(request, "office/routings_edit.html", question, status=status)


def _editor(conn: Connection, known: Masters, form: Form, rows: int = 1) -> dict[str, Any]:
    return {
        "section": SECTION,
        "form": form,
        "name": form["of"],
        "item": known.materials.get(form["of"]),
        "rows": padded(routing_rows(form), rows),
        "centers": [one for one in known.work_centers.values() if one.active],
        "drawings": [one.name for one in drawings(conn)],
        "names": known.names,
        "standing": None,
        "check_text": check_text,
    }


def _found(known: Masters, form: Form) -> Iterator[RoutingDefined]:
    words = form["q"].casefold().split()
    for key in sorted(known.routings):
        found = known.routings[key]
        centers = " ".join(one.work_center for one in found.operations)
        text = f"{key} {known.names.get(key, '')} {centers}".casefold()
        if found.active and all(word in text for word in words):
            yield found


def _csv_rows(found: RoutingDefined) -> Iterator[list[Any]]:
    for one in found.operations:
        steps, checks = ";".join(one.steps), ";".join(check_text(check) for check in one.checks)
        times = [one.setup_seconds, one.run_seconds, one.count]
        head = [found.material, one.operation, one.work_center, one.name]
        yield [*head, *times, steps, checks, one.drawing]


routes: Final = (routings, routing, edit_routing, save_routing, upload_drawing, drawing)
