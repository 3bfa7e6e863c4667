"""The home of the high-water file: how far the ledger was, kept outside of it, in the data folder.

A database that was put back from a copy, or a standby that missed the last commits, knows nothing
of what it lost. The file does: where it stands above the ledger, the ledger was restored and
nobody declared it. Then it becomes a new incarnation, as a declared restore would make it.
"""

import logging
import threading
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import Connection, select

from sync.server import tables
from sync.server.alarms import raise_alarm
from sync.server.database import Database, DatabaseError
from sync.server.folder import FolderError
from sync.server.settings import (
    INCARNATION,
    OFFICE_ORIGIN,
    held_incarnation,
    incarnations_before,
    new_incarnation,
    remember_incarnation,
    setting,
)

FILE: Final = "high-water.json"
WRITE_SECONDS: Final = 1.0
_log: Final = logging.getLogger("kiosk-server")


class HighWater(msgspec.Struct, frozen=True):
    """The ledger's last position and the head of the office's log, as they once were."""

    incarnation: str
    position: int
    office_origin: str
    office_seq: int


def high_water(connection: Connection) -> HighWater:
    """How far the ledger is."""
    head, origin = tables.head, tables.origin
    position = select(head.c.position).where(head.c.name == "event")
    office = setting(connection, OFFICE_ORIGIN)
    seq = select(origin.c.head_seq).where(origin.c.origin == office)
    return HighWater(
        setting(connection, INCARNATION),
        int(connection.execute(position).scalar_one()),
        office,
        int(connection.execute(seq).scalar() or 0),
    )


def check_restored(data: Path, database: Database, now_ms: int) -> str:
    """Begin a new incarnation if the ledger lost what it had; returns what is wrong, or nothing."""
    kept = _read(data / FILE)
    if kept is None:
        return ""
    lost = database.read_now(lambda conn: _lost(conn, kept))
    if lost:
        database.write_now(lambda conn: _renew(conn, kept, lost, now_ms))
        _log.warning("%s", lost)
    return lost


class HighWaterKeeper:
    """Writes the file behind the commits, at most once a second, in a thread of its own.

    A file a second old finds less and never too much; it is not flushed for the same reason.
    """

    def __init__(self, data: Path, database: Database) -> None:
        self._path = data / FILE
        self._database = database
        self._woken = threading.Event()
        self._ending = threading.Event()
        self._kept = _read(self._path)
        self._lost: HighWater | None = None
        self._thread = threading.Thread(target=self._run, name="high-water", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something was committed."""
        self._woken.set()

    def keep(self) -> None:
        """Write how far the ledger is now; trouble is logged, for the ledger itself is well."""
        try:
            now = self._database.read_now(high_water)
            if self._kept and _is_behind(now, self._kept):
                self._warn(now, self._kept)
            elif now != self._kept:
                _write(self._path, now)
                self._kept = now
        except (OSError, DatabaseError) as fault:
            _log.warning("%s: not written: %s; look at disk space and rights", self._path, fault)

    def close(self) -> None:
        """Write the last of it; the database must still be open."""
        self._ending.set()
        self._woken.set()
        self._thread.join()
        self.keep()

    def _warn(self, now: HighWater, kept: HighWater) -> None:
        """The file keeps the higher mark, by which the next start finds the loss."""
        if self._lost is None:
            text = "%s; start this server again, so that it declares it"
            _log.error(text, f"the ledger fell from position {kept.position} to {now.position}")
        self._lost = now

    def _run(self) -> None:
        while not self._ending.is_set():
            self._woken.wait()
            self._woken.clear()
            if not self._ending.is_set():
                self.keep()
                self._ending.wait(WRITE_SECONDS)


def write_high_water(data: Path, database: Database) -> None:
    """Write how far a ledger is that was put into the folder; raises `FolderError`."""
    try:
        _write(data / FILE, database.read_now(high_water))
    except OSError as fault:
        raise FolderError(f"{data / FILE}: {fault.strerror}; look at disk space") from None


def _write(path: Path, now: HighWater) -> None:
    fresh = path.with_name(f"{FILE}.new")
    fresh.write_bytes(msgspec.json.encode(now))
    fresh.rename(path)


def _read(path: Path) -> HighWater | None:
    """Nothing where the file is missing, or torn by a power cut."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=HighWater)
    except (OSError, msgspec.DecodeError):
        return None


def _lost(connection: Connection, kept: HighWater) -> str:
    now = high_water(connection)
    if not now.incarnation:
        return _told(kept, now) if kept.position else ""
    if kept.incarnation == now.incarnation:
        return _told(kept, now) if _is_behind(now, kept) else ""
    known = kept.incarnation in incarnations_before(connection)
    return "" if known or not kept.incarnation else _told(kept, now)


def _is_behind(now: HighWater, kept: HighWater) -> bool:
    """Whether one incarnation of the ledger has less than it had."""
    if kept.incarnation != now.incarnation:
        return False
    office = bool(kept.office_origin) and now.office_origin == kept.office_origin
    return now.position < kept.position or (office and now.office_seq < kept.office_seq)


def _told(kept: HighWater, now: HighWater) -> str:
    return (
        f"the ledger ends at position {now.position}, but was at {kept.position} before: an older"
        " copy was put back; it goes on as a new incarnation, and the stations send again what it"
        " lacks"
    )


def _renew(connection: Connection, kept: HighWater, lost: str, now_ms: int) -> None:
    held_incarnation(connection)
    remember_incarnation(connection, kept.incarnation)
    name = new_incarnation(connection)
    raise_alarm(connection, "restored", lost, now_ms, subject=name)
