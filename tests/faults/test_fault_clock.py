"""A clock jumps three days, there and back: order, durations, waits and what was told stay right.

The C library itself tells the wrong time; the boot clock, as on a real machine, does not jump.
"""

import json
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from tests.faults.history import rows, unheard
from tests.faults.room import Room
from tests.missing import missing

LIBRARY: Final = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
JUMPS: Final = ("+3d", "-3d", "+0d", "-3d", "+3d", "+0d")
ACTS: Final = 5
SENT_SECONDS_MAX: Final = 5.0
HEARD_SECONDS_MAX: Final = 5.0
LOOK_SECONDS: Final = 0.02
DAY_MILLISECONDS: Final = 86_400_000
STATIONS: Final = ("MIX-1", "MIX-2")
_OWN: Final = (
    "SELECT e.body FROM place p JOIN event e ON e.position = p.position ORDER BY p.origin, p.seq"
)


class FalseTime:
    """How far the wall clock of a process is off; may change while it runs."""

    def __init__(self, path: Path) -> None:
        if LIBRARY is None:
            missing("libfaketime", "apt install faketime")
        self._path = path
        self.jump("+0d")
        self.environment = {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(path),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def jump(self, away: str) -> None:
        """From now on it is so far from the machine's."""
        fresh = self._path.with_suffix(".new")
        fresh.write_text(away, encoding="ascii")
        fresh.rename(self._path)


def heard(room: Room, label: str) -> float:
    """After how many seconds a station knew every event of an order that the ledger holds."""
    begun = time.monotonic()
    while unheard(room.ledger, room.journal(label)):
        assert time.monotonic() < begun + HEARD_SECONDS_MAX, f"{label} does not hear"
        threading.Event().wait(LOOK_SECONDS)
    return time.monotonic() - begun


def work(room: Room) -> None:
    """Both stations act, the server has it at once, and each hears of the other."""
    for name in STATIONS:
        room.act(name, ACTS)
        assert room.waiting(name, SENT_SECONDS_MAX) == 0
    for name in STATIONS:
        heard(room, name)


def assert_ordered(room: Room, seconds: float) -> None:
    """Each station's `n` follows its chain, and its durations are those of the boot clock."""
    bodies = [json.loads(row[0]) for row in rows(room.ledger, _OWN)]
    for name in STATIONS:
        mine = [body for body in bodies if body["station"] == name]
        assert [body["n"] for body in mine] == list(range(1, len(mine) + 1))
        assert len({body["boot"] for body in mine}) == 1
        assert all(one["mono"] <= next_["mono"] for one, next_ in pairwise(mine))
        assert mine[-1]["mono"] - mine[0]["mono"] < seconds * 1_000 < DAY_MILLISECONDS


@pytest.mark.long
def test_a_station_jumps(tmp_path: Path) -> None:
    clock, begun = FalseTime(tmp_path / "offset"), time.monotonic()
    with Room(tmp_path) as room:
        room.release(1)
        room.station("MIX-1", environment=clock.environment)
        room.station("MIX-2")
        for away in JUMPS:
            clock.jump(away)
            work(room)
        assert_ordered(room, time.monotonic() - begun)
        bodies = [json.loads(row[0]) for row in rows(room.ledger, _OWN)]
        days = {body["at"][:10] for body in bodies if body["station"] == "MIX-1"}
        assert len(days) >= len(set(JUMPS)), "the clock did not jump"
        assert room.proved() == []


@pytest.mark.parametrize("away", ["-3d", pytest.param("+3d", marks=pytest.mark.long)])
def test_a_station_starts_on_another_day(away: str, tmp_path: Path) -> None:
    """As after a flat battery: it acts offline and at its wrong time, and then has the right one."""
    clock, begun = FalseTime(tmp_path / "offset"), time.monotonic()
    with Room(tmp_path) as room:
        room.release(1)
        for name in STATIONS:
            room.station(name)
        work(room)
        room.kill_station("MIX-1")
        clock.jump(away)
        room.station("MIX-1", environment=clock.environment)
        work(room)
        room.kill_station("MIX-1")
        room.station("MIX-1")
        work(room)
        assert_ordered(room, time.monotonic() - begun)
        assert room.proved() == []


@pytest.mark.long
def test_the_server_jumps(tmp_path: Path) -> None:
    """While it runs, while stations wait for its news, and between its death and its start."""
    clock, begun = FalseTime(tmp_path / "offset"), time.monotonic()
    with Room(tmp_path) as room:
        room.release(1)
        room.kill_server()
        room.start_server(clock.environment)
        for name in STATIONS:
            room.station(name)
        for number, away in enumerate(JUMPS):
            if number % 2:
                room.kill_server()
            clock.jump(away)
            if number % 2:
                room.start_server(clock.environment)
            work(room)
        assert_ordered(room, time.monotonic() - begun)
        assert room.proved() == []
