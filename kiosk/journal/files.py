"""The home of the journal's file: the lock of its folder, its size, setting aside, connections.

One connection writes and checkpoints (before SQLite 3.51.3 two of them can damage a WAL file); all
others are `query_only`. A file that is not a healthy journal is renamed, never written to.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Final

from kiosk.journal.errors import (
    JournalClosed,
    JournalFault,
    JournalLocked,
    JournalUnsafe,
    told,
)

JOURNAL_NAME: Final = "journal.db"
LOCK_NAME: Final = "journal.lock"
APPLICATION_ID: Final = 0x4B4A524E
SCHEMA_VERSION: Final = 2
JOURNAL_BYTES_MAX: Final = 2 << 30
HEADER_BYTES: Final = 100
BUSY_SECONDS_MAX: Final = 5.0
COMPANIONS: Final = ("", "-wal", "-shm")
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
    with suppress(OSError):  # a full disk: only the one who is refused misses the number
        os.ftruncate(held, 0)
        os.pwrite(held, f"{os.getpid()}\n".encode(), 0)
    return held


def connect_writer(path: Path) -> sqlite3.Connection:
    """The one connection that writes, with a commit that is on disk when it returns.

    Raises `JournalUnsafe` if WAL or synchronous=FULL is not in force when read back.
    """
    connection = connect(path)
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
    connection = connect(path)
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
            with self._lent() as connection:
                connection.execute("BEGIN")
                yield connection
        except sqlite3.Error as fault:
            raise told(fault, self._path) from fault

    def close(self) -> None:
        """Close what is free now, and the rest when it is given back."""
        self._closed = True
        while True:
            try:
                self._free.get_nowait().close()
            except Empty:
                return

    @contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._free.get_nowait()
        except Empty:
            connection = connect_reader(self._path)
        try:
            yield connection
        finally:
            connection.rollback()
            self._give_back(connection)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if self._closed:
            connection.close()
        else:
            self._free.put(connection)


def connect(path: Path, mode: str = "mode=rwc") -> sqlite3.Connection:
    """A connection with what every one of ours has."""
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


def companion(path: Path, end: str) -> Path:
    """The file that SQLite keeps beside a database, by the end of its name."""
    return path.with_name(path.name + end)


def header_number(path: Path, offset: int) -> int:
    """A number of four bytes in the file's header; raises `OSError`."""
    with path.open("rb") as file:
        header = file.read(HEADER_BYTES)
    return int.from_bytes(header[offset : offset + 4], "big")


def size(path: Path) -> int:
    """Bytes of the journal on disk, its WAL with it."""
    sizes = 0
    for end in COMPANIONS:
        with suppress(FileNotFoundError):
            sizes += companion(path, end).stat().st_size
    return sizes


def set_aside(path: Path, now: datetime) -> Path:
    """Rename what lies there, to a name that nothing bears yet; the new name."""
    stem = f"journal-aside-{now:%Y%m%d-%H%M%S}"
    target, copies = path.with_name(f"{stem}.db"), 1
    while any(companion(target, end).exists() for end in COMPANIONS):
        copies += 1
        target = path.with_name(f"{stem}-{copies}.db")
    for end in COMPANIONS:
        if companion(path, end).exists():
            companion(path, end).rename(companion(target, end))
    flush_folder(path.parent)
    return target


def flush_folder(folder: Path) -> None:
    """The names in a folder are on disk when this returns."""
    held = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)
