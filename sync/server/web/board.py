"""The home of the board: its page, its forms, and its live stream.

Every part works without script; one script of ours swaps fragments that the stream sends.
"""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect, ServerSentEvent
from markupsafe import Markup
from sqlalchemy import Connection

from sync.domain.events import LabelRule
from sync.server.database import DatabaseError
from sync.server.desk.orders import release_order
from sync.server.office import OfficeError
from sync.server.services import PROGRAM_VERSION
from sync.server.views.order_list import made_materials
from sync.server.web.board_stream import BoardStream
from sync.server.web.board_view import BoardView, Shown, Sight, heading_of, tag_of
from sync.server.web.entry import AnyRequest, visitor, visitor_of
from sync.server.web.forms import FORM_BYTES_MAX, Form, acted, form_of, query_form, status_of
from sync.server.web.frame import (
    HEADERS,
    go_to,
    language,
    link,
    services_of,
    show,
    theme_of,
)
from sync.server.web.orders import wanted_of
from sync.server.web.plan import now_of

LOOK: Final = {"right": "look"}
PLAN: Final = {"right": "plan"}
CENTER_CHARS_MAX: Final = 120
VIEW: Final = "board_view"
STREAM: Final = "board_stream"
FILTERS: Final = frozenset({"center", "view"})
ACCEPT: Final = "accept"


@get("/", opt=LOOK)
async def front() -> Redirect:
    """The front page answers the planner's questions."""
    return Redirect("/today", status_code=303)


@get("/board", opt=LOOK)
async def board(request: AnyRequest) -> Response[str]:
    """The board; `304` where nothing changed since the caller's copy."""
    sight, asked = _sight(request, query_form(request)), request.query_params
    if not FILTERS.issuperset(asked):  # what was said just now is in no copy
        return await _page(request, Form(), sight)
    seen, services = visitor(request), services_of(request)
    tag = tag_of(
        services.projector.position(), now_of(request), sight,
        theme_of(request), seen.account, seen.name, sorted(seen.rights), seen.session,
        PROGRAM_VERSION,
    )  # fmt: skip
    if request.headers.get("if-none-match") == tag:
        return Response("", status_code=304, headers={**HEADERS, "ETag": tag})
    answer = await _page(request, Form(), sight)
    answer.headers["ETag"] = tag
    return answer


@get(["/board/orders", "/board/release"], opt=LOOK)
async def form_again() -> Redirect:
    """Who reloads the answer to a form, or goes back to it, sees the board."""
    return go_to("/board")


@post("/board/orders", opt=PLAN, request_max_body_size=FORM_BYTES_MAX)
async def create(request: AnyRequest) -> Response[str] | Redirect:
    """Plan the order that the form asks for."""
    form = await form_of(request)
    try:
        wanted = wanted_of(form)
        number = await acted(request, lambda desk, account: desk.create(wanted, account))
    except (OfficeError, DatabaseError) as fault:
        return await _failed(request, form, fault)
    return _to_board(form, "board.said.created", number)


@post("/board/release", opt=PLAN, request_max_body_size=FORM_BYTES_MAX)
async def release(request: AnyRequest) -> Response[str] | Redirect:
    """Give a planned order to the floor; one that is short is looked at first."""
    form = await form_of(request)
    number, rule = form["number"], LabelRule()
    try:
        await acted(request, lambda desk, account: release_order(desk, account, number, rule))
    except OfficeError as fault:
        if fault.field == ACCEPT:
            return go_to("/order/release", number=number)
        return await _failed(request, form, fault)
    except DatabaseError as fault:
        return await _failed(request, form, fault)
    return _to_board(form, "board.said.released", number)


@get("/board/stream", opt=LOOK)
async def stream(request: AnyRequest) -> ServerSentEvent:
    """What changes on the board, as fragments to swap, until the browser or the server leaves."""
    sight = _sight(request, query_form(request))
    at = str(request.headers.get("last-event-id") or request.query_params.get("at", ""))

    async def allowed() -> bool:
        seen = await visitor_of(request)
        return seen is not None and seen.may("look") and seen.may("plan") == sight.plans

    changes = stream_of(request).changes(sight, at, allowed)
    return ServerSentEvent(changes, headers={"Cache-Control": "no-store"})


def view_of(request: AnyRequest) -> BoardView:
    """The renderings of this server, shared by all who look."""
    state = request.app.state
    view: BoardView | None = state.get(VIEW)
    if view is None:
        view = state[VIEW] = BoardView(services_of(request).config.currency)
    return view


def stream_of(request: AnyRequest) -> BoardStream:
    """The streams of this server."""
    state = request.app.state
    found: BoardStream | None = state.get(STREAM)
    if found is None:
        services, view = services_of(request), view_of(request)

        async def ask(sight: Sight) -> Shown:
            now = services.clock.local()
            return await services.database.read(lambda conn: view.shown(conn, sight, now))

        found = state[STREAM] = BoardStream(state.hub, ask)
    return found


def _sight(request: AnyRequest, form: Form) -> Sight:
    """What is asked for, as far as the visitor may see it."""
    return Sight(
        language(request),
        visitor(request).may("plan"),
        form["center"][:CENTER_CHARS_MAX],
        "week" if form["view"] == "week" else "status",
    )


def _to_board(form: Form, said: str, number: str) -> Redirect:
    return go_to("/board", said, number, center=form["center"], view=form["view"])


async def _failed(
    request: AnyRequest, form: Form, fault: OfficeError | DatabaseError
) -> Response[str]:
    """The form as it was filled, and why nothing was done."""
    answer = await _page(request, form.failing(fault), _sight(request, form))
    answer.status_code = status_of(fault)
    return answer


async def _page(request: AnyRequest, form: Form, sight: Sight) -> Response[str]:
    view, now = view_of(request), now_of(request)

    def question(connection: Connection) -> Mapping[str, Any]:
        shown = view.shown(connection, sight, now)
        asked = {"center": sight.center, "view": "week" if sight.by == "week" else ""}
        return {
            "sight": sight,
            "asked": asked,
            "stream": link("/board/stream", at=shown.tag, **asked),
            "columns": [_column(shown, name) for name in shown.columns],
            "part": {name: Markup(shown.fragments[name]) for name in ("counts", "trouble")},  # noqa: S704
            "centers": shown.centers,
            "form": form,
            "materials": made_materials(connection, now.date()) if sight.plans else [],
        }

    return await show(request, "office/board.html", question)


def _column(shown: Shown, name: str) -> tuple[str, Markup, int, Markup]:
    """Its name, heading, how many cards, and the cards."""
    names = shown.columns[name]
    cards = "".join(shown.fragments[one] for one in names)
    return name, Markup(shown.fragments[heading_of(name)]), len(names), Markup(cards)  # noqa: S704


routes: Final = (front, board, form_again, create, release, stream)
