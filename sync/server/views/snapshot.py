"""What a station must be given to begin: positions in the ledger, as the views tell them."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, select

from sync.domain.events import OFFICE_DATA
from sync.server import tables
from sync.server.projector_state import SIGNED_IN, SIGNED_OUT
from sync.server.scopes import station_scope, work_center_scope
from sync.server.view_tables import (
    concern,
    lot_event,
    master,
    order_view,
    reversed_act,
    stock,
    trouble,
)


def snapshot_positions(connection: Connection, scopes: Collection[str]) -> list[int]:
    """Ledger positions of all that a station in these scopes must know to begin.

    That is the master data in force, every event of the orders of its scopes that are not closed,
    every event of lots that are not used up, open stops and calls of its work centers, and open
    sign-ins of its own station.
    """
    found: set[int] = set()
    for query in (
        _of_master(),
        _of_sessions(scopes),
        _of_orders(scopes),
        _of_lots(),
        _of_trouble(scopes),
    ):
        found |= {row[0] for row in connection.execute(query)}
    act, event = reversed_act, tables.event
    reversals = select(event.c.position, act.c.position).join(act, act.c.act == event.c.act)
    found |= {by for at, by in connection.execute(reversals) if at in found}
    return sorted(found)


def _of_master() -> Any:
    event, kinds = tables.event, (SIGNED_IN, SIGNED_OUT, *(one.__name__ for one in OFFICE_DATA))
    return (
        select(event.c.position)
        .join(master, master.c.event_id == event.c.id)
        .where(master.c.kind.not_in(kinds))
    )


def _of_sessions(scopes: Collection[str]) -> Any:
    event = tables.event
    return (
        select(event.c.position)
        .join(master, master.c.event_id == event.c.id)
        .where(
            master.c.kind == SIGNED_IN,
            (station_scope("") + event.c.station).in_(list(scopes)),
        )
    )


def _of_orders(scopes: Collection[str]) -> Any:
    event, begun, order = tables.event, concern, order_view
    return (
        select(event.c.position)
        .join(begun, (begun.c.key == event.c.order_number) & (begun.c.kind == "order"))
        .join(order, order.c.order_number == event.c.order_number)
        .where(
            begun.c.scope.in_(list(scopes)),
            order.c.status.not_in(("closed", "cancelled")),
            event.c.order_number != "",
            event.c.unreadable == "",
        )
    )


def _of_trouble(scopes: Collection[str]) -> Any:
    event, told = tables.event, trouble
    return (
        select(event.c.position)
        .join(told, told.c.id == event.c.id)
        .where(
            told.c.begun > 0,
            told.c.ended == 0,
            (work_center_scope("") + told.c.work_center).in_(list(scopes)),
        )
    )


def _of_lots() -> Any:
    held, moved = stock, lot_event
    return select(moved.c.position).join(
        held, (held.c.material == moved.c.material) & (held.c.lot == moved.c.lot)
    ).where(held.c.micros != 0)  # fmt: skip
