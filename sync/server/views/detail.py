"""What people ask of one order: all its rows at once."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection

from sync.domain.order import Order
from sync.domain.quantity import MICROS_PER_ONE, text
from sync.server.views.floor import DeviationLine, deviation_lines
from sync.server.views.orders import (
    OrderLine,
    lot_rows,
    material_rows,
    operation_rows,
    order_line,
    order_of_state,
    output_rows,
)
from sync.server.views.times import OperationTimes, OrderTimes, order_times


class OperationLine(msgspec.Struct, frozen=True):
    """One operation; `rework` waits there to be done again, `held` of what it made is blocked."""

    operation: str
    name: str
    work_center: str
    status: str
    good: str
    scrap: str
    seconds_left: int
    times: OperationTimes = OperationTimes()
    rework: str = "0"
    held: str = "0"


class Piece(msgspec.Struct, frozen=True):
    """A piece of the product, and the (material, lot, serial) of each part that went into it."""

    serial: str
    parts: tuple[tuple[str, str, str], ...]


class MaterialLine(msgspec.Struct, frozen=True):
    """One line of the released order; `remaining` is what is still to be taken."""

    line: str
    material: str
    name: str
    operation: str
    unit: str
    needed: str
    consumed: str
    waste: str
    remaining: str


class LotAmount(msgspec.Struct, frozen=True):
    """So much of a lot; for parts without lots `lot` is the serial number."""

    material: str
    lot: str
    amount: str
    unit: str


class OrderDetail(OrderLine, frozen=True):
    """An order with all that the views tell of it."""

    operations: tuple[OperationLine, ...] = ()
    materials: tuple[MaterialLine, ...] = ()
    consumed: tuple[LotAmount, ...] = ()
    produced: tuple[LotAmount, ...] = ()
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    open_deviations: tuple[DeviationLine, ...] = ()
    attended_seconds: dict[str, int] = msgspec.field(default_factory=dict)
    pieces: tuple[Piece, ...] = ()


def order_detail(connection: Connection, number: str, today: date) -> OrderDetail | None:
    """One order, or nothing."""
    line = order_line(connection, number, today)
    order = order_of_state(connection, number)
    if line is None or order is None:
        return None
    times = order_times(connection, order)
    return OrderDetail(
        **msgspec.structs.asdict(line),
        operations=tuple(
            _operation(row, times, order) for row in operation_rows(connection, number)
        ),
        materials=tuple(map(_material, material_rows(connection, number))),
        consumed=tuple(_consumed(order, lot_rows(connection, number))),
        produced=tuple(
            LotAmount(row.material, row.lot, text(row.produced), row.unit)
            for row in output_rows(connection, number)
        ),
        labels=order.label_states(),
        open_deviations=tuple(deviation_lines(connection, order=number)),
        attended_seconds=times.attended,
        pieces=tuple(Piece(one, order.as_built(one)) for one in sorted(order.built)),
    )


def _operation(row: Any, times: OrderTimes, order: Order) -> OperationLine:
    return OperationLine(
        row.operation,
        row.name,
        row.work_center,
        row.status,
        text(row.good),
        text(row.scrap),
        row.seconds_left,
        times.operations.get(row.operation, OperationTimes()),
        text(order.rework_at(row.operation)),
        text(order.held_at(row.operation)),
    )


def _material(row: Any) -> MaterialLine:
    return MaterialLine(
        row.line,
        row.material,
        row.name,
        row.operation,
        row.unit,
        text(row.needed),
        text(row.consumed),
        text(row.waste),
        text(row.remaining),
    )


def _consumed(order: Order, rows: Sequence[Any]) -> Iterable[LotAmount]:
    for row in rows:
        serials = [] if row.lot else _serials(order, row.material)
        if serials and len(serials) * MICROS_PER_ONE == row.consumed:
            for serial in serials:
                yield LotAmount(row.material, serial, "1", row.unit)
        else:
            yield LotAmount(row.material, row.lot, text(row.consumed), row.unit)


def _serials(order: Order, material: str) -> list[str]:
    """The serial numbers of a material that are in the product, those returned left out."""
    taken = order.serials_in.get(material, {})
    back = order.serials_back.get(material, {})
    return sorted(one for one, ids in taken.items() if len(ids) > len(back.get(one, {})))
