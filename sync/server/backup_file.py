"""The home of the backup file: the ledger's own tables in one SQLite file, whatever database it is.

A file from SQLite restores into PostgreSQL and the other way round. Its manifest says when and of
what it was made, and digests every row. It holds no secret in clear: no key, no admin token, no
enrolment code, no session; of tokens and keys only the SHA-256, of passwords the Argon2id.

BackupError      a file cannot be written, read or proved; the message names it and the next step
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import msgspec
from sqlalchemy import Connection, Table, create_engine, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex, CreateTable

from sync.server import tables
from sync.server.clock_tables import station_clock, station_told
from sync.server.drawing_tables import drawing, drawing_part
from sync.server.errors import ServerError
from sync.server.interface_tables import repeated, webhook
from sync.server.people_tables import account, api_key, audit
from sync.server.settings import INCARNATION, setting
from sync.server.verify import verify

COPIED: Final[tuple[Table, ...]] = (
    tables.event,
    tables.place,
    tables.origin,
    tables.gap,
    tables.alarm,
    tables.station,
    tables.station_token,
    tables.setting,
    tables.head,
    tables.mark,
    station_clock,
    station_told,
    drawing,
    drawing_part,
    account,
    api_key,
    audit,
    repeated,
    webhook,
)
FORMAT: Final = 1
APPLICATION: Final = 0x4B424B31  # "KBK1"
SLICE_ROWS_MAX: Final = 2_000
_DIGESTS: Final = 2**256
_DIALECT: Final = sqlite.dialect()
_row: Final = msgspec.msgpack.Encoder()

T = TypeVar("T")
Tell = Callable[[str, int, int], None]
"""Told of each slice: what is done, how many rows of how many. May raise to give up."""


class BackupError(ServerError):
    """Operating trouble with a backup file."""


class Manifest(msgspec.Struct, frozen=True):
    """What a backup file says of itself; `digest` covers every row and the rest of this."""

    made_ms: int
    program: str
    schema: str
    incarnation: str
    position: int
    origins: dict[str, int]
    rows: dict[str, int]
    format: int = FORMAT
    digest: str = ""


class Content:
    """The digest of rows in any order: the sum of their digests."""

    def __init__(self) -> None:
        self._sum = 0

    def add(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        start = hashlib.sha256(table.encode())
        for row in rows:
            one = start.copy()
            one.update(_row.encode(tuple(row)))
            self._sum += int.from_bytes(one.digest())

    def digest(self, manifest: Manifest) -> str:
        """The digest of all rows and of what the manifest says beside it."""
        said = msgspec.json.encode(msgspec.structs.replace(manifest, digest=""))
        return hashlib.sha256((self._sum % _DIGESTS).to_bytes(32) + said).hexdigest()


def write_backup(
    connection: Connection, path: Path, made_ms: int, program: str, schema: str, tell: Tell
) -> Manifest:
    """Copy the ledger, as this read sees it, into an empty file; raises `BackupError`."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as file:
            # A file that is not whole has no name yet, so it needs no journal of its own.
            for pragma in ("journal_mode=OFF", "synchronous=OFF", f"application_id={APPLICATION}"):
                file.execute(f"PRAGMA {pragma}")
            file.execute("BEGIN")
            manifest = _write_all(connection, file, made_ms, program, schema, tell)
            file.execute("COMMIT")
    except sqlite3.Error as fault:
        raise BackupError(f"{path}: {fault}; make room, or give another --to") from None
    return manifest


def _write_all(
    connection: Connection,
    file: sqlite3.Connection,
    made_ms: int,
    program: str,
    schema: str,
    tell: Tell,
) -> Manifest:
    counts = {table.name: _count(connection, table) for table in COPIED}
    content, total, done = Content(), sum(counts.values()), 0
    for table in COPIED:
        file.execute(str(CreateTable(table).compile(dialect=_DIALECT)))
        signs = ", ".join("?" * len(table.columns))
        for rows in _slices(connection, table):
            file.executemany(f"INSERT INTO {table.name} VALUES ({signs})", rows)
            content.add(table.name, rows)
            done += len(rows)
            tell("copied", done, total)
    for index in tables.place.indexes:  # what the proof looks up
        file.execute(str(CreateIndex(index).compile(dialect=_DIALECT)))
    made = Manifest(
        made_ms=made_ms,
        program=program,
        schema=schema,
        incarnation=setting(connection, INCARNATION),
        position=_position(connection),
        origins={origin: seq for origin, seq, _ in sorted(heads(connection))},
        rows=counts,
    )
    made = msgspec.structs.replace(made, digest=content.digest(made))
    file.execute("CREATE TABLE manifest (manifest TEXT NOT NULL)")
    file.execute("INSERT INTO manifest VALUES (?)", (msgspec.json.encode(made).decode(),))
    return made


def seen(path: Path, asked: Callable[[Path], bool]) -> bool:
    """What a question to a path answers, such as `Path.is_file`; raises `BackupError`."""
    try:
        return asked(path)
    except OSError as fault:  # a name that is too long, a folder that may not be looked into
        raise BackupError(f"{str(path)[:200]}: {fault.strerror}; name another place") from None


class BackupFile:
    """A backup, or a copy of a SQLite ledger, opened to be read only."""

    def __init__(self, path: Path) -> None:
        """Raises `BackupError` for a file that is none of ours."""
        self.path = path
        if not seen(path, Path.is_file):
            raise BackupError(f"{path}: no such file; name a backup")
        # Nothing writes a finished backup; a copied ledger may have its last commits beside it.
        alone = not path.with_name(f"{path.name}-wal").exists()
        uri = f"file:{quote(str(path.absolute()))}?mode=ro{'&immutable=1' if alone else ''}"
        self._engine = create_engine(
            "sqlite://",
            creator=lambda: sqlite3.connect(uri, uri=True, check_same_thread=False),
        )
        names = self.read_now(_table_names)
        if not {"event", "place", "origin", "setting"} <= names:
            raise BackupError(f"{path}: no backup of a floor server; name another file")
        self.manifest = self.read_now(_manifest) if "manifest" in names else None

    def close(self) -> None:
        self._engine.dispose()

    def read_now(self, act: Callable[[Connection], T]) -> T:
        """As `Database.read_now`; raises `BackupError`."""
        try:
            with self._engine.begin() as connection:
                return act(connection)
        except DBAPIError as fault:
            raise BackupError(f"{self.path}: {fault.orig}; use another backup") from None
        except (msgspec.DecodeError, UnicodeError) as fault:
            raise BackupError(f"{self.path}: damaged: {fault}; use another backup") from None

    def prove(self, tell: Tell) -> None:
        """Make every digest and chain again; raises `BackupError` with the first that is wrong."""
        if self.manifest is not None:
            if self.manifest.format > FORMAT:
                raise BackupError(f"{self.path}: of a newer program; use the newer program")
            self._prove_content(self.manifest, tell)
        verdict = verify(self)
        if verdict.bad:
            raise BackupError(f"{self.path}: {verdict.bad}; use another backup")

    def heads(self) -> list[tuple[str, int, bytes]]:
        """How far the file holds each origin, and the digest there."""
        return self.read_now(heads)

    def incarnation(self) -> str:
        """Which ledger the file was made of."""
        return self.read_now(lambda conn: setting(conn, INCARNATION))

    def position(self) -> int:
        """The ledger's last position in the file."""
        return self.read_now(_position)

    def columns(self, table: Table) -> list[str]:
        """The columns that both the table and the file have; none if the file is older than it."""
        asked = f"PRAGMA table_info({table.name})"
        there = self.read_now(lambda conn: conn.exec_driver_sql(asked).fetchall())
        return [row[1] for row in there if row[1] in table.c]

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[list[tuple[Any, ...]]]:
        """A table's rows in slices; raises `BackupError`."""
        asked = f"SELECT {', '.join(columns)} FROM {table}"
        try:
            with self._engine.begin() as connection:
                found = connection.exec_driver_sql(asked)
                while rows := found.fetchmany(SLICE_ROWS_MAX):
                    yield [tuple(row) for row in rows]
        except DBAPIError as fault:
            raise BackupError(f"{self.path}: {fault.orig}; use another backup") from None

    def _prove_content(self, manifest: Manifest, tell: Tell) -> None:
        content, done, total = Content(), 0, sum(manifest.rows.values())
        for name in manifest.rows:
            if not name.isidentifier():
                raise BackupError(f"{self.path}: damaged: a table {name!r}; use another backup")
            for rows in self.rows(name, "*"):
                content.add(name, rows)
                done += len(rows)
                tell("proved", done, total)
        if content.digest(manifest) != manifest.digest:
            raise BackupError(
                f"{self.path}: the rows are not those that were written; use another backup"
            )


def heads(connection: Connection) -> list[tuple[str, int, bytes]]:
    """How far each origin is held, and the digest there."""
    table = tables.origin
    columns = select(table.c.origin, table.c.head_seq, table.c.head_digest)
    return [(row[0], row[1], bytes(row[2])) for row in connection.execute(columns)]


def _position(connection: Connection) -> int:
    return int(connection.execute(select(func.max(tables.event.c.position))).scalar() or 0)


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _slices(connection: Connection, table: Table) -> Iterator[list[tuple[Any, ...]]]:
    asked = select(table).execution_options(stream_results=True, max_row_buffer=SLICE_ROWS_MAX)
    for rows in connection.execute(asked).partitions(SLICE_ROWS_MAX):
        yield [tuple(row) for row in rows]


def _table_names(connection: Connection) -> set[str]:
    found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {row[0] for row in found}


def _manifest(connection: Connection) -> Manifest:
    text = connection.exec_driver_sql("SELECT manifest FROM manifest").scalar_one()
    return msgspec.json.decode(text, type=Manifest)
