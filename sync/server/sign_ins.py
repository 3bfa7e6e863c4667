"""The home of who asks: sessions of people, keys of programs; remembered for seconds."""

import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from sync.server.clock import ServerClock
from sync.server.database import Database
from sync.server.passwords import matches_async
from sync.server.people import (
    KEY_PREFIX,
    TOKEN_BYTES,
    By,
    People,
    SignInRefused,
    account_row,
    noted,
)
from sync.server.people_tables import account as accounts
from sync.server.people_tables import api_key, session
from sync.server.rights import RIGHTS, ROLES, Right, Visitor
from sync.server.tokens import token_hash
from sync.server.wording import Said

SESSION_HOURS_MAX: Final = 12
IDLE_MINUTES_MAX: Final = 60
SEEN_MILLISECONDS: Final = 60_000
REMEMBERED_SECONDS: Final = 5.0
REMEMBERED_COUNT_MAX: Final = 1_000
FAILURES_FREE: Final = 5
SHUT_MINUTES_MAX: Final = 15
Asking = Callable[[bytes], Awaitable[Visitor | None]]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The session's token, shown once to the browser."""

    token: str
    visitor: Visitor


class SignIns:
    """Sessions and keys on one database; what other processes end counts here within seconds."""

    def __init__(self, database: Database, clock: ServerClock, people: People) -> None:
        self._database = database
        self._clock = clock
        self._people = people
        self._changes = 0
        self._known: dict[bytes, tuple[Visitor | None, float]] = {}

    async def sign_in(self, account: str, password: str, address: str) -> SignedIn:
        """Begin a session; raises `SignInRefused`. A wrong name is told as a wrong password."""
        now = self._clock.milliseconds()
        row = await self._database.read(lambda conn: account_row(conn, account))
        shut = _shut_seconds(row, now) if row is not None else 0
        if shut:
            await self._people.note(By(account, address), "sign-in refused", account, "shut")
            raise SignInRefused(Said("people.tries", minutes=-(-shut // 60)), shut)
        fits = await matches_async(password, row.password if row is not None and row.active else "")
        if row is None or not fits:
            await self._database.write(lambda conn: _failed(conn, account, now))
            await self._people.note(By(account, address), "sign-in refused", account, "password")
            raise SignInRefused(Said("people.no_fit"))
        return await self._begin(row, address, "")

    async def enter(self, account: str, address: str, by: str) -> SignedIn:
        """Begin a session of who was let in by another; raises `SignInRefused`."""
        row = await self._database.read(lambda conn: account_row(conn, account))
        if row is None or not row.active:
            await self._people.note(By(account, address), "sign-in refused", account, by)
            key = "people.no_account" if row is None else "people.shut_out"
            raise SignInRefused(Said(key, account=account[:60]))
        return await self._begin(row, address, by)

    async def _begin(self, row: Any, address: str, by: str) -> SignedIn:
        now = self._clock.milliseconds()
        token, csrf = secrets.token_urlsafe(TOKEN_BYTES), secrets.token_urlsafe(TOKEN_BYTES)

        def begin(connection: Connection) -> None:
            _forget_old(connection, now)
            values = {"account": row.account, "csrf": csrf, "begun_ms": now, "seen_ms": now}
            connection.execute(insert(session).values(digest=token_hash(token), **values))
            mine = update(accounts).where(accounts.c.account == row.account)
            connection.execute(mine.values(failures=0))
            noted(connection, now, By(row.account, address), "signed in", row.account, by)

        await self._database.write(begin)
        return SignedIn(token, _visitor(row, csrf))

    async def visitor(self, token: str) -> Visitor | None:
        """Whose session this is, while it lasts."""
        return await self._remembered(token, self._of_session)

    async def sign_out(self, token: str, by: By) -> None:
        """End the session."""
        digest = token_hash(token)
        await self._database.write(
            lambda conn: conn.execute(delete(session).where(session.c.digest == digest))
        )
        self._known.clear()
        await self._people.note(by, "signed out", by.account)

    async def key(self, token: str) -> Visitor | None:
        """What a program's key opens, while it lasts."""
        if not token.startswith(KEY_PREFIX):
            return None
        return await self._remembered(token, self._of_key)

    async def _remembered(self, token: str, ask: Asking) -> Visitor | None:
        if self._changes != self._people.changes:
            self._changes = self._people.changes
            self._known.clear()
        digest = token_hash(token)
        found, until = self._known.get(digest, (None, 0.0))
        if time.monotonic() < until:
            return found
        found = await ask(digest)
        if len(self._known) >= REMEMBERED_COUNT_MAX:
            self._known.clear()
        self._known[digest] = found, time.monotonic() + REMEMBERED_SECONDS
        return found

    async def _of_session(self, digest: bytes) -> Visitor | None:
        now = self._clock.milliseconds()
        query = (
            select(session.c.csrf, session.c.begun_ms, session.c.seen_ms, accounts)
            .join(accounts, accounts.c.account == session.c.account)
            .where(session.c.digest == digest, accounts.c.active == 1)
        )
        row = await self._database.read(lambda conn: conn.execute(query).one_or_none())
        if row is None or _is_over(row.begun_ms, row.seen_ms, now):
            return None
        if now - row.seen_ms > SEEN_MILLISECONDS:
            mine = update(session).where(session.c.digest == digest).values(seen_ms=now)
            await self._database.write(lambda conn: conn.execute(mine))
        return _visitor(row, row.csrf)

    async def _of_key(self, digest: bytes) -> Visitor | None:
        now = self._clock.milliseconds()
        query = select(api_key).where(api_key.c.digest == digest)
        row = await self._database.read(lambda conn: conn.execute(query).one_or_none())
        if row is None or (row.ends_ms and row.ends_ms < now):
            return None
        if now - row.used_ms > SEEN_MILLISECONDS:
            mine = update(api_key).where(api_key.c.digest == digest).values(used_ms=now)
            await self._database.write(lambda conn: conn.execute(mine))
        rights: frozenset[Right] = frozenset(one for one in RIGHTS if one in row.rights.split(","))
        return Visitor(f"key {row.name}", row.name, rights)


def _visitor(row: Any, csrf: str) -> Visitor:
    return Visitor(row.account, row.name, ROLES.get(row.role, frozenset()), csrf)


def _shut_seconds(row: Any, now_ms: int) -> int:
    """How long an account stays shut after wrong passwords in a row: longer each time."""
    over = row.failures - FAILURES_FREE
    if over < 0:
        return 0
    minutes = min(SHUT_MINUTES_MAX, 2 ** min(over, 10))
    return int(max(0, row.failed_ms + minutes * 60_000 - now_ms)) // 1000


def _failed(connection: Connection, account: str, now_ms: int) -> None:
    mine = update(accounts).where(accounts.c.account == account)
    connection.execute(mine.values(failures=accounts.c.failures + 1, failed_ms=now_ms))


def _is_over(begun_ms: int, seen_ms: int, now_ms: int) -> bool:
    return (
        now_ms - begun_ms > SESSION_HOURS_MAX * 3_600_000
        or now_ms - seen_ms > IDLE_MINUTES_MAX * 60_000
    )


def _forget_old(connection: Connection, now_ms: int) -> None:
    """Sessions that are over leave nothing."""
    over = (session.c.begun_ms < now_ms - SESSION_HOURS_MAX * 3_600_000) | (
        session.c.seen_ms < now_ms - IDLE_MINUTES_MAX * 60_000
    )
    connection.execute(delete(session).where(over))
