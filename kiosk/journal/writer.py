"""The home of the one thread that writes the journal.

Work waits in a queue ordered by importance: an operator's act goes before everything else, and
everything else comes in transactions of some milliseconds, so that no act waits long. Long work is
a step that is called again, one transaction each, until it says that it is done.
"""

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count
from pathlib import Path
from queue import Empty, PriorityQueue
from typing import Any, Final, TypeVar

from kiosk.journal import store
from kiosk.journal.ballast import BALLAST_BYTES, Ballast, Room
from kiosk.journal.errors import JournalClosed, JournalFull, is_full, is_io_fault, told
from kiosk.journal.files import connect_writer
from kiosk.journal.flushes import Flush, measured
from kiosk.journal.store import Head
from sync.pulse import Pulse

IDLE_SECONDS: Final = 0.25
PULSE_SECONDS: Final = 3.0
CHECKPOINT_ROWS: Final = 500
CHECKPOINT_ROWS_MAX: Final = 20_000

T = TypeVar("T")
Work = Callable[[sqlite3.Connection, Head], T]


class Turn(IntEnum):
    """Who goes first."""

    ACT = 0
    KEEP = 1
    FEED = 2
    UPKEEP = 3
    END = 9


@dataclass(order=True, slots=True)
class _Job:
    turn: Turn
    number: int
    work: Work[Any] | None = field(compare=False)
    future: "Future[Any]" = field(compare=False)
    stepwise: bool = field(compare=False, default=False)
    begun: bool = field(compare=False, default=False)


class Writer(threading.Thread):
    """Owns the writing connection and the head of the chain."""

    def __init__(self, path: Path, ballast_bytes: int = BALLAST_BYTES) -> None:
        super().__init__(name="journal-writer", daemon=True)
        self._path = path
        self._ballast = Ballast(path.parent, ballast_bytes)
        self.flush: Flush | None = None
        self.pulse = Pulse()
        self._jobs: PriorityQueue[_Job] = PriorityQueue()
        self._numbers = count()
        self._door = threading.Lock()
        self._closed = False
        self._connection = connect_writer(path)
        self._checkpointed = self._connection.total_changes
        self._head_is_stale = False
        self._is_broken = False
        self.head = store.read_head(self._connection)

    @property
    def room(self) -> Room:
        """How much room the disk has, as far as was noticed."""
        return self._ballast.room

    def do(self, turn: Turn, work: Work[T]) -> "Future[T]":
        """Queue one transaction; its result, or a `JournalError`, comes through the future."""
        return self._queue(turn, work, stepwise=False)

    def do_steps(self, turn: Turn, step: Work[bool]) -> "Future[bool]":
        """Queue a transaction that is repeated, others in between, until it returns True."""
        return self._queue(turn, step, stepwise=True)

    def nudge(self) -> None:
        """The head changed from outside: write it down at the next quiet moment."""
        self._queue(Turn.UPKEEP, None, stepwise=False)

    def close(self) -> None:
        """Do all that is queued, then leave the file tidy."""
        with self._door:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(_Job(Turn.END, next(self._numbers), None, Future()))
        self.join()

    def run(self) -> None:
        self._queue(Turn.UPKEEP, lambda *_: self._ballast.renew(), stepwise=False)
        self._queue(Turn.UPKEEP, lambda *_: self._probe(), stepwise=False)
        while True:
            self.pulse.tick()
            try:
                patience = IDLE_SECONDS if self._has_upkeep() else PULSE_SECONDS
                job = self._jobs.get(timeout=patience)
            except Empty:
                self._upkeep()
                continue
            if job.turn is Turn.END:
                self.pulse.rest()
                break
            if job.work:
                self._handle(job, job.work)
        self._upkeep()
        with suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        self._connection.close()

    def _queue(self, turn: Turn, work: Work[Any] | None, *, stepwise: bool) -> "Future[Any]":
        job = _Job(turn, next(self._numbers), work, Future(), stepwise)
        with self._door:
            if not self._closed:
                self._jobs.put(job)
                return job.future
        job.future.set_exception(JournalClosed(f"{self._path}: the journal is closed"))
        return job.future

    def _handle(self, job: _Job, work: Work[Any]) -> None:
        if not job.begun and not job.future.set_running_or_notify_cancel():
            return
        job.begun = True
        try:
            result = self._commit_or_mend(work, job.turn)
        except sqlite3.Error as fault:
            wrong = told(fault, self._path)
            wrong.__cause__ = fault
            job.future.set_exception(wrong)
        except BaseException as fault:
            job.future.set_exception(fault)
        else:
            if job.stepwise and not result:
                job.number = next(self._numbers)
                self._jobs.put(job)
            else:
                job.future.set_result(result)
        if self._changes() >= CHECKPOINT_ROWS_MAX:
            self._checkpoint()

    def _commit_or_mend(self, work: Work[T], turn: Turn) -> T:
        """After a fault of the disk, try once more with what may help.

        What others did waits while the disk has room for the last own acts only.
        """
        if turn is Turn.FEED and not self._ballast.has_more_than_the_last():
            raise JournalFull(f"{self._path}: the disk is nearly full; free some space")
        try:
            return self._commit(work)
        except sqlite3.Error as fault:
            if is_full(fault):
                self._make_room(turn)
            elif is_io_fault(fault):
                self._is_broken = True
            else:
                raise
        try:
            return self._commit(work)
        except sqlite3.Error as fault:
            if is_full(fault) and turn in (Turn.ACT, Turn.KEEP):
                self._ballast.refused()
            raise

    def _make_room(self, turn: Turn) -> None:
        """Give up the ballast for what may not wait; room in the WAL can then be used again."""
        if turn in (Turn.ACT, Turn.KEEP):
            self._ballast.release()
        self._checkpoint()

    def _probe(self) -> None:
        """Once, after the start: how fast does the disk say that it has written?"""
        with suppress(OSError):
            self.flush = measured(self._path.parent)

    def _reopen(self) -> None:
        """A connection that met a fault of the disk is not believed again."""
        fresh = connect_writer(self._path)  # may fail again; then the old one stays in its place
        with suppress(sqlite3.Error):
            self._connection.close()
        self._connection = fresh
        self._checkpointed = self._connection.total_changes
        self._head_is_stale, self._is_broken = True, False

    def _commit(self, work: Work[T]) -> T:
        if self._is_broken:
            self._reopen()
        connection = self._connection
        if self._head_is_stale:
            self._read_head_again()
        try:
            connection.execute("BEGIN IMMEDIATE")
            result = work(connection, self.head)
            store.put_acknowledged(connection, self.head)
            connection.execute("COMMIT")
        except BaseException:
            self._head_is_stale = True
            with suppress(sqlite3.Error):
                connection.rollback()
                self._read_head_again()
            raise
        return result

    def _read_head_again(self) -> None:
        """What the transaction left in the head was rolled back with it."""
        confirmed, origin = self.head.acknowledged, self.head.origin
        incarnation = self.head.incarnation
        self.head = store.read_head(self._connection)
        if self.head.origin == origin:
            self.head.acknowledged = max(min(confirmed, self.head.seq), self.head.low - 1)
            self.head.incarnation = incarnation
        self._head_is_stale = False

    def _has_upkeep(self) -> bool:
        unsaved = self.head.acknowledged != self.head.acknowledged_stored
        return unsaved or self._changes() >= CHECKPOINT_ROWS or self.room is not Room.AMPLE

    def _upkeep(self) -> None:
        """At a quiet moment: write the push mark down, tidy the WAL, hold room again."""
        if self.room is not Room.AMPLE:
            self._ballast.renew()
        if self.head.acknowledged != self.head.acknowledged_stored:
            writing = _Job(Turn.UPKEEP, next(self._numbers), None, Future())
            self._handle(writing, lambda *_: None)
        if self._changes() >= CHECKPOINT_ROWS:
            self._checkpoint()

    def _changes(self) -> int:
        if self._is_broken:
            return 0
        return self._connection.total_changes - self._checkpointed

    def _checkpoint(self) -> None:
        """A full disk only puts it off: what is in the WAL is safe there."""
        self._checkpointed = self._connection.total_changes
        with suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
