"""What waiting stations cost a push: `python -m tests.bench.long_poll` prints one line of JSON.

A real server on loopback; so many stations of fifty work centers wait in long polls, in a process
of their own; one station pushes single events. Rounds with and without the waiting alternate, and
the median answer of each is told. Events pushed concern one work center, so its stations wake.
"""

import argparse
import asyncio
import json
import multiprocessing
import statistics
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.synchronize import Event as Flag
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from sync.domain.events import HelpCalled
from tests.sync.server.server_parts import Log, Server, Station, body

WORK_CENTERS: Final = 50
ROUNDS: Final = 5
PUSHES: Final = {"small": 40, "full": 200}
STATIONS: Final = {"small": 100, "full": 500}
SETTLE_SECONDS: Final = 4
SETTLE_SECONDS_MAX: Final = 60


@dataclass(frozen=True)
class Waiting:
    """The stations that wait: where, with which tokens, and the flags of their process."""

    url: str
    tokens: list[str]
    mark: str
    ready: Flag
    stop: Flag


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=("small", "full"), default="full")
    size = parser.parse_args().size
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder)) as server:
        pusher = _enrolled(server, 0)
        tokens = [_enrolled(server, n).answer["token"] for n in range(1, STATIONS[size] + 1)]
        print(json.dumps(_measured(server, pusher, tokens, PUSHES[size])), flush=True)


def _enrolled(server: Server, number: int) -> Station:
    name, center = f"S-{number}", f"WC-{number % WORK_CENTERS}"
    answer = server.client.post("/v1/enrol", json={"code": server.code(name, (center,))})
    assert answer.status_code == 200, answer.text
    return Station(server, answer.json())


def _measured(server: Server, pusher: Station, tokens: list[str], pushes: int) -> dict[str, object]:
    log = Log()
    _round(pusher, log, pushes)
    idle: list[float] = []
    waiting: list[float] = []
    for _ in range(ROUNDS):
        idle.append(_round(pusher, log, pushes))
        _, mark = pusher.snapshot()
        flags = multiprocessing.Event(), multiprocessing.Event()
        crowd = Waiting(server.url, tokens, mark, *flags)
        process = multiprocessing.Process(target=_wait, args=(crowd,))
        process.start()
        assert crowd.ready.wait(SETTLE_SECONDS_MAX), "the stations did not get to wait"
        waiting.append(_round(pusher, log, pushes))
        crowd.stop.set()
        process.join()
    one, other = statistics.median(idle), statistics.median(waiting)
    return {
        "bench": "long_poll",
        "stations": len(tokens),
        "idle_ms": round(one, 3),
        "waiting_ms": round(other, 3),
        "ratio": round(other / one, 2),
        "rounds": ROUNDS,
        "pushes": pushes,
    }


def _round(pusher: Station, log: Log, pushes: int) -> float:
    """The median milliseconds of pushing one event."""
    taken = []
    path, client = f"/v1/origins/{log.origin}/events", pusher.server.client
    for _ in range(pushes):
        after = len(log.bodies)
        log.bodies.append(body(HelpCalled(work_center="WC-0", station="S-0", n=after + 1)))
        message = log.message(after)
        began = time.perf_counter()
        answer = client.post(path, content=message, headers=pusher.headers)
        taken.append((time.perf_counter() - began) * 1_000)
        assert answer.status_code == 200, answer.text
    return statistics.median(taken)


def _wait(crowd: Waiting) -> None:
    asyncio.run(_crowd(crowd))


async def _crowd(crowd: Waiting) -> None:
    stations = [asyncio.create_task(_station(crowd, token)) for token in crowd.tokens]
    await asyncio.sleep(SETTLE_SECONDS)
    crowd.ready.set()
    await asyncio.to_thread(crowd.stop.wait)
    for station in stations:
        station.cancel()
    await asyncio.gather(*stations, return_exceptions=True)


async def _station(crowd: Waiting, token: str) -> None:
    """Poll for ever on one connection, each time after the mark of the last page."""
    address, mark = urlsplit(crowd.url), crowd.mark
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        while True:
            ask = (
                f"GET /v1/feed?after={mark}&wait=25 HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: Bearer {token}\r\n\r\n"
            )
            writer.write(ask.encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.split("content-length: ")[1].split("\r\n")[0])
            page = json.loads(await reader.readexactly(length))
            mark = ".".join(str(part) for part in page["mark"])
    finally:
        writer.close()


if __name__ == "__main__":
    main()
