"""What people ask of master data: where a material is used, revisions, the levels of a BOM."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from sync.domain.events import BomDefined, BomLine, Event, MaterialDefined
from sync.domain.quantity import Quantity, QuantityError, of_micros
from sync.domain.registers import REGISTERS
from sync.server.planning.costing import component_costs, is_made
from sync.server.planning.explosion import LEVELS_MAX, Book, need_of
from sync.server.view_tables import master_revision, order_material, order_view, stock
from sync.server.views.books import Masters

REVISIONS_MAX = 200
TREE_ROWS_MAX = 1_000
IN_WORK = ("released", "started", "held")


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of a register: who said it, when."""

    revision: int
    event_id: str
    at: str
    account: str
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Use:
    """A BOM that names a material; `way` is how."""

    material: str
    name: str
    quantity: Quantity
    base: Quantity
    way: str
    valid_from: str


@dataclass(frozen=True, slots=True)
class Branch:
    """One component of a multi-level BOM: micros of its base unit, and what they cost, if known."""

    level: int
    material: str
    name: str
    unit: str
    micros: int
    cost: int | None
    made: bool
    circle: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """One line that differs between two revisions; a side without it is None."""

    material: str
    operation: str
    before: BomLine | None
    after: BomLine | None


def account_of(connection: Connection, event: Event) -> str:
    """Who said an event of a register."""
    table = master_revision
    _, key = REGISTERS[type(event)]
    found = select(table.c.account).where(
        table.c.kind == type(event).__name__,
        table.c.key == getattr(event, key),
        table.c.event_id == event.id,
    )
    return connection.execute(found).scalar() or ""


def revisions(connection: Connection, kind: str, key: str) -> list[Revision]:
    """The revisions of a register, the highest first."""
    table = master_revision
    columns = (table.c.revision, table.c.event_id, table.c.at, table.c.account, table.c.body)
    query = select(*columns).where(table.c.kind == kind, table.c.key == key)
    order = query.order_by(table.c.revision.desc(), table.c.event_id.desc())
    return [Revision(*row) for row in connection.execute(order.limit(REVISIONS_MAX))]


def uses(known: Masters, material: str) -> list[Use]:
    """The BOMs that count now or later and name a material."""
    return sorted(_uses(known, material), key=lambda one: (one.material, one.valid_from))


def _uses(known: Masters, material: str) -> Iterator[Use]:
    for several in known.dated.values():
        for bom in (one for one in several if one.active):
            name = known.names.get(bom.material, bom.material)
            for line in bom.lines:
                way = "component" if line.material == material else "substitute"
                if line.material == material or material in line.substitutes:
                    yield Use(bom.material, name, line.quantity, bom.quantity, way, bom.valid_from)
            for line in bom.by_products:
                if line.material == material:
                    way, quantity = "by_product", line.quantity
                    yield Use(bom.material, name, quantity, bom.quantity, way, bom.valid_from)


def on_hand(connection: Connection, material: str) -> tuple[int, int]:
    """(micros in stock, number of lots) of a material."""
    asked = select(func.coalesce(func.sum(stock.c.micros), 0), func.count()).where(
        stock.c.material == material, stock.c.micros != 0
    )
    held, lots = connection.execute(asked).one()
    return int(held), int(lots)


def wanted_by(connection: Connection, material: str) -> tuple[int, int]:
    """(micros that orders in work still need, number of orders)."""
    line, order = order_material, order_view
    asked = (
        select(func.coalesce(func.sum(line.c.remaining), 0), func.count())
        .join(order, order.c.order_number == line.c.order_number)
        .where(line.c.material == material, line.c.remaining > 0, order.c.status.in_(IN_WORK))
    )
    needed, count = connection.execute(asked).one()
    return int(needed), int(count)


def open_orders(connection: Connection, material: str) -> int:
    """How many open orders make a material."""
    table = order_view
    asked = select(func.count()).where(
        table.c.material == material, table.c.status.in_((*IN_WORK, "planned"))
    )
    return int(connection.execute(asked).scalar() or 0)


def tree(material: str, quantity: Quantity, book: Book, rates: Mapping[str, int]) -> list[Branch]:
    """The multi-level BOM of so much of a material, each row with what it costs; depth first."""
    rows: list[Branch] = []
    costs = component_costs(book, rates)
    _grow(rows, book.materials[material], quantity, book, costs, (material,))
    return rows


def _grow(
    rows: list[Branch],
    item: MaterialDefined,
    quantity: Quantity,
    book: Book,
    costs: Callable[[str, int], int | None],
    path: tuple[str, ...],
) -> None:
    bom = book.boms.get(item.material)
    if bom is None or len(path) > LEVELS_MAX:
        return
    for line in bom.lines:
        component = book.materials.get(line.material)
        if component is None or len(rows) >= TREE_ROWS_MAX:
            continue
        key, needed = line.material, _need(line, bom, quantity, book)
        circle, cost = key in path, costs(key, needed)
        told = (component.name, component.unit, needed, cost, is_made(key, book), circle)
        rows.append(Branch(len(path), key, *told))
        if not circle:
            amount = of_micros(needed, component.unit)
            _grow(rows, component, amount, book, costs, (*path, key))


def _need(line: BomLine, bom: BomDefined, quantity: Quantity, book: Book) -> int:
    try:
        return need_of(line, bom, quantity, book)
    except QuantityError:
        return 0


def differences(before: BomDefined | None, after: BomDefined | None) -> list[Difference]:
    """The lines that two revisions do not have alike, components first, then by-products."""
    found: list[Difference] = []
    for part in ("lines", "by_products"):
        one, other = _lines(getattr(before, part, ())), _lines(getattr(after, part, ()))
        found += [
            Difference(*key, one.get(key), other.get(key))
            for key in dict.fromkeys((*one, *other))
            if one.get(key) != other.get(key)
        ]
    return found


def _lines(lines: Iterable[BomLine]) -> dict[tuple[str, str], BomLine]:
    return {(line.material, line.operation): line for line in lines}
