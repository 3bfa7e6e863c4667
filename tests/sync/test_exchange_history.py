"""Random histories over the real journal and client: clones, restores and lost answers heal.

Whatever happened, once the wire is whole every event is in the ledger exactly once, and known to
every station that did not forget it. Only what existed on no disk at all any more may be missing.
"""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.clock import Clock
from kiosk.journal import Journal
from sync.client import SyncClient
from sync.upkeep import RETIRE_SECONDS
from tests.kiosk.journal.journals import new_id, rows, sign_in
from tests.sync.model_server import TOKEN, ModelLedger, ModelServer

STATIONS_MAX = 4
HISTORY_STEPS_MAX = 50
HEALING_ROUNDS = 60
LATER = datetime.now().astimezone() + timedelta(days=400)
QUIET_ROUNDS = 4
ACTIONS = (
    "append",
    "append",
    "append two",
    "push",
    "push",
    "pull",
    "pull",
    "push unheard",
    "pull unheard",
    "restart",
    "clone",
    "copy station",
    "restore station",
    "back up",
    "restore",
    "restore declared",
    "restore too old",
    "office",
    "tend",
    "tend",
)
Step = tuple[int, str]


@dataclass
class Station:
    """One machine: a folder, and the journal and client that run on it."""

    folder: Path
    model: ModelServer
    clock: Callable[[], float]
    copy: Path | None = None
    journal: Journal = field(init=False)
    client: SyncClient = field(init=False)

    def __post_init__(self) -> None:
        self.boot()

    def boot(self) -> None:
        self.journal = Journal.open(self.folder, station="MIX-1", clock=Clock(), new_id=new_id)
        self.client = SyncClient(
            "http://model",
            TOKEN,
            self.journal,
            lambda _: None,
            lambda _: None,
            transport=self.model.transport(),
            snapshot_seconds=0.0,
            now=lambda: LATER,
            monotonic=self.clock,
        )

    def halt(self) -> None:
        self.client.stop()
        self.journal.close()

    def copied(self, target: Path) -> Path:
        self.halt()
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.folder, target)
        self.boot()
        return target

    def append(self, count: int) -> list[str]:
        made = self.journal.append([sign_in() for _ in range(count)]).result()
        return [record.id for record in made]

    def own(self) -> set[str]:
        found = rows(self.folder, "SELECT id FROM place")
        return {str(id_) for (id_,) in found}

    def known(self) -> list[str]:
        return [record.id for _, record in self.journal.replay()]


class World:
    """Stations, a server, and what was born."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.model = ModelServer()
        self.time = 0.0
        self.stations = [self.station(folder / name) for name in "01"]
        self.backup = self.model.backup()
        self.born: list[str] = []
        self.destroyed = False
        self.declared = False
        self.forgotten: set[str] = set()
        self.floor: set[str] = set()
        self.incarnations = 1

    def station(self, folder: Path) -> Station:
        return Station(folder, self.model, lambda: self.time)

    def step(self, index: int, action: str) -> None:
        station = self.stations[index % len(self.stations)]
        self.time += 2 * RETIRE_SECONDS
        match action:
            case "append":
                self.record(station, 1)
            case "append two":
                self.record(station, 2)
            case "push":
                station.client.push()
            case "pull":
                station.client.pull()
            case "push unheard" | "pull unheard":
                self.unheard(station, action)
            case "restart":
                station.halt()
                station.boot()
            case "clone" if len(self.stations) < STATIONS_MAX:
                copy = station.copied(self.folder / str(len(self.stations)))
                self.stations.append(self.station(copy))
            case "copy station":
                station.copy = station.copied(station.folder.with_suffix(".copy"))
            case "restore station" if station.copy:
                self.destroyed = True
                station.halt()
                shutil.rmtree(station.folder)
                shutil.copytree(station.copy, station.folder)
                station.boot()
            case "tend":
                self.tend(station)
            case "office":
                told = {"type": "ReasonDefined", "reason": "R", "revision": 1, "text": "x"}
                self.born.append(self.model.office(**told))
            case "back up":
                self.model.ledger.promise()
                self.backup = self.model.backup()
            case "restore" | "restore declared":
                self.restore(self.backup, declared=action == "restore declared")
            case "restore too old":
                self.destroyed = True
                self.restore(ModelLedger(), declared=True)

    def restore(self, backup: ModelLedger, *, declared: bool) -> None:
        self.declared = declared
        self.incarnations += 1
        self.model.restore(backup, f"{self.incarnations}" if declared else "")

    def tend(self, station: Station) -> None:
        before = set(station.known())
        station.client.tend()
        self.forgotten |= before - set(station.known())

    def record(self, station: Station, count: int) -> None:
        made = station.append(count)
        self.born += made
        self.floor |= set(made)

    def unheard(self, station: Station, action: str) -> None:
        self.model.lose_answer = lambda _: True
        if action == "push unheard":
            station.client.push()
        else:
            station.client.pull()
        self.model.lose_answer = lambda _: False

    def heal(self) -> None:
        """Rounds of push and pull until some in a row change nothing."""
        quiet, before = 0, self.picture()
        for _ in range(HEALING_ROUNDS):
            for station in self.stations:
                self.time += 2 * RETIRE_SECONDS
                station.client.push()
                station.client.pull()
                self.tend(station)
            after = self.picture()
            quiet = quiet + 1 if after == before else 0
            if quiet == QUIET_ROUNDS:
                return
            before = after
        raise AssertionError(f"no rest after {HEALING_ROUNDS} rounds")

    def picture(self) -> list[object]:
        journals = [station.journal for station in self.stations]
        held = [(one.origin, one.waiting(), one.local(), one.feed_mark()) for one in journals]
        return [len(self.model.ledger.entries), *held]

    def check(self) -> None:
        """Before healing some may be held nowhere: an older disk was put back, twice over.

        What the office said may go with an undeclared restore; after a declared one a station that
        knows of it brings it back.
        """
        entries = set(self.model.ledger.entries)
        held = entries.union(*(each.own() for each in self.stations))
        office = set(self.born) - self.floor
        known = set[str]().union(*(each.known() for each in self.stations)) & office
        assert self.destroyed or self.floor <= held
        self.heal()
        after = set(self.model.ledger.entries)
        assert held <= after
        assert after <= held | known
        assert not self.declared or known <= after
        for station in self.stations:
            station.journal.verify()
            assert station.journal.waiting() == 0
            told = station.known()
            assert len(told) == len(set(told))
            assert after - self.forgotten <= set(told)
            assert set(told) <= set(self.born)
        chains = {(each.journal.origin, frozenset(each.own())) for each in self.stations}
        assert len(chains) == len({origin for origin, _ in chains}), "clones fork when they differ"

    def close(self) -> None:
        for station in self.stations:
            station.halt()


def play(history: Sequence[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        try:
            for index, action in history:
                world.step(index, action)
            world.check()
        finally:
            world.close()


steps = st.tuples(st.integers(0, STATIONS_MAX - 1), st.sampled_from(ACTIONS))


@pytest.mark.parametrize("count", [30, pytest.param(500, marks=pytest.mark.long)])
def test_every_event_once_and_everywhere(count: int) -> None:
    @settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(steps, max_size=HISTORY_STEPS_MAX))
    def trial(history: list[Step]) -> None:
        play(history)

    trial()


@pytest.mark.parametrize(
    "history",
    [
        # a clone of a clone, each with events of its own, and an older server
        "append push back-up clone append,2 append push,2 push clone,2 append,3 restore push,3",
        # the station's disk goes back behind what the server has
        "append copy-station append push restore-station append push",
        # both sides go back, the server further
        "append back-up push append copy-station append push restore restore-station append push",
        # the answer to a whole batch is lost, then the server goes back behind it
        "append push back-up append-two push-unheard restore push append push-unheard",
        # a feed that refills in another order
        "append append append push pull pull,1 append,1 restore push,1 push pull pull,1",
        # forgotten rows, then a server from before them: the mark goes to where the rows begin
        "append-two append-two push push back-up push tend append push restore-too-old push append push",
        # forgotten rows, then a clone, both with events of their own
        "append-two append-two push push back-up push tend clone append append,2 push push,2 tend,2",
        # what the office said comes back to a server that was restored
        "append push push back-up office pull pull tend push restore-declared push push tend pull,1",
        # the answer is of a chain whose rows are gone meanwhile
        "append-two push push back-up push append-two push-unheard tend restore push tend append push",
    ],
)
def test_histories_that_simpler_schemes_lose(history: str) -> None:
    named = (step.partition(",") for step in history.split())
    play([(int(index or 0), action.replace("-", " ")) for action, _, index in named])
