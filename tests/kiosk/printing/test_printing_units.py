"""Labels of logistic units and of single pieces: which template, and what stands on it."""

from typing import Any

import pytest

from kiosk.demo.virtual_printer import PrintedLabel, VirtualPrinter
from sync.domain.events import (
    Event,
    LabelRule,
    MaterialDefined,
    MaterialProduced,
    NumbersGranted,
    UnitClosed,
    UnitPacked,
)
from sync.domain.label_jobs import again
from sync.domain.logistic_unit import next_unit
from sync.domain.quantity import Quantity
from tests.kiosk.printing.printing_parts import Plant, port_of, produced, released

GTIN = "09506000134352"
WHERE: dict[str, Any] = {"station": "PACK-1", "operator": "anna"}


def granted(plant: Plant, prefix: str) -> NumbersGranted:
    return NumbersGranted(
        origin=plant.journal.origin, kind="sscc", first=17, last=99, prefix=prefix
    )


def seal(plant: Plant, prefix: str, *lots: tuple[str, str, str]) -> Event:
    """Pack (material, lot, pieces) onto the next unit and close it."""
    plant.book(granted(plant, prefix))
    unit = next_unit(plant.journal.shop(), plant.journal.origin)
    for material, lot, count in lots:
        quantity = Quantity(count, "C62")
        plant.book(UnitPacked(**WHERE, unit=unit, material=material, lot=lot, quantity=quantity))
    (closed,) = plant.book(UnitClosed(**WHERE, unit=unit, at="2026-11-22T14:46:00+01:00"))
    return closed


def texts(label: PrintedLabel) -> dict[str, str]:
    return {symbol.text: symbol.aim for symbol in label.symbols}


@pytest.fixture
def stocked(plant: Plant) -> Plant:
    plant.book(
        MaterialDefined(material="ROLL", revision=2, name="Wheat roll", unit="C62", gtin=GTIN),
        MaterialDefined(material="BUN", revision=1, name="Rye bun", unit="C62"),
    )
    return plant


def test_a_unit_of_the_house_has_its_number_on_it(stocked: Plant, printer: VirtualPrinter) -> None:
    seal(stocked, "", ("ROLL", "B-1", "240"), ("BUN", "B-2", "60"))
    stocked.start(port_of(printer))
    assert stocked.until("printed").label == "U-17"
    (label,) = printer.tray.labels()
    assert any("U-17" in text for text in texts(label))
    assert not any(aim == "]C1" for aim in texts(label).values())


def test_one_lot_on_a_pallet_is_told_by_gs1(stocked: Plant, printer: VirtualPrinter) -> None:
    seal(stocked, "3952123", ("ROLL", "B-1", "240"), ("ROLL", "B-1", "10"))
    stocked.start(port_of(printer))
    printed = stocked.until("printed")
    assert printed.label == "395212300000000179"
    (fact,) = stocked.printed()
    assert (fact.template, fact.order) == ("unit-content", "")
    (label,) = printer.tray.labels()
    assert texts(label)["00395212300000000179"] == "]C1"
    assert any(f"02{GTIN}" in text and "37250" in text for text in texts(label))


def test_a_mixed_pallet_lists_what_it_holds(stocked: Plant, printer: VirtualPrinter) -> None:
    closed = seal(stocked, "3952123", ("ROLL", "B-1", "240"), ("BUN", "B-2", "60"))
    stocked.start(port_of(printer))
    stocked.until("printed")
    assert isinstance(closed, UnitClosed)
    stocked.book(again(closed, closed.unit, "TORN"))
    stocked.wake()
    stocked.until("printed")
    assert [(one.template, one.copy_number) for one in stocked.printed()] == [
        ("unit-mixed", 1),
        ("unit-mixed", 2),
    ]
    assert stocked.marks(printer) == [False, True]


def test_each_piece_gets_a_plate_with_its_serial_number(
    stocked: Plant, printer: VirtualPrinter
) -> None:
    rule = LabelRule(label="per_serial", template="nameplate")
    stocked.book(released("B-9", rule))
    made = produced("2", "4", order="B-9")
    fields = {name: getattr(made, name) for name in made.__struct_fields__}
    stocked.book(MaterialProduced(**{**fields, "serials": ("99-001", "99-002")}))
    stocked.start(port_of(printer))
    assert [stocked.until("printed").label for _ in range(2)] == ["4-1", "4-2"]
    found = [set(texts(label)) for label in printer.tray.labels()]
    assert all(
        any(serial in text for text in read)
        for serial, read in zip(("99-001", "99-002"), found, strict=True)
    )
