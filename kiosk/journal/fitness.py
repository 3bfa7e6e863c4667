"""The home of fitness: is the file that lies there a healthy journal, and what if it is not.

A foreign or damaged file is read, renamed and never written to. What could be salvaged of it stands
whole and flushed beside it before it is renamed, so that a power cut at any moment loses neither.
"""

import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from kiosk.journal import audit, files, image, machine, queries
from kiosk.journal.errors import JournalDamaged, JournalFault, JournalNewer, is_damage, told
from kiosk.journal.salvage import Birth, Salvage, salvage
from kiosk.journal.store import Head, identity, read_head
from sync.wire import chain, decode

_MAGIC: Final = b"SQLite format 3\0"
_VERSION_AT, _APPLICATION_AT = 60, 68
_TAIL: Final = (
    "SELECT p.seq, p.digest, p.id, e.body FROM place p LEFT JOIN event e ON e.id = p.id"
    " WHERE p.origin = ? AND p.seq > ? ORDER BY p.seq"
)


@dataclass(frozen=True, slots=True)
class Fitness:
    """What was done: an unfit file's new place, what was saved of it; why a copy was recognised."""

    moved: Path | None = None
    salvaged: Salvage | None = None
    cloned: str = ""


def made_fit(path: Path, born: Birth) -> Fitness:
    """See to it that a healthy journal of this version lies at `path`.

    A copied one is told to go on under a new origin before anything is recorded. Raises
    `JournalNewer`, which leaves the file untouched, `JournalUnsafe`, `JournalFull`, `JournalFault`.
    """
    moved, salvaged, now = None, None, born.clock.now()
    try:
        _finish_salvage(path, now)
        if any(files.companion(path, end).exists() for end in files.COMPANIONS):
            if not is_fit(path):
                salvaged = _salvaged(path, born)
                moved = files.set_aside(path, now)
                _finish_salvage(path, now)
            elif files.header_number(path, _VERSION_AT) < files.SCHEMA_VERSION:
                _upgrade(path)
        if not path.exists():
            _made(path, born.new_origin()).rename(path)
            files.flush_folder(path.parent)
        cloned = machine.recognised(path, born.new_origin, born.station)
    except OSError as fault:
        raise JournalFault(f"{path}: cannot be used ({fault.strerror}); check the disk") from fault
    except sqlite3.Error as fault:
        raise told(fault, path) from fault
    return Fitness(moved, salvaged, cloned)


def is_fit(path: Path) -> bool:
    """False for a foreign or damaged file; raises `JournalNewer` before SQLite has seen it."""
    return _is_ours(path) and _is_sound(path)


def verify(folder: Path) -> Path:
    """Check every page, row and digest of a journal that no kiosk keeps now; the file's path.

    Nothing is changed. Raises `JournalDamaged` naming the first bad one, `JournalLocked`,
    `JournalNewer`, `JournalFault`.
    """
    path = folder / files.JOURNAL_NAME
    held = files.lock(folder)
    try:
        if not _is_ours(path):
            raise JournalDamaged(f"{path}: its first page is not that of a journal")
        with closing(files.connect(path, "mode=ro")) as connection:
            audit.verify(connection, path)
    except sqlite3.Error as fault:
        raise told(fault, path) from fault
    except (ValueError, TypeError) as fault:
        raise JournalDamaged(f"{path}: a number in its table meta is none ({fault})") from fault
    except OSError as fault:
        raise JournalFault(f"{path}: cannot be read ({fault.strerror})") from fault
    finally:
        os.close(held)
    return path


def require_tail(connection: sqlite3.Connection, path: object) -> None:
    """Raises `JournalDamaged` naming the first own event, of those unsent, that is not as recorded.

    The newest own event is looked at in any case.
    """
    head = read_head(connection)
    _require_first(connection, path, head)
    after = max(head.low - 1, min(head.acknowledged, head.seq - 1))
    digest = queries.digest_at(connection, head.origin, after)
    for seq, stored, id_, body in connection.execute(_TAIL, (head.origin, after)):
        where = f"{path}: own event {seq} (id {id_})"
        if not isinstance(body, bytes):
            raise JournalDamaged(f"{where}: its bytes are gone")
        digest = chain(digest, body) if digest else stored
        after += 1
        if seq != after or digest != stored:
            raise JournalDamaged(f"{where}: its bytes are not those that were recorded")
        if seq == head.seq and identity(decode(body)) != id_:
            raise JournalDamaged(f"{where}: its bytes bear another id")


def _require_first(connection: sqlite3.Connection, path: object, head: Head) -> None:
    """The own events begin where `meta` says, and those of no other origin stand alone."""
    first = "SELECT min(seq) FROM place WHERE origin = ?"
    (found,) = connection.execute(first, (head.origin,)).fetchone()
    if found is None and connection.execute("SELECT 1 FROM place LIMIT 1").fetchone():
        raise JournalDamaged(f"{path}: no own event stands under its origin {head.origin}")
    if found is not None and found != head.low:
        raise JournalDamaged(f"{path}: own events begin at {found}, not at {head.low}")


def require_checksums(connection: sqlite3.Connection, path: Path) -> None:
    """Raises `JournalDamaged` naming the first event, of those to be folded, with other bytes.

    The folded image covers the older ones, which are not read at a start.
    """
    if queries.has_checksums(connection):
        broken = queries.first_broken(connection, image.reach(path.parent, connection))
        if broken is not None:
            raise JournalDamaged(f"{path}: event at {broken}: its bytes are not those recorded")


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            magic = file.read(len(_MAGIC))
    except FileNotFoundError:
        return False
    if magic != _MAGIC or files.header_number(path, _APPLICATION_AT) != files.APPLICATION_ID:
        return False
    version = files.header_number(path, _VERSION_AT)
    if version > files.SCHEMA_VERSION:
        raise JournalNewer(
            f"{path}: version {version}, this program knows {files.SCHEMA_VERSION};"
            " install the newer program again, the file was not touched"
        )
    return True


def _is_sound(path: Path) -> bool:
    try:
        with closing(files.connect(path, "mode=ro")) as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            origin = connection.execute("SELECT count(*) FROM meta WHERE name = 'origin'")
            if found != "ok" or origin.fetchone() != (1,):
                return False
            require_tail(connection, path)
            require_checksums(connection, path)
    except (JournalDamaged, ValueError):  # a number or a mark in `meta` that is none
        return False
    except sqlite3.Error as fault:
        if is_damage(fault) or "no such" in str(fault):
            return False
        raise
    return True


def _salvaged(path: Path, born: Birth) -> Salvage | None:
    """What could be saved, whole and flushed under a name of its own until the old file is away."""
    if not path.exists():
        return None
    fresh = _made(path, born.new_origin())
    with closing(files.connect_writer(fresh)) as connection:
        result = salvage(path, connection, born)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if result is None:
        fresh.unlink()
        return None
    with suppress(FileNotFoundError):
        path.with_name(image.IMAGE_NAME).unlink()
    fresh.rename(_finished(path))
    files.flush_folder(path.parent)
    return result


def _finish_salvage(path: Path, now: datetime) -> None:
    """Put a finished salvage in its place, what still lies there aside first."""
    finished = _finished(path)
    if not finished.exists():
        return
    if any(files.companion(path, end).exists() for end in files.COMPANIONS):
        files.set_aside(path, now)
    finished.rename(path)
    files.flush_folder(path.parent)


def _finished(path: Path) -> Path:
    return path.with_name(f"{path.name}.salvaged")


def _made(path: Path, origin: str) -> Path:
    """An empty journal beside `path`, so that a half-made file never bears the journal's name."""
    from kiosk.journal.migrations import migrate

    fresh = path.with_name(f"{path.name}.new")
    for end in files.COMPANIONS:
        files.companion(fresh, end).unlink(missing_ok=True)
    with closing(files.connect_writer(fresh)) as connection:
        connection.execute(f"PRAGMA application_id = {files.APPLICATION_ID}")
        migrate(connection)
        connection.execute("INSERT INTO meta VALUES ('origin', ?)", (origin,))
        machine.note(connection, fresh)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return fresh


def _upgrade(path: Path) -> None:
    from kiosk.journal.migrations import migrate

    with closing(files.connect_writer(path)) as connection:
        migrate(connection)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
