"""The lease: one owner at a time, a fence that grows, and no write of a deposed owner."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text

from sync.server.database import Database
from sync.server.lease import RENEW_SECONDS, Lease, LeaseLostError
from tests.postgres import Cluster
from tests.sync.server.conftest import ledger_url


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def pair(cluster: Cluster) -> Iterator[tuple[Database, Database]]:
    """Two processes' openings of one database on PostgreSQL."""
    url = ledger_url(cluster)
    opened = Database(url), Database(url)
    yield opened
    for one in opened:
        one.close()
    cluster.drop(url)


def row_of(database: Database) -> tuple[str, int]:
    found = database.read_now(
        lambda conn: conn.execute(text("SELECT owner, fence FROM lease")).one()
    )
    return found[0], found[1]


def end_at(database: Database, change: str) -> None:
    """Set until when the lease is held, by the database's clock."""
    clock = "EXTRACT(EPOCH FROM clock_timestamp()) * 1000"
    sql = text(f"UPDATE lease SET until_ms = ({clock})::bigint {change}")
    database.write_now(lambda conn: conn.execute(sql).rowcount)


def until_ms(database: Database) -> int:
    found = text("SELECT until_ms FROM lease")
    return int(database.read_now(lambda conn: conn.execute(found).scalar_one()))


def may_write(database: Database, lease: Lease) -> bool:
    try:
        database.write_now(lease.check)
    except LeaseLostError:
        return False
    return True


def test_it_is_one_s_until_it_is_let_go(database: Database) -> None:
    one, other = Lease(database, "projector"), Lease(database, "projector")
    assert (one.hold(), other.hold()) == (True, False)
    assert row_of(database) == (one.owner, 1)
    assert (may_write(database, one), may_write(database, other)) == (True, False)
    one.release()
    assert (other.hold(), other.fence, one.hold(), one.held) == (True, 2, False, False)
    assert (may_write(database, one), may_write(database, other)) == (False, True)


def test_leases_of_other_names_are_others(database: Database) -> None:
    one, other = Lease(database, "projector"), Lease(database, "rebuild")
    assert (one.hold(), other.hold()) == (True, True)


def test_it_is_renewed_when_that_is_due_under_the_same_fence(
    pair: tuple[Database, Database],
) -> None:
    clock = Clock()
    lease, other = Lease(pair[0], "projector", clock), Lease(pair[1], "projector")
    assert lease.hold()
    end_at(pair[0], "+ 10")
    clock.now += RENEW_SECONDS / 2
    assert lease.hold()
    clock.now += RENEW_SECONDS
    assert lease.hold()
    assert (lease.fence, other.hold()) == (1, False)
    renewed = until_ms(pair[0])
    end_at(pair[0], "+ 10")
    assert renewed > until_ms(pair[0])


@pytest.mark.parametrize("change", ["- 1", "+ 3600000"], ids=["expired", "the clock was put back"])
def test_one_that_is_over_is_taken_and_its_owner_writes_no_more(
    pair: tuple[Database, Database], change: str
) -> None:
    clock = Clock()
    lease, other = Lease(pair[0], "projector", clock), Lease(pair[1], "projector")
    assert lease.hold()
    assert not other.hold()
    end_at(pair[0], change)
    assert other.hold()
    assert row_of(pair[0]) == (other.owner, 2)
    assert lease.hold(), "nothing told it yet"
    assert not may_write(pair[0], lease)
    clock.now += 2 * RENEW_SECONDS
    assert (lease.hold(), lease.held) == (False, False)
    assert may_write(pair[1], other)


def test_one_that_is_over_and_was_not_taken_goes_on(pair: tuple[Database, Database]) -> None:
    clock = Clock()
    lease = Lease(pair[0], "projector", clock)
    assert lease.hold()
    end_at(pair[0], "- 1")
    assert may_write(pair[0], lease)
    clock.now += 2 * RENEW_SECONDS
    assert (lease.hold(), lease.fence) == (True, 1)


def test_it_is_seized_from_its_owner(database: Database) -> None:
    one, other = Lease(database, "projector"), Lease(database, "projector")
    assert one.hold()
    other.seize()
    assert row_of(database) == (other.owner, 2)
    assert (may_write(database, one), may_write(database, other)) == (False, True)
    first = Lease(database, "rebuild")
    first.seize()
    assert (first.held, may_write(database, first)) == (True, True)


def test_a_release_of_what_is_another_s_by_now_changes_nothing(database: Database) -> None:
    one, other = Lease(database, "projector"), Lease(database, "projector")
    one.hold()
    other.seize()
    one.release()
    assert row_of(database) == (other.owner, 2)


def test_a_write_under_the_lease_keeps_it_until_its_commit(
    pair: tuple[Database, Database],
) -> None:
    lease, other = Lease(pair[0], "projector"), Lease(pair[1], "projector")
    assert lease.hold()
    end_at(pair[0], "- 1")
    checked, go_on = threading.Event(), threading.Event()

    def write(connection: Connection) -> bool:
        lease.check(connection)
        checked.set()
        return go_on.wait(20)

    written = pair[0].submit(write)
    assert checked.wait(20)
    assert not other.hold(), "taken in the middle of a write"
    go_on.set()
    assert written.result()
    assert other.hold()


def test_on_sqlite_what_another_opening_held_is_free(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.sqlite'}"
    before = Database(url)
    lease = Lease(before, "projector")
    assert lease.hold()
    before.close()  # the power went: nothing was released
    after = Database(url)
    again = Lease(after, "projector")
    assert (again.hold(), again.fence) == (True, 2)
    after.close()
