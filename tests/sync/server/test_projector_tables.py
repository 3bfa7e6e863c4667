"""A slice's rows in the view tables, and its live views and rebuilt ones, on every database."""

from pathlib import Path

from sqlalchemy import select

from sync.server.database import Database
from sync.server.projector_open import Dissolved, OpenDeviations
from sync.server.projector_rows import DEVIATION_COLUMNS, STATE_COLUMNS
from sync.server.projector_tables import drop_rows, put_rows, set_rows
from sync.server.rows import Row
from sync.server.view_tables import deviation, order_state
from tests.sync.server.histories import Plant, Teller

STEPS = 60


def found(target: str, name: str, position: int, status: str = "open") -> Row:
    texts = ("event", "B-1", "FLOUR", "", "MIX-1", "anna", "", "note", "{}", "", status, "")
    return (target, name, "SALT", *texts, position)


def states(database: Database) -> list[Row]:
    query = select(order_state).order_by(order_state.c.order_number)
    return [tuple(row) for row in database.read_now(lambda conn: conn.execute(query).all())]


def test_rows_are_put_replaced_and_dropped(database: Database) -> None:
    def put(*rows: Row) -> list[Row]:
        database.write_now(lambda conn: put_rows(conn, order_state, STATE_COLUMNS, rows))
        return states(database)

    assert put() == []
    assert put(("B", b"\0\xff"), ("A", b"1"), ("A", b"2")) == [("A", b"2"), ("B", b"\0\xff")]
    assert put(("B", b"3")) == [("A", b"2"), ("B", b"3")]
    database.write_now(lambda conn: drop_rows(conn, order_state, ("order_number",), [("A",)]))
    assert states(database) == [("B", b"3")]


def test_columns_are_set_where_all_keys_are_the_same(database: Database) -> None:
    rows = [found("e1", "under_issue", 1), found("e2", "under_issue", 2, "reviewed")]
    sets = [("withdrawn", "e1", "open"), ("late", "e1", "open"), ("withdrawn", "e2", "open")]
    database.write_now(lambda conn: put_rows(conn, deviation, DEVIATION_COLUMNS, rows))
    database.write_now(
        lambda conn: set_rows(conn, deviation, ("status",), ("target", "status"), sets)
    )
    table = deviation
    query = select(table.c.target, table.c.status).order_by(table.c.target)
    told = [tuple(row) for row in database.read_now(lambda conn: conn.execute(query).all())]
    assert told == [("e1", "withdrawn"), ("e2", "reviewed")]


def test_open_deviations_are_known_from_the_table_and_from_what_is_found(
    database: Database,
) -> None:
    rows = [
        found("e1", "under_issue", 1),
        found("e2", "under_issue", 2, "reviewed"),
        found("e3", "not_signed_in", 3),
        found("e4", "under_issue", 9),
    ]
    database.write_now(lambda conn: put_rows(conn, deviation, DEVIATION_COLUMNS, rows))
    known = OpenDeviations()
    late = Dissolved("B-1", "under_issue", "SALT", 8)
    known.add("B-1", ("e5", "under_issue", "SALT"), 5)  # of an order that is not here yet
    assert known.take([late]) == []
    database.read_now(lambda conn: known.load(conn, deviation, ["B-1"]))
    known.add("B-1", ("e6", "under_issue", "SALT"), 6)
    gone = [(target, "under_issue", "SALT") for target in ("e1", "e6")]
    assert known.take([late._replace(position=1), late]) == gone
    assert known.take([late]) == []
    assert known.take([late._replace(position=10)]) == [("e4", "under_issue", "SALT")]


def test_a_rebuild_gives_what_was_projected_live(database_url: str, tmp_path: Path) -> None:
    plant = Plant(tmp_path, database_url)
    teller = Teller(plant, 11)
    teller.office_start()
    for _ in range(STEPS):
        teller.step()
        plant.projector.catch_up()
    teller.finish()
    plant.projector.catch_up()
    before = plant.views()
    plant.projector.rebuild()
    assert plant.views() == before
    plant.close()


def test_any_text_and_bytes_come_back_as_they_were_put(database: Database) -> None:
    hard = ['"', "\\", '\\"', "{a,b}", "NULL", "", " é ", "a\nb", "'; --", "\\x00", "%s"]
    rows = [(text, bytes(range(256)) + text.encode()) for text in hard]
    database.write_now(lambda conn: put_rows(conn, order_state, STATE_COLUMNS, rows))
    assert states(database) == sorted(rows, key=lambda row: row[0].encode())
    keys = [(text,) for text in hard[1:]]
    database.write_now(lambda conn: drop_rows(conn, order_state, ("order_number",), keys))
    assert states(database) == rows[:1]
