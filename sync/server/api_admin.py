"""The home of what the data folder's owner may ask: codes, export, proof, events of the office."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Final, Union

import msgspec
from litestar import Response, get, post
from litestar.datastructures import CacheControlHeader
from litestar.params import JSONBody, Parameter
from litestar.response import Stream

from sync.domain.events import EVENT_TYPES, NAME_CHARS_MAX, Event
from sync.server.api import AnyRequest, services_of
from sync.server.auth import admin_guard
from sync.server.database import Database
from sync.server.export import export_page
from sync.server.ledger import OfficeEventError
from sync.server.openapi import (
    ADMIN,
    NDJSON,
    OFFICE_EVENTS_MAX,
    OfficeEventsOperation,
    answer,
    as_told,
    refusals,
)
from sync.server.problem import at_field, at_place_told, problem
from sync.server.settings import OFFICE
from sync.server.stations import NAME, WORK_CENTERS_COUNT_MAX, StationNameError, moment
from sync.server.verify import verify

OFFICE_BYTES_MAX: Final = 16 * 1024 * 1024
_events: Final = msgspec.json.Decoder(list[Union[tuple(EVENT_TYPES.values())]])  # type: ignore[misc]  # noqa: UP007


STATION: Final = NAME.replace("^", rf"^(?!{OFFICE}$)", 1)
Named = Annotated[str, Parameter(max_length=NAME_CHARS_MAX, pattern=NAME)]


class CodeRequest(msgspec.Struct, frozen=True):
    """The station to be and its work centers."""

    station: Annotated[str, as_told(min_length=1, max_length=NAME_CHARS_MAX, pattern=STATION)]
    work_centers: Annotated[tuple[Named, ...], as_told(max_items=WORK_CENTERS_COUNT_MAX)] = ()


class CodeAnswer(msgspec.Struct, frozen=True):
    """A one-time code and when it ends, RFC 3339; work centers that nothing defines yet."""

    code: str
    expires: str
    unknown_work_centers: tuple[str, ...] = ()


class VerifyAnswer(msgspec.Struct, frozen=True):
    """What was proved; `bad` names the first row that is wrong, or is empty."""

    origins: int
    places: int
    events: int
    bad: str


class OfficeAnswer(msgspec.Struct, frozen=True):
    """The ids of the events in the order they were sent."""

    ids: tuple[str, ...]


@post(
    "/v1/enrolment-codes",
    status_code=201,
    cache_control=CacheControlHeader(no_store=True),
    guards=[admin_guard],
    tags=["server"],
    security=ADMIN,
    response_description="The code, and when it ends.",
    responses=refusals(400, 401, 413),
)
async def make_code(request: AnyRequest, data: JSONBody[CodeRequest]) -> CodeAnswer:
    """A code that enrols one station once."""
    services = services_of(request)
    try:
        made = await services.database.run(
            lambda: services.stations.make_code_now(data.station, data.work_centers)
        )
    except StationNameError as fault:
        errors = at_field(fault.field, str(fault))
        raise problem(400, "station-name", str(fault), errors=errors) from None
    return CodeAnswer(made.code, moment(made.expires_ms), made.unknown)


@get(
    "/v1/events",
    guards=[admin_guard],
    media_type=NDJSON,
    tags=["server"],
    security=ADMIN,
    responses={
        200: answer(
            str,
            "`{position, received_ms, places, event}` a line; bytes not read as `bytes`.",
            NDJSON,
        ),
        **refusals(400, 401),
    },
)
async def export(
    request: AnyRequest, after: Annotated[int, Parameter(ge=0, le=2**53)] = 0
) -> Stream:
    """Every event after a position as JSON lines, bodies byte for byte."""
    return Stream(_lines(services_of(request).database, after), media_type=NDJSON)


@get("/v1/verify", guards=[admin_guard], tags=["server"], security=ADMIN, responses=refusals(401))
async def prove(request: AnyRequest) -> VerifyAnswer:
    """Make every chain and id again and compare; reads only."""
    services = services_of(request)
    verdict = await services.database.run(lambda: verify(services.database))
    return VerifyAnswer(verdict.origins, verdict.places, verdict.events, verdict.bad)


@post(
    "/v1/office/events",
    status_code=201,
    guards=[admin_guard],
    request_max_body_size=OFFICE_BYTES_MAX,
    tags=["office"],
    security=ADMIN,
    operation_class=OfficeEventsOperation,
    response_description="Stored.",
    responses=refusals(400, 401, 413),
)
async def office_events(request: AnyRequest) -> Response[OfficeAnswer]:
    """Append events of the office, given as a JSON list without stamps, as one act."""
    events = _decoded(await request.body())
    try:
        stored = await services_of(request).ledger.append_office(events)
    except OfficeEventError as fault:
        errors = at_field(f"[{fault.number}]", str(fault))
        raise problem(400, "events", str(fault), errors=errors) from None
    return Response(OfficeAnswer(tuple(record.id for record in stored)), status_code=201)


routes: Final = (make_code, export, prove, office_events)


async def _lines(database: Database, after: int) -> AsyncIterator[bytes]:
    while True:
        after, lines = await database.read(partial(export_page, after=after))
        if not lines:
            return
        yield lines


def _decoded(body: bytes) -> list[Event]:
    try:
        events: list[Event] = _events.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        said = f"{fault}; want a JSON list of events"
        raise problem(400, "events", said, errors=at_place_told(str(fault))) from None
    if len(events) > OFFICE_EVENTS_MAX:
        raise problem(413, "too-many-events", f"at most {OFFICE_EVENTS_MAX} at once: send fewer")
    return events
