"""The home of questions to the journal's tables; reading connections only."""

import sqlite3
from typing import Final

from kiosk.journal.store import HASH_MARK, is_whole, low_of
from sync.wire import Recorded, decode

ScanRow = tuple[str, str, bytes, str]
CHECKSUMS_SINCE: Final = 2
_UNSENT: Final = (
    "SELECT e.body FROM place p JOIN event e ON e.id = p.id"
    " WHERE p.origin = ? AND p.seq > ? ORDER BY p.seq LIMIT ?"
)


def kept(connection: sqlite3.Connection, name: str) -> bytes | None:
    """The value last kept under that name."""
    found = connection.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
    return found[0] if found else None


def reader_mark(connection: sqlite3.Connection, reader: str) -> int:
    """The reader's `local`, 0 if it never moved."""
    found = connection.execute("SELECT local FROM mark WHERE reader = ?", (reader,)).fetchone()
    return found[0] if found else 0


def low(connection: sqlite3.Connection, origin: str) -> tuple[int, bytes]:
    """(the first own place held, the digest before it); 1 and sha256(origin) at first."""
    found = connection.execute("SELECT value FROM meta WHERE name = 'low'").fetchone()
    return low_of(found[0] if found else "", origin)


def digest_at(connection: sqlite3.Connection, origin: str, seq: int) -> bytes | None:
    """The digest of the chain at `seq`, or None where the station has no such row."""
    first, before = low(connection, origin)
    if seq == first - 1:
        return before
    found = connection.execute(
        "SELECT digest FROM place WHERE origin = ? AND seq = ?", (origin, seq)
    ).fetchone()
    return found[0] if found else None


def bodies_after(
    connection: sqlite3.Connection, origin: str, seq: int, events_max: int, bytes_max: int
) -> list[bytes]:
    """Own events after `seq`, within both limits, but one at least where there is one."""
    bodies: list[bytes] = []
    size = 0
    for (body,) in connection.execute(_UNSENT, (origin, seq, events_max)):
        size += len(body) + 1
        if bodies and size > bytes_max:
            break
        bodies.append(body)
    return bodies


def records_after(
    connection: sqlite3.Connection, origin: str, seq: int, events_max: int
) -> list[Recorded]:
    """So many own events after `seq`."""
    return [decode(body) for (body,) in connection.execute(_UNSENT, (origin, seq, events_max))]


def page(connection: sqlite3.Connection, after: int, events_max: int) -> list[tuple[int, bytes]]:
    """(local, body) of the events after a `local`."""
    return connection.execute(
        "SELECT local, body FROM event WHERE local > ? ORDER BY local LIMIT ?", (after, events_max)
    ).fetchall()


def has_checksums(connection: sqlite3.Connection) -> bool:
    """Whether the file is of a version whose events have a checksum each."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return bool(version >= CHECKSUMS_SINCE)


def first_broken(connection: sqlite3.Connection, after: int) -> int | None:
    """The `local` of the first event after one whose bytes or id are not those recorded."""
    rows = connection.execute("SELECT local, id, body, crc FROM event WHERE local > ?", (after,))
    for local, id_, body, crc in rows:
        if not is_whole(body, crc) or not (id_.encode() in body or id_.startswith(HASH_MARK)):
            return int(local)
    return None


def newest_scans(connection: sqlite3.Connection, limit: int) -> list[ScanRow]:
    """Refused scans, newest first."""
    return connection.execute(
        "SELECT at, source, payload, answer FROM scan_log ORDER BY row DESC LIMIT ?", (limit,)
    ).fetchall()
