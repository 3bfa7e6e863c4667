"""The server is killed at random moments while a station pushes: nothing acknowledged is lost."""

import os
import random
import signal
import threading
from pathlib import Path

import httpx
import pytest

from tests.sync.server.server_parts import Log, Server, Station, help_called


class Pusher:
    """A station that goes on after each start of the server from what was acknowledged."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.acknowledged = 0

    def push_until_killed(self, station: Station, rng: random.Random) -> None:
        while True:
            count = rng.choice((1, 1, 3, 20, 200))
            self.log.bodies += help_called(count)
            try:
                answer = station.push(self.log, self.acknowledged)
            except httpx.TransportError:
                return
            assert answer.status_code == 200, answer.text
            have = answer.json()["have"]
            assert have == [*(have[:1]), self.log.mark(have[0]).digest]
            assert have[0] >= self.acknowledged
            self.acknowledged = have[0]


def rounds(folder: Path, count: int, seed: int) -> None:
    rng, pusher = random.Random(seed), Pusher(Log())
    for _ in range(count):
        server = Server(folder)
        station = server.enrol("MIX-1")
        timer = threading.Timer(rng.uniform(0, 0.25), os.kill, (server.pid, signal.SIGKILL))
        timer.start()
        pusher.push_until_killed(station, rng)
        timer.join()
        server.end()
    with Server(folder) as server:
        station = server.enrol("MIX-1")
        have = station.push(pusher.log, pusher.acknowledged).json()["have"]
        assert have == [len(pusher.log.bodies), pusher.log.mark(len(pusher.log.bodies)).digest]
        ids = [line["event"]["id"] for line in server.exported()]
        places = [line["places"] for line in server.exported()]
        told = server.client.get("/v1/verify", headers=server.admin).json()
    assert told == {"origins": 1, "places": len(ids), "events": len(ids), "bad": ""}
    assert len(ids) == len(set(ids)) == len(pusher.log.bodies)
    assert sorted(place[0][1] for place in places) == list(range(1, len(ids) + 1))


@pytest.mark.long
def test_ten_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    rounds(tmp_path, 10, seed=7)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_fifty_kills_lose_nothing_and_double_nothing(tmp_path: Path, seed: int) -> None:
    rounds(tmp_path, 50, seed)
