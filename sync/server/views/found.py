"""What people look for by a name or its beginning: orders, lots, materials, serials, units."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, and_, select

from sync.server.view_tables import order_output, order_view, serial_use, stock, unit_content
from sync.server.views.books import book

HITS_OF_KIND_MAX: Final = 20
LAST: Final = "\U0010ffff"


class Hit(NamedTuple):
    """Something of a kind by its key; of a lot also the material that it is of."""

    kind: str
    key: str
    material: str = ""
    name: str = ""


def hits(connection: Connection, wanted: str, today: date) -> list[Hit]:
    """What is called so; if nothing is, what begins so, and materials whose name holds it."""
    for fits in (_same, _begins):
        found = [hit for kind in _KINDS for hit in kind(connection, wanted, fits)]
        found += _materials(connection, wanted, today, whole=fits is _same)
        if found:
            return found
    return []


def lots_like(connection: Connection, wanted: str) -> list[Hit]:
    """Lots that are called or begin so."""
    return _lots(connection, wanted, _same) or _lots(connection, wanted, _begins)


Fits = Callable[[Table, str, str], ColumnElement[bool]]


def _same(table: Table, column: str, wanted: str) -> ColumnElement[bool]:
    return table.c[column].in_(sorted({wanted, wanted.upper()}))


def _begins(table: Table, column: str, wanted: str) -> ColumnElement[bool]:
    """By index: keys are kept in the order of their bytes."""
    name = wanted.upper() if wanted.islower() else wanted
    return and_(table.c[column] >= name, table.c[column] < name + LAST)


def _orders(connection: Connection, wanted: str, fits: Fits) -> list[Hit]:
    columns = ("order_number", "material", "name")
    rows = _rows(connection, order_view, columns, fits(order_view, "order_number", wanted))
    return [Hit("order", *row) for row in rows]


def _lots(connection: Connection, wanted: str, fits: Fits) -> list[Hit]:
    found: set[tuple[str, ...]] = set()
    for table in (stock, order_output):
        found.update(_rows(connection, table, ("lot", "material"), fits(table, "lot", wanted)))
    return [Hit("lot", *row) for row in sorted(found)[:HITS_OF_KIND_MAX]]


def _serials(connection: Connection, wanted: str, fits: Fits) -> list[Hit]:
    rows = _rows(connection, serial_use, ("serial",), fits(serial_use, "serial", wanted))
    return [Hit("serial", *row) for row in rows]


def _units(connection: Connection, wanted: str, fits: Fits) -> list[Hit]:
    rows = _rows(connection, unit_content, ("unit",), fits(unit_content, "unit", wanted))
    return [Hit("unit", *row) for row in rows]


_KINDS: Final = (_orders, _lots, _serials, _units)


def _rows(
    connection: Connection, table: Table, names: Sequence[str], where: ColumnElement[bool]
) -> list[tuple[str, ...]]:
    columns = [table.c[name] for name in names]
    asked = select(*columns).where(where).distinct().order_by(columns[0]).limit(HITS_OF_KIND_MAX)
    return [tuple(row) for row in connection.execute(asked)]


def _materials(connection: Connection, wanted: str, today: date, *, whole: bool) -> list[Hit]:
    sought = wanted.casefold()
    found = []
    for key, item in sorted(book(connection, today).materials.items()):
        named, called = key.casefold(), item.name.casefold()
        if sought in (named, called) or (
            not whole and (named.startswith(sought) or sought in called)
        ):
            found.append(Hit("material", key, key, item.name))
    return found[:HITS_OF_KIND_MAX]
