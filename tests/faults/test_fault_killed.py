"""kill -9 of a station and of the server, at random moments: nothing told is lost, nothing doubled.

The children of `nursery` are real processes on real files; only their start is short.
"""

import random
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from tests.faults.history import rows
from tests.faults.nursery import OPEN, Nursery
from tests.faults.recorded_station import act
from tests.faults.room import Room

LIFE_SECONDS: Final = 0.3
SERVING_SECONDS: Final = 0.12
STARTING_SECONDS: Final = 0.4
GROWTH_SECONDS_MAX: Final = 5.0
LOOK_SECONDS: Final = 0.005
ACTS: Final = 8
ACT_EVENTS_MAX: Final = max(len(act(number)) for number in range(3))
LONG: Final = pytest.mark.long


@pytest.mark.parametrize("kills", [5, pytest.param(200, marks=LONG)])
def test_a_station_is_killed(kills: int, tmp_path: Path) -> None:
    chance, opened = random.Random(kills), 0
    with Room(tmp_path) as room, Nursery(tmp_path / "errors.log") as nursery:
        room.release(1)
        for name in ("MIX-1", "MIX-2"):
            room.station(name)
        room.kill_station("MIX-1")
        for _ in range(kills):
            nursery.bear("station", str(room.folder("MIX-1")), room.url, "MIX-1")
            threading.Event().wait(chance.uniform(0.0, LIFE_SECONDS))
            lines = nursery.kill()
            opened += lines[:1] == [OPEN]
            room.told["MIX-1"] += [name for line in lines[1:] for name in line.split()]
        room.station("MIX-1")
        room.act("MIX-1", 1)
        assert room.proved(cut={"MIX-1": kills * ACT_EVENTS_MAX}) == []
    print(f"{kills} kills, {opened} at work, {len(room.told['MIX-1'])} events told")
    assert opened > kills // 3
    assert len(room.told["MIX-1"]) > kills


@pytest.mark.parametrize("kills", [5, pytest.param(200, marks=LONG)])
def test_the_server_is_killed(kills: int, tmp_path: Path) -> None:
    """Every fifth time before it is ready; else while stations send, often after the first commit."""
    chance, names, heard = random.Random(kills), ("MIX-1", "MIX-2"), [0]
    with Room(tmp_path) as room, Nursery(tmp_path / "errors.log") as nursery:
        room.release(1)
        for name in names:
            room.station(name)
        room.kill_server()
        for number in range(kills):
            nursery.bear("server", str(room.data), room.port)
            for name in names:
                room.begin_acts(name, ACTS)
            if number % 5 == 4:
                threading.Event().wait(chance.uniform(0.0, STARTING_SECONDS))
            else:
                nursery.until_ready()
                for name in names:
                    room.hurry(name)
                if number % 2 == 0:
                    await_growth(room, heard[-1])
                threading.Event().wait(chance.uniform(0.0, SERVING_SECONDS))
            nursery.kill()
            for name in names:
                room.end_acts(name)
            heard.append(position(room))
        room.start_server()
        assert room.proved() == []
    grown = sum(after > before for before, after in pairwise(heard))
    print(f"{kills} kills, {grown} servers stored something, {heard[-1]} events before the last")
    assert grown > kills // 3


def position(room: Room) -> int:
    """How far the ledger is."""
    return int(rows(room.ledger, "SELECT coalesce(max(position), 0) FROM event")[0][0])


def await_growth(room: Room, before: int) -> None:
    """Wait until the server stored something, however slow the machine is."""
    end = time.monotonic() + GROWTH_SECONDS_MAX
    while position(room) <= before and time.monotonic() < end:
        threading.Event().wait(LOOK_SECONDS)
