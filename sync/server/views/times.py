"""What people ask about when things happened and how long they took, each clock put right."""

from collections.abc import Collection, Iterable, Sequence

import msgspec
from sqlalchemy import Connection, select

from sync.domain.durations import attended_seconds, pause_seconds, run_seconds, setup_seconds
from sync.domain.events import Event, OperationEnded, OperationStarted
from sync.domain.order import Order
from sync.server import tables
from sync.server.causality import placed
from sync.server.rows import rows_with
from sync.server.station_clocks import ClockBook, Timed, clock_book
from sync.server.view_tables import lot_event
from sync.wire import Unknown, decode


class OperationTimes(msgspec.Struct, frozen=True):
    """When an operation first began and last ended; seconds of what has ended, set-up,
    run and pauses each apart.
    """

    started: Timed | None = None
    ended: Timed | None = None
    run_seconds: int = 0
    pause_seconds: int = 0
    setup_seconds: int = 0


class OrderTimes(msgspec.Struct, frozen=True):
    """The times of an order by operation; `attended` are whole seconds by person."""

    operations: dict[str, OperationTimes]
    attended: dict[str, int]


def times_of(connection: Connection, ids: Collection[str]) -> dict[str, Timed]:
    """When events happened, by id; what cannot be read is left out."""
    rows = rows_with(connection, tables.event, "id", sorted(ids), "body")
    events = [event for _, body in rows if not isinstance(event := decode(body).event, Unknown)]
    book = clock_book(connection, events)
    return {event.id: book.timed(event) for event in events}


def order_times(connection: Connection, order: Order) -> OrderTimes:
    """How long the operations of an order took, and since when or until when."""
    kept: tuple[Iterable[Event], ...] = (
        *(order.starts.values(), order.ends.values(), order.pauses.values()),
        *(order.resumes.values(), order.joins.values(), order.leaves.values()),
        order.setups.values(),
    )
    book = clock_book(connection, [event for events in kept for event in events])
    turn = _turns(connection, [*order.starts, *order.ends])
    starts = sorted(order.starts.values(), key=lambda one: turn.get(one.id, 0))
    ends = sorted(order.ends.values(), key=lambda one: turn.get(one.id, 0))
    names = {one.operation for one in (*starts, *ends)}
    attended = attended_seconds(order, book.seconds)
    return OrderTimes(
        {name: _operation(order, name, starts, ends, book) for name in sorted(names)},
        {who: round(seconds) for who, seconds in sorted(attended.items())},
    )


def lot_times(connection: Connection, material: str, lot: str) -> tuple[Timed | None, Timed | None]:
    """When a lot was first and last moved, the first first by the ledger."""
    table = lot_event
    found = select(table.c.position).where(table.c.material == material, table.c.lot == lot)
    positions = sorted(row[0] for row in connection.execute(found))
    ends = sorted({*positions[:1], *positions[-1:]})
    rows = sorted(rows_with(connection, tables.event, "position", ends, "body"))
    events = [event for _, body in rows if not isinstance(event := decode(body).event, Unknown)]
    if not events:
        return None, None
    book = clock_book(connection, events)
    return book.timed(events[0]), book.timed(events[-1])


def _operation(
    order: Order,
    name: str,
    starts: Sequence[OperationStarted],
    ends: Sequence[OperationEnded],
    book: ClockBook,
) -> OperationTimes:
    first = next((one for one in starts if one.operation == name), None)
    last = next((one for one in reversed(ends) if one.operation == name), None)
    return OperationTimes(
        started=book.timed(first) if first is not None else None,
        ended=book.timed(last) if last is not None else None,
        run_seconds=round(run_seconds(order, name, book.seconds)),
        pause_seconds=round(pause_seconds(order, name, book.seconds)),
        setup_seconds=round(setup_seconds(order, name, book.seconds)),
    )


def _turns(connection: Connection, ids: Collection[str]) -> dict[str, int]:
    """Event → its turn: by `n` at one station, else by the ledger."""
    return {one.event.id: turn for turn, one in enumerate(placed(connection, ids))}
