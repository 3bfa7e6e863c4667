"""The writer's group commit, read-only readers, the schema and its migrations."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError

from sync.server import (
    backup_tables,
    clock_tables,
    drawing_tables,
    interface_tables,
    people_tables,
    view_tables,
)
from sync.server.database import (
    ClosedError,
    Database,
    DatabaseError,
    NewerError,
    UnavailableError,
    sqlite_url,
)
from sync.server.rows import insert_rows, rows_with
from sync.server.schema import newest_revision
from sync.server.tables import mark, metadata
from tests.postgres import Cluster
from tests.sync.server.server_parts import rows

# A table is in the metadata once its module is there.
ALL = (
    backup_tables,
    clock_tables,
    drawing_tables,
    interface_tables,
    people_tables,
    view_tables,
)


def opened(folder: Path) -> Database:
    return Database(sqlite_url(folder / "ledger.sqlite"))


def put(reader: str, position: int) -> Callable[[Connection], int]:
    """A write that inserts one mark."""

    def act(connection: Connection) -> int:
        insert_rows(connection, mark, ("reader", "position"), [(reader, position)])
        return position

    return act


def test_migrations_make_the_schema_of_the_tables(database: Database) -> None:
    assert all(module.metadata is metadata for module in ALL)
    found = database.read_now(
        lambda conn: compare_metadata(MigrationContext.configure(conn), metadata)
    )
    assert found == []


def test_opening_again_migrates_nothing_and_keeps_rows(tmp_path: Path) -> None:
    database = opened(tmp_path)
    assert database.write_now(put("a", 1)) == 1
    database.close()
    again = opened(tmp_path)
    assert rows(again, "SELECT reader, position FROM mark") == [("a", 1)]
    assert rows(again, "SELECT version_num FROM alembic_version") == [(newest_revision(),)]
    again.close()


def test_a_ledger_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    database = opened(tmp_path)
    database.write_now(
        lambda conn: conn.exec_driver_sql("UPDATE alembic_version SET version_num='9999'").rowcount
    )
    database.close()
    before = (tmp_path / "ledger.sqlite").read_bytes()
    with pytest.raises(NewerError, match="of revision 9999"):
        opened(tmp_path)
    assert (tmp_path / "ledger.sqlite").read_bytes() == before


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"not a database" * 500)
    with pytest.raises(DatabaseError, match="not a database"):
        opened(tmp_path)


def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(UnavailableError, match=r"read-?only"):
        database.read_now(put("a", 1))
    assert rows(database, "SELECT * FROM mark") == []


def test_one_fault_in_a_group_leaves_the_others(database: Database) -> None:
    gate, entered = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        entered.set()
        gate.wait(10)

    held = database.submit(hold)
    entered.wait(10)
    answers: list[Future[int]] = [
        database.submit(put(name, n)) for n, name in enumerate(("a", "b", "a", "c"))
    ]
    gate.set()
    held.result(10)
    assert [answers[n].result(10) for n in (0, 1, 3)] == [0, 1, 3]
    with pytest.raises(IntegrityError):
        answers[2].result(10)
    assert rows(database, "SELECT reader, position FROM mark") == [("a", 0), ("b", 1), ("c", 3)]


def test_a_wrong_statement_fails_alone(database: Database) -> None:
    with pytest.raises(UnavailableError, match="nowhere"):
        database.write_now(lambda conn: conn.exec_driver_sql("DELETE FROM nowhere").rowcount)
    assert database.write_now(put("a", 7)) == 7
    assert database.writes


async def test_many_writes_at_once_share_commits(database: Database) -> None:
    done = await asyncio.gather(*(database.write(put(f"r{n}", n)) for n in range(200)))
    assert done == list(range(200))
    assert rows(database, "SELECT count(*) FROM mark") == [(200,)]


def test_what_was_asked_before_closing_is_done_and_later_is_refused(database: Database) -> None:
    answers = [database.submit(put(f"r{n}", n)) for n in range(50)]
    database.close()
    assert [answer.result(0) for answer in answers] == list(range(50))
    with pytest.raises(ClosedError, match="start the server again"):
        database.write_now(put("late", 1))
    assert not database.writes


async def test_who_stops_waiting_leaves_the_writer_to_the_others(database: Database) -> None:
    """A request that is ended (at shutdown, say) is not done if it had not begun."""
    begun, free = threading.Event(), threading.Event()

    def slow(connection: Connection) -> int:
        begun.set()
        assert free.wait(10)
        return put("begun", 1)(connection)

    under_way = asyncio.create_task(database.write(slow))
    assert await asyncio.to_thread(begun.wait, 10)
    waits = asyncio.create_task(database.write(put("waits", 2)))
    await asyncio.sleep(0)
    for task in (under_way, waits):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    free.set()
    assert await database.write(put("next", 3)) == 3
    assert rows(database, "SELECT reader FROM mark ORDER BY 1") == [("begun",), ("next",)]


def test_rows_are_found_by_more_values_than_a_statement_takes(database: Database) -> None:
    many = [(f"r{n}", n) for n in range(1_201)]
    database.write_now(lambda conn: insert_rows(conn, mark, ("reader", "position"), many))
    names = [name for name, _ in many] + ["unknown"]
    found = database.read_now(lambda conn: rows_with(conn, mark, "reader", names, "position"))
    assert sorted(found) == sorted(many)


def test_names_are_ordered_by_bytes_whatever_the_database_s_language_is(cluster: Cluster) -> None:
    """As SQLite and Python order them; in a language `a` stands before `B`."""
    url = in_a_language(cluster)
    database, names = Database(url), sorted(("B", "a", "B-10", "b-2", "_x", "É", "B 1"))
    for position, name in enumerate(names):
        database.write_now(put(name, position))
    in_order = select(mark.c.reader).order_by(mark.c.reader)
    found = database.read_now(lambda conn: [row[0] for row in conn.execute(in_order)])
    others = text(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND data_type = 'text'"
        " AND collation_name IS DISTINCT FROM 'C'"
    )
    in_language = database.read_now(lambda conn: conn.execute(others).all())
    database.close()
    cluster.drop(url)
    assert (found, in_language) == (names, [])


def in_a_language(cluster: Cluster) -> str:
    """The URL of a new database that sorts as English does, where this PostgreSQL has that."""
    name = "in_a_language"
    made = f"CREATE DATABASE {name} TEMPLATE template0"
    try:
        cluster.run(f"{made} LOCALE_PROVIDER icu ICU_LOCALE 'en-US'")
    except psycopg.errors.FeatureNotSupported:
        cluster.run(made)
    return cluster.url_of(name)
