"""The power goes at any step of a station's work: no scan that was told OK is lost, none invented."""

import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Final

import pytest

from kiosk.clock import Clock
from kiosk.journal import Journal, audit
from kiosk.journal.errors import JournalDamaged
from kiosk.journal.files import JOURNAL_NAME, connect_reader
from kiosk.station import new_id
from tests.faults.power import Disk, lay
from tests.faults.recorded_station import READY, act
from tests.faults.trace import TRACER, Flushed, Said, Step, record
from tests.missing import missing

CUTS: Final = 2_000
ACTS: Final = 120
OPENED_EACH: Final = 50
FILES: Final = (JOURNAL_NAME, f"{JOURNAL_NAME}-wal")
WAL: Final = f"{JOURNAL_NAME}-wal"
SEED: Final = 20_261_122


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> list[Step]:
    """What a station did to its folder and what it told, in order."""
    if not TRACER:
        missing("strace", "apt install strace")
    folder = tmp_path_factory.mktemp("recorded") / "station"
    folder.mkdir()
    return record(folder, "tests.faults.recorded_station", str(ACTS))


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder whose flushes cost nothing, where the system has one: what is in it is only read."""
    place = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as name:
        yield Path(name)


def cuts(steps: Sequence[Step], count: int) -> Iterator[tuple[int, dict[str, bytes]]]:
    """So many moments of a power cut since the station was ready, and a disk after each."""
    random = Random(SEED)
    ready = steps.index(Said(READY)) + 1
    moments = Counter(random.randint(ready, len(steps)) for _ in range(count))
    disk = Disk()
    for moment, step in enumerate([*steps, Said("")]):
        for _ in range(moments[moment]):
            yield moment, disk.image(random, FILES)
        disk.take(step)


def told(steps: Sequence[Step]) -> list[str]:
    """The ids that the operator saw accepted, in order."""
    lines = [step.line for step in steps if isinstance(step, Said) and step.line != READY]
    return [name for line in lines for name in line.split()]


def promised(steps: Sequence[Step]) -> list[int]:
    """How many ids were told before each step."""
    counts = [len(told([step])) for step in steps]
    return [0, *accumulate(counts)]


def held(folder: Path) -> list[str]:
    """The ids of the journal's own events in the order of their chain, which must hold."""
    with closing(connect_reader(folder / JOURNAL_NAME)) as connection:
        audit.verify(connection, folder)
        rows = connection.execute("SELECT id FROM place ORDER BY seq").fetchall()
        return [row[0] for row in rows]


def lost(steps: Sequence[Step], folder: Path, count: int) -> tuple[int, int]:
    """After how many of so many cuts is a promised event gone, or the file damaged."""
    every, bad, damaged = told(steps), 0, 0
    due = promised(steps)
    for number, (moment, image) in enumerate(cuts(steps, count)):
        here = folder / str(number)
        lay(image, here)
        try:
            found = held(here)
            shutil.rmtree(here)
        except (JournalDamaged, sqlite3.DatabaseError):
            damaged += 1
            continue
        assert found == every[: len(found)], f"cut {number} at step {moment} invented an event"
        bad += len(found) < due[moment]
    return bad, damaged


def test_the_record_is_of_real_writes(steps: list[Step]) -> None:
    kinds = Counter(type(step).__name__ for step in steps)
    acts = [step for step in steps if isinstance(step, Said)]
    assert len(acts) == ACTS + 1
    assert kinds["Wrote"] > 3 * ACTS
    flushes = sum(step == Flushed(WAL) for step in steps)
    assert flushes >= ACTS, "an act is flushed before it is told"


def test_no_promised_event_is_lost_in_two_thousand_power_cuts(
    steps: list[Step], memory: Path
) -> None:
    assert lost(steps, memory, CUTS) == (0, 0)


def test_the_journal_opens_after_a_power_cut(steps: list[Step], tmp_path: Path) -> None:
    """And goes on where it was, without setting anything aside."""
    for number, (moment, image) in enumerate(cuts(steps, CUTS // OPENED_EACH)):
        here = tmp_path / str(number)
        lay(image, here)
        journal = Journal.open(here, station="MIX-1", clock=Clock(), new_id=new_id)
        try:
            assert journal.moved_aside is None
            journal.verify()
            found = {record.id for _, record in journal.replay()}
            assert set(told(steps[:moment])) <= found
            journal.append(act(1)).result()
        finally:
            journal.close()


def test_a_disk_that_ignores_flushes_is_found_out(steps: list[Step], memory: Path) -> None:
    """The same check fails where the journal's flushes do nothing: it can fail."""
    lying = [step for step in steps if step != Flushed(WAL)]
    bad, damaged = lost(lying, memory, CUTS // OPENED_EACH)
    assert bad + damaged > 0
