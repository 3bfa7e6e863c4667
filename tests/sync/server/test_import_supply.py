"""Demand, scheduled receipts and calendars from files: what they become, and what is told."""

from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from sync.domain.events import CalendarDefined, DemandDefined, ReceiptScheduled
from sync.domain.quantity import Quantity
from sync.domain.shop import Shop
from sync.server.importing.run import import_files, preview_files
from sync.server.importing.written import csv_of
from sync.server.projector_state import LIVE, load_memory
from tests.sync.server.histories import Plant

TODAY = date(2026, 11, 22)
KNOWN = {
    "materials.csv": "material,name,unit,conversions,supplier\n"
    "WHEAT,Wheat flour,kg,BAG=25 kg,Nordmill\nROLL,Wheat roll,pcs,,\n",
    "work_centers.csv": "work_center,name,calendar\nMIX,Bakehouse,EARLY\n",
    "calendars.csv": "calendar,name,monday,tuesday,saturday,closed\n"
    "EARLY,Early,06:00-14:00;14:00-22:00,22:00-06:00,,2026-12-24;+2d\n",
    "demand.csv": "demand,material,quantity,due,priority,customer_reference,note\n"
    "SO-1,ROLL,1000,+3d,10,Vans,In crates\nSO-2,WHEAT,2 BAG,,,,\n",
    "receipts.csv": "receipt,material,quantity,due,supplier,reference\n"
    "PO-1,WHEAT,4 BAG,2026-12-01,,AB-1\nPO-2,WHEAT,12.5 kg,+1d,Other,\n",
}


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    made = Plant(tmp_path)
    yield made
    made.close()


def load(plant: Plant, **changed: str) -> str:
    texts = {**KNOWN, **{f"{name}.csv": text for name, text in changed.items()}}
    files = {name: text.encode() for name, text in texts.items()}
    return str(import_files(files, plant.ledger, plant.projector, TODAY))


def shop(plant: Plant) -> Shop:
    return plant.ledger.database.read_now(lambda conn: load_memory(conn, LIVE, 0)).shop


def told(event: object, *names: str) -> tuple[object, ...]:
    return tuple(getattr(event, name) for name in names)


def test_lines_become_events_in_the_base_unit(plant: Plant) -> None:
    load(plant)
    known = shop(plant)
    names = ("revision", "material", "quantity", "due", "priority", "customer_reference", "note")
    assert {key: told(one, *names) for key, one in known.demands.items()} == {
        "SO-1": (1, "ROLL", Quantity("1000", "C62"), "2026-11-25", 10, "Vans", "In crates"),
        "SO-2": (1, "WHEAT", Quantity("50", "KGM"), "", 50, "", ""),
    }
    order = ("revision", "material", "quantity", "due", "supplier", "reference")
    assert {key: told(one, *order) for key, one in known.receipts.items()} == {
        "PO-1": (1, "WHEAT", Quantity("100", "KGM"), "2026-12-01", "Nordmill", "AB-1"),
        "PO-2": (1, "WHEAT", Quantity("12.5", "KGM"), "2026-11-23", "Other", ""),
    }
    calendar = known.calendars["EARLY"]
    assert told(calendar, "revision", "name", "closed") == (
        1,
        "Early",
        ("2026-11-24", "2026-12-24"),
    )
    assert calendar.weekdays == (
        ("06:00-14:00", "14:00-22:00"),
        ("22:00-06:00",),
        *((),) * 5,
    )
    assert known.work_centers["MIX"].calendar == "EARLY"


def test_the_same_again_is_known_and_a_change_is_one_revision(plant: Plant) -> None:
    load(plant)
    assert load(plant).endswith("all of it was known already")
    changed = KNOWN["demand.csv"].replace("1000", "1200")
    files = {"demand.csv": changed.encode()}
    preview = preview_files(files, plant.ledger, plant.projector, TODAY)
    assert [(one.type, one.key, one.is_new) for one in preview.changes] == [
        ("DemandDefined", "SO-1", False)
    ]
    load(plant, demand=changed)
    assert shop(plant).demands["SO-1"].revision == 2
    assert shop(plant).demands["SO-2"].revision == 1


@pytest.mark.parametrize("file", ["demand.csv", "receipts.csv", "calendars.csv"])
def test_what_comes_out_comes_in_again(file: str, plant: Plant, tmp_path: Path) -> None:
    load(plant)
    out = plant.ledger.database.read_now(partial(csv_of, file=file))
    (tmp_path / "other").mkdir()
    other = Plant(tmp_path / "other")
    files = {**KNOWN, file: out}
    import_files(
        {name: text.encode() for name, text in files.items()}, other.ledger, other.projector, TODAY
    )
    again = other.ledger.database.read_now(partial(csv_of, file=file))
    other.close()
    assert again == out
    assert len(out.splitlines()) == len(KNOWN[file].splitlines())


WRONG = [
    (
        "demand",
        "demand,material,quantity,priority\nSO-1,RYE,1,\nSO-2,ROLL,1.5,\nSO-3,ROLL,1,1000\n",
        [
            "demand.csv, line 2, column material: 'RYE' is no material: add it to materials.csv",
            "demand.csv, line 3, column quantity: material ROLL: 1.5 PCS is not whole",
            "demand.csv, line 4, column priority: 1000: want 0 (first) to 999",
        ],
    ),
    (
        "demand",
        "demand,material,quantity,due\nSO-1,ROLL,0,\nSO-1,ROLL,5,soon\n",
        [
            "demand.csv, line 2, column quantity: '0': must be more than nothing",
            "demand.csv, line 3, column due: 'soon' is no date: write 2027-03-31 or +3d",
        ],
    ),
    (
        "receipts",
        "receipt,material,quantity\nPO-1,WHEAT,3 BOX\n",
        ["receipts.csv, line 2, column quantity: material WHEAT"],
    ),
    (
        "calendars",
        (
            "calendar,name,monday,tuesday,closed\nEARLY,Early,06:00-06:00,,\n"
            "LATE,Late,06:00-14:00;12:00-16:00,,\nNIGHT,Night,6 to 2,,24.12.2026\n"
        ),
        [
            "calendars.csv, line 2, column monday: shift '06:00-06:00'",
            "calendars.csv, line 3, column monday: ",
            "calendars.csv, line 4, column closed: '24.12.2026' is no date",
        ],
    ),
    (
        "work_centers",
        "work_center,name,calendar\nMIX,Bakehouse,LATE\n",
        ["work_centers.csv, line 2, column calendar: 'LATE' is no calendar: add it to"],
    ),
]


@pytest.mark.parametrize(("file", "text", "problems"), WRONG)
def test_each_problem_is_told_by_cell_and_nothing_is_loaded(
    file: str, text: str, problems: list[str], plant: Plant
) -> None:
    found = load(plant, **{file: text}).splitlines()
    lines = [line for line in found if ".csv, line" in line]
    assert len(lines) == len(problems), lines
    for line, problem in zip(lines, problems, strict=True):
        assert line.strip().startswith(problem)
    assert not shop(plant).demands


def test_a_broken_calendar_is_told_once(plant: Plant) -> None:
    found = load(plant, calendars="calendar,name,monday\nEARLY,Early,\x07\n")
    assert len([line for line in found.splitlines() if ".csv, line" in line]) == 1


def test_registers_are_those_events(plant: Plant) -> None:
    load(plant)
    known = shop(plant)
    kinds = [type(one) for one in (*known.demands.values(), *known.receipts.values())]
    assert kinds == [DemandDefined, DemandDefined, ReceiptScheduled, ReceiptScheduled]
    assert type(known.calendars["EARLY"]) is CalendarDefined
