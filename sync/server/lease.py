"""The home of the lease: of all server processes on one database one at a time does a work.

A lease is a row of `lease`: its owner, until when, and a fence that grows with every taking. A
process may believe in a lease that it has lost (it was stopped, or its network was): so every write
under a lease checks owner and fence in its own transaction (`check`), which holds the row shared
until the commit. Whoever takes the lease after that waits; whoever took it before is seen.

Time is the database's, the only clock that all processes share. It may be set while a lease runs:
one that ends later than any lease lasts is of another time, and free. The fence does not rely on
clocks at all. On SQLite one process has the file: what another opening of it held is free at once,
and a lease of our own opening does not end by time, so that an idle server writes nothing.
"""

import time
import uuid
from collections.abc import Callable
from functools import cache
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Integer, Select, bindparam, literal_column, select, update

from sync.server.database import Database, DatabaseError
from sync.server.notice import RELEASED
from sync.server.rows import inserting, on_sqlite
from sync.server.tables import lease as table

LEASE_SECONDS: Final = 4.0
RENEW_SECONDS: Final = 1.5
FOREVER_MS: Final = 2**53
_LEASE_MS: Final = int(LEASE_SECONDS * 1_000)
_CLOCK: Final = "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint"
_openings: Final[WeakKeyDictionary[Database, str]] = WeakKeyDictionary()


class LeaseLostError(Exception):
    """The lease is another's by now: nothing of this write may stay."""


class _Held(NamedTuple):
    """A lease as it stands, and the database's time; milliseconds."""

    owner: str
    fence: int
    until_ms: int
    now_ms: int


class Lease:
    """One lease as one process sees it; used by one thread at a time."""

    def __init__(
        self, database: Database, name: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self.owner = f"{_opening_of(database)}.{uuid.uuid4().hex[:8]}"
        self.fence = 0
        self._database = database
        self._monotonic = monotonic
        self._renewed = 0.0

    @property
    def held(self) -> bool:
        """Whether it was ours when we looked last."""
        return self.fence > 0

    def hold(self) -> bool:
        """Whether it is ours: taken where it is free, renewed where that is due."""
        now = self._monotonic()
        if self.held and now < self._renewed + RENEW_SECONDS:
            return True
        if not self.held and not self._database.read_now(self._is_free):
            return False  # without a lock: who only watches disturbs nobody
        held = self.fence
        self.fence = self._database.write_now(lambda conn: self._taken(conn, held))
        self._renewed = now
        return self.held

    def seize(self) -> None:
        """Take it from whoever holds it; that process finds out by its fence."""
        now = self._monotonic()
        self.fence = self._database.write_now(self._seized)
        self._renewed = now

    def release(self) -> None:
        """Let it go, so that another may take it at once."""
        held, self.fence = self.fence, 0
        if not held:
            return

        def let_go(connection: Connection) -> None:
            ours = update(table).where(table.c.name == self.name, table.c.owner == self.owner)
            free = ours.where(table.c.fence == held).values(owner="", until_ms=0)
            if connection.execute(free).rowcount:
                self._database.tell(connection, RELEASED)

        try:
            self._database.write_now(let_go)
        except DatabaseError:
            return  # it ends by itself

    def forget(self) -> None:
        """It was lost."""
        self.fence = 0

    def check(self, connection: Connection) -> None:
        """Within a write: raise `LeaseLostError` unless it is ours, and keep it so until commit."""
        found = select(table.c.owner, table.c.fence).where(table.c.name == self.name)
        row = connection.execute(found.with_for_update(read=True)).one_or_none()
        if row is None or (row.owner, row.fence) != (self.owner, self.fence):
            raise LeaseLostError(self.name)

    def _is_free(self, connection: Connection) -> bool:
        row = self._row(connection)
        return row is None or self._may_take(connection, row)

    def _taken(self, connection: Connection, held: int) -> int:
        """The fence under which it is ours from now on, or 0."""
        row = self._row(connection, skip_locked=True)
        if row is None:
            first = inserting(connection, table).values(
                name=self.name, owner="", fence=0, until_ms=0
            )
            connection.execute(first.on_conflict_do_nothing())
            row = self._row(connection, skip_locked=True)
        if row is None or not self._may_take(connection, row):
            return 0
        kept = row.owner == self.owner and row.fence == held
        return self._keep(connection, row, row.fence if kept else row.fence + 1)

    def _seized(self, connection: Connection) -> int:
        row = self._row(connection, skip_locked=False)
        if row is None:
            return self._taken(connection, 0)
        return self._keep(connection, row, row.fence + 1)

    def _keep(self, connection: Connection, row: _Held, fence: int) -> int:
        until = FOREVER_MS if on_sqlite(connection) else row.now_ms + _LEASE_MS
        ours = update(table).where(table.c.name == self.name)
        connection.execute(ours.values(owner=self.owner, fence=fence, until_ms=until))
        return fence

    def _may_take(self, connection: Connection, row: _Held) -> bool:
        if row.owner in {"", self.owner}:
            return True
        if on_sqlite(connection):
            return not row.owner.startswith(f"{_opening_of(self._database)}.")
        return not row.now_ms < row.until_ms <= row.now_ms + _LEASE_MS

    def _row(self, connection: Connection, *, skip_locked: bool | None = None) -> _Held | None:
        """The lease with the database's time; locked if told whether to wait for the lock."""
        found = _found("0" if on_sqlite(connection) else _CLOCK)
        if skip_locked is not None:
            found = found.with_for_update(skip_locked=skip_locked)
        row = connection.execute(found, {"named": self.name}).one_or_none()
        return _Held(*row) if row else None


@cache
def _found(clock: str) -> Select[Any]:
    """Made once: to make a statement costs more than to run it."""
    columns = (table.c.owner, table.c.fence, table.c.until_ms, literal_column(clock, Integer))
    return select(*columns).where(table.c.name == bindparam("named"))


def _opening_of(database: Database) -> str:
    """A name of this opening of the database."""
    return _openings.setdefault(database, uuid.uuid4().hex)
