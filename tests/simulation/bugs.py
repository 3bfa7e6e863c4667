"""The home of deliberate bugs: the only place where behaviour of the product is replaced.

Each is a mistake that a simpler design makes. Switched on alone, the auditor must find it: a
simulation that cannot see a bug proves nothing by seeing none.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from sqlite3 import Connection as Sqlite
from typing import Any, Final
from zlib import crc32

from sqlalchemy import Connection

from kiosk.journal import Journal, store
from kiosk.journal.writer import Turn
from sync.server import ledger, receiving
from sync.server.intake import Batch, Entry, Head, Outcome, prepare
from sync.server.ledger import OFFICE, Ledger
from sync.server.receiving import Receiving
from sync.wire import FeedMark, Mark, PushHeader

POSITIONS_AHEAD: Final = 8

Broken = Callable[..., Any]


@contextmanager
def _replaced(owner: object, name: str, broken: Callable[[Broken], Broken]) -> Iterator[None]:
    """A function or method is another one for a while; `broken` is given the right one."""
    right = getattr(owner, name)
    setattr(owner, name, broken(right))
    try:
        yield
    finally:
        setattr(owner, name, right)


class _Undone(Exception):  # noqa: N818 — no fault: it carries what would have been answered
    def __init__(self, outcome: Outcome) -> None:
        super().__init__("nothing is stored")
        self.outcome = outcome


def acknowledge_before_commit() -> AbstractContextManager[None]:
    """The server answers as soon as it knows what it will store, and commits with the next push."""
    owed: dict[int, list[Batch]] = {}

    def broken(_right: Broken) -> Broken:
        def receive_now(
            self: Ledger, origin: str, station: str, header: PushHeader, bodies: Sequence[bytes]
        ) -> Outcome:
            for batch in owed.pop(id(self.database), []):
                self.database.write_now(partial(_stored, self, batch))
            batch = prepare(origin, station, header, bodies)
            try:
                self.database.write_now(partial(_undone, self, batch))
            except _Undone as undone:
                outcome = undone.outcome
            owed.setdefault(id(self.database), []).append(batch)
            return self._answered(batch, outcome)

        return receive_now

    return _replaced(Ledger, "receive_now", broken)


def _stored(self: Ledger, batch: Batch, connection: Connection) -> Outcome:
    return self._receive(connection, [batch])[0]


def _undone(self: Ledger, batch: Batch, connection: Connection) -> None:
    raise _Undone(_stored(self, batch, connection))


def unconfirmable_have_accepted() -> AbstractContextManager[None]:
    """The station believes the number of a mark whatever its own rows say."""

    def broken(_right: Broken) -> Broken:
        def acknowledge(self: Journal, mark: Mark, incarnation: str = "") -> bool:
            head = self._writer.head
            head.acknowledged = min(mark.seq, head.seq)
            self._writer.nudge()
            return True

        return acknowledge

    return _replaced(Journal, "acknowledge", broken)


def cursor_never_backwards() -> AbstractContextManager[None]:
    """The station takes a server that has less than before for confused."""

    def broken(right: Broken) -> Broken:
        def acknowledge(self: Journal, mark: Mark, incarnation: str = "") -> bool:
            behind = mark.seq < self._writer.head.acknowledged
            return True if behind else bool(right(self, mark, incarnation))

        return acknowledge

    return _replaced(Journal, "acknowledge", broken)


def fork_keeps_its_origin() -> AbstractContextManager[None]:
    """The station sends all again under the name that it had."""

    def broken(_right: Broken) -> Broken:
        def fork(self: Journal) -> str:
            self._writer.head.acknowledged = 0
            self._writer.nudge()
            return self.origin

        return fork

    return _replaced(Journal, "fork", broken)


def fork_makes_new_ids() -> AbstractContextManager[None]:
    """The events of the new origin are copies with names of their own."""

    def broken(right: Broken) -> Broken:
        def fork_step(connection: Sqlite, head: store.Head) -> bool:
            if head.forking:
                _rename_own(connection, head)
            return bool(right(connection, head))

        return fork_step

    return _replaced(store, "fork_step", broken)


def _rename_own(connection: Sqlite, head: store.Head) -> None:
    begun = "SELECT 1 FROM place WHERE origin = ? LIMIT 1"
    if connection.execute(begun, (head.forking,)).fetchone():
        return
    own = "SELECT p.id, e.body FROM place p JOIN event e ON e.id = p.id WHERE p.origin = ?"
    for old, body in connection.execute(own, (head.origin,)).fetchall():
        new = hashlib.sha256(f"{head.forking}{old}".encode()).hexdigest()[: len(old)]
        renamed = body.replace(old.encode(), new.encode())
        row = (new, renamed, crc32(renamed), old)
        connection.execute("UPDATE event SET id = ?, body = ?, crc = ? WHERE id = ?", row)
        connection.execute("UPDATE place SET id = ? WHERE id = ?", (new, old))


def dedupe_by_origin_and_seq() -> AbstractContextManager[None]:
    """An event is known by its place in its log: what comes under another origin is another."""

    def broken(_right: Broken) -> Broken:
        def settled(self: Receiving, batch: Batch, entry: Entry) -> Entry:
            if self._held(entry.id) is not None:
                entry = entry._replace(id=f"{batch.origin[:5]}~{entry.id}")
            self._fresh[entry.id] = entry
            return entry

        return settled

    return _replaced(Receiving, "_settled", broken)


def head_moved_outside_the_transaction() -> AbstractContextManager[None]:
    """Events are committed, then the head of their origin."""
    waiting: list[Receiving] = []
    keep_heads = Receiving._keep_heads

    def later(right: Broken) -> Broken:
        def kept(self: Receiving) -> None:
            if any(batch.station == OFFICE for batch in self._batches):
                right(self)
            else:
                waiting.append(self)

        return kept

    def in_two(right: Broken) -> Broken:
        def receive_now(self: Ledger, *push: object) -> Outcome:
            waiting.clear()
            outcome: Outcome = right(self, *push)
            for one in waiting:
                self.database.write_now(partial(_keep, one))
            return outcome

        return receive_now

    def _keep(one: Receiving, connection: Connection) -> None:
        one._connection = connection
        keep_heads(one)

    return _both(
        _replaced(Receiving, "_keep_heads", later), _replaced(Ledger, "receive_now", in_two)
    )


@contextmanager
def _both(one: AbstractContextManager[None], other: AbstractContextManager[None]) -> Iterator[None]:
    with one, other:
        yield


def page_and_mark_in_two_transactions() -> AbstractContextManager[None]:
    """The mark of a page is committed, then what the page told."""

    def broken(right: Broken) -> Broken:
        def absorb(
            self: Journal, bodies: Sequence[bytes], mark: FeedMark, *, snapshot: bool = False
        ) -> object:
            if not snapshot:
                self._writer.do(
                    Turn.FEED, lambda connection, head: store._move_feed(connection, head, mark)
                ).result()
            return right(self, bodies, mark, snapshot=snapshot)

        return absorb

    return _replaced(Journal, "absorb", broken)


def position_taken_before_other_work() -> AbstractContextManager[None]:
    """Each process takes positions ahead, as a sequence gives them: they appear out of order."""
    blocks: dict[int, tuple[int, int]] = {}

    def broken(right: Broken) -> Broken:
        def take_positions(connection: Connection, name: str, count: int) -> int:
            if name != "event":
                return int(right(connection, name, count))
            first, end = blocks.get(id(connection.engine), (0, 0))
            if end - first < count:
                ahead = count + POSITIONS_AHEAD
                first = int(right(connection, name, ahead))
                end = first + ahead
            blocks[id(connection.engine)] = (first + count, end)
            return first

        return take_positions

    return _replaced(receiving, "take_positions", broken)


def quarantine_stops_the_batch() -> AbstractContextManager[None]:
    """The server takes the events before one that it cannot read, and no more."""

    def broken(right: Broken) -> Broken:
        def prepared(*push: object) -> Batch:
            batch: Batch = right(*push)
            bad = (n for n, entry in enumerate(batch.entries) if entry.unreadable)
            count = next(bad, len(batch.entries))
            return replace(batch, entries=batch.entries[:count], digests=batch.digests[:count])

        return prepared

    return _replaced(ledger, "prepare", broken)


def gap_not_recorded() -> AbstractContextManager[None]:
    """The server goes on behind rows that are gone, and says nothing of them."""

    def broken(_right: Broken) -> Broken:
        def over_gap(self: Receiving, batch: Batch, row: Any) -> None:
            low = batch.header.low
            if row.head.seq < low.seq - 1:
                row.head = Head(low.seq - 1, bytes.fromhex(low.digest))
                row.changed = True

        return over_gap

    return _replaced(Receiving, "_over_gap", broken)


def retention_beyond_safe() -> AbstractContextManager[None]:
    """The station forgets whatever the server has, backed up or not."""

    def broken(right: Broken) -> Broken:
        def retire(self: Journal, safe: int, today: date) -> int:
            return int(right(self, self._writer.head.acknowledged, today))

        return retire

    return _replaced(Journal, "retire", broken)


BUGS: Final[dict[str, Callable[[], AbstractContextManager[None]]]] = {
    one.__name__.replace("_", "-"): one
    for one in (
        acknowledge_before_commit,
        unconfirmable_have_accepted,
        cursor_never_backwards,
        fork_keeps_its_origin,
        fork_makes_new_ids,
        dedupe_by_origin_and_seq,
        head_moved_outside_the_transaction,
        page_and_mark_in_two_transactions,
        position_taken_before_other_work,
        quarantine_stops_the_batch,
        gap_not_recorded,
        retention_beyond_safe,
    )
}
