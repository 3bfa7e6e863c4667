"""What runs on the floor right now: operations begun and not ended, who is on them, since when."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, select

from sync.domain.order import Order
from sync.server.projector_state import decode_order
from sync.server.view_tables import master, order_operation, order_state, order_view
from sync.server.views.jobs import RUNNING
from sync.server.views.times import times_of

LINES_MAX = 500


class AtWork(msgspec.Struct, frozen=True):
    """One operation in work; amounts are micros, `since` RFC 3339 or empty, `status` running or
    paused, `people` by name.
    """

    order: str
    name: str
    operation: str
    work_center: str
    status: str
    planned: int
    good: int
    unit: str
    due: str
    since: str
    people: tuple[str, ...]


def at_work(connection: Connection) -> list[AtWork]:
    """Every operation in work, by work center."""
    step, order = order_operation, order_view
    rows = connection.execute(
        select(step, order.c.name.label("product"), order.c.material, order.c.planned, order.c.unit,
               order.c.due)
        .join(order, order.c.order_number == step.c.order_number)
        .where(order.c.status == "started", step.c.status.in_(sorted(RUNNING)))
        .order_by(step.c.work_center, order.c.priority, step.c.order_number, step.c.rank)
        .limit(LINES_MAX)
    ).all()  # fmt: skip
    states = _states(connection, {row.order_number for row in rows})
    begun = {
        (row.order_number, row.operation): _begun(states.get(row.order_number), row.operation)
        for row in rows
    }
    times = times_of(connection, {one for one in begun.values() if one})
    people = {
        (row.order_number, row.operation): on_it(states.get(row.order_number), row.operation)
        for row in rows
    }
    names = people_named(connection, {one for found in people.values() for one in found})
    return [
        AtWork(
            row.order_number,
            row.product or row.material,
            row.operation,
            row.work_center,
            row.status,
            row.planned,
            row.good,
            row.unit,
            row.due,
            times[began].time if (began := begun[key]) in times else "",
            tuple(names.get(one, one) for one in people[key]),
        )
        for row in rows
        for key in [(row.order_number, row.operation)]
    ]


def on_it(order: Order | None, operation: str) -> tuple[str, ...]:
    """Who joined an operation and has not left it."""
    if order is None:
        return ()
    joined = order.joined().values()
    return tuple(sorted({one.operator for one in joined if one.operation == operation}))


def people_named(connection: Connection, people: Iterable[str]) -> dict[str, str]:
    """Operator → name."""
    wanted = sorted(people)
    if not wanted:
        return {}
    table = master
    rows = connection.execute(
        select(table.c.key, table.c.body).where(
            table.c.kind == "OperatorDefined", table.c.key.in_(wanted)
        )
    )
    return {key: str(msgspec.json.decode(body).get("name") or key) for key, body in rows}


def _states(connection: Connection, orders: Iterable[str]) -> dict[str, Order]:
    table = order_state
    wanted = sorted(orders)
    rows = connection.execute(
        select(table.c.order_number, table.c.body).where(table.c.order_number.in_(wanted))
    )
    return {number: decode_order(body) for number, body in rows}


def _begun(order: Order | None, operation: str) -> str:
    """The event that began an operation, the first of them."""
    if order is None:
        return ""
    starts = [one for one in order.starts.values() if one.operation == operation]
    return min(starts, key=lambda one: (one.at, one.id)).id if starts else ""
