"""The home of the server's side: several processes of the product on one database file."""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from sync.domain.events import (
    Event,
    MaterialDefined,
    MaterialReceived,
    OperatorDefined,
    OrderReleased,
    ReleasedLine,
    RoutingOperation,
    WorkCenterDefined,
)
from sync.domain.quantity import Quantity
from sync.server.feed import prune_feed, scopes_of
from sync.server.highwater import FILE as HIGH_WATER
from sync.server.highwater import write_high_water
from sync.server.promises import Promise, forget, promise
from sync.server.settings import new_incarnation
from tests.simulation.auditor import (
    backup_names,
    counter,
    event_ids,
    heads_in,
    high_water_in,
    incarnation,
    meaning,
    require,
)
from tests.simulation.clocks import PlantClock, Time
from tests.simulation.disk import Image, image_of, put_image
from tests.simulation.process import Process
from tests.simulation.programs import Program

CENTERS: Final = ("W1", "W2", "W3")
STATIONS: Final[dict[str, tuple[str, ...]]] = {"S1": ("W1",), "S2": ("W2",), "S3": ("W1", "W2")}
ORDERS: Final = ("O-1", "O-2", "O-3", "O-4", "O-5")
PROCESSES: Final = 2
NAME: Final = "ledger.sqlite"


@dataclass(slots=True)
class Promises:
    """What the server has said it holds; it travels with its database."""

    stored: set[str] = field(default_factory=set)

    def copied(self) -> "Promises":
        return Promises(set(self.stored))


@dataclass(frozen=True, slots=True)
class Backup:
    """The database of a moment, and what had been promised by then."""

    image: Image
    promises: Promises
    name: str = ""


class Plant:
    """The server as everyone knows it: a database, and processes that come and go."""

    def __init__(self, folder: Path, time: Time, program: Program) -> None:
        started, tokens = template()
        self.program = program
        self.path = folder / NAME
        self.clock = PlantClock(time)
        self.tokens = dict(tokens)
        self.centers = dict(STATIONS)
        self.promises = started.promises.copied()
        self.revisions = dict.fromkeys(ORDERS, 1)
        self.processes: list[Process] = []
        put_image(self.path, started.image)
        self.open()

    def open(self) -> None:
        self.processes = [self._process() for _ in range(PROCESSES)]

    def _process(self) -> Process:
        return Process(self.path, self.clock, self.program.name)

    def close(self) -> None:
        for process in self.processes:
            process.database.close()
        self.processes = []

    def restart(self, number: int) -> None:
        """Kill one process and start it again."""
        self.processes[number].database.close()
        self.processes[number] = self._process()

    def image(self) -> Image:
        return image_of(self.path)

    def backed_up(self) -> Backup:
        return Backup(self.image(), self.promises.copied())

    def promise_backup(self, number: int, backup: Backup) -> None:
        """Say in the database that a backup is kept: what it holds may be forgotten elsewhere."""
        rows = heads_of(backup.image, self.path.with_name("proved.sqlite"))
        now = self.clock.milliseconds()
        one = Promise(backup.name, "", "", "", now, 0)
        database = self.processes[number].database
        database.write_now(lambda conn: promise(conn, one, rows))

    def forget_backup(self, number: int, name: str) -> None:
        """The backup is no longer kept."""
        self.processes[number].database.write_now(lambda conn: forget(conn, [name]))

    def cut(self, backup: Backup) -> None:
        """Power is cut, and comes back: the database is as it was after its last commit."""
        self.put_back(backup)
        found = [process.restored for process in self.processes if process.restored]
        require(not found, f"a power cut is taken for a restore: {found}")

    def put_back(self, backup: Backup) -> str:
        """Start again from the bytes of a moment; what was promised by then must be there.

        Returns what the ledger was before it was opened.
        """
        self.close()
        put_image(self.path, backup.image)
        self.promises = backup.promises.copied()
        before = self.incarnation()
        lost = self.promises.stored - event_ids(self.path)
        require(not lost, f"the server answered for {len(lost)} events that were not on its disk")
        self.open()
        return before

    def note_high_water(self) -> int:
        """Write down outside of the database how far it is."""
        write_high_water(self.path.parent, self.processes[0].database)
        return high_water_in(self.path.parent)[1]

    def forget_high_water(self) -> None:
        """A backup is put back by who knows what that means."""
        (self.path.parent / HIGH_WATER).unlink(missing_ok=True)

    def is_behind(self, before: str) -> bool:
        """Whether a ledger that was this one `before` it was opened lacks what was written down."""
        written, position = high_water_in(self.path.parent)
        return written == before and position > counter(self.path)

    def upgrade(self) -> None:
        """A newer program is installed; each process starts again."""
        self.program.renew()
        for number in range(PROCESSES):
            self.restart(number)

    def kept(self) -> set[str]:
        """The names of the backups that the database promises."""
        return backup_names(self.path)

    def incarnation(self) -> str:
        return incarnation(self.path)

    def declare(self) -> None:
        """Say that an older copy was put back."""
        self.processes[0].database.write_now(new_incarnation)
        for number in range(PROCESSES):
            self.restart(number)

    def say(self, number: int, *events: Event) -> list[str]:
        """The office says something through one process; the ids of what is stored."""
        stored = self.processes[number].ledger.append_office_now(events)
        ids = [record.id for record in stored]
        self.promises.stored.update(ids)
        return ids

    def release(self, order: str, center: str) -> OrderReleased:
        """The next revision of an order, to be made at a work center."""
        self.revisions[order] += 1
        return release_of(order, center, self.revisions[order])

    def prune(self, number: int, before_ms: int) -> int:
        return self.processes[number].database.write_now(lambda conn: prune_feed(conn, before_ms))

    def enrol(self, station: str, centers: Sequence[str]) -> None:
        """Give a station a new token and perhaps other work centers."""
        self.tokens[station] = enrolled(self.processes[0], station, centers)
        for process in self.processes:
            process.callers.clear()
        self.centers[station] = tuple(centers)

    def admit(self, stations: AbstractSet[str]) -> None:
        """Stations whose token or work centers an older database does not know enrol again."""
        for station in sorted(stations):
            centers = self.centers[station]
            wanted = (station, scopes_of(station, list(centers)))
            if self.processes[0].scopes(self.tokens[station]) != wanted:
                self.enrol(station, centers)

    def promise(self, message: bytes, answer: bytes) -> None:
        """Note the events up to the mark that was answered; the mark must be of their chain."""
        lines = message.split(b"\n")
        (after, digest), have = json.loads(lines[0])["after"], json.loads(answer)["have"]
        chain = bytes.fromhex(digest)
        for seq, body in enumerate(lines[1:-1], after + 1):
            chain = hashlib.sha256(chain + body).digest()
            if seq > have[0]:
                return
            self.promises.stored.add(meaning(body)["id"])
            told = f"the server answered seq {seq} with a digest of other events"
            require(seq < have[0] or chain.hex() == have[1], told)


def heads_of(image: Image, path: Path) -> dict[str, int]:
    """How far a backup holds each origin: it is opened to prove it."""
    put_image(path, image)
    return heads_in(path)


def enrolled(process: Process, station: str, centers: Sequence[str]) -> str:
    """A fresh token for a station."""
    code = process.stations.make_code_now(station, centers).code
    return asyncio.run(process.stations.enrol(code, "", "", "127.0.0.1")).token


def release_of(order: str, center: str, revision: int) -> OrderReleased:
    return OrderReleased(
        order=order,
        revision=revision,
        material="ROLL",
        quantity=Quantity("100", "C62"),
        name="Roll",
        operations=(RoutingOperation(operation="10", work_center=center, name="Bake"),),
        lines=(
            ReleasedLine(
                line="1",
                material="FLOUR",
                name="Flour",
                quantity=Quantity("6", "KGM"),
                operation="10",
            ),
        ),
    )


@cache
def template() -> tuple[Backup, dict[str, str]]:
    """A server with some master data, two released orders and its stations; made once."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        process = Process(path, PlantClock(Time()), "1")
        said = process.ledger.append_office_now(_first_said())
        process.projector.catch_up()
        tokens = {name: enrolled(process, name, centers) for name, centers in STATIONS.items()}
        process.database.close()
        return Backup(image_of(path), Promises({record.id for record in said})), tokens


def _first_said() -> list[Event]:
    centers = [WorkCenterDefined(work_center=one, revision=1, name=one) for one in CENTERS]
    kinds = {"ROLL": "C62", "FLOUR": "KGM"}
    return [
        *centers,
        *(
            MaterialDefined(material=name, revision=1, name=name.title(), unit=unit)
            for name, unit in kinds.items()
        ),
        OperatorDefined(person="anna", revision=1, name="Anna", badge="1"),
        MaterialReceived(material="FLOUR", lot="F-1", quantity=Quantity("9000", "KGM")),
        release_of("O-1", "W1", 1),
        release_of("O-2", "W2", 1),
    ]
