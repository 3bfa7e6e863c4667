"""Views that another version of the folding code made are made again at the start, once."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from sync.server.database import Database
from sync.server.lease import Lease
from sync.server.ledger import end_of, reader_mark
from sync.server.projector import REBUILD_LEASE, Projector
from sync.server.projector_reader import READER
from sync.server.projector_version import VIEWS_VERSION, fold_version
from sync.server.settings import keep_setting, setting
from tests.postgres import Cluster
from tests.sync.server.histories import Plant, master_data, planned, release_of

OLDER = "older"
SAID = "the views are made again for this version: "


@pytest.fixture
def plant(tmp_path: Path, database_url: str) -> Iterator[Plant]:
    made = begun(tmp_path, database_url)
    yield made
    made.close()


def begun(folder: Path, url: str) -> Plant:
    plant = Plant(folder, url)
    plant.office(*master_data(), planned("B-1"), release_of("B-1"))
    plant.projector.catch_up()
    return plant


def made_by(database: Database, version: str) -> None:
    """As another version left the views: it told nothing of the order."""
    database.write_now(lambda conn: keep_setting(conn, VIEWS_VERSION, version))
    database.write_now(lambda conn: conn.execute(text("DELETE FROM order_view")))


def version_of(database: Database) -> str:
    return database.read_now(lambda conn: setting(conn, VIEWS_VERSION))


def orders(database: Database) -> list[tuple[Any, ...]]:
    sql = text("SELECT order_number FROM order_view")
    return [tuple(row) for row in database.read_now(lambda conn: conn.execute(sql).all())]


def rebuilds(caplog: pytest.LogCaptureFixture) -> int:
    """How many were begun; so few events are told of once."""
    return sum(record.getMessage().startswith(SAID) for record in caplog.records)


def test_the_first_views_are_of_this_version(
    plant: Plant, caplog: pytest.LogCaptureFixture
) -> None:
    assert version_of(plant.database) == fold_version()
    assert rebuilds(caplog) == 0


@pytest.mark.parametrize("version", [OLDER, ""])
def test_views_of_another_version_are_made_again_once(
    plant: Plant, version: str, caplog: pytest.LogCaptureFixture
) -> None:
    made_by(plant.database, version)
    before, position = plant.rows("SELECT * FROM feed"), plant.projector.position()
    assert Projector(plant.database).catch_up() == position
    assert (orders(plant.database), version_of(plant.database)) == ([("B-1",)], fold_version())
    assert plant.rows("SELECT * FROM feed") == before
    Projector(plant.database).catch_up()
    assert rebuilds(caplog) == 1
    assert caplog.messages[-1].startswith(SAID + "0 of ")


def test_a_server_makes_them_again_while_it_serves(plant: Plant) -> None:
    made_by(plant.database, OLDER)
    _, event = plant.office(planned("B-2"), release_of("B-2"))
    server = Projector(plant.database)
    server.start()
    try:
        assert server.wait_for(plant.database.read_now(end_of), 20)
    finally:
        server.stop()
    assert sorted(orders(plant.database)) == [("B-1",), ("B-2",)]
    fed = plant.rows("SELECT id FROM feed JOIN event ON event.position = feed.event_position")
    assert (event.id,) in fed


def test_nothing_is_folded_into_views_of_another_version(
    plant: Plant, caplog: pytest.LogCaptureFixture
) -> None:
    """Whether another process makes them, or a newer one made them while this one ran."""
    caplog.set_level(logging.WARNING)
    mark = plant.database.read_now(lambda conn: reader_mark(conn, READER))
    made_by(plant.database, "newer")
    plant.office(planned("B-2"))
    maker = Lease(plant.database, REBUILD_LEASE)
    assert maker.hold()
    for projector in (Projector(plant.database), plant.projector, plant.projector):
        assert projector.step() is False
    maker.release()
    assert plant.database.read_now(lambda conn: reader_mark(conn, READER)) == mark
    assert caplog.messages == ["the views are another version's by now: update this server too"]


def test_of_two_processes_one_makes_them_again(
    tmp_path: Path, cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    url = cluster.database()
    plant, second = begun(tmp_path, url), Database(url)
    made_by(plant.database, OLDER)
    processes = [Projector(database) for database in (plant.database, second)]
    threads = [threading.Thread(target=one.catch_up) for one in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (orders(second), rebuilds(caplog)) == ([("B-1",)], 1)
    second.close()
    plant.close()
    cluster.drop(url)
