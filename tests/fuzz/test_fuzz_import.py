"""Any bytes as a factory's CSV files: all loaded or nothing, every problem by file, line and column."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

import pytest
from hypothesis import strategies as st

from sync.server.importing.columns import TABLES
from sync.server.importing.folder import Report
from sync.server.importing.run import import_files
from sync.server.importing.tables import Table, read_table
from tests.fuzz.trying import damaged, sizes, tried
from tests.sync.server.histories import Plant

FACTORIES: Final = Path(__file__).parents[2] / "kiosk" / "demo" / "factories"
FACTORY: Final = {
    name: {path.name: path.read_bytes() for path in sorted((FACTORIES / name).glob("*.csv"))}
    for name in ("bakery", "machining", "electronics")
}
TODAY: Final = date(2026, 11, 22)
LAST_DAY: Final = date(9999, 12, 31)
CELLS: Final = (
    *("", " ", "NaN", "inf", "-1", "1e9", "1,5", "1.000,5", "0", "-0", "0.0000001", "9" * 13),
    *("9" * 1_000_000, "x" * 200_000, "=1+1", "@SUM(A1)", "-2+3", "|cmd", "+3d", "-99999d"),
    *("+99999d", "31.12.2026", "2026-02-30", "0000-01-01", "9999-12-31", "yes", "ja", "\0", "a\0"),
    *('"', '""', '"x', "a\nb", "\ud800", "٣", "kg", "BAG=1 BAG", "A=1 B;B=1 A", "BAG=0 kg", ";;;"),
    *(
        "\N{ZERO WIDTH SPACE}",
        "\N{RIGHT-TO-LEFT OVERRIDE}x",
        "#",
        "# x",
        "\ufeff",
        "\x85",
        "\u2028",
    ),
)
ENCODINGS: Final = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252", "ascii")


@st.composite
def wrong_cells(draw: st.DrawFn, content: bytes) -> bytes:
    """A file of which cells, rows or columns are not as they should be."""
    text = content.decode()
    rows = [line.split(",") for line in text.splitlines()]
    for _ in range(draw(st.integers(1, 3))):
        row = draw(st.integers(0, len(rows) - 1))
        column = draw(st.integers(0, len(rows[row]) - 1)) if rows[row] else 0
        match draw(st.sampled_from(["cell", "cell", "cell", "gone", "more", "twice", "cut"])):
            case "gone" if rows[row]:
                del rows[row][column]
            case "more":
                rows[row].insert(column, draw(st.sampled_from(CELLS)))
            case "twice":
                rows.insert(row, list(rows[row]))
            case "cut" if len(rows) > 1:
                del rows[row]
            case _ if rows[row]:
                rows[row][column] = draw(st.sampled_from(CELLS))
    sign = draw(st.sampled_from([",", ",", ",", ";", "\t", "|"]))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    written = end.join(sign.join(cells) for cells in rows)
    encoding = draw(st.sampled_from(ENCODINGS))
    return written.encode(encoding, "surrogatepass" if encoding.startswith("utf-") else "replace")


def contents(content: bytes) -> st.SearchStrategy[bytes]:
    return st.one_of(
        wrong_cells(content), wrong_cells(content), damaged(st.just(content)), st.binary()
    )


@st.composite
def files(draw: st.DrawFn) -> dict[str, bytes]:
    """A sample factory of which some files are others."""
    factory = dict(FACTORY[draw(st.sampled_from(sorted(FACTORY)))])
    names = st.lists(st.sampled_from(sorted(factory)), min_size=1, max_size=3, unique=True)
    for name in draw(names):
        match draw(st.sampled_from(["wrong", "wrong", "wrong", "gone", "named"])):
            case "gone":
                del factory[name]
            case "named":
                factory[draw(st.sampled_from(["x.csv", "", "../x.csv", "\0"]))] = b""
            case _:
                factory[name] = draw(contents(factory[name]))
    return factory


def a_table(given: tuple[Table, bytes, date]) -> None:
    table, content, today = given
    reading = read_table(table, content, today)
    lines = content.count(b"\n") + content.count(b"\r") + 2
    for problem in reading.problems:
        assert problem.file == table.file
        assert 0 <= problem.line <= lines
        assert problem.text
    for row in reading.rows:
        assert set(row.cells) == {column.name for column in table.columns}


@sizes(300, 20_000)
def test_any_bytes_as_a_table_are_rows_and_named_problems(count: int) -> None:
    cases = [
        st.tuples(st.just(table), contents(factory[table.file]), st.sampled_from([TODAY, LAST_DAY]))
        for factory in FACTORY.values()
        for table in TABLES
        if table.file in factory
    ]
    tried(count, st.one_of(cases), a_table)


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    made = Plant(tmp_path_factory.mktemp("plant"))
    yield made
    made.close()


def whole_or_nothing(plant: Plant, given: dict[str, bytes]) -> None:
    loaded(plant, given)


def loaded(plant: Plant, given: dict[str, bytes], today: date = TODAY) -> Report:
    """The report; what it says of the events is what the ledger has more."""
    before = plant.rows("SELECT count(*) FROM event")[0][0]
    report = import_files(given, plant.ledger, plant.projector, today)
    after = plant.rows("SELECT count(*) FROM event")[0][0]
    assert after - before == sum(report.events.values())
    assert report.ok or after == before
    assert str(report)
    for problem in report.problems:
        assert problem.told.startswith(problem.file)
        assert problem.text
    assert plant.rows("SELECT count(*) FROM event WHERE unreadable != ''") == [(0,)]
    return report


@sizes(60, 3_000)
def test_any_files_are_loaded_whole_or_not_at_all(plant: Plant, count: int) -> None:
    tried(count, files(), lambda given: whole_or_nothing(plant, given))


def test_a_day_beyond_the_calendar_is_a_problem_of_its_cell(plant: Plant) -> None:
    orders = b"order,material,quantity,due\nZ-1,ROLL,1,+3d\n"
    report = loaded(plant, {**FACTORY["bakery"], "orders.csv": orders}, LAST_DAY)
    told = [problem.told for problem in report.problems if problem.file == "orders.csv"]
    assert told == ["orders.csv, line 2, column due: '+3d' is no date: write 2027-03-31 or +3d"]


def test_a_bom_larger_than_an_event_may_be_is_a_problem_of_its_file(plant: Plant) -> None:
    count = 1_200
    names = [f"PART-{n:05d}-{'X' * 60}" for n in range(count)]
    materials = ["material,name,unit", "ROLL,Roll,pcs", *(f"{name},A,pcs" for name in names)]
    boms = ["material,for_quantity,component,quantity,unit"]
    boms += [f"ROLL,1,{name},1,pcs" for name in names]
    given = {"materials.csv": "\n".join(materials), "boms.csv": "\n".join(boms)}
    report = loaded(plant, {name: text.encode() for name, text in given.items()})
    assert [(one.file, one.line) for one in report.problems] == [("boms.csv", 0)]
    assert report.problems[0].text.startswith("ROLL: its rows are 1")
