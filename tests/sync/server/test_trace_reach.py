"""The trace by levels against a slow walk over all links, and for a lot that went into very many."""

import time
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple
from sqlalchemy import Connection, create_engine

from sync.domain.trace import Link, Node, genealogy
from sync.server.database import Database
from sync.server.rows import insert_rows
from sync.server.view_tables import VIEWS, order_lot, order_output, stock
from sync.server.views.reach import reach_of, sources_of
from sync.server.views.trace import recall_lines, recall_rows

LOTS = [Node(material, lot) for material in "AB" for lot in ("1", "2", "3")]
WIDE_COUNT = 100_000
WIDE_CPU_SECONDS_MAX = 2.5


def filled(used: set[tuple[str, Node]], made: set[tuple[str, Node]]) -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        for table in VIEWS:
            table.create(connection)
        fill(connection, used, made)
        yield connection
    engine.dispose()


def fill(connection: Connection, used: set[tuple[str, Node]], made: set[tuple[str, Node]]) -> None:
    for table, amount, rows in ((order_lot, "consumed", used), (order_output, "produced", made)):
        names = ("order_number", "material", "lot", "unit", amount)
        insert_rows(connection, table, names, [(one, *node, "KGM", 5) for one, node in rows])


pairs = st.sets(st.tuples(st.sampled_from(["P1", "P2", "P3"]), st.sampled_from(LOTS)), max_size=9)


@given(pairs, pairs)
def test_the_trace_is_what_a_slow_walk_finds(
    used: set[tuple[str, Node]], made: set[tuple[str, Node]]
) -> None:
    outputs = {order: [node for one, node in made if one == order] for order, _ in used}
    links = {
        Link(child, parent, order, "KGM", 5)
        for order, parent in used
        for child in outputs[order] or [Node("", "")]
    }
    slow = genealogy(links)
    for connection in filled(used, made):
        for node in LOTS:
            assert set(reach_of(connection, node).steps) == set(slow.down(*node))
            assert set(sources_of(connection, node).steps) == set(slow.up(*node))


def test_the_widest_lot_is_traced_in_time() -> None:
    used = {(f"P{n}", Node("FLOUR", "W")) for n in range(WIDE_COUNT)}
    made = {(f"P{n}", Node("BREAD", f"B{n}")) for n in range(WIDE_COUNT)}
    for connection in filled(used, made):
        began = time.process_time()
        reach = reach_of(connection, Node("FLOUR", "W"))
        spent = time.process_time() - began
        print(f"reach of {WIDE_COUNT}: {spent:.2f} s")
        assert (reach.lots, reach.orders, reach.is_cut) == (WIDE_COUNT, WIDE_COUNT, False)
        assert spent < WIDE_CPU_SECONDS_MAX
        began = time.process_time()
        assert len(recall_lines(connection, reach.steps)) == WIDE_COUNT
        print(f"recall lines: {time.process_time() - began:.2f} s")
        began = time.process_time()
        assert sum(1 for _ in recall_rows(connection, Node("FLOUR", "W"))) == WIDE_COUNT
        print(f"recall rows: {time.process_time() - began:.2f} s")


def test_a_row_of_the_file_is_a_line_of_the_page(database: Database) -> None:
    used = {(f"P{n}", Node("FLOUR", "W")) for n in range(3)} | {("P9", Node("BREAD", "B1"))}
    made = {(f"P{n}", Node("BREAD", f"B{n}")) for n in range(3)}
    lots = [(f"B{n}", "BREAD", n, "KGM", f"A{n}", b"") for n in range(2)]
    database.write_now(lambda conn: fill(conn, used, made))
    columns = ("lot", "material", "micros", "unit", "place", "body")
    database.write_now(lambda conn: insert_rows(conn, stock, columns, lots))
    database.read_now(look)


def look(connection: Connection) -> None:
    reach = reach_of(connection, Node("FLOUR", "W"))
    assert (len(reach.steps), reach.levels, reach.steps[3].link.order) == (4, 2, "P9")
    lines = recall_lines(connection, reach.steps)
    rows = list(recall_rows(connection, Node("FLOUR", "W")))
    assert rows == [astuple(line) for line in lines]
    assert [(row[0], row[2], row[3], row[11], row[13]) for row in rows] == [
        (1, "B0", "P0", 0, "A0"),
        (1, "B1", "P1", 1, "A1"),
        (1, "B2", "P2", 0, ""),
        (2, "", "P9", 0, ""),
    ]
