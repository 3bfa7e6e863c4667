"""The home of the journal's file: the lock of its folder, its fitness, setting aside, connections.

One connection writes and checkpoints (before SQLite 3.51.3 two of them can damage a WAL file); all
others are `query_only`. A file that is not a healthy journal is renamed, never written to.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Final

from kiosk.journal.errors import (
    JournalClosed,
    JournalDamaged,
    JournalFault,
    JournalLocked,
    JournalNewer,
    JournalUnsafe,
    told,
)

JOURNAL_NAME: Final = "journal.db"
LOCK_NAME: Final = "journal.lock"
APPLICATION_ID: Final = 0x4B4A524E
SCHEMA_VERSION: Final = 1
HEADER_BYTES: Final = 100
BUSY_SECONDS_MAX: Final = 5.0
_MAGIC: Final = b"SQLite format 3\0"
_COMPANIONS: Final = ("", "-wal", "-shm")
_SYNCHRONOUS_FULL: Final = 2


def lock(folder: Path) -> int:
    """Hold the folder for this process; the descriptor to give to `os.close` at the end.

    Raises `JournalLocked`, `JournalFault`. A killed process holds nothing.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as fault:
        raise JournalFault(f"{folder}: cannot be used ({fault.strerror}); check --data") from fault
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.pread(held, 20, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(held)
        raise JournalLocked(
            f"{folder}: another kiosk (process {holder}) keeps its journal here;"
            " stop it, or give this one another --data folder"
        ) from None
    os.ftruncate(held, 0)
    os.pwrite(held, f"{os.getpid()}\n".encode(), 0)
    return held


def made_fit(path: Path, now: datetime, new_origin: Callable[[], str]) -> Path | None:
    """See to it that a healthy journal of this version lies at `path`; a new one has a new origin.

    Returns where an unfit file was moved, if there was one. Raises `JournalNewer`, which leaves the
    file untouched, `JournalUnsafe` and `JournalFault`.
    """
    moved = None
    if any(_companion(path, end).exists() for end in _COMPANIONS) and not _is_fit(path):
        moved = _set_aside(path, now)
    try:
        if not path.exists():
            _create(path, new_origin())
        elif _header_number(path, 60) < SCHEMA_VERSION:
            _upgrade(path)
    except OSError as fault:
        raise JournalFault(f"{path}: cannot be created ({fault.strerror})") from fault
    except sqlite3.Error as fault:
        raise told(fault, path) from fault
    return moved


def connect_writer(path: Path) -> sqlite3.Connection:
    """The one connection that writes, with a commit that is on disk when it returns.

    Raises `JournalUnsafe` if WAL or synchronous=FULL is not in force when read back.
    """
    connection = _connect(path)
    connection.execute("PRAGMA journal_mode = WAL").fetchone()
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA wal_autocheckpoint = 0").fetchone()
    connection.execute("PRAGMA secure_delete = OFF").fetchone()
    try:
        require_safe(connection, path)
    except JournalUnsafe:
        connection.close()
        raise
    return connection


def require_safe(connection: sqlite3.Connection, path: object) -> None:
    """Read WAL and synchronous=FULL back; raises `JournalUnsafe` naming what is in force."""
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
    if mode != "wal" or synchronous != _SYNCHRONOUS_FULL:
        raise JournalUnsafe(
            f"{path}: journal_mode is {mode} and synchronous {synchronous}, want wal and 2:"
            " a scan could be lost in a power cut; put the data folder on a local disk"
        )


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection that can only read and never checkpoints."""
    connection = _connect(path)
    connection.execute("PRAGMA wal_autocheckpoint = 0").fetchone()
    connection.execute("PRAGMA query_only = ON")
    return connection


class Readers:
    """Reading connections, one per thread that reads at the same time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._free: LifoQueue[sqlite3.Connection] = LifoQueue()
        self._closed = False

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent view of the journal; SQLite's faults come out as `JournalError`."""
        if self._closed:
            raise JournalClosed(f"{self._path}: the journal is closed")
        try:
            connection = self._free.get_nowait()
        except Empty:
            connection = connect_reader(self._path)
        try:
            connection.execute("BEGIN")
            yield connection
        except sqlite3.Error as fault:
            raise told(fault, self._path) from fault
        finally:
            connection.rollback()
            self._give_back(connection)

    def close(self) -> None:
        """Close what is free now, and the rest when it is given back."""
        self._closed = True
        while True:
            try:
                self._free.get_nowait().close()
            except Empty:
                return

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if self._closed:
            connection.close()
        else:
            self._free.put(connection)


def _connect(path: Path, mode: str = "mode=rwc") -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}",
        uri=True,
        timeout=BUSY_SECONDS_MAX,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def _companion(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)


def _header_number(path: Path, offset: int) -> int:
    with path.open("rb") as file:
        header = file.read(HEADER_BYTES)
    return int.from_bytes(header[offset : offset + 4], "big")


def _is_fit(path: Path) -> bool:
    """False for a foreign or damaged file; raises `JournalNewer` before SQLite has seen it."""
    try:
        with path.open("rb") as file:
            magic = file.read(len(_MAGIC))
    except FileNotFoundError:
        return False
    except OSError as fault:
        raise JournalFault(f"{path}: cannot be read ({fault.strerror})") from fault
    if magic != _MAGIC or _header_number(path, 68) != APPLICATION_ID:
        return False
    version = _header_number(path, 60)
    if version > SCHEMA_VERSION:
        raise JournalNewer(
            f"{path}: version {version}, this program knows {SCHEMA_VERSION};"
            " install the newer program again, the file was not touched"
        )
    return _is_sound(path)


def _is_sound(path: Path) -> bool:
    try:
        with closing(_connect(path, "mode=ro")) as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            tables = connection.execute("SELECT count(*) FROM meta WHERE name = 'origin'")
            return bool(found == "ok" and tables.fetchone()[0] == 1)
    except sqlite3.Error as fault:
        wrong = told(fault, path)
        if isinstance(wrong, JournalDamaged) or "no such table" in str(fault):
            return False
        raise wrong from fault


def _set_aside(path: Path, now: datetime) -> Path:
    stem = f"journal-aside-{now:%Y%m%d-%H%M%S}"
    target, copies = path.with_name(f"{stem}.db"), 1
    while any(_companion(target, end).exists() for end in _COMPANIONS):
        copies += 1
        target = path.with_name(f"{stem}-{copies}.db")
    for end in _COMPANIONS:
        if _companion(path, end).exists():
            _companion(path, end).rename(_companion(target, end))
    _flush_folder(path.parent)
    return target


def _create(path: Path, origin: str) -> None:
    """Made beside and renamed, so that a half-made file never bears the journal's name."""
    from kiosk.journal.migrations import migrate

    fresh = path.with_name(path.name + ".new")
    for end in _COMPANIONS:
        _companion(fresh, end).unlink(missing_ok=True)
    with closing(connect_writer(fresh)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        migrate(connection)
        connection.execute("INSERT INTO meta VALUES ('origin', ?)", (origin,))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    fresh.rename(path)
    _flush_folder(path.parent)


def _upgrade(path: Path) -> None:
    from kiosk.journal.migrations import migrate

    with closing(connect_writer(path)) as connection:
        migrate(connection)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def _flush_folder(folder: Path) -> None:
    held = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)
