"""What people ask of the orders: lists, the board's cards, shortages, what is promised."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, select

from sync.domain.order import Order
from sync.domain.quantity import text
from sync.server.ledger import reader_mark
from sync.server.planning.explosion import short_orders
from sync.server.projector_state import decode_order
from sync.server.view_tables import (
    order_lot,
    order_material,
    order_operation,
    order_output,
    order_state,
    order_view,
)
from sync.server.views.floor import deviation_counts
from sync.server.views.stock import available

OPEN: Final = ("planned", "released", "started", "held")
IN_WORK: Final = ("released", "started", "held")
PAGE_ROWS_MAX: Final = 500
READER: Final = "projector"
DAY_HOURS: Final = 8.0


class Amount(msgspec.Struct, frozen=True):
    """A decimal amount and its UN/CEFACT unit."""

    amount: str
    unit: str


class OrderLine(msgspec.Struct, frozen=True):
    """One order in a list; `slack` is days between its end by the plan and its due day, and stays
    null until the plan tells it (`plan.with_slack`).

    `flags` are its open deviations, how many of each name; `deviations` is how many in all.
    """

    order: str
    status: str
    material: str
    name: str
    planned: Amount
    good: Amount
    scrap: Amount
    due: str
    start: str
    priority: int
    note: str
    customer_reference: str
    operation: str
    work_center: str
    short: tuple[str, ...]
    deviations: int
    position: int
    slack: int | None = None
    flags: dict[str, int] = {}

    @property
    def share(self) -> int:
        """Percent of plan that is good, 0 to 100."""
        planned = float(self.planned.amount)
        return max(0, min(100, round(100 * float(self.good.amount) / planned))) if planned else 0


def projected(connection: Connection) -> int:
    """How far the views are."""
    return reader_mark(connection, READER)


def order_lines(
    connection: Connection,
    today: date,
    statuses: Sequence[str] = (),
    after: str = "",
    limit: int = PAGE_ROWS_MAX,
) -> list[OrderLine]:
    """Orders by number, after one; of some statuses or of all."""
    table = order_view
    query = select(table).where(table.c.order_number > after).order_by(table.c.order_number)
    if statuses:
        query = query.where(table.c.status.in_(list(statuses)))
    rows = connection.execute(query.limit(limit)).all()
    lacking, counted = shortages(connection, today), deviation_counts(connection)
    return [line_of(row, lacking, counted) for row in rows]


def board_lines(
    connection: Connection, today: date, open_max: int, completed_max: int
) -> list[OrderLine]:
    """Open orders, the most urgent first, then the completed ones, the latest first."""
    table = order_view
    urgent = (table.c.priority, table.c.due == "", table.c.due, table.c.order_number)
    open_ones = select(table).where(table.c.status.in_(OPEN)).order_by(*urgent).limit(open_max)
    done = (
        select(table)
        .where(table.c.status == "completed")
        .order_by(table.c.position.desc())
        .limit(completed_max)
    )
    rows = [*connection.execute(open_ones), *connection.execute(done)]
    lacking, counted = shortages(connection, today), deviation_counts(connection)
    return [line_of(row, lacking, counted) for row in rows]


def order_line(connection: Connection, number: str, today: date) -> OrderLine | None:
    """One order, or nothing."""
    table = order_view
    row = connection.execute(select(table).where(table.c.order_number == number)).one_or_none()
    if row is None:
        return None
    lacking, counted = shortages(connection, today), deviation_counts(connection)
    return line_of(row, lacking, counted)


def order_of_state(connection: Connection, number: str) -> Order | None:
    """The folded state of an order, or nothing."""
    table = order_state
    found = connection.execute(select(table.c.body).where(table.c.order_number == number))
    body = found.scalar()
    return decode_order(body) if body is not None else None


def rows_of(connection: Connection, view: Any, number: str) -> Sequence[Any]:
    """The rows of one order in one of its tables, by key."""
    table = view
    query = select(table).where(table.c.order_number == number)
    return connection.execute(query.order_by(*table.primary_key.columns)).all()


def operation_rows(connection: Connection, number: str) -> Sequence[Any]:
    return rows_of(connection, order_operation, number)


def material_rows(connection: Connection, number: str) -> Sequence[Any]:
    return rows_of(connection, order_material, number)


def output_rows(connection: Connection, number: str) -> Sequence[Any]:
    return rows_of(connection, order_output, number)


def lot_rows(connection: Connection, number: str) -> Sequence[Any]:
    return rows_of(connection, order_lot, number)


def shortages(connection: Connection, today: date) -> dict[str, set[str]]:
    """Order → materials that open orders before it and itself leave short."""
    line, order = order_material, order_view
    rows = connection.execute(
        select(line.c.order_number, line.c.material, line.c.remaining)
        .join(order, order.c.order_number == line.c.order_number)
        .where(order.c.status.in_(IN_WORK), line.c.remaining > 0)
        .order_by(order.c.priority, order.c.start_date, order.c.due, order.c.order_number)
    ).all()
    wanted: dict[str, int] = {}
    for _, material, remaining in rows:
        wanted[material] = wanted.get(material, 0) + remaining
    held = available(connection, today, wanted)
    scarce = {material for material, needed in wanted.items() if held.get(material, 0) < needed}
    return short_orders([(r[0], r[1], r[2]) for r in rows if r[1] in scarce], held)


def promised(connection: Connection) -> list[tuple[str, int]]:
    """(material, micros) that orders in work still need."""
    line, order = order_material, order_view
    rows = connection.execute(
        select(line.c.material, line.c.remaining)
        .join(order, order.c.order_number == line.c.order_number)
        .where(order.c.status.in_(IN_WORK), line.c.remaining > 0)
    )
    return [(row[0], row[1]) for row in rows]


def line_of(
    row: Any, lacking: dict[str, set[str]], counted: dict[str, dict[str, int]]
) -> OrderLine:
    """A row of the orders with what is short for it and its deviations by name."""
    number = row.order_number
    return OrderLine(
        order=number,
        status=row.status,
        material=row.material,
        name=row.name or row.material,
        planned=amount(row.planned, row.unit),
        good=amount(row.good, row.unit),
        scrap=amount(row.scrap, row.unit),
        due=row.due,
        start=row.start_date,
        priority=row.priority,
        note=row.note,
        customer_reference=row.customer_reference,
        operation=row.operation,
        work_center=row.work_center,
        short=tuple(sorted(lacking.get(number, ()))),
        deviations=sum(counted.get(number, {}).values()),
        flags=counted.get(number, {}),
        position=row.position,
    )


def amount(micros: int, unit: str) -> Amount:
    return Amount(text(int(micros)), unit)
