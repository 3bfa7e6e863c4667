"""Drain: a station's full journal goes to the server; CPU time an event, of all that works on it.

The real client with the real journal against the real server, on SQLite and on PostgreSQL, in
rounds that alternate with bare HTTP batches into either, with Mosquitto (QoS 1) and with NATS
JetStream (sync always), one event a message and 500; one by one with fewer events, as told. The
server's projector works beside the intake: how much is left to it when the last event is
acknowledged, and what each thread then takes, tells its part apart.
Goals, on SQLite: client and server without projector at most 1.5 times the floor's CPU, and at most
a quarter of what MQTT takes one by one; projector at most 40 us an event.
"""

import json
import math
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from shutil import copytree
from typing import Final

import httpx

from kiosk.journal import Journal
from sync.client import SyncClient, enrol
from sync.domain.events import OperatorSignedIn
from tests.bench import plant
from tests.bench.daemons import Daemon, PostgreSql, bare_server, server, server_command
from tests.bench.drain_peers import BATCH_EVENTS, Outbox, mqtt_round, nats_round
from tests.bench.gauge import (
    MissingError,
    Size,
    goal,
    left_out,
    load,
    now,
    result,
    say,
    size_asked,
)
from tests.bench.ledgers import Watch, ledger_url

EVENTS: Final = {"small": 10_000, "full": 100_000}
EVENTS_ONE_BY_ONE: Final = {"small": 3_000, "full": 10_000}
ROUNDS: Final = {"small": 3, "full": 5}
CLUSTER: Final = "pg15"
FLOOR_BATCH_EVENTS: Final = 1_000
LEFT_SHARE_MIN: Final = 0.05
RATIO_MAX: Final = 1.5
MQTT_SHARE_MAX: Final = 0.25
PROJECTOR_MICROS_MAX: Final = 40.0
SHARED: Final = -1  # PostgreSQL, among the server's threads
Round = dict[str, float]
Threads = dict[int, float]


class Bench:
    """The filled journal and its bytes; one round of anything is done in a fresh folder."""

    def __init__(self, size: Size, folder: Path) -> None:
        self._folder = folder
        self._rounds = 0
        self._filled = folder / "filled"
        self._orders = EVENTS[size] // plant.ORDER_EVENTS
        journal = plant.opened(self._filled)
        plant.append(journal, [OperatorSignedIn(operator="anna"), *plant.shifts(EVENTS[size])])
        self.bodies = [record.body for _, record in journal.replay()]
        self.events = len(self.bodies)
        self.few = self.bodies[: EVENTS_ONE_BY_ONE[size]]
        journal.close()
        self.left_out: list[dict[str, str]] = []
        self.rounds: dict[str, list[Round]] = {}
        self._shared: PostgreSql | None = None
        self.kinds: dict[str, Callable[[Path], Round]] = {
            "bare, SQLite": self._bare,
            "product, SQLite": self._product,
            "bare, PostgreSQL": lambda folder: self._with_shared(self._bare, folder),
            "product, PostgreSQL": lambda folder: self._with_shared(self._product, folder),
            "MQTT one by one": lambda folder: mqtt_round(folder, self.few, 1),
            "MQTT 500 in a message": lambda folder: mqtt_round(folder, self.bodies, BATCH_EVENTS),
            "JetStream one by one": lambda folder: nats_round(folder, self.few, 1),
            "JetStream 500 in a message": lambda folder: nats_round(
                folder, self.bodies, BATCH_EVENTS
            ),
        }

    def round(self) -> None:
        """One of each kind; what is missing is not tried again."""
        for name, work in list(self.kinds.items()):
            self._rounds += 1
            here = self._folder / f"round-{self._rounds}"
            here.mkdir()
            try:
                self.rounds.setdefault(name, []).append(work(here))
            except MissingError as fault:
                self.left_out.append(left_out(fault, name))
                del self.kinds[name], self.rounds[name]

    def close(self) -> None:
        if self._shared:
            self._shared.end()

    def _with_shared(
        self, work: Callable[[Path, PostgreSql | None, str], Round], folder: Path
    ) -> Round:
        """On an empty database; raises `MissingError`."""
        if self._shared is None:
            self._shared = PostgreSql(CLUSTER)
        with self._shared.database() as url:
            return work(folder, self._shared, url)

    def _bare(self, folder: Path, shared: PostgreSql | None = None, url: str = "") -> Round:
        """The same bytes in batches, by one HTTP client that notes in SQLite how far it got."""
        daemon = bare_server(folder / "bare.db", url)
        try:
            with (
                closing(Outbox(folder / "outbox.db", self.bodies)) as outbox,
                httpx.Client(base_url=daemon.url, timeout=30) as client,
            ):
                return sent(Server(daemon, shared), client, outbox)
        finally:
            daemon.stop()

    def _product(self, folder: Path, shared: PostgreSql | None = None, url: str = "") -> Round:
        """A fresh server with the orders, a copy of the filled journal, all pushed and viewed."""
        data, factory = folder / "server", folder / "factory"
        plant.write_factory(factory, self._orders)
        words = ("--database", url) if url else ()
        server_command("import", "--data", str(data), *words, str(factory))
        daemon = server(data, url)
        with ExitStack() as stack:
            stack.callback(daemon.stop)
            journal = plant.opened(Path(copytree(self._filled, folder / "station")))
            stack.callback(journal.close)
            client = enrolled_client(daemon, data, words, journal)
            watch = Watch(ledger_url(data, url))
            stack.callback(watch.close)
            return drained(Server(daemon, shared), client, journal, watch, self.events)


class Server:
    """A server's CPU time, with that of its PostgreSQL."""

    def __init__(self, daemon: Daemon, shared: PostgreSql | None) -> None:
        self._daemon = daemon
        self._shared = shared

    @property
    def threads(self) -> Threads:
        """Seconds so far of each thread, PostgreSQL as one of them."""
        return self._daemon.threads | ({SHARED: self._shared.cpu} if self._shared else {})


def enrolled_client(
    daemon: Daemon, data: Path, words: tuple[str, ...], journal: Journal
) -> SyncClient:
    """The station enrolled, its client greeted: both ends are warm."""
    asked = ["--station", plant.STATION, "--work-centers", plant.WORK_CENTER, "--json"]
    said = server_command("enrol", "--data", str(data), *words, *asked)
    code = json.loads(said.splitlines()[-1])["code"]
    granted = enrol(daemon.url, code, origin=journal.origin, machine="bench")
    client = SyncClient(
        daemon.url,
        granted.token,
        journal,
        lambda _status: None,
        lambda _records: None,
        public_key=granted.public_key,
    )
    client.push()
    return client


def drained(
    daemon: Server, client: SyncClient, journal: Journal, watch: Watch, events: int
) -> Round:
    """Microseconds of CPU an event, from the first push until the views hold all."""
    watch.await_projected()
    ours, begun, began = time.process_time(), daemon.threads, now()
    while journal.waiting():
        client.push()
    seconds = now() - began
    ours, pushed, left = time.process_time() - ours, daemon.threads, watch.behind()
    watch.await_projected()
    client.stop()
    during, after = _spent(begun, pushed), _spent(pushed, daemon.threads)
    projector = _projector(during, after, left / events)
    micros = 1e6 / events
    whole = sum(during.values()) + sum(after.values())
    return {
        "client": ours * micros,
        "server": (whole - projector) * micros,
        "both": (ours + whole - projector) * micros,
        "projector": projector * micros,
        "left_to_projector": left,
        "events": events,
        "events_a_second": events / seconds,
    }


def _spent(before: Threads, then: Threads) -> Threads:
    return {thread: cpu - before.get(thread, 0.0) for thread, cpu in then.items()}


def _projector(during: Threads, after: Threads, left: float) -> float:
    """CPU seconds of the projector: all that its own thread took, and its part of the others'.

    Once all is pushed it works alone, which tells its thread and, for the share `left` of all
    events, what it costs in the others, PostgreSQL among them.
    """
    if left < LEFT_SHARE_MIN:
        return float("nan")
    own = max((thread for thread in after if thread != SHARED), key=lambda thread: after[thread])
    elsewhere = sum(after.values()) - after[own]
    return during[own] + after[own] + elsewhere / left


def sent(daemon: Server, client: httpx.Client, outbox: Outbox) -> Round:
    """Microseconds of CPU an event."""
    warm = b'[{"type":"OperatorSignedIn","id":"warm"}]'
    client.post("/warm/1", content=warm).raise_for_status()
    ours, theirs, began, have = time.process_time(), sum(daemon.threads.values()), now(), 0
    while have < outbox.count:
        content = b"[" + b",".join(outbox.after(have, FLOOR_BATCH_EVENTS)) + b"]"
        answer = client.post(f"/bench/{have + 1}", content=content)
        have = answer.raise_for_status().json()["have"]
        outbox.mark(have)
    seconds, micros = now() - began, 1e6 / outbox.count
    ours = (time.process_time() - ours) * micros
    theirs = (sum(daemon.threads.values()) - theirs) * micros
    return {
        "client": ours,
        "server": theirs,
        "both": ours + theirs,
        "events": outbox.count,
        "events_a_second": outbox.count / seconds,
    }


def measure(size: Size, folder: Path) -> dict[str, object]:
    """Interleaved rounds; medians of each figure, and of the rounds' ratios."""
    with closing(Bench(size, folder)) as bench:
        for number in range(ROUNDS[size]):
            bench.round()
            say(f"round {number + 1} of {ROUNDS[size]}, load {load()}")
    rounds = bench.rounds
    return {
        "bytes_an_event": round(sum(map(len, bench.bodies)) / bench.events),
        "unit": "microseconds of CPU an event",
        "tables": {name: _medians(found) for name, found in rounds.items()},
        "left_out": bench.left_out,
        "goals": [
            goal("SQLite: CPU by bare batches'", _ratio(rounds, "bare, SQLite"), RATIO_MAX),
            goal("SQLite: CPU by MQTT's one by one", _ratio(rounds, "MQTT one by one"),
                 MQTT_SHARE_MAX),
            goal("SQLite: projector, us of CPU an event",
                 _median([one["projector"] for one in rounds["product, SQLite"]]),
                 PROJECTOR_MICROS_MAX),
        ],
        "ratio_postgresql": _ratio(rounds, "bare, PostgreSQL", "product, PostgreSQL"),
    }  # fmt: skip


def _ratio(
    rounds: dict[str, list[Round]], floor: str, ours: str = "product, SQLite"
) -> float | None:
    if floor not in rounds:
        return None
    pairs = zip(rounds[ours], rounds[floor], strict=True)
    return _median([our["both"] / other["both"] for our, other in pairs])


def _medians(rounds: list[Round]) -> dict[str, float | None]:
    return {name: _median([one[name] for one in rounds]) for name in rounds[0]}


def _median(values: list[float]) -> float | None:
    """None where no round could tell."""
    seen = [value for value in values if not math.isnan(value)]
    return round(statistics.median(seen), 2) if seen else None


def main() -> None:
    size, before = size_asked("drain", str(__doc__)), load()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        figures = measure(size, Path(folder))
    result("drain", size, before, **figures)


if __name__ == "__main__":
    main()
