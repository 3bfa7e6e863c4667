"""The home of the rules of a push (what the server does with a header and a batch of bodies).

Everything costly (decoding, digests) is done by `prepare`, outside the writer. `receive` runs in
the writer's transaction: it confirms the chain, stores what is new, moves the origin's head.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection, select, update
from sqlalchemy import insert as insert_into

from sync.domain.events import order_of
from sync.server import tables
from sync.server.database import insert_rows, rows_with
from sync.wire import ORIGIN_CHARS, Mark, PushHeader, Unknown, chain_start, chained, decode

SEQ_MAX: Final = 2**53
DIGEST_HEX_CHARS: Final = 64
ID_CHARS_MAX: Final = 36
REVIEW_IDS_MAX: Final = 100
_HEX: Final = frozenset("0123456789abcdef")
_NUL: Final = b"\\u0000"
_EVENT_COLUMNS: Final = (
    "position",
    "id",
    "type",
    "act",
    "station",
    "order_number",
    "body",
    "unreadable",
    "received_ms",
)
_PLACE_COLUMNS: Final = ("origin", "seq", "digest", "position")


class HeaderError(ValueError):
    """A push header that contradicts itself; the message names the field."""


class Entry(NamedTuple):
    """An event as the ledger's columns want it."""

    id: str
    type: str
    act: str
    station: str
    order_number: str
    body: bytes
    unreadable: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """A push, read: `digests[i]` is the chain's after `entries[i]`, from the mark `after` on."""

    origin: str
    station: str
    header: PushHeader
    entries: list[Entry]
    digests: list[bytes]


@dataclass(frozen=True, slots=True)
class Head:
    """How far the server holds an origin."""

    seq: int
    digest: bytes

    @property
    def mark(self) -> Mark:
        return Mark(self.seq, self.digest.hex())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a push. `refusal` is empty, `fork` or the name of the origin's other owner."""

    have: Mark
    safe: int = 0
    stored: int = 0
    review: tuple[str, ...] = ()
    fork: bool = False
    owner: str = ""


def prepare(origin: str, station: str, header: PushHeader, bodies: Sequence[bytes]) -> Batch:
    """Check the header, decode every body once, link the chain; raises `HeaderError`."""
    if len(origin) != ORIGIN_CHARS or not _HEX.issuperset(origin):
        raise HeaderError(f"origin {origin[:40]!r}: want {ORIGIN_CHARS} hexadecimal digits")
    _check_mark("after", header.after)
    _check_mark("low", header.low)
    if not 1 <= header.low.seq <= header.after.seq + 1:
        raise HeaderError(
            f"low is {header.low.seq}, after is {header.after.seq}: want low <= after + 1"
        )
    if header.after.seq == 0 and header.after.digest != chain_start(origin).hex():
        raise HeaderError("after: the digest at 0 is the SHA-256 of the origin")
    digests = chained(bytes.fromhex(header.after.digest), bodies)
    return Batch(origin, station, header, [entry_of(body) for body in bodies], digests)


def entry_of(body: bytes) -> Entry:
    """Any bytes as a row; what cannot be read says why and is named by its id or its digest."""
    event = decode(body).event
    if isinstance(event, Unknown):
        return _quarantined(body, event.why, event.id, event.type)
    if _NUL in body and _holds_nul(body):
        return _quarantined(body, "a text holds the character NUL", event.id, type(event).__name__)
    kind = type(event).__name__
    return Entry(event.id, kind, event.act, event.station, order_of(event), body)


def raise_alarm(
    connection: Connection, batch: Batch, kind: str, subject: str, text: str, now_ms: int
) -> None:
    """Note what a planner should see, once for each thing."""
    table = tables.alarm
    known = select(table.c.number).where(
        table.c.kind == kind, table.c.origin == batch.origin, table.c.subject == subject
    )
    if connection.execute(known).first() is None:
        connection.execute(
            insert_into(table).values(
                kind=kind,
                origin=batch.origin,
                subject=subject,
                station=batch.station,
                text=text,
                at_ms=now_ms,
            )
        )


def receive(connection: Connection, batch: Batch, now_ms: int) -> Outcome:
    """Store what is new of a push in the open transaction; see the table of the exchange."""
    row = _origin_row(connection, batch, now_ms)
    if row.station != batch.station:
        return Outcome(Mark(0, ""), owner=row.station)
    head = _over_gap(connection, batch, Head(row.head_seq, row.head_digest), now_ms)
    if batch.header.after.seq > head.seq:
        _keep_head(connection, batch, head, now_ms)
        return Outcome(head.mark, row.safe)
    if not _confirmed(connection, batch, head):
        text = f"{batch.station} sent another digest at a place that is known: a copied disk?"
        raise_alarm(connection, batch, "fork", str(batch.header.after.seq), text, now_ms)
        return Outcome(head.mark, row.safe, fork=True)
    known = head.seq - batch.header.after.seq
    review = _append(connection, batch, known, now_ms)
    stored = max(0, len(batch.entries) - known)
    if stored:
        head = Head(head.seq + stored, batch.digests[-1])
    _keep_head(connection, batch, head, now_ms)
    if not batch.entries:
        review = _in_quarantine(connection, batch.origin)
    return Outcome(head.mark, row.safe, stored, review)


def take_positions(connection: Connection, name: str, count: int) -> int:
    """Take `count` positions of a counter and return the first (the row is held until commit)."""
    table = tables.head
    taken = (
        update(table)
        .where(table.c.name == name)
        .values(position=table.c.position + count)
        .returning(table.c.position)
    )
    return int(connection.execute(taken).scalar_one()) - count + 1


def _check_mark(name: str, mark: Mark) -> None:
    if not 0 <= mark.seq <= SEQ_MAX:
        raise HeaderError(f"{name}: seq {mark.seq} is out of range")
    if len(mark.digest) != DIGEST_HEX_CHARS or not _HEX.issuperset(mark.digest):
        raise HeaderError(f"{name}: the digest is not {DIGEST_HEX_CHARS} hexadecimal digits")


def _quarantined(body: bytes, why: str, name: str, kind: str) -> Entry:
    clean = 0 < len(name) <= ID_CHARS_MAX and name.isprintable()
    readable_kind = kind if kind.isprintable() else ""
    return Entry(
        name if clean else digest_name(body), readable_kind[:ID_CHARS_MAX], "", "", "", body, why
    )


def digest_name(body: bytes) -> str:
    """The name in quarantine of bytes that have no id of their own."""
    return f"?{hashlib.sha256(body).hexdigest()}"


def _holds_nul(body: bytes) -> bool:
    """Whether any text does, or is nested too deep to be looked at."""
    try:
        waiting = [msgspec.json.decode(body)]
    except (msgspec.DecodeError, RecursionError):
        return True
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and "\0" in value:
            return True
    return False


def _origin_row(connection: Connection, batch: Batch, now_ms: int) -> Any:
    table = tables.origin
    columns = (table.c.station, table.c.head_seq, table.c.head_digest, table.c.safe)
    found = select(*columns).where(table.c.origin == batch.origin).with_for_update()
    row = connection.execute(found).one_or_none()
    if row is None:
        connection.execute(
            insert_into(table).values(
                origin=batch.origin,
                station=batch.station,
                head_digest=chain_start(batch.origin),
                first_ms=now_ms,
            )
        )
        row = connection.execute(found).one()
    return row


def _over_gap(connection: Connection, batch: Batch, head: Head, now_ms: int) -> Head:
    """Rows below `low` are gone for good: record it and go on there."""
    low = batch.header.low
    if head.seq >= low.seq - 1:
        return head
    first, last, digest = head.seq + 1, low.seq - 1, bytes.fromhex(low.digest)
    connection.execute(
        insert_into(tables.gap).values(
            origin=batch.origin, from_seq=first, to_seq=last, digest=digest, at_ms=now_ms
        )
    )
    text = f"{batch.station} no longer holds its events {first} to {last}, nor does the server"
    raise_alarm(connection, batch, "gap", str(first), text, now_ms)
    return Head(last, digest)


def _confirmed(connection: Connection, batch: Batch, head: Head) -> bool:
    """Whether the batch is the same chain as ours, as far as both reach."""
    after = batch.header.after
    last = min(head.seq, after.seq + len(batch.entries))
    theirs = (
        batch.digests[last - after.seq - 1] if last > after.seq else bytes.fromhex(after.digest)
    )
    return digest_at(connection, batch.origin, last, head) == theirs


def digest_at(connection: Connection, origin: str, seq: int, head: Head) -> bytes:
    """Our digest at a place up to the head; nothing within a gap."""
    if seq == head.seq:
        return head.digest
    if seq == 0:
        return chain_start(origin)
    place, gap = tables.place, tables.gap
    at = select(place.c.digest).where(place.c.origin == origin, place.c.seq == seq)
    end = select(gap.c.digest).where(gap.c.origin == origin, gap.c.to_seq == seq)
    row = connection.execute(at).first() or connection.execute(end).first()
    return bytes(row[0]) if row else b""


def _append(connection: Connection, batch: Batch, known: int, now_ms: int) -> tuple[str, ...]:
    """Store the entries beyond the known ones; returns the names of those in quarantine."""
    entries, digests = batch.entries[known:], batch.digests[known:]
    if not entries:
        return ()
    positions, fresh = _settle(connection, batch, entries, now_ms)
    if fresh:
        first = take_positions(connection, "event", len(fresh))
        rows = [(first + n, *entry, now_ms) for n, entry in enumerate(fresh)]
        insert_rows(connection, tables.event, _EVENT_COLUMNS, rows)
        positions.update((entry.id, first + n) for n, entry in enumerate(fresh))
    seq = batch.header.after.seq + known + 1
    places = [
        (batch.origin, seq + n, digest, positions[entry.id])
        for n, (entry, digest) in enumerate(zip(entries, digests, strict=True))
    ]
    insert_rows(connection, tables.place, _PLACE_COLUMNS, places)
    return tuple(entry.id for entry in entries if entry.unreadable)


def _settle(
    connection: Connection, batch: Batch, entries: list[Entry], now_ms: int
) -> tuple[dict[str, int], list[Entry]]:
    """Positions of the ids that the ledger has, and the entries that it has not.

    A known id with other bytes is renamed, in place in `entries`, and joins those in quarantine.
    """
    positions = _known_ids(connection, [entry.id for entry in entries])
    fresh: dict[str, Entry] = {}
    for n, entry in enumerate(entries):
        if entry.id not in positions and entry.id not in fresh:
            fresh[entry.id] = entry
            continue
        first = fresh.get(entry.id)
        held = first.body if first else _body_at(connection, positions[entry.id])
        if held == entry.body:
            continue
        text = f"{batch.station} sent event {entry.id} with other bytes than are known"
        raise_alarm(connection, batch, "altered", entry.id, text, now_ms)
        why = f"the id {entry.id} is known with other bytes"
        altered = entry._replace(id=digest_name(entry.body), unreadable=why)
        entries[n] = altered
        positions |= _known_ids(connection, [altered.id])
        if altered.id not in positions:
            fresh[altered.id] = altered
    return positions, list(fresh.values())


def _known_ids(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    return {row[0]: row[1] for row in rows_with(connection, tables.event, "id", ids, "position")}


def _body_at(connection: Connection, position: int) -> bytes:
    table = tables.event
    found = connection.execute(select(table.c.body).where(table.c.position == position))
    return bytes(found.scalar_one())


def _keep_head(connection: Connection, batch: Batch, head: Head, now_ms: int) -> None:
    sent = max(0, head.seq - batch.header.after.seq)
    waiting = min(max(0, batch.header.waiting - sent), SEQ_MAX)
    said = {"contact_ms": now_ms, "waiting": waiting}
    table, station = tables.origin, tables.station
    values = {**said, "head_seq": head.seq, "head_digest": head.digest}
    if batch.header.numbers:
        values["numbers"] = msgspec.json.encode(batch.header.numbers).decode()
    connection.execute(update(table).where(table.c.origin == batch.origin).values(**values))
    connection.execute(
        update(station)
        .where(station.c.station == batch.station)
        .values(**said, origin=batch.origin)
    )


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
