"""The sample factories: each thing's code says to any reader what the CSV says of the thing."""

import csv
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from kiosk.demo.factory import FACTORIES, Factory, FactoryError, Printed, relative
from labels.codes import (
    BadgeCode,
    Code,
    CommandCode,
    DigitCode,
    LabelCode,
    LotCode,
    MaterialCode,
    OrderCode,
    ReasonCode,
    decode,
)
from sync.domain.quantity import unit_named

SHIPPED = sorted(path.name for path in FACTORIES.iterdir() if (path / "orders.csv").exists())
NOW = date(2026, 11, 22)
DAYS = [NOW, NOW.replace(year=NOW.year + 3), date(2028, 2, 29)]
Row = dict[str, str]


def rows(factory: Factory, name: str) -> list[Row]:
    with (factory.folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def meaning(printed: Printed, factory: Factory) -> Code:
    """What the kiosk understands of the bytes that the scanner sends."""
    assert printed.sent.endswith(b"\r")
    sent = printed.sent[:-1]
    assert sent[:3] == printed.aim.encode()
    return decode(sent[3:], printed.aim, current_year=factory.today.year)


@pytest.fixture(params=[(name, day) for name in SHIPPED for day in DAYS], ids=str)
def factory(request: pytest.FixtureRequest) -> Factory:
    name, today = request.param
    return Factory.named(name, today)


def test_three_factories_are_shipped() -> None:
    assert SHIPPED == ["bakery", "electronics", "machining"]


def test_badges_are_the_operators(factory: Factory) -> None:
    people = rows(factory, "operators")
    assert {row["role"] for row in people} == {"operator", "supervisor"}
    for row in people:
        printed = factory.printed("badge", [row["person"]])
        assert printed.title == row["name"]
        assert meaning(printed, factory) == BadgeCode(row["badge"])


def test_travellers_tell_number_material_and_quantity(factory: Factory) -> None:
    names = {row["material"]: row["name"] for row in rows(factory, "materials")}
    for row in rows(factory, "orders"):
        amount, unit = row["quantity"].split()
        printed = factory.printed("order", [row["order"]])
        assert printed.title == f"{row['order']} {names[row['material']]}"
        assert meaning(printed, factory) == OrderCode(
            row["order"], row["material"], Decimal(amount), unit_named(unit)
        )


def test_containers_tell_lot_expiry_and_content(factory: Factory) -> None:
    items = {row["material"]: row for row in rows(factory, "materials")}
    for row in rows(factory, "stock"):
        item = items[row["material"]]
        printed = factory.printed("lot", [row["material"], row["lot"]])
        found = meaning(printed, factory)
        assert isinstance(found, LotCode)
        expiry = _day(row["expiry"], factory.today)
        assert (found.lot, found.expiry) == (row["lot"], expiry)
        assert printed.title == f"{item['name']} {row['lot']}"
        if item["gtin"]:
            assert (found.gtin, printed.aim) == (item["gtin"], "]d2")
        else:
            assert (found.material, found.gtin) == (row["material"], None)
        content = item["conversions"].split(";")[0].partition("=")[2]
        if content:
            amount, unit = content.split()
            assert (found.amount, found.unit) == (Decimal(amount), unit)
        else:
            assert (found.amount, found.unit) == (None, None)


def test_every_factory_has_an_expired_lot_and_a_good_one_of_its_material(
    factory: Factory,
) -> None:
    lots = [(row["material"], factory.expiry(row)) for row in factory.stock]
    expired = {material for material, day in lots if day and day < factory.today}
    usable = {material for material, day in lots if not day or day > factory.today}
    assert expired
    assert expired <= usable


def test_parts_with_a_serial_number_tell_it(factory: Factory) -> None:
    items = {row["material"]: row for row in rows(factory, "materials")}
    for row in rows(factory, "stock"):
        for serial in filter(None, row["serials"].split(";")):
            gtin = items[row["material"]]["gtin"]
            printed = factory.printed("serial", [serial])
            assert meaning(printed, factory) == MaterialCode(gtin=gtin, serial=serial)


def test_new_products_get_a_serial_number() -> None:
    electronics = Factory.named("electronics", NOW)
    printed = electronics.printed("serial", ["P-1", "PANEL"])
    assert printed.title == "Operator panel P-1"
    assert meaning(printed, electronics) == MaterialCode("PANEL", serial="P-1")


def test_materials_are_named_by_article_number_or_in_house(factory: Factory) -> None:
    for row in rows(factory, "materials"):
        found = meaning(factory.printed("material", [row["material"]]), factory)
        wanted = MaterialCode(gtin=row["gtin"]) if row["gtin"] else MaterialCode(row["material"])
        assert found == wanted


def test_commands_reasons_digits_and_labels(factory: Factory) -> None:
    for row in rows(factory, "reasons"):
        printed = factory.printed("reason", [row["reason"]])
        assert printed.title == row["text"]
        assert meaning(printed, factory) == ReasonCode(row["reason"])
    for name in ("DONE", "SCRAP", "UNDO", "OK", "CANCEL"):
        assert meaning(factory.printed(name, []), factory) == CommandCode(name)
    assert meaning(factory.printed("digit", ["."]), factory) == DigitCode(".")
    assert meaning(factory.printed("label", ["17"]), factory) == LabelCode("17")


def test_an_output_lot_is_named_by_its_order(factory: Factory) -> None:
    for row in rows(factory, "orders"):
        found = meaning(factory.printed("lot", [row["order"]]), factory)
        assert found == LotCode(row["order"], row["material"])


def test_what_the_files_name_they_also_hold(factory: Factory) -> None:
    materials = {row["material"] for row in rows(factory, "materials")}
    centers = {row["work_center"] for row in rows(factory, "work_centers")}
    routed = {(row["material"], row["operation"]) for row in rows(factory, "routings")}
    for row in rows(factory, "boms"):
        assert {row["material"], row["component"]} <= materials
        assert (row["material"], row["operation"]) in routed
    assert {row["work_center"] for row in rows(factory, "routings")} <= centers
    assert {row["material"] for row in rows(factory, "orders")} <= {name for name, _ in routed}
    assert {center for one in factory.stations for center in one.work_centers} == centers
    assert {row["material"] for row in rows(factory, "stock")} <= materials


def test_dates_are_relative_or_as_written() -> None:
    assert relative("+3d", NOW) == NOW + timedelta(days=3)
    assert relative("-1d", NOW) == NOW - timedelta(days=1)
    assert relative("+0d", NOW) == NOW
    assert relative("2031-02-28", NOW) == date(2031, 2, 28)


def test_a_folder_that_is_no_factory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FactoryError, match="bakery, electronics, machining"):
        Factory.named(str(tmp_path), NOW)


def test_any_folder_can_be_a_factory(tmp_path: Path) -> None:
    for path in (FACTORIES / "machining").glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    own = Factory.named(str(tmp_path), NOW)
    assert own.station("MILL-1").work_centers == ("MILL",)
    assert meaning(own.lot("H-4471"), own) == LotCode(
        "H-4471", "BAR20", amount=Decimal(3), unit="MTR"
    )


def _day(text: str, today: date) -> date | None:
    return relative(text, today) if text else None
