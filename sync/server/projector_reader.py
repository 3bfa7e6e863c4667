"""The home of a slice: a set of view tables reads some events, folds them, writes what changed.

It reads and folds outside any write, then writes rows, feed and mark in one short transaction that
holds only under the lease that it began with and if the mark is still where the slice began.
"""

import gc
import logging
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, select, text, update

from sync.server import tables as ledger_tables
from sync.server.database import Database, DatabaseError
from sync.server.feed import append_feed
from sync.server.lease import Lease, LeaseLostError
from sync.server.ledger import move_mark, reader_mark
from sync.server.notice import Projected, tell_projected
from sync.server.projector_acts import Acts
from sync.server.projector_fold import Fold
from sync.server.projector_state import Entry, Memory, Tables, load_memory
from sync.server.projector_write import Writing, write_passed_over
from sync.wire import Unknown, decode

READER: Final = "projector"
BOARD: Final = "board"
SLICE_EVENTS_MIN: Final = 16
SLICE_EVENTS_MAX: Final = 2_000
WRITE_SECONDS_AIM: Final = 0.015
# On PostgreSQL others commit beside a slice; most of a small one's time are its round trips.
BESIDE_EVENTS_MIN: Final = 256
BESIDE_EVENTS_MAX: Final = 8_000
BESIDE_SECONDS_AIM: Final = 0.150
END: Final = 2**62
_event, _mark = ledger_tables.event, ledger_tables.mark
# Made once: to make a statement costs more than to run it.
_NEXT_ROWS: Final = (
    select(_event.c.position, _event.c.received_ms, _event.c.body, _event.c.unreadable)
    .where(_event.c.position > bindparam("after"), _event.c.position <= bindparam("upto"))
    .order_by(_event.c.position)
    .limit(bindparam("most"))
)
_READ_MARK: Final = select(_mark.c.position).where(_mark.c.reader == bindparam("who"))
_MOVE_MARK: Final = (
    update(_mark)
    .where(_mark.c.reader == bindparam("who"), _mark.c.position == bindparam("before"))
    .values(position=bindparam("after"))
)
# All is read and written by key. PostgreSQL knows that of a table that it has seen grown only; of
# one that grew since it would read the whole for every slice.
_BY_KEY: Final = text(
    "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),"
    " set_config('enable_mergejoin', 'off', true)"
)
# What a crash takes of shadows is made again; the swap is flushed, and with it all before it.
_UNFLUSHED: Final = text("SET LOCAL synchronous_commit TO off")
_log: Final = logging.getLogger("kiosk-server")


class _Overtaken(Exception):  # noqa: N818 — not a fault: the mark is looked at again
    """The mark moved while a slice was folded."""


class _Ahead(NamedTuple):
    """Events after a mark, at most `limit` looked at, and the last position of those."""

    after: int
    limit: int
    entries: list[Entry]
    last: int


class _Slice(NamedTuple):
    """What one slice writes: the mark before and after, rows, and what the feed tells.

    It looked at `limit` events at most.
    """

    before: int
    after: int
    limit: int
    acts: Acts
    feed: list[tuple[str, int]]
    ids: dict[int, str]

    @property
    def scopes(self) -> frozenset[str]:
        return frozenset(scope for scope, _ in self.feed)


class Reader:
    """One set of view tables with its mark: the live ones, or the shadows of a rebuild."""

    def __init__(self, database: Database, tables: Tables, reader: str, lease: Lease) -> None:
        self._database = database
        self._tables = tables
        self._reader = reader
        self._lease = lease
        self._feeding = reader == READER
        self._memory = Memory()
        self._seen = -1
        self._fence = 0  # of the lease under which the memory was made
        self._beside = not database.url.startswith("sqlite")
        # Live, a slice in the making would hold up what stations push.
        self._streams = self._beside and not self._feeding
        self._size = (BESIDE_EVENTS_MIN if self._beside else SLICE_EVENTS_MIN) * 4
        self._alone = 0
        self._ahead: _Ahead | None = None
        self._writing: Future[float] | None = None
        self.more = True  # whether the last step may have left something

    def mark(self) -> int:
        """How far these tables are."""
        return self._database.read_now(lambda conn: reader_mark(conn, self._reader))

    def position(self) -> int:
        """The same as the last step left it, or found it."""
        return self._seen if self._seen >= 0 else self.mark()

    def forget(self) -> None:
        """Drop all that is cached."""
        self._memory = Memory()
        self._seen = -1
        self._ahead = None

    def step(self, upto: int = END) -> frozenset[str] | None:
        """Project one slice and return the scopes told of it; nothing where nothing was left.

        Raises `LeaseLostError` or `DatabaseError`, and has forgotten all then.
        """
        self.more = True
        try:
            with collecting_later():
                return self._step(1 if self._alone else self._size, upto)
        except _Overtaken:
            self.forget()
            return frozenset()
        except (DatabaseError, LeaseLostError):
            self.forget()
            raise
        except Exception as fault:
            self.forget()
            if self._alone:
                return self._pass_over(fault)
            _log.warning("a slice could not be folded: its events are taken one by one")
            self._alone = self._size
            return frozenset()

    def _step(self, limit: int, upto: int) -> frozenset[str] | None:
        one = self._database.read_now(lambda conn: self._folded(conn, limit, upto))
        if one is None:
            return None
        self.more = one.after - one.before >= one.limit
        if not self._streams:
            self._begin(one)
        assert self._writing is not None, "each slice that was folded is written"
        try:
            if self.more and self._beside and not self._alone:
                self._look_ahead(one.after, upto)
        finally:
            seconds = self._writing.result()
        self._pace(seconds)
        self._memory.position = self._seen = one.after
        self._memory.trim()
        return one.scopes

    def _begin(self, one: _Slice) -> None:
        """Begin to write a slice, which may not all be told yet."""
        self._writing = self._database.submit(lambda conn: self._write(conn, one))

    def _look_ahead(self, mark: int, upto: int) -> None:
        """Read the next events while the database writes, if there is a whole slice of them."""
        size = self._size
        read = self._database.read_now(lambda conn: read_entries(conn, mark, size, upto))
        self._ahead = _Ahead(mark, size, *read) if read[1] - mark >= size else None

    def _next(self, connection: Connection, mark: int, limit: int, upto: int) -> _Ahead:
        """The events after a mark, which may have been read already."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead.after == mark and ahead.last <= upto and limit > 1:
            return ahead
        return _Ahead(mark, limit, *read_entries(connection, mark, limit, upto))

    def _folded(self, connection: Connection, limit: int, upto: int) -> _Slice | None:
        if self._beside:
            connection.execute(_BY_KEY)
        found = connection.execute(_READ_MARK, {"who": self._reader}).scalar()
        mark = self._seen = int(found or 0)
        _, limit, entries, last = self._next(connection, mark, limit, upto)
        if last == mark:
            return None
        # Where the lease was another's in between, our memory lacks what that one wrote.
        ours = self._lease.fence in {self._fence, self._fence + 1}
        if self._memory.position != mark or not ours:
            self._memory = load_memory(connection, self._tables, mark)
        self._fence = self._lease.fence
        self._memory.position = -1  # half folded, until the write is on disk
        fold = Fold(connection, self._tables, self._memory, entries, feeding=self._feeding)
        changes = fold.run()
        ids = {entry.position: entry.event.id for entry in entries}
        one = _Slice(mark, last, limit, Acts(), list(dict.fromkeys(changes.feed)), ids)
        with one.acts:
            if self._streams:
                self._begin(one)
            Writing(connection, self._tables, self._memory, changes, one.acts)
        return one

    def _write(self, connection: Connection, one: _Slice) -> float:
        """Write a slice; returns the seconds that it held the writer for.

        On SQLite of its CPU: other threads' turns are not the slice's length.
        """
        clock = time.monotonic if self._beside else time.thread_time
        began = clock()
        self._lease.check(connection)
        if self._beside:
            connection.execute(_BY_KEY)
            if not self._feeding:
                connection.execute(_UNFLUSHED)
        if not _advance(connection, self._reader, one.before, one.after):
            raise _Overtaken
        one.acts.run(connection)
        append_feed(connection, one.feed, one.ids)
        self._tell(connection, one.before, one.after, one.scopes)
        return clock() - began

    def _tell(
        self, connection: Connection, before: int, after: int, scopes: frozenset[str]
    ) -> None:
        if self._feeding:
            told = Projected(self._lease.owner, before, after, tuple(sorted({*scopes, BOARD})))
            tell_projected(self._database, connection, told)

    def _pace(self, seconds: float) -> None:
        """Let a slice hold the writer for about as long as is meant."""
        aim = BESIDE_SECONDS_AIM if self._beside else WRITE_SECONDS_AIM
        if self._alone:
            self._alone -= 1
        elif seconds > aim:
            least = BESIDE_EVENTS_MIN if self._beside else SLICE_EVENTS_MIN
            self._size = max(least, self._size // 2)
        elif seconds < aim / 2:
            most = BESIDE_EVENTS_MAX if self._beside else SLICE_EVENTS_MAX
            self._size = min(most, self._size * 2)

    def _pass_over(self, fault: Exception) -> frozenset[str]:
        """An event that cannot be folded must not hold back the ones behind it."""
        mark = self.mark()
        entries, last = self._database.read_now(lambda conn: read_entries(conn, mark, 1))
        _log.error("position %s cannot be folded and is passed over", last, exc_info=fault)

        def flag(connection: Connection) -> None:
            self._lease.check(connection)
            if _advance(connection, self._reader, mark, last):
                for entry in entries:
                    write_passed_over(connection, self._tables, entry, repr(fault))
                self._tell(connection, mark, last, frozenset())

        self._database.write_now(flag)
        self._alone -= 1
        return frozenset()


@contextmanager
def collecting_later() -> Iterator[None]:
    """A slice's events live until it is written: the collector would only carry them about."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def read_entries(
    connection: Connection, position: int, limit: int, upto: int = END
) -> tuple[list[Entry], int]:
    """The next readable events and the last position looked at."""
    wanted = {"after": position, "most": limit, "upto": upto}
    rows = connection.execute(_NEXT_ROWS, wanted).all()
    entries = []
    for at, received, body, unreadable in rows:
        event = decode(body).event
        if not unreadable and not isinstance(event, Unknown):
            entries.append(Entry(at, received, event))
    return entries, rows[-1][0] if rows else position


def _advance(connection: Connection, reader: str, before: int, after: int) -> bool:
    """Move the mark if it is still where the slice began."""
    moved = connection.execute(_MOVE_MARK, {"who": reader, "before": before, "after": after})
    if moved.rowcount:
        return True
    if reader_mark(connection, reader) or before:
        return False
    move_mark(connection, reader, after)
    return True
