"""The floor under the ledger: one table of events in columns, one transaction a batch, one connection.

Each place is stored once, and how far an origin got is kept beside. A batch is a JSON array of
events, of which SQLite takes decoded rows and PostgreSQL the array itself.
"""

import sqlite3
from pathlib import Path
from typing import Final, Protocol

import msgspec
import psycopg
from msgspec.structs import astuple

NUMBERS: Final = ("n", "mono")
COLUMNS: Final = (
    "id", "type", "n", "act", "at", "boot", "mono", "station", "operator", "order", "operation",
    "material", "lot",
)  # fmt: skip
NAMES: Final = ", ".join(f'"{name}"' for name in COLUMNS)
KINDS: Final = ", ".join(f'"{name}" {"int8" if name in NUMBERS else "text"}' for name in COLUMNS)
_TABLE: Final = f"(position %s PRIMARY KEY, origin TEXT, seq INTEGER, {KINDS})"
_INDEX: Final = "CREATE UNIQUE INDEX place ON event(origin, seq)"
_HEAD: Final = "CREATE TABLE head(origin TEXT PRIMARY KEY, seq INTEGER)"
_INSERT_ROW: Final = (
    f"INSERT INTO event(origin, seq, {NAMES}) VALUES (?, ?{', ?' * len(COLUMNS)})"
    " ON CONFLICT DO NOTHING"
)
_RAISE: Final = (
    "INSERT INTO head VALUES (?1, ?2) ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)"
)
_INSERT_ARRAY: Final = (
    f"INSERT INTO event(origin, seq, {NAMES})"
    f" SELECT %s, row + %s - 1, {NAMES}"
    f" FROM ROWS FROM (json_to_recordset(%s::json) AS ({KINDS}))"
    f" WITH ORDINALITY AS sent({NAMES}, row) ON CONFLICT DO NOTHING"
)
_RAISE_SHARED: Final = (
    "INSERT INTO head VALUES (%s, %s)"
    " ON CONFLICT (origin) DO UPDATE SET seq = greatest(head.seq, excluded.seq)"
)


class BareTable(Protocol):
    """Where batches end."""

    def store(self, origin: str, first: int, body: bytes) -> int:
        """Commit the events of an origin from a seq on; how far it got."""

    def close(self) -> None: ...


class Row(msgspec.Struct):
    """What is kept of an event, in columns."""

    id: str
    type: str
    n: int = 0
    act: str = ""
    at: str = ""
    boot: str = ""
    mono: int = 0
    station: str = ""
    operator: str = ""
    order: str = ""
    operation: str = ""
    material: str = ""
    lot: str = ""


_decode: Final = msgspec.json.Decoder(list[Row]).decode


class SqliteTable:
    """A new file, WAL, synchronous=FULL."""

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        for statement in ("CREATE TABLE event" + _TABLE % "INTEGER", _INDEX, _HEAD):
            self._database.execute(statement)

    def store(self, origin: str, first: int, body: bytes) -> int:
        events = _decode(body)
        rows = [(origin, seq, *astuple(event)) for seq, event in enumerate(events, first)]
        have = first + len(rows) - 1
        database = self._database
        database.execute("BEGIN IMMEDIATE")
        database.executemany(_INSERT_ROW, rows)
        database.execute(_RAISE, (origin, have))
        database.execute("COMMIT")
        return have

    def close(self) -> None:
        self._database.close()


class PostgreSqlTable:
    """An empty database."""

    def __init__(self, url: str) -> None:
        self._database = psycopg.connect(url.replace("+psycopg", ""))
        identity = "int8 GENERATED ALWAYS AS IDENTITY"
        for statement in ("CREATE TABLE event" + _TABLE % identity, _INDEX, _HEAD):
            self._database.execute(statement.encode())
        self._database.commit()

    def store(self, origin: str, first: int, body: bytes) -> int:
        stored = self._database.execute(_INSERT_ARRAY.encode(), (origin, first, body.decode()))
        have = first + stored.rowcount - 1
        self._database.execute(_RAISE_SHARED.encode(), (origin, have))
        self._database.commit()
        return have

    def close(self) -> None:
        self._database.close()
