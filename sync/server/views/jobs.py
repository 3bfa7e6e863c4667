"""What planning asks of the open orders: the work that is left of each, and what it still takes."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, select

from sync.domain.events import BomDefined
from sync.domain.quantity import AMOUNT, MICROS_PER_ONE, QuantityError, factor, micros, of_micros
from sync.server.planning.explosion import Book, beside_of, need_of, operations_of
from sync.server.planning.schedule import Job, Step
from sync.server.planning.supply import Readiness, Want
from sync.server.rows import rows_with
from sync.server.view_tables import order_material, order_operation, order_output, order_view
from sync.server.views.orders import OPEN

RUNNING: Final = frozenset({"running", "paused"})
NOT_READY: Final = Readiness()


@dataclass(frozen=True, slots=True)
class Part:
    """A component that an order still needs, or a by-product still to come of it, in micros of its
    base unit.
    """

    key: str
    material: str
    micros: int


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order that is not over, as planning sees it; amounts are micros of `unit`.

    One that was released is frozen: it keeps the components and operations of its release. What
    comes out `beside` is told by the BOM that holds.
    """

    order: str
    status: str
    material: str
    name: str
    unit: str
    planned: int
    left: int
    due: date | None
    start: date | None
    priority: int
    customer_reference: str
    note: str
    steps: tuple[Step, ...]
    parts: tuple[Part, ...]
    is_frozen: bool = False
    beside: tuple[Part, ...] = ()

    @property
    def is_held(self) -> bool:
        return self.status == "held"

    @property
    def has_begun(self) -> bool:
        return self.status == "started"

    @property
    def can_run(self) -> bool:
        """Whether there is work to schedule: it is not held and its operations are known."""
        return not self.is_held and bool(self.steps)

    def job(self, ready: Readiness = NOT_READY) -> Job:
        """What is scheduled of it."""
        return Job(
            self.order,
            self.priority,
            self.due,
            None if self.has_begun else self.start,
            None if self.has_begun else ready.ready,
            ready.material,
            self.steps,
            () if self.has_begun else ready.after,
        )

    def wants(self, needed: date | None) -> tuple[Want, ...]:
        """Its components, as wanted on a day."""
        return tuple(
            Want(one.key, one.material, one.micros, needed, self.priority, self.order)
            for one in self.parts
        )


def open_orders(connection: Connection, book: Book) -> dict[str, OpenOrder]:
    """Every order that is planned, released, started or held, by number."""
    view = order_view
    query = select(view).where(view.c.status.in_(OPEN)).order_by(view.c.order_number)
    rows = connection.execute(query).all()
    steps, parts = _steps(connection), _parts(connection)
    orders = {
        row.order_number: _open_order(
            row, book, steps.get(row.order_number, ()), parts.get(row.order_number, ())
        )
        for row in rows
    }
    return orders | _with_beside(connection, orders, book)


def _with_beside(
    connection: Connection, orders: Mapping[str, OpenOrder], book: Book
) -> dict[str, OpenOrder]:
    """Those orders of which a by-product is still to come, with it."""
    expected = {key: found for key, one in orders.items() if (found := _expected(one, book))}
    came = _came(connection, expected, book)
    return {
        number: replace(
            orders[number],
            beside=tuple(
                Part(f"{number} / {material}", material, given - came.get((number, material), 0))
                for material, given in found.items()
                if given > came.get((number, material), 0)
            ),
        )
        for number, found in expected.items()
    }


def _expected(order: OpenOrder, book: Book) -> dict[str, int]:
    """By-product → micros that the whole order gives; what has no unit in common is left out."""
    bom = book.boms.get(order.material)
    if bom is None or order.material not in book.materials or bom.quantity.micros <= 0:
        return {}
    found: dict[str, int] = {}
    for line in bom.by_products:
        if line.material in book.materials and line.material != order.material:
            with suppress(QuantityError):
                planned = of_micros(max(0, order.planned), order.unit)
                given = beside_of(line, bom, planned, book)
                found[line.material] = found.get(line.material, 0) + given
    return found


def _came(
    connection: Connection, orders: Collection[str], book: Book
) -> dict[tuple[str, str], int]:
    """(order, material) → micros of the base unit that came of some orders."""
    columns = ("material", "unit", "produced")
    found: dict[tuple[str, str], int] = {}
    for number, name, unit, produced in rows_with(
        connection, order_output, "order_number", sorted(orders), *columns
    ):
        item = book.materials.get(name)
        if item is not None:
            with suppress(QuantityError):
                share = factor(unit, item.unit, item.conversions)
                found[number, name] = found.get((number, name), 0) + int(produced * share)
    return found


def day_of(written: str) -> date | None:
    """An ISO date, or nothing."""
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        return None


def _open_order(row: Any, book: Book, steps: Sequence[Step], parts: Sequence[Part]) -> OpenOrder:
    is_planned = row.status == "planned" or (row.status == "held" and not steps and not parts)
    item = book.materials.get(row.material)
    planned = _Planned(row.order_number, row.material, row.planned, row.unit)
    return OpenOrder(
        row.order_number,
        row.status,
        row.material,
        row.name or (item.name if item else row.material),
        row.unit,
        row.planned,
        max(0, row.planned - row.good),
        day_of(row.due),
        day_of(row.start_date),
        row.priority,
        row.customer_reference,
        row.note,
        _planned_steps(row, book) if is_planned else tuple(steps),
        _planned_parts(planned, book) if is_planned else tuple(parts),
        not is_planned,
    )


def replanned(order: OpenOrder, book: Book) -> OpenOrder:
    """An order that was not released, with the components that another book gives it."""
    assert not order.is_frozen, f"order {order.order} keeps what it was released with"
    planned = _Planned(order.order, order.material, order.planned, order.unit)
    return replace(order, parts=_planned_parts(planned, book))


def _steps(connection: Connection) -> dict[str, list[Step]]:
    """What is left of the operations of released orders; what has ended is left out."""
    step, order = order_operation, order_view
    rows = connection.execute(
        select(step.c.order_number, step.c.operation, step.c.work_center, step.c.status,
               step.c.seconds_left)
        .join(order, order.c.order_number == step.c.order_number)
        .where(order.c.status.in_(OPEN), step.c.status != "ended")
        .order_by(step.c.order_number, step.c.rank)
    )  # fmt: skip
    found: dict[str, list[Step]] = {}
    for number, operation, center, status, seconds in rows:
        own = Step(operation, center, 0, max(0, seconds), status in RUNNING)
        found.setdefault(number, []).append(own)
    return found


def _parts(connection: Connection) -> dict[str, list[Part]]:
    line, order = order_material, order_view
    rows = connection.execute(
        select(line.c.order_number, line.c.rank, line.c.material, line.c.remaining)
        .join(order, order.c.order_number == line.c.order_number)
        .where(order.c.status.in_(OPEN), line.c.remaining > 0)
        .order_by(line.c.order_number, line.c.rank)
    )
    found: dict[str, list[Part]] = {}
    for number, rank, material, remaining in rows:
        own = Part(f"{number} / {rank}", material, remaining)
        found.setdefault(number, []).append(own)
    return found


def _planned_steps(row: Any, book: Book) -> tuple[Step, ...]:
    """The routing's operations for the whole quantity: nothing of it was released yet."""
    return tuple(
        Step(one.operation, one.work_center, one.setup_seconds, _run(one.run_seconds, row.planned))
        for one in operations_of(row.material, book)
    )


def _run(seconds: str, made: int) -> float:
    run = micros(seconds) if AMOUNT.match(seconds) else 0
    return max(0, run) * max(0, made) / MICROS_PER_ONE**2


@dataclass(frozen=True, slots=True)
class _Planned:
    """So much of a material is planned under that number."""

    order: str
    material: str
    micros: int
    unit: str


def _planned_parts(planned: _Planned, book: Book) -> tuple[Part, ...]:
    """The BOM for the whole quantity; a line whose unit does not convert is told at release."""
    bom = book.boms.get(planned.material)
    if bom is None or planned.material not in book.materials or planned.micros <= 0:
        return ()
    return tuple(_exploded(planned, bom, book))


def _exploded(planned: _Planned, bom: BomDefined, book: Book) -> Sequence[Part]:
    quantity = of_micros(planned.micros, planned.unit)
    found = []
    for rank, line in enumerate(bom.lines):
        if line.material in book.materials:
            try:
                needed = need_of(line, bom, quantity, book)
            except QuantityError:
                continue
            found.append(Part(f"{planned.order} / {rank}", line.material, needed))
    return found
