"""The home of the fast path to a copied journal: which machine, file system and file it lies in.

A copy on another machine, disk or folder differs in one of them, and is told to go on under a new
origin before its first scan. So is a journal that goes on as another station's, for an origin
belongs to the station that first pushed it. What this cannot see (a whole virtual machine, cloned
with its identity) the digest chain finds at the first push.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Final

from kiosk.journal import files

MACHINE_NAME: Final = "machine"
STATION_NAME: Final = "station"
_MACHINE_IDS: Final = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_PARTS: Final = ("machine", "file system", "file")
_PUT: Final = "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = ?2"


def fingerprint(path: Path, machine_id: str) -> str:
    """Machine, file system and file, so that two can be told apart part by part.

    The machine's id itself is not written down, as machine-id(5) asks. Raises `OSError`.
    """
    machine = sha256(f"kiosk journal {machine_id}".encode()).hexdigest()[:16] if machine_id else ""
    return f"{machine} {os.statvfs(path).f_fsid:x} {path.stat().st_ino:x}"


def machine_id() -> str:
    """The id of this installation of the system, or nothing where it has none."""
    for source in _MACHINE_IDS:
        try:
            return source.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            continue
    return ""


def note(connection: sqlite3.Connection, path: Path) -> None:
    """Write down where this file lies."""
    connection.execute(_PUT, (MACHINE_NAME, fingerprint(path, machine_id())))


def recognised(path: Path, new_origin: Callable[[], str], station: str = "") -> str:
    """Why this file is a copy, or another station's, or nothing; it is told to fork, in one commit.

    A fork that the original had begun is not gone on with: both would choose the same origin. What
    no program noted before is only noted. Raises `OSError`, `sqlite3.Error`.
    """
    now = {MACHINE_NAME: fingerprint(path, machine_id())}
    if station:
        now[STATION_NAME] = station
    with closing(files.connect(path, "mode=ro")) as connection:
        then = dict(connection.execute("SELECT name, value FROM meta").fetchall())
    new = {name: value for name, value in now.items() if then.get(name) != value}
    if not new:
        return ""
    why = [_told(name, then[name], value) for name, value in new.items() if name in then]
    with closing(files.connect_writer(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        if why:
            connection.execute(_PUT, ("forking", new_origin()))
        connection.executemany(_PUT, new.items())
        connection.execute("COMMIT")
    return "; ".join(why)


def _told(name: str, then: str, now: str) -> str:
    if name == STATION_NAME:
        return f"this journal was that of station {then}"
    parts = zip(_PARTS, then.split(" "), now.split(" "), strict=False)
    other = [name for name, was, is_ in parts if was != is_]
    return f"this journal was copied: another {', another '.join(other)}"
