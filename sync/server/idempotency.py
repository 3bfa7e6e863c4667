"""The home of `Idempotency-Key`: a request of the office that is sent again acts once.

A request is its account, method, path and key; query, `If-Match` and body are its fingerprint. It
is written down as begun and committed before it acts, and its answer after that. So it acts at most
once within `IDEMPOTENCY_HOURS`, whichever server process it comes to. Act and answer are two
commits: where a process dies between them, or answers 5xx when something was said, the repeat is
told 409 `repeat-unknown` and does not act: only a look at the thing says what became of it. A 5xx
is not kept; where nothing was said meanwhile, its repeat acts. What was refused before it could
act (no right, too large, too often) is not kept either.

An answer that is a secret, or larger than `ANSWER_BYTES_MAX`, is not kept: the repeat is told 409
`repeat-done` and does not act.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
import re
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send
from sqlalchemy import Connection, delete, func, select, update

from sync.server.auth import account_of, admin_guard, office_guard
from sync.server.database import Database, DatabaseError
from sync.server.interface_tables import repeated
from sync.server.openapi import CHANGING, KEY_PATTERN
from sync.server.people_tables import audit
from sync.server.problem import at_parameter, problem
from sync.server.rows import inserting
from sync.server.services import Services
from sync.server.settings import OFFICE_ORIGIN, setting
from sync.server.tables import origin

IDEMPOTENCY_HOURS: Final = 24
KEY: Final = "Idempotency-Key"
_KEY: Final = re.compile(KEY_PATTERN.replace("$", r"\Z"))
REPLAYED: Final = "Idempotency-Replayed"
ANSWER_BYTES_MAX: Final = 256 * 1024
RENEW_SECONDS: Final = 15.0
RUNNING_SECONDS_MAX: Final = 60
RETRY_SECONDS: Final = 1
DROPPED_ROWS_MAX: Final = 50
HEADERS_KEPT: Final = frozenset(
    {
        *("content-type", "content-disposition", "location", "etag", "link", "cache-control"),
        "x-content-type-options",
    }
)
# Said before the act, of the caller and not of the request: another try may fare better.
REFUSED_BEFORE: Final = frozenset({401, 403, 408, 413, 415, 429})
BEGUN: Final = "begun"
DONE: Final = "done"
UNKEPT: Final = "unkept"
_PURPOSE: Final = b"kiosk-server repeated requests"
_GUARDS: Final = frozenset({office_guard, admin_guard})
_log: Final = logging.getLogger("kiosk-server")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request with a key: what it is, what it says, whose it is; whether its answer is told."""

    request: bytes
    fingerprint: bytes
    account: str
    keeps: bool


@dataclass(slots=True)
class Answer:
    """What the act answered, gathered while it is sent on."""

    start: Any = None
    body: bytearray = field(default_factory=bytearray)

    @property
    def status(self) -> int:
        return int(self.start["status"]) if self.start else 0

    @property
    def told(self) -> str:
        """The headers that matter, as JSON."""
        pairs = self.start["headers"] if self.start else ()
        named = [(bytes(name).decode("latin-1"), bytes(said)) for name, said in pairs]
        return json.dumps(
            [(name, said.decode("latin-1")) for name, said in named if name in HEADERS_KEPT]
        )


class Repeats:
    """The requests that were begun, on one database; one of it in each server process."""

    def __init__(self, database: Database, milliseconds: Callable[[], int]) -> None:
        self._database = database
        self._milliseconds = milliseconds
        self._alone = database.url.startswith("sqlite")  # nobody else serves it meanwhile
        self._owner = uuid.uuid4().hex
        self._running: set[bytes] = set()

    async def begin(self, asked: Asked) -> Any:
        """The row of the request where it was begun before; nothing: it is ours to act on."""
        if asked.request not in self._running:
            now = self._milliseconds()
            self._running.add(asked.request)
            try:
                row = await self._database.write(lambda conn: self._begun(conn, asked, now))
            except BaseException:
                self._running.discard(asked.request)
                raise
            if row is not None:
                self._running.discard(asked.request)
            return row
        query = select(repeated).where(repeated.c.request == asked.request)
        row = await self._database.read(lambda conn: conn.execute(query).one_or_none())
        if row is None:  # it waits for its own commit
            raise _running_still()
        return row

    def is_running(self, row: Any) -> bool:
        """Whether a process still acts on it: ours, or one that said so a moment ago."""
        if row.owner == self._owner:
            return row.request in self._running
        renewed_ago = self._milliseconds() - row.renewed_ms
        return bool(row.owner) and not self._alone and renewed_ago < RUNNING_SECONDS_MAX * 1000

    async def said(self) -> tuple[int, int]:
        """How much the office said so far, of the plant and of accounts."""
        return await self._database.read(_said)

    @contextlib.asynccontextmanager
    async def acting(self, asked: Asked) -> AsyncIterator[None]:
        """Say every now and then that the request is still acted on."""
        renewing = asyncio.create_task(self._renew(asked))
        try:
            yield
        finally:
            renewing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await renewing
            self._running.discard(asked.request)

    async def keep(self, asked: Asked, answer: Answer, before: tuple[int, int]) -> None:
        """Write down what became of it: an answer, that there was one, or nothing at all."""
        try:
            act = await self._outcome(asked, answer, before)
            await self._database.write(partial(_do, act=act))
        except DatabaseError as fault:
            _log.warning("the answer to a request with a key was not kept: %s", fault)

    async def _outcome(self, asked: Asked, answer: Answer, before: tuple[int, int]) -> Any:
        mine = update(repeated).where(repeated.c.request == asked.request)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            if _in_doubt(answer) or await self.said() != before:
                return mine.values(owner="")
            return delete(repeated).where(repeated.c.request == asked.request)
        if answer.status in REFUSED_BEFORE:
            return delete(repeated).where(repeated.c.request == asked.request)
        if not asked.keeps or len(answer.body) > ANSWER_BYTES_MAX:
            return mine.values(state=UNKEPT, status=answer.status)
        kept = {"status": answer.status, "headers": answer.told, "body": bytes(answer.body)}
        return mine.values(state=DONE, **kept)

    async def _renew(self, asked: Asked) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            mine = update(repeated).where(repeated.c.request == asked.request)
            act = mine.values(renewed_ms=self._milliseconds())
            try:
                await self._database.write(partial(_do, act=act))
            except DatabaseError as fault:
                _log.warning("a request with a key was not said to run: %s", fault)

    def _begun(self, connection: Connection, asked: Asked, now: int) -> Any:
        """Write the request down; the row of the one before it, if that still counts."""
        over = now - IDEMPOTENCY_HOURS * 3_600_000
        _drop_old(connection, over)
        same = repeated.c.request == asked.request
        connection.execute(delete(repeated).where(same, repeated.c.made_ms < over))
        row = {
            "request": asked.request,
            "fingerprint": asked.fingerprint,
            "account": asked.account,
            "state": BEGUN,
            "owner": self._owner,
            "made_ms": now,
            "renewed_ms": now,
        }
        put = inserting(connection, repeated).values(**row).on_conflict_do_nothing()
        if connection.execute(put.returning(repeated.c.request)).first() is not None:
            return None
        return connection.execute(select(repeated).where(same)).one()


class Idempotency:
    """The middleware: routes of the office that change something take a key."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key_of(scope)
        if key is None:
            await self.app(scope, receive, send)
            return
        _check(key)
        request: Request[Any, Any, Any] = Request(scope)
        handler = request.route_handler
        for guard in handler.resolve_guards():  # an answer is for who may ask for it by now
            await guard(request, handler)  # type: ignore[misc]
        body, again = await _body_of(handler, receive)
        if body is None:
            await self.app(scope, again, send)
            return
        services: Services = request.app.state.services
        asked = _asked(services, request, key, body)
        await self._once(_repeats_of(request), asked, scope, again, send)

    async def _once(
        self, repeats: Repeats, asked: Asked, scope: Scope, receive: Receive, send: Send
    ) -> None:
        row = await repeats.begin(asked)
        if row is not None:
            await _repeat(row, asked, repeats, send)
            return
        async with repeats.acting(asked):
            answer, held, before = Answer(), list[Any](), await repeats.said()

            async def gather(message: Any) -> None:
                """What is sent in one piece is sent once it is kept; a stream but for its end."""
                _gather(answer, message)
                held.append(message)
                if message["type"] != "http.response.body":
                    return
                if not message.get("more_body", False):
                    await repeats.keep(asked, answer, before)
                while held:
                    await send(held.pop(0))

            await self.app(scope, receive, gather)


def takes_key(handler: Any, method: str) -> bool:
    """Whether a route is one of the office that changes something."""
    return method.lower() in CHANGING and not _GUARDS.isdisjoint(handler.resolve_guards())


def _key_of(scope: Scope) -> str | None:
    """The key of a request that may have one."""
    request: Request[Any, Any, Any] = Request(scope)
    said = request.headers.get(KEY)
    return said if said is not None and takes_key(request.route_handler, request.method) else None


def _check(key: str) -> None:
    if not _KEY.match(key):
        said = f"{key[:20]!r} is no key: send 1 to 120 printable ASCII characters, no blanks"
        raise problem(400, "repeat-key", f"{KEY}: {said}", errors=at_parameter(KEY, said))


async def _body_of(handler: HTTPRouteHandler, receive: Receive) -> tuple[bytes | None, Receive]:
    """The whole body, and how it is received again; nothing for one that the route refuses."""
    largest = handler.resolve_request_max_body_size()
    messages, body, more = list[Any](), bytearray(), True
    while more and (largest is None or len(body) <= largest):
        message: Any = await receive()
        messages.append(message)
        body += message.get("body", b"")
        more = message["type"] == "http.request" and message.get("more_body", False)

    async def again() -> Any:
        return messages.pop(0) if messages else await receive()

    whole = not more and messages[-1]["type"] == "http.request"
    return (bytes(body) if whole else None), again


def _asked(services: Services, request: Request[Any, Any, Any], key: str, body: bytes) -> Asked:
    """The fingerprint is keyed: a body may hold a password, which no digest may help to guess."""
    account = account_of(request)
    named = "\0".join((account, request.method, request.scope["path"], key))
    secret = hashlib.sha256(services.signer.sign(_PURPOSE).encode()).digest()
    condition = request.headers.get("If-Match", "").encode("latin-1")
    said = b"\0".join((request.scope["query_string"], condition, body))
    caching = request.route_handler.cache_control
    keeps = not (caching is not None and caching.no_store)
    return Asked(
        hashlib.sha256(named.encode()).digest(),
        hmac.digest(secret, said, "sha256"),
        account,
        keeps,
    )


def _repeats_of(request: Request[Any, Any, Any]) -> Repeats:
    state = request.app.state
    if not hasattr(state, "repeats"):
        services: Services = state.services
        state.repeats = Repeats(services.database, services.clock.milliseconds)
    repeats: Repeats = state.repeats
    return repeats


async def _repeat(row: Any, asked: Asked, repeats: Repeats, send: Send) -> None:
    """Say again what was answered, or why that cannot be."""
    if not hmac.compare_digest(row.fingerprint, asked.fingerprint):
        said = "was sent with another body before: take a new key for another request"
        raise problem(422, "repeat-differs", f"{KEY}: this one {said}")
    if row.state == BEGUN:
        raise _running_still() if repeats.is_running(row) else _unknown()
    if row.state == UNKEPT:
        said = f"was answered {row.status}, and that answer is kept nowhere: look at the thing"
        raise problem(409, "repeat-done", f"{KEY}: the request with this one {said}")
    pairs = [*json.loads(row.headers), (REPLAYED.lower(), "true")]
    headers = [(name.encode("latin-1"), said.encode("latin-1")) for name, said in pairs]
    body = bytes(row.body or b"")
    if row.status != HTTPStatus.NO_CONTENT:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": row.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _running_still() -> Exception:
    said = "the request with this one is being acted on: ask again in a moment"
    return problem(409, "repeat-running", f"{KEY}: {said}", {"Retry-After": str(RETRY_SECONDS)})


def _unknown() -> Exception:
    said = (
        "the request with this one was begun and has no answer, so it is not known whether it"
        " acted: look at the thing, and take a new key where it did not"
    )
    return problem(409, "repeat-unknown", f"{KEY}: {said}")


def _gather(answer: Answer, message: Any) -> None:
    if message["type"] == "http.response.start":
        answer.start = message
    elif message["type"] == "http.response.body" and len(answer.body) <= ANSWER_BYTES_MAX:
        answer.body += message.get("body", b"")


def _in_doubt(answer: Answer) -> bool:
    """Whether the database itself does not know if it stored."""
    try:
        told = msgspec.json.decode(bytes(answer.body))
    except msgspec.DecodeError:
        return True
    return not isinstance(told, dict) or bool(told.get("doubt"))


def _said(connection: Connection) -> tuple[int, int]:
    own = select(origin.c.head_seq).where(origin.c.origin == setting(connection, OFFICE_ORIGIN))
    noted = connection.execute(select(func.max(audit.c.number))).scalar()
    return int(connection.execute(own).scalar() or 0), int(noted or 0)


def _do(connection: Connection, act: Any) -> None:
    connection.execute(act)


def _drop_old(connection: Connection, over: int) -> None:
    """Drop some of those that count no more."""
    old = select(repeated.c.request).where(repeated.c.made_ms < over).limit(DROPPED_ROWS_MAX)
    names = [row.request for row in connection.execute(old)]
    if names:
        connection.execute(delete(repeated).where(repeated.c.request.in_(names)))
