"""Workbooks in and out: what is written comes in again as it was, and 50 ways to get it wrong."""

import io
import zipfile
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from openpyxl.workbook.workbook import Workbook

from sync.domain.quantity import Quantity
from sync.server.importing.columns import TABLES
from sync.server.importing.folder import read_folder
from sync.server.importing.run import import_files, preview_files
from sync.server.importing.workbook import workbook
from sync.server.importing.written import csv_of, workbook_of
from sync.server.views.books import masters
from tests.sync.server.histories import Plant

TODAY = date(2026, 11, 22)
FACTORIES = Path(__file__).parents[3] / "kiosk" / "demo" / "factories"
NAMES = ("bakery", "machining", "electronics")
HEADS = {
    "materials": ["material", "name", "unit"],
    "boms": ["material", "for_quantity", "component", "quantity", "unit"],
    "routings": ["material", "operation", "work_center", "name"],
    "work_centers": ["work_center", "name"],
    "orders": ["order", "material", "quantity", "due"],
    "stock": ["material", "lot", "quantity", "unit", "expiry"],
}
ROWS: dict[str, list[list[object]]] = {
    "materials": [["WHEAT", "Wheat flour", "kg"], ["ROLL", "Wheat roll", "pcs"]],
    "boms": [["ROLL", 100, "WHEAT", 6.25, "kg"]],
    "routings": [["ROLL", 10, "MIX", "Mix and bake"]],
    "work_centers": [["MIX", "Bakehouse"]],
    "orders": [["B-1", "ROLL", 1000, date(2026, 12, 1)]],
    "stock": [["WHEAT", "W-1", 20.5, "kg", date(2027, 1, 31)]],
}


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    made = Plant(tmp_path)
    yield made
    made.close()


def load(plant: Plant, files: dict[str, bytes]) -> str:
    return str(import_files(files, plant.ledger, plant.projector, TODAY))


def tables(plant: Plant) -> dict[str, str]:
    database = plant.ledger.database
    return {one.file: database.read_now(partial(csv_of, file=one.file)) for one in TABLES}


def test_by_products_and_notes_of_a_bom_come_out_and_in_again(plant: Plant, tmp_path: Path) -> None:
    head: list[object] = [*HEADS["boms"], "operation", "kind", "note", "backflush"]
    note = "Sieve first"
    boms: list[list[object]] = [
        ["ROLL", 100, "WHEAT", 6.25, "kg", "10", "component", note, "no"],
        ["ROLL", 100, "CRUMB", 0.4, "kg", "", "by_product", note, "yes"],
    ]
    crumb: list[list[object]] = [*ROWS["materials"], ["CRUMB", "Bread crumbs", "kg"]]
    told = load(plant, {"all.xlsx": book(materials=crumb)})
    assert "nothing" not in told, told
    wanted = "\n".join(",".join(str(cell) for cell in row) for row in (head, *boms)) + "\n"
    told = load(plant, {"boms.csv": wanted.encode()})
    assert "nothing" not in told, told
    bom = plant.database.read_now(masters).boms["ROLL"]
    assert [(one.material, one.quantity, one.backflush) for one in bom.by_products] == [
        ("CRUMB", Quantity("0.4", "KGM"), True)
    ]
    assert ([one.material for one in bom.lines], bom.note) == (["WHEAT"], note)
    out = tables(plant)
    again = {file: text.encode() for file, text in out.items()}
    assert load(plant, again).endswith("all of it was known already")
    (tmp_path / "other").mkdir()
    other = Plant(tmp_path / "other")
    assert "loaded" in load(other, again)
    assert tables(other) == out
    other.close()
    shorter = f"{','.join(HEADS['boms'])},operation\nROLL,100,WHEAT,6.25,kg,10\n"
    assert load(plant, {"boms.csv": shorter.encode()}).endswith("all of it was known already")


def book(**changed: list[list[object]]) -> bytes:
    """A workbook as a person makes it: numbers are numbers, dates are dates."""
    made = Workbook()
    made.remove(made.active)
    for name, rows in {**ROWS, **changed}.items():
        sheet = made.create_sheet(name)
        for row in [HEADS.get(name, []), *rows] if rows else []:
            sheet.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


@pytest.mark.parametrize("name", NAMES)
def test_what_comes_out_comes_in_again_as_it_was(name: str, plant: Plant, tmp_path: Path) -> None:
    load(plant, read_folder(FACTORIES / name))
    out = tables(plant)
    again = {file: text.encode() for file, text in out.items()}
    assert load(plant, again).endswith("all of it was known already")
    for form in (again, {"all.xlsx": plant.ledger.database.read_now(workbook_of)}):
        (tmp_path / str(len(form))).mkdir()
        other = Plant(tmp_path / str(len(form)))
        told = load(other, form)
        assert "loaded" in told, told
        assert tables(other) == out | {"operators.csv": out["operators.csv"]}
        other.close()


def test_a_workbook_of_a_person_is_read_as_it_is_meant(plant: Plant) -> None:
    assert load(plant, {"plant.xlsx": book()}).startswith("7 rows read; loaded")
    assert plant.rows("SELECT due, planned FROM order_view") == [("2026-12-01", 1_000_000_000)]
    assert plant.rows("SELECT lot, micros, expiry FROM stock") == [
        ("W-1", 20_500_000, "2027-01-31")
    ]


def test_a_dry_run_shows_each_change_and_does_nothing(plant: Plant) -> None:
    load(plant, {"plant.xlsx": book()})
    changed = book(
        materials=[["WHEAT", "Strong flour", "kg"], ["SALT", "Salt", "kg"]],
        orders=[["B-1", "ROLL", 1200, date(2026, 12, 1)]],
    )
    before = plant.rows("SELECT count(*) FROM event")
    found = preview_files({"plant.xlsx": changed}, plant.ledger, plant.projector, TODAY)
    assert found.report.ok
    told = [
        (
            one.type,
            one.key,
            one.is_new,
            [(part.field, part.before, part.after) for part in one.fields],
        )
        for one in found.changes
    ]
    assert told == [
        ("MaterialDefined", "WHEAT", False, [("name", "Wheat flour", "Strong flour")]),
        (
            *("MaterialDefined", "SALT", True),
            [
                *(("material", "", "SALT"), ("name", "", "Salt"), ("unit", "", "KGM")),
                ("lot_controlled", "", "yes"),
                ("active", "", "yes"),
            ],
        ),
        (
            "OrderChanged",
            "B-1",
            False,
            [("quantity", "1000 PCS", "1200 PCS"), ("reason", "", "import")],
        ),
    ]
    assert plant.rows("SELECT count(*) FROM event") == before


# Sheet, its rows, and what is told of it: each names the workbook's cell.
WRONG: list[tuple[str, list[list[object]], str]] = [
    ("materials", [["", "Flour", "kg"]], "A2 material: empty"),
    ("materials", [["WHEAT", "", "kg"]], "B2 name: empty"),
    ("materials", [["WHEAT", "Flour", ""]], "C2 unit: empty"),
    ("materials", [["WHEAT", "Flour", "sack"]], "C2 unit: 'sack' is no base unit"),
    ("materials", [["WHEAT", "Flour", "#REF!"]], "C2 unit: #REF!: the formula failed"),
    ("materials", [["W" * 121, "Flour", "kg"]], "A2 material: 121 characters"),
    ("materials", [["WHEAT", "A", "kg"], ["WHEAT", "B", "kg"]], "A3 material: WHEAT stands in"),
    ("materials", [["WHEAT", "A", "kg", "?"]], "2: a cell without a column name: '?'"),
    ("materials", [["WHEAT", "A\tB", "kg"]], "B2 name: holds a control character"),
    ("boms", [["ROLL", 100, "RYE", 6, "kg"]], "C2 component: 'RYE' is no material"),
    ("boms", [["LOAF", 100, "WHEAT", 6, "kg"]], "A2 material: 'LOAF' is no material"),
    ("boms", [["ROLL", 0, "WHEAT", 6, "kg"]], "B2 for_quantity: '0': must be more than nothing"),
    ("boms", [["ROLL", 100, "WHEAT", -1, "kg"]], "D2 quantity: '-1' is no amount"),
    ("boms", [["ROLL", 100, "WHEAT", "six", "kg"]], "D2 quantity: 'six' is no amount"),
    ("boms", [["ROLL", 100, "WHEAT", 1, "l"]], "E2 unit:"),
    ("boms", [["ROLL", 100, "ROLL", 1, "pcs"]], "C2 component: ROLL > ROLL: a material cannot"),
    ("boms", [["ROLL", 100, "WHEAT", True, "kg"]], "D2 quantity: 'yes' is no amount"),
    ("routings", [["ROLL", 10, "OVEN", "Bake"]], "C2 work_center: 'OVEN' is no work center"),
    ("routings", [["LOAF", 10, "MIX", "Bake"]], "A2 material: 'LOAF' is no material"),
    ("routings", [["ROLL", "", "MIX", "Bake"]], "B2 operation: empty"),
    ("routings", [["ROLL", 10, "MIX", "A"], ["ROLL", 10, "MIX", "B"]], "B3 operation: ROLL 10"),
    ("work_centers", [["", "Bakehouse"]], "A2 work_center: empty"),
    ("work_centers", [["MIX", ""]], "B2 name: empty"),
    ("orders", [["b 1", "ROLL", 10, ""]], "A2 order: order number 'b 1'"),
    ("orders", [["B-1", "LOAF", 10, ""]], "B2 material: 'LOAF' is no material"),
    ("orders", [["B-1", "ROLL", "", ""]], "C2 quantity: empty"),
    ("orders", [["B-1", "ROLL", 0, ""]], "C2 quantity: '0': must be more than nothing"),
    ("orders", [["B-1", "ROLL", 10.5, ""]], "C2 quantity: material ROLL: 10.5 PCS is not whole"),
    ("orders", [["B-1", "ROLL", 1e13, ""]], "C2 quantity: '10000000000000' is no amount"),
    ("orders", [["B-1", "ROLL", "10 kg", ""]], "C2 quantity: material ROLL:"),
    ("orders", [["B-1", "ROLL", 10, "tomorrow"]], "D2 due: 'tomorrow' is no date"),
    ("orders", [["B-1", "ROLL", 10, 46000]], "D2 due: '46000' is no date"),
    ("orders", [["B-1", "ROLL", 10, "2026-02-30"]], "D2 due: '2026-02-30' is no date"),
    ("orders", [["B-1", "ROLL", 10, "#N/A"]], "D2 due: #N/A: the formula failed"),
    ("stock", [["RYE", "R-1", 1, "kg", ""]], "A2 material: 'RYE' is no material"),
    ("stock", [["WHEAT", "", 1, "kg", ""]], "B2 lot: empty"),
    ("stock", [["WHEAT", "W-1", "", "kg", ""]], "C2 quantity: empty"),
    ("stock", [["WHEAT", "W-1", -5, "kg", ""]], "C2 quantity: '-5' is no amount"),
    ("stock", [["WHEAT", "W-1", 1, "pallet of it", ""]], "D2 unit:"),
    ("stock", [["WHEAT", "W-1", 1, "kg", "31.12.2026"]], "E2 expiry: '31.12.2026' is no date"),
    ("recipes", [["ROLL", "x"]], "plant.xlsx: unknown sheet 'recipes'"),
]  # fmt: skip


@pytest.mark.parametrize(("sheet", "rows", "told"), WRONG)
def test_a_broken_workbook_is_refused_whole_and_its_cell_is_named(
    plant: Plant, sheet: str, rows: list[list[object]], told: str
) -> None:
    report = load(plant, {"plant.xlsx": book(**{sheet: rows})})
    wanted = told if told.startswith("plant.xlsx") else f"plant.xlsx {sheet} {told}"
    assert any(line.startswith(wanted) for line in report.splitlines()), report
    assert plant.rows("SELECT count(*) FROM event") == [(0,)]


def zipped(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    return out.getvalue()


WHOLE = book()
NO_BOOKS = [
    b"",
    b"material,name,unit\n",
    b"PK\x03\x04 and no more",
    WHOLE[: len(WHOLE) // 2],
    WHOLE[:-30],
    zipped(hello="world"),
    zipped(**{"xl/workbook.xml": "<workbook"}),
    WHOLE.replace(b"xl/workbook.xml", b"xl/wOrkbook.xml"),
    b"%PDF-1.7\n",
]


@pytest.mark.parametrize("content", NO_BOOKS, ids=range(len(NO_BOOKS)))
def test_what_is_no_workbook_is_refused(plant: Plant, content: bytes) -> None:
    report = load(plant, {"plant.xlsx": content})
    assert "plant.xlsx: " in report
    assert "save it" in report
    assert plant.rows("SELECT count(*) FROM event") == [(0,)]


def test_a_table_that_comes_twice_is_refused(plant: Plant) -> None:
    report = load(plant, {"a.xlsx": book(), "materials.csv": b"material,name,unit\nX,X,kg\n"})
    assert "materials.csv: stands in a.xlsx materials already: keep one" in report


def test_a_bomb_is_not_unpacked(plant: Plant) -> None:
    bomb = zipped(**{"xl/workbook.xml": "0" * (300 * 1024 * 1024)})
    assert "bytes unpacked, at most" in load(plant, {"plant.xlsx": bomb})


def test_cells_that_look_like_formulas_or_numbers_stay_text() -> None:
    from openpyxl.reader.excel import load_workbook

    made = workbook({"a": (["x", "y"], [["=1+1", "007"], ["@SUM(A1)", "1e5"]])})
    sheet = load_workbook(io.BytesIO(made))["a"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == [
        ["=1+1", "007"],
        ["@SUM(A1)", "1e5"],
    ]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
