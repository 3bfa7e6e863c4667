"""Planners at several server processes, and what they wait for: not the floor, not each other."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from msgspec import structs
from sqlalchemy.engine import make_url

from sync.domain.events import NumbersGranted, OperationStarted
from sync.server.clock import ServerClock
from sync.server.database import Database
from sync.server.desk import Desk, end_for, office_seq
from sync.server.ledger import Ledger, end_of
from sync.server.notice import Notices
from sync.server.numbers import grant
from sync.server.office import OfficeConflict, Wanted
from sync.server.projector import Projector
from sync.server.promises import confirmed
from sync.server.verify import verify
from tests.postgres import Cluster
from tests.sync.server.histories import Plant, master_data, planned
from tests.sync.server.server_parts import Log, body, help_called

ORDERS_EACH = 8
ROUNDS = 12


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


def test_an_act_waits_for_the_office_and_its_order_not_for_the_floor(tmp_path: Path) -> None:
    made = Plant(tmp_path)
    made.office(*master_data(), planned("B-1"))
    made.projector.catch_up()

    def awaited(order: str) -> int:
        return made.database.read_now(lambda conn: end_for(conn, order))

    end = made.database.read_now(end_of)
    started = OperationStarted(station="MIX-1", order="B-1", operation="10", n=1)
    Log([*help_called(3), body(started), *help_called(2)]).push(made.ledger)
    made.office(NumbersGranted(origin="1" * 32, kind="lot", first=1, last=9))
    assert (awaited(""), awaited("B-1"), awaited("B-2")) == (0, end + 4, 0)
    made.office(planned("B-2"))
    assert awaited("") == awaited("B-1") == made.database.read_now(end_of)
    made.close()


def test_numbers_granted_meanwhile_do_not_undo_an_act(tmp_path: Path) -> None:
    made = Plant(tmp_path)
    made.office(*master_data(), planned("B-1"))
    made.projector.catch_up()
    seq = made.database.read_now(office_seq)
    made.office(NumbersGranted(origin="1" * 32, kind="lot", first=1, last=9))
    assert made.ledger.append_if_next([planned("B-2")], seq)
    assert not made.ledger.append_if_next([planned("B-3")], seq)
    made.projector.catch_up()
    assert made.rows("SELECT order_number FROM order_view ORDER BY 1") == [("B-1",), ("B-2",)]
    assert verify(made.database).bad == ""
    made.close()


def test_pushes_and_promises_wait_for_each_other_in_one_order(cluster: Cluster) -> None:
    url = cluster.database()
    databases = [Database(url) for _ in range(3)]
    ledgers = [Ledger(one, ServerClock(), grant) for one in databases]
    logs = [[Log(help_called(ROUNDS)) for _ in range(8)] for _ in ledgers]

    def push(ledger: Ledger, log: Log, number: int) -> None:
        for after in range(ROUNDS):
            wanted = {f"k{(number + after * step) % 5}": 1 for step in (1, 2)}
            header = structs.replace(log.header(after), wanted=wanted, numbers={"k9": 1})
            ledger.receive_now(log.origin, "MIX-1", header, log.bodies[after : after + 1])

    def confirm(database: Database) -> None:
        for number in range(ROUNDS):
            act = partial(confirmed, name=f"b{number % 3}", position=0, made_ms=1)
            database.write_now(act)

    with ThreadPoolExecutor(32) as pool:
        work = [
            pool.submit(push, ledger, log, number)
            for ledger, some in zip(ledgers, logs, strict=True)
            for number, log in enumerate(some)
        ]
        work += [pool.submit(confirm, database) for database in databases]
        for one in work:
            one.result()
    count = "SELECT count(*) FROM place p JOIN origin o USING (origin) WHERE o.station = 'MIX-1'"
    stored = databases[0].read_now(lambda conn: conn.exec_driver_sql(count).scalar())
    for database in databases:
        database.close()
    name = make_url(url).database
    found = cluster.run(f"SELECT deadlocks FROM pg_stat_database WHERE datname = '{name}'")
    cluster.drop(url)
    assert found == [(0,)]
    assert stored == ROUNDS * sum(map(len, logs))
