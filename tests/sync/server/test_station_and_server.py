"""The production station against the production server, as processes and sockets."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree

from msgspec.structs import replace

from kiosk.journal import Journal
from sync.client import State, SyncClient, SyncStatus
from sync.domain.events import DeviationReviewed, Event, OperationStarted, OrderReleased
from sync.server.clock import ServerClock
from sync.server.database import Database, sqlite_url
from sync.server.feed import prune_feed
from sync.upkeep import ASK_SECONDS
from tests.kiosk.journal.journals import opened, sign_in, until
from tests.sync.server.histories import master_data, planned, release_of
from tests.sync.server.server_parts import Server, material

SHORT_SECONDS = 0.2


@contextmanager
def linked(
    folder: Path, server: Server, token: str, key: str
) -> Iterator[tuple[Journal, SyncClient]]:
    said: list[SyncStatus] = []
    with opened(folder) as journal:
        client = SyncClient(
            server.url,
            token,
            journal,
            said.append,
            lambda _: None,
            public_key=key,
            snapshot_seconds=SHORT_SECONDS,
        )
        try:
            yield journal, client
        finally:
            client.stop()


def known(journal: Journal) -> set[str]:
    return {record.id for _, record in journal.replay()}


def heard_all(journal: Journal, client: SyncClient, wanted: set[str]) -> None:
    def come() -> bool:
        client.pull()
        return wanted <= known(journal)

    until(come, 20.0)


def test_a_station_behind_what_the_feed_keeps_takes_a_snapshot(tmp_path: Path) -> None:
    data, folder = tmp_path / "data", tmp_path / "station"
    with Server(data) as server:
        answer = server.enrol().answer
        token, key = answer["token"], answer["public_key"]
        first = set(server.office(material("FLOUR")))
        with linked(folder, server, token, key) as (journal, client):
            heard_all(journal, client, first)
            mark = journal.feed_mark()
        later = set(server.office(*[material(f"M-{n}") for n in range(700)]))
        with linked(tmp_path / "other", server, token, key) as (journal, client):
            heard_all(journal, client, later)
    database = Database(sqlite_url(data / "ledger.sqlite"))
    after_all = ServerClock().milliseconds() + 86_400_000
    while database.write_now(lambda conn: prune_feed(conn, after_all)):
        pass
    database.close()
    with Server(data) as server, linked(folder, server, token, key) as (journal, client):
        assert journal.feed_mark() == mark
        (own,) = journal.append([sign_in()]).result()
        heard_all(journal, client, first | later | {own.id})
        end = journal.feed_mark()
        assert end is not None
        assert mark is not None
        assert (end.incarnation, end.position > mark.position) == (mark.incarnation, True)
        assert journal.waiting() == 1
        journal.verify()


def test_a_station_that_works_elsewhere_by_now_hears_what_was_said_there(tmp_path: Path) -> None:
    """Its journal keeps the mark of what it heard before; a clone of it, made then, does too."""
    folder, clone = tmp_path / "station", tmp_path / "clone"
    with Server(tmp_path / "data") as server:
        server.office(*master_data())
        packed = set(server.office(planned("B-1"), pack_only("B-1")))
        mixed = set(server.office(planned("B-2"), release_of("B-2")))
        answer = server.enrol(work_centers=("MIX",)).answer
        with linked(folder, server, answer["token"], answer["public_key"]) as (journal, client):
            heard_all(journal, client, mixed)
            assert not packed & known(journal)
        copytree(folder, clone)
        answer = server.enrol(work_centers=("PACK",)).answer
        for place in (folder, clone):
            with linked(place, server, answer["token"], answer["public_key"]) as (journal, client):
                heard_all(journal, client, packed)
                mark = journal.feed_mark()
                client.pull()
                assert journal.feed_mark() == mark


def pack_only(order: str) -> Event:
    """A released order that concerns packing alone."""
    whole = release_of(order)
    assert isinstance(whole, OrderReleased)
    last = whole.operations[-1:]
    assert [one.work_center for one in last] == ["PACK"]
    return replace(whole, operations=last, lines=())


def test_a_station_hears_that_its_events_are_counted(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        answer = server.enrol().answer
        with linked(tmp_path / "station", server, answer["token"], answer["public_key"]) as (
            journal,
            client,
        ):
            journal.append([sign_in() for _ in range(3)]).result()
            client.start()
            until(lambda: client.status.counted == 3, 5.0 * sum(ASK_SECONDS))
            assert (client.status.state, client.status.reviews) == (State.ONLINE, ())


def test_a_station_hears_at_once_that_a_planner_settled_it(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        server.office(*master_data(), planned("B-1"), release_of("B-1"))
        answer = server.enrol().answer
        with linked(tmp_path / "station", server, answer["token"], answer["public_key"]) as (
            journal,
            client,
        ):
            started = OperationStarted(order="B-1", operation="10", station="MIX-1")
            (own,) = journal.append([started]).result()
            client.start()
            until(lambda: client.status.reviews, 5.0 * sum(ASK_SECONDS))
            assert [one.deviation for one in client.status.reviews] == ["not_signed_in"]
            server.office(DeviationReviewed(deviation="not_signed_in", of=own.id))
            until(lambda: not client.status.reviews, 5.0 * sum(ASK_SECONDS))
