"""The home of the path by which a station hears what became of its events."""

from typing import Final

from litestar import get

from sync.server.api import Origin, StationRequest, services_of
from sync.server.auth import station_guard
from sync.server.intake import ORIGIN, HeaderError, check_origin
from sync.server.openapi import STATION, refusals
from sync.server.outcome import outcome_of, owner_of
from sync.server.problem import at_parameter, problem
from sync.wire import OutcomeAnswer


@get(
    "/v1/origins/{origin:str}/outcome",
    guards=[station_guard],
    tags=["stations"],
    security=STATION,
    response_description="How far the events are counted, and which of them need review.",
    responses=refusals(400, 401, 403),
)
async def outcome(request: StationRequest, origin: Origin) -> OutcomeAnswer:
    """What became of a station's own events; one that never pushed has nothing counted."""
    database, station = services_of(request).database, request.user.station
    try:
        check_origin(origin)
    except HeaderError as fault:
        raise problem(400, "origin", str(fault), errors=at_parameter(ORIGIN, str(fault))) from None
    owner = await database.read(lambda conn: owner_of(conn, origin))
    if owner is None:
        return OutcomeAnswer(0)
    if owner != station:
        raise problem(
            403,
            "origin-of-another",
            f"origin {origin[:40]!r} belongs to {owner or 'the office'}, not to {station}:"
            " ask for your own",
        )
    return await database.read(lambda conn: outcome_of(conn, origin, station))


routes: Final = (outcome,)
