"""The home of the projector: a reader with a mark that folds the ledger into the view tables.

One server process at a time projects, under a lease; the others follow its mark by notice and poll,
and one of them takes over when it ends or dies. A rebuild fills shadow tables and swaps them in, in
whichever process it is asked for: that one takes the lease for the swap. Views that another version
of the folding code made are rebuilt at the start; until then people see them as they are, and
nothing is folded into them.

DatabaseError
├── BehindError     another process projects, and does not come up with the ledger
└── RebuildError    a rebuild that cannot be ended now; the views are as they were
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection

from sync.server import projector_rebuild, projector_version
from sync.server.database import Database, DatabaseError
from sync.server.lease import Lease, LeaseLostError
from sync.server.ledger import end_of, reader_mark
from sync.server.notice import ALL, RELEASED, read_projected
from sync.server.projector_reader import BOARD, READER, Reader
from sync.server.projector_rebuild import SHADOW_READER, LockedError
from sync.server.projector_state import LIVE, SHADOWED

LEASE: Final = "projector"
REBUILD_LEASE: Final = "rebuild"
POLL_SECONDS: Final = 1.0
# Slices of a few events cost many times as much an event: under load they wait for more.
GATHER_SECONDS_MAX: Final = 0.1
GATHER_TIMES: Final = 8
FOLLOW_SECONDS: Final = 0.1
CATCH_UP_SECONDS_MAX: Final = 15.0
SWAP_SECONDS_MAX: Final = 60.0
READERS_SECONDS_MAX: Final = 1.0
READERS_POLL_SECONDS: Final = 0.01
PROGRESS_SECONDS: Final = 2.0
_log: Final = logging.getLogger("kiosk-server")


class BehindError(DatabaseError):
    pass


class RebuildError(DatabaseError):
    pass


class Projector:
    """Keeps the views up with the ledger. Callbacks in `on_projected` take the scopes told.

    A projector with a thread keeps the lease between slices; one without gives it back each time.
    """

    def __init__(self, database: Database) -> None:
        self.on_projected: list[Callable[[Iterable[str]], None]] = []
        self._database = database
        self._lease = Lease(database, LEASE)
        self._live = Reader(database, LIVE, READER, self._lease)
        self._position = database.read_now(lambda conn: reader_mark(conn, READER))
        self._moved = threading.Condition()
        self._woken = threading.Event()
        self._hurried = threading.Event()  # somebody waits for the views
        self._stopping = threading.Event()
        self._stepping = threading.RLock()
        self._thread: threading.Thread | None = None
        self._current = False  # whether the views were seen to be of this version, once
        self._outdated = False  # whether another version's took their place since

    def start(self) -> None:
        """Follow the ledger in a thread of its own."""
        assert self._thread is None, "the projector runs already"
        self._thread = threading.Thread(target=self._run, name="projector", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the slice in hand; another process may go on at once."""
        self._stopping.set()
        self._hurry()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._lease.release()
        self._stopping.clear()

    @property
    def running(self) -> bool:
        """Whether a thread follows the ledger."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def projecting(self) -> bool:
        """Whether it is this process that projects."""
        return self._lease.held

    def wake(self) -> None:
        """Something was appended."""
        if self._lease.held:
            self._woken.set()

    def heard(self, told: str) -> None:
        """Follow a notice of another process."""
        projected = read_projected(told)
        if projected is None:
            if told == RELEASED or self._lease.held:
                self._woken.set()
        elif projected.sender != self._lease.owner:
            self._follow_to(projected.before, projected.after, projected.scopes)

    def position(self) -> int:
        """How far the views are, as far as this process knows."""
        return self._position

    def wait_for(self, position: int, seconds: float) -> bool:
        """Whether the views reach a position of the ledger within so many seconds."""
        until = time.monotonic() + seconds
        while True:
            self._hurry()
            left = until - time.monotonic()
            with self._moved:
                if self._moved.wait_for(
                    lambda: self._position >= position, min(left, FOLLOW_SECONDS)
                ):
                    return True
            if left <= FOLLOW_SECONDS:
                return False

    def step(self) -> bool:
        """Project one slice; False where nothing was left. Raises `DatabaseError`."""
        if not self._is_current():
            return False
        with self._working() as ours:
            return ours and self._step() is not None

    def catch_up(self) -> int:
        """See all that is there projected, by whichever process; returns the position.

        Raises `DatabaseError`, `BehindError` among them.
        """
        until = time.monotonic() + CATCH_UP_SECONDS_MAX
        end = -1
        while True:
            if self._is_current():
                with self._working() as ours:
                    if ours and self._project():
                        return self._position
            end = end if end >= 0 else self._database.read_now(end_of)
            if self._follow() >= end:
                return self._position
            if time.monotonic() > until:
                raise BehindError(
                    f"the views stand at {self._position} of {end}: another server process has"
                    " the lease; look into its log"
                )
            self._stopping.wait(FOLLOW_SECONDS)

    def rebuild(self) -> int:
        """Make all views again from the ledger and swap them in; returns the position.

        Raises `RebuildError`, or `DatabaseError`.
        """
        if not self._rebuild_if(lambda: True):
            raise RebuildError("a rebuild runs already in another process: wait for its end")
        return self._position

    def _is_current(self) -> bool:
        """Whether the views are of this version; at first sight, those of another are made again.

        False while another process makes them. Raises `RebuildError` or `DatabaseError`.
        """
        if not self._current:
            of = projector_version
            self._current = (
                self._database.read_now(of.is_current)
                or self._database.write_now(of.adopted)
                or self._rebuild_if(lambda: not self._database.read_now(of.is_current), self._say)
            )
        return self._current

    def _say(self, done: int, of: int) -> None:
        _log.warning("the views are made again for this version: %s of %s", done, of)

    def _rebuild_if(
        self, wanted: Callable[[], bool], say: Callable[[int, int], None] | None = None
    ) -> bool:
        """Rebuild where that is wanted once nobody else does; False while another process does."""
        lease = Lease(self._database, REBUILD_LEASE)
        if not lease.hold():
            return False
        try:
            if wanted():
                shadow = Reader(self._database, SHADOWED, SHADOW_READER, lease)
                self._rebuild(shadow, lease, say or (lambda _done, _of: None))
                self._told((ALL,))
        except LeaseLostError:
            raise RebuildError("the rebuild stood still and another began: wait for it") from None
        finally:
            lease.release()
        return True

    @contextmanager
    def _working(self) -> Iterator[bool]:
        """Whether the lease is ours meanwhile."""
        with self._stepping:
            try:
                yield self._lease.hold()
            finally:
                if not self.running:
                    self._lease.release()

    def _project(self) -> bool:
        """Project all that is there; False where the lease was lost meanwhile."""
        while self._step():
            if self._stopping.is_set():
                return True
        return self._lease.held

    def _step(self) -> bool | None:
        """Project one slice: whether more may be left; nothing where nothing was, or no lease."""
        with self._stepping:
            if not self._lease.hold() or not self._is_ours_still():
                return None
            try:
                told = self._live.step()
            except LeaseLostError:
                self._lease.forget()
                return None
            position = self._live.position()
        if told is None:
            self._follow_to(-1, position, (ALL,))  # another process was there before
            return None
        self._position_is(position)
        self._told(told)
        return self._live.more

    def _is_ours_still(self) -> bool:
        """Whether no other version's views took the place of ours; else leave them to its kind."""
        current = self._database.read_now(projector_version.is_current)
        if not current:
            self._lease.release()
            if not self._outdated:
                _log.warning("the views are another version's by now: update this server too")
        self._outdated = not current
        return current

    def _follow(self) -> int:
        """Look how far the process is that projects."""
        at = self._database.read_now(lambda conn: reader_mark(conn, READER))
        self._follow_to(-1, at, (ALL,))
        return self._position

    def _follow_to(self, before: int, after: int, scopes: Iterable[str]) -> None:
        """Another process moved the mark: tell those who wait, all of them after a gap."""
        with self._moved:
            at = self._position
        if after < at or (after == at and before != after):
            return
        self._position_is(after)
        self._told(scopes if before == at else (ALL,))

    def _position_is(self, position: int) -> None:
        with self._moved:
            self._position = max(position, self._position)
            self._moved.notify_all()

    def _told(self, scopes: Iterable[str]) -> None:
        for callback in self.on_projected:
            callback({*scopes, BOARD})

    def _hurry(self) -> None:
        self._hurried.set()
        self._woken.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            self._woken.clear()
            self._hurried.clear()
            try:
                if not self._is_current() or not self._is_held() or not self._project():
                    self._follow()
            except DatabaseError as fault:
                _log.warning("the views stand still: %s", fault)
            except Exception:
                _log.exception("the views stand still at position %s", self._position)
                self._stopping.wait(POLL_SECONDS)
            self._await_more(began)

    def _await_more(self, began: float) -> None:
        """Wait for something to do, and for more of it right behind a slice of some length."""
        took = time.monotonic() - began
        gathers = min(GATHER_SECONDS_MAX, took * GATHER_TIMES)
        self._woken.wait(POLL_SECONDS)
        self._hurried.wait(max(0.0, began + took + gathers - time.monotonic()))

    def _is_held(self) -> bool:
        with self._stepping:
            return self._lease.hold()

    def _rebuild(self, shadow: Reader, lease: Lease, say: Callable[[int, int], None]) -> None:
        self._database.write_now(projector_rebuild.create_shadows)
        said, end, told = float("-inf"), self._live.mark(), True
        while told:
            if time.monotonic() > said + PROGRESS_SECONDS:
                said = time.monotonic()
                say(shadow.position(), end)
            told = shadow.step(end := self._live.mark()) is not None
            self._renew(lease)
        for _ in projector_rebuild.index_shadows(self._database):
            self._renew(lease)
        until = time.monotonic() + SWAP_SECONDS_MAX
        while self._is_read_long() or not self._swapped(shadow, lease):
            self._renew(lease)
            self._renew(lease)
            if time.monotonic() > until:
                self._database.write_now(projector_rebuild.drop_shadows)
                raise RebuildError(
                    "the views were not swapped: a dump or a long question holds them;"
                    " begin the rebuild again when it has ended"
                )
            self._stopping.wait(FOLLOW_SECONDS)

    def _is_read_long(self) -> bool:
        """Whether to stop all projecting for a swap would be in vain, for as long as that takes."""
        return self._database.read_now(projector_rebuild.has_long_readers)

    def _renew(self, lease: Lease) -> None:
        """Keep the rebuild's lease; raises `LeaseLostError`, or `RebuildError` at the end."""
        if not lease.hold():
            raise LeaseLostError(lease.name)
        if self._stopping.is_set():
            raise RebuildError("the server ends: begin the rebuild again")

    def _swapped(self, shadow: Reader, lease: Lease) -> bool:
        """Stop all projecting for a moment and swap, if readers let us; whether they did."""
        with self._stepping:
            self._lease.seize()
            try:
                target = self._live.mark()
                while shadow.step(target) is not None:
                    self._renew(lease)
                self._lease.hold()
                return shadow.mark() == target and self._swap(lease)
            except LockedError:
                return False
            finally:
                self._live.forget()
                if not self.running:
                    self._lease.release()

    def _swap(self, lease: Lease) -> bool:
        moment = self._database.read_now(projector_rebuild.moment_of)
        until = time.monotonic() + READERS_SECONDS_MAX
        while self._database.read_now(
            lambda conn: projector_rebuild.has_readers_before(conn, moment)
        ):
            if time.monotonic() > until:
                return False
            time.sleep(READERS_POLL_SECONDS)

        def swap(connection: Connection) -> None:
            self._lease.check(connection)
            lease.check(connection)
            projector_rebuild.swap(self._database, connection, self._lease.owner)

        self._database.write_now(swap)
        return True
