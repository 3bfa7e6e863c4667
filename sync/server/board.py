"""The home of the board: the planners' page, its form, and its live stream.

Every part works without script; one script of ours swaps fragments that the stream sends. Without
a password it opens only on a loopback address, to a request that names a loopback host.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import SplitResult, urlencode, urlsplit

from litestar import MediaType, Request, Response, get, post
from litestar.datastructures import CacheControlHeader, State
from litestar.params import FromPath
from litestar.response import Redirect, ServerSentEvent, ServerSentEventMessage
from litestar.static_files import create_static_files_router

from sync.server.api import services_of
from sync.server.api_office import desk_of, today_of
from sync.server.auth import Auth, bearer_of, session_cookie
from sync.server.board_view import PAGES, BoardView, Form, Shown, materials_made
from sync.server.config import is_loopback
from sync.server.database import DatabaseError
from sync.server.desk import in_desk_thread
from sync.server.hub import Hub
from sync.server.office import OfficeBusy, OfficeError, OfficeInvalid, Wanted
from sync.server.projector_reader import BOARD
from sync.server.rights import Right

FORM_BYTES_MAX: Final = 65_536
PRIORITY_DIGITS_MAX: Final = 9
BEAT_SECONDS: Final = 10.0
SWAP_SECONDS_MIN: Final = 0.1
VIEW: Final = "board_view"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
FORWARDING_HEADERS: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "via")
_log: Final = logging.getLogger("kiosk-server")
AnyRequest = Request[Any, Any, State]
Page = Response[str]


@get("/", include_in_schema=False)
async def front() -> Redirect:
    """The front page answers the planner's questions."""
    return Redirect("/today", status_code=303)


@get("/board", include_in_schema=False)
async def board(request: AnyRequest) -> Page:
    """The board; `304` where nothing changed since the caller's copy."""
    refusal = await refused(request, "look")
    if refusal is not None:
        return refusal
    query = request.query_params
    if query:
        form = Form.of(query)
        if "check" in query:
            form = await _checked(request, form)
        return await _page(request, form)
    view, services = view_of(request), services_of(request)
    stations = view.latest_stations_key() or await services.database.read(view.stations_key)
    tag = view.tag(services.projector.position(), today_of(services), stations)
    if request.headers.get("if-none-match") == tag:
        return Response("", status_code=304, headers={**HEADERS, "ETag": tag})
    return await _page(request, Form(), tag=tag)


@get(["/board/orders", "/board/orders/{order:str}/release"], include_in_schema=False)
async def form_again() -> Redirect:
    """Who reloads the answer to a form, or goes back to it, sees the board."""
    return Redirect("/board", status_code=303)


@post("/board/orders", include_in_schema=False, request_max_body_size=FORM_BYTES_MAX)
async def create(request: AnyRequest) -> Page | Redirect:
    """Plan the order that the form asks for."""
    refusal = await refused(request, "plan")
    if refusal is not None:
        return refusal
    form = Form.of(dict(await request.form()))
    try:
        number = await in_desk_thread(lambda: desk_of(request).create(_wanted(form)))
    except (OfficeError, DatabaseError) as fault:
        return await _failed(request, form, fault, 422)
    return _to_board({"created": number})


@post(
    "/board/orders/{order:str}/release",
    include_in_schema=False,
    request_max_body_size=FORM_BYTES_MAX,
)
async def release(request: AnyRequest, order: FromPath[str]) -> Page | Redirect:
    """Give a planned order to the floor."""
    refusal = await refused(request, "plan")
    if refusal is not None:
        return refusal
    try:
        await in_desk_thread(lambda: desk_of(request).release(order))
    except (OfficeError, DatabaseError) as fault:
        return await _failed(request, Form(), fault, 409)
    return _to_board({"released": order})


@get("/board/stream", include_in_schema=False)
async def stream(request: AnyRequest) -> Page | ServerSentEvent:
    """What changes on the board, as fragments to swap, until the browser or the server leaves."""
    refusal = await refused(request, "look")
    if refusal is not None:
        return refusal
    at = str(request.headers.get("last-event-id") or request.query_params.get("at", ""))
    return ServerSentEvent(_changes(request, at), headers={"Cache-Control": "no-store"})


board_routes: Final = (
    front,
    board,
    form_again,
    create,
    release,
    stream,
    create_static_files_router(
        path="/static",
        directories=[PAGES / "static"],
        include_in_schema=False,
        cache_control=CacheControlHeader(no_cache=True),  # or a new page meets an old script
    ),
)


def view_of(request: AnyRequest) -> BoardView:
    """The renderings of this server, shared by all who look."""
    state = request.app.state
    view: BoardView | None = state.get(VIEW)
    if view is None:
        view = state[VIEW] = BoardView(services_of(request).config.site)
    return view


async def refused(request: AnyRequest, right: Right) -> Page | None:
    """Why this request may not see or change the board, as a page; nothing where it may."""
    auth: Auth = request.app.state.auth
    if bearer_of(request) and auth.is_admin(bearer_of(request)):
        return None
    session = request.cookies.get(session_cookie(request), "")
    visitor = await auth.sign_ins.visitor(session) if session else None
    config = services_of(request).config
    here = is_loopback(config.host) and is_loopback(_host(request)) and not _forwarded(request)
    if not (visitor is not None and visitor.may(right)) and not (config.open_board and here):
        return _told(request, 403, "closed.html")
    if request.method == "POST" and not _same_origin(request):
        return _told(request, 403, "foreign.html")
    return None


def _host(request: AnyRequest) -> str:
    """The host that the request names: another name on this address is another's page."""
    return _split(f"//{request.headers.get('host', '')}").hostname or ""


def _forwarded(request: AnyRequest) -> bool:
    """Whether a proxy says that the request came through it: then who looks may be anywhere."""
    return any(name in request.headers for name in FORWARDING_HEADERS)


def _same_origin(request: AnyRequest) -> bool:
    """Browsers tell where a form came from; a program that is none has nothing to be misused."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return site in {"same-origin", "none"}
    return origin is None or _split(origin).netloc == request.headers.get("host", "")


def _split(url: str) -> SplitResult:
    """The parts of a URL; no parts of what is none."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _told(request: AnyRequest, status: int, page: str) -> Page:
    text = view_of(request).plain(page, host=services_of(request).config.host)
    return Response(text, status_code=status, media_type=MediaType.HTML, headers=HEADERS)


def _to_board(said: dict[str, str]) -> Redirect:
    return Redirect(f"/board?{urlencode(said)}#new", status_code=303)


async def _failed(request: AnyRequest, form: Form, fault: Exception, status: int) -> Page:
    """The form as it was filled, and why nothing was done."""
    if isinstance(fault, DatabaseError):
        _log.error("%s", fault)
        form = form.failing(
            "The server cannot store at the moment: look at its log, then send again."
        )
        return await _page(request, form, status=503)
    status = 503 if isinstance(fault, OfficeBusy) else status
    return await _page(request, form.failing(str(fault)), status=status)


def _wanted(form: Form) -> Wanted:
    """What the form asks for; raises `OfficeInvalid`."""
    priority = form.priority.strip() or "50"
    if not (priority.isascii() and priority.isdigit() and len(priority) <= PRIORITY_DIGITS_MAX):
        raise OfficeInvalid(f"priority {priority[:20]!r}: want a whole number, 0 is first")
    return Wanted(
        material=form.material,
        quantity=form.quantity,
        due=form.due,
        start=form.start,
        priority=int(priority),
        note=form.note,
        customer_reference=form.customer_reference,
    )


async def _checked(request: AnyRequest, form: Form) -> Form:
    """The form with the answer to: can it be made?"""
    desk, today = desk_of(request), today_of(services_of(request))
    try:
        found = await in_desk_thread(lambda: desk.feasibility(_wanted(form), today))
    except OfficeError as fault:
        return form.failing(str(fault))
    return form.answered(found)


async def _page(request: AnyRequest, form: Form, *, status: int = 200, tag: str = "") -> Page:
    services, view = services_of(request), view_of(request)
    today = today_of(services)
    text = await services.database.read(
        lambda conn: view.page(view.shown(conn, today), form, materials_made(conn))
    )
    headers = {**HEADERS, "ETag": tag} if tag else HEADERS
    return Response(text, status_code=status, media_type=MediaType.HTML, headers=headers)


async def _shown(request: AnyRequest) -> Shown:
    services, view = services_of(request), view_of(request)
    today = today_of(services)
    shown: Shown = await services.database.read(lambda conn: view.shown(conn, today))
    return shown


async def _changes(request: AnyRequest, at: str) -> AsyncIterator[ServerSentEventMessage]:
    """Fragments that differ from what this browser has; a beat where nothing did for a while.

    A browser that comes back after a while is told first which cards there are at all.
    """
    hub: Hub = request.app.state.hub
    known: dict[str, str] = {}
    with hub.listening([BOARD]) as waiter:
        while not hub.stopping.is_set():
            shown = await _shown(request)
            if not known and at == shown.tag:
                known = shown.fragments
            elif not known:
                yield ServerSentEventMessage(event="cards", data=json.dumps(shown.cards))
            swaps = shown.since(known)
            known = shown.fragments
            if swaps:
                data = json.dumps(swaps, ensure_ascii=False)
                yield ServerSentEventMessage(event="swap", id=shown.tag, data=data)
            else:
                yield ServerSentEventMessage(event="beat", data=shown.tag)
            await asyncio.sleep(SWAP_SECONDS_MIN)
            await waiter.wait(BEAT_SECONDS)
