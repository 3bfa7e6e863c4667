"""Ledgers from outside: prepared with orders and stations, filled with history, watched.

What is put into the tables directly is what the server would have stored: events with their bytes,
places with their chain, heads, counters. The views and the feed know nothing of such history.
"""

import sqlite3
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import psycopg
from uuid_utils import uuid7

from sync.domain.events import MaterialConsumed, OperatorSignedIn, stamped
from sync.domain.quantity import Quantity
from sync.server import tables
from sync.server.config import LEDGER
from sync.server.database import Database, sqlite_url
from sync.server.rows import insert_rows
from sync.server.tokens import token_hash
from sync.wire import chain, chain_start, encode
from tests.bench import plant
from tests.bench.daemons import connect, server_command
from tests.bench.gauge import BenchError, now

PROJECTED_SECONDS_MAX: Final = 300.0
POLL_SECONDS: Final = 0.02
STATION_COLUMNS: Final = ("station", "token_hash", "work_centers")
OPERATOR: Final = "anna"
HISTORY_STATIONS: Final = 100
FILL_EVENTS: Final = 10_000
RECEIVED_MS: Final = 1_772_000_000_000
_BEHIND: Final = (
    "SELECT (SELECT position FROM head WHERE name = 'event')"
    " - coalesce((SELECT position FROM mark WHERE reader = 'projector'), 0)"
)
_TAKE: Final = b"UPDATE head SET position = position + %s WHERE name = 'event' RETURNING position"
_NOT_PROJECTED: Final = (
    b"INSERT INTO mark (reader, position) SELECT 'projector', position FROM head"
    b" WHERE name = 'event' ON CONFLICT (reader) DO UPDATE SET position = excluded.position"
)
_COPY_EVENTS: Final = (
    b"COPY event (position, id, type, act, station, order_number, body, received_ms) FROM STDIN"
)
_COPY_PLACES: Final = b"COPY place (origin, seq, digest, position) FROM STDIN"


Postgres = psycopg.Connection[tuple[object, ...]]


class _Envelope(msgspec.Struct):
    id: str
    type: str
    act: str = ""
    station: str = ""
    order: str = ""


_envelope: Final = msgspec.json.Decoder(_Envelope).decode


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
    """The bytes of a station's event: first somebody signs in, then it is a lot that was scanned.

    A gram of it each time: so no order is ever given too much.
    """
    lot = MaterialConsumed(
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
    event = lot if number > 1 else OperatorSignedIn()
    return encode(stamped(event, **stamps, n=number, station=station, operator=OPERATOR))


class Watch:
    """How far a ledger's views are behind, asked by one connection from outside."""

    def __init__(self, url: str) -> None:
        self._database: sqlite3.Connection | Postgres
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
        for number in range(HISTORY_STATIONS):
            history = Chain(f"OLD-{number}")
            history.begin(connection)
            share = (
                missing * (number + 1) // HISTORY_STATIONS - missing * number // HISTORY_STATIONS
            )
            for start in range(0, share, FILL_EVENTS):
                bodies = _old(history.station, start, min(FILL_EVENTS, share - start))
                with connection.transaction():
                    history.copy(connection, take_positions(connection, len(bodies)), bodies)
        connection.execute(_NOT_PROJECTED)
        for sql in (b"VACUUM ANALYZE event", b"VACUUM ANALYZE place", b"CHECKPOINT"):
            connection.execute(sql)


def take_positions(connection: Postgres, count: int) -> int:
    """The first of so many positions of the ledger, in an open transaction."""
    (row,) = connection.execute(_TAKE, (count,)).fetchall()
    return int(str(row[0])) - count + 1


def _old(station: str, start: int, count: int) -> list[bytes]:
    return [
        scanned(station, f"{station}-{n // plant.ORDER_EVENTS}", n + 1)
        for n in range(start, start + count)
    ]


class Chain:
    """One origin's log, put straight into the ledger's tables."""

    def __init__(self, station: str) -> None:
        self.origin = uuid.uuid4().hex
        self.station = station
        self.seq, self.digest = 0, chain_start(self.origin)

    def begin(self, connection: Postgres) -> None:
        """Its row of the origins."""
        row = self.origin, self.station, self.digest
        connection.execute(
            b"INSERT INTO origin (origin, station, head_digest) VALUES (%s, %s, %s)", row
        )

    def copy(self, connection: Postgres, position: int, bodies: Sequence[bytes]) -> None:
        """The next events, from a position of the ledger on, in an open transaction."""
        events, places = self._lines(position, bodies)
        with connection.cursor() as cursor:
            for sql, lines in ((_COPY_EVENTS, events), (_COPY_PLACES, places)):
                with cursor.copy(sql) as copy:
                    copy.write("".join(lines))
        connection.execute(
            b"UPDATE origin SET head_seq = %s, head_digest = %s WHERE origin = %s",
            (self.seq, self.digest, self.origin),
        )

    def _lines(self, position: int, bodies: Sequence[bytes]) -> tuple[list[str], list[str]]:
        events, places = [], []
        for at, body in enumerate(bodies, position):
            self.seq, self.digest = self.seq + 1, chain(self.digest, body)
            told = _envelope(body)
            events.append(
                f"{at}\t{told.id}\t{told.type}\t{told.act}\t{told.station}\t{told.order}"
                f"\t\\\\x{body.hex()}\t{RECEIVED_MS}\n"
            )
            places.append(f"{self.origin}\t{self.seq}\t\\\\x{self.digest.hex()}\t{at}\n")
        return events, places
