"""What people ask of logistic units: what is on one, and which units hold a lot."""

from collections.abc import Collection
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, select

from sync.domain.quantity import text
from sync.domain.trace import Node, Placing, UnitStep, on_unit, units_with
from sync.server.rows import rows_with
from sync.server.view_tables import unit_content

LEVELS_MAX: Final = 20
UNITS_COUNT_MAX: Final = 5_000
_COLUMNS: Final = (
    *("unit", "packed_unit", "material", "lot", "serial", "order_number", "measure", "micros"),
)


class UnitLine(msgspec.Struct, frozen=True):
    """On `unit` stands `packed_unit`, or so much of a lot; `level` 1 is the nearest."""

    level: int
    unit: str
    packed_unit: str
    order: str
    material: str
    lot: str
    serial: str
    amount: str
    measure: str


class UnitTrace(msgspec.Struct, frozen=True):
    """A logistic unit: what is on it down to the lots, and the units that it stands on."""

    unit: str
    is_sealed: bool
    holds: tuple[UnitLine, ...]
    stands_on: tuple[str, ...]


def unit_trace(connection: Connection, unit: str) -> UnitTrace | None:
    """A unit with all that is on it, or nothing where it is not known."""
    rows = connection.execute(
        select(unit_content.c.packed_unit, unit_content.c.material, unit_content.c.lot).where(
            unit_content.c.unit == unit
        )
    ).all()
    stands_on = _above(connection, [unit])
    if not rows and not stands_on:
        return None
    steps = on_unit(unit, _gathered(connection, "unit", [unit], 1))
    return UnitTrace(
        unit, any(not any(row) for row in rows), tuple(map(unit_line, steps)), stands_on
    )


def units_of_lot(connection: Connection, node: Node) -> tuple[UnitLine, ...]:
    """The units that hold a lot, up to the pallet."""
    of_lot = [
        one for one in _placings(connection, "lot", [node.lot]) if one.node == node and one.unit
    ]
    above = _gathered(connection, "packed_unit", sorted({one.unit for one in of_lot}), 0)
    return tuple(map(unit_line, units_with(node, [*of_lot, *above])))


def unit_line(step: UnitStep) -> UnitLine:
    """A step as the API tells it."""
    one = step.placing
    return UnitLine(
        step.level,
        one.unit,
        one.packed_unit,
        one.order,
        one.node.material,
        one.node.lot,
        one.serial,
        text(one.micros) if one.measure else "",
        one.measure,
    )


def _above(connection: Connection, units: list[str]) -> tuple[str, ...]:
    """The units that these stand on, level by level."""
    found = _gathered(connection, "packed_unit", units, 0)
    return tuple(dict.fromkeys(one.unit for one in found))


def _gathered(
    connection: Connection, column: str, units: Collection[str], onward: int
) -> list[Placing]:
    """Placings around units, from level to level: `onward` is the field where it goes on."""
    found: list[Placing] = []
    entered, waiting = set(units), sorted(units)
    for _ in range(LEVELS_MAX):
        level = _placings(connection, column, waiting) if waiting else []
        found += level
        waiting = sorted({str(one[onward]) for one in level} - entered - {""})
        entered |= set(waiting)
        if not waiting or len(entered) > UNITS_COUNT_MAX:
            break
    return found


def _placings(connection: Connection, column: str, keys: Collection[str]) -> list[Placing]:
    rows = rows_with(connection, unit_content, column, sorted(keys), *_COLUMNS)
    placings = [_placing(row[1:]) for row in rows]
    return [one for one in placings if one.packed_unit or any(one.node)]


def _placing(row: Any) -> Placing:
    unit, packed_unit, material, lot, serial, order, measure, micros = row
    return Placing(unit, packed_unit, Node(material, lot), serial, order, measure, micros)
