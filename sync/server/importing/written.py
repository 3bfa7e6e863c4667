"""The way back: what the server knows as the tables of the import, so that all comes out as it
would come in. A PIN is a hash and stays here; goods come in again as receipts of what is left.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from sync.domain.events import (
    BomDefined,
    MaterialDefined,
    OrderReleased,
    RoutingDefined,
)
from sync.domain.order import Order
from sync.domain.quantity import Quantity, text
from sync.domain.shop import Shop
from sync.server.importing.columns import TABLES
from sync.server.importing.supply_columns import WEEKDAYS
from sync.server.importing.tables import Table
from sync.server.importing.workbook import workbook
from sync.server.projector_state import LIVE, decode_holding, decode_order, load_memory
from sync.server.view_tables import order_state, order_view, stock

Line = Mapping[str, object]
Source = tuple[Shop, Connection]
ORDERS_OUT: Final = ("planned", "released", "started", "held", "completed")


def csv_of(connection: Connection, file: str) -> str:
    """One table as CSV, its header first; raises KeyError for a file that is none of ours."""
    table = {one.file: one for one in TABLES}[file]
    header, rows = _table(table, _source(connection))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def workbook_of(connection: Connection) -> bytes:
    """All tables as a workbook, a sheet each."""
    source = _source(connection)
    return workbook({one.file.removesuffix(".csv"): _table(one, source) for one in TABLES})


def lines_of(connection: Connection, file: str) -> list[dict[str, str]]:
    """The rows of a table by column, each cell as the import reads it."""
    table = {one.file: one for one in TABLES}[file]
    header, rows = _table(table, _source(connection))
    return [dict(zip(header, row, strict=True)) for row in rows]


def _source(connection: Connection) -> Source:
    return load_memory(connection, LIVE, 0).shop, connection


def _table(table: Table, source: Source) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    header = [column.name for column in table.columns]
    rows = [[_cell(line.get(name, "")) for name in header] for line in _LINES[table.file](*source)]
    return header, rows


def _cell(value: object) -> str:
    """A value as its kind of column reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Quantity):
        return f"{value.amount} {value.unit}"
    if isinstance(value, tuple):
        return ";".join(str(one) for one in value)
    if isinstance(value, dict):
        return ";".join(f"{name}={one}" for name, one in value.items())
    return "" if value is None else str(value)


def _fields(event: Any) -> dict[str, object]:
    return {name: getattr(event, name) for name in event.__struct_fields__}


def _registers(name: str) -> Callable[[Shop, Connection], Iterator[Line]]:
    """A register whose fields are named as its columns are."""

    def lines(shop: Shop, _connection: Connection) -> Iterator[Line]:
        held: Mapping[str, Any] = getattr(shop, name)
        yield from (_fields(held[key]) for key in sorted(held) if held[key].active)

    return lines


def _materials(shop: Shop, connection: Connection) -> Iterator[Line]:
    for line in _registers("materials")(shop, connection):
        yield {
            **line,
            "reorder_point": _amount(line["reorder_point"]),
            "lot_size": _amount(line["lot_size"]),
        }


def _amount(quantity: object) -> str:
    return quantity.amount if isinstance(quantity, Quantity) else ""


def _operators(shop: Shop, connection: Connection) -> Iterator[Line]:
    for line in _registers("operators")(shop, connection):
        yield {**line, "pin": ""}


def _calendars(shop: Shop, connection: Connection) -> Iterator[Line]:
    for line in _registers("calendars")(shop, connection):
        weekdays = shop.calendars[str(line["calendar"])].weekdays
        yield {**line, **dict(zip(WEEKDAYS, weekdays, strict=False))}


def _boms(shop: Shop, _connection: Connection) -> Iterator[Line]:
    for name in sorted(shop.boms):
        bom: BomDefined = shop.boms[name]
        if not bom.active:
            continue
        head = {"for_quantity": bom.quantity, "valid_from": bom.valid_from, "note": bom.note}
        for kind, lines in (("component", bom.lines), ("by_product", bom.by_products)):
            for line in lines:
                amount = {"quantity": line.quantity.amount, "unit": line.quantity.unit}
                part = {"material": name, "component": line.material, "kind": kind}
                yield {**_fields(line), **head, **amount, **part}


def _routings(shop: Shop, _connection: Connection) -> Iterator[Line]:
    for name in sorted(shop.routings):
        routing: RoutingDefined = shop.routings[name]
        if not routing.active:
            continue
        for operation in routing.operations:
            checks = tuple(
                f"{one.text} = {one.lowest}..{one.highest} {one.unit}".rstrip()
                for one in operation.checks
            )
            yield {**_fields(operation), "material": name, "checks": checks}


def _orders(_shop: Shop, connection: Connection) -> Iterator[Line]:
    """Orders that are not closed: what came to an end is history, and stays in the ledger."""
    state, view = order_state, order_view
    rows = connection.execute(
        select(state.c.body)
        .join(view, view.c.order_number == state.c.order_number)
        .where(view.c.status.in_(ORDERS_OUT))
        .order_by(state.c.order_number)
    )
    for (body,) in rows:
        order: Order = decode_order(body)
        if order.header is not None:
            told = _label(order.release) if order.release else {"release": False}
            yield {**_fields(order.header), **told}


def _label(release: OrderReleased) -> Line:
    rule = release.label
    return {
        "release": True,
        "label": rule.label,
        "label_per": rule.per or "",
        "label_template": rule.template,
        "output_lot": rule.lot,
    }


def _stock(shop: Shop, connection: Connection) -> Iterator[Line]:
    """Lots that are not used up, with what is left of them."""
    rows = connection.execute(
        select(stock).where(stock.c.micros > 0).order_by(stock.c.material, stock.c.lot)
    )
    for row in rows:
        lot = decode_holding(row.body).lot
        material: MaterialDefined | None = shop.materials.get(row.material)
        yield {
            "material": row.material,
            "lot": row.lot,
            "quantity": text(row.micros),
            "unit": row.unit or (material.unit if material else ""),
            "place": next((place for place, left in lot.places.items() if place and left > 0), ""),
            "expiry": row.expiry,
            "supplier_lot": row.supplier_lot,
            "status": row.status,
        }


_LINES: Final[Mapping[str, Callable[[Shop, Connection], Iterable[Line]]]] = {
    "materials.csv": _materials,
    "boms.csv": _boms,
    "routings.csv": _routings,
    "work_centers.csv": _registers("work_centers"),
    "operators.csv": _operators,
    "reasons.csv": _registers("reasons"),
    "demand.csv": _registers("demands"),
    "receipts.csv": _registers("receipts"),
    "calendars.csv": _calendars,
    "orders.csv": _orders,
    "stock.csv": _stock,
}
