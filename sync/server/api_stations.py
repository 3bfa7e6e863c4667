"""The home of the REST interface to stations' tokens: a new one, and an end to one."""

from typing import Final

import msgspec
from litestar import post
from litestar.datastructures import CacheControlHeader
from litestar.params import JSONBody

from sync.server.api import AnyRequest, StationRequest, services_of
from sync.server.auth import admin_guard, station_guard
from sync.server.openapi import ADMIN, STATION, refusals
from sync.server.problem import problem


class TokenAnswer(msgspec.Struct, frozen=True):
    """A new token; the one that asked is good until this one is first used."""

    token: str


class RevokeRequest(msgspec.Struct, frozen=True):
    """The station to shut out."""

    station: str


class RevokeAnswer(msgspec.Struct, frozen=True):
    """The station that is shut out, until it is enrolled again."""

    station: str


@post(
    "/v1/token",
    status_code=200,
    cache_control=CacheControlHeader(no_store=True),
    guards=[station_guard],
    tags=["stations"],
    security=STATION,
    response_description="The token; it is told this once.",
    responses=refusals(401, 403),
)
async def new_token(request: StationRequest) -> TokenAnswer:
    """Another token for the station that asks, in place of one offered before."""
    return TokenAnswer(await services_of(request).stations.offer_token(request.user.station))


@post(
    "/v1/revocations",
    status_code=200,
    guards=[admin_guard],
    tags=["server"],
    security=ADMIN,
    response_description="Shut out: at once here, within 5 s at servers on the same database.",
    responses=refusals(400, 401, 404, 408, 413, 415),
)
async def revoke(request: AnyRequest, data: JSONBody[RevokeRequest]) -> RevokeAnswer:
    """Shut a station out: its token and its unused codes open nothing any more."""
    services = services_of(request)
    if not await services.database.run(lambda: services.stations.revoke_now(data.station)):
        said = f"no station is called {data.station[:40]!r}: GET /v1/stations lists them"
        raise problem(404, "station", said)
    return RevokeAnswer(data.station)


routes: Final = (new_token, revoke)
