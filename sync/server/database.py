"""The home of the server's database: the writer with group commit, readers, migrations.

SQLite by default: one thread writes and checkpoints, readers are read-only. PostgreSQL by URL: the
same calls. What differs between the two stands here and in `engines`, with the tree of faults.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, Table, inspect, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from sync.server import tables
from sync.server.engines import (
    READERS_COUNT,
    ClosedError,
    DatabaseError,
    ForeignError,
    NewerError,
    UnavailableError,
    UnsafeError,
    engines,
    named,
    sqlite_url,
    told,
)

__all__ = [
    "ClosedError",
    "Database",
    "DatabaseError",
    "ForeignError",
    "NewerError",
    "UnavailableError",
    "UnsafeError",
    "insert_rows",
    "rows_with",
    "sqlite_url",
]

GROUP_REQUESTS_MAX: Final = 64
GROUP_SECONDS_MAX: Final = 0.005
RETRIES_MAX: Final = 5
LOOKUP_VALUES_MAX: Final = 500
MIGRATIONS: Final = Path(__file__).parent / "migrations"
_CONFLICTS: Final = frozenset({"40001", "40P01"})  # serialization failure, deadlock

T = TypeVar("T")


class _ConflictError(Exception):
    """The group met a conflict with another server process: run all of it once more."""


@dataclass(frozen=True, slots=True)
class _Request:
    act: Callable[[Connection], Any]
    origin: str
    answer: "Future[Any]"


class Database:
    """The ledger's database. A writing function may run twice: it changes nothing but rows."""

    def __init__(self, url: str) -> None:
        """Open and migrate; raises `DatabaseError`."""
        self._write_engine, self._read_engine = engines(url)
        self.url = self._write_engine.url.render_as_string(hide_password=True)
        self._sqlite = self._write_engine.dialect.name == "sqlite"
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._closed = False
        told(self.url, lambda: _migrate(self._write_engine))
        self._readers = ThreadPoolExecutor(READERS_COUNT, thread_name_prefix="ledger-reader")
        self._writer = threading.Thread(target=self._write_loop, name="ledger-writer", daemon=True)
        self._writer.start()

    @property
    def writes(self) -> bool:
        """Whether the writer is alive."""
        return self._writer.is_alive() and not self._closed

    @property
    def queued(self) -> int:
        """About how many writes wait."""
        return self._requests.qsize()

    def submit(self, act: Callable[[Connection], T], *, origin: str = "") -> "Future[T]":
        """Queue a write; the future is done after the commit, or raises what `act` raised.

        `origin` names the log whose head the write moves: heads are locked in sorted order.
        """
        answer: Future[T] = Future()
        if self._closed:
            answer.set_exception(ClosedError(f"{self.url}: closed, start the server again"))
        else:
            self._requests.put(_Request(act, origin, answer))
        return answer

    def write_now(self, act: Callable[[Connection], T], *, origin: str = "") -> T:
        """Write and wait for the commit (never from the event loop or from inside a write)."""
        assert threading.current_thread() is not self._writer, "a write inside a write"
        return self.submit(act, origin=origin).result()

    async def write(self, act: Callable[[Connection], T], *, origin: str = "") -> T:
        """The same without holding a thread."""
        return await asyncio.wrap_future(self.submit(act, origin=origin))

    def read_now(self, act: Callable[[Connection], T]) -> T:
        """Run `act` on a read-only connection, all of it at one moment of the database."""
        return told(self.url, lambda: self._read(act))

    async def read(self, act: Callable[[Connection], T]) -> T:
        """The same in the readers' threads."""
        return await self.run(lambda: self.read_now(act))

    async def run(self, act: Callable[[], T]) -> T:
        """Any work of more than a millisecond, in the readers' threads."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, act)

    def close(self) -> None:
        """Finish the writes that wait, then let go of everything."""
        if self._closed:
            return
        self._closed = True
        self._requests.put(None)
        self._writer.join()
        self._readers.shutdown()
        self._read_engine.dispose()
        self._write_engine.dispose()

    def _read(self, act: Callable[[Connection], T]) -> T:
        with self._read_engine.begin() as connection:
            return act(connection)

    def _write_loop(self) -> None:
        while (first := self._requests.get()) is not None:
            self._serve([first])

    def _serve(self, group: list[_Request]) -> None:
        try:
            told(self.url, lambda: self._commit_group(group))
        except BaseException as fault:
            for request in group:
                if not request.answer.done():
                    request.answer.set_exception(fault)

    def _commit_group(self, group: list[_Request]) -> None:
        for _ in range(RETRIES_MAX):
            try:
                outcomes = self._transaction(group)
            except _ConflictError:
                continue
            for request, (result, fault) in zip(group, outcomes, strict=True):
                if fault is None:
                    request.answer.set_result(result)
                else:
                    request.answer.set_exception(fault)
            return
        raise UnavailableError(f"{self.url}: conflicts with other servers; try again")

    def _transaction(self, group: list[_Request]) -> list[tuple[Any, BaseException | None]]:
        """Run the group, and what joins it meanwhile, in one transaction with one flush."""
        outcomes: list[tuple[Any, BaseException | None]] = []
        until = time.monotonic() + GROUP_SECONDS_MAX
        with self._write_engine.begin() as connection:
            self._lock_heads(connection, group)
            done = 0
            while done < len(group):
                outcomes.append(self._savepoint(connection, group[done]))
                done += 1
                if done == len(group) < GROUP_REQUESTS_MAX and time.monotonic() < until:
                    self._join(connection, group)
        return outcomes

    def _join(self, connection: Connection, group: list[_Request]) -> None:
        try:
            request = self._requests.get_nowait()
        except queue.Empty:
            return
        if request is None:
            self._requests.put(None)
            return
        group.append(request)
        self._lock_heads(connection, [request])

    def _lock_heads(self, connection: Connection, group: Sequence[_Request]) -> None:
        if self._sqlite:  # BEGIN IMMEDIATE holds the only writer
            return
        for origin in sorted({request.origin for request in group if request.origin}):
            connection.execute(
                text("SELECT 1 FROM origin WHERE origin = :origin FOR UPDATE"), {"origin": origin}
            )

    def _savepoint(
        self, connection: Connection, request: _Request
    ) -> tuple[Any, BaseException | None]:
        connection.exec_driver_sql("SAVEPOINT request")
        try:
            result = request.act(connection)
        except Exception as fault:
            if self._conflicts(fault):
                raise _ConflictError from fault
            _roll_back(connection, fault)
            return None, named(self.url, fault)
        connection.exec_driver_sql("RELEASE SAVEPOINT request")
        return result, None

    def _conflicts(self, fault: Exception) -> bool:
        if self._sqlite or not isinstance(fault, DBAPIError):
            return False
        return isinstance(fault, IntegrityError) or (
            getattr(fault.orig, "sqlstate", "") in _CONFLICTS
        )


def _roll_back(connection: Connection, fault: Exception) -> None:
    """Undo one request. After a full disk SQLite has undone all: then the group has failed."""
    try:
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT request")
        connection.exec_driver_sql("RELEASE SAVEPOINT request")
    except DBAPIError:
        raise fault from None


def insert_rows(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert many rows fast: plain `executemany` on SQLite, Core elsewhere."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        names, signs = ", ".join(columns), ", ".join("?" * len(columns))
        sql = f"INSERT INTO {table.name} ({names}) VALUES ({signs})"
        connection.exec_driver_sql(sql, list(rows))
    else:
        connection.execute(table.insert(), [dict(zip(columns, row, strict=True)) for row in rows])


def rows_with(
    connection: Connection, table: Table, key: str, values: Sequence[Any], *columns: str
) -> list[tuple[Any, ...]]:
    """Rows (key, *columns) whose key is one of many values, asked for in slices."""
    rows: list[tuple[Any, ...]] = []
    for start in range(0, len(values), LOOKUP_VALUES_MAX):
        part = values[start : start + LOOKUP_VALUES_MAX]
        rows.extend(_rows_with(connection, table, key, part, columns))
    return rows


def _rows_with(
    connection: Connection, table: Table, key: str, values: Sequence[Any], columns: Sequence[str]
) -> Sequence[Any]:
    if connection.dialect.name == "sqlite":  # Core spends more on parameters than the search
        names, signs = ", ".join((key, *columns)), ", ".join("?" * len(values))
        sql = f"SELECT {names} FROM {table.name} WHERE {key} IN ({signs})"
        return connection.exec_driver_sql(sql, tuple(values)).fetchall()
    wanted = [table.c[name] for name in (key, *columns)]
    return connection.execute(select(*wanted).where(table.c[key].in_(values))).fetchall()


def newest_revision() -> str:
    """The revision that this program's migrations lead to."""
    return max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _migrate(engine: Engine) -> None:
    with engine.begin() as connection:
        found = _revision(connection)
        newest = newest_revision()
        tables_there = inspect(connection).get_table_names()
        if not found and tables_there:
            raise ForeignError(
                f"{engine.url}: no ledger of this program, it holds {', '.join(tables_there[:5])}:"
                " move it aside, or give another --data"
            )
        if found == newest:
            return
        if found > newest:
            raise NewerError(
                f"{engine.url}: of revision {found}, this program knows {newest}:"
                " start the newer program"
            )
        _run_alembic(connection)


def _revision(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    row = connection.execute(text("SELECT version_num FROM alembic_version")).one_or_none()
    return str(row[0]) if row else ""


def _run_alembic(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


metadata = tables.metadata
