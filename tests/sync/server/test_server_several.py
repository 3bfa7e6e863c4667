"""Several projectors on one database are one: nothing folded twice, followers know, any takes over."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, inspect, select, text

from sync.domain.events import MaterialConsumed, OperationStarted, OperatorSignedIn
from sync.server.database import Database
from sync.server.lease import LEASE_SECONDS, Lease, LeaseLostError
from sync.server.ledger import end_of, reader_mark
from sync.server.notice import ALL, Notices
from sync.server.projector import LEASE, POLL_SECONDS, Projector
from sync.server.projector_reader import READER, Reader
from sync.server.projector_rebuild import SHADOW_READER, create_shadows, has_long_readers
from sync.server.projector_state import LIVE
from sync.server.view_tables import VIEWS
from tests.postgres import Cluster
from tests.sync.server.conftest import ledger_url
from tests.sync.server.histories import Plant, Teller, kg, master_data, planned, release_of

MIX: dict[str, Any] = {"order": "B-1", "operation": "10", "work_center": "MIX"}
SECONDS_MAX = 20
POLL = 0.01


@pytest.fixture
def plant(tmp_path: Path, database_url: str) -> Iterator[Plant]:
    made = Plant(tmp_path, database_url)
    yield made
    made.close()


@pytest.fixture
def shared(tmp_path: Path, cluster: Cluster) -> Iterator[tuple[Plant, Database, str]]:
    """A plant on PostgreSQL, a second process's opening of its database, and the URL."""
    url = ledger_url(cluster)
    made, second = Plant(tmp_path, url), Database(url)
    made.office(*master_data(), planned("B-1"), release_of("B-1"))
    yield made, second, url
    second.close()
    made.close()
    cluster.drop(url)


def until(holds: Callable[[], object], what: str) -> None:
    end = time.monotonic() + SECONDS_MAX
    while not holds():
        assert time.monotonic() < end, what
        threading.Event().wait(POLL)


def scan(plant: Plant, times: int = 1) -> int:
    """So many scans at a station, pushed; returns where they end in the ledger."""
    for _ in range(times):
        one = MaterialConsumed(**MIX, material="SALT", lot="S-1", quantity=kg("1"))
        plant.write("MIX-1", one)
    plant.push("MIX-1")
    return plant.database.read_now(end_of)


def grow(plant: Plant, seed: int, steps: int = 150) -> None:
    """A random history, projected here and there."""
    teller = Teller(plant, seed)
    teller.office_start()
    for _ in range(steps):
        teller.step()
    teller.finish()


def salt_taken(plant: Plant) -> list[tuple[Any, ...]]:
    return plant.rows("SELECT consumed FROM order_lot WHERE lot = 'S-1'")


@pytest.mark.parametrize("seed", [1, 2])
def test_a_rebuild_gives_the_views_that_live_projection_gave(plant: Plant, seed: int) -> None:
    grow(plant, seed)
    plant.projector.catch_up()
    before, fed = plant.views(), plant.rows("SELECT * FROM feed ORDER BY position")
    assert all(before[name] for name in ("order_view", "order_lot", "deviation", "lot_event"))
    for _ in range(2):
        plant.projector.rebuild()
        assert plant.views() == before
        assert plant.rows("SELECT * FROM feed ORDER BY position") == fed
    plant.office(planned("B-9"))
    plant.projector.catch_up()
    assert plant.rows("SELECT status FROM order_view WHERE order_number = 'B-9'")


def test_a_rebuild_leaves_names_as_they_were(plant: Plant) -> None:
    def names(connection: Connection) -> dict[str, object]:
        seen = inspect(connection)
        return {
            table: (
                seen.get_pk_constraint(table)["name"],
                sorted(str(one["name"]) for one in seen.get_indexes(table)),
            )
            for table in seen.get_table_names()
        }

    before = plant.database.read_now(names)
    plant.database.write_now(create_shadows)  # an earlier rebuild was killed
    plant.projector.rebuild()
    plant.projector.rebuild()
    assert plant.database.read_now(names) == before


def test_projectors_that_take_turns_fold_each_event_once(
    shared: tuple[Plant, Database, str],
) -> None:
    plant, second, _ = shared
    one, other = plant.projector, Projector(second)
    plant.write("MIX-1", OperatorSignedIn(), OperationStarted(**MIX))
    for count in range(40):
        scan(plant, count % 3 + 1)
        one.step()
        scan(plant)
        other.step()
    one.catch_up()
    assert other.catch_up() == one.position()
    assert salt_taken(plant) == [(sum(count % 3 + 2 for count in range(40)) * 1_000_000,)]
    rows = plant.rows("SELECT scope, event_position FROM feed")
    assert len(rows) == len(set(rows))
    before = plant.views()
    other.rebuild()
    assert plant.views() == before


def test_a_slice_of_a_deposed_projector_is_not_written(
    shared: tuple[Plant, Database, str],
) -> None:
    plant, second, _ = shared
    plant.projector.catch_up()
    deposed, taken = Lease(plant.database, LEASE), Lease(second, LEASE)
    reader = Reader(plant.database, LIVE, READER, deposed)
    assert deposed.hold()
    end = scan(plant)
    taken.seize()
    with pytest.raises(LeaseLostError):
        reader.step()
    assert plant.database.read_now(lambda conn: reader_mark(conn, "projector")) < end
    taken.release()
    assert Projector(second).catch_up() == end
    assert plant.projector.catch_up() == end
    assert salt_taken(plant) == [(1_000_000,)]


def test_two_that_run_are_one_and_a_follower_takes_over(
    shared: tuple[Plant, Database, str],
) -> None:
    plant, second, url = shared
    projectors = [plant.projector, Projector(second)]
    woken: list[list[set[str]]] = [[], []]
    notices = []
    for projector, scopes in zip(projectors, woken, strict=True):
        projector.on_projected.append(lambda told, kept=scopes: kept.append(set(told)))  # type: ignore[misc]
        notices.append(Notices(url, projector.heard))
        notices[-1].start()
        projector.start()
    until(lambda: any(one.projecting for one in projectors), "nobody projects")
    for _ in range(5):
        end = scan(plant)
        assert all(one.wait_for(end, SECONDS_MAX) for one in projectors)
    assert [one.projecting for one in projectors].count(True) == 1
    holder = next(one for one in projectors if one.projecting)
    follower = next(one for one in projectors if one is not holder)
    until(
        lambda: all(set().union(*kept) & {"work_center:MIX", ALL} for kept in woken),
        "tell of scopes",
    )
    began = time.monotonic()
    holder.stop()
    until(lambda: follower.projecting, "nobody took over")
    assert time.monotonic() - began < POLL_SECONDS
    end = scan(plant)
    assert follower.wait_for(end, SECONDS_MAX)
    assert holder.catch_up() == end
    for one in notices:
        one.stop()
    follower.stop()
    assert salt_taken(plant) == [(6_000_000,)]


def test_without_notices_a_follower_sees_by_its_poll(
    shared: tuple[Plant, Database, str],
) -> None:
    plant, second, _ = shared
    follower = Projector(second)
    plant.projector.start()
    until(lambda: plant.projector.projecting, "nobody projects")
    follower.start()
    plant.ledger.on_append.append(plant.projector.wake)
    end = scan(plant)
    until(lambda: follower.position() == end, "the follower did not look")
    assert not follower.projecting
    plant.projector.stop()
    follower.stop()


def test_a_lease_of_a_process_that_died_is_taken_when_it_ends(
    shared: tuple[Plant, Database, str],
) -> None:
    plant, second, _ = shared
    assert Lease(plant.database, LEASE).hold()  # and then its power goes
    began = time.monotonic()
    end = scan(plant)
    assert Projector(second).catch_up() == end
    assert time.monotonic() - began < LEASE_SECONDS + POLL_SECONDS


def test_readers_see_views_whole_while_they_are_swapped(plant: Plant) -> None:
    grow(plant, 3)
    plant.projector.catch_up()
    wanted = {name: len(rows) for name, rows in plant.views().items()}
    seen, stop = [], threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.append({name: len(rows) for name, rows in plant.views().items()})

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(3):
        plant.projector.rebuild()
    stop.set()
    for reader in readers:
        reader.join()
    assert len(seen) > 2
    assert all(one == wanted for one in seen)


def test_a_question_that_began_before_the_rebuild_is_answered_whole(plant: Plant) -> None:
    grow(plant, 4)
    end = plant.projector.catch_up()
    wanted = {name: len(rows) for name, rows in plant.views().items()}
    began, ask, answered = threading.Event(), threading.Event(), {}

    def question(connection: Connection) -> None:
        connection.execute(text("SELECT 1 FROM setting")).all()
        began.set()
        assert ask.wait(SECONDS_MAX)
        for view in VIEWS:
            answered[view.name] = len(connection.execute(select(view)).all())

    asking = threading.Thread(target=plant.database.read_now, args=(question,))
    asking.start()
    assert began.wait(SECONDS_MAX)
    rebuilding = threading.Thread(target=plant.projector.rebuild)
    rebuilding.start()
    until(
        lambda: plant.database.read_now(lambda conn: reader_mark(conn, SHADOW_READER)) in {end, 0},
        "fill the shadows",
    )
    ask.set()
    asking.join()
    rebuilding.join()
    assert answered == wanted
    assert {name: len(rows) for name, rows in plant.views().items()} == wanted


def test_a_rebuild_waits_for_a_backup_without_stopping_the_views(
    shared: tuple[Plant, Database, str],
) -> None:
    plant, second, _ = shared
    other, ended = Projector(second), threading.Event()
    began, done = threading.Event(), []

    def backup(connection: Connection) -> None:
        connection.execute(text("SELECT 1 FROM setting")).all()
        began.set()
        assert ended.wait(SECONDS_MAX)

    copying = threading.Thread(target=plant.database.read_now, args=(backup,))
    copying.start()
    assert began.wait(SECONDS_MAX)
    until(lambda: second.read_now(has_long_readers), "no long reader is seen")
    other.start()
    until(lambda: other.projecting, "nobody projects")
    rebuilding = threading.Thread(target=lambda: done.append(plant.projector.rebuild()))
    rebuilding.start()
    fence = plant.rows("SELECT fence FROM lease WHERE name = 'projector'")
    for _ in range(20):
        assert other.wait_for(scan(plant), SECONDS_MAX)
    assert plant.rows("SELECT fence FROM lease WHERE name = 'projector'") == fence
    assert not done
    ended.set()
    copying.join()
    rebuilding.join()
    other.stop()
    assert len(done) == 1
