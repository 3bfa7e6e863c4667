"""The home of who may ask by token: stations, the owner, programs with a key of the office."""

import hmac
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from sync.server.problem import problem
from sync.server.rights import RIGHTS, Right, Visitor
from sync.server.sign_ins import SignIns
from sync.server.stations import Stations
from sync.server.tokens import Caller

TOKEN_CHARS_MAX: Final = 200
RIGHT: Final = "right"  # what a route's options call the right that it takes
OWNER: Final = Visitor("office", "", frozenset(RIGHTS))
SECURE_COOKIE: Final = "__Host-session"
PLAIN_COOKIE: Final = "session"
_SCHEME: Final = "bearer"


class Auth:
    """Checks tokens; never logs, returns or compares them in variable time."""

    def __init__(self, stations: Stations, admin_token: str, sign_ins: SignIns) -> None:
        self.stations = stations
        self.sign_ins = sign_ins
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


def session_cookie(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The cookie's name: over TLS one that no other host or plain page can set (RFC 6265bis)."""
    return SECURE_COOKIE if connection.url.scheme == "https" else PLAIN_COOKIE


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


async def office_guard(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """The owner, or a key that has the route's right; `request.user` is then the `Visitor`.

    A route that names no right is the owner's alone.
    """
    auth: Auth = connection.app.state.auth
    token = bearer_of(connection)
    if token and auth.is_admin(token):
        connection.scope["user"] = OWNER
        return
    caller = await auth.sign_ins.key(token) if token else None
    if caller is None:
        raise _unauthorized("want the admin token of the data folder, or a key of /keys")
    right = str(handler.opt.get(RIGHT, ""))
    _check(caller, right)
    connection.scope["user"] = caller


def check_right(connection: ASGIConnection[Any, Any, Any, Any], right: Right) -> None:
    """Raises the problem 403 unless the caller has a further right; behind `office_guard`."""
    user = connection.scope["user"]
    assert isinstance(user, Visitor), "only routes behind `office_guard` ask"
    _check(user, right)


def _check(caller: Visitor, right: str) -> None:
    if right not in caller.rights:
        want = f"the right {right!r}" if right else "the admin token"
        raise problem(403, "right", f"{caller.account} may not do this: it takes {want}")


def account_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """In whose name the caller acts, behind `office_guard`."""
    user = connection.scope.get("user")
    return user.account if isinstance(user, Visitor) else OWNER.account


def _unauthorized(detail: str) -> Exception:
    return problem(401, "token", detail, {"WWW-Authenticate": "Bearer"})
