"""The home of who may ask: bearer tokens of stations, the data folder's admin token."""

import hmac
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from sync.server.problem import problem
from sync.server.stations import Stations
from sync.server.tokens import Caller

TOKEN_CHARS_MAX: Final = 200
_SCHEME: Final = "bearer"


class Auth:
    """Checks tokens; never logs, returns or compares them in variable time."""

    def __init__(self, stations: Stations, admin_token: str) -> None:
        self.stations = stations
        self._admin_token = admin_token.encode()

    def is_admin(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self._admin_token)

    async def station(self, token: str) -> Caller:
        """The station whose token this is; raises the problem that the station is told."""
        caller = await self.stations.caller_of(token) if token else None
        if caller is None:
            raise _unauthorized("no station has this token: enrol the station again")
        if not caller.active:
            raise problem(
                403,
                "revoked",
                f"the office shut out station {caller.station}: with a new code it is let in again",
            )
        return caller


def bearer_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The bearer token of a request, or nothing."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == _SCHEME and len(token) <= TOKEN_CHARS_MAX else ""


async def station_guard(
    connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler
) -> None:
    """Only stations; `request.user` is then the `Caller`."""
    auth: Auth = connection.app.state.auth
    connection.scope["user"] = await auth.station(bearer_of(connection))


async def admin_guard(
    connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler
) -> None:
    """Only who can read the data folder's admin token."""
    auth: Auth = connection.app.state.auth
    if not auth.is_admin(bearer_of(connection)):
        raise _unauthorized("want the admin token that stands in the data folder's admin.token")


def _unauthorized(detail: str) -> Exception:
    return problem(401, "token", detail, {"WWW-Authenticate": "Bearer"})
