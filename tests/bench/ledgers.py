"""Ledgers from outside: prepared with orders and stations, filled with history, watched.

What is put into the tables directly is what the server would have stored: events with their bytes,
places with their chain, heads, counters. The views and the feed know nothing of such history.
"""

import sqlite3
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from uuid_utils import uuid7

from sync.domain.events import MaterialConsumed, stamped
from sync.domain.quantity import Quantity
from sync.server import tables
from sync.server.config import LEDGER
from sync.server.database import Database, insert_rows, sqlite_url
from sync.server.tokens import token_hash
from sync.wire import chain, chain_start, encode
from tests.bench import plant
from tests.bench.daemons import connect, server_command
from tests.bench.gauge import BenchError, now

PROJECTED_SECONDS_MAX: Final = 300.0
POLL_SECONDS: Final = 0.02
STATION_COLUMNS: Final = ("station", "token_hash", "work_centers")
HISTORY_STATIONS: Final = 100
FILL_EVENTS: Final = 10_000
RECEIVED_MS: Final = 1_772_000_000_000
_BEHIND: Final = (
    "SELECT (SELECT position FROM head WHERE name = 'event')"
    " - coalesce((SELECT position FROM mark WHERE reader = 'projector'), 0)"
)
_COPY_EVENTS: Final = (
    b"COPY event (position, id, type, act, station, order_number, body, received_ms) FROM STDIN"
)
_COPY_PLACES: Final = b"COPY place (origin, seq, digest, position) FROM STDIN"


@dataclass(frozen=True, slots=True)
class Identity:
    """An enrolled station that nobody has heard yet."""

    station: str
    token: str
    origin: str


def ledger_url(data: Path, database: str = "") -> str:
    """Where the server of a data folder keeps its ledger."""
    return database or sqlite_url(data / LEDGER)


def prepare(data: Path, database: str, orders: int, stations: int) -> list[Identity]:
    """A ledger with so many released orders and enrolled stations, made without a server."""
    factory = data.with_name(f"{data.name}-factory")
    plant.write_factory(factory, orders)
    words = ("--database", database) if database else ()
    server_command("import", "--data", str(data), *words, str(factory))
    made = [Identity(f"S-{n}", uuid.uuid4().hex, uuid.uuid4().hex) for n in range(stations)]
    rows = [(one.station, token_hash(one.token), plant.WORK_CENTER) for one in made]
    ledger = Database(ledger_url(data, database))
    try:
        ledger.write_now(lambda conn: insert_rows(conn, tables.station, STATION_COLUMNS, rows))
    finally:
        ledger.close()
    return made


def scanned(station: str, order: str, number: int) -> bytes:
    """The bytes of a lot that was scanned, a gram of it: so no order is ever given too much."""
    event = MaterialConsumed(
        order=order,
        operation="10",
        work_center=plant.WORK_CENTER,
        material="PART-1",
        lot="L-1",
        quantity=Quantity("0.001", "KGM"),
        line="2",
    )
    name = str(uuid7())
    stamps = {"id": name, "act": name, "at": plant.AT, "boot": "bench", "mono": number}
    return encode(stamped(event, **stamps, n=number, station=station, operator="anna"))


class Watch:
    """How far a ledger's views are behind, asked by one connection from outside."""

    def __init__(self, url: str) -> None:
        self._database: sqlite3.Connection | psycopg.Connection[tuple[object, ...]]
        if url.startswith("sqlite"):
            file = Path(url.removeprefix("sqlite:///")).as_uri()
            self._database = sqlite3.connect(f"{file}?mode=ro", uri=True, timeout=30)
        else:
            self._database = connect(url)

    def behind(self) -> int:
        """How many events of the ledger the views do not hold."""
        database = self._database
        if isinstance(database, sqlite3.Connection):
            return int(database.execute(_BEHIND).fetchone()[0])
        (row,) = database.execute(_BEHIND.encode()).fetchall()
        return int(str(row[0]))

    def await_projected(self) -> None:
        """Wait until the views hold all events."""
        end = now() + PROJECTED_SECONDS_MAX
        while left := self.behind():
            if now() > end:
                raise BenchError(f"{left} events were not projected in {PROJECTED_SECONDS_MAX:g} s")
            time.sleep(POLL_SECONDS)

    def close(self) -> None:
        self._database.close()


def rows_of(url: str) -> int:
    """How many events a PostgreSQL ledger holds."""
    with connect(url) as connection:
        row = connection.execute(b"SELECT count(*) FROM event").fetchone()
        assert row, "a count has a row"
        return int(str(row[0]))


def fill(url: str, rows: int) -> None:
    """Put history into a PostgreSQL ledger that nobody serves, up to so many events in all."""
    missing = rows - rows_of(url)
    with connect(url) as connection:
        found = connection.execute(b"SELECT position FROM head WHERE name = 'event'").fetchone()
        assert found, "the counter is made with the tables"
        position = int(str(found[0]))
        for origin in _origins(-(-missing // HISTORY_STATIONS), missing):
            position = origin.copy(connection, position)
        with connection.transaction():
            for sql in (
                b"UPDATE head SET position = %s WHERE name = 'event'",
                b"UPDATE mark SET position = %s WHERE reader = 'projector'",
            ):
                connection.execute(sql, (position,))
        for sql in (b"VACUUM ANALYZE event", b"VACUUM ANALYZE place", b"CHECKPOINT"):
            connection.execute(sql)


class _History:
    """One origin's events, straight into the tables."""

    def __init__(self, number: int, events: int) -> None:
        self.name = uuid.uuid4().hex
        self._station = f"OLD-{number}"
        self._events = events
        self._seq, self._digest = 0, chain_start(self.name)

    def copy(self, connection: "psycopg.Connection[tuple[object, ...]]", position: int) -> int:
        """Store all of it behind a position; the last position then."""
        while self._seq < self._events:
            count = min(FILL_EVENTS, self._events - self._seq)
            events, places = self._lines(position, count)
            with connection.transaction(), connection.cursor() as cursor:
                for sql, lines in ((_COPY_EVENTS, events), (_COPY_PLACES, places)):
                    with cursor.copy(sql) as copy:
                        copy.write("".join(lines))
            position += count
        connection.execute(
            b"INSERT INTO origin (origin, station, head_seq, head_digest) VALUES (%s, %s, %s, %s)",
            (self.name, self._station, self._seq, self._digest),
        )
        return position

    def _lines(self, position: int, count: int) -> tuple[list[str], list[str]]:
        events, places = [], []
        for at in range(position + 1, position + count + 1):
            self._seq += 1
            order = f"OLD-{at // plant.ORDER_EVENTS}"
            body = scanned(self._station, order, self._seq)
            self._digest = chain(self._digest, body)
            name = body[body.index(b'"id":"') + 6 :][:36].decode()
            events.append(
                f"{at}\t{name}\tMaterialConsumed\t{name}\t{self._station}\t{order}"
                f"\t\\\\x{body.hex()}\t{RECEIVED_MS}\n"
            )
            places.append(f"{self.name}\t{self._seq}\t\\\\x{self._digest.hex()}\t{at}\n")
        return events, places


def _origins(events_each: int, events: int) -> Iterator[_History]:
    for number, start in enumerate(range(0, events, max(1, events_each))):
        yield _History(number, min(events_each, events - start))
