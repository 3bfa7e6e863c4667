"""Messages are delayed, doubled, late, cut and half-closed: the ledger has everything once."""

from pathlib import Path
from typing import Final

import pytest

from tests.faults.proxy import Fault, Proxy
from tests.faults.room import Room

ACTS: Final = 30
TURNS: Final = 8
STATIONS: Final = ("MIX-1", "MIX-2")
DRAINED_SECONDS_MAX: Final = 8.0
PAUSE_SECONDS: Final = 0.3


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(n, marks=pytest.mark.long) for n in range(2, 8))]
)
def test_every_promised_event_is_in_the_ledger_once(seed: int, tmp_path: Path) -> None:
    with Room(tmp_path) as room, Proxy(int(room.url.rpartition(":")[2]), seed) as proxy:
        for name in STATIONS:
            room.station(name, proxy.url)
        for _ in range(TURNS):
            for name in STATIONS:
                room.act(name, ACTS)
                room.waiting(name, PAUSE_SECONDS)
        proxy.calm()
        for name in STATIONS:
            assert room.waiting(name, DRAINED_SECONDS_MAX) == 0
        assert room.wrongs() == []
        assert all(proxy.done[fault] for fault in Fault), proxy.done


def test_a_server_is_killed_between_commit_and_answer(tmp_path: Path) -> None:
    """The proxy keeps every answer back, so the server dies when it has stored and none knows."""
    with Room(tmp_path) as room, Proxy(int(room.url.rpartition(":")[2]), 0) as proxy:
        proxy.calm()
        room.station("MIX-1", proxy.url)
        for _ in range(3):
            proxy.hold_answers()
            room.act("MIX-1", ACTS)
            proxy.until_held()
            room.kill_server()
            proxy.let_go()
            room.start_server()
        assert room.waiting("MIX-1", DRAINED_SECONDS_MAX) == 0
        assert room.wrongs() == []
