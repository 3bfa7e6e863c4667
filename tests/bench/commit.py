"""Commit: one scan through the journal, its flushes and its CPU time.

A scan is an act of one event, at DONE of two, with the dialog's memory, answered after the commit.
The floor puts the same rows into the same tables with sqlite3 alone (WAL, FULL). Beside them queues
from PyPI, each made as durable (synchronous = FULL), put, take and acknowledge event by event; the
journal's part there is append, and reading and acknowledging as the exchange does. Rounds alternate.
Goals: at most 1.1 flushes a scan, at most twice the CPU of the bare insert.
"""

import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from shutil import copyfile
from typing import Any, Final, Protocol
from zlib import crc32

from kiosk.dialog.memory import kept
from kiosk.dialog.state import Dialog, Workplace
from kiosk.journal import Journal
from kiosk.journal.files import JOURNAL_NAME
from sync.domain.events import Event, MaterialProduced, stamped
from sync.wire import Mark, Recorded, chain, chain_start, chained
from tests.bench import plant
from tests.bench.flush import Flushes, flushes, inherited
from tests.bench.gauge import (
    MissingError,
    Size,
    goal,
    left_out,
    load,
    median_of_ratios,
    now,
    percentile,
    python,
    result,
    say,
    size_asked,
)

SCANS: Final = {"small": 300, "full": 2_000}
ROUNDS: Final = {"small": 5, "full": 9}
BATCH_EVENTS: Final = 500
FLUSHES_MAX: Final = 1.1
RATIO_MAX: Final = 2.0
SETTLE_SECONDS: Final = 0.4  # the journal tidies up after a quarter of a second without a scan
FULL: Final = "PRAGMA synchronous = FULL"
DIALOG: Final = "dialog"
Act = Sequence[Event]
Stored = Sequence[Sequence[Recorded]]


class Peer(Protocol):
    """A queue on disk."""

    def work(self, body: bytes) -> None:
        """Put, take and acknowledge one event."""

    def close(self) -> None: ...


@dataclass(slots=True)
class Figures:
    """Of each round: microseconds of CPU a unit, flushes a unit; of each unit its wall time."""

    cpus: list[float] = field(default_factory=list)
    flushes: list[float] = field(default_factory=list)
    walls: list[float] = field(default_factory=list)

    def told(self) -> dict[str, float | None]:
        return {
            "cpu_us": round(statistics.median(self.cpus), 1),
            "p50_us": round(statistics.median(self.walls) * 1e6, 1),
            "p99_us": round(percentile(self.walls, 99) * 1e6, 1),
            "flushes": self.flushes_each,
        }

    def forget(self) -> None:
        """Begin again."""
        for values in (self.cpus, self.flushes, self.walls):
            values.clear()

    @property
    def flushes_each(self) -> float | None:
        return round(statistics.fmean(self.flushes), 3) if self.flushes else None


class Meter:
    """Measures rounds, by the unit."""

    def __init__(self, gauge: Flushes | None) -> None:
        self._gauge = gauge

    def round(
        self, figures: Figures, units: Sequence[Any], act: Callable[[Any], Any], settle: float = 0
    ) -> list[Any]:
        """What `act` made of each unit; with the tidying up that follows within `settle`."""
        flushed, cpu, made = self._count(), time.process_time(), []
        for unit in units:
            began = now()
            made.append(act(unit))
            figures.walls.append(now() - began)
        time.sleep(settle)
        figures.cpus.append((time.process_time() - cpu) * 1e6 / len(units))
        if self._gauge:
            figures.flushes.append((self._count() - flushed) / len(units))
        return made

    def _count(self) -> int:
        return self._gauge.count if self._gauge else 0


class BareInsert:
    """The journal's tables, its rows, and nothing else."""

    def __init__(self, empty: Path, file: Path, memory: bytes) -> None:
        copyfile(empty, file)
        self._database = sqlite3.connect(file, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute(FULL)
        self._database.execute("PRAGMA secure_delete = OFF")
        self._memory = memory
        self._seq, self._digest = 0, chain_start("floor")

    def rows(self, stored: Stored) -> list[list[tuple[object, ...]]]:
        """The rows of acts, made beforehand."""
        return [[self._row(record) for record in records] for records in stored]

    def insert(self, rows: list[tuple[object, ...]]) -> None:
        """One act."""
        execute = self._database.execute
        execute("BEGIN IMMEDIATE")
        execute(
            "INSERT INTO kept VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = ?2",
            (DIALOG, self._memory),
        )
        for name, body, crc, seq, digest in rows:
            execute("INSERT INTO event (id, body, crc) VALUES (?, ?, ?)", (name, body, crc))
            execute("INSERT INTO place VALUES ('floor', ?, ?, ?)", (seq, digest, name))
        execute("COMMIT")

    def close(self) -> None:
        self._database.close()

    def _row(self, record: Recorded) -> tuple[object, ...]:
        self._seq, self._digest = self._seq + 1, chain(self._digest, record.body)
        return record.id, record.body, crc32(record.body), self._seq, self._digest


class PersistQueue:
    """persist-queue, whose default is FULL: said again here."""

    def __init__(self, folder: Path) -> None:
        module = import_module("persistqueue")
        self._queue: Any = module.SQLiteAckQueue(str(folder), auto_commit=True)
        for connection in (self._queue._putter, self._queue._getter):
            connection.execute(FULL)

    def work(self, body: bytes) -> None:
        self._queue.put(body)
        self._queue.ack(self._queue.get())

    def close(self) -> None:
        self._queue.close()


class LiteQueue:
    """litequeue, whose default is NORMAL."""

    def __init__(self, folder: Path) -> None:
        module = import_module("litequeue")
        self._queue: Any = module.LiteQueue(folder.with_suffix(".db"))
        self._queue.conn.execute(FULL)

    def work(self, body: bytes) -> None:
        self._queue.put(body.decode())
        self._queue.done(self._queue.pop().message_id)

    def close(self) -> None:
        self._queue.close()


class Huey:
    """huey's SQLite storage: it has no acknowledgement, what is taken is gone."""

    def __init__(self, folder: Path) -> None:
        module = import_module("huey.storage")
        self._queue: Any = module.SqliteStorage(filename=folder.with_suffix(".db"), fsync=True)

    def work(self, body: bytes) -> None:
        self._queue.enqueue(body)
        self._queue.dequeue()

    def close(self) -> None:
        self._queue.close()


PEERS: Final[dict[str, Callable[[Path], Peer]]] = {
    "persist-queue": PersistQueue,
    "litequeue": LiteQueue,
    "huey": Huey,
}


class Bench:
    """The journal and what stands beside it, each with its figures."""

    def __init__(self, folder: Path, gauge: Flushes | None) -> None:
        self.left_out: list[dict[str, str]] = []
        self.scan, self.floor, self.exchanged = Figures(), Figures(), Figures()
        self.peers: dict[str, tuple[Peer, Figures]] = {}
        for name, make in PEERS.items():
            try:
                self.peers[name] = make(folder / name), Figures()
            except ImportError as fault:
                missing = MissingError(name, f"{fault}; pip install {name}")
                self.left_out.append(left_out(missing, name))
        self._meter = Meter(gauge)
        self._memory = kept(
            Dialog(Workplace(plant.STATION), person="anna", order="P-0", operation="10")
        )
        empty = folder / "empty"
        plant.opened(empty).close()
        self._bare = BareInsert(empty / JOURNAL_NAME, folder / "bare.db", self._memory)
        self._journal = plant.opened(folder / "journal")
        time.sleep(SETTLE_SECONDS)

    def round(self, acts: list[Act]) -> None:
        """The same acts by all."""
        stored = self._meter.round(self.scan, acts, self._append, SETTLE_SECONDS)
        self._meter.round(self.floor, self._bare.rows(stored), self._bare.insert)
        bodies = [record.body for records in stored for record in records]
        for peer, figures in self.peers.values():
            self._meter.round(figures, bodies, peer.work)
        batches = -(-len(bodies) // BATCH_EVENTS)
        sent = Figures()
        self._meter.round(sent, range(batches), lambda _: acknowledge(self._journal), 1)
        self._add_exchange(sent, batches, len(acts), len(bodies))

    def close(self) -> None:
        self._journal.close()
        self._bare.close()
        for peer, _ in self.peers.values():
            peer.close()

    def _append(self, events: Act) -> list[Recorded]:
        return self._journal.append(events, {DIALOG: self._memory}).result()

    def _add_exchange(self, sent: Figures, batches: int, scans: int, events: int) -> None:
        """Append, take and acknowledge, an event."""
        for mine, appended, taken in (
            (self.exchanged.cpus, self.scan.cpus, sent.cpus),
            (self.exchanged.flushes, self.scan.flushes, sent.flushes),
        ):
            if taken:
                mine.append((appended[-1] * scans + taken[-1] * batches) / events)


def acknowledge(journal: Journal) -> None:
    """As the exchange does: read a batch, move the mark."""
    batch = journal.unsent(BATCH_EVENTS)
    digest = chained(bytes.fromhex(batch.after.digest), batch.bodies)[-1]
    moved = journal.acknowledge(Mark(batch.after.seq + len(batch.bodies), digest.hex()), "bench")
    assert moved, "the mark is of our own rows"


def acts_of(events: Sequence[Event]) -> list[Act]:
    """Scans: output is booked and produced by one, everything else by one each."""
    acts: list[list[Event]] = []
    for event in events:
        plain = stamped(event, id="", act="", at="")
        if isinstance(event, MaterialProduced):
            acts[-1].append(plain)
        else:
            acts.append([plain])
    return list(acts)


def measure(size: Size, folder: Path, gauge: Flushes | None) -> dict[str, object]:
    """Interleaved rounds; the first, in which all files are young, does not count."""
    wanted, rounds = SCANS[size], ROUNDS[size] + 1
    orders = -(-wanted * 2 * rounds // plant.ORDER_EVENTS)
    acts = acts_of(plant.shifts(orders * plant.ORDER_EVENTS))
    with closing(Bench(folder, gauge)) as bench:
        for number in range(rounds):
            bench.round(acts[number * wanted : (number + 1) * wanted])
            if number == 0:
                for figures in (bench.scan, bench.floor, bench.exchanged, *_of_peers(bench)):
                    figures.forget()
            say(f"round {number} of {rounds - 1}, load {load()}")
        return told(bench, gauge)


def _of_peers(bench: Bench) -> list[Figures]:
    return [figures for _, figures in bench.peers.values()]


def told(bench: Bench, gauge: Flushes | None) -> dict[str, object]:
    """The table and the goals."""
    scan, floor, exchanged = bench.scan, bench.floor, bench.exchanged
    ratio = median_of_ratios(scan.cpus, floor.cpus)
    if gauge is None:
        bench.left_out.append(left_out(MissingError("cc", "apt install gcc libc6-dev"), "flushes"))
    return {
        "scan": scan.told(),
        "bare_insert": floor.told(),
        "cpu_ratio": ratio,
        "p50_ratio": round(statistics.median(scan.walls) / statistics.median(floor.walls), 3),
        "an_event_put_taken_acknowledged": {
            "journal": {
                "cpu_us": round(statistics.median(exchanged.cpus), 1),
                "flushes": exchanged.flushes_each,
            },
            **{name: figures.told() for name, (_, figures) in bench.peers.items()},
        },
        "left_out": bench.left_out,
        "goals": [
            goal("flushes a scan", scan.flushes_each, FLUSHES_MAX),
            goal("CPU of a scan by the bare insert's", ratio, RATIO_MAX),
        ],
    }


def main() -> None:
    size, gauge = size_asked("commit", str(__doc__)), inherited()
    if gauge is None:
        try:
            with flushes() as made, made.over():
                sys.exit(subprocess.run(python("tests.bench.commit", "--size", size)).returncode)
        except MissingError as fault:
            say(f"flushes are not counted: {fault}")
    before = load()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        figures = measure(size, Path(folder), gauge)
    result("commit", size, before, **figures)


if __name__ == "__main__":
    main()
