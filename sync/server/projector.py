"""The home of the projector: a reader with a mark that folds the ledger into the view tables.

It reads and folds a slice outside any write, then writes rows, feed and mark in one short
transaction that holds only if the mark is still where the slice began: two projectors on one
database cannot both write it. A rebuild fills shadow tables the same way and swaps them.
"""

import gc
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Table, bindparam, inspect, select, text, update
from sqlalchemy.schema import CreateTable, DropTable

from sync.server import tables as ledger_tables
from sync.server.database import Database, DatabaseError
from sync.server.feed import append_feed
from sync.server.ledger import move_mark, reader_mark
from sync.server.projector_fold import Fold
from sync.server.projector_state import (
    LIVE,
    SHADOWED,
    Entry,
    Memory,
    Tables,
    load_memory,
    past_of,
    taken_of,
)
from sync.server.projector_write import Writing, write_passed_over
from sync.server.scopes import ORDER, Concern
from sync.server.view_tables import VIEWS, concern
from sync.wire import Unknown, decode

READER: Final = "projector"
SHADOW_READER: Final = "projector_shadow"
BOARD: Final = "board"
SLICE_EVENTS_MIN: Final = 16
SLICE_EVENTS_MAX: Final = 2_000
WRITE_SECONDS_AIM: Final = 0.015
POLL_SECONDS: Final = 1.0
_event, _mark = ledger_tables.event, ledger_tables.mark
# Made once: to make a statement costs more than to run it.
_NEXT_ROWS: Final = (
    select(_event.c.position, _event.c.received_ms, _event.c.body, _event.c.unreadable)
    .where(_event.c.position > bindparam("after"))
    .order_by(_event.c.position)
    .limit(bindparam("most"))
)
_MOVE_MARK: Final = (
    update(_mark)
    .where(_mark.c.reader == bindparam("who"), _mark.c.position == bindparam("before"))
    .values(position=bindparam("after"))
)
_log: Final = logging.getLogger("kiosk-server")


class _Overtaken(Exception):  # noqa: N818 — not a fault: another projector wrote this slice
    """The mark moved while a slice was folded."""


class Projector:
    """Keeps the views up with the ledger. Callbacks in `on_projected` take the scopes told."""

    def __init__(self, database: Database) -> None:
        self.on_projected: list[Callable[[Iterable[str]], None]] = []
        self._database = database
        self._live = Reader(database, LIVE, READER)
        self._position = database.read_now(lambda conn: reader_mark(conn, READER))
        self._moved = threading.Condition()
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._stepping = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Follow the ledger in a thread of its own."""
        assert self._thread is None, "the projector runs already"
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="projector", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the slice in hand."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    @property
    def running(self) -> bool:
        """Whether a thread follows the ledger."""
        return self._thread is not None and self._thread.is_alive()

    def wake(self) -> None:
        """Something was appended."""
        self._woken.set()

    def position(self) -> int:
        """How far the views are."""
        return self._position

    def wait_for(self, position: int, seconds: float) -> bool:
        """Whether the views reach a position of the ledger within so many seconds."""
        self.wake()
        with self._moved:
            return self._moved.wait_for(lambda: self._position >= position, seconds)

    def step(self) -> bool:
        """Project one slice; False where nothing was left. Raises `DatabaseError`."""
        return self._step() is not None

    def catch_up(self) -> int:
        """Project all that is there; returns the position. Raises `DatabaseError`."""
        while self._step():
            pass
        return self._position

    def _step(self) -> bool | None:
        """Project one slice: whether more may be left; nothing where nothing was."""
        with self._stepping:
            told = self._live.step()
        if told is None:
            return None
        self._told(told)
        return self._live.more

    def rebuild(self) -> int:
        """Make all views again from the ledger and swap them in; returns the position."""
        shadow = Reader(self._database, SHADOWED, SHADOW_READER)
        self._database.write_now(_create_shadows)
        while shadow.step() is not None and not self._stopping.is_set():
            pass
        with self._stepping:
            while self._live.step() is not None:
                pass
            while shadow.mark() < self._live.mark() and shadow.step() is not None:
                pass
            self._database.write_now(_swap)
            self._live.forget()
        self._told(frozenset())
        return self._position

    def _told(self, scopes: Iterable[str]) -> None:
        with self._moved:
            self._position = self._live.position()
            self._moved.notify_all()
        for callback in self.on_projected:
            callback({*scopes, BOARD})

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                self.catch_up()
            except DatabaseError as fault:
                _log.warning("the views stand still: %s", fault)
            except Exception:
                _log.exception("the views stand still at position %s", self._position)
                self._stopping.wait(POLL_SECONDS)
            self._woken.wait(POLL_SECONDS)


class Reader:
    """One set of view tables with its mark: the live ones, or the shadows of a rebuild."""

    def __init__(self, database: Database, tables: Tables, reader: str) -> None:
        self._database = database
        self._tables = tables
        self._reader = reader
        self._feeding = reader == READER
        self._memory = Memory()
        self._size = SLICE_EVENTS_MIN * 4
        self._alone = 0
        self.more = True  # whether the last step may have left something

    def mark(self) -> int:
        """How far these tables are."""
        return self._database.read_now(lambda conn: reader_mark(conn, self._reader))

    def position(self) -> int:
        """The same without asking the database, where it was this process that moved the mark."""
        return self._memory.position if self._memory.position >= 0 else self.mark()

    def forget(self) -> None:
        """Drop all that is cached."""
        self._memory = Memory()

    def step(self) -> frozenset[str] | None:
        """Project one slice and return the scopes told of it; nothing where nothing was left."""
        self.more = True
        try:
            with collecting_later():
                return self._slice(1 if self._alone else self._size)
        except _Overtaken:
            self.forget()
            return frozenset()
        except DatabaseError:
            self.forget()
            raise
        except Exception as fault:
            self.forget()
            if self._alone:
                return self._pass_over(fault)
            _log.warning("a slice could not be folded: its events are taken one by one")
            self._alone = self._size
            return frozenset()

    def _slice(self, limit: int) -> frozenset[str] | None:
        folded = self._database.read_now(lambda conn: self._folded(conn, limit))
        if folded is None:
            return None
        before, after, writing, feed = folded
        self.more = after - before >= limit
        self._pace(
            self._database.write_now(lambda conn: self._write(conn, before, after, writing, feed))
        )
        self._memory.position = after
        self._memory.trim()
        return frozenset(scope for scope, _ in feed)

    def _folded(
        self, connection: Connection, limit: int
    ) -> tuple[int, int, Writing, list[tuple[str, int]]] | None:
        mark = reader_mark(connection, self._reader)
        entries, last = read_entries(connection, mark, limit)
        if last == mark:
            return None
        if self._memory.position != mark:
            self._memory = load_memory(connection, self._tables, mark)
        self._memory.position = -1  # half folded, until the write is on disk
        fold = Fold(connection, self._tables, self._memory, entries, feeding=self._feeding)
        changes = fold.run()
        writing = Writing(connection, self._tables, self._memory, changes)
        return mark, last, writing, list(dict.fromkeys(changes.feed))

    def _write(
        self,
        connection: Connection,
        before: int,
        after: int,
        writing: Writing,
        feed: list[tuple[str, int]],
    ) -> float:
        """Write a slice; returns the CPU seconds that it held the writer for."""
        began = time.thread_time()
        if not _advance(connection, self._reader, before, after):
            raise _Overtaken
        writing.write(connection)
        append_feed(connection, feed)
        return time.thread_time() - began

    def _pace(self, seconds: float) -> None:
        """Let a slice hold the writer for about `WRITE_SECONDS_AIM`."""
        if self._alone:
            self._alone -= 1
        elif seconds > WRITE_SECONDS_AIM:
            self._size = max(SLICE_EVENTS_MIN, self._size // 2)
        elif seconds < WRITE_SECONDS_AIM / 2:
            self._size = min(SLICE_EVENTS_MAX, self._size * 2)

    def _pass_over(self, fault: Exception) -> frozenset[str]:
        """An event that cannot be folded must not hold back the ones behind it."""
        mark = self.mark()
        entries, last = self._database.read_now(lambda conn: read_entries(conn, mark, 1))
        _log.error("position %s cannot be folded and is passed over", last, exc_info=fault)

        def flag(connection: Connection) -> None:
            if _advance(connection, self._reader, mark, last):
                for entry in entries:
                    write_passed_over(connection, self._tables, entry, repr(fault))

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


def read_entries(connection: Connection, position: int, limit: int) -> tuple[list[Entry], int]:
    """The next readable events and the last position looked at."""
    rows = connection.execute(_NEXT_ROWS, {"after": position, "most": limit}).all()
    entries = []
    for at, received, body, unreadable in rows:
        event = decode(body).event
        if not unreadable and not isinstance(event, Unknown):
            entries.append(Entry(at, received, event))
    return entries, rows[-1][0] if rows else position


def _advance(connection: Connection, reader: str, before: int, after: int) -> bool:
    """Move the mark if it is still where the slice began: the fence against a second projector."""
    moved = connection.execute(_MOVE_MARK, {"who": reader, "before": before, "after": after})
    if moved.rowcount:
        return True
    if reader_mark(connection, reader) or before:
        return False
    move_mark(connection, reader, after)
    return True


def _create_shadows(connection: Connection) -> None:
    known = set(inspect(connection).get_table_names())
    for table in SHADOWED.all:
        if table.name in known:
            connection.execute(DropTable(table))
        connection.execute(CreateTable(table))
    move_mark(connection, SHADOW_READER, 0)


def _swap(connection: Connection) -> None:
    """Put the shadows in place; scopes that they concern and the old views did not are told."""
    mark = reader_mark(connection, READER)
    assert mark == reader_mark(connection, SHADOW_READER), "the shadows are not up with the views"
    rows = _newly_concerned(connection, mark)
    for view in VIEWS:
        shadow = SHADOWED[view]
        connection.execute(DropTable(view))
        connection.execute(text(f"ALTER TABLE {shadow.name} RENAME TO {view.name}"))
        _rename_key(connection, view, shadow)
        for index in view.indexes:
            index.create(connection)
    append_feed(connection, rows)
    move_mark(connection, SHADOW_READER, 0)


def _newly_concerned(connection: Connection, mark: int) -> list[tuple[str, int]]:
    now, shadow = concern, SHADOWED[concern]
    columns = ("kind", "key", "scope")
    new = select(*(shadow.c[name] for name in columns)).except_(
        select(*(now.c[name] for name in columns))
    )
    begun = [Concern(kind, key, scope) for kind, key, scope in connection.execute(new).all()]
    rows: dict[tuple[str, int], None] = {}
    for one in begun:
        for position in sorted(_told_of(connection, one, mark)):
            rows[one.scope, position] = None
    return list(rows)


def _told_of(connection: Connection, begun: Concern, mark: int) -> set[int]:
    """Positions up to a mark of what a scope is told of an order or a material."""
    if begun.kind == ORDER:
        told = past_of(connection, SHADOWED, {begun.key}, mark)[begun.key]
    else:
        told = taken_of(connection, SHADOWED, begun.key)
    return {position for position in told if position <= mark}


def _rename_key(connection: Connection, view: Table, shadow: Table) -> None:
    """PostgreSQL keeps a key's name over a rename, and would refuse the next shadow's."""
    if connection.dialect.name == "postgresql":
        old, new = f"pk_{shadow.name}", f"pk_{view.name}"
        connection.execute(text(f"ALTER TABLE {view.name} RENAME CONSTRAINT {old} TO {new}"))
