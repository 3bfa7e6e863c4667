"""Live: 32 stations push one event a request, as fast as they are answered.

The real server, its projector at work, beside the bare one, which commits every request by itself:
on SQLite and on PostgreSQL, with the disk's own flush and with one that takes 5 ms (slept before
the real one, in whatever process flushes). Rounds of some seconds alternate; the generator is a
process of its own. CPU is told an event, that of the server until its views hold all. Goal: at a
flush of 5 ms group commit takes at least 8 times as many events a second, on both databases. Where
others have the cores too, events a flush tell what grouping does: they know no CPU.
"""

import contextlib
import statistics
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.bench.daemons import Daemon, PostgreSql, bare_server, server
from tests.bench.flush import SLOW_SECONDS, Flushes, flushes
from tests.bench.gauge import (
    BenchError,
    MissingError,
    Size,
    goal,
    left_out,
    load,
    median_of_ratios,
    result,
    say,
    size_asked,
)
from tests.bench.ledgers import Identity, Watch, ledger_url, prepare
from tests.bench.stations import Crowd, Round

STATIONS: Final = 32
SECONDS: Final = {"small": 2.0, "full": 10.0}
ROUNDS: Final = {"small": 3, "full": 5}
CLUSTERS: Final[dict[Size, tuple[str, ...]]] = {"small": ("pg15",), "full": ("pg15", "pg18")}
WARM_UP_SECONDS: Final = 1.0
SQLITE: Final = "sqlite"
NATIVE, SLOW = "native", "5 ms"
TIMES_MIN: Final = 8.0
MICROS: Final = 1e6


@dataclass(slots=True)
class Figures:
    """Of each round: the load's figures, CPU an event in microseconds, events a flush."""

    rounds: list[Round] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)
    grouped: list[float] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        return [one.events_a_second for one in self.rounds]

    def told(self) -> dict[str, float]:
        answers = [answer for one in self.rounds for answer in one.answers]
        whole = Round(len(answers), statistics.median(self.rates), answers, 0.0)
        cpus = {"server": self.server, "database": self.database, "load": self._load()}
        return {
            **whole.told(),
            "events_a_flush": round(statistics.median(self.grouped), 2),
            **{f"{name}_cpu_us": round(statistics.median(of), 1) for name, of in cpus.items()},
        }

    def _load(self) -> list[float]:
        return [one.cpu * MICROS / max(1, one.events) for one in self.rounds]


class Side:
    """One server with its stations."""

    def __init__(self, daemon: Daemon, who: list[Identity], ledger: str) -> None:
        """`ledger` is the URL of the real server's, whose projector is waited for; else empty."""
        self.daemon = daemon
        self.figures: dict[str, Figures] = {NATIVE: Figures(), SLOW: Figures()}
        self._crowd = Crowd([daemon.url], who, bare=not ledger)
        self._watch = Watch(ledger) if ledger else None

    def round(self, flush: str, seconds: float, gauge: Flushes, shared: PostgreSql | None) -> None:
        """So many seconds of load at one kind of flush."""
        gauge.slow(SLOW_SECONDS if flush == SLOW else 0.0)
        flushed, own = gauge.count, self.daemon.cpu
        others = shared.cpu if shared else 0.0
        came = self._crowd.round(seconds)
        flushed = gauge.count - flushed
        gauge.slow(0.0)
        self.settle()
        if not came.events:
            raise BenchError(f"no event was answered in {seconds} s: {self.daemon.log}")
        figures, each = self.figures[flush], MICROS / came.events
        figures.rounds.append(came)
        figures.server.append((self.daemon.cpu - own) * each)
        figures.database.append((shared.cpu - others) * each if shared else 0.0)
        figures.grouped.append(came.events / max(1, flushed))

    def settle(self) -> None:
        """Wait until the views hold all."""
        if self._watch:
            self._watch.await_projected()

    def forget(self) -> None:
        """Begin again: what was before warmed up."""
        self.figures = {name: Figures() for name in self.figures}

    def close(self) -> None:
        self._crowd.close()
        if self._watch:
            self._watch.close()
        self.daemon.stop()


@contextlib.contextmanager
def sides(folder: Path, shared: PostgreSql | None, gauge: Flushes) -> Iterator[dict[str, Side]]:
    """Both servers, on SQLite or on databases of a cluster."""
    data = folder / "server"
    with ExitStack() as stack:
        urls = [stack.enter_context(shared.database()) if shared else "" for _ in range(2)]
        who = prepare(data, urls[0], STATIONS, STATIONS)
        made: dict[str, Side] = {}
        for name, daemon, ledger in (
            ("product", server(data, urls[0], gauge.environment), ledger_url(data, urls[0])),
            ("bare", bare_server(folder / "bare.db", urls[1], gauge.environment), ""),
        ):
            made[name] = Side(daemon, who, ledger)
            stack.callback(made[name].close)
        made["product"].settle()
        yield made


def measure_one(size: Size, folder: Path, name: str, gauge: Flushes) -> dict[str, object]:
    """Interleaved rounds on one kind of database; raises `MissingError`."""
    shared: PostgreSql | None = None
    if name != SQLITE:
        with gauge.over():
            shared = PostgreSql(name)
    here = folder / uuid.uuid4().hex
    here.mkdir()
    try:
        with sides(here, shared, gauge) as both:
            for side in both.values():
                side.round(NATIVE, WARM_UP_SECONDS, gauge, shared)
                side.forget()
            for number in range(ROUNDS[size]):
                for flush in (NATIVE, SLOW):
                    for side in both.values():
                        side.round(flush, SECONDS[size], gauge, shared)
                say(f"{name}: round {number + 1} of {ROUNDS[size]}, load {load()}")
            return {flush: compared(both, flush) for flush in (NATIVE, SLOW)}
    finally:
        gauge.slow(0.0)
        if shared:
            shared.end()


def compared(both: dict[str, Side], flush: str) -> dict[str, object]:
    """Both at one kind of flush, and how many times the rate."""
    product, bare = both["product"].figures[flush], both["bare"].figures[flush]
    return {
        "product": product.told(),
        "bare": bare.told(),
        "times": median_of_ratios(product.rates, bare.rates),
        "times_events_a_flush": median_of_ratios(product.grouped, bare.grouped),
    }


def measure(size: Size, folder: Path) -> dict[str, object]:
    """All databases of this machine."""
    found: dict[str, dict[str, object]] = {}
    missing: list[dict[str, str]] = []
    names = (SQLITE, *CLUSTERS[size])
    try:
        with flushes() as gauge:
            for name in names:
                try:
                    found[name] = measure_one(size, folder, name, gauge)
                except MissingError as fault:
                    missing.append(left_out(fault, name))
    except MissingError as fault:
        missing.append(left_out(fault, "all: both kinds of flush need it"))
    said = "times the events a second without grouping at a 5 ms flush"
    goals = [goal(f"{name}: {said}", times(found, name), TIMES_MIN, least=True) for name in names]
    return {"stations": STATIONS, "tables": found, "left_out": missing, "goals": goals}


def times(found: dict[str, dict[str, object]], name: str) -> float | None:
    """What the goal is about."""
    table = found.get(name, {}).get(SLOW)
    return float(table["times"]) if isinstance(table, dict) else None


def main() -> None:
    size, before = size_asked("live", str(__doc__)), load()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        figures = measure(size, Path(folder))
    result("live", size, before, **figures)


if __name__ == "__main__":
    main()
