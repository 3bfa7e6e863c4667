"""The home of the sending of webhooks: events in the ledger's order, each until it is taken.

One server process at a time sends, under a lease. Each webhook has a mark on disk, which moves when
its event was taken: none is left out, whatever ends in between. An attempt is counted on disk
before it is made, so that one that nobody saw the end of is repeated under the next number. What is
not taken is repeated after longer and longer pauses; after `ATTEMPTS_MAX` the webhook is paused, an
alarm says so, and it goes on at the same event when it is resumed.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from httpx import AsyncClient
from sqlalchemy import Connection, select, update

from sync.server import tables
from sync.server.alarms import raise_alarm
from sync.server.clock import ServerClock
from sync.server.database import Database, DatabaseError
from sync.server.hub import Hub
from sync.server.interface_tables import webhook as table
from sync.server.lease import Lease, LeaseLostError
from sync.server.projector_reader import BOARD
from sync.server.webhooks import OTHER_KEY, SECRETIVE, Secrets, WebhookUnknown, row_of
from sync.server.webhooks_message import Verdict, attempt, event_message, headers_of

LEASE: Final = "webhooks"
ALARM: Final = "webhook"
POLL_SECONDS: Final = 1.0
SLICE_EVENTS_MAX: Final = 500
PAUSES_SECONDS: Final = (1, 5, 30, 120, 600, 1_800, 3_600)  # the last one from then on
ATTEMPTS_MAX: Final = 30
JITTER: Final = 0.2
_log: Final = logging.getLogger("kiosk-server")


@dataclass(frozen=True, slots=True)
class _Next:
    """The next event for a webhook: nothing of it, or how far was looked in vain."""

    looked: int
    position: int = 0
    event: str = ""
    kind: str = ""
    received_ms: int = 0
    body: bytes = b""


class Deliveries:
    """Sends to all webhooks of one database while this process has the lease."""

    def __init__(
        self, database: Database, clock: ServerClock, keys: Secrets, hub: Hub, client: AsyncClient
    ) -> None:
        self._database = database
        self._milliseconds: Callable[[], int] = clock.milliseconds
        self._secrets = keys
        self._hub = hub
        self._client = client
        self._lease = Lease(database, LEASE)
        self._couriers: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            while True:
                try:
                    await self._look_after()
                except DatabaseError as fault:
                    _log.warning("webhooks wait: %s", fault)
                await asyncio.sleep(POLL_SECONDS)
        finally:
            await self._end(list(self._couriers))
            await self._database.run(self._lease.release)

    async def _look_after(self) -> None:
        """One courier for each webhook that is not paused; none without the lease."""
        names = set(await self._database.read(_going))
        if names and not await self._database.run(self._lease.hold):
            names = set()
        await self._end([name for name in self._couriers if name not in names])
        for name in names:
            courier = self._couriers.get(name)
            if courier is None or courier.done():
                self._couriers[name] = asyncio.create_task(self._carry(name))

    async def _end(self, names: Sequence[str]) -> None:
        ending = [self._couriers.pop(name) for name in names]
        for courier in ending:
            courier.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def _carry(self, name: str) -> None:
        """Send to one webhook what there is for it, and wait for more."""
        looked = 0
        with self._hub.listening((BOARD,)) as news:
            while not self._hub.stopping.is_set():
                try:
                    row = await self._database.read(lambda conn: row_of(conn, name))
                    if row.paused:
                        return
                    wait = (row.next_ms - self._milliseconds()) / 1000
                    if wait > 0:
                        await asyncio.sleep(min(wait, POLL_SECONDS))
                        continue
                    looked, sent = await self._step(row, max(looked, row.position))
                except (WebhookUnknown, LeaseLostError):
                    return
                except DatabaseError as fault:
                    _log.warning("webhook %s waits: %s", name, fault)
                    await asyncio.sleep(POLL_SECONDS)
                    continue
                if not sent:
                    await news.wait(POLL_SECONDS)

    async def _step(self, row: Any, looked: int) -> tuple[int, bool]:
        """Send the next event: how far was looked, and whether there may be more at once."""
        if self._secrets.proof(row.webhook, row.salt) != row.proof:
            await self._write(lambda conn: _paused(conn, row, OTHER_KEY, self._milliseconds()))
            return looked, True
        found = await self._database.read(lambda conn: _next(conn, row, looked))
        if not found.position:
            return found.looked, found.looked - looked >= SLICE_EVENTS_MAX
        count = row.attempts + 1 if row.trying == found.position else 1
        counted = {"trying": found.position, "attempts": count}
        await self._write(lambda conn: _set(conn, row.webhook, **counted))
        verdict = await self._sent(row, found, count)
        await self._write(lambda conn: self._settle(conn, row, found, count, verdict))
        return (found.position if verdict.taken else looked), True

    async def _sent(self, row: Any, found: _Next, count: int) -> Verdict:
        message = event_message(
            row.webhook, found.event, found.kind, found.position, found.received_ms, found.body
        )
        secret = self._secrets.of(row.webhook, row.salt)
        headers = headers_of(message, secret, count, self._milliseconds() // 1000)
        return await attempt(self._client, row.url, message, headers)

    def _settle(
        self, connection: Connection, row: Any, found: _Next, count: int, verdict: Verdict
    ) -> None:
        """Write down how an attempt ended."""
        now = self._milliseconds()
        if verdict.taken:
            taken = {"position": found.position, "trying": 0, "attempts": 0, "next_ms": 0}
            taken |= {"delivered": row.delivered + 1, "delivered_ms": now}
            _set(connection, row.webhook, **taken, fault="")
            return
        failed = {"failed_ms": now, "next_ms": now + _pause_ms(count)}
        _set(connection, row.webhook, **failed, fault=verdict.fault)
        if verdict.gone or count >= ATTEMPTS_MAX:
            said = f"event {found.event} was not taken in {count} attempts: {verdict.fault}"
            _paused(connection, row, said, now)

    async def _write(self, act: Callable[[Connection], None]) -> None:
        """Under the lease alone; raises `LeaseLostError`."""

        def fenced(connection: Connection) -> None:
            self._lease.check(connection)
            act(connection)

        await self._database.write(fenced)


def _going(connection: Connection) -> list[str]:
    return [row.webhook for row in connection.execute(select(table).where(table.c.paused == ""))]


def _next(connection: Connection, row: Any, looked: int) -> _Next:
    """The next event that a webhook is to hear, of so many that one look takes."""
    event = tables.event
    columns = (event.c.position, event.c.id, event.c.type, event.c.received_ms)
    rows = connection.execute(
        select(*columns)
        .where(event.c.position > looked, event.c.unreadable == "")
        .order_by(event.c.position)
        .limit(SLICE_EVENTS_MAX)
    ).all()
    kinds = set(row.kinds.split(",")) if row.kinds else set()
    for one in rows:
        if one.type != SECRETIVE and (not kinds or one.type in kinds):
            body = connection.execute(select(event.c.body).where(event.c.position == one.position))
            said = bytes(body.scalar_one())
            return _Next(looked, one.position, one.id, one.type, one.received_ms, said)
    return _Next(rows[-1].position if rows else looked)


def _set(connection: Connection, name: str, **values: Any) -> None:
    connection.execute(update(table).where(table.c.webhook == name).values(**values))


def _paused(connection: Connection, row: Any, said: str, now_ms: int) -> None:
    """Nothing is sent there until somebody resumes it; an alarm says so."""
    _set(connection, row.webhook, paused=said, fault=said)
    words = f"webhook {row.webhook} is paused: {said}; mend it, then resume it"
    raise_alarm(connection, ALARM, words, now_ms, subject=f"{row.webhook} {now_ms}")


def _pause_ms(count: int) -> int:
    seconds = PAUSES_SECONDS[min(count, len(PAUSES_SECONDS)) - 1]
    return int(seconds * 1000 * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311
