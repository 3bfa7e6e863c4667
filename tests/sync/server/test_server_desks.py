"""Planners at several server processes: no two give an order the same number or revision."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sync.server.clock import ServerClock
from sync.server.database import Database
from sync.server.desk import Desk
from sync.server.ledger import Ledger
from sync.server.notice import Notices
from sync.server.office import OfficeConflict, Wanted
from sync.server.projector import Projector
from tests.postgres import Cluster
from tests.sync.server.histories import Plant, master_data, planned

ORDERS_EACH = 8


@pytest.fixture
def plant(tmp_path: Path, cluster: Cluster) -> Iterator[tuple[Plant, list[Desk]]]:
    """Two server processes' desks on one database, and what looks into it."""
    url = cluster.database()
    made, second = Plant(tmp_path, url), Database(url)
    made.office(*master_data(), planned("B-1"))
    ledgers = [made.ledger, Ledger(second, ServerClock())]
    projectors = [made.projector, Projector(second)]
    notices = [Notices(url, projector.heard) for projector in projectors]
    for ledger, projector, notice in zip(ledgers, projectors, notices, strict=True):
        ledger.on_append.append(projector.wake)
        notice.start()
        projector.start()
    yield made, [Desk(*parts) for parts in zip(ledgers, projectors, strict=True)]
    for notice, projector in zip(notices, projectors, strict=True):
        notice.stop()
        projector.stop()
    second.close()
    made.close()
    cluster.drop(url)


def test_planners_at_two_servers_get_numbers_of_their_own(plant: tuple[Plant, list[Desk]]) -> None:
    made, desks = plant

    def plan(desk: Desk) -> list[str]:
        return [desk.create(Wanted("ROLL", "10")) for _ in range(ORDERS_EACH)]

    with ThreadPoolExecutor(len(desks)) as planners:
        numbers = [number for told in planners.map(plan, desks) for number in told]
    assert len(set(numbers)) == len(numbers) == 2 * ORDERS_EACH
    planned_orders = "SELECT count(*) FROM order_view WHERE order_number <> 'B-1'"
    assert made.rows(planned_orders) == [(len(numbers),)]


def test_of_two_who_hold_an_order_the_second_is_told(plant: tuple[Plant, list[Desk]]) -> None:
    made, desks = plant

    def hold(desk: Desk) -> bool:
        try:
            desk.say("hold", "B-1")
        except OfficeConflict:
            return False
        return True

    with ThreadPoolExecutor(len(desks)) as planners:
        for _ in range(5):
            assert sorted(planners.map(hold, desks)) == [False, True]
            desks[0].say("resume", "B-1")
    assert made.rows("SELECT count(*) FROM event WHERE type = 'OrderHeld'") == [(5,)]
