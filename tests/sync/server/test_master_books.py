"""The book of master data: kept until it changes, BOMs by the day, every revision told."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sync.domain.events import BomDefined, BomLine, Event, MaterialDefined, WorkCenterDefined
from sync.server.planning.explosion import Book
from sync.server.views import books
from tests.sync.server.histories import Plant, kg, master_data, pcs

NOW = date(2027, 3, 10)


@pytest.fixture
def plant(database_url: str, tmp_path: Path) -> Iterator[Plant]:
    made = Plant(tmp_path, database_url)
    tell(made, *master_data())
    yield made
    made.close()


def tell(plant: Plant, *events: Event) -> None:
    plant.office(*events)
    plant.projector.catch_up()


def masters(plant: Plant) -> books.Masters:
    return plant.database.read_now(books.masters)


def book(plant: Plant, day: date | None = NOW) -> Book:
    return plant.database.read_now(lambda conn: books.book(conn, day))


def bom(revision: int, amount: str, valid_from: str = "", **more: Any) -> BomDefined:
    lines = (BomLine(material="WHEAT", quantity=kg(amount)),)
    return BomDefined(
        material="ROLL",
        revision=revision,
        quantity=pcs("100"),
        lines=lines,
        valid_from=valid_from,
        **more,
    )


def wheat(plant: Plant, day: date | None = NOW) -> str:
    held = book(plant, day).boms.get("ROLL")
    return held.lines[0].quantity.amount if held is not None else ""


def test_what_is_kept_is_kept_until_it_changes(plant: Plant) -> None:
    first = masters(plant)
    assert masters(plant) is first
    assert book(plant) is book(plant)
    tell(plant, MaterialDefined(material="NEW", revision=1, name="New one", unit="KGM"))
    second = masters(plant)
    assert second is not first
    assert second.names["NEW"] == "New one"
    assert second.materials["WHEAT"] is first.materials["WHEAT"]


def test_a_bom_holds_from_its_day_on(plant: Plant) -> None:
    tell(plant, bom(5, "6"), bom(6, "7", "2027-03-11"), bom(7, "8", "2027-04-01"))
    days = [date(2027, 3, 10), date(2027, 3, 11), date(2027, 4, 1), None]
    assert [wheat(plant, day) for day in days] == ["6", "7", "8", "8"]
    tell(plant, bom(8, "9", "2027-03-20", active=False))
    days = [date(2027, 3, 11), date(2027, 3, 20), date(2027, 4, 1)]
    assert [wheat(plant, day) for day in days] == ["7", "", ""]
    tell(plant, bom(9, "5"))
    assert [wheat(plant, day) for day in days] == ["5", "5", "5"]


def test_what_comes_late_changes_nothing_that_is_newer(plant: Plant) -> None:
    tell(plant, bom(9, "9"))
    before = wheat(plant)
    tell(plant, bom(8, "1"))
    assert (before, wheat(plant)) == ("9", "9")


def test_rates_are_of_work_centers_that_have_one(plant: Plant) -> None:
    priced = WorkCenterDefined(work_center="MIX", revision=9, name="Mixing", cost_per_hour="48.5")
    tell(plant, priced)
    found = plant.database.read_now(books.rates)
    assert dict(found) == {"MIX": 48_500_000}


def test_every_revision_is_kept_and_a_rebuild_gives_them_again(plant: Plant) -> None:
    tell(plant, bom(5, "6"), bom(6, "7", "2027-03-11"))
    asked = "SELECT kind, key, revision, event_id, position, at, account FROM master_revision"
    live = sorted(plant.rows(asked))
    assert [row[2] for row in live if row[:2] == ("BomDefined", "ROLL")][-2:] == [5, 6]
    assert {row[6] for row in live} == {"office"}
    plant.projector.rebuild()
    assert sorted(plant.rows(asked)) == live
    assert wheat(plant) == "6"
