"""The import: what a folder becomes, that it can be repeated, and every way to get it wrong."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.domain.events import BomDefined, BomLine, LabelRule, OrderReleased
from sync.domain.pin import kept, matches
from sync.domain.quantity import Quantity
from sync.server.importing.columns import TABLES
from sync.server.importing.folder import (
    FILES_COUNT_MAX,
    FOLDER_BYTES_MAX,
    ImportFolderError,
    Report,
    read_folder,
    write_templates,
)
from sync.server.importing.run import run_import
from sync.server.importing.tables import read_table, template_of
from sync.wire import decode
from tests.sync.server.histories import Plant

TODAY = date(2026, 11, 22)
FACTORIES = Path(__file__).parents[3] / "kiosk" / "demo" / "factories"
GOOD = {
    "materials.csv": "material,name,unit,gtin,conversions,shelf_life_days,place\n"
    "WHEAT,Wheat flour,kg,09521101530018,BAG=25 kg,0,A3\n"
    "ROLL,Wheat roll,pcs,,,3,\n",
    "boms.csv": "material,for_quantity,component,quantity,unit\nROLL,100,WHEAT,6,kg\n",
    "routings.csv": "material,operation,work_center,name\nROLL,10,MIX,Mix and bake\n",
    "work_centers.csv": "work_center,name,hours_per_day\nMIX,Bakehouse,16\n",
    "operators.csv": "person,name,badge,role,pin\nanna,Anna,4402,operator,\n"
    "eva,Eva,9914,supervisor,4711\n",
    "reasons.csv": "reason,group,text\nBURNT,scrap,Burnt\n",
    "orders.csv": "order,material,quantity,due,release\nB-1,ROLL,1000 pcs,+3d,yes\n"
    "B-2,ROLL,200,2026-12-01,no\n",
    "stock.csv": "material,lot,quantity,unit,expiry,status\nWHEAT,W-1,20,BAG,+30d,available\n"
    "WHEAT,W-2,5,kg,-1d,blocked\n",
}


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    made = Plant(tmp_path)
    yield made
    made.close()


def load(plant: Plant, folder: Path, **files: str | bytes) -> Report:
    """Import the good files with some of them changed; `_` stands for the dot."""
    folder.mkdir(exist_ok=True)
    changed = {name.replace("_csv", ".csv"): text for name, text in files.items()}
    for name, text in {**GOOD, **changed}.items():
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return run_import(folder, plant.ledger, plant.projector, TODAY)


def test_a_folder_becomes_one_act_of_office_events(plant: Plant, tmp_path: Path) -> None:
    report = load(plant, tmp_path / "in")
    assert str(report) == (
        "12 rows read; loaded 1 BomDefined, 1 LotStatusSet, 2 MaterialDefined, 2 MaterialReceived,"
        " 2 OperatorDefined, 2 OrderPlanned, 1 OrderReleased, 1 ReasonDefined, 1 RoutingDefined,"
        " 1 WorkCenterDefined"
    )
    assert plant.rows("SELECT count(DISTINCT act), count(*) FROM event") == [(1, 14)]
    assert plant.rows("SELECT order_number, status, due, planned FROM order_view") == [
        ("B-1", "released", "2026-11-25", 1_000_000_000),
        ("B-2", "planned", "2026-12-01", 200_000_000),
    ]
    assert plant.rows(
        "SELECT lot, micros, unit, place, expiry, status FROM stock ORDER BY lot"
    ) == [
        ("W-1", 500_000_000, "KGM", "A3", "2026-12-22", "available"),
        ("W-2", 5_000_000, "KGM", "A3", "2026-11-21", "blocked"),
    ]
    assert plant.rows("SELECT material, needed FROM order_material") == [("WHEAT", 60_000_000)]


def test_an_order_says_when_its_labels_print_and_with_what(plant: Plant, tmp_path: Path) -> None:
    orders = (
        "order,material,quantity,release,label,label_per,label_template,output_lot\n"
        "B-1,ROLL,1000,yes,per_n,48,tray,per_done\nB-2,ROLL,200,yes,,,,\n"
    )
    assert load(plant, tmp_path / "in", orders_csv=orders).ok
    told = [
        decode(body).event for (body,) in plant.rows("SELECT body FROM event ORDER BY position")
    ]
    assert [one.label for one in told if isinstance(one, OrderReleased)] == [
        LabelRule(label="per_n", per=48, template="tray", lot="per_done"),
        LabelRule(),
    ]


def test_the_same_again_is_known_and_a_change_is_one_revision(plant: Plant, tmp_path: Path) -> None:
    load(plant, tmp_path / "in")
    again = load(plant, tmp_path / "in")
    assert str(again) == "12 rows read; all of it was known already"
    changed = load(
        plant,
        tmp_path / "in",
        work_centers_csv=GOOD["work_centers.csv"].replace("16", "8"),
        orders_csv=GOOD["orders.csv"].replace("1000 pcs", "900").replace(",no", ",yes"),
    )
    assert changed.events == {"WorkCenterDefined": 1, "OrderChanged": 1, "OrderReleased": 1}
    assert plant.rows("SELECT revision FROM master WHERE kind = 'WorkCenterDefined'") == [(2,)]
    assert plant.rows("SELECT status, planned FROM order_view ORDER BY order_number") == [
        ("released", 900_000_000),
        ("released", 200_000_000),
    ]


def test_a_lot_that_was_received_otherwise_is_told_with_what_to_do(
    plant: Plant, tmp_path: Path
) -> None:
    load(plant, tmp_path / "in")
    report = load(plant, tmp_path / "in", stock_csv=GOOD["stock.csv"].replace(",20,", ",21,"))
    assert str(report) == (
        "1 problem; nothing was loaded:\n"
        "stock.csv, line 2, column quantity: lot W-1 was received with 500 KG, not 525 KG:"
        " count the lot to correct it, and put the first quantity back here"
    )


@pytest.mark.parametrize("name", ["bakery", "machining", "electronics"])
def test_the_sample_factories_load_and_load_again(plant: Plant, name: str) -> None:
    for events in (True, False):
        report = run_import(FACTORIES / name, plant.ledger, plant.projector, TODAY)
        assert report.ok, str(report)
        assert bool(report.events) is events


# File, what stands in it, and the whole of what is told of it.
WRONG = [
    ("materials.csv", "material,name,unit\nWHEAT,Wheat,kgs\nROLL,Roll,pcs\n",
     ["materials.csv, line 2, column unit: 'kgs' is no base unit: write kg, g, l, m, pcs …"]),
    ("materials.csv", "material,name,unit,colour\nROLL,Roll,pcs,red\n",
     [("materials.csv, line 1, column colour: unknown column: known are material, name, unit, gtin,"
      " lot_controlled, serial_controlled, label_quantity, conversions, shelf_life_days, place,"
      " lead_time_days, reorder_point, supplier, standard_cost, lot_size")]),
    ("materials.csv", "material,unit\nROLL,pcs\n",
     ["materials.csv, line 1, column name: missing column: what people call it"]),
    ("materials.csv", GOOD["materials.csv"] + "ROLL,Roll again,pcs,,,,\n",
     ["materials.csv, line 4, column material: ROLL stands in line 3 already: keep one"]),
    ("materials.csv", GOOD["materials.csv"].replace("0018,", "0019,"),
     [("materials.csv, line 2, column gtin: 09521101530019: the check digit is wrong;"
      " look at the item's label")]),
    ("materials.csv", GOOD["materials.csv"].replace("BAG=25 kg", "BAG=25"),
     ["materials.csv, line 2, column conversions: 'BAG=25' is no conversion: write BAG=25 kg"]),
    ("stock.csv", "material,lot,quantity,unit,expiry\nWHEAT,W-1,20,kg,31.12.2026\n",
     ["stock.csv, line 2, column expiry: '31.12.2026' is no date: write 2027-03-31 or +3d"]),
    ("stock.csv", "material,lot,quantity,unit\nWHEAT,W-1,20,BOX\nROLL,R-1,1.5,pcs\n",
     ["stock.csv, line 2, column quantity: material WHEAT: no factor from BOX to KG; write it in KGM",
      ("stock.csv, line 3, column quantity: material ROLL: 1.5 PCS is not whole: PCS are counted;"
      " write it in C62")]),
    ("stock.csv", "material,lot,quantity,unit,serials\nROLL,R-1,3,pcs,A;B\n",
     ["stock.csv, line 2, column quantity: lot R-1 of ROLL: 2 serials for 3 PCS; list each one"]),
    ("boms.csv", ("material,for_quantity,component,quantity,unit\nROLL,100,WHEAT,6,l\n"
     "ROLL,200,SUGAR,1,kg\n"),
     ["boms.csv, line 2, column unit: no factor from L to KG: use KGM, or add a conversion to WHEAT",
      "boms.csv, line 3, column component: 'SUGAR' is no material: add it to materials.csv",
      "boms.csv, line 3, column for_quantity: line 2 of the same BOM says 100: make equal"]),
    ("boms.csv", "material,for_quantity,component,quantity,unit,operation\nROLL,1,ROLL,1,pcs,99\n",
     ["boms.csv, line 2, column operation: '99' is no operation of ROLL: routings.csv has 10"]),
    ("boms.csv", "material,for_quantity,component,quantity,unit\nROLL,1,ROLL,1,pcs\n",
     [("boms.csv, line 2, column component: ROLL > ROLL: a material cannot contain itself;"
      " take one line out")]),
    ("routings.csv", "material,operation,work_center,name\nROLL,10,OVEN,Bake\n",
     [("routings.csv, line 2, column work_center: 'OVEN' is no work center:"
      " add it to work_centers.csv")]),
    ("orders.csv", ("order,material,quantity,due,release\nB-1,LOAF,10,+1d,yes\n"
     "b 2,ROLL,10,,no\nB-3,WHEAT,10,,yes\nB-4,ROLL,0,,maybe\n"),
     ["orders.csv, line 2, column material: 'LOAF' is no material: add it to materials.csv",
      "orders.csv, line 3, column order: order number 'b 2': use up to 40 of A-Z 0-9 . and -",
      ("orders.csv, line 4, column quantity: order B-3: WHEAT has no routing;"
      " import one in routings.csv"),
      "orders.csv, line 5, column quantity: '0': must be more than nothing",
      "orders.csv, line 5, column release: 'maybe': write yes or no"]),
    ("orders.csv", ("order,material,quantity,label,label_per\nB-1,ROLL,10,per_n,\n"
     "B-2,ROLL,10,per_done,4\n"),
     [("orders.csv, line 2, column label_per: order B-1: label per_n with 0 pieces on a label:"
       " per_n wants how many, the others none"),
      ("orders.csv, line 3, column label_per: order B-2: label per_done with 4 pieces on a label:"
       " per_n wants how many, the others none")]),
    ("orders.csv", "order,material,quantity,label,label_per\nB-3,ROLL,10,per_n,few\n",
     ["orders.csv, line 2, column label_per: 'few' is no whole number: write digits, as 30"]),
    ("operators.csv", "person,name,badge,pin\nanna,Anna,1,12\npaul,Paul,1,\n",
     ["operators.csv, line 2, column pin: not 4 to 12 digits",
      "operators.csv, line 3, column badge: 1 is the badge of anna already: give out another"]),
    ("reasons.csv", "reason,group,text\nBURNT,scrp,Burnt\n",
     [("reasons.csv, line 2, column group: 'scrp': write scrap or short or pause or downtime"
      " or reprint")]),
    ("reasons.csv", "reason,group,text,time_group\nJAM,downtime,Jam,lunch\n",
     [("reasons.csv, line 2, column time_group: 'lunch': write delay or down or setup or"
      " preventive or corrective")]),
    ("orders.csv", "order,material,quantity,due\nB-1,ROLL,10,2026-",
     ["orders.csv, line 2, column due: '2026-' is no date: write 2027-03-31 or +3d"]),
    ("orders.csv", "order,material,quantity,due\nB-1,ROLL,10,\nB-2,RO",
     ["orders.csv, line 3: 2 of 4 columns: cut off, or a comma is unquoted"]),
    ("orders.csv", 'order,material,quantity,note\nB-1,ROLL,10,"Use the',
     ["orders.csv, line 2: unexpected end of data: is a quote open, or the file cut off?"]),
    ("orders.csv", "", ["orders.csv, line 1: empty: the first row names columns"]),
    ("orders.csv", "order;material;quantity\nB-1;ROLL\nB-2;ROLL;1.500\nB-3;ROLL;1.000,5\n",
     ["orders.csv, line 2: 2 of 3 columns: cut off, or a semicolon is unquoted",
      "orders.csv, line 3, column quantity: '1.500' may be either: write 1500 or 1,500",
      ("orders.csv, line 4, column quantity: material ROLL: 1000.5 PCS is not whole: PCS are"
       " counted; write it in C62")]),
    ("orders.csv", "order\tmaterial\tquantity\nB-1\tROLL\t1,000\n",
     ["orders.csv, line 2, column quantity: '1,000' is no amount: write digits, as 12.5"]),
    ("ordres.csv", "order\n",
     [("ordres.csv: unknown file: known are boms.csv, calendars.csv, demand.csv, materials.csv,"
      " operators.csv, orders.csv, reasons.csv, receipts.csv, routings.csv, stock.csv,"
      " work_centers.csv")]),
    ("reasons.csv", b"reason,group,text\nA,scrap,Verbrannt\nB,scrap,Zerst\xf6rt\n",
     ["reasons.csv, line 3: not UTF-8: save it as CSV UTF-8"]),
    ("reasons.csv", "reason,group,text\nA,scrap,\x00\n",
     ["reasons.csv, line 2, column text: holds a control character: write plain text"]),
]  # fmt: skip


@pytest.mark.parametrize(("file", "content", "problems"), WRONG)
def test_each_problem_is_named_and_nothing_is_loaded(
    plant: Plant, tmp_path: Path, file: str, content: str | bytes, problems: list[str]
) -> None:
    report = load(plant, tmp_path / "in", **{file.replace(".csv", "_csv"): content})
    assert [problem.told for problem in report.problems] == problems
    assert not report.ok
    assert plant.rows("SELECT count(*) FROM event") == [(0,)]


def test_problems_of_all_files_come_at_once(plant: Plant, tmp_path: Path) -> None:
    report = load(
        plant,
        tmp_path / "in",
        materials_csv="material,name,unit\nWHEAT,Wheat,kgs\nROLL,Roll,pcs\n",
        routings_csv="material,operation,work_center,name\nROLL,10,OVEN,Bake\n",
        stock_csv="material,lot,quantity,unit\nRYE,R-1,x,kg\nSALT,S-1,1,kg\n",
    )
    told = [(one.file, one.line, one.column) for one in report.problems]
    assert told == [
        ("materials.csv", 2, "unit"),
        ("routings.csv", 2, "work_center"),
        ("stock.csv", 2, "quantity"),
        ("stock.csv", 3, "material"),
    ]


def test_a_larger_circle_of_boms_is_named(plant: Plant, tmp_path: Path) -> None:
    report = load(
        plant,
        tmp_path / "in",
        boms_csv="material,for_quantity,component,quantity,unit\nROLL,1,WHEAT,1,kg\n"
        "WHEAT,1,ROLL,1,pcs\n",
    )
    assert [one.text for one in report.problems] == [
        "ROLL > WHEAT > ROLL: a material cannot contain itself; take one line out"
    ]


def test_a_circle_that_stood_before_is_no_row_s_fault(plant: Plant, tmp_path: Path) -> None:
    """Whoever sends events may define one; a row that leads into another is still named."""
    line = BomLine(material="ROLL", quantity=Quantity("1", "C62"))
    bom = BomDefined(material="ROLL", revision=1, quantity=Quantity("1", "C62"), lines=(line,))
    plant.ledger.append_office_now([bom])
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "reasons.csv").write_text("reason,text\nLATE,Late\n")
    report = run_import(folder, plant.ledger, plant.projector, TODAY)
    assert str(report) == "1 rows read; loaded 1 ReasonDefined"
    materials = "material,name,unit\nRYE,Rye,kg\nSALT,Salt,kg\n"
    boms = "material,for_quantity,component,quantity,unit\nRYE,1,SALT,1,kg\nSALT,1,RYE,1,kg\n"
    (folder / "materials.csv").write_text(materials)
    (folder / "boms.csv").write_text(boms)
    report = run_import(folder, plant.ledger, plant.projector, TODAY)
    assert [one.text for one in report.problems] == [
        "RYE > SALT > RYE: a material cannot contain itself; take one line out"
    ]


def test_templates_explain_each_column_and_read_as_empty_tables(tmp_path: Path) -> None:
    written = write_templates(tmp_path / "new")
    assert {path.name for path in written} == {table.file for table in TABLES}
    for table in TABLES:
        content = (tmp_path / "new" / table.file).read_bytes()
        assert content.count(b"\n# ") + content.startswith(b"# ") == len(table.columns)
        reading = read_table(table, content, TODAY)
        assert (reading.rows, reading.problems) == ([], [])
    assert write_templates(tmp_path / "new") == []
    assert "# material: the item's number, once in the file [needed]" in template_of(TABLES[0])


def test_templates_alone_are_no_row(plant: Plant, tmp_path: Path) -> None:
    write_templates(tmp_path)
    report = run_import(tmp_path, plant.ledger, plant.projector, TODAY)
    assert str(report) == "no row in any file; nothing was loaded: write a row below the header"


def spreadsheet(text: str, sign: str) -> str:
    """As a spreadsheet of another place saves it: byte order mark, CR LF, empty cells behind."""
    cells = [line.split(",") for line in text.splitlines()]
    assert sign == "," or sign not in text
    rows = [sign.join([*row, "", ""]) for row in cells]
    return "\ufeff" + "\r\n".join(rows) + "\r\n"


@pytest.mark.parametrize(("sign", "half"), [(";", "6,25"), ("\t", "6.25"), (",", "6.25")])
def test_what_a_spreadsheet_saves_is_read_as_it_is(
    plant: Plant, tmp_path: Path, sign: str, half: str
) -> None:
    files = {name.replace(".csv", "_csv"): spreadsheet(text, sign) for name, text in GOOD.items()}
    files["boms_csv"] = (
        f"MATERIAL{sign}For_Quantity{sign}component{sign}quantity{sign}unit\n"
        f"ROLL{sign}100{sign}WHEAT{sign}{half}{sign}kg\n"
    )
    assert load(plant, tmp_path / "in", **files).problems == ()
    assert plant.rows("SELECT material, needed FROM order_material") == [("WHEAT", 62_500_000)]
    assert plant.rows("SELECT micros FROM stock ORDER BY lot") == [(500_000_000,), (5_000_000,)]


def test_a_folder_that_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    def told() -> str:
        with pytest.raises(ImportFolderError) as fault:
            read_folder(tmp_path)
        return str(fault.value)

    assert told() == (
        f"{tmp_path}: holds no CSV file; kiosk-server import --template {tmp_path} writes them"
    )
    (tmp_path / "orders.csv").mkdir()
    assert told() == f"{tmp_path / 'orders.csv'}: Is a directory; mend or remove it"
    (tmp_path / "orders.csv").rmdir()
    with (tmp_path / "stock.csv").open("wb") as file:
        file.truncate(FOLDER_BYTES_MAX + 1)
    assert "import it in parts, materials first" in told()
    (tmp_path / "stock.csv").write_text("material\n")
    (tmp_path / "Stock.CSV").write_text("material\n")
    assert "stands there twice but for capitals; keep one" in told()
    (tmp_path / "stock.csv").unlink()
    assert read_folder(tmp_path) == {"stock.csv": b"material\n"}
    for number in range(FILES_COUNT_MAX):
        (tmp_path / f"{number}.csv").write_text("")
    assert f"{FILES_COUNT_MAX + 1} CSV files, at most {FILES_COUNT_MAX}" in told()
    with pytest.raises(ImportFolderError, match="name a folder of CSV files"):
        read_folder(tmp_path / "none")
    with pytest.raises(ImportFolderError, match="choose another folder"):
        write_templates(tmp_path / "0.csv")


def test_pins_are_kept_as_salted_hashes_and_known_again(plant: Plant, tmp_path: Path) -> None:
    load(plant, tmp_path / "in")
    [(body,)] = plant.rows("SELECT body FROM master WHERE key = 'eva'")
    assert b"4711" not in body
    changed = GOOD["operators.csv"].replace("4711", "4712")
    assert load(plant, tmp_path / "in", operators_csv=changed).events == {"OperatorDefined": 1}
    assert matches("4711", kept("4711", "salt", 1_000))
    assert not matches("4712", kept("4711", "salt", 1_000))
    assert not matches("", "")


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_make_the_reader_fail(content: bytes) -> None:
    for table in TABLES:
        reading = read_table(table, content, TODAY)
        assert reading.problems or not reading.rows or {*b",;\t"} & {*content}


@given(rows=st.lists(st.lists(st.text(max_size=12), min_size=10, max_size=10), max_size=4))
def test_no_cells_make_the_reader_fail(rows: list[list[str]]) -> None:
    header = ",".join(column.name for column in TABLES[0].columns)
    lines = [header, *(",".join(cells) for cells in rows)]
    reading = read_table(TABLES[0], "\n".join(lines).encode("utf-8", "replace"), TODAY)
    assert all(row.text("material") for row in reading.rows)
