"""Three server processes on one PostgreSQL behind a balancer are one server, whoever is killed."""

import concurrent.futures
import contextlib
import random
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy.engine import make_url

from tests.postgres import NAMES, Cluster, cluster_of
from tests.proofs.balancer import Balancer
from tests.sync.server.histories import Plant
from tests.sync.server.server_parts import Log, Server, help_called

SERVERS: Final = ("one", "two", "three")
KEYS: Final = ("signing.key", "admin.token")
WRITERS: Final = 12
READERS: Final = 3
GAP_SECONDS: Final = (1.0, 3.0)
PAUSE_SECONDS: Final = 0.05
END_SECONDS_MAX: Final = 60.0
WATCH: Final = """
CREATE TABLE proof_slice (n bigserial, was bigint, now bigint, who text, fence bigint);
CREATE FUNCTION proof_slice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.reader = 'projector' THEN
    INSERT INTO proof_slice (was, now, who, fence)
    SELECT OLD.position, NEW.position, current_setting('application_name'), fence
    FROM lease WHERE name = 'projector';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER proof_slice AFTER UPDATE ON mark FOR EACH ROW EXECUTE FUNCTION proof_slice();
"""


class Trio:
    """The three servers, of which some may be dead, and the way to them."""

    def __init__(self, folder: Path, cluster: Cluster, balancer: Balancer) -> None:
        self.url = cluster.database()
        self.balancer = balancer
        self.starts = 0
        self._folder = folder
        self._cluster = cluster
        self.servers: dict[str, Server] = {}
        self.start(SERVERS[0])
        self.database = str(make_url(self.url).database)
        with cluster.connect(self.database) as connection:
            connection.execute(WATCH.encode())
        for name in SERVERS[1:]:
            (folder / name).mkdir()
            for key in KEYS:
                shutil.copy(folder / SERVERS[0] / key, folder / name / key)
        with ThreadPoolExecutor(2) as starting:
            list(starting.map(self.start, SERVERS[1:]))

    def start(self, name: str) -> None:
        self.starts += 1
        url = f"{self.url}&application_name={name}-{self.starts}"
        server = Server(self._folder / name, "--database", url)
        self.servers[name] = server
        self.balancer.servers[name] = urlsplit(server.url).port or 0

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self._cluster.connect(self.database) as connection:
            return connection.execute(sql.encode()).fetchall()

    def holder(self) -> str:
        """The server that projected last."""
        found = self.rows("SELECT who FROM proof_slice ORDER BY n DESC LIMIT 1")
        return str(found[0][0]).partition("-")[0] if found else SERVERS[0]

    def end(self) -> list[str]:
        """Stop all; what they said."""
        return [server.end()[1] for server in self.servers.values()]

    def drop(self) -> None:
        for server in self.servers.values():
            server.end()
        self._cluster.drop(self.url)


class Writer:
    """A station of its own that pushes until it is told to end, then until all is acknowledged."""

    def __init__(self, url: str, headers: dict[str, str], rng: random.Random) -> None:
        self.log = Log()
        self.acknowledged = 0
        self._headers = headers
        self._rng = rng
        self._client = httpx.Client(base_url=url, trust_env=False, timeout=20)

    def run(self, ending: threading.Event) -> None:
        with self._client:
            while not ending.is_set():
                self.log.bodies += help_called(self._rng.choice((1, 1, 3, 10)))
                self._push()
            until = time.monotonic() + END_SECONDS_MAX
            while self.acknowledged < len(self.log.bodies):
                assert time.monotonic() < until, "not acknowledged"
                self._push()

    def _push(self) -> None:
        path = f"/v1/origins/{self.log.origin}/events"
        message = self.log.message(self.acknowledged)
        try:
            answer = self._client.post(path, content=message, headers=self._headers)
        except httpx.TransportError:
            threading.Event().wait(PAUSE_SECONDS)
            return
        if answer.status_code in {429, 500, 502, 503}:
            threading.Event().wait(PAUSE_SECONDS * 5)
            return
        assert answer.status_code == 200, answer.text
        seq, digest = answer.json()["have"]
        assert seq >= self.acknowledged, "an acknowledgement was taken back"
        assert digest == self.log.mark(seq).digest
        self.acknowledged = seq
        threading.Event().wait(PAUSE_SECONDS)


class Follower:
    """A station that follows the feed by long polls, from the mark of a snapshot taken at once."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self.heard: list[str] = []
        self.marks: list[int] = [0]
        self._headers = headers
        self._client = httpx.Client(base_url=url, trust_env=False, timeout=20)
        self._mark = self._asked("/v1/snapshot", {"cursor": ""})["mark"]

    def run(self, done: Callable[[int], bool]) -> None:
        with contextlib.closing(self._client):
            mark = self._mark
            until = time.monotonic() + 2 * END_SECONDS_MAX
            while not done(len(self.heard)):
                assert time.monotonic() < until, f"heard {len(self.heard)}"
                after = ".".join(str(part) for part in mark)
                page = self._asked("/v1/feed", {"after": after, "wait": "1"})
                self.heard += [event["id"] for event in page["events"]]
                mark = page["mark"]
                self.marks.append(mark[1])

    def _asked(self, path: str, asked: dict[str, str]) -> Any:
        until = time.monotonic() + END_SECONDS_MAX
        while True:
            assert time.monotonic() < until, f"{path} was not answered"
            try:
                answer = self._client.get(path, params=asked, headers=self._headers)
            except httpx.TransportError:
                threading.Event().wait(PAUSE_SECONDS)
                continue
            if answer.status_code == 200:
                return answer.json()
            assert answer.status_code in {429, 500, 502, 503}, answer.text
            threading.Event().wait(PAUSE_SECONDS * 5)


def read_in_order(trio: Trio, ending: threading.Event) -> int:
    """Follow the ledger by position alone; what was passed must never appear later."""
    last = 0
    while True:
        ended = ending.is_set()
        found = [row[0] for row in trio.rows(
            f"SELECT position FROM event WHERE position > {last} ORDER BY position")]  # fmt: skip
        assert found == list(range(last + 1, last + 1 + len(found))), f"a hole after {last}"
        last += len(found)
        if ended and not found:
            return last
        threading.Event().wait(PAUSE_SECONDS)


def kill_and_start(trio: Trio, rng: random.Random, seconds: float) -> int:
    """Kill now the one that projects, now any; returns how often."""
    until, kills = time.monotonic() + seconds, 0
    starting: dict[str, Future[None]] = {}
    with ThreadPoolExecutor(len(SERVERS)) as threads:
        while time.monotonic() < until:
            threading.Event().wait(rng.uniform(*GAP_SECONDS))
            alive = [name for name in SERVERS if name not in starting or starting[name].done()]
            holder = trio.holder()
            name = holder if kills % 2 == 0 and holder in alive else rng.choice([*alive, ""])
            if len(alive) > 1 and name:
                trio.servers[name].kill()
                starting[name] = threads.submit(trio.start, name)
                kills += 1
    for one in starting.values():
        one.result()
    return kills


def enrolled(trio: Trio, name: str) -> dict[str, str]:
    """A station that one process enrols by another's code; a third one knows it at once."""
    one, two, three = (trio.servers[server] for server in SERVERS)
    code = one.code(name)
    answers = [two.client.post("/v1/enrol", json={"code": code, "origin": ""}) for _ in range(2)]
    assert [answer.status_code == 200 for answer in answers] == [True, False], answers[1].text
    headers = {"Authorization": f"Bearer {answers[0].json()['token']}"}
    assert three.client.get("/v1/snapshot", headers=headers).status_code == 200
    return headers


def prove(folder: Path, cluster: Cluster, seconds: float, seed: int) -> None:
    rng = random.Random(seed)
    with Balancer() as balancer, ThreadPoolExecutor(WRITERS + READERS + 1) as threads:
        trio = Trio(folder, cluster, balancer)
        known = [enrolled(trio, f"S-{number}") for number in range(4)]
        writers = [
            Writer(balancer.url, known[n % 4], random.Random(seed + n)) for n in range(WRITERS)
        ]
        followers = [Follower(balancer.url, known[n]) for n in range(READERS)]
        ending, written = threading.Event(), threading.Event()

        def complete(heard: int) -> bool:
            return written.is_set() and heard >= sum(len(one.log.bodies) for one in writers)

        pushing = [threads.submit(one.run, ending) for one in writers]
        following = [threads.submit(one.run, complete) for one in followers]
        reading = threads.submit(read_in_order, trio, written)
        try:
            kills = kill_and_start(trio, rng, seconds)
        finally:
            ending.set()
            failed = [one.exception() for one in pushing]
            written.set()
            reads: list[Future[Any]] = [reading, *following]
            concurrent.futures.wait(reads)
            trio.end()
        assert not any(failed), failed
        last = reading.result()
        for one in following:
            one.result()
        print(f"seed {seed}: {kills} kills, {last} events, {balancer.taken}")
        check(trio, writers, followers, folder, last)
        trio.drop()


def check(
    trio: Trio, writers: list[Writer], followers: list[Follower], folder: Path, last: int
) -> None:
    places = dict(trio.rows("SELECT id, position FROM event"))
    sent = [name for one in writers for name in ids_of(one.log)]
    assert sorted(places) == sorted(sent), "lost, doubled or invented"
    assert last == len(sent)
    for one in followers:
        assert sorted(one.heard) == sorted(sent), "the feed missed or doubled an event"
        assert [places[name] for name in one.heard] == sorted(places[name] for name in one.heard)
        assert one.marks == sorted(one.marks)
    slices = trio.rows("SELECT was, now, who, fence FROM proof_slice ORDER BY n")
    assert all(later[0] == earlier[1] for earlier, later in pairwise(slices))
    fences = [row[3] for row in slices]
    assert fences == sorted(fences), "a deposed projector wrote"
    holders = {fence: {row[2] for row in slices if row[3] == fence} for fence in set(fences)}
    assert all(len(who) == 1 for who in holders.values()), holders
    assert len(holders) > 1, "nobody ever took over"
    plant = Plant(folder, trio.url)
    plant.projector.catch_up()
    live = plant.views()
    plant.projector.rebuild()
    assert plant.views() == live
    plant.close()


def ids_of(log: Log) -> list[str]:
    return [body.decode().split('"id":"', 1)[1].split('"', 1)[0] for body in log.bodies]


def test_three_servers_are_one_while_they_are_killed(tmp_path: Path) -> None:
    prove(tmp_path, cluster_of("pg15"), seconds=8, seed=7)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_three_servers_are_one_for_minutes(tmp_path: Path, name: str, seed: int) -> None:
    prove(tmp_path, cluster_of(name), seconds=90, seed=seed)
