"""Drain: a station's full journal goes to the server; CPU time an event, client and server.

The real client with the real journal against the real server on SQLite, in rounds that alternate
with bare HTTP batches into SQLite. The server's projector works beside the intake: how much is left
to it when the last event is acknowledged, and what each thread then takes, tells its part apart.
Goals: client and server without projector at most 1.5 times the floor's CPU; projector at most 40 us
an event.
"""

import json
import math
import signal
import sqlite3
import statistics
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path
from shutil import copytree
from typing import Final

import httpx

from kiosk.journal import Journal
from sync.client import SyncClient, enrol
from sync.server.config import LEDGER
from tests.bench import plant
from tests.bench.gauge import (
    REPOSITORY,
    BenchError,
    Size,
    cpu_of_threads,
    cpu_seconds,
    load,
    now,
    python,
    result,
    say,
    size_asked,
)

EVENTS: Final = {"small": 20_000, "full": 100_000}
ROUNDS: Final = {"small": 3, "full": 5}
FLOOR_BATCH_EVENTS: Final = 1_000
COMMAND_SECONDS_MAX: Final = 120.0
PROJECTED_SECONDS_MAX: Final = 300.0
LEFT_SHARE_MIN: Final = 0.05
POLL_SECONDS: Final = 0.02
Round = dict[str, float]


class Daemon:
    """A server process that says READY and its address."""

    def __init__(self, command: list[str], log: Path) -> None:
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        assert self._process.stdout
        word, _, self.url = self._process.stdout.readline().strip().partition(" ")
        if word != "READY":
            self.stop()
            raise BenchError(f"{' '.join(command)} did not start: {log.read_text()[-1_500:]}")

    @property
    def threads(self) -> dict[int, float]:
        """CPU seconds so far of each thread."""
        return cpu_of_threads(self._process.pid)

    @property
    def cpu(self) -> float:
        """CPU seconds so far."""
        return cpu_seconds(self._process.pid)

    def stop(self) -> None:
        """End it, by force if asking is not enough."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()


def product_round(folder: Path, filled: Path, events: int) -> Round:
    """A fresh server with the orders, a copy of the filled journal, all of it pushed and viewed."""
    data = folder / "server"
    plant.write_factory(folder / "factory", events // plant.ORDER_EVENTS)
    command("import", "--data", str(data), str(folder / "factory"))
    server = Daemon(python("sync.server", "serve", "--data", str(data), "--port", "0"),
                    folder / "server.log")  # fmt: skip
    journal = plant.opened(Path(copytree(filled, folder / "station")))
    try:
        client = enrolled_client(server, data, journal)
        return drained(server, client, journal, data / LEDGER, events)
    finally:
        journal.close()
        server.stop()


def enrolled_client(server: Daemon, data: Path, journal: Journal) -> SyncClient:
    """The station enrolled, its client greeted: both ends are warm."""
    words = ["--station", plant.STATION, "--work-centers", plant.WORK_CENTER, "--json"]
    said = command("enrol", "--data", str(data), *words)
    code = json.loads(said.splitlines()[-1])["code"]
    granted = enrol(server.url, code, origin=journal.origin, machine="bench")
    client = SyncClient(
        server.url,
        granted.token,
        journal,
        lambda _status: None,
        lambda _records: None,
        public_key=granted.public_key,
    )
    client.push()
    return client


def command(*words: str) -> str:
    """What a command of the server prints."""
    done = subprocess.run(
        python("sync.server", *words),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_SECONDS_MAX,
    )
    if done.returncode:
        raise BenchError(f"{words[0]}: {done.stderr or done.stdout}")
    return done.stdout


def drained(
    server: Daemon, client: SyncClient, journal: Journal, ledger: Path, events: int
) -> Round:
    """Microseconds of CPU an event, from the first push until the views hold all."""
    await_projected(ledger)
    ours, begun, began = time.process_time(), server.threads, now()
    while journal.waiting():
        client.push()
    seconds = now() - began
    ours, pushed, left = time.process_time() - ours, server.threads, behind(ledger)
    await_projected(ledger)
    client.stop()
    during, after = _spent(begun, pushed), _spent(pushed, server.threads)
    projector = _projector(during, after, left / events)
    micros = 1e6 / events
    whole = sum(during.values()) + sum(after.values())
    return {
        "client": ours * micros,
        "server": (whole - projector) * micros,
        "both": (ours + whole - projector) * micros,
        "projector": projector * micros,
        "left_to_projector": left,
        "events_a_second": events / seconds,
    }


def _spent(before: dict[int, float], then: dict[int, float]) -> dict[int, float]:
    return {thread: cpu - before.get(thread, 0.0) for thread, cpu in then.items()}


def _projector(during: dict[int, float], after: dict[int, float], left: float) -> float:
    """CPU seconds of the projector: all that its own thread took, and its part of the writer's.

    Once all is pushed it works alone, which tells its thread and, for the share `left` of all
    events, what it costs in the others.
    """
    if left < LEFT_SHARE_MIN:
        return float("nan")
    own = max(after, key=lambda thread: after[thread])
    elsewhere = sum(after.values()) - after[own]
    return during[own] + after[own] + elsewhere / left


def await_projected(ledger: Path) -> None:
    """Wait until the views hold all events."""
    end = now() + PROJECTED_SECONDS_MAX
    while left := behind(ledger):
        if now() > end:
            raise BenchError(f"{left} events were not projected in {PROJECTED_SECONDS_MAX:g} s")
        time.sleep(POLL_SECONDS)


def behind(ledger: Path) -> int:
    """How many events of the ledger the views do not hold."""
    with closing(sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True, timeout=30)) as database:
        rows = database.execute(
            "SELECT position FROM head WHERE name = 'event' UNION ALL"
            " SELECT position FROM mark WHERE reader = 'projector'"
        ).fetchall()
    return int(rows[0][0]) - int(rows[1][0]) if len(rows) == 2 else int(rows[0][0])


def floor_round(folder: Path, bodies: list[bytes]) -> Round:
    """The same bytes in batches, by one HTTP client that notes in SQLite how far it got."""
    server = Daemon(python("tests.bench.bare_server", str(folder / "bare.db")), folder / "bare.log")
    try:
        with (
            closing(_outbox(folder / "outbox.db", bodies)) as outbox,
            httpx.Client(base_url=server.url, timeout=30) as client,
        ):
            return _sent(server, client, outbox, len(bodies))
    finally:
        server.stop()


def _outbox(file: Path, bodies: list[bytes]) -> sqlite3.Connection:
    outbox = sqlite3.connect(file, isolation_level=None)
    outbox.execute("PRAGMA journal_mode = WAL")
    outbox.execute("CREATE TABLE event(seq INTEGER PRIMARY KEY, body BLOB)")
    outbox.execute("CREATE TABLE mark(seq INTEGER)")
    outbox.execute("INSERT INTO mark VALUES (0)")
    outbox.execute("BEGIN")
    outbox.executemany("INSERT INTO event(body) VALUES (?)", ((body,) for body in bodies))
    outbox.execute("COMMIT")
    outbox.execute("PRAGMA synchronous = FULL")
    return outbox


def _sent(server: Daemon, client: httpx.Client, outbox: sqlite3.Connection, events: int) -> Round:
    warm = b'[{"type":"OperatorSignedIn","id":"warm"}]'
    client.post("/warm/1", content=warm).raise_for_status()
    ours, theirs, began, sent = time.process_time(), server.cpu, now(), 0
    while sent < events:
        rows = outbox.execute(
            "SELECT body FROM event WHERE seq > ? ORDER BY seq LIMIT ?", (sent, FLOOR_BATCH_EVENTS)
        ).fetchall()
        content = b"[" + b",".join(body for (body,) in rows) + b"]"
        answer = client.post(f"/bench/{sent + 1}", content=content)
        sent = answer.raise_for_status().json()["have"]
        outbox.execute("UPDATE mark SET seq = ?", (sent,))
    seconds, micros = now() - began, 1e6 / events
    ours, theirs = (time.process_time() - ours) * micros, (server.cpu - theirs) * micros
    return {
        "client": ours,
        "server": theirs,
        "both": ours + theirs,
        "events_a_second": events / seconds,
    }


def measure(size: Size, folder: Path) -> dict[str, object]:
    """Interleaved rounds; medians of each figure, and of the rounds' ratios."""
    events = EVENTS[size]
    filled = folder / "filled"
    journal = plant.opened(filled)
    plant.append(journal, plant.shifts(events))
    bodies = [record.body for _, record in journal.replay()]
    journal.close()
    product, floor = [], []
    for number in range(ROUNDS[size]):
        here = folder / f"round-{number}"
        here.mkdir()
        floor.append(floor_round(here, bodies))
        product.append(product_round(here, filled, events))
        say(f"round {number + 1} of {ROUNDS[size]}, load {load()}")
    return {
        "events": events,
        "bytes_an_event": round(sum(map(len, bodies)) / events),
        "unit": "microseconds of CPU an event",
        "product": _medians(product),
        "floor": _medians(floor),
        "ratio": _median([p["both"] / f["both"] for p, f in zip(product, floor, strict=True)]),
    }


def _medians(rounds: list[Round]) -> dict[str, float | None]:
    return {name: _median([one[name] for one in rounds]) for name in rounds[0]}


def _median(values: list[float]) -> float | None:
    """None where a round could not tell."""
    found = statistics.median(values)
    return None if math.isnan(found) else round(found, 2)


def main() -> None:
    size, before = size_asked("drain", str(__doc__)), load()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        figures = measure(size, Path(folder))
    result("drain", size, before, **figures)


if __name__ == "__main__":
    main()
