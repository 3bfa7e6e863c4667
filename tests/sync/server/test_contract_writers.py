"""Several server processes on one PostgreSQL: each a `Database` of its own, all writing at once."""

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import Connection

from sync.server.clock import ServerClock
from sync.server.database import Database
from sync.server.ledger import ForkError, Ledger, read_after
from sync.server.schema import newest_revision
from sync.server.tables import mark
from sync.server.verify import Verdict, verify
from sync.wire import Mark, PushHeader, chain_start, chained
from tests.postgres import Cluster
from tests.sync.server.conftest import ledger_url
from tests.sync.server.server_parts import Log, help_called, material, rows

WRITERS = 12
PUSHES = 12
WAIT_SECONDS = 60


@pytest.fixture
def ledgers(cluster: Cluster) -> Iterator[tuple[Ledger, Ledger]]:
    """Two server processes on one database, as far as it can tell."""
    url = ledger_url(cluster)
    one, other = (Ledger(Database(url), ServerClock()) for _ in range(2))
    yield one, other
    one.database.close()
    other.database.close()


def at_once(acts: Sequence[Callable[[], object]]) -> list[object]:
    """What some acts answer that all begin together; raises what the first of them raised."""
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        barrier.wait(WAIT_SECONDS)
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return [one.result(WAIT_SECONDS) for one in [threads.submit(run, act) for act in acts]]


def head_after(ledger: Ledger, log: Log) -> Mark:
    return log.push(ledger).have


def all_read(ledger: Ledger) -> list[tuple[int, bytes]]:
    return ledger.database.read_now(lambda conn: read_after(conn, 0, 100_000))


def test_processes_that_start_at_once_migrate_once(cluster: Cluster) -> None:
    url = cluster.database()
    opened = at_once([lambda: Database(url) for _ in range(3)])
    for database in opened:
        assert isinstance(database, Database)
        assert rows(database, "SELECT version_num FROM alembic_version") == [(newest_revision(),)]
        assert rows(database, "SELECT position FROM head WHERE name = 'event'") == [(0,)]
        database.close()


def test_processes_that_start_at_once_are_one_ledger(cluster: Cluster) -> None:
    databases = [Database(url) for url in [ledger_url(cluster)] * 3]
    made = at_once([partial(Ledger, one, ServerClock()) for one in databases])
    assert len({one.incarnation for one in made if isinstance(one, Ledger)}) == 1
    for database in databases:
        database.close()


class Reader:
    """Follows the ledger by position while others write, as the projector does."""

    def __init__(self, ledger: Ledger) -> None:
        self.seen: list[tuple[int, bytes]] = []
        self._ledger = ledger
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def finish(self) -> None:
        self._done.set()
        self._thread.join(WAIT_SECONDS)

    def _follow(self) -> None:
        last, page = False, [(0, b"")]
        while page or not last:  # all may have been written before much of it is read
            last = self._done.is_set()
            at = self.seen[-1][0] if self.seen else 0
            page = self._ledger.database.read_now(partial(read_after, position=at, limit=100))
            self.seen += page


def push_all(ledgers: Sequence[Ledger], log: Log, size: int) -> None:
    """Push a log in batches, to one server and the other in turn; counts on each answer."""
    digests = [chain_start(log.origin), *chained(chain_start(log.origin), log.bodies)]
    low = Mark(1, digests[0].hex())
    for turn, start in enumerate(range(0, len(log.bodies), size)):
        part = log.bodies[start : start + size]
        header = PushHeader(Mark(start, digests[start].hex()), low)
        have = ledgers[turn % len(ledgers)].receive_now(log.origin, "MIX-1", header, part).have
        end = start + len(part)
        assert have == Mark(end, digests[end].hex())


def test_readers_miss_nothing_while_twelve_write(ledgers: tuple[Ledger, Ledger]) -> None:
    readers = [Reader(ledger) for ledger in ledgers]
    sizes = [1, 2, 7, 40]
    logs = [Log(help_called(PUSHES * sizes[n % 4])) for n in range(WRITERS)]
    at_once([partial(push_all, ledgers, log, sizes[n % 4]) for n, log in enumerate(logs)])
    expected = sorted(body for log in logs for body in log.bodies)
    for reader in readers:
        reader.finish()
        positions = [position for position, _ in reader.seen]
        assert positions == list(range(1, len(expected) + 1))
        assert sorted(body for _, body in reader.seen) == expected
    assert verify(ledgers[0].database).bad == ""


def test_the_same_events_at_once_under_two_origins_are_stored_once(
    ledgers: tuple[Ledger, Ledger],
) -> None:
    for count in (1, 3, 60) * 4:
        bodies = help_called(count)
        logs = [Log(bodies), Log(list(reversed(bodies)))]
        pairs = zip(ledgers, logs, strict=True)
        at_once([partial(log.push, one) for one, log in pairs])
    stored = [body for _, body in all_read(ledgers[0])]
    assert len(stored) == len(set(stored)) == 4 * 64
    assert verify(ledgers[0].database) == Verdict(24, 2 * 4 * 64, 4 * 64)


def test_the_same_push_at_once_to_two_servers_is_one(ledgers: tuple[Ledger, Ledger]) -> None:
    for count in (1, 3, 60) * 4:
        log = Log(help_called(count))
        outcomes = at_once([partial(head_after, one, log) for one in ledgers])
        assert outcomes == [log.mark(count)] * 2
    assert verify(ledgers[0].database) == Verdict(12, 4 * 64, 4 * 64)


def test_a_clone_that_pushes_at_the_same_time_is_a_fork(ledgers: tuple[Ledger, Ledger]) -> None:
    def push(ledger: Ledger, log: Log) -> str:
        try:
            log.push(ledger)
        except ForkError:
            return "fork"
        return "stored"

    for _ in range(8):
        origin = uuid.uuid4().hex
        logs = [Log(help_called(3), origin) for _ in range(2)]
        pairs = zip(ledgers, logs, strict=True)
        outcomes = at_once([partial(push, one, log) for one, log in pairs])
        assert sorted(map(str, outcomes)) == ["fork", "stored"]
    assert verify(ledgers[0].database) == Verdict(8, 24, 24)


def test_the_office_s_acts_of_two_servers_are_one_chain(ledgers: tuple[Ledger, Ledger]) -> None:
    def say(ledger: Ledger, name: str) -> None:
        for count in range(6):
            ledger.append_office_now([material(f"{name}-{count}"), material(f"{name}-{count}-B")])

    at_once([partial(say, ledgers[n % 2], f"M{n}") for n in range(6)])
    assert verify(ledgers[0].database) == Verdict(1, 72, 72)


def test_pushes_and_office_acts_do_not_wait_crosswise(ledgers: tuple[Ledger, Ledger]) -> None:
    def say(ledger: Ledger, name: str) -> None:
        for count in range(10):
            ledger.append_office_now([material(f"{name}-{count}")])

    logs = [Log(help_called(20)) for _ in range(6)]
    acts: list[Callable[[], object]] = [partial(push_all, ledgers, log, 2) for log in logs]
    acts += [partial(say, ledgers[n], f"M{n}") for n in range(2)]
    at_once(acts)
    assert verify(ledgers[0].database) == Verdict(7, 140, 140)
    told = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    assert rows(ledgers[0].database, told) == [(0,)]


def keep(connection: Connection, items: list[int]) -> list[int]:
    """Note some numbers, each once."""
    for item in items:
        row = {"reader": f"r{item}", "position": item}
        connection.execute(mark.insert().values(**row))
    return items


def test_the_same_new_row_of_two_servers_is_tried_again(ledgers: tuple[Ledger, Ledger]) -> None:
    """Who comes second sees the row once the first has committed."""

    def once(connection: Connection) -> int:
        found = connection.exec_driver_sql("SELECT position FROM mark WHERE reader = 'x'").scalar()
        if found is None:
            connection.execute(mark.insert().values(reader="x", position=7))
        return int(found or 7)

    for _ in range(10):
        ledgers[0].database.write_now(lambda conn: conn.execute(mark.delete()).rowcount)
        done = at_once([partial(one.database.write_now, once) for one in ledgers])
        assert done == [7, 7]


def test_servers_that_lock_crosswise_both_come_through(ledgers: tuple[Ledger, Ledger]) -> None:
    ledgers[0].database.write_now(lambda conn: keep(conn, [1, 2]))
    met = threading.Barrier(2)

    def cross(connection: Connection, first: int, second: int) -> None:
        for number, name in enumerate((first, second)):
            sql = f"UPDATE mark SET position = position + 1 WHERE reader = 'r{name}'"
            connection.exec_driver_sql(sql)
            if not number and not met.broken:
                try:
                    met.wait(1)
                except threading.BrokenBarrierError:
                    continue

    pairs = [(ledgers[0], 1, 2), (ledgers[1], 2, 1)]
    at_once(
        [partial(one.database.write_now, partial(cross, first=a, second=b)) for one, a, b in pairs]
    )
    found = rows(ledgers[0].database, "SELECT reader, position FROM mark ORDER BY reader")
    assert found == [("r1", 3), ("r2", 4)]


def test_all_servers_learn_of_the_new_incarnation(ledgers: tuple[Ledger, Ledger]) -> None:
    log = Log(help_called(4))
    log.push(ledgers[0])
    before = ledgers[0].incarnation
    ledgers[0].database.write_now(lambda conn: forget_after(conn, log, 2))
    header = PushHeader(log.mark(4), Mark(1, log.mark(0).digest), incarnation=before)
    told = [one.receive_now(log.origin, "MIX-1", header, []) for one in ledgers]
    assert [one.have for one in told] == [log.mark(2)] * 2
    assert len({one.incarnation for one in told}) == 1
    assert before not in {one.incarnation for one in told}
    assert {one.incarnation for one in ledgers} == {told[0].incarnation}


def forget_after(connection: Connection, log: Log, seq: int) -> None:
    """As if an older copy of the database had been put back."""
    digest = log.mark(seq).digest
    connection.exec_driver_sql(
        "DELETE FROM event WHERE position IN (SELECT position FROM place WHERE seq > %s)", (seq,)
    )
    connection.exec_driver_sql("DELETE FROM place WHERE seq > %s", (seq,))
    connection.exec_driver_sql(
        "UPDATE origin SET head_seq = %s, head_digest = %s", (seq, bytes.fromhex(digest))
    )
