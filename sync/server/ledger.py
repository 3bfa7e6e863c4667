"""The home of the ledger: append under the rules of the exchange, read after a position.

A fact is never refused: what cannot be read is stored, acknowledged and quarantined. Refused are
only messages that contradict what is known of their origin.

    LedgerError             a push of which nothing was stored
    ├── ForkError           another digest at a place that is known: the station takes a new origin
    ├── OwnerError          the origin belongs to another station
    └── OfficeEventError    the office said what no reader could read
"""

import asyncio
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import uuid_utils
from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from sync.domain.events import Event, NumbersGranted, stamped
from sync.server import tables
from sync.server.clock import ServerClock
from sync.server.database import Database
from sync.server.errors import ServerError
from sync.server.intake import Batch, Head, Outcome, entry_of, prepare
from sync.server.locks import hold_office
from sync.server.numbers import hold_counters
from sync.server.office import OfficeInvalid
from sync.server.receiving import Receiving, store, take_positions
from sync.server.rows import rows_with
from sync.server.settings import (
    INCARNATION,
    OFFICE,
    OFFICE_ORIGIN,
    keep_setting,
    made_once,
    setting,
)
from sync.server.station_clocks import ClockNews, keep_clocks
from sync.server.wording import Said
from sync.wire import BODY_BYTES_MAX, Mark, PushHeader, Recorded, bytes_of, chain_start, recorded

__all__ = ["OFFICE", "ForkError", "Ledger", "LedgerError", "OfficeEventError", "OwnerError"]

INLINE_BYTES_MAX: Final = 65_536
HELD_EVENTS_MAX: Final = 200  # made ready within a write, which others wait for
GRANTED: Final = NumbersGranted.__name__
PROGRAM: Final = "program"
APPENDED: Final = "appended"  # what other server processes are told

Grants = Callable[
    [Connection, str, Mapping[str, int], Mapping[str, int], int, str], Sequence[NumbersGranted]
]
"""Number ranges for an origin: (connection, origin, reported, wanted, now in ms, prefix)."""


class LedgerError(ServerError):
    """A push of which nothing was stored; see the tree at the top."""


class ForkError(LedgerError):
    """The message names origin and place; `have` is the server's head."""

    def __init__(self, origin: str, after: Mark, have: Mark) -> None:
        super().__init__(
            f"origin {origin} has another digest at or before {after.seq} than the server:"
            " take a new origin and send all events again"
        )
        self.have = have


class OwnerError(LedgerError):
    pass


class OfficeEventError(LedgerError, OfficeInvalid):
    """`number` is the event's in the act, the first is 0."""

    def __init__(self, said: Said, number: int) -> None:
        super().__init__(said)
        self.number = number


class Ledger:
    """The server's log. Callbacks in `on_append` run after each commit that added events.

    `incarnation` is what the last answer was given under. `grants` answers a push that reports or
    wants numbers, in the same transaction; `prefix` is that of the SSCCs which it grants.
    """

    def __init__(
        self, database: Database, clock: ServerClock, grants: Grants | None = None, prefix: str = ""
    ) -> None:
        self.database = database
        self.clock = clock
        self.grants, self.prefix = grants, prefix
        self.on_append: list[Callable[[], None]] = []
        self.incarnation = self._named(INCARNATION)
        self.boot = uuid.uuid4().hex
        self._clock_news = ClockNews()

    async def receive(
        self, origin: str, station: str, header: PushHeader, bodies: Sequence[bytes]
    ) -> Outcome:
        """Store what is new of a push, then answer; raises `LedgerError` or `HeaderError`."""
        if sum(map(len, bodies)) > INLINE_BYTES_MAX:
            batch = await self.database.run(lambda: prepare(origin, station, header, bodies))
        else:
            batch = prepare(origin, station, header, bodies)
        waiting = self.database.submit_item(self._receive, batch)
        return self._answered(batch, await asyncio.wrap_future(waiting))

    def receive_now(
        self, origin: str, station: str, header: PushHeader, bodies: Sequence[bytes]
    ) -> Outcome:
        """The same from a thread that may wait."""
        batch = prepare(origin, station, header, bodies)
        return self._answered(batch, self.database.submit_item(self._receive, batch).result())

    async def append_office(self, events: Sequence[Event], account: str = OFFICE) -> list[Recorded]:
        """Stamp and store events of the office as one act, in one transaction.

        Raises `OfficeEventError`: what the floor sends is kept whatever it is, but we make no more.
        """
        stored = await self.database.write(lambda conn: self._append(conn, events, account))
        self._appended(len(stored))
        return stored

    def append_office_now(self, events: Sequence[Event], account: str = OFFICE) -> list[Recorded]:
        """The same from a thread that may wait."""
        stored = self.database.write_now(lambda conn: self._append(conn, events, account))
        self._appended(len(stored))
        return stored

    def append_if_next(self, events: Sequence[Event], seq: int, account: str = OFFICE) -> bool:
        """Append events that were made with the office's log at `seq`, unless it said more since.

        Numbers granted to stations change nothing that events are made of. Many events are made
        ready before the write, and only there. Raises `OfficeEventError`.
        """
        database = self.database
        origin = self._named(OFFICE_ORIGIN)
        head = database.read_now(lambda conn: head_of(conn, origin))
        _, batch = self._act_of(events, origin, head, account)

        def append(connection: Connection) -> bool:
            now = self.clock.milliseconds()
            if hold_office(connection, now) != origin or _said_since(connection, origin, seq):
                return False
            if head_of(connection, origin) == head:
                self._store(connection, Receiving.of_office(connection, batch, now))
            elif len(events) <= HELD_EVENTS_MAX:
                self._append(connection, events, account)
            else:
                return False
            return True

        appended = database.write_now(append)
        self._appended(len(events) if appended else 0)
        return appended

    def wake(self) -> None:
        """Tell the readers that events were added."""
        for callback in self.on_append:
            callback()

    def reread_quarantine(self, program: str) -> int:
        """Once per program version, try to read what is in quarantine; returns how many it can."""
        read = self.database.write_now(lambda conn: _reread(conn, program))
        self._appended(read)
        return read

    def _act_of(
        self, events: Sequence[Event], origin: str, head: Head, account: str
    ) -> tuple[list[Recorded], Batch]:
        """Events of the office as one act behind the head of its log."""
        records = self._stamped(events, head.seq, account)
        header = PushHeader(head.mark, Mark(1, chain_start(origin).hex()))
        batch = prepare(origin, OFFICE, header, [record.body for record in records])
        for number, entry in enumerate(batch.entries):
            if entry.unreadable:
                raise OfficeEventError(
                    Said("event.unreadable", type=entry.type, why=entry.unreadable), number
                )
        return records, batch

    def _receive(self, connection: Connection, batches: list[Batch]) -> list[Outcome]:
        """All pushes that wait, in one transaction."""
        now = self.clock.milliseconds()
        receiving = Receiving(connection, batches, now)
        keep_clocks(connection, self._clock_news.of(receiving.hold(), now))
        outcomes = receiving.decide()
        granted = self._granted(connection, batches, outcomes, now)
        events = [event for some in granted for event in some]
        acts = [self._act(connection, events, now)[1]] if events else []
        self._store(connection, *acts, receiving)
        return [
            replace(outcome, granted=len(events)) if events else outcome
            for outcome, events in zip(outcomes, granted, strict=True)
        ]

    def _append(
        self, connection: Connection, events: Sequence[Event], account: str
    ) -> list[Recorded]:
        """The act as it is stored in an open write: all that the office says comes by `_store`."""
        if not events:
            return []
        records, act = self._act(connection, events, self.clock.milliseconds(), account)
        self._store(connection, act)
        return records

    def _act(
        self, connection: Connection, events: Sequence[Event], now_ms: int, account: str = OFFICE
    ) -> tuple[list[Recorded], Receiving]:
        """An act of the office behind all that it said, not stored yet."""
        origin = hold_office(connection, now_ms)
        records, batch = self._act_of(events, origin, head_of(connection, origin), account)
        return records, Receiving.of_office(connection, batch, now_ms)

    def _store(self, connection: Connection, *decided: Receiving) -> None:
        """Store, and tell of it before the counter is taken, which holds up all others."""
        if any(one.stores for one in decided):
            self.database.tell(connection, APPENDED)
        store(*decided)

    def _granted(
        self, connection: Connection, batches: list[Batch], outcomes: list[Outcome], now_ms: int
    ) -> list[Sequence[NumbersGranted]]:
        """What each push is granted; the counters of all of them are held first."""
        if self.grants is None:
            return [()] * len(batches)
        welcome = [not (outcome.owner or outcome.fork) for outcome in outcomes]
        told = [batch.header for batch, asks in zip(batches, welcome, strict=True) if asks]
        hold_counters(connection, [(one.numbers, one.wanted) for one in told], self.prefix)
        return [
            self.grants(connection, one.origin, head.numbers, head.wanted, now_ms, self.prefix)
            if asks and ((head := one.header).numbers or head.wanted)
            else ()
            for one, asks in zip(batches, welcome, strict=True)
        ]

    def _answered(self, batch: Batch, outcome: Outcome) -> Outcome:
        if outcome.owner:
            raise OwnerError(
                f"origin {batch.origin} belongs to station {outcome.owner}, not {batch.station}:"
                " enrol this journal as that station, or start a new journal"
            )
        if outcome.fork:
            raise ForkError(batch.origin, batch.header.after, outcome.have)
        self.incarnation = outcome.incarnation
        self._clock_news.kept(batch)
        self._appended(outcome.stored + outcome.granted)
        return outcome

    def _appended(self, count: int) -> None:
        if count:
            self.wake()

    def _stamped(self, events: Sequence[Event], seq: int, account: str) -> list[Recorded]:
        act, at = str(uuid_utils.uuid7()), self.clock.local().isoformat(timespec="milliseconds")
        stamp = {"act": act, "boot": self.boot, "station": OFFICE}
        return [
            _recorded(
                stamped(
                    event,
                    id=str(uuid_utils.uuid7()),
                    n=seq + count,
                    at=event.at or at,
                    operator=event.operator or account,
                    **stamp,
                ),
                count - 1,
            )
            for count, event in enumerate(events, 1)
        ]

    def _named(self, name: str) -> str:
        found = self.database.read_now(lambda conn: setting(conn, name))
        return found or self.database.write_now(lambda conn: made_once(conn, name))


def _recorded(event: Event, number: int) -> Recorded:
    size = bytes_of(event)
    if size > BODY_BYTES_MAX:
        name = getattr(event, "order", "") or getattr(event, "material", "")
        what = {"kind": type(event).__name__, "name": name[:60], "size": size}
        raise OfficeEventError(Said("event.large", **what, most=BODY_BYTES_MAX), number)
    return recorded(event)


def head_of(connection: Connection, origin: str) -> Head:
    """How far the ledger holds an origin; 0 for one that it never saw."""
    table = tables.origin
    found = select(table.c.head_seq, table.c.head_digest).where(table.c.origin == origin)
    row = connection.execute(found).one_or_none()
    return Head(row[0], bytes(row[1])) if row else Head(0, chain_start(origin))


def read_after(connection: Connection, position: int, limit: int) -> list[tuple[int, bytes]]:
    """Readable events after a position, in order: (position, body)."""
    table = tables.event
    rows = connection.execute(
        select(table.c.position, table.c.body)
        .where(table.c.position > position, table.c.unreadable == "")
        .order_by(table.c.position)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def bodies_at(connection: Connection, positions: Sequence[int]) -> dict[int, bytes]:
    """The bodies of readable events by position."""
    rows = rows_with(connection, tables.event, "position", positions, "body", "unreadable")
    return {row[0]: row[1] for row in rows if not row[2]}


def positions_of_act(connection: Connection, act: str) -> list[int]:
    """Where the readable events of an act are."""
    return _positions(connection, tables.event.c.act == act)


def positions_of_order(connection: Connection, order: str) -> list[int]:
    """Where the readable events of an order are."""
    number = tables.event.c.order_number
    return _positions(connection, number == order, number != "")


def _positions(connection: Connection, *where: ColumnElement[bool]) -> list[int]:
    table = tables.event
    found = select(table.c.position).where(*where, table.c.unreadable == "")
    return sorted(row[0] for row in connection.execute(found))


def end_of(connection: Connection) -> int:
    """The last position of the ledger."""
    return int(connection.execute(select(func.max(tables.event.c.position))).scalar() or 0)


def backlog(connection: Connection, position: int, most: int) -> int:
    """How many readable events stand after a position, counted up to `most`."""
    table = tables.event
    beyond = (
        select(table.c.position)
        .where(table.c.position > position, table.c.unreadable == "")
        .limit(most)
        .subquery()
    )
    return int(connection.execute(select(func.count()).select_from(beyond)).scalar_one())


def reader_mark(connection: Connection, reader: str) -> int:
    """How far a reader of the ledger got; 0 for one that never read."""
    table = tables.mark
    found = select(table.c.position).where(table.c.reader == reader)
    return int(connection.execute(found).scalar() or 0)


def move_mark(connection: Connection, reader: str, position: int) -> None:
    """Set a reader's mark, in the transaction that stored what it made of the events."""
    table = tables.mark
    moved = update(table).where(table.c.reader == reader).values(position=position)
    if not connection.execute(moved).rowcount:
        connection.execute(insert(table).values(reader=reader, position=position))


def _said_since(connection: Connection, origin: str, seq: int) -> bool:
    """Whether an origin of the office said anything but grants beyond a place."""
    event, place = tables.event, tables.place
    found = (
        select(place.c.seq)
        .join(event, event.c.position == place.c.position)
        .where(place.c.origin == origin, place.c.seq > seq, event.c.type != GRANTED)
        .limit(1)
    )
    return connection.execute(found).first() is not None


def _reread(connection: Connection, program: str) -> int:
    """Readers passed the old position long ago: an event that can be read now gets a new one."""
    if setting(connection, PROGRAM) == program:
        return 0
    keep_setting(connection, PROGRAM, program)
    event, place = tables.event, tables.place
    columns = (event.c.position, event.c.id, event.c.body)
    held = select(*columns).where(event.c.unreadable != "").order_by(event.c.id).with_for_update()
    found = [(row[0], entry_of(bytes(row[2])), row[1]) for row in connection.execute(held)]
    # Under its own name only: what was altered stays in quarantine.
    readable = [(at, one) for at, one, name in found if not one.unreadable and one.id == name]
    if not readable:
        return 0
    first = take_positions(connection, "event", len(readable))
    for new, (position, entry) in enumerate(sorted(readable), first):
        values = {**entry._asdict(), "position": new}
        connection.execute(update(event).where(event.c.position == position).values(**values))
        connection.execute(update(place).where(place.c.position == position).values(position=new))
    return len(readable)
