"""The home of notices: what one server process tells the others by PostgreSQL's LISTEN/NOTIFY.

A notice is a hint and never a fact: it is sent inside the transaction that it tells of, may be lost
with a connection, and whoever hears one looks into the database. Behind each hint stands a poll. On
SQLite there is one process and nothing to tell.
"""

import contextlib
import logging
import os
import select
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from sync.server.database import CHANNEL, Database

if TYPE_CHECKING:  # an extra that only servers on PostgreSQL have
    import psycopg

APPENDED: Final = "appended"
RELEASED: Final = "released"
RECONNECTED: Final = ""
ALL: Final = "*"
NOTICE_BYTES_MAX: Final = 7_900  # PostgreSQL takes less than 8,000
RETRY_SECONDS_FIRST: Final = 0.25
RETRY_SECONDS_MAX: Final = 10.0
# A half-open connection would stay silent for hours, and `stop` waits for an open attempt.
_ALIVE: Final = {
    "connect_timeout": 3,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
_log: Final = logging.getLogger("kiosk-server")


class Projected(msgspec.Struct, frozen=True, array_like=True, tag="projected"):
    """The projector moved its mark; `scopes` were fed, or `ALL` where they are too many."""

    sender: str
    before: int
    after: int
    scopes: tuple[str, ...]


def tell_projected(database: Database, connection: Connection, notice: Projected) -> None:
    """Tell the other processes of a projected slice, within its write."""
    told = msgspec.json.encode(notice)
    if len(told) > NOTICE_BYTES_MAX:
        told = msgspec.json.encode(msgspec.structs.replace(notice, scopes=(ALL,)))
    database.tell(connection, told.decode())


def read_projected(told: str) -> Projected | None:
    """The slice that a notice tells of; none where it tells of something else."""
    try:
        return msgspec.json.decode(told, type=Projected)
    except msgspec.DecodeError:
        return None


class Notices:
    """Listens on a connection and in a thread of its own, and calls `heard` with each notice.

    After each connecting `heard` is called with `RECONNECTED`: anything may have been missed.
    """

    def __init__(self, url: str, heard: Callable[[str], None]) -> None:
        self._options = _options_of(url)
        self._heard = heard
        self._stopping = threading.Event()
        self._read_end, self._write_end = os.pipe()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        assert self._thread is None, "notices are listened to once"
        self._thread = threading.Thread(target=self._run, name="notices", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End at once, whatever the connection does."""
        self._stopping.set()
        os.write(self._write_end, b"\0")
        if self._thread is not None:
            self._thread.join()
        os.close(self._read_end)
        os.close(self._write_end)

    def _run(self) -> None:
        import psycopg

        wait = RETRY_SECONDS_FIRST
        while not self._stopping.is_set():
            try:
                with contextlib.closing(self._connected()) as connection:
                    wait = RETRY_SECONDS_FIRST
                    self._listen(connection)
            except psycopg.Error as fault:
                _log.info("no notices from other servers for a while: %s", fault)
            self._stopping.wait(wait)
            wait = min(wait * 2, RETRY_SECONDS_MAX)

    def _connected(self) -> "psycopg.Connection[Any]":
        import psycopg

        connection = psycopg.connect(**{**_ALIVE, **self._options}, autocommit=True)
        connection.execute(f"LISTEN {CHANNEL}".encode())
        return connection

    def _listen(self, connection: "psycopg.Connection[Any]") -> None:
        self._tell(RECONNECTED)
        wanted = select.poll()  # `select` takes no file beyond 1,023, and stations have those
        for file in (connection.fileno(), self._read_end):
            wanted.register(file, select.POLLIN)
        while not self._stopping.is_set():
            while (notice := connection.pgconn.notifies()) is not None:
                self._tell(bytes(notice.extra).decode(errors="replace"))
            wanted.poll()
            connection.pgconn.consume_input()

    def _tell(self, told: str) -> None:
        try:
            self._heard(told)
        except Exception:
            _log.exception("a notice could not be followed: %s", told[:200])


def _options_of(url: str) -> dict[str, Any]:
    """What the driver is to connect with, from SQLAlchemy's URL."""
    parsed = make_url(url)
    _, options = parsed.get_dialect()().create_connect_args(parsed)
    return dict(options)
