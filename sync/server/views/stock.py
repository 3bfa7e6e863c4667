"""What people ask of the stock: what is left of each lot, and what may be used."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select

from sync.domain.quantity import MICROS_PER_ONE, text
from sync.server.rows import LOOKUP_VALUES_MAX
from sync.server.view_tables import stock


class StockLine(msgspec.Struct, frozen=True):
    """What is left of a lot, and where it lies."""

    material: str
    name: str
    lot: str
    amount: str
    unit: str
    place: str
    expiry: str
    status: str
    supplier_lot: str
    received: str


def stock_lines(
    connection: Connection, names: Mapping[str, str], material: str = "", *, empty: bool = False
) -> list[StockLine]:
    """Lots by material and lot, those that are used up only if asked for."""
    table = stock
    query = select(table).order_by(table.c.material, table.c.lot)
    if material:
        query = query.where(table.c.material == material)
    if not empty:
        query = query.where(table.c.micros != 0)
    return [_stock_line(row, names) for row in connection.execute(query)]


def available(
    connection: Connection, today: date, materials: Collection[str] | None = None
) -> dict[str, int]:
    """Micros by material that may be used, of some materials or of all: not blocked, not past the
    expiry day.
    """
    found: dict[str, int] = {}
    for material, _, micros in usable(connection, today, materials):
        found[material] = found.get(material, 0) + micros
    return found


def usable(
    connection: Connection, today: date, materials: Collection[str] | None = None
) -> Iterator[tuple[str, str, int]]:
    """(material, unit, micros) that may be used, of some materials or of all; no row is zero."""
    if materials is None:
        yield from _summed(connection, today, ())
        return
    names = sorted(materials)
    for start in range(0, len(names), LOOKUP_VALUES_MAX):
        of = stock.c.material.in_(names[start : start + LOOKUP_VALUES_MAX])
        yield from _summed(connection, today, (of,))


def _summed(
    connection: Connection, today: date, where: Sequence[ColumnElement[bool]]
) -> Iterator[tuple[str, str, int]]:
    table = stock
    # In two parts: garbage of many amounts as long as they can be would not fit into one sum.
    whole, part = table.c.micros // MICROS_PER_ONE, table.c.micros % MICROS_PER_ONE
    query = (
        select(table.c.material, table.c.unit, func.sum(whole), func.sum(part))
        .where(
            table.c.status == "available",
            table.c.micros > 0,
            (table.c.expiry == "") | (table.c.expiry >= today.isoformat()),
            *where,
        )
        .group_by(table.c.material, table.c.unit)
    )
    for material, unit, ones, micros in connection.execute(query):
        yield material, unit, int(ones) * MICROS_PER_ONE + int(micros)


def _stock_line(row: Any, names: Mapping[str, str]) -> StockLine:
    return StockLine(
        material=row.material,
        name=names.get(row.material, row.material),
        lot=row.lot,
        amount=text(row.micros),
        unit=row.unit,
        place=row.place,
        expiry=row.expiry,
        status=row.status,
        supplier_lot=row.supplier_lot,
        received=text(row.received),
    )
