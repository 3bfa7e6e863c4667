"""What people ask of the stock: what is left of each lot, and what may be used."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from sync.domain.quantity import text
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


def available(connection: Connection, today: date) -> dict[str, int]:
    """Micros by material that may be used: not blocked, not past the expiry day."""
    table = stock
    rows = connection.execute(
        select(table.c.material, table.c.micros).where(
            table.c.status == "available",
            table.c.micros > 0,
            (table.c.expiry == "") | (table.c.expiry >= today.isoformat()),
        )
    )
    held: dict[str, int] = {}
    for material, micros in rows:
        held[material] = held.get(material, 0) + micros
    return held


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
