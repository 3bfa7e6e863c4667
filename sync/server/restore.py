"""The home of the restore: a backup becomes the ledger of a data folder, as a new incarnation.

What is there is never written over: it is moved aside when told so. All is copied in one
transaction, so that a restore that was cut short has restored nothing and may run again.

RestoreError     nothing was restored; the message says why and what to do
"""

import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, delete, func, inspect, select, text
from sqlalchemy import insert as insert_into

from sync.server import tables
from sync.server.alarms import raise_alarm
from sync.server.backup_file import COPIED, BackupFile, Tell
from sync.server.clock import ServerClock
from sync.server.config import ServerConfig
from sync.server.database import Database
from sync.server.engines import engines, told
from sync.server.errors import ServerError
from sync.server.highwater import write_high_water
from sync.server.keys import admin_token_of
from sync.server.projector import Projector
from sync.server.projector_reader import READER
from sync.server.projector_rebuild import SHADOW_READER
from sync.server.rows import insert_rows
from sync.server.schema import newest_revision
from sync.server.settings import new_incarnation
from sync.server.together import PUBLIC_KEY, TLS_PIN
from sync.server.verify import verify

RESTORED: Final = "restored"
ENDING_SECONDS_MAX: Final = 2.0
ENDING_POLL_SECONDS: Final = 0.05
_SERVERS: Final = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND application_name LIKE 'kiosk-server%'"
)
_WAL_SUFFIXES: Final = ("", "-wal", "-shm")
_OWN: Final = frozenset({tables.alarm.c.number})  # the database's own count, which goes on


class RestoreError(ServerError):
    """Nothing was restored."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did; `aside` is where the ledger went that was there before."""

    file: str
    made_ms: int
    events: int
    stations: int
    position: int
    incarnation: str
    aside: str = ""


def restore(
    path: Path, config: ServerConfig, *, replace: bool, tell: Tell, new_keys: bool = False
) -> Restored:
    """Restore a backup, under the data folder's lock.

    The ledger goes on with the keys that its stations know, unless they are lost: `new_keys`.
    Raises `BackupError` for the file, `RestoreError` for the place, `DatabaseError`.
    """
    clock = ServerClock(config.clock_offset)
    with closing(BackupFile(path)) as file:
        manifest = file.manifest
        if manifest is not None and manifest.schema > newest_revision():
            raise RestoreError(f"{path}: made by program {manifest.program}: use that or a newer")
        file.prove(tell)
        aside = _made_room(config, replace=replace, stamp=_stamp(clock))
        database = Database(config.database_url)
        try:
            now = clock.milliseconds()
            incarnation = database.write_now(lambda conn: _fill(conn, file, now, tell))
            if new_keys:
                database.write_now(_forget_keys)
            verdict = verify(database)
            if verdict.bad:
                raise RestoreError(f"{database.url}: {verdict.bad}; look at the disk, try again")
            tell("views", 0, verdict.events)
            Projector(database).catch_up()
            tell("views", verdict.events, verdict.events)
            write_high_water(config.data, database)
            admin_token_of(config.data)  # with it the other commands know the folder
            stations = database.read_now(_stations)
        finally:
            database.close()
        made_ms = manifest.made_ms if manifest else 0
        position = file.position()
    return Restored(str(path), made_ms, verdict.events, stations, position, incarnation, aside)


def _stamp(clock: ServerClock) -> str:
    return clock.now().astimezone(UTC).strftime("%Y%m%d_%H%M%S")


def _made_room(config: ServerConfig, *, replace: bool, stamp: str) -> str:
    """See that nothing is where the ledger goes; where to it was moved, or nothing."""
    engine, _ = engines(config.database_url)
    try:
        if engine.dialect.name == "sqlite":
            assert engine.url.database, "a URL that names no file was refused"
            return _room_in_folder(Path(engine.url.database), replace, stamp)
        told(str(engine.url), lambda: _check_unserved(engine))
        return told(str(engine.url), lambda: _room_in_database(engine, replace, stamp))
    finally:
        engine.dispose()


def _room_in_folder(path: Path, replace: bool, stamp: str) -> str:
    if not path.exists() or _is_empty(path):
        return ""
    if not replace:
        raise RestoreError(
            f"{path}: holds a ledger already; --replace moves it aside, or give another --data"
        )
    aside = path.with_name(f"{path.name}.before-restore-{stamp}")
    for suffix in reversed(_WAL_SUFFIXES):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            shutil.move(beside, aside.with_name(aside.name + suffix))
    return str(aside)


def _is_empty(path: Path) -> bool:
    """Whether a SQLite file holds a ledger in which nothing was ever said; a damaged one does."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            for name in ("event", "station"):
                if connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone():
                    return False
    except sqlite3.Error:
        return path.stat().st_size == 0
    return True


def _check_unserved(engine: Engine) -> None:
    """Raise `RestoreError` where servers are connected; those that just ended get a moment."""
    until = time.monotonic() + ENDING_SECONDS_MAX
    while True:
        with engine.begin() as connection:
            others = int(connection.execute(_SERVERS).scalar_one())
        if not others:
            return
        if time.monotonic() > until:
            raise RestoreError(
                f"{engine.url}: {others} connections of kiosk-server are open to it: stop all"
                " servers and commands of this database first, on every machine"
            )
        time.sleep(ENDING_POLL_SECONDS)


def _room_in_database(engine: Engine, replace: bool, stamp: str) -> str:
    with engine.begin() as connection:
        names = inspect(connection).get_table_names()
        if not names or _says_nothing(connection, names):
            return ""
        if not replace:
            raise RestoreError(
                f"{engine.url}: holds {', '.join(sorted(names)[:5])} …; --replace moves them to a"
                " schema aside, or give another --database"
            )
        schema = f"before_restore_{stamp}"
        connection.execute(text(f"CREATE SCHEMA {schema}"))
        for name in names:
            connection.execute(text(f'ALTER TABLE "{name}" SET SCHEMA {schema}'))
    return f"schema {schema}"


def _says_nothing(connection: Connection, names: list[str]) -> bool:
    """Whether these are a ledger's tables without an event and a station."""
    if not {"event", "station", "alembic_version"} <= set(names):
        return False
    asked = "SELECT EXISTS (SELECT 1 FROM event) OR EXISTS (SELECT 1 FROM station)"
    return not connection.execute(text(asked)).scalar_one()


def _fill(connection: Connection, file: BackupFile, now_ms: int, tell: Tell) -> str:
    """Copy every row into the empty tables; returns the new incarnation."""
    for table in reversed(tables.metadata.sorted_tables):
        connection.execute(delete(table))
    total = file.manifest.rows if file.manifest else {}
    done = 0
    for table in COPIED:
        columns = [name for name in file.columns(table) if table.c[name] not in _OWN]
        for rows in file.rows(table.name, columns) if columns else ():
            insert_rows(connection, table, columns, rows)
            done += len(rows)
            tell("restored", done, sum(total.values()))
    _begin_anew(connection)
    incarnation = new_incarnation(connection)
    made = f", made {_moment(file.manifest.made_ms)}" if file.manifest else ""
    words = f"restored from {file.path.name}{made}; stations send again what it lacks"
    raise_alarm(connection, RESTORED, words, now_ms, subject=incarnation)
    return incarnation


def _begin_anew(connection: Connection) -> None:
    """The views and the feed are made again, and no backup is promised yet."""
    head, mark, origin = tables.head, tables.mark, tables.origin
    connection.execute(delete(head).where(head.c.name.startswith("feed")))
    connection.execute(insert_into(head).values(name="feed", position=0))
    connection.execute(delete(mark).where(mark.c.reader.in_((READER, SHADOW_READER))))
    connection.execute(origin.update().values(safe=0))


def _forget_keys(connection: Connection) -> int:
    """The first server to start says which keys stations are to know it by."""
    table = tables.setting
    names = [f"{name}{what}" for name in (PUBLIC_KEY, TLS_PIN) for what in ("", "_folder")]
    return connection.execute(delete(table).where(table.c.name.in_(names))).rowcount


def _stations(connection: Connection) -> int:
    found = select(func.count()).select_from(tables.station)
    return int(connection.execute(found).scalar_one())


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
