"""Copies of a station's files: a cloned disk, a clone of the clone, an older journal put back.

The machine's fast path sees most copies before their first scan. A blind one has forgotten where it
lay, like a whole machine that was cloned with its identity: there the chain has to find it.
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from tests.faults.history import alarms, origins, unheard
from tests.faults.recorded_station import act
from tests.faults.room import JOURNAL, Room

ACTS: Final = 20
BUSY_ACTS: Final = 400
SENT_SECONDS_MAX: Final = 20.0
LONG: Final = pytest.mark.long
ACT_EVENTS_MAX: Final = max(len(act(number)) for number in range(3))


def blinded(journal: Path) -> None:
    """A copy that does not know in which place it was."""
    with closing(sqlite3.connect(journal)) as connection:
        connection.execute("DELETE FROM meta WHERE name = 'machine'")
        connection.commit()


def at_work(room: Room) -> None:
    """Two stations of one work center, and a released order."""
    room.release(1)
    for name in ("MIX-1", "MIX-2"):
        room.station(name)
        room.act(name, ACTS)
        assert room.waiting(name, SENT_SECONDS_MAX) == 0


def copied(room: Room, label: str, other: str, *, running: bool, blind: bool) -> None:
    """A copy that is at work beside the original."""
    if running:
        room.begin_acts(label, BUSY_ACTS)
        room.copy(label, other)
        room.end_acts(label)
    else:
        room.stop_station(label)
        room.copy(label, other)
        room.station(label)
    if blind:
        blinded(room.journal(other))
    room.station(other)


@pytest.mark.parametrize(
    ("running", "blind"),
    [
        pytest.param(False, True, id="at rest, blind"),
        pytest.param(True, False, id="at work, seen"),
        pytest.param(False, False, id="at rest, seen", marks=LONG),
        pytest.param(True, True, id="at work, blind", marks=LONG),
    ],
)
def test_a_clone_and_its_clone_go_on_beside_the_original(
    tmp_path: Path, running: bool, blind: bool
) -> None:
    with Room(tmp_path) as room:
        at_work(room)
        copied(room, "MIX-1", "MIX-1~a", running=running, blind=blind)
        assert all(room.online(label, SENT_SECONDS_MAX) for label in ("MIX-1", "MIX-1~a"))
        for label in ("MIX-1", "MIX-1~a"):
            room.act(label, ACTS)
            assert room.waiting(label, SENT_SECONDS_MAX) == 0
        room.kill_server()
        for label in ("MIX-1", "MIX-1~a"):
            room.act(label, ACTS)
        copied(room, "MIX-1~a", "MIX-1~b", running=running, blind=blind)
        for label in ("MIX-1", "MIX-1~a", "MIX-1~b", "MIX-2"):
            room.act(label, ACTS)
        room.start_server()
        # A copy of what is being written may hold the act that was cut off, or be salvaged.
        cut = {"MIX-1": 2 * ACT_EVENTS_MAX} if running else {}
        assert room.proved(cut) == []
        assert origins(room.ledger, "MIX-1") >= 3
        # Both were answered at the same place: the second one to send learns that it is a copy.
        if blind and not running:
            assert alarms(room.ledger)["fork"] > 0


@pytest.mark.parametrize(
    ("behind", "blind"),
    [
        pytest.param(False, True, id="acts first, blind"),
        pytest.param(True, False, id="hears first, seen"),
        pytest.param(False, False, id="acts first, seen", marks=LONG),
        pytest.param(True, True, id="hears first, blind", marks=LONG),
    ],
)
def test_an_older_journal_is_put_back_over_a_newer_one(
    tmp_path: Path, behind: bool, blind: bool
) -> None:
    """What the server had comes back by the feed; what is scanned on the old copy is kept too."""
    with Room(tmp_path) as room:
        at_work(room)
        room.stop_station("MIX-1")
        room.copy("MIX-1", "kept")
        room.station("MIX-1")
        room.act("MIX-1", ACTS)
        assert room.waiting("MIX-1", SENT_SECONDS_MAX) == 0
        room.kill_station("MIX-1")
        if not blind:
            (room.folder("MIX-1") / JOURNAL).unlink()
        room.copy("kept", "MIX-1")
        lost = unheard(room.ledger, room.journal("MIX-1"))
        assert len(lost) >= ACTS, "the copy is not older"
        if not behind:
            room.kill_server()
        room.station("MIX-1")
        room.act("MIX-1", ACTS)
        if not behind:
            room.start_server()
        assert room.proved() == []
        assert origins(room.ledger, "MIX-1") == 2


@pytest.mark.parametrize("copies", [pytest.param(count, marks=LONG) for count in (2, 6)])
def test_a_copy_of_a_copy_each_time_it_is_started(tmp_path: Path, copies: int) -> None:
    """Each time the newest copy goes on alone, as where a machine is restored every night."""
    labels = [f"MIX-1~{number}" for number in range(copies)]
    with Room(tmp_path) as room:
        at_work(room)
        room.kill_station("MIX-1")
        shutil.copytree(room.folder("MIX-1"), room.folder(labels[0]))
        for label, following in zip(labels, [*labels[1:], "last"], strict=True):
            room.station(label)
            room.act(label, ACTS)
            room.kill_station(label)
            room.copy(label, following)
        room.station(labels[-1])
        assert room.proved() == []
