"""The home of the connection to SQLite or PostgreSQL: engines, what they need to be safe, faults.

DatabaseError           operating trouble
├── UnsafeError         WAL and full flush could not be had: durability would be a promise only
├── NewerError          written by a newer program: left untouched
├── ForeignError        no database of this server, or none that can be opened
├── UnavailableError    disk full, file gone, server away: nothing of the call was stored
├── DoubtError          the connection was lost at the commit: it may be stored or not
└── ClosedError         asked after `close`
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError

from sync.server.errors import ServerError

READERS_COUNT: Final = 4
WAL_CHECKPOINT_PAGES: Final = 4_000
BUSY_MILLISECONDS: Final = 5_000
LOCK_SECONDS_MAX: Final = 8
IDLE_SECONDS_MAX: Final = 30

_READ_COMMITTED, _REPEATABLE_READ = 2, 3  # as the driver numbers them
# A server that vanished without a word is given up after about half a minute.
_LINK: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
# A process that stands still must not hold the others up for ever: it holds the counter's row.
_LIMITS: Final = (
    f"SELECT set_config('lock_timeout', '{LOCK_SECONDS_MAX}s', false),"
    f" set_config('idle_in_transaction_session_timeout', '{IDLE_SECONDS_MAX}s', false)"
)
# Serialization failure, deadlock, lock not available in time.
_CROSSINGS: Final = frozenset({"40001", "40P01", "55P03"})
_PROMISES: Final = (
    "SELECT current_setting('fsync'), current_setting('synchronous_commit'),"
    " current_setting('server_encoding'), pg_is_in_recovery()"
)

T = TypeVar("T")


class DatabaseError(ServerError):
    """Operating trouble of the database; see the tree at the top."""


class UnsafeError(DatabaseError):
    pass


class NewerError(DatabaseError):
    pass


class ForeignError(DatabaseError):
    pass


class UnavailableError(DatabaseError):
    pass


class DoubtError(DatabaseError):
    pass


class ClosedError(DatabaseError):
    pass


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite:///{path.absolute()}"


_REMEDIES: Final[dict[int, tuple[type[DatabaseError], str]]] = {
    sqlite3.SQLITE_NOTADB: (ForeignError, "move that file aside or give another --data"),
    sqlite3.SQLITE_CORRUPT: (UnavailableError, "keep a copy of the folder, restore a backup"),
}


def engines(url: str) -> tuple[Engine, Engine]:
    """The engines that write and read; raises `ForeignError` for a URL that none can open."""
    want = "postgresql+psycopg://… with its driver installed, or leave it out"
    try:
        parsed = make_url(url)
        kind = parsed.get_backend_name()
        if kind == "sqlite":
            if not parsed.database:
                raise ForeignError(f"database.url: {url} names no file; leave it out")
            return _sqlite_engine(url, "write"), _sqlite_engine(url, "read")
        if parsed.drivername not in {"postgresql", "postgresql+psycopg"}:
            raise ForeignError(f"database.url: {parsed.drivername} is not supported; want {want}")
        parsed = parsed.set(drivername="postgresql+psycopg")
        return _postgresql_engine(parsed, "write"), _postgresql_engine(parsed, "read")
    except (ArgumentError, ImportError) as fault:
        raise ForeignError(f"database.url: {fault}; want {want}") from None


def _sqlite_engine(url: str, role: str) -> Engine:
    engine = create_engine(
        url, pool_size=2 * READERS_COUNT if role == "read" else 1, max_overflow=0
    )
    begin = "BEGIN IMMEDIATE" if role == "write" else "BEGIN"

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _record: object) -> None:
        # The driver's own transactions begin too late and end too early for savepoints.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _pragmas(role):
            cursor.execute(f"PRAGMA {pragma}")
            cursor.fetchall()
        _verify(cursor, url)
        cursor.close()

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgresql_engine(url: URL, role: str) -> Engine:
    asked = {**_LINK, "application_name": f"kiosk-server {role}"}
    engine = create_engine(
        url,
        pool_size=2 * READERS_COUNT if role == "read" else 1,
        max_overflow=0,
        use_native_hstore=False,
        connect_args={name: value for name, value in asked.items() if name not in url.query},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _record: object) -> None:
        driver: Any = connection
        driver.autocommit = True
        try:
            _verify_postgresql(driver, url)
            if role == "write":
                driver.execute(_LIMITS)
        except BaseException:
            driver.close()
            raise
        driver.autocommit = False
        # All that one read asks is of one moment.
        driver.isolation_level = _REPEATABLE_READ if role == "read" else _READ_COMMITTED
        driver.read_only = role == "read"

    return engine


def _verify_postgresql(driver: Any, url: URL) -> None:
    """Refuse a server that does not keep what it confirms, or cannot hold every text."""
    fsync, commit, encoding, standby = driver.execute(_PROMISES).fetchone()
    if fsync != "on" or commit == "off":
        raise UnsafeError(
            f"{url}: fsync {fsync}, synchronous_commit {commit}; want both on:"
            " a confirmed scan must be on disk"
        )
    if encoding != "UTF8":
        raise UnsafeError(f"{url}: its encoding is {encoding}; create the database with UTF8")
    if standby:
        raise UnavailableError(f"{url}: is a standby; give the URL of the primary")


def _pragmas(role: str) -> tuple[str, ...]:
    common = (
        f"busy_timeout={BUSY_MILLISECONDS}",
        "synchronous=FULL",
        "trusted_schema=OFF",
        "cell_size_check=ON",
        "secure_delete=OFF",
        "cache_size=-32000",
    )
    if role == "read":
        return (*common, "query_only=ON")
    return ("journal_mode=WAL", *common, f"wal_autocheckpoint={WAL_CHECKPOINT_PAGES}")


def _verify(cursor: Any, url: str) -> None:
    mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
    flush = cursor.execute("PRAGMA synchronous").fetchone()[0]
    if mode != "wal" or flush != 2:
        raise UnsafeError(
            f"{url}: journal_mode {mode}, synchronous {flush}; want wal and 2:"
            " put the data folder on a local disk"
        )


def told(url: str, act: Callable[[], T]) -> T:
    """Trouble of the driver as `UnavailableError`, with the driver's word for it."""
    try:
        return act()
    except DBAPIError as fault:
        raise named(url, fault) from fault


def named(url: str, fault: Exception) -> Exception:
    """The driver's fault as one of ours; any other as it is."""
    if not isinstance(fault, DBAPIError) or isinstance(fault, IntegrityError):
        return fault
    code = getattr(fault.orig, "sqlite_errorcode", sqlite3.SQLITE_OK)
    kind, remedy = _REMEDIES.get(code, (UnavailableError, "look at disk space and rights"))
    said = " ".join(str(fault.orig).split())
    return kind(f"{url}: {said}; {remedy}, then try again")


def lost(fault: BaseException) -> bool:
    """Whether the connection is gone: then a fresh one may find the server again."""
    return isinstance(fault, DBAPIError) and fault.connection_invalidated


def crossed(fault: BaseException) -> bool:
    """Whether another process was in the way: the same again may succeed."""
    if not isinstance(fault, DBAPIError):
        return False
    return getattr(fault.orig, "sqlstate", "") in _CROSSINGS
