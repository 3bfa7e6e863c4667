"""Notices: what a process told reaches the others at once, and a lost one costs a poll at most."""

import contextlib
import os
import queue
import resource
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from sync.server.database import Database
from sync.server.hub import Hub
from sync.server.notice import (
    ALL,
    NOTICE_BYTES_MAX,
    RECONNECTED,
    Notices,
    Projected,
    read_projected,
    tell_projected,
)
from tests.postgres import Cluster

SECONDS_MAX = 20
FILES_COUNT = 1_100
LISTENERS = "SELECT pid FROM pg_stat_activity WHERE query = 'LISTEN kiosk' AND datname = '{}'"


class Heard:
    """Notices as they come."""

    def __init__(self) -> None:
        self.came: queue.Queue[str] = queue.Queue()

    def next(self) -> str:
        return self.came.get(timeout=SECONDS_MAX)


@pytest.fixture
def url(cluster: Cluster) -> Iterator[str]:
    made = cluster.database()
    yield made
    cluster.drop(made)


@pytest.fixture
def heard(url: str) -> Iterator[Heard]:
    made = Heard()
    notices = Notices(url, made.came.put)
    notices.start()
    yield made
    notices.stop()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database(url)
    yield opened
    opened.close()


def tell(database: Database, told: str) -> None:
    database.write_now(lambda conn: database.tell(conn, told))


def listeners(cluster: Cluster, url: str) -> list[tuple[object, ...]]:
    return cluster.run(LISTENERS.format(make_url(url).database))


def test_what_is_told_is_heard_after_its_commit(heard: Heard, database: Database) -> None:
    assert heard.next() == RECONNECTED

    def undone(connection: Connection) -> None:
        database.tell(connection, "undone")
        raise ValueError

    with pytest.raises(ValueError):
        database.write_now(undone)
    tell(database, "done")
    assert heard.next() == "done"


def test_a_listener_that_was_cut_off_comes_back_and_says_so(
    heard: Heard, database: Database, cluster: Cluster, url: str
) -> None:
    assert heard.next() == RECONNECTED
    for _ in range(2):
        ((pid,),) = listeners(cluster, url)
        cluster.run(f"SELECT pg_terminate_backend({pid})")
        assert heard.next() == RECONNECTED
        tell(database, "again")
        assert heard.next() == "again"


def test_a_fault_of_who_hears_does_not_end_the_listening(
    url: str, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    came: queue.Queue[str] = queue.Queue()

    def hear(told: str) -> None:
        came.put(told)
        if told == "bad":
            raise ValueError(told)

    notices = Notices(url, hear)
    notices.start()
    assert came.get(timeout=SECONDS_MAX) == RECONNECTED
    tell(database, "bad")
    tell(database, "good")
    assert [came.get(timeout=SECONDS_MAX) for _ in range(2)] == ["bad", "good"]
    assert "could not be followed" in caplog.text
    notices.stop()


def test_a_server_that_is_not_there_is_tried_again_and_stopping_is_quick() -> None:
    notices = Notices("postgresql+psycopg://nobody@127.0.0.1:1/none", lambda _: None)
    notices.start()
    began = time.monotonic()
    notices.stop()
    assert time.monotonic() - began < 5


def test_scopes_too_many_for_a_notice_are_all(heard: Heard, database: Database) -> None:
    assert heard.next() == RECONNECTED
    few = Projected("me", 3, 7, ("board", 'work_center:Öfen "7"'))
    many = Projected("me", 7, 9, tuple(f"station:{n:05}" for n in range(NOTICE_BYTES_MAX // 10)))
    for one in (few, many):
        database.write_now(lambda conn, one=one: tell_projected(database, conn, one))  # type: ignore[misc]
    assert read_projected(heard.next()) == few
    assert read_projected(heard.next()) == Projected("me", 7, 9, (ALL,))


@pytest.mark.parametrize(
    "told", ["", "appended", "[]", '["other",1]', '["projected","a","b"]', "\0"]
)
def test_what_strangers_tell_is_no_projected_slice(told: str) -> None:
    assert read_projected(told) is None


async def test_a_hub_wakes_everybody_for_all() -> None:
    hub = Hub()
    hub.start()
    with hub.listening(["station:A"]) as one, hub.listening(["board"]) as other:
        waker: Callable[[], None] = lambda: hub.wake({ALL})  # noqa: E731
        threading.Thread(target=waker).start()
        assert await one.wait(SECONDS_MAX)
        assert await other.wait(SECONDS_MAX)


def test_notices_are_heard_beside_a_thousand_connections(url: str, database: Database) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, FILES_COUNT + 100), hard))
    with contextlib.ExitStack() as files:
        for _ in range(FILES_COUNT):
            files.callback(os.close, os.open(os.devnull, os.O_RDONLY))
        heard = Heard()
        notices = Notices(url, heard.came.put)
        notices.start()
        assert heard.next() == RECONNECTED
        tell(database, "appended")
        assert heard.next() == "appended"
        notices.stop()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
