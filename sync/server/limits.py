"""The home of how much one caller may ask for: rates, time for a body, and its content type.

Rates are counted by this process: for a station by its name, for who is signed in or shows a key by
the account, for everybody else by the address that the connection comes from (a trusted proxy's
word on it is taken before this). The owner's token has no rate: whoever holds it can stop the
server anyway.
"""

import asyncio
from typing import Any, Final

from litestar import Request
from litestar.middleware.base import DefineMiddleware
from litestar.middleware.rate_limit import DurationUnit, RateLimitConfig, RateLimitMiddleware
from litestar.stores.memory import MemoryStore
from litestar.types import ASGIApp, Receive, Scope, Send
from litestar.types.asgi_types import ReceiveMessage

from sync.server.auth import Auth, bearer_of, session_cookie
from sync.server.config import Limits
from sync.server.openapi import NDJSON
from sync.server.problem import problem

COUNTERS_COUNT_MAX: Final = 20_000
STORE: Final = "rate_limit"
JSON: Final = "application/json"
_FORM: Final = "form"
_ENROL: Final = "enrol"
_STATION: Final = "station"
_STRANGER: Final = "stranger"
_PERSON: Final = "person"


class Counters(MemoryStore):
    """Counts that end by themselves; many addresses cannot fill the memory."""

    def __init__(self) -> None:
        super().__init__()
        # Litestar's own lock gives way to all other tasks each time, though nobody else holds it.
        self._lock = asyncio.Lock()  # type: ignore[assignment]

    async def set(self, key: str, value: str | bytes, expires_in: Any = None) -> None:
        if len(self._store) >= COUNTERS_COUNT_MAX:
            await self.delete_expired()
        if len(self._store) >= COUNTERS_COUNT_MAX:
            await self.delete_all()
        await super().set(key, value, expires_in)


class _Counting(RateLimitMiddleware):
    """Litestar's count, which gives way to no other task unless another one counts."""

    def __init__(self, app: ASGIApp, config: RateLimitConfig) -> None:
        super().__init__(app, config)
        self._lock = asyncio.Lock()  # type: ignore[assignment]


class Rates:
    """Counts each request where it belongs; the count itself is Litestar's."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app = app
        self._counting = {
            _STATION: _counting(app, "second", limits.station_requests_per_second),
            _PERSON: _counting(app, "second", limits.person_requests_per_second),
            _STRANGER: _counting(app, "second", limits.stranger_requests_per_second),
            _ENROL: _counting(app, "minute", limits.enrol_requests_per_minute),
            _FORM: _counting(app, "minute", limits.form_requests_per_minute),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request: Request[Any, Any, Any] = Request(scope)
        kind, who = await _belongs(request)
        if not kind:
            await self.app(scope, receive, send)
            return
        scope["state"]["counted"] = f"{kind} {who}"
        await self._counting[kind](scope, receive, send)


class Bodies:
    """A body of a kind that the path reads, and all of it before its time is over."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request: Request[Any, Any, Any] = Request(scope)
        if request.method == "POST":
            _check_type(request)
        end = asyncio.get_running_loop().time() + self._seconds
        whole = False

        async def receive_in_time() -> ReceiveMessage:
            nonlocal whole
            if whole:  # what comes now is the news that the caller left, whenever
                return await receive()
            try:
                async with asyncio.timeout_at(end):
                    message = await receive()
            except TimeoutError:
                said = f"the body did not come within {self._seconds} s: send less at once"
                raise problem(408, "too-slow", said, {"Connection": "close"}) from None
            whole = message["type"] != "http.request" or not message.get("more_body", False)
            return message

        await self.app(scope, receive_in_time, send)


def middlewares(limits: Limits) -> list[DefineMiddleware]:
    """For every route, the outermost first."""
    return [
        DefineMiddleware(Rates, limits=limits),
        DefineMiddleware(Bodies, seconds=limits.request_seconds),
    ]


def _counting(app: ASGIApp, unit: DurationUnit, count: int) -> _Counting:
    config = RateLimitConfig(
        rate_limit=(unit, count),
        identifier_for_request=lambda request: str(request.scope["state"]["counted"]),
        store=STORE,
    )
    return _Counting(app, config)


async def _belongs(request: Request[Any, Any, Any]) -> tuple[str, str]:
    """Which count a request belongs to, and whose it is; none for the owner."""
    address = request.client.host if request.client else ""
    path, posts = request.scope["path"], request.method == "POST"
    if posts and path == "/v1/enrol":
        return _ENROL, address
    auth: Auth = request.app.state.auth
    token = bearer_of(request)
    if token and auth.is_admin(token):
        return "", ""
    caller = await auth.stations.caller_of(token) if token else None
    if caller is not None:
        return _STATION, caller.station
    if account := await _account(request, auth):
        return _PERSON, account
    return (_FORM if posts and not path.startswith("/v1/") else _STRANGER), address


async def _account(request: Request[Any, Any, Any], auth: Auth) -> str:
    """Whose session or key the request shows: an office behind one address is many people."""
    session = request.cookies.get(session_cookie(request), "")
    found = await auth.sign_ins.visitor(session) if session else None
    found = found or await auth.sign_ins.key(bearer_of(request))
    return found.account if found is not None else ""


def _check_type(request: Request[Any, Any, Any]) -> None:
    """A body that says that it is something else is not read; one that says nothing is."""
    path, said = request.scope["path"], request.headers.get("content-type", "")
    kind = said.partition(";")[0].strip().lower()
    if not path.startswith("/v1/") or not kind or not _has_body(request):
        return
    wanted = NDJSON if path.startswith("/v1/origins/") or path == "/v1/recovered" else JSON
    if kind != wanted:
        raise problem(415, "content-type", f"{kind[:60]!r}: send {wanted}", {"Accept": wanted})


def _has_body(request: Request[Any, Any, Any]) -> bool:
    headers = request.headers
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
