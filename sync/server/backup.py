"""The home of making a backup: copied from one moment of the ledger, proved, then promised."""

import fcntl
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

from sync.server.backup_file import BackupError, BackupFile, Manifest, Tell, seen, write_backup
from sync.server.clock import ServerClock
from sync.server.database import Database
from sync.server.promises import (
    Promise,
    checked_name,
    confirmed,
    forget,
    is_gone,
    promise,
    promises,
    shared_heads,
)
from sync.server.schema import newest_revision

FOLDER: Final = "backups"
SUFFIX: Final = ".kiosk-backup"
PART: Final = ".part"
KEEP_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made, proved and promised; `dropped` are the older files that went."""

    file: str
    bytes: int
    position: int
    events: int
    origins: int
    dropped: tuple[str, ...] = ()


class Backups:
    """The backups of one ledger. None of its calls holds the writer for longer than a promise."""

    def __init__(self, database: Database, clock: ServerClock, program: str) -> None:
        self._database = database
        self._clock = clock
        self._program = program

    def make(self, to: Path, keep: int, tell: Tell) -> Made:
        """Write a backup into a folder, or under a new file's name; keep the newest `keep` there.

        Raises `BackupError` or `DatabaseError`; what was begun is gone then. 0 keeps all.
        """
        made_ms = self._clock.milliseconds()
        to = to.absolute()
        if seen(to, Path.is_file):
            raise BackupError(f"{to}: is there already; name a folder, or a new file")
        with _part(to / "ledger" if _is_folder(to) else to) as part:
            schema = newest_revision()
            manifest = self._database.read_now(
                lambda conn: write_backup(conn, part, made_ms, self._program, schema, tell)
            )
            _flush(part)
            heads = _proved(part, tell)
            path = _name(part, _names(to, made_ms))
        size = path.stat().st_size
        one = Promise(
            str(path),
            str(path),
            socket.gethostname(),
            manifest.incarnation,
            made_ms,
            manifest.position,
            size,
        )
        self._database.write_now(lambda conn: promise(conn, one, heads))
        dropped = self._rotate(path.parent, keep) if keep else ()
        return _made(one, manifest, dropped)

    def confirm(self, name: str, position: int) -> Promise:
        """Promise another tool's backup, which holds all up to a position."""
        now = self._clock.milliseconds()
        return self._database.write_now(lambda conn: confirmed(conn, name, position, now))

    def confirm_file(self, name: str, path: Path, tell: Tell) -> Promise:
        """Prove a backup or a copy of the SQLite ledger, wherever it lies, and promise it."""
        checked_name(name)
        with closing(BackupFile(path)) as file:
            file.prove(tell)
            held, position, incarnation = file.heads(), file.position(), file.incarnation()
        heads = self._database.read_now(lambda conn: shared_heads(conn, held))
        now, name_of_file = self._clock.milliseconds(), str(path.absolute())
        size = path.stat().st_size
        one = Promise(name, name_of_file, socket.gethostname(), incarnation, now, position, size)
        self._database.write_now(lambda conn: promise(conn, one, heads))
        return one

    def forget(self, name: str) -> bool:
        """Promise a backup no more."""
        return bool(self._database.write_now(lambda conn: forget(conn, [name])))

    def all(self) -> list[Promise]:
        """What is promised, the newest first."""
        return self._database.read_now(promises)

    def _rotate(self, folder: Path, keep: int) -> tuple[str, ...]:
        """Delete the older of our files in a folder, and promise those no more."""
        ours = [one for one in self.all() if one.name == one.file and not is_gone(one)]
        machine = socket.gethostname()  # another's folder may have the same path
        here = [one for one in ours if one.machine == machine and Path(one.file).parent == folder]
        dropped = []
        for one in here[keep:]:
            try:
                Path(one.file).unlink(missing_ok=True)
            except OSError as fault:
                raise BackupError(f"{one.file}: {fault.strerror}; delete it by hand") from None
            dropped.append(one.file)
        if dropped:
            self._database.write_now(lambda conn: forget(conn, dropped))
        return tuple(dropped)


def _is_folder(to: Path) -> bool:
    return seen(to, Path.is_dir) or not (to.suffix or seen(to, Path.exists))


def _names(to: Path, made_ms: int) -> Iterator[Path]:
    """The path that is given, or paths in a folder that tell the time."""
    if not _is_folder(to):
        yield to
        return
    stamp = datetime.fromtimestamp(made_ms / 1000, UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3]
    yield to / f"ledger-{stamp}Z{SUFFIX}"
    for number in count(2):
        yield to / f"ledger-{stamp}Z-{number}{SUFFIX}"


@contextmanager
def _part(path: Path) -> Iterator[Path]:
    """An empty file beside a path, locked while it grows; gone afterwards whatever happens."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(8)}{PART}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _sweep(path.parent)
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        raise BackupError(f"{path.parent}: {fault.strerror}; give another --to") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield part
    except OSError as fault:
        raise BackupError(f"{part}: {fault.strerror}; make room, or give another --to") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        os.close(handle)


def _sweep(folder: Path) -> None:
    """Remove what backups that were killed left half done; a locked one is still being made."""
    for path in folder.glob(f"*{PART}"):
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except BlockingIOError:
            continue
        finally:
            os.close(handle)


def _flush(part: Path) -> None:
    """On disk, and out of memory, so that the proof reads what the disk holds."""
    handle = os.open(part, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(handle)


def _name(part: Path, names: Iterator[Path]) -> Path:
    """Give a whole and proved file the first name that is free, never in place of another."""
    for path in names:
        try:
            _link(part, path)
        except FileExistsError:
            continue
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return path
    raise BackupError(f"{part.parent}: a file of that name came meanwhile; give another --to")


def _link(part: Path, path: Path) -> None:
    """Raises `FileExistsError`; a memory stick's file system has no links, and renames."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:
        if path.exists():
            raise FileExistsError from None
        part.rename(path)


def _proved(path: Path, tell: Tell) -> dict[str, int]:
    with closing(BackupFile(path)) as file:
        file.prove(tell)
        return {origin: seq for origin, seq, _ in file.heads()}


def _made(one: Promise, manifest: Manifest, dropped: tuple[str, ...]) -> Made:
    counted = manifest.rows["event"]
    return Made(one.file, one.bytes, one.position, counted, len(manifest.origins), dropped)
