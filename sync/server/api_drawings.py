"""The home of the REST interface to drawings: the office puts them, stations and phones read them.

A phone has no token. It opens a link that a station draws as a QR code: the link reads one file,
and ends some weeks after the station last heard the server.
"""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final

import msgspec
from litestar import MediaType, Response, delete, get, put
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.openapi.spec import (
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    RequestBody,
    Schema,
)
from litestar.params import FromPath, PathParameter
from litestar.response import Redirect

from sync.drawings import (
    DRAWING_BYTES_MAX,
    LINK_PATH,
    NAME_FORM,
    PDF,
    PNG,
    DrawingError,
    checked_file,
    checked_name,
)
from sync.server.api import AnyRequest, services_of
from sync.server.auth import Auth, admin_guard, bearer_of, station_guard
from sync.server.drawings import (
    Drawing,
    DrawingsFull,
    Links,
    drawing_of,
    drawings,
    drop_drawing,
    file_of,
    put_drawing,
)
from sync.server.openapi import ADMIN, STATION, answer, refusals
from sync.server.problem import at_parameter, problem

DrawingName = Annotated[str, PathParameter(schema_extra={"pattern": f"^{NAME_FORM}$"})]
_LINKS: Final = "drawing_links"


class DrawingLine(msgspec.Struct, frozen=True):
    """One drawing: `digest` is the SHA-256 of its file, `bytes` the file's size."""

    name: str
    digest: str
    media: str
    bytes: int


class DrawingList(msgspec.Struct, frozen=True):
    items: tuple[DrawingLine, ...]


@dataclass
class FileOperation(Operation):
    """The body is the file itself, so it is described here."""

    def __post_init__(self) -> None:
        text = f"The file itself, at most {DRAWING_BYTES_MAX} bytes."
        file = OpenAPIMediaType(
            schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY, description=text)
        )
        self.request_body = RequestBody(content={PNG: file, PDF: file}, required=True)


async def reader_guard(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """Stations, and the office."""
    auth: Auth = connection.app.state.auth
    if not auth.is_admin(bearer_of(connection)):
        await station_guard(connection, handler)


@put(
    "/v1/drawings/{name:str}",
    status_code=200,
    guards=[admin_guard],
    request_max_body_size=DRAWING_BYTES_MAX,
    tags=["office"],
    security=ADMIN,
    operation_class=FileOperation,
    responses={200: answer(DrawingLine, "Stored."), **refusals(400, 401, 409, 413)},
)
async def store(request: AnyRequest, name: DrawingName) -> Response[bytes]:
    """Store a drawing (PNG or PDF) under the name that routings give it, in place of another."""
    body, services = await request.body(), services_of(request)
    try:
        media = checked_file(checked_name(name), body)
        stored = await services.database.write(
            lambda conn: put_drawing(conn, name, media, body, services.clock.milliseconds())
        )
    except DrawingError as fault:
        errors = at_parameter("name", str(fault))
        raise problem(400, "drawing", str(fault), errors=errors) from None
    except DrawingsFull as fault:
        raise problem(409, "drawings-full", str(fault)) from None
    return Response(msgspec.json.encode(_line(stored)), media_type=MediaType.JSON)


@get("/v1/drawings", guards=[admin_guard], tags=["office"], security=ADMIN, responses=refusals(401))
async def list_drawings(request: AnyRequest) -> DrawingList:
    """All drawings by name."""
    found = await services_of(request).database.read(drawings)
    return DrawingList(tuple(_line(one) for one in found))


@get(
    "/v1/drawings/{name:str}",
    guards=[reader_guard],
    tags=["stations"],
    security=[*STATION, *ADMIN],
    responses={
        200: answer(bytes, "The file; `Link` tells where a phone reads it.", "image/png"),
        304: answer(None, "The caller's copy, named in `If-None-Match`, is still it."),
        **refusals(400, 401, 403, 404),
    },
)
async def read(request: AnyRequest, name: DrawingName) -> Response[bytes]:
    """The file of a drawing; its `ETag` is its SHA-256."""
    services, links = services_of(request), _links(request)
    found = await services.database.read(lambda conn: drawing_of(conn, name))
    if found is None:
        said = f"no drawing is called {name[:40]!r}: PUT /v1/drawings/NAME stores one"
        raise problem(404, "unknown", said)
    tag = f'"{found.digest}"'
    link = links.path(found.digest, services.clock.milliseconds())
    headers = {"ETag": tag, "Link": f'<{link}>; rel="alternate"', "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(b"", status_code=304, headers=headers, media_type=found.media)
    body = await services.database.read(partial(file_of, digest=found.digest))
    return Response(body, headers=headers, media_type=found.media)


@delete(
    "/v1/drawings/{name:str}",
    status_code=204,
    guards=[admin_guard],
    tags=["office"],
    security=ADMIN,
    responses=refusals(400, 401, 404),
)
async def drop(request: AnyRequest, name: DrawingName) -> None:
    """Forget a drawing; stations keep their copy until they need its room."""
    dropped = await services_of(request).database.write(lambda conn: drop_drawing(conn, name))
    if not dropped:
        raise problem(404, "unknown", f"no drawing is called {name[:40]!r}: there is none to drop")


@get(f"{LINK_PATH}{{code:str}}", include_in_schema=False)
async def linked(request: AnyRequest, code: FromPath[str]) -> Response[bytes]:
    """The file that a link opens, without a token."""
    services, links = services_of(request), _links(request)
    now = services.clock.milliseconds()
    found = await services.database.read(lambda conn: links.linked(conn, code, now))
    if found is None:
        said = "this link has ended, or never was one: scan the code at the station again"
        raise problem(404, "link", said)
    body = await services.database.read(partial(file_of, digest=found.digest))
    headers = {"Cache-Control": "private, no-cache", "Referrer-Policy": "no-referrer"}
    return Response(body, headers=headers, media_type=found.media)


@get(f"{LINK_PATH}{{code:str}}/{{page:int}}", include_in_schema=False)
async def linked_page(code: FromPath[str], page: FromPath[int]) -> Redirect:
    """The same, opened at a page: a small QR code cannot hold the sign # itself."""
    return Redirect(f"{LINK_PATH}{code}#page={page}", status_code=303)


routes: Final = (store, list_drawings, read, drop, linked, linked_page)


def _links(request: AnyRequest) -> Links:
    """Those of this server; made at the first drawing, for it costs a signature."""
    links: Links | None = request.app.state.get(_LINKS)
    if links is None:
        links = request.app.state[_LINKS] = Links(services_of(request).signer)
    return links


def _line(one: Drawing) -> DrawingLine:
    return DrawingLine(one.name, one.digest, one.media, one.bytes)
