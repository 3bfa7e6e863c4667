"""The home of what the writer does to the journal's tables, one function per kind of transaction.

Every function runs inside a transaction that the writer opened, on its connection and its `Head`.
After a rollback the head is read again from the file, so these may change it as they go.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from zlib import crc32

import msgspec

from kiosk.journal.errors import JournalDamaged
from sync.domain.events import Event, stamped
from sync.wire import FeedMark, Recorded, Unknown, chain, chain_start, recorded

FORK_PLACES_MAX: Final = 400
STAGED_EVENTS_MAX: Final = 300
CLEARED_EVENTS_MAX: Final = 1_000
SCAN_LOG_ROWS_MAX: Final = 10_000
HASH_MARK: Final = "sha256:"
_PUT_META: Final = "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = ?2"
_PUT_KEPT: Final = "INSERT INTO kept VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = ?2"
_PUT_MARK: Final = "INSERT INTO mark VALUES (?, ?) ON CONFLICT (reader) DO UPDATE SET local = ?2"
PUT_EVENT: Final = "INSERT INTO event (id, body, crc) VALUES (?, ?, ?)"
PUT_NEW_EVENT: Final = "INSERT OR IGNORE INTO event (id, body, crc) VALUES (?, ?, ?)"
_PUT_STAGED: Final = "INSERT OR IGNORE INTO stage (id, body, crc) VALUES (?, ?, ?)"
_PUT_PLACE: Final = "INSERT INTO place VALUES (?, ?, ?, ?)"


class _Numbered(msgspec.Struct):
    n: int = 0
    station: str = ""


_numbered: Final = msgspec.json.Decoder(_Numbered)


@dataclass(slots=True)
class Head:
    """Where the station's own chain ends, and what the next event is stamped with."""

    origin: str
    forking: str
    seq: int
    digest: bytes
    n: int
    local: int
    acknowledged: int
    acknowledged_stored: int
    low: int
    incarnation: str
    feed: FeedMark | None

    @property
    def saw(self) -> tuple[str, int] | None:
        """What the station knew of others when an event was born."""
        return (self.feed.incarnation, self.feed.position) if self.feed else None


def read_head(connection: sqlite3.Connection) -> Head:
    """The head as the file has it."""
    meta = dict(connection.execute("SELECT name, value FROM meta").fetchall())
    origin = meta["origin"]
    acknowledged = int(meta.get("acknowledged", 0))
    low, _ = low_of(meta.get("low", ""), origin)
    last = connection.execute(
        "SELECT p.seq, p.digest, e.body FROM place p LEFT JOIN event e ON e.id = p.id"
        " WHERE p.origin = ? ORDER BY p.seq DESC LIMIT 1",
        (origin,),
    ).fetchone()
    seq, digest, body = last or (0, chain_start(origin), b"{}")
    return Head(
        origin=origin,
        forking=meta.get("forking", ""),
        seq=seq,
        digest=digest,
        n=max(int(meta.get("n", 0)), _number_of(body)),
        local=connection.execute("SELECT coalesce(max(local), 0) FROM event").fetchone()[0],
        acknowledged=max(min(acknowledged, seq), low - 1),
        acknowledged_stored=acknowledged,
        low=low,
        incarnation=meta.get("incarnation", ""),
        feed=FeedMark.of(meta["feed"]) if "feed" in meta else None,
    )


def low_of(text: str, origin: str) -> tuple[int, bytes]:
    """(the first place held, the digest before it) of the meta value `low`, empty at first."""
    seq, _, digest = text.partition(" ")
    return (int(seq), bytes.fromhex(digest)) if text else (1, chain_start(origin))


def put_low(connection: sqlite3.Connection, head: Head, low: int, digest: bytes) -> None:
    """The places before `low` are gone for good; the digest there lets the chain be followed."""
    connection.execute(_PUT_META, ("low", f"{low} {digest.hex()}"))
    head.low = low


def append(connection: sqlite3.Connection, head: Head, events: Iterable[Event]) -> list[Recorded]:
    """Number, stamp and place the station's own events; those given an id before keep it."""
    records, rows, places = [], [], []
    for event in events:
        head.n += 1
        record = recorded(stamped(event, n=head.n, saw=head.saw))
        head.seq, head.digest = head.seq + 1, chain(head.digest, record.body)
        records.append(record)
        rows.append((record.id, record.body, crc32(record.body)))
        places.append((head.origin, head.seq, head.digest, record.id))
    connection.executemany(PUT_EVENT, rows)
    connection.executemany(_PUT_PLACE, places)
    head.local += len(rows)
    return records


def stored(connection: sqlite3.Connection, ids: Sequence[str]) -> list[bytes]:
    """The bodies of these events, if they are there: a commit whose answer was lost."""
    bodies: list[bytes] = []
    for one in ids:
        found = connection.execute("SELECT body FROM event WHERE id = ?", (one,)).fetchone()
        bodies += found or ()
    return bodies


def put_kept(connection: sqlite3.Connection, kept: Mapping[str, bytes]) -> None:
    """Small named values, such as the dialog, each replaced whole."""
    connection.executemany(_PUT_KEPT, list(kept.items()))


def put_mark(connection: sqlite3.Connection, reader: str, local: int) -> None:
    """How far a reader inside the station got."""
    connection.execute(_PUT_MARK, (reader, local))


def put_acknowledged(connection: sqlite3.Connection, head: Head) -> None:
    """Write the push mark down if it moved since, and which incarnation confirmed it."""
    moved = head.acknowledged
    if moved != head.acknowledged_stored:
        connection.execute(_PUT_META, ("acknowledged", str(moved)))
        connection.execute(_PUT_META, ("incarnation", head.incarnation))
        head.acknowledged_stored = moved


def identity(record: Recorded) -> str:
    """An event's id, or for bytes that have none, their own hash."""
    return record.id or f"{HASH_MARK}{sha256(record.body).hexdigest()}"


def is_whole(body: object, crc: object) -> bool:
    """Whether a row's bytes are those that its checksum was made of."""
    return isinstance(body, bytes) and crc32(body) == crc


def absorb(
    connection: sqlite3.Connection, head: Head, records: Sequence[Recorded], mark: FeedMark
) -> list[Recorded]:
    """A page of the feed and its mark; returns the events that were not known."""
    before = head.local
    rows = [(identity(record), record.body, crc32(record.body)) for record in records]
    connection.executemany(PUT_NEW_EVENT, rows)
    fresh = {
        row[0] for row in connection.execute("SELECT id FROM event WHERE local > ?", (before,))
    }
    head.local += len(fresh)
    _move_feed(connection, head, mark)
    first: dict[str, Recorded] = {}
    for record in records:
        first.setdefault(identity(record), record)
    return [record for name, record in first.items() if name in fresh]


def count_own(
    connection: sqlite3.Connection, head: Head, station: str, records: Iterable[Recorded]
) -> None:
    """A restored station hears its own lost events again: new ones are numbered after them."""
    highest = max((number_here(record, station) for record in records), default=0)
    if highest > head.n:
        head.n = highest
        connection.execute(_PUT_META, ("n", str(highest)))


def number_here(record: Recorded, station: str) -> int:
    """An event's number at its station, 0 if it was born elsewhere.

    One of a type that only a newer program knows counts as well: this station may have written it.
    """
    if not isinstance(record.event, Unknown):
        return record.event.n if record.event.station == station else 0
    try:
        found = _numbered.decode(record.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0
    return found.n if found.station == station else 0


def stage(connection: sqlite3.Connection, records: Sequence[Recorded]) -> None:
    """Lay part of a snapshot by."""
    rows = [(identity(record), record.body, crc32(record.body)) for record in records]
    connection.executemany(_PUT_STAGED, rows)


def clear_step(connection: sqlite3.Connection, _head: Head) -> bool:
    """Forget part of a snapshot that was broken off; True once nothing of it is left."""
    connection.execute(
        "DELETE FROM stage WHERE row <= (SELECT min(row) FROM stage) + ?", (CLEARED_EVENTS_MAX,)
    )
    return connection.execute("SELECT 1 FROM stage LIMIT 1").fetchone() is None


def switch_step(
    connection: sqlite3.Connection, head: Head, mark: FeedMark, fresh: dict[int, int]
) -> bool:
    """Some staged events become known; with the last of them the mark is ours, and it is True.

    `fresh` gains the first and last `local` of what was new. A power cut in between leaves events
    that are known and true, and the mark where it was: the snapshot is asked for again. Nothing is
    taken out: a fact that the snapshot does not repeat has still happened.
    """
    before = head.local
    some = (STAGED_EVENTS_MAX,)
    connection.execute(
        "INSERT OR IGNORE INTO event (id, body, crc)"
        " SELECT id, body, crc FROM stage ORDER BY row LIMIT ?",
        some,
    )
    connection.execute(
        "DELETE FROM stage WHERE row IN (SELECT row FROM stage ORDER BY row LIMIT ?)", some
    )
    head.local = connection.execute("SELECT coalesce(max(local), 0) FROM event").fetchone()[0]
    if head.local > before:
        fresh[before + 1] = head.local
    if connection.execute("SELECT 1 FROM stage LIMIT 1").fetchone():
        return False
    _move_feed(connection, head, mark)
    return True


def begin_fork(connection: sqlite3.Connection, head: Head, origin: str) -> str:
    """Note the origin that the places are being copied to; one begun before goes on."""
    if not head.forking:
        connection.execute(_PUT_META, ("forking", origin))
        head.forking = origin
    return head.forking


def fork_step(connection: sqlite3.Connection, head: Head) -> bool:
    """Renumber the next own events under the new origin; True once it is the station's origin.

    To be called only while nothing is being retired, since it counts the places held.

    Only places are written: the events stay where they are and keep their ids.
    """
    if not head.forking:
        return True
    last = _last_place(connection, head.forking)
    seq, digest = last or (0, chain_start(head.forking))
    rows = _places_after(connection, head.origin, seq)
    places = []
    for id_, body in rows:
        if body is None:
            raise JournalDamaged(f"own event {id_} has a place and no bytes; set the file aside")
        seq, digest = seq + 1, chain(digest, body)
        places.append((head.forking, seq, digest, id_))
    connection.executemany(_PUT_PLACE, places)
    if len(rows) == FORK_PLACES_MAX:
        return False
    _become(connection, head, seq, digest)
    return True


def forget_step(connection: sqlite3.Connection, head: Head) -> bool:
    """Delete some places of origins left behind; True when there are none."""
    for side in ("<", ">"):
        rows = connection.execute(
            f"SELECT origin, seq FROM place WHERE origin {side} ? AND origin <> ? LIMIT ?",
            (head.origin, head.forking, FORK_PLACES_MAX),
        ).fetchall()
        if rows:
            connection.executemany("DELETE FROM place WHERE origin = ? AND seq = ?", rows)
            return False
    return True


def put_scan(connection: sqlite3.Connection, row: tuple[str, str, bytes, str]) -> None:
    """(at, source, payload, answer) of a refused scan; the oldest fall out."""
    connection.execute("INSERT INTO scan_log (at, source, payload, answer) VALUES (?,?,?,?)", row)
    connection.execute(
        "DELETE FROM scan_log WHERE row <= (SELECT max(row) FROM scan_log) - ?",
        (SCAN_LOG_ROWS_MAX,),
    )


def _move_feed(connection: sqlite3.Connection, head: Head, mark: FeedMark) -> None:
    connection.execute(_PUT_META, ("feed", mark.text()))
    head.feed = mark


def _become(connection: sqlite3.Connection, head: Head, seq: int, digest: bytes) -> None:
    connection.execute(_PUT_META, ("origin", head.forking))
    connection.execute(
        "DELETE FROM meta WHERE name IN ('forking', 'acknowledged', 'incarnation', 'low')"
    )
    head.origin, head.forking = head.forking, ""
    head.seq, head.digest = seq, digest
    head.acknowledged = head.acknowledged_stored = 0
    head.low, head.incarnation = 1, ""


def _last_place(connection: sqlite3.Connection, origin: str) -> tuple[int, bytes] | None:
    found: tuple[int, bytes] | None = connection.execute(
        "SELECT seq, digest FROM place WHERE origin = ? ORDER BY seq DESC LIMIT 1", (origin,)
    ).fetchone()
    return found


def _places_after(
    connection: sqlite3.Connection, origin: str, copied: int
) -> list[tuple[str, bytes | None]]:
    """The next own events after the first `copied` of them, oldest first."""
    return connection.execute(
        "SELECT p.id, e.body FROM place p LEFT JOIN event e ON e.id = p.id WHERE p.origin = ?1"
        " AND p.seq >= ?2 + (SELECT min(seq) FROM place WHERE origin = ?1) ORDER BY p.seq LIMIT ?3",
        (origin, copied, FORK_PLACES_MAX),
    ).fetchall()


def _number_of(body: bytes | None) -> int:
    try:
        return _numbered.decode(body or b"{}").n
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 0
