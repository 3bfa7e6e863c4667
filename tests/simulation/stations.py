"""The home of a station's machine: the product's journal and client on a folder of its own.

Every operation is awaited and followed by `settle`, which waits until the journal's writer has
nothing left to do: one seed is then one history, commit by commit.
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random
from typing import Final

from kiosk.journal import Journal
from kiosk.journal.writer import Turn
from sync.client import SyncClient
from sync.domain.events import Event
from sync.exchange import SyncStatus
from sync.wire import Recorded
from tests.simulation.auditor import event_ids, papers_of, require
from tests.simulation.clocks import StationClock, Time
from tests.simulation.disk import Image, image_of, put_image
from tests.simulation.network import Network, Wire
from tests.simulation.numbering import Numbering
from tests.simulation.process import SIGNER
from tests.simulation.programs import newer

JOURNAL: Final = "journal.db"
SETTLING_ROUNDS: Final = 3
PAGE_BYTES: Final = 4_096
PAGE_EVENTS_MAX: Final = 20


@dataclass(slots=True)
class Notes:
    """What is true of a disk; it travels with every copy of it.

    `recorded` are events whose append returned; `snapshot` are the events of which the station
    need know only what a snapshot held; `forgotten` went by retention.
    """

    recorded: set[str] = field(default_factory=set)
    snapshot: frozenset[str] = frozenset()
    forgotten: set[str] = field(default_factory=set)

    def copied(self) -> "Notes":
        return Notes(set(self.recorded), self.snapshot, set(self.forgotten))


@dataclass(frozen=True, slots=True)
class Copy:
    """A disk of a moment, and what is true of it."""

    station: str
    image: Image
    notes: Notes


class Names:
    """Ids and origins drawn from the seed; every id ever given is known."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self.given: dict[str, None] = {}
        self.origins: set[str] = set()

    def new_id(self) -> str:
        name = f"{self._chance.getrandbits(112):028x}"
        self.given[name] = None
        return name

    def new_origin(self) -> str:
        origin = f"{self._chance.getrandbits(128):032x}"
        self.origins.add(origin)
        return origin


class Machine:
    """One floor PC."""

    def __init__(
        self,
        folder: Path,
        station: str,
        token: str,
        network: Network,
        names: Names,
        time: Time,
        bodies: dict[str, bytes],
    ) -> None:
        self.folder = folder
        self.path = folder / JOURNAL
        self.station = station
        self.token = token
        self.notes = Notes()
        self.bodies = bodies
        self.clock = StationClock(time, names.new_origin())
        self._time = time
        self._names = names
        self.wire = Wire(network)
        self._chance = Random(names.new_origin())

    def boot(self) -> None:
        """Start the program on what is on the disk."""
        self.journal = Journal.open(
            self.folder,
            station=self.station,
            clock=self.clock,
            new_id=self._names.new_id,
            new_origin=self._names.new_origin,
            ballast_bytes=0,
        )
        self.numbering = Numbering(self.path)
        self.connect()
        self.settle(SETTLING_ROUNDS)

    def connect(self) -> None:
        """A client with the token of today."""
        self.status = SyncStatus()
        self.client = SyncClient(
            "http://plant",
            self.token,
            self.journal,
            self._told,
            lambda records: self.numbering.heard(record.event for record in records),
            transport=self.wire,
            public_key=SIGNER.public_key,
            snapshot_seconds=0.0,
            chance=self._chance.random,
            now=self.clock.now,
            monotonic=self.clock.monotonic,
            numbers=lambda: self.numbering.told(self.journal.origin),
        )

    def _told(self, status: SyncStatus) -> None:
        self.status = status

    def halt(self) -> None:
        """End the program as an operator does."""
        self.client.stop()
        self.journal.close()

    def reboot(self) -> None:
        """The machine starts again: another boot, a boot clock from nothing."""
        self.halt()
        offset = self.clock.offset_seconds
        self.clock = StationClock(self._time, self._names.new_origin())
        self.clock.offset_seconds = offset
        self.boot()

    def append(self, events: Sequence[Event]) -> list[Recorded]:
        with newer():
            made = self.journal.append(events).result()
        self.numbering.heard(record.event for record in made)
        self.notes.recorded.update(record.id for record in made)
        self.bodies.update((record.id, record.body) for record in made)
        return made

    def push(self) -> None:
        self._settled(self.client.push)

    def pull(self) -> None:
        self._settled(self.client.pull)

    def tend(self) -> None:
        self._settled(self.client.tend)

    def _settled(self, work: Callable[[], object]) -> None:
        origin = self.journal.origin
        work()
        self.note_snapshot()
        self.settle(1 if self.journal.origin == origin else SETTLING_ROUNDS)

    def settle(self, rounds: int = 1) -> None:
        """Wait for upkeep: the push mark is written down, places left behind are forgotten."""
        for _ in range(rounds):
            self.journal._writer.do(Turn.UPKEEP, lambda *_: None).result()

    def note_snapshot(self) -> None:
        """The feed goes on from a snapshot's mark: what that held is all that is known so far."""
        mark, taken = self.journal.feed_mark(), self.wire.snapshot
        if taken.mark and mark is not None and mark.text() == taken.mark:
            self.notes.snapshot = taken.viewed

    def copied(self) -> Copy:
        """Its disk as it is now."""
        return Copy(self.station, image_of(self.path), self.notes.copied())

    def put_back(self, copy: Copy) -> None:
        """The machine starts again with a disk of another moment; what was recorded is there."""
        self.halt()
        put_image(self.path, copy.image)
        self.notes = copy.notes.copied()
        lost = self.notes.recorded - event_ids(self.path)
        require(not lost, f"{self.folder.name}: {len(lost)} recorded events are not on its disk")
        self.boot()
        self.note_snapshot()

    def begin_from(self, copy: Copy, *, unnoticed: bool) -> None:
        """A new machine with another's disk; `unnoticed`: to all that it can see, the same one."""
        put_image(self.path, copy.image)
        if unnoticed:
            with closing(sqlite3.connect(self.path)) as connection, connection:
                connection.execute("DELETE FROM meta WHERE name = 'machine'")
        self.notes = copy.notes.copied()
        self.boot()

    def interrupted(
        self, work: Callable[[], object], chance: Random, *, forgets: bool = False
    ) -> str:
        """Do some work; power is cut after any commit on the way."""
        before = self.copied()
        work()
        self.settle()
        after = self.copied()
        images = after.image.since(before.image)
        at = chance.randrange(len(images))
        notes = after.notes if forgets or at == len(images) - 1 else before.notes
        self.put_back(Copy(self.station, images[at], notes))
        return f"{at + 1} of {len(images)}"

    def retire(self, today: date) -> set[str]:
        """Forget what retention allows; the own events that have no place any more."""
        known = event_ids(self.path)
        self.journal.retire(self.wire.safe.get(self.journal.origin, 0), today)
        self.settle()
        gone = self.notes.recorded - set(papers_of(self.path).own)
        self.notes.forgotten |= known - event_ids(self.path)
        self.notes.recorded -= gone
        return gone

    def damage(self, chance: Random) -> str:
        """A page of its file is overwritten while it is off; all but that page can be saved.

        Own events are there, or told as missing, and none that is there is told so.
        """
        self.halt()
        papers = papers_of(self.path)
        own, retired = set(papers.own), papers.last[0] - len(papers.own)
        with self.path.open("r+b") as file:
            pages = file.seek(0, 2) // PAGE_BYTES
            file.seek(chance.randrange(1, pages) * PAGE_BYTES)
            file.write(chance.choice((bytes(PAGE_BYTES), chance.randbytes(PAGE_BYTES))))
        self.boot()
        saved = event_ids(self.path)
        lost, gone = self.notes.recorded - saved, own - saved
        require(len(lost) <= PAGE_EVENTS_MAX, f"{self.folder.name}: {len(lost)} events of one page")
        self.notes.recorded -= lost
        if self.journal.salvaged is None:
            require(
                not gone, f"{self.folder.name}: {len(gone)} own events are gone, and none saved"
            )
            return "nothing"
        told = self.journal.salvaged.missing
        # Where the page that knows of retention is lost, what that deleted may be told as well.
        exact = len(gone) <= told <= len(gone) + retired
        require(exact, f"{self.folder.name}: {len(gone)} own events gone, {told} told")
        return f"{len(lost)} lost"
