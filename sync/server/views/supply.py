"""What people ask of demand and supply: who wants what by when, what is there, what comes."""

import contextlib
from collections.abc import Collection, Mapping
from datetime import date
from typing import TypeVar

import msgspec
from sqlalchemy import Connection, select

from sync.domain.events import (
    CalendarDefined,
    DemandDefined,
    Event,
    MaterialDefined,
    MaterialReceived,
    ReceiptScheduled,
)
from sync.domain.quantity import Quantity, QuantityError, convert, factor
from sync.server.rows import rows_with
from sync.server.tables import event as event_table
from sync.server.view_tables import lot_event, master, reversed_act
from sync.server.views.stock import usable

E = TypeVar("E", bound=Event)


class OpenReceipt(msgspec.Struct, frozen=True):
    """A scheduled receipt with what is still to come of it, in micros of the material's unit."""

    scheduled: ReceiptScheduled
    received: int
    open: int
    unit: str


def register(connection: Connection, kind: type[E]) -> dict[str, E]:
    """All winning events of one kind of master data by key, the inactive ones too."""
    query = select(master.c.key, master.c.body).where(master.c.kind == kind.__name__)
    return {key: msgspec.json.decode(body, type=kind) for key, body in connection.execute(query)}


def register_of(connection: Connection, kind: type[E], key: str) -> E | None:
    """The winning event of one key, or nothing."""
    query = select(master.c.body).where(master.c.kind == kind.__name__, master.c.key == key)
    body = connection.execute(query).scalar()
    return msgspec.json.decode(body, type=kind) if body is not None else None


def demands(connection: Connection) -> list[DemandDefined]:
    """The lines of demand that hold, by due day (none last) and key."""
    found = register(connection, DemandDefined).values()
    return sorted(
        (one for one in found if one.active), key=lambda one: (one.due or "9999", one.demand)
    )


def calendars(connection: Connection) -> dict[str, CalendarDefined]:
    return register(connection, CalendarDefined)


def receipts_open(
    connection: Connection, materials: Mapping[str, MaterialDefined]
) -> list[OpenReceipt]:
    """Scheduled receipts with something still to come, by due day and key.

    A receipt in a unit that its material does not know tells nothing and is left out.
    """
    active = [one for one in register(connection, ReceiptScheduled).values() if one.active]
    came = _received(connection, {one.material for one in active}, materials)
    found = []
    for one in active:
        item = materials.get(one.material)
        whole = in_base(one.quantity, item) if item is not None else None
        if item is not None and whole is not None:
            received = came.get(one.receipt, 0)
            if received < whole:
                found.append(OpenReceipt(one, received, whole - received, item.unit))
    return sorted(found, key=lambda one: (one.scheduled.due or "9999", one.scheduled.receipt))


def stock_by_material(
    connection: Connection, today: date, materials: Mapping[str, MaterialDefined]
) -> dict[str, int]:
    """Micros of the base unit by material that may be used: not blocked, not past the expiry day.

    A lot in a unit that its material does not know cannot be counted on.
    """
    found: dict[str, int] = {}
    for name, unit, micros in usable(connection, today):
        item = materials.get(name)
        if item is not None:
            with contextlib.suppress(QuantityError):
                share = factor(unit, item.unit, item.conversions)
                found[name] = found.get(name, 0) + int(micros * share)
    return found


def in_base(quantity: Quantity, material: MaterialDefined) -> int | None:
    """Micros in the material's base unit; nothing where the unit cannot be converted."""
    try:
        return convert(quantity, material.unit, material.conversions).micros
    except QuantityError:
        return None


def _received(
    connection: Connection, names: Collection[str], materials: Mapping[str, MaterialDefined]
) -> dict[str, int]:
    """Scheduled receipt → micros that came of it, without what was reversed.

    Only lots of the materials that something is awaited of are looked at, by index.
    """
    lots = rows_with(connection, lot_event, "material", sorted(names), "position", "of_order")
    positions = [position for _, position, of_order in lots if not of_order]
    bodies = rows_with(connection, event_table, "position", positions, "type", "act", "body")
    said = [(act, body) for _, told, act, body in bodies if told == MaterialReceived.__name__]
    back = {row[0] for row in rows_with(connection, reversed_act, "act", [a for a, _ in said])}
    found: dict[str, int] = {}
    for act, body in said:
        event = msgspec.json.decode(body, type=MaterialReceived)
        item = materials.get(event.material)
        micros = in_base(event.quantity, item) if item and event.receipt else None
        if micros is not None and act not in back:
            found[event.receipt] = found.get(event.receipt, 0) + micros
    return found
