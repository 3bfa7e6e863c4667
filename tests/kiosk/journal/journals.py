"""What the journal's tests share: opening one, events, bodies of others."""

import os
import sqlite3
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import uuid_utils

from kiosk.clock import Clock
from kiosk.journal import Journal
from sync.domain.events import DowntimeStarted, Event, OperatorSignedIn
from sync.wire import FeedMark, encode

FILES = {"journal.ballast", "journal.db", "journal.lock"}


def new_id() -> str:
    return str(uuid_utils.uuid7())


@contextmanager
def opened(folder: Path, station: str = "MIX-1") -> Iterator[Journal]:
    journal = Journal.open(folder, station=station, clock=Clock(), new_id=new_id)
    try:
        yield journal
    finally:
        journal.close()


def sign_in(operator: str = "anna") -> Event:
    return OperatorSignedIn(operator=operator)


def foreign(n: int = 0, station: str = "office", name: str = "") -> bytes:
    """The bytes of an event that was born elsewhere."""
    made = DowntimeStarted(
        id=name or str(uuid.uuid4()), n=n, station=station, work_center="W", reason="JAM"
    )
    return encode(made)


def mark_at(position: int) -> FeedMark:
    return FeedMark("one", position, f"{position:064x}")


def until(fact: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for what another thread or process brings about; fails after the time."""
    end, never = time.monotonic() + seconds, threading.Event()
    while not fact():
        assert time.monotonic() < end, f"{fact} did not come true in {seconds} s"
        never.wait(0.005)


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    """What is in the file, asked from outside."""
    with closing(sqlite3.connect(folder / "journal.db")) as connection:
        return connection.execute(query).fetchall()


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk of its own under a folder; needs `may_mount`."""
    folder.mkdir(parents=True, exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "journal-test", str(folder)]
    subprocess.run(words, check=True, capture_output=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True, capture_output=True)


def may_mount() -> bool:
    """Whether this user may mount: root, outside a locked container."""
    refusals = suppress(OSError, subprocess.CalledProcessError)
    with TemporaryDirectory() as name, refusals, small_disk(Path(name) / "disk", "1m"):
        return os.geteuid() == 0
    return False
