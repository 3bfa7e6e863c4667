"""The home of the server's database: the writer with group commit, and the readers.

SQLite by default: one thread writes and checkpoints, readers are read-only. PostgreSQL by URL: the
same calls. Requests that wait are committed together: SQLite takes all of them in one transaction.
On PostgreSQL only those do that are one act over many items, with its locks in one order: others
might wait crosswise with those of other server processes.
"""

import asyncio
import queue
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from sync.server.awaited import arriving, awaited
from sync.server.engines import (
    READERS_COUNT,
    ClosedError,
    DatabaseError,
    DoubtError,
    ForeignError,
    NewerError,
    UnavailableError,
    UnsafeError,
    crossed,
    engines,
    lost,
    named,
    sqlite_url,
    told,
)
from sync.server.schema import migrate

__all__ = [
    "ClosedError",
    "Database",
    "DatabaseError",
    "DoubtError",
    "ForeignError",
    "NewerError",
    "UnavailableError",
    "UnsafeError",
    "sqlite_url",
]

GROUP_REQUESTS_MAX: Final = 64
TRIES_MAX: Final = 6
PAUSE_SECONDS_MAX: Final = 0.1
CHANNEL: Final = "kiosk"
_NOTIFY: Final = text(f"SELECT pg_notify('{CHANNEL}', :said)")

T = TypeVar("T")
Item = TypeVar("Item")
Outcome = tuple[Any, BaseException | None]
Together = Callable[[Connection, list[Any]], list[Any]]


@dataclass(frozen=True, slots=True)
class _Request:
    """One act, or one item of an act `together` over all such items that wait."""

    act: Callable[[Connection], Any]
    answer: "Future[Any]"
    together: Together | None = None
    item: Any = None


_Part = list[_Request]


class Database:
    """The ledger's database. A writing function may run twice: it changes nothing but rows."""

    def __init__(self, url: str) -> None:
        """Open and migrate; raises `DatabaseError`."""
        self._write_engine, self._read_engine = engines(url)
        self.url = self._write_engine.url.render_as_string(hide_password=True)
        self._sqlite = self._write_engine.dialect.name == "sqlite"
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        try:
            told(self.url, lambda: migrate(self._write_engine))
        except BaseException:
            self._write_engine.dispose()
            raise
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

    def submit(self, act: Callable[[Connection], T]) -> "Future[T]":
        """Queue a write; the future is done after the commit, or raises what `act` raised."""
        answer: Future[T] = Future()
        return self._queued(_Request(act, answer))

    def submit_item(
        self, together: Callable[[Connection, list[Item]], list[T]], item: Item
    ) -> "Future[T]":
        """Queue an item of an act that takes all that wait for it at once, and answers each.

        Should the act fail with many, it is called with each alone: `together` is always the same
        function, and stores nothing for one item that would not be stored for it alone.
        """
        answer: Future[T] = Future()
        request = _Request(lambda conn: together(conn, [item])[0], answer, together, item)
        return self._queued(request)

    def write_now(self, act: Callable[[Connection], T]) -> T:
        """Write and wait for the commit (never from the event loop or from inside a write)."""
        assert threading.current_thread() is not self._writer, "a write inside a write"
        return self.submit(act).result()

    async def write(self, act: Callable[[Connection], T]) -> T:
        """The same without holding a thread."""
        return await asyncio.wrap_future(self.submit(act))

    def read_now(self, act: Callable[[Connection], T]) -> T:
        """Run `act` on a read-only connection, all of it at one moment of the database."""
        return told(self.url, lambda: self._read(act))

    async def read(self, act: Callable[[Connection], T]) -> T:
        """The same in the readers' threads."""
        return await self.run(lambda: self.read_now(act))

    async def run(self, act: Callable[[], T]) -> T:
        """Any work of more than a millisecond, in the readers' threads."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, awaited(act))

    def tell(self, connection: Connection, said: str) -> None:
        """Tell all server processes once this transaction is committed: a hint, may be lost."""
        if not self._sqlite:
            connection.execute(_NOTIFY, {"said": said})

    def close(self) -> None:
        """Finish the writes that wait, then let go of everything."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._requests.put(None)
        self._writer.join()
        self._readers.shutdown()
        self._read_engine.dispose()
        self._write_engine.dispose()

    def _queued(self, request: _Request) -> "Future[Any]":
        with self._closing:  # nothing comes behind what ends the writer
            if self._closed:
                fault = ClosedError(f"{self.url}: closed, start the server again")
                request.answer.set_exception(fault)
            else:
                self._requests.put(request)
        return request.answer

    def _read(self, act: Callable[[Connection], T]) -> T:
        try:
            with self._read_engine.begin() as connection:
                return act(connection)
        except DBAPIError as fault:
            if not lost(fault):
                raise
        with self._read_engine.begin() as connection:  # the server was started again meanwhile
            return act(connection)

    def _write_loop(self) -> None:
        while (first := self._requests.get()) is not None:
            group = [first, *self._waiting()]
            # What was taken back is not done; from here on nobody can.
            parts = _parts([one for one in group if one.answer.set_running_or_notify_cancel()])
            if not parts:
                continue
            for some in [parts] if self._sqlite else [[part] for part in parts]:
                self._serve(some)

    def _waiting(self) -> list[_Request]:
        """What waits by now, so many as one group takes."""
        group: list[_Request] = []
        while len(group) < GROUP_REQUESTS_MAX - 1:
            try:
                request = self._requests.get_nowait()
            except queue.Empty:
                break
            if request is None:
                self._requests.put(None)
                break
            group.append(request)
        return group

    def _serve(self, parts: list[_Part]) -> None:
        """Commit the parts and answer their requests, whatever happens."""
        requests = [request for part in parts for request in part]
        try:
            outcomes = self._committed(parts)
        except Exception as fault:
            outcomes = [(None, named(self.url, fault))] * len(requests)
        for request, (result, trouble) in zip(requests, outcomes, strict=True):
            if trouble is None:
                request.answer.set_result(result)
            else:
                request.answer.set_exception(arriving(trouble))

    def _committed(self, parts: list[_Part]) -> list[Outcome]:
        """The outcome of each request after the commit; raises what failed all of them.

        What fails for many that are done together is tried again with each alone.
        """
        fault: Exception
        for tries in range(1, TRIES_MAX + 1):
            try:
                return self._transaction(parts)
            except _AgainError as again:
                fault = again.fault
            except Exception as trouble:
                fault = trouble
                break
            if tries < TRIES_MAX:
                time.sleep(random.uniform(0, PAUSE_SECONDS_MAX * tries / TRIES_MAX))  # noqa: S311
        if len(parts) > 1 or len(parts[0]) == 1:
            raise fault
        return self._committed([[request] for request in parts[0]])

    def _transaction(self, parts: list[_Part]) -> list[Outcome]:
        """Run the parts in one transaction with one flush; a part alone needs no savepoint."""
        outcomes: list[Outcome] = []
        done = False
        try:
            with self._write_engine.begin() as connection:
                if len(parts) == 1:
                    outcomes = [(result, None) for result in _run(connection, parts[0])]
                else:
                    for part in parts:
                        outcomes += self._guarded(connection, part)
                done = True
        except DBAPIError as fault:
            if not done and self._may_do_again(fault):
                raise _AgainError(fault) from fault
            if done and lost(fault):
                raise DoubtError(
                    f"{self.url}: the connection was lost at the commit: what was asked may be"
                    " stored or not; look before it is asked again"
                ) from fault
            raise
        return outcomes

    def _guarded(self, connection: Connection, part: _Part) -> list[Outcome]:
        """Run one part in a savepoint; of a part that fails each request runs alone."""
        for tries in range(1, TRIES_MAX + 1):
            connection.exec_driver_sql("SAVEPOINT request")
            try:
                results = _run(connection, part)
            except Exception as fault:
                if not isinstance(fault, IntegrityError) and self._may_do_again(fault):
                    raise
                _roll_back(connection, fault)
                if len(part) > 1:
                    return [self._guarded(connection, [request])[0] for request in part]
                if tries == TRIES_MAX or not self._may_do_again(fault):
                    return [(None, named(self.url, fault))]
            else:
                connection.exec_driver_sql("RELEASE SAVEPOINT request")
                return [(result, None) for result in results]
        raise AssertionError("the last try returns")

    def _may_do_again(self, fault: BaseException) -> bool:
        """Whether another process was in the way, with a lock or with the same new row."""
        if self._sqlite:
            return False
        return lost(fault) or crossed(fault) or isinstance(fault, IntegrityError)


class _AgainError(Exception):
    """The transaction was undone by others: all of it may run once more."""

    def __init__(self, fault: DBAPIError) -> None:
        super().__init__(str(fault))
        self.fault = fault


def _parts(group: Sequence[_Request]) -> list[_Part]:
    """Those that are done together, then each of the others."""
    joint: dict[Together, _Part] = {}
    single: list[_Part] = []
    for request in group:
        if request.together is None:
            single.append([request])
        else:
            joint.setdefault(request.together, []).append(request)
    return [*joint.values(), *single]


def _run(connection: Connection, part: _Part) -> list[Any]:
    together = part[0].together
    if together is None:
        return [part[0].act(connection)]
    results = together(connection, [request.item for request in part])
    assert len(results) == len(part), "an act over many items answers each of them"
    return results


def _roll_back(connection: Connection, fault: Exception) -> None:
    """Undo one request. After a full disk SQLite has undone all: then the group has failed."""
    try:
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT request")
        connection.exec_driver_sql("RELEASE SAVEPOINT request")
    except DBAPIError:
        raise fault from None
