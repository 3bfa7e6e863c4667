"""The home of the rules of a push: what the server does with what many stations send at once.

`Receiving` decides about all batches in turn, then `store` keeps what is new in few statements.
Rows are held in the order of `locks`: origins, what they tell, stations, positions last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy import insert as insert_into

from sync.server import tables
from sync.server.alarms import raise_alarm
from sync.server.intake import SEQ_MAX, Batch, Entry, Head, Outcome, digest_name
from sync.server.locks import hold_origins, hold_stations
from sync.server.rows import insert_rows, rows_with, update_rows
from sync.server.settings import (
    INCARNATION,
    held_incarnation,
    incarnations_before,
    new_incarnation,
    remember_incarnation,
    setting,
)
from sync.server.station_told import keep_told
from sync.wire import Mark, chain_start

REVIEW_IDS_MAX: Final = 100
RESTORED: Final = "restored"
_EVENT_COLUMNS: Final = (
    *("position", "id", "type", "act", "station", "order_number", "body", "unreadable"),
    "received_ms",
)
_PLACE_COLUMNS: Final = ("origin", "seq", "digest", "position")
_HEAD_COLUMNS: Final = ("station", "head_seq", "head_digest", "safe", "numbers")
_KEPT_COLUMNS: Final = ("head_seq", "head_digest", "contact_ms", "waiting", "numbers")
_SAID_COLUMNS: Final = ("contact_ms", "waiting", "origin")
_NONE: Final[tuple[str, ...]] = ()
_TAKE: Final = (
    update(tables.head)
    .where(tables.head.c.name == bindparam("counter"))
    .values(position=tables.head.c.position + bindparam("count", type_=tables.Number))
    .returning(tables.head.c.position)
)


class _Place(NamedTuple):
    origin: str
    seq: int
    digest: bytes
    id: str


@dataclass(slots=True)
class _Origin:
    """An origin's row, held until commit, and what it will be."""

    station: str
    head: Head
    safe: int
    numbers: str
    waiting: int = 0
    changed: bool = False


class Receiving:
    """One transaction's work on pushes: `hold` their origins, `decide` about all, then `store`."""

    def __init__(self, connection: Connection, batches: Sequence[Batch], now_ms: int) -> None:
        self._connection = connection
        self._batches = batches
        self._now_ms = now_ms
        self._origins: dict[str, _Origin] = {}
        self._known: dict[str, int] = {}
        self._fresh: dict[str, Entry] = {}
        self._places: list[_Place] = []
        self.incarnation = ""

    def hold(self) -> list[Batch]:
        """Hold the origins, which come to be with their first push; the batches of their owners."""
        stations = {batch.origin: batch.station for batch in self._batches}
        rows = hold_origins(self._connection, stations, self._now_ms, *_HEAD_COLUMNS)
        for name, station, seq, digest, safe, numbers in rows:
            self._origins[name] = _Origin(station, Head(seq, bytes(digest)), safe, numbers)
        held = [one for one in self._batches if self._origins[one.origin].station == one.station]
        keep_told(self._connection, held, self._now_ms)
        return held

    def decide(self) -> list[Outcome]:
        """What comes of each batch, in order; see the table of the exchange."""
        self.incarnation = setting(self._connection, INCARNATION)
        new = {entry.id for batch in self._batches for entry in self._beyond(batch)}
        self._known = _positions_of(self._connection, list(new))
        return [self._decided(batch) for batch in self._batches]

    @property
    def stores(self) -> bool:
        """Whether anything of what was decided is new."""
        return bool(self._places)

    def _keep_events(self) -> None:
        if not self._places:
            return
        positions, fresh = self._known, list(self._fresh.values())
        if fresh:
            first = take_positions(self._connection, "event", len(fresh))
            rows = [(n, *entry, self._now_ms) for n, entry in enumerate(fresh, first)]
            positions |= {entry.id: n for n, entry in enumerate(fresh, first)}
            insert_rows(self._connection, tables.event, _EVENT_COLUMNS, rows)
        places = [(*place[:3], positions[place.id]) for place in self._places]
        insert_rows(self._connection, tables.place, _PLACE_COLUMNS, places)

    def _beyond(self, batch: Batch) -> list[Entry]:
        """The entries beyond the head that is held, as far as it is known by now."""
        known = self._origins[batch.origin].head.seq - batch.header.after.seq
        return batch.entries[known:] if known > 0 else batch.entries

    def _decided(self, batch: Batch) -> Outcome:
        row = self._origins[batch.origin]
        if row.station != batch.station:
            return Outcome(Mark(0, ""), owner=row.station)
        if batch.header.incarnation:
            self._look_for_restore(batch, row.head)
        self._over_gap(batch, row)
        stored, review = 0, _NONE
        if batch.header.after.seq <= row.head.seq:
            if not self._confirmed(batch, row.head):
                return self._forked(batch, row)
            stored, review = self._append(batch, row)
        self._say(batch, row)
        if not batch.entries and batch.header.after.seq <= row.head.seq:
            review = _in_quarantine(self._connection, batch.origin)
        return Outcome(row.head.mark, row.safe, stored, review, incarnation=self.incarnation)

    def _forked(self, batch: Batch, row: _Origin) -> Outcome:
        text = f"{batch.station} sent another digest at a place that is known: a copied disk?"
        self._alarm(batch, "fork", str(batch.header.after.seq), text)
        return Outcome(row.head.mark, row.safe, fork=True, incarnation=self.incarnation)

    def _look_for_restore(self, batch: Batch, head: Head) -> None:
        """A station was answered by this ledger of later times: what it held then is lost.

        Only a ledger that knows the origin is the one that spoke then: another server may not.
        """
        told = batch.header.incarnation
        if told == self.incarnation:
            lost = batch.header.after.seq > head.seq
        else:
            lost = head.seq > 0 and told not in incarnations_before(self._connection)
        if not lost:
            return
        self.incarnation = held_incarnation(self._connection)
        if told in incarnations_before(self._connection):
            return  # another station has told it already
        text = (
            f"the server confirmed event {batch.header.after.seq} to {batch.station} and does not"
            " know of it: it was restored from an older backup; the stations send again what they"
            " hold"
        )
        raise_alarm(self._connection, RESTORED, text, self._now_ms, subject=told)
        remember_incarnation(self._connection, told)
        self.incarnation = new_incarnation(self._connection)

    def _over_gap(self, batch: Batch, row: _Origin) -> None:
        """Rows below `low` are gone for good: record it and go on there."""
        low = batch.header.low
        if row.head.seq >= low.seq - 1:
            return
        first, last, digest = row.head.seq + 1, low.seq - 1, bytes.fromhex(low.digest)
        gap = {"from_seq": first, "to_seq": last, "digest": digest, "at_ms": self._now_ms}
        self._connection.execute(insert_into(tables.gap).values(origin=batch.origin, **gap))
        text = f"{batch.station} no longer holds its events {first} to {last}, nor does the server"
        self._alarm(batch, "gap", str(first), text)
        row.head, row.changed = Head(last, digest), True

    def _confirmed(self, batch: Batch, head: Head) -> bool:
        """Whether the batch is the same chain as ours, as far as both reach."""
        after = batch.header.after
        last = min(head.seq, after.seq + len(batch.entries))
        theirs = (
            batch.digests[last - after.seq - 1] if last > after.seq else bytes.fromhex(after.digest)
        )
        return self._digest_at(batch.origin, last, head) == theirs

    def _digest_at(self, origin: str, seq: int, head: Head) -> bytes:
        """Our digest at a place up to the head; nothing within a gap."""
        if seq == head.seq:
            return head.digest
        waiting = (one.digest for one in self._places if one.seq == seq and one.origin == origin)
        return next(waiting, b"") or digest_at(self._connection, origin, seq)

    def _append(self, batch: Batch, row: _Origin) -> tuple[int, tuple[str, ...]]:
        """Note the entries beyond the known ones: how many, and the names of the unreadable."""
        known = row.head.seq - batch.header.after.seq
        entries, digests = batch.entries[known:], batch.digests[known:]
        if not entries:
            return 0, ()
        named = [self._settled(batch, entry) for entry in entries]
        self._places += [
            _Place(batch.origin, seq, digest, entry.id)
            for seq, (entry, digest) in enumerate(
                zip(named, digests, strict=True), row.head.seq + 1
            )
        ]
        row.head = Head(row.head.seq + len(entries), digests[-1])
        return len(entries), tuple(entry.id for entry in named if entry.unreadable)

    def _settled(self, batch: Batch, entry: Entry) -> Entry:
        """The entry under the name that it is stored by.

        A known id with other bytes is named by its digest and joins those in quarantine.
        """
        held = self._held(entry.id)
        if held is None:
            self._fresh[entry.id] = entry
            return entry
        if held == entry.body:
            return entry
        text = f"{batch.station} sent event {entry.id} with other bytes than are known"
        self._alarm(batch, "altered", entry.id, text)
        why = f"the id {entry.id} is known with other bytes"
        altered = entry._replace(id=digest_name(entry.body), unreadable=why)
        self._known |= _positions_of(self._connection, [altered.id])
        if self._held(altered.id) is None:
            self._fresh[altered.id] = altered
        return altered

    def _held(self, name: str) -> bytes | None:
        """The body of a known event."""
        fresh = self._fresh.get(name)
        if fresh is not None:
            return fresh.body
        position = self._known.get(name)
        return None if position is None else _body_at(self._connection, position)

    def _say(self, batch: Batch, row: _Origin) -> None:
        """Note what the station says of itself."""
        sent = max(0, row.head.seq - batch.header.after.seq)
        row.waiting = min(max(0, batch.header.waiting - sent), SEQ_MAX)
        row.changed = True
        if batch.header.numbers:
            row.numbers = msgspec.json.encode(batch.header.numbers).decode()

    def _keep_heads(self) -> None:
        kept = {name: row for name, row in sorted(self._origins.items()) if row.changed}
        heads = [
            (name, row.head.seq, row.head.digest, self._now_ms, row.waiting, row.numbers)
            for name, row in kept.items()
        ]
        update_rows(self._connection, tables.origin, "origin", _KEPT_COLUMNS, heads)
        said = {
            row.station: (row.station, self._now_ms, row.waiting, name)
            for name, row in kept.items()
        }
        rows = [said[name] for name in sorted(said)]
        hold_stations(self._connection, sorted(said))
        update_rows(self._connection, tables.station, "station", _SAID_COLUMNS, rows)

    def _alarm(self, batch: Batch, kind: str, subject: str, text: str) -> None:
        about = {"origin": batch.origin, "subject": subject, "station": batch.station}
        raise_alarm(self._connection, kind, text, self._now_ms, **about)

    @classmethod
    def of_office(cls, connection: Connection, batch: Batch, now_ms: int) -> "Receiving":
        """An act behind the head of the office's log, which is held: all of it is new."""
        act = cls(connection, [batch], now_ms)
        act.hold()
        (outcome,) = act.decide()
        assert outcome.stored == len(batch.entries), "the office's log was held: nobody moved it"
        return act


def store(*decided: Receiving) -> None:
    """Store what was decided in one transaction: all that is held of it, then positions."""
    for one in decided:
        one._keep_heads()
    for one in decided:
        one._keep_events()


def take_positions(connection: Connection, name: str, count: int) -> int:
    """Take `count` positions of a counter and return the first (the row is held until commit)."""
    taken = connection.execute(_TAKE, {"counter": name, "count": count})
    return int(taken.scalar_one()) - count + 1


def digest_at(connection: Connection, origin: str, seq: int) -> bytes:
    """The ledger's digest at a stored place; nothing within a gap."""
    if seq == 0:
        return chain_start(origin)
    place, gap = tables.place, tables.gap
    at = select(place.c.digest).where(place.c.origin == origin, place.c.seq == seq)
    end = select(gap.c.digest).where(gap.c.origin == origin, gap.c.to_seq == seq)
    row = connection.execute(at).first() or connection.execute(end).first()
    return bytes(row[0]) if row else b""


def _positions_of(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """Known ids; held, because what leaves quarantine gets another position."""
    found = rows_with(connection, tables.event, "id", sorted(ids), "position", lock=True)
    return {row[0]: row[1] for row in found}


def _body_at(connection: Connection, position: int) -> bytes:
    table = tables.event
    found = connection.execute(select(table.c.body).where(table.c.position == position))
    return bytes(found.scalar_one())


def _in_quarantine(connection: Connection, origin: str) -> tuple[str, ...]:
    event, place = tables.event, tables.place
    found = (
        select(event.c.id)
        .join(place, place.c.position == event.c.position)
        .where(event.c.unreadable != "", place.c.origin == origin)
        .order_by(event.c.position.desc())
        .limit(REVIEW_IDS_MAX)
    )
    return tuple(row[0] for row in connection.execute(found))
