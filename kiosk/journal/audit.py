"""The home of proof: is every row of the journal what was written, and its events for others."""

import sqlite3
from collections.abc import Iterator
from typing import IO, Final

import msgspec

from kiosk.journal import queries
from kiosk.journal.errors import JournalDamaged
from kiosk.journal.store import identity, is_whole
from sync.wire import chain, decode

_ALL: Final = "SELECT local, id, body, crc FROM event ORDER BY local"
_ALL_WITHOUT: Final = "SELECT local, id, body, NULL FROM event ORDER BY local"
_OWN: Final = (
    "SELECT p.seq, p.digest, p.id, e.body FROM place p LEFT JOIN event e ON e.id = p.id"
    " WHERE p.origin = ? ORDER BY p.seq"
)


class Exported(msgspec.Struct, frozen=True):
    """One line of an export: where the event stands in its chain, and its bytes as recorded."""

    origin: str
    seq: int
    digest: str
    event: msgspec.Raw


def verify(connection: sqlite3.Connection, path: object) -> None:
    """Raises `JournalDamaged` naming the first bad page or row."""
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise JournalDamaged(f"{path}: {found}")
    for where, wrong in _bad_rows(connection):
        raise JournalDamaged(f"{path}: {where}: {wrong}")


def export(connection: sqlite3.Connection, stream: IO[bytes]) -> int:
    """Own events as JSON lines in the order of their chain; returns how many."""
    origin = _origin(connection)
    lines = 0
    for seq, digest, id_, body in connection.execute(_OWN, (origin,)):
        if body is None:
            raise JournalDamaged(f"own event {seq} (id {id_}) has no bytes")
        line = Exported(origin, seq, digest.hex(), msgspec.Raw(body))
        stream.write(msgspec.json.encode(line) + b"\n")
        lines += 1
    return lines


def _bad_rows(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    origin = _origin(connection)
    expected, digest = queries.low(connection, origin)
    for seq, stored, id_, body in connection.execute(_OWN, (origin,)):
        where = f"own event {seq} (id {id_})"
        if seq != expected:
            yield where, f"own events {expected} to {seq - 1} are gone"
        elif not isinstance(body, bytes):
            yield where, "its bytes are gone"
        digest, expected = chain(digest, body), seq + 1
        if digest != stored:
            yield where, "its bytes are not those that were recorded (digest differs)"
    has_crc = queries.has_checksums(connection)
    for local, id_, body, crc in connection.execute(_ALL if has_crc else _ALL_WITHOUT):
        where = f"event at {local} (id {id_})"
        if not isinstance(body, bytes):
            yield where, "its bytes are gone"
        elif id_ != identity(decode(body)):
            yield where, "its bytes bear another id"
        elif has_crc and not is_whole(body, crc):
            yield where, "its bytes are not those that were recorded (checksum differs)"


def _origin(connection: sqlite3.Connection) -> str:
    (origin,) = connection.execute("SELECT value FROM meta WHERE name = 'origin'").fetchone()
    return str(origin)
