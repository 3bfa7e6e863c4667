"""What goes wrong between the server and its database: lost connections, refusals, restored copies."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from functools import partial
from threading import Event

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from sync.domain.events import NumbersGranted
from sync.server.clock import ServerClock
from sync.server.database import (
    Database,
    DoubtError,
    ForeignError,
    UnavailableError,
    UnsafeError,
)
from sync.server.ledger import APPENDED, Ledger
from sync.server.numbers import grant
from sync.server.problem import unavailable
from sync.server.rows import insert_rows
from sync.server.tables import mark
from sync.server.verify import Verdict, verify
from sync.wire import Mark, PushHeader, decode
from tests.postgres import Cluster
from tests.sync.server.conftest import ledger_url
from tests.sync.server.server_parts import Log, help_called, rows

KILL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{}'"
BREAKS_AT_COMMIT = """
CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER breaks AFTER INSERT ON mark DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION break()
"""
WRITER, READER = "kiosk-server write", "kiosk-server read"


@pytest.fixture
def open_ledger(cluster: Cluster) -> Iterator[Ledger]:
    database = Database(ledger_url(cluster))
    yield Ledger(database, ServerClock())
    database.close()


def put(connection: Connection, items: list[str]) -> list[str]:
    """Note some names, each at most once: all that wait, in one transaction."""
    for item in items:
        insert_rows(connection, mark, ("reader", "position"), [(item, len(items))])
    return items


def waiting_behind(database: Database, names: str) -> list["Future[str]"]:
    """Names that were queued while the writer was busy."""
    gate, entered = Event(), Event()

    def hold(_connection: Connection) -> None:
        entered.set()
        gate.wait(10)

    held = database.submit(hold)
    entered.wait(10)
    answers = [database.submit_item(put, name) for name in names]
    gate.set()
    held.result(10)
    return answers


def test_what_waits_is_one_act(database: Database) -> None:
    answers = waiting_behind(database, "abc")
    assert [answer.result(10) for answer in answers] == ["a", "b", "c"]
    found = rows(database, "SELECT reader, position FROM mark ORDER BY reader")
    assert found == [("a", 3), ("b", 3), ("c", 3)]


def test_of_an_act_that_fails_with_many_only_the_faulty_item_fails(database: Database) -> None:
    database.write_now(partial(put, items=["b"]))
    answers = waiting_behind(database, "abcd")
    assert [answers[n].result(10) for n in (0, 2, 3)] == ["a", "c", "d"]
    with pytest.raises(IntegrityError):
        answers[1].result(10)
    found = rows(database, "SELECT reader, position FROM mark ORDER BY reader")
    assert found == [(name, 1) for name in "abcd"]


def test_a_connection_killed_within_a_group_stores_it_once(
    cluster: Cluster, open_ledger: Ledger
) -> None:
    killed: list[int] = []

    def act(connection: Connection) -> str:
        insert_rows(connection, mark, ("reader", "position"), [("a", 1)])
        if not killed:
            killed.append(1)
            cluster.run(KILL.format(WRITER))
        insert_rows(connection, mark, ("reader", "position"), [("b", 2)])
        return "done"

    assert open_ledger.database.write_now(act) == "done"
    found = rows(open_ledger.database, "SELECT reader FROM mark ORDER BY reader")
    assert (found, killed) == ([("a",), ("b",)], [1])


@pytest.mark.parametrize("count", [3, 400])
def test_connections_killed_between_calls_are_made_again(
    cluster: Cluster, open_ledger: Ledger, count: int
) -> None:
    log = Log(help_called(2 * count))
    log.push(open_ledger, count=count)
    for name in (WRITER, READER):
        cluster.run(KILL.format(name))
    assert log.push(open_ledger, after=count).have == log.mark(2 * count)
    assert verify(open_ledger.database) == Verdict(1, 2 * count, 2 * count)


def test_while_the_database_is_away_callers_are_told_and_afterwards_all_goes_on(
    cluster: Cluster, open_ledger: Ledger
) -> None:
    log = Log(help_called(4))
    log.push(open_ledger, count=2)
    cluster.stop()
    try:
        with pytest.raises(UnavailableError, match="try again"):
            log.push(open_ledger, after=2)
        with pytest.raises(UnavailableError, match="try again"):
            verify(open_ledger.database)
    finally:
        cluster.start()
    assert log.push(open_ledger, after=2).have == log.mark(4)
    assert verify(open_ledger.database) == Verdict(1, 4, 4)


def test_a_crash_of_the_database_loses_nothing_confirmed(
    cluster: Cluster, open_ledger: Ledger
) -> None:
    log = Log(help_called(50))
    for after in range(0, 50, 10):
        log.push(open_ledger, after=after, count=10)
    cluster.crash()
    assert log.push(open_ledger, after=50, count=0).have == log.mark(50)
    assert verify(open_ledger.database) == Verdict(1, 50, 50)


def test_other_servers_are_told_of_what_is_stored_and_of_nothing_else(
    cluster: Cluster, open_ledger: Ledger
) -> None:
    database = open_ledger.database

    def fail(connection: Connection) -> None:
        database.tell(connection, "nothing")
        raise KeyError

    name = str(rows(database, "SELECT current_database()")[0][0])
    with cluster.connect(name) as listener:
        listener.execute("LISTEN kiosk")
        with pytest.raises(KeyError):
            database.write_now(fail)
        log = Log(help_called(2))
        log.push(open_ledger)
        log.push(open_ledger)
        database.write_now(lambda conn: database.tell(conn, "last"))
        told = [one.payload for one in listener.notifies(timeout=10, stop_after=2)]
    assert told == [APPENDED, "last"]


def test_telling_on_sqlite_does_nothing(database: Database) -> None:
    database.write_now(lambda conn: database.tell(conn, "hint"))
    assert database.writes


REFUSED = (
    ("ALTER DATABASE {} SET synchronous_commit = off", UnsafeError, "must be on disk"),
    ("ALTER DATABASE {} RENAME TO {}_gone", UnavailableError, "does not exist"),
)


@pytest.mark.parametrize(("sql", "kind", "said"), REFUSED)
def test_a_database_that_would_not_keep_its_word_is_refused(
    cluster: Cluster, sql: str, kind: type[Exception], said: str
) -> None:
    url = cluster.database()
    cluster.run(sql.replace("{}", url.partition("@/")[2].partition("?")[0]))
    with pytest.raises(kind, match=said):
        Database(url)


def test_a_database_of_something_else_is_left_alone(cluster: Cluster) -> None:
    url = cluster.database()
    with cluster.connect(url.partition("@/")[2].partition("?")[0]) as connection:
        connection.execute("CREATE TABLE books (title text)")
    with pytest.raises(ForeignError, match="books"):
        Database(url)


@pytest.mark.parametrize("url", ["mysql://db/floor", "postgresql+nothing://db/floor", "floor"])
def test_an_address_that_is_none_of_ours_is_told(url: str) -> None:
    with pytest.raises(ForeignError, match=r"postgresql\+psycopg://"):
        Database(url)


def forget_after(ledger: Ledger, log: Log, seq: int) -> None:
    """As if an older copy of the database had been put back."""
    digest = log.mark(seq).digest
    for sql in (
        f"DELETE FROM event WHERE position > {seq}",
        f"DELETE FROM place WHERE seq > {seq}",
        f"UPDATE head SET position = {seq} WHERE name = 'event'",
    ):
        ledger.database.write_now(lambda conn, sql=sql: conn.exec_driver_sql(sql).rowcount)  # type: ignore[misc]
    table = ("head_seq", "head_digest")
    ledger.database.write_now(partial(set_head, columns=table, row=(seq, bytes.fromhex(digest))))


def set_head(connection: Connection, columns: tuple[str, str], row: tuple[int, bytes]) -> None:
    from sync.server.tables import origin

    connection.execute(origin.update().values(**dict(zip(columns, row, strict=True))))


def test_a_restore_that_nobody_declared_is_found_once(ledger: Ledger) -> None:
    log, before = Log(help_called(6)), ledger.incarnation
    log.push(ledger)
    forget_after(ledger, log, 2)

    def push(after: int, incarnation: str) -> tuple[Mark, str]:
        header = PushHeader(log.mark(after), Mark(1, log.mark(0).digest), incarnation=incarnation)
        outcome = ledger.receive_now(log.origin, "MIX-1", header, log.bodies[after:])
        return outcome.have, outcome.incarnation

    have, found = push(6, before)
    assert have == log.mark(2)
    assert found not in {"", before}
    assert push(5, before) == (log.mark(2), found)
    assert push(2, before) == (log.mark(6), found)
    assert ledger.incarnation == found
    alarms = rows(ledger.database, "SELECT kind, subject FROM alarm")
    assert alarms == [("restored", before)]
    assert verify(ledger.database) == Verdict(1, 6, 6)


def test_a_ledger_from_before_the_incarnation_that_confirmed_is_found_once(ledger: Ledger) -> None:
    """Twice put back to the same copy: it knows the origin, and nothing of its first restore."""
    log, before, lost = Log(help_called(6)), ledger.incarnation, "1" * 32
    log.push(ledger)
    header = PushHeader(log.mark(6), Mark(1, log.mark(0).digest), incarnation=lost)
    told = [ledger.receive_now(log.origin, "MIX-1", header, []) for _ in range(2)]
    assert [one.have for one in told] == [log.mark(6)] * 2
    assert told[0].incarnation == told[1].incarnation == ledger.incarnation
    assert ledger.incarnation not in {"", before, lost}
    alarms = rows(ledger.database, "SELECT kind, subject FROM alarm")
    assert alarms == [("restored", lost)]


def test_a_mark_ahead_that_another_incarnation_confirmed_means_nothing(ledger: Ledger) -> None:
    log, before = Log(help_called(3)), ledger.incarnation
    for incarnation in ("", "0" * 32):
        header = PushHeader(log.mark(3), Mark(1, log.mark(0).digest), incarnation=incarnation)
        outcome = ledger.receive_now(log.origin, "MIX-1", header, [])
        assert (outcome.have, outcome.incarnation) == (log.mark(0), before)
    assert rows(ledger.database, "SELECT * FROM alarm") == []


def test_numbers_that_a_push_wants_are_granted_in_its_transaction(database: Database) -> None:
    ledger, log = Ledger(database, ServerClock(), grant), Log(help_called(2))
    header = PushHeader(log.mark(0), Mark(1, log.mark(0).digest), wanted={"sscc": 10})
    outcome = ledger.receive_now(log.origin, "MIX-1", header, log.bodies)
    assert (outcome.have, outcome.stored, outcome.granted) == (log.mark(2), 2, 1)
    bodies = rows(database, "SELECT body FROM event WHERE type = 'NumbersGranted'")
    granted = decode(bytes(bodies[0][0])).event
    assert isinstance(granted, NumbersGranted)
    assert (granted.origin, granted.kind, granted.last - granted.first) == (log.origin, "sscc", 9)
    assert verify(database) == Verdict(2, 3, 3)


def test_where_a_grant_fails_nothing_of_its_push_is_stored(database: Database) -> None:
    def fail(
        _connection: Connection,
        _origin: str,
        _reported: Mapping[str, int],
        _wanted: Mapping[str, int],
        _now_ms: int,
        _prefix: str,
    ) -> list[NumbersGranted]:
        raise KeyError

    ledger, log = Ledger(database, ServerClock(), fail), Log(help_called(2))
    header = PushHeader(log.mark(0), Mark(1, log.mark(0).digest), wanted={"sscc": 10})
    with pytest.raises(KeyError):
        ledger.receive_now(log.origin, "MIX-1", header, log.bodies)
    assert verify(database) == Verdict(0, 0, 0)


def test_a_connection_lost_at_the_commit_leaves_a_doubt(cluster: Cluster) -> None:
    database = Database(ledger_url(cluster))
    database.write_now(lambda conn: conn.execute(text(BREAKS_AT_COMMIT)).rowcount)
    with pytest.raises(DoubtError, match="may be stored or not; look before") as doubt:
        database.write_now(lambda conn: put(conn, ["a"]))
    told = unavailable(doubt.value)
    assert "not known whether it was kept: look before you repeat it" in told.detail
    assert "nothing of this request was kept" in unavailable(UnavailableError("full")).detail
    database.close()
