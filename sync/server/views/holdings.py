"""What people ask of the whole stock: by material, by lot, by place; free, reserved, blocked."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Select, and_, case, func, select, text, tuple_

from sync.domain.events import MaterialDefined
from sync.server.view_tables import order_material, order_view, stock, stock_place
from sync.server.views.orders import IN_WORK

AVAILABLE: Final = "available"
BLOCKED: Final = "blocked"
EXPIRED: Final = "expired"
BELOW: Final = "below"
LOT_STATUSES: Final = (AVAILABLE, BLOCKED, EXPIRED, BELOW)
FOUND_MATERIALS_MAX: Final = 400
LOT_END: Final = "\U0010ffff"


class MaterialStock(msgspec.Struct, frozen=True):
    """A material's stock in micros of `unit`; `free` is what no order in work has reserved."""

    material: str
    name: str
    unit: str
    available: int
    blocked: int
    expired: int
    reserved: int
    reorder: int
    lots: int

    @property
    def free(self) -> int:
        return self.available - self.reserved


class LotRow(msgspec.Struct, frozen=True):
    """What is left of a lot; `status` tells too where it is past its day or below nothing."""

    material: str
    name: str
    lot: str
    micros: int
    unit: str
    place: str
    expiry: str
    status: str
    supplier_lot: str


class PlaceRow(msgspec.Struct, frozen=True):
    """How many lots and materials lie at a place."""

    place: str
    lots: int
    materials: int


class LotFilter(msgspec.Struct, frozen=True):
    """Which lots are asked for; empty fields ask for all. `empty` shows those used up too."""

    material: str = ""
    place: str = ""
    status: str = ""
    search: str = ""
    empty: bool = False


def named(materials: Mapping[str, MaterialDefined], search: str) -> list[str]:
    """Materials whose number or name holds the words, by number."""
    wanted = search.casefold()
    return sorted(key for key, one in materials.items() if wanted in f"{key} {one.name}".casefold())


def material_stock(
    connection: Connection, materials: Sequence[MaterialDefined], today: date
) -> list[MaterialStock]:
    """The stock of some materials."""
    names = [one.material for one in materials]
    held, reserved = _held(connection, names, today), reserved_of(connection, names)
    return [_stock(one, held.get(one.material, {}), reserved) for one in materials]


def reserved_of(connection: Connection, materials: Iterable[str] = ()) -> dict[str, int]:
    """Material → micros that orders in work still need, of some materials or of all."""
    line, order = order_material, order_view
    query = (
        select(line.c.material, func.sum(line.c.remaining))
        .join(order, order.c.order_number == line.c.order_number)
        .where(order.c.status.in_(IN_WORK), line.c.remaining > 0)
        .group_by(line.c.material)
    )
    if wanted := list(materials):
        query = query.where(line.c.material.in_(wanted))
    return {material: int(micros) for material, micros in connection.execute(query)}


def reserving_orders(connection: Connection, material: str) -> list[tuple[str, str, int, str]]:
    """(order, status, micros still needed, start) of orders in work, the most urgent first."""
    line, order = order_material, order_view
    query = (
        select(order.c.order_number, order.c.status, func.sum(line.c.remaining), order.c.start_date)
        .join(line, line.c.order_number == order.c.order_number)
        .where(line.c.material == material, order.c.status.in_(IN_WORK), line.c.remaining > 0)
        .group_by(
            order.c.order_number, order.c.status, order.c.start_date, order.c.priority, order.c.due
        )
        .order_by(order.c.priority, order.c.start_date, order.c.due, order.c.order_number)
    )
    return [(row[0], row[1], int(row[2]), row[3]) for row in connection.execute(query)]


def lot_rows(  # what a list is asked for
    connection: Connection,
    materials: Mapping[str, MaterialDefined],
    asked: LotFilter,
    today: date,
    after: str = "",
    limit: int = 100,
) -> list[LotRow]:
    """Lots by material and lot, after one."""
    table = stock
    columns = [table.c[name] for name in _LOT_COLUMNS]
    query = select(*columns).order_by(table.c.material, table.c.lot).limit(limit)
    if asked.place:
        query = _at_place(query, asked.place)
    if after:
        material, lot = parted(after)
        query = query.where(
            table.c.material >= material, tuple_(table.c.material, table.c.lot) > (material, lot)
        )
    query = _chosen(query, materials, asked, today)
    return [_lot_row(row, materials, today) for row in connection.execute(query)]


def place_rows(connection: Connection, after: str = "", limit: int = 100) -> list[PlaceRow]:
    """Places where something lies, by name."""
    table = stock_place
    query = (
        select(table.c.place, func.count(), func.count(table.c.material.distinct()))
        .where(table.c.micros > 0, table.c.place > after)
        .group_by(table.c.place)
        .order_by(table.c.place)
        .limit(limit)
    )
    return [
        PlaceRow(place, lots, materials) for place, lots, materials in connection.execute(query)
    ]


def joined(material: str, lot: str) -> str:
    """A key of two names that may hold any sign."""
    return json.dumps([material, lot], ensure_ascii=False)


def parted(key: str) -> tuple[str, str]:
    """The two names of such a key; what is none begins at the beginning."""
    try:
        material, lot = msgspec.json.decode(key, type=tuple[str, str])
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return "", ""
    return material, lot


_LOT_COLUMNS: Final = (
    "material", "lot", "micros", "unit", "place", "expiry", "status", "supplier_lot",
)  # fmt: skip
# Word for word: a partial index is found by its own condition only.
_BELOW_NOTHING: Final = text("stock.micros < 0")
_KEPT_BACK: Final = text("stock.status <> 'available'")


def _at_place(query: "Select[Any]", place: str) -> "Select[Any]":
    at, table = stock_place, stock
    return query.join(at, and_(at.c.material == table.c.material, at.c.lot == table.c.lot)).where(
        at.c.place == place
    )


def _chosen(
    query: "Select[Any]", materials: Mapping[str, MaterialDefined], asked: LotFilter, today: date
) -> "Select[Any]":
    table = stock
    if asked.material:
        query = query.where(table.c.material == asked.material)
    if asked.search:
        found = named(materials, asked.search)[:FOUND_MATERIALS_MAX]
        begins = and_(table.c.lot >= asked.search, table.c.lot < asked.search + LOT_END)
        query = query.where(begins | table.c.material.in_(found))
    if asked.status == BELOW:
        return query.where(_BELOW_NOTHING)
    if asked.status:
        query = query.where(_has_status(asked.status, today))
    return query if asked.empty else query.where(table.c.micros != 0)


def _has_status(status: str, today: date) -> Any:
    table = stock
    past = and_(table.c.expiry != "", table.c.expiry < today.isoformat())
    if status == EXPIRED:
        return and_(past, table.c.status == AVAILABLE, table.c.micros > 0)
    if status == AVAILABLE:
        return and_(~past, table.c.status == AVAILABLE, table.c.micros > 0)
    return and_(_KEPT_BACK, table.c.status == status)


def _held(
    connection: Connection, names: Sequence[str], today: date
) -> dict[str, dict[str, tuple[int, int]]]:
    """Material → status → (micros, lots)."""
    table = stock
    past = and_(table.c.expiry != "", table.c.expiry < today.isoformat())
    status = case(
        (table.c.status != AVAILABLE, table.c.status), (past, EXPIRED), else_=AVAILABLE
    ).label("standing")
    query = (
        select(table.c.material, status, func.sum(table.c.micros), func.count())
        .where(table.c.material.in_(names), table.c.micros > 0)
        .group_by(table.c.material, status)
    )
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for material, standing, micros, lots in connection.execute(query):
        found.setdefault(material, {})[standing] = int(micros), lots
    return found


def _stock(
    one: MaterialDefined, held: Mapping[str, tuple[int, int]], reserved: Mapping[str, int]
) -> MaterialStock:
    def micros(status: str) -> int:
        return held.get(status, (0, 0))[0]

    return MaterialStock(
        material=one.material,
        name=one.name,
        unit=one.unit,
        available=micros(AVAILABLE),
        blocked=micros(BLOCKED),
        expired=micros(EXPIRED),
        reserved=reserved.get(one.material, 0),
        reorder=one.reorder_point.micros if one.reorder_point else 0,
        lots=sum(count for _, count in held.values()),
    )


def _lot_row(row: Any, materials: Mapping[str, MaterialDefined], today: date) -> LotRow:
    known = materials.get(row.material)
    status = row.status
    if row.micros < 0:
        status = BELOW
    elif status == AVAILABLE and row.expiry and row.expiry < today.isoformat():
        status = EXPIRED
    return LotRow(
        material=row.material,
        name=known.name if known else row.material,
        lot=row.lot,
        micros=row.micros,
        unit=row.unit,
        place=row.place,
        expiry=row.expiry,
        status=status,
        supplier_lot=row.supplier_lot,
    )
