"""The home of the Journal: every event known to a station, and the chain of its own.

`append` is one act, one transaction, one flush; its future is done when the act is on disk. What
comes later (sync, labels, the folded Shop) reads from here with a mark. Reading goes by other
connections, so that no reader waits for a writer.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import date
from functools import partial
from itertools import count, takewhile
from pathlib import Path
from sqlite3 import Connection
from typing import IO, Final

from kiosk.clock import Clock
from kiosk.journal import audit, files, image, queries, retention, snapshot, store
from kiosk.journal.ballast import BALLAST_BYTES, Ballast, Room
from kiosk.journal.errors import JournalError
from kiosk.journal.fitness import made_fit
from kiosk.journal.flushes import Flush
from kiosk.journal.retention_plan import plan
from kiosk.journal.salvage import Birth, Salvage
from kiosk.journal.stamp import Stamper, clocks_of, now_text, random_origin
from kiosk.journal.store import Head
from kiosk.journal.writer import Turn, Work, Writer
from sync.domain.events import Event
from sync.domain.shop import Shop
from sync.domain.shop import absorb as fold_event
from sync.exchange import Batch, Stamp
from sync.wire import BATCH_BYTES_MAX, FeedMark, Mark, Recorded, Unknown, decode

REPLAY_EVENTS_MAX: Final = 2_000
NOT_STORED: Final = -1


class Journal:
    """One station's log in one folder, held by one process. Made by `Journal.open`."""

    def __init__(self, folder: Path, born: Birth, held: int, ballast_bytes: int) -> None:
        self.folder = folder
        self.path = folder / files.JOURNAL_NAME
        self.station = born.station
        self.moved_aside: Path | None = None
        self.salvaged: Salvage | None = None
        self.cloned = ""
        self._born, self._clock, self._held = born, born.clock, held
        self.readers = files.Readers(self.path)
        self._writer = Writer(self.path, ballast_bytes)
        self.pulse = self._writer.pulse
        self._forking: tuple[Future[str], Future[bool]] | None = None

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        station: str,
        clock: Clock,
        new_id: Callable[[], str],
        new_origin: Callable[[], str] = random_origin,
        ballast_bytes: int = BALLAST_BYTES,
    ) -> "Journal":
        """The journal of a folder, made if there is none; `new_origin` gives 128 random bits.

        Raises `JournalLocked`, `JournalNewer`, `JournalUnsafe`, `JournalFull` or `JournalFault`. A
        foreign or damaged file is renamed, and told in `moved_aside` and `salvaged`; `cloned` says
        why a copy was recognised, which goes on under a new origin.
        """
        held = files.lock(folder)
        try:
            Ballast(folder, ballast_bytes).make_way()
            born = Birth(station, clock, new_id, new_origin)
            fit = made_fit(folder / files.JOURNAL_NAME, born)
            journal = cls(folder, born, held, ballast_bytes)
        except BaseException:
            os.close(held)
            raise
        journal.moved_aside, journal.salvaged, journal.cloned = fit.moved, fit.salvaged, fit.cloned
        try:
            journal._begin()
        except BaseException:
            journal.close()
            raise
        return journal

    @property
    def origin(self) -> str:
        """The random name under which the station's own events are numbered now."""
        return self._writer.head.origin

    @property
    def room(self) -> Room:
        """How much room the disk has for the journal, as far as was noticed."""
        return self._writer.room

    @property
    def flush(self) -> Flush | None:
        """How fast the disk says that it has written, once that was measured after the start."""
        return self._writer.flush

    def size(self) -> int:
        """Bytes of the journal on disk; above `files.JOURNAL_BYTES_MAX` somebody should be told."""
        return files.size(self.path)

    def append(
        self, events: Sequence[Event], kept: Mapping[str, bytes] | None = None
    ) -> "Future[list[Recorded]]":
        """Record one act: all of it or nothing; the future's result is what is on disk.

        `id`, `act`, `at` and `station` are given where they are empty; `n`, `boot`, `mono` and
        `saw` always. Raises `JournalFull` or another `JournalError` through the future.
        """
        appending = self._appending(events)

        def work(connection: Connection, head: Head) -> list[Recorded]:
            store.put_kept(connection, kept or {})
            return appending(connection, head)

        return self._writer.do(Turn.ACT, work)

    def keep(self, name: str, value: bytes) -> "Future[None]":
        """Remember a small value, such as the dialog, for after a restart."""
        return self._writer.do(Turn.KEEP, lambda conn, _: store.put_kept(conn, {name: value}))

    def kept(self, name: str) -> bytes | None:
        """The value last kept under that name."""
        with self.readers.reading() as connection:
            return queries.kept(connection, name)

    def replay(self, after_local: int = 0) -> Iterator[tuple[int, Recorded]]:
        """Every event known here with its `local`, oldest first, own and absorbed."""
        while True:
            with self.readers.reading() as connection:
                rows = queries.page(connection, after_local, REPLAY_EVENTS_MAX)
            if not rows:
                return
            for local, body in rows:
                yield local, decode(body)
            after_local = rows[-1][0]

    def local(self) -> int:
        """The `local` of the newest event."""
        return self._writer.head.local

    def shop(self) -> Shop:
        """Everything known here, folded."""
        return self.folded()[0]

    def folded(self) -> tuple[Shop, int]:
        """The folded Shop and the `local` it reaches: from the image, then the rest."""
        with image.nothing_thrown_away():
            with self.readers.reading() as connection:
                shop, local = image.load(self.folder, connection) or (Shop(), 0)
                retired = retention.retired_orders(connection)
            local = self.fold(shop, local)
        retention.without_retired(shop, retired)
        return shop, local

    def fold(self, shop: Shop, after_local: int) -> int:
        """Fold what came after into the shop, known events without effect; how far it reaches."""
        for local, record in self.replay(after_local):
            if not isinstance(record.event, Unknown):
                fold_event(shop, record.event)
            after_local = local
        return after_local

    def save_image(self, shop: Shop, local: int) -> bool:
        """Save the Shop that holds all events up to `local`, at a quiet time; False if it failed.

        It is a cache: without it the next start only takes longer.
        """
        try:
            with self.readers.reading() as connection:
                event_id = image.id_at(connection, local)
            image.save(self.folder, shop, local, event_id)
        except (OSError, JournalError):
            return False
        return True

    def absorb(
        self, bodies: Sequence[bytes], mark: FeedMark, *, snapshot: bool = False
    ) -> "Future[list[Recorded]]":
        """A page of the feed and its mark in one transaction; the result is what was new.

        With `snapshot` the bodies, and those staged before, become known in steps, and the mark
        moves with the last; this waits for it and must not be called from the screen's loop.
        """
        if snapshot:
            return self._switch(bodies, mark)
        records = [decode(body) for body in bodies]

        def work(connection: Connection, head: Head) -> list[Recorded]:
            store.count_own(connection, head, self.station, records)
            return store.absorb(connection, head, records, mark)

        return self._writer.do(Turn.FEED, work)

    def stage(self, bodies: Sequence[bytes], *, restart: bool) -> None:
        """Lay a page of a snapshot by until `absorb(…, snapshot=True)`; `restart` drops older.

        Waits until it is stored, in small transactions; raises `JournalError`.
        """
        snapshot.stage(self._writer, self.station, bodies, restart=restart)

    def feed_mark(self) -> FeedMark | None:
        """How far the server's feed has been absorbed."""
        return self._writer.head.feed

    def unsent(self, events_max: int, bytes_max: int = BATCH_BYTES_MAX) -> Batch:
        """The next own events that the server has not confirmed, at least one if there is any."""
        self._await_fork()
        head = self._writer.head
        origin = head.origin
        with self.readers.reading() as connection:
            low, before = queries.low(connection, origin)
            after = max(head.acknowledged, low - 1)
            digest = queries.digest_at(connection, origin, after)
            bodies = queries.bodies_after(connection, origin, after, events_max, bytes_max)
        assert digest is not None, f"{self.path}: no own row at the acknowledged {after}"
        mark = Mark(after, digest.hex())
        return Batch(origin, mark, Mark(low, before.hex()), tuple(bodies), head.incarnation)

    def acknowledge(self, mark: Mark, incarnation: str = "") -> bool:
        """Move the push mark, backwards too; False, and nothing moved, if own rows say otherwise.

        A mark before all rows held (a server restored to before what was deleted here) moves it to
        where they begin, and the server records the gap. It is written down with the next act or
        at a quiet moment: an older one does no harm. `incarnation` is the server's.
        """
        self._await_fork()
        head = self._writer.head
        with self.readers.reading() as connection:
            low, _ = queries.low(connection, head.origin)
            digest = queries.digest_at(connection, head.origin, mark.seq)
        if mark.seq < low - 1:
            mark, incarnation = Mark(low - 1, ""), ""  # none confirmed that one
        elif digest is None or digest.hex() != mark.digest:
            return False
        if (head.acknowledged, head.incarnation) != (mark.seq, incarnation):
            head.acknowledged = mark.seq  # first: it may be written down before the next line
            if head.incarnation != incarnation:
                head.incarnation, head.acknowledged_stored = incarnation, NOT_STORED
            self._writer.nudge()
        return True

    def stamp(self) -> Stamp:
        """What the station's clocks say now."""
        return clocks_of(self._clock)

    def retire(self, safe: int, today: date) -> int:
        """Forget what `retention` allows, own events up to seq `safe`; how many events went.

        Reads all that is held, so it is for a thread that may take its time; what is written comes
        in small steps. Raises `JournalError`.
        """
        self._await_fork()
        self._writer.do_steps(Turn.UPKEEP, retention.retire_step).result()
        head = self._writer.head  # before the folding: a fork meanwhile drops the plan
        origin, seq = head.origin, min(safe, head.acknowledged, head.seq - 1)
        shop, local = self.folded()
        with self.readers.reading() as connection:
            limits = retention.limits(connection, today, seq, local)
            held = retention.held(connection, origin)
        made = plan(shop, self._between(1, local), held, limits)
        return retention.carry_out(self._writer, origin, made, limits)

    def fork(self) -> str:
        """Go on under a new origin: places are copied in steps between acts, ids are kept.

        Waits until it is done; raises `JournalError`.
        """
        self._begin_fork()
        self._await_fork()
        return self.origin

    def waiting(self) -> int:
        """How many own events the server has not confirmed."""
        head = self._writer.head
        return max(0, head.seq - head.acknowledged)

    def waiting_events(self, limit: int) -> list[Recorded]:
        """The oldest of them, for the outbox."""
        return self._own_after(self.sent(), limit)

    def sent(self) -> int:
        """The seq up to which the server has the own events."""
        return self._writer.head.acknowledged

    def latest_events(self, limit: int) -> list[tuple[int, Recorded]]:
        """The newest own events with their seq, the oldest of them first."""
        last = self._writer.head.seq
        found = self._own_after(last - limit, limit)
        return list(enumerate(found, last + 1 - len(found)))

    def _own_after(self, seq: int, limit: int) -> list[Recorded]:
        with self.readers.reading() as connection:
            return queries.records_after(connection, self.origin, seq, limit)

    def reader_mark(self, name: str) -> int:
        """How far a reader inside the station got, 0 at first."""
        with self.readers.reading() as connection:
            return queries.reader_mark(connection, name)

    def move_mark(
        self, name: str, local: int, events: Sequence[Event] = ()
    ) -> "Future[list[Recorded]]":
        """Move a reader's mark, and record in the same transaction what it did."""
        appending = self._appending(events)

        def work(connection: Connection, head: Head) -> list[Recorded]:
            store.put_mark(connection, name, local)
            return appending(connection, head)

        return self._writer.do(Turn.ACT if events else Turn.KEEP, work)

    def log_scan(self, source: str, payload: bytes, answer: str) -> "Future[None]":
        """Note a refused scan in the local scan log; it is no event and is never sent."""
        row = (now_text(self._clock), source, payload, answer)
        return self._writer.do(Turn.UPKEEP, lambda connection, _: store.put_scan(connection, row))

    def scan_log(self, limit: int = 100) -> list[queries.ScanRow]:
        """(at, source, payload, answer) of the newest refused scans, newest first."""
        with self.readers.reading() as connection:
            return queries.newest_scans(connection, limit)

    def verify(self) -> None:
        """Check every page, row and digest; raises `JournalDamaged` naming the first bad one."""
        with self.readers.reading() as connection:
            audit.verify(connection, self.path)

    def export(self, target: Path | IO[bytes]) -> int:
        """Write the station's own events as JSON lines with origin, seq and digest; how many."""
        with self.readers.reading() as connection:
            if not isinstance(target, Path):
                return audit.export(connection, target)
            with target.open("wb") as stream:
                return audit.export(connection, stream)

    def close(self) -> None:
        """Finish what is queued, give the folder back; the second time nothing happens."""
        self.readers.close()
        self._writer.close()
        if self._held >= 0:
            os.close(self._held)
            self._held = -1

    def _begin(self) -> None:
        """Go on with a fork that a power cut broke off, and with tidying up after one."""
        self._writer.start()
        self._writer.do_steps(Turn.UPKEEP, retention.retire_step).result()
        if self._writer.head.forking:
            self._begin_fork()
        else:
            self._writer.do_steps(Turn.UPKEEP, store.forget_step)

    def _begin_fork(self) -> None:
        if self._forking is None:
            begin = partial(store.begin_fork, origin=self._born.new_origin())
            do, steps = self._writer.do, self._writer.do_steps
            self._forking = do(Turn.UPKEEP, begin), steps(Turn.UPKEEP, retention.fork_step)

    def _await_fork(self) -> None:
        if self._forking is not None:
            (begun, copied), self._forking = self._forking, None
            begun.result()  # where that failed nothing was copied
            copied.result()
            self._writer.do_steps(Turn.UPKEEP, store.forget_step)

    def _appending(self, events: Sequence[Event]) -> Work[list[Recorded]]:
        stamp = Stamper(self._clock, self._born.new_id, self.station)
        fresh = [stamp(event) for event in events]
        attempts = count()

        def work(connection: Connection, head: Head) -> list[Recorded]:
            if next(attempts):
                bodies = store.stored(connection, [event.id for event in fresh])
                if bodies:
                    return [decode(body) for body in bodies]
            return store.append(connection, head, fresh)

        return work

    def _switch(self, bodies: Sequence[bytes], mark: FeedMark) -> "Future[list[Recorded]]":
        answer: Future[list[Recorded]] = Future()
        try:
            self.stage(bodies, restart=False)
            new = snapshot.switch(self._writer, mark)
        except JournalError as fault:
            answer.set_exception(fault)
            return answer
        answer.set_result([one for span in new.items() for _, one in self._between(*span)])
        return answer

    def _between(self, first: int, last: int) -> Iterator[tuple[int, Recorded]]:
        """Events by `local`, both ends included."""
        return takewhile(lambda row: row[0] <= last, self.replay(first - 1))
