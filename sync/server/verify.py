"""The home of the ledger's proof: every chain and every id is made again and compared."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeVar

from sqlalchemy import Connection, and_, select

from sync.server import tables
from sync.server.intake import Head, digest_name, entry_of
from sync.wire import chain, chain_start

SLICE_ROWS_MAX: Final = 2_000
T = TypeVar("T")


class Readable(Protocol):
    """A ledger that can be read: the server's database, or the file of a backup."""

    def read_now(self, act: Callable[[Connection], T]) -> T: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was proved; `bad` is empty, or names the first row that is wrong and how."""

    origins: int
    places: int
    events: int
    bad: str = ""


def verify(database: Readable) -> Verdict:
    """Walk the whole ledger in short reads; never writes."""
    origins = database.read_now(_origins)
    places = events = 0
    for origin, head in origins:
        count, bad = _walk_origin(database, origin, head)
        places += count
        if bad:
            return Verdict(len(origins), places, 0, bad)
    for bad in _walk_events(database):
        if bad:
            return Verdict(len(origins), places, events, bad)
        events += 1
    return Verdict(len(origins), places, events)


def _origins(connection: Connection) -> list[tuple[str, Head]]:
    table = tables.origin
    columns = select(table.c.origin, table.c.head_seq, table.c.head_digest)
    rows = connection.execute(columns.order_by(table.c.origin))
    return [(row[0], Head(row[1], bytes(row[2]))) for row in rows]


def _walk_origin(database: Readable, origin: str, head: Head) -> tuple[int, str]:
    """Link the origin's bodies up to the head that was read first; later rows are later work."""
    gaps = database.read_now(partial(_gaps, origin=origin))
    seq, digest, count = 0, chain_start(origin), 0
    while seq < head.seq:
        if seq + 1 in gaps:
            seq, digest = gaps[seq + 1]
            continue
        rows = database.read_now(partial(_places, origin=origin, after=seq, last=head.seq))
        linked, digest, bad = _link(origin, seq, digest, rows)
        seq, count = seq + linked, count + linked
        if bad or not linked:
            return count, bad or f"origin {origin}: no row at {seq + 1}, the head is {head.seq}"
    if digest != head.digest:
        return count, f"origin {origin}: the head's digest is not that of seq {seq}"
    return count, ""


def _link(
    origin: str, seq: int, digest: bytes, rows: Sequence[tuple[int, bytes, bytes | None]]
) -> tuple[int, bytes, str]:
    """How many rows follow without a hole, the digest after them, and what is wrong then."""
    linked = 0
    for number, kept, body in rows:
        if number != seq + linked + 1:
            break
        if body is None:
            return linked, digest, f"origin {origin}, seq {number}: its event is missing"
        digest = chain(digest, body)
        if digest != kept:
            bad = f"origin {origin}, seq {number}: the body is not what was digested"
            return linked, digest, bad
        linked += 1
    return linked, digest, ""


def _gaps(connection: Connection, origin: str) -> dict[int, tuple[int, bytes]]:
    table = tables.gap
    rows = connection.execute(select(table).where(table.c.origin == origin))
    return {row.from_seq: (row.to_seq, bytes(row.digest)) for row in rows}


def _places(
    connection: Connection, origin: str, after: int, last: int
) -> list[tuple[int, bytes, bytes | None]]:
    place, event = tables.place, tables.event
    rows = connection.execute(
        select(place.c.seq, place.c.digest, event.c.body)
        .outerjoin(event, event.c.position == place.c.position)
        .where(and_(place.c.origin == origin, place.c.seq > after, place.c.seq <= last))
        .order_by(place.c.seq)
        .limit(SLICE_ROWS_MAX)
    )
    return [(row[0], bytes(row[1]), row[2]) for row in rows]


def _walk_events(database: Readable) -> Iterator[str]:
    position = 0
    while rows := database.read_now(partial(_events, position=position)):
        for row in rows:
            yield _wrong(*row)
        position = rows[-1][0]


def _events(
    connection: Connection, position: int
) -> list[tuple[int, str, str, str, bytes, int | None]]:
    event, place = tables.event, tables.place
    first = (
        select(place.c.seq).where(place.c.position == event.c.position).limit(1).scalar_subquery()
    )
    columns = (event.c.position, event.c.id, event.c.type, event.c.unreadable, event.c.body, first)
    rows = connection.execute(
        select(*columns)
        .where(event.c.position > position)
        .order_by(event.c.position)
        .limit(SLICE_ROWS_MAX)
    )
    return [(row[0], row[1], row[2], row[3], bytes(row[4]), row[5]) for row in rows]


def _wrong(
    position: int, name: str, kind: str, unreadable: str, body: bytes, seq: int | None
) -> str:
    if seq is None:
        return f"position {position}: event {name} stands in no origin's log"
    entry = entry_of(body)
    if unreadable:
        known = name in {entry.id, digest_name(body)}
        return "" if known else f"position {position}: quarantined {name} is of other bytes"
    if entry.id != name or entry.type != kind:
        return f"position {position}: {kind} {name} is {entry.type} {entry.id} in its body"
    return ""
