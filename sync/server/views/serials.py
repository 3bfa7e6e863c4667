"""What people ask of a serial number: how the piece was built, and into what it went."""

import msgspec
from sqlalchemy import Connection, select

from sync.server.view_tables import serial_use
from sync.server.views.orders import order_of_state


class Built(msgspec.Struct, frozen=True):
    """An order made the piece, of these parts: (material, lot, serial)."""

    order: str
    material: str
    parts: tuple[tuple[str, str, str], ...]


class Used(msgspec.Struct, frozen=True):
    """An order took the part; into which piece, where that was told."""

    order: str
    material: str
    product: str
    piece: str


class SerialRecord(msgspec.Struct, frozen=True):
    """All that is known of a serial number; both empty where nothing is."""

    serial: str
    made: tuple[Built, ...]
    used: tuple[Used, ...]


def serial_record(connection: Connection, serial: str) -> SerialRecord:
    """How a piece was built and where it went."""
    rows = connection.execute(
        select(serial_use.c.way, serial_use.c.order_number, serial_use.c.material)
        .where(serial_use.c.serial == serial)
        .order_by(serial_use.c.order_number)
    ).all()
    made = [_built(connection, row[1], row[2], serial) for row in rows if row[0] == "out"]
    used = [
        one for row in rows if row[0] == "in" for one in _used(connection, row[1], row[2], serial)
    ]
    return SerialRecord(serial, tuple(made), tuple(used))


def _built(connection: Connection, number: str, material: str, serial: str) -> Built:
    order = order_of_state(connection, number)
    return Built(number, material, order.as_built(serial) if order is not None else ())


def _used(connection: Connection, number: str, material: str, serial: str) -> list[Used]:
    order = order_of_state(connection, number)
    if order is None:
        return []
    pieces = [
        piece
        for piece in sorted(order.built)
        if any(part[0] == material and part[2] == serial for part in order.as_built(piece))
    ]
    return [Used(number, material, order.material, piece) for piece in pieces or [""]]
