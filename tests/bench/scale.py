"""Scale: a thousand stations on two server processes and one PostgreSQL.

Stations push one event a request: first as fast as they are answered, 10 of them and 1,000 in rounds
that alternate, then 1,000 at the pace of people, an event each 5 s. Then with a longer ledger: history
put straight into its tables, which the views and the feed know nothing of. CPU is told an event, in
microseconds, with the projectors' until the views hold all. Before, the intake alone (see `intake`):
at least 0.6 times what one bare connection stores, by CPU.
"""

import json
import shutil
import statistics
import tempfile
import uuid
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.bench.daemons import Daemon, PostgreSql, server
from tests.bench.gauge import (
    BenchError,
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
from tests.bench.intake import ingest
from tests.bench.ledgers import Identity, Watch, fill, prepare
from tests.bench.stations import Crowd, Round

STATIONS: Final = (10, 1_000)
SECONDS: Final = {"small": 4.0, "full": 20.0}
ROUNDS: Final = {"small": 2, "full": 5}
PACE_SECONDS: Final = 5.0
PACED_SECONDS: Final = {"small": 10.0, "full": 60.0}
LEDGERS: Final[dict[Size, tuple[int, ...]]] = {
    "small": (100_000, 1_000_000),
    "full": (100_000, 1_000_000, 10_000_000),
}
CLUSTER: Final = "pg15"
KEYS: Final = ("signing.key", "admin.token")
SERVERS_COUNT: Final = 2
WARM_UP_SECONDS: Final = 2.0
SHARE_MIN: Final = 0.6
MICROS: Final = 1e6


@dataclass(slots=True)
class Figures:
    """Rounds of one kind with the CPU time of each part, an event."""

    rounds: list[Round] = field(default_factory=list)
    cpus: dict[str, list[float]] = field(default_factory=dict)

    def add(self, came: Round, spent: dict[str, float]) -> None:
        self.rounds.append(came)
        for name, seconds in {**spent, "load": came.cpu}.items():
            self.cpus.setdefault(name, []).append(seconds * MICROS / came.events)

    def told(self) -> dict[str, float]:
        answers = [answer for one in self.rounds for answer in one.answers]
        rate = statistics.median(one.events_a_second for one in self.rounds)
        cpus = {f"{name}_cpu_us": round(statistics.median(of), 1) for name, of in self.cpus.items()}
        return {**Round(len(answers), rate, answers, 0.0).told(), **cpus}

    def cpu(self) -> float:
        """Of the servers and PostgreSQL."""
        return sum(statistics.median(of) for name, of in self.cpus.items() if name != "load")


class Plant:
    """Two servers on one database, and their stations."""

    def __init__(self, folder: Path, shared: PostgreSql, url: str, who: list[Identity]) -> None:
        self._shared = shared
        with ExitStack() as stack:
            self._servers: list[Daemon] = []
            for number in range(SERVERS_COUNT):
                data = folder / f"server-{number}"
                data.mkdir(exist_ok=True)
                if number:
                    for key in KEYS:
                        shutil.copy(folder / "server-0" / key, data / key)
                self._servers.append(server(data, url))
                stack.callback(self._servers[-1].stop)
            self._crowd = Crowd([one.url for one in self._servers], who)
            stack.callback(self._crowd.close)
            self._watch = Watch(url)
            stack.callback(self._watch.close)
            self._watch.await_projected()
            self._crowd.round(WARM_UP_SECONDS)
            self._watch.await_projected()
            self._all = stack.pop_all()

    def round(self, figures: Figures, seconds: float, stations: int, pause: float = 0.0) -> None:
        """So many seconds of load, until the views hold all of it."""
        before = self._cpus()
        came = self._crowd.round(seconds, stations=stations, pause=pause)
        self._watch.await_projected()
        if not came.events:
            raise BenchError(f"no event was answered in {seconds} s: {self._servers[0].log}")
        then = self._cpus()
        figures.add(came, {name: then[name] - cpu for name, cpu in before.items()})

    def close(self) -> None:
        self._all.close()

    def _cpus(self) -> dict[str, float]:
        return {"servers": sum(one.cpu for one in self._servers), "postgresql": self._shared.cpu}


def grown(
    size: Size, folder: Path, shared: PostgreSql, url: str, who: list[Identity]
) -> dict[str, object]:
    """From few stations to all, at their own pace, and on longer and longer ledgers."""
    few, many, paced = Figures(), Figures(), Figures()
    with closing(Plant(folder, shared, url, who)) as plant:
        for number in range(ROUNDS[size]):
            for figures, stations in zip((few, many), STATIONS, strict=True):
                plant.round(figures, SECONDS[size], stations)
            say(f"stations: round {number + 1} of {ROUNDS[size]}, load {load()}")
        plant.round(paced, PACED_SECONDS[size], STATIONS[-1], PACE_SECONDS)
        say(f"stations at the pace of people, load {load()}")
    ledgers = {str(rows): longer(size, folder, shared, url, who, rows) for rows in LEDGERS[size]}
    first, last = next(iter(ledgers.values())), ledgers[str(LEDGERS[size][-1])]
    return {
        "unit": "microseconds of CPU an event",
        "stations": {str(STATIONS[0]): few.told(), str(STATIONS[1]): many.told()},
        "paced": {"stations": STATIONS[-1], "seconds_between": PACE_SECONDS, **paced.told()},
        "stations_cpu_growth": round(many.cpu() / few.cpu(), 3),
        "ledger_rows": {rows: figures.told() for rows, figures in ledgers.items()},
        "ledger_cpu_growth": round(last.cpu() / first.cpu(), 3),
    }


def longer(
    size: Size, folder: Path, shared: PostgreSql, url: str, who: list[Identity], rows: int
) -> Figures:
    """All stations on a ledger that has been filled before."""
    began = now()
    fill(url, rows)
    say(f"ledger of {rows} events, filled in {now() - began:.0f} s, load {load()}")
    figures = Figures()
    fresh = [Identity(one.station, one.token, uuid.uuid4().hex) for one in who]
    with closing(Plant(folder, shared, url, fresh)) as plant:
        for _ in range(ROUNDS[size]):
            plant.round(figures, SECONDS[size], STATIONS[-1])
    return figures


def measure(size: Size, folder: Path) -> dict[str, object]:
    """Everything, or that PostgreSQL is missing."""
    figures: dict[str, object] = {}
    missing: list[dict[str, str]] = []
    share: float | None = None
    try:
        shared = PostgreSql(CLUSTER)
    except MissingError as fault:
        missing.append(left_out(fault, "all"))
    else:
        try:
            intake = ingest(size, shared)
            share = float(str(intake["share_by_cpu_of_same_rows"]))
            say(f"intake: {json.dumps(intake)}")
            with shared.database() as url:
                who = prepare(folder / "server-0", url, STATIONS[-1], STATIONS[-1])
                figures = grown(size, folder, shared, url, who) | {"ingest": intake}
        finally:
            shared.end()
    said = "ingest into PostgreSQL by that of one bare connection, same rows"
    return {
        **figures,
        "left_out": missing,
        "goals": [goal(said, share, SHARE_MIN, least=True)],
    }


def main() -> None:
    size, before = size_asked("scale", str(__doc__)), load()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        figures = measure(size, Path(folder))
    result("scale", size, before, **figures)


if __name__ == "__main__":
    main()
