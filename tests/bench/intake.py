"""The intake without HTTP: batches of 500 into PostgreSQL, and what one bare connection does there.

In rounds that alternate: the ledger under its rules; a connection that stores the same rows with the
same chain, ids looked up, positions from the counter, readers notified; and the fastest of all, a
connection that hands the array over to one table of columns with one unique index.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from typing import Final, Protocol

import psycopg

from sync.server.clock import ServerClock
from sync.server.database import Database
from sync.server.ledger import Ledger
from sync.wire import Mark, PushHeader, chain_start, chained
from tests.bench.bare_tables import PostgreSqlTable
from tests.bench.daemons import PostgreSql
from tests.bench.gauge import Size, median_of_ratios, now
from tests.bench.ledgers import Chain, scanned, take_positions

BATCH_EVENTS: Final = 500
EVENTS: Final = {"small": 5_000, "full": 20_000}
ROUNDS: Final = {"small": 5, "full": 9}
MICROS: Final = 1e6


class Intake(Protocol):
    """Where batches go."""

    def store(self, bodies: Sequence[bytes]) -> None:
        """Commit one batch."""

    def close(self) -> None: ...


class OfLedger:
    """The product's."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)
        self._ledger = Ledger(self._database, ServerClock(0.0))
        self._chain = Chain("S-0")
        self._start = Mark(1, chain_start(self._chain.origin).hex())

    def store(self, bodies: Sequence[bytes]) -> None:
        chain = self._chain
        header = PushHeader(Mark(chain.seq, chain.digest.hex()), self._start)
        outcome = self._ledger.receive_now(chain.origin, chain.station, header, bodies)
        chain.digest = chained(chain.digest, bodies)[-1]
        chain.seq += len(bodies)
        assert outcome.have.seq == chain.seq, outcome

    def close(self) -> None:
        self._database.close()


class SameRows:
    """One bare connection that stores what the ledger stores."""

    def __init__(self, url: str) -> None:
        Database(url).close()  # its tables
        self._connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        self._chain = Chain("S-0")
        self._chain.begin(self._connection)

    def store(self, bodies: Sequence[bytes]) -> None:
        connection = self._connection
        ids = [body[body.index(b'"id":"') + 6 :][:36].decode() for body in bodies]
        with connection.transaction():
            known = connection.execute(b"SELECT id FROM event WHERE id = ANY(%s)", (ids,))
            assert not known.fetchall(), "ids are new"
            connection.execute(b"SELECT pg_notify('kiosk', 'appended')")
            self._chain.copy(connection, take_positions(connection, len(bodies)), bodies)

    def close(self) -> None:
        self._connection.close()


class OneTable:
    """One bare connection into one table of columns."""

    def __init__(self, url: str) -> None:
        self._table = PostgreSqlTable(url)
        self._seq = 0

    def store(self, bodies: Sequence[bytes]) -> None:
        self._seq = self._table.store("bench", self._seq + 1, b"[" + b",".join(bodies) + b"]")

    def close(self) -> None:
        self._table.close()


KINDS: Final[dict[str, Callable[[str], Intake]]] = {
    "ledger": OfLedger,
    "same_rows": SameRows,
    "one_table": OneTable,
}


def ingest(size: Size, shared: PostgreSql) -> dict[str, object]:
    """Events a second, and CPU of this process and of PostgreSQL, of each."""
    cpus: dict[str, list[float]] = {name: [] for name in KINDS}
    rates: dict[str, list[float]] = {name: [] for name in KINDS}
    with ExitStack() as stack:
        databases = {name: stack.enter_context(shared.database()) for name in KINDS}
        ends = {
            name: stack.enter_context(closing(kind(databases[name])))
            for name, kind in KINDS.items()
        }
        for number in range(ROUNDS[size] + 1):
            bodies = [scanned("S-0", "P-0", n + 1) for n in range(EVENTS[size])]
            for name, end in ends.items():
                cpu, rate = _stored(end, bodies, shared)
                if number:  # the first warms up
                    cpus[name].append(cpu)
                    rates[name].append(rate)
    shares = {
        f"share_by_{by}_of_{name}": ratio
        for name in ("same_rows", "one_table")
        for by, ratio in (
            ("cpu", median_of_ratios(cpus[name], cpus["ledger"])),
            ("rate", median_of_ratios(rates["ledger"], rates[name])),
        )
    }
    return {
        "batch_events": BATCH_EVENTS,
        "cpu_us": {name: round(statistics.median(of), 2) for name, of in cpus.items()},
        "events_a_second": {name: round(statistics.median(of)) for name, of in rates.items()},
        **shares,
    }


def _stored(end: Intake, bodies: list[bytes], shared: PostgreSql) -> tuple[float, float]:
    """(CPU an event in microseconds, events a second)."""
    cpu, theirs, began = time.process_time(), shared.cpu, now()
    for start in range(0, len(bodies), BATCH_EVENTS):
        end.store(bodies[start : start + BATCH_EVENTS])
    seconds = now() - began
    spent = time.process_time() - cpu + shared.cpu - theirs
    return spent * MICROS / len(bodies), len(bodies) / seconds
