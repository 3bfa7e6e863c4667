"""The home of the stations' interface: push, feed, snapshot, enrolment, and the server's health."""

from typing import Annotated, Any, Final

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.datastructures import CacheControlHeader, State
from litestar.params import JSONBody, Parameter, PathParameter, QueryParameter

from sync.server.auth import station_guard
from sync.server.feed import MarkGoneError
from sync.server.intake import ORIGIN, HeaderError, Outcome
from sync.server.ledger import ForkError, OwnerError, backlog
from sync.server.openapi import NOBODY, STATION, PushOperation, answer, as_told, refusals
from sync.server.polling import Polling
from sync.server.problem import Fault, at_field, at_line, at_parameter, at_place_told, problem
from sync.server.services import Services
from sync.server.snapshot import SnapshotError, Snapshots
from sync.server.stations import Caller, CodeError, EnrolmentError, TriesError
from sync.wire import (
    BATCH_BYTES_MAX,
    BATCH_EVENTS_MAX,
    FEED_WAIT_SECONDS_MAX,
    ORIGIN_CHARS,
    FeedMark,
    FeedPage,
    PushAnswer,
    PushHeader,
    WireError,
    read_push,
    signed_text,
)

HEADER_BYTES_MAX: Final = 16_384
ENROL_BYTES_MAX: Final = 4_096
MARK_CHARS_MAX: Final = 200
QUEUE_REQUESTS_MAX: Final = 2_000
BEHIND_EVENTS_MAX: Final = 5_000

Origin = Annotated[str, PathParameter(schema_extra={"pattern": rf"^[0-9a-f]{{{ORIGIN_CHARS}}}$"})]
MarkText = Annotated[
    str,
    QueryParameter(
        max_length=MARK_CHARS_MAX, schema_extra={"pattern": r"^([^.]*\.[0-9]{1,16}\.[^.]*)?$"}
    ),
]
StationRequest = Request[Caller, Any, State]
AnyRequest = Request[Any, Any, State]


class EnrolRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    """A one-time code, the origin of the station's journal and a name of the machine."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    origin: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{32})?$")] = ""
    machine: Annotated[str, msgspec.Meta(max_length=200)] = ""


class EnrolAnswer(msgspec.Struct, frozen=True):
    """What a station keeps: its name, token and work centers, the server's public keys.

    `public_key` signs answers; `pin` is the SHA-256 of its TLS key, or empty.
    """

    station: str
    token: str
    work_centers: tuple[str, ...]
    site: str
    public_key: str
    incarnation: str
    pin: str


class Page(msgspec.Struct, frozen=True):
    """As `sync.wire.FeedPage` reads: events as they were written; the mark is three values."""

    events: tuple[dict[str, Any], ...]
    mark: Annotated[
        tuple[str | int, ...],
        as_told(description="Incarnation, position, digest.", min_items=3, max_items=3),
    ]
    more: bool


class Pushed(msgspec.Struct, frozen=True):
    """As `sync.wire.PushAnswer` reads: on disk is all up to `have`, a seq and the digest there."""

    have: Annotated[
        tuple[int | str, ...],
        as_told(description="A seq and the digest there.", min_items=2, max_items=2),
    ]
    safe: int
    incarnation: str
    time: str
    sig: str
    review: tuple[str, ...]


class Readiness(msgspec.Struct, frozen=True):
    """Whether the server can take work: the writer lives, the projector is not far behind."""

    ready: bool
    writer: bool
    behind: int


@post(
    "/v1/enrol",
    status_code=200,
    request_max_body_size=ENROL_BYTES_MAX,
    cache_control=CacheControlHeader(no_store=True),
    tags=["stations"],
    security=NOBODY,
    response_description="The station's token; it is told this once.",
    responses=refusals(400, 403, 409, 413, 429),
)
async def enrol(request: AnyRequest, data: JSONBody[EnrolRequest]) -> EnrolAnswer:
    """Spend a one-time code and become a station; no token is needed."""
    services = services_of(request)
    address = request.client.host if request.client else ""
    try:
        enrolled = await services.stations.enrol(data.code, data.origin, data.machine, address)
    except TriesError as fault:
        retry = {"Retry-After": str(fault.wait_seconds)}
        raise problem(429, "enrolment-tries", str(fault), retry) from None
    except CodeError as fault:
        raise problem(403, "enrolment-code", str(fault)) from None
    except EnrolmentError as fault:
        raise problem(409, "enrolment-journal", str(fault)) from None
    return EnrolAnswer(
        enrolled.station,
        enrolled.token,
        enrolled.work_centers,
        services.config.site,
        services.signer.public_key,
        services.ledger.incarnation,
        services.stations.pin,
    )


@post(
    "/v1/origins/{origin:str}/events",
    status_code=200,
    guards=[station_guard],
    request_max_body_size=BATCH_BYTES_MAX + HEADER_BYTES_MAX,
    tags=["stations"],
    security=STATION,
    operation_class=PushOperation,
    responses={200: answer(Pushed, "On disk."), **refusals(400, 401, 403, 409, 413)},
)
async def push(request: StationRequest, origin: Origin) -> Response[bytes]:
    """Take a station's events (NDJSON: the header, then an event a line); answers after commit."""
    services = services_of(request)
    if services.database.queued > QUEUE_REQUESTS_MAX:
        raise problem(503, "busy", "Too many pushes wait; come again.", {"Retry-After": "1"})
    header, bodies = _read(await request.body())
    caller = request.user
    try:
        outcome = await services.ledger.receive(origin, caller.station, header, bodies)
    except HeaderError as fault:
        raise problem(400, "push-header", str(fault), errors=_in_header(fault)) from None
    except OwnerError as fault:
        raise problem(403, "origin-of-another", str(fault)) from None
    except ForkError as fault:
        raise problem(
            409, "fork", str(fault), have=list(msgspec.structs.astuple(fault.have))
        ) from None
    return _json(_answer(services, origin, outcome))


@get(
    "/v1/feed",
    guards=[station_guard],
    tags=["stations"],
    security=STATION,
    responses={
        200: answer(Page, "A page of the feed and its mark."),
        **refusals(400, 401, 403, 410),
    },
)
async def feed(
    request: StationRequest,
    after: MarkText = "",
    wait: Annotated[float, Parameter(ge=0, le=FEED_WAIT_SECONDS_MAX)] = 0.0,
) -> Response[bytes]:
    """What the office and other stations said since the mark; waits for it up to `wait` seconds."""
    services = services_of(request)
    polling: Polling = request.app.state.polling
    mark = _mark(after)
    services.stations.touch(request.user)
    try:
        page = await polling.page(request.user.scopes, mark, wait)
    except MarkGoneError as fault:
        raise problem(410, "mark-gone", f"{fault}: take GET /v1/snapshot") from None
    if page.events:  # who was shut out while waiting is told nothing any more
        await station_guard(request, request.route_handler)
    return _json(page)


@get(
    "/v1/snapshot",
    guards=[station_guard],
    tags=["stations"],
    security=STATION,
    responses={
        200: answer(Page, "A page of events; go on from its mark until `more` is false."),
        **refusals(400, 401, 403, 410),
    },
)
async def snapshot(
    request: StationRequest,
    cursor: Annotated[str, Parameter(max_length=MARK_CHARS_MAX)] = "",
) -> Response[bytes]:
    """All that a station needs to begin: events, not state; a page's mark is the next cursor."""
    services, scopes = services_of(request), request.user.scopes
    snapshots: Snapshots = request.app.state.snapshots
    services.stations.touch(request.user)
    try:
        page = await services.database.read(lambda conn: snapshots.read(conn, scopes, cursor))
    except SnapshotError as fault:
        raise problem(410, "mark-gone", str(fault)) from None
    return _json(page)


@get("/healthz", media_type=MediaType.TEXT, tags=["server"], security=NOBODY)
async def healthz() -> str:
    """The process answers."""
    return "ok"


@get("/readyz", tags=["server"], security=NOBODY, responses=refusals())
async def readyz(request: AnyRequest) -> Readiness:
    """Ready for work; 503 while the writer is dead or the projector far behind."""
    services = services_of(request)
    position = services.projector.position()
    behind = await services.database.read(
        lambda conn: backlog(conn, position, BEHIND_EVENTS_MAX + 1)
    )
    state = Readiness(behind <= BEHIND_EVENTS_MAX, services.database.writes, behind)
    if not (state.ready and state.writer):
        raise problem(
            503,
            "not-ready",
            "The projector is behind or the writer is dead; wait, or read the server's log.",
            **msgspec.structs.asdict(state) | {"ready": False},
        )
    return state


routes: Final = (enrol, push, feed, snapshot, healthz, readyz)


def services_of(request: AnyRequest) -> Services:
    """The parts of this server."""
    services: Services = request.app.state.services
    return services


def _read(message: bytes) -> tuple[PushHeader, list[bytes]]:
    if message.count(b"\n") > BATCH_EVENTS_MAX + 1:
        raise problem(413, "too-many-events", f"at most {BATCH_EVENTS_MAX} events: send fewer")
    try:
        return read_push(message)
    except WireError as fault:
        errors: list[Fault] = [{**at_place_told(str(fault))[0], "line": fault.line or 1}]
        if fault.line > 1:
            errors = at_line(fault.line, str(fault))
        raise problem(400, "push", str(fault), errors=errors) from None


def _in_header(fault: HeaderError) -> list[Fault]:
    if fault.field == ORIGIN:
        return at_parameter(ORIGIN, str(fault))
    return [{**at_field(fault.field, str(fault))[0], "line": 1}]


def _answer(services: Services, origin: str, outcome: Outcome) -> PushAnswer:
    incarnation, now = services.ledger.incarnation, services.clock.text()
    signature = services.signer.sign(signed_text(origin, outcome.have, incarnation, now))
    return PushAnswer(outcome.have, outcome.safe, incarnation, now, signature, outcome.review)


def _mark(text: str) -> FeedMark:
    if not text:
        raise problem(410, "mark-gone", "no mark: take GET /v1/snapshot")
    try:
        return FeedMark.of(text)
    except WireError as fault:
        errors = at_parameter("after", str(fault))
        raise problem(400, "mark", str(fault), errors=errors) from None


def _json(message: PushAnswer | FeedPage) -> Response[bytes]:
    return Response(msgspec.json.encode(message), media_type=MediaType.JSON)
