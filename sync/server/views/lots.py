"""What people ask of one lot: where it lies, what it is, and every movement that made it so."""

from typing import Any, Final

import msgspec
from sqlalchemy import Connection, and_, exists, select

from sync.domain.events import Event, LotStatusSet, MaterialConsumed, StockCounted
from sync.domain.stock import Lot, movements
from sync.server.projector_state import decode_holding
from sync.server.tables import event as event_table
from sync.server.view_tables import lot_event, reversed_act, stock
from sync.wire import Unknown, decode

MOVEMENTS_MAX: Final = 100


class LotMovement(msgspec.Struct, frozen=True):
    """One event of a lot: `delta` is what it added to the stock, `amount`
    what was moved or told, `undone` if it was reversed.
    """

    position: int
    kind: str
    at: str
    who: str
    station: str
    order: str
    delta: int
    amount: int
    unit: str
    source: str
    destination: str
    reason: str
    status: str
    undone: bool


class LotFacts(msgspec.Struct, frozen=True):
    """A lot as it stands; amounts in micros of `unit`, `places` (place, micros)."""

    material: str
    lot: str
    unit: str
    micros: int
    places: tuple[tuple[str, int], ...]
    status: str
    expiry: str
    supplier_lot: str
    received: int
    revision: int
    status_reason: str
    status_by: str
    serials: tuple[str, ...]


def lot_of(connection: Connection, material: str, lot: str) -> Lot | None:
    """The folded lot, or nothing where no event tells of it."""
    table = stock
    query = select(table.c.body).where(table.c.lot == lot, table.c.material == material)
    body = connection.execute(query).scalar()
    return decode_holding(body).lot if body is not None else None


def lot_facts(connection: Connection, material: str, lot: str) -> LotFacts | None:
    """A lot as people read it, or nothing."""
    table = stock
    query = select(table).where(table.c.lot == lot, table.c.material == material)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    held = decode_holding(row.body).lot
    told = held.status_set
    return LotFacts(
        material=material,
        lot=lot,
        unit=row.unit,
        micros=row.micros,
        places=tuple(held.places.items()),
        status=row.status,
        expiry=row.expiry,
        supplier_lot=row.supplier_lot,
        received=row.received,
        revision=told.revision if told else 0,
        status_reason=told.reason if told else "",
        status_by=told.operator if told else "",
        serials=tuple(sorted(one for one, count in held.serials.items() if count > 0)),
    )


def lot_movements(
    connection: Connection, material: str, lot: str, before: int = 0, limit: int = MOVEMENTS_MAX
) -> list[LotMovement]:
    """What moved a lot or set its status, the latest first, below a position."""
    moved, event = lot_event, event_table
    undone = exists().where(reversed_act.c.act == event.c.act)
    query = (
        select(event.c.position, event.c.body, undone.label("undone"))
        .join(moved, moved.c.position == event.c.position)
        .where(moved.c.material == material, moved.c.lot == lot)
        .order_by(moved.c.position.desc())
        .limit(limit)
    )
    if before:
        query = query.where(moved.c.position < before)
    found = ((row, decode(row.body).event) for row in connection.execute(query))
    return [_movement(row, event) for row, event in found if not isinstance(event, Unknown)]


def counted_since(
    connection: Connection, material: str, lot: str, place: str, position: int
) -> StockCounted | None:
    """The latest count of a lot at a place after a position, or nothing."""
    moved, event = lot_event, event_table
    query = (
        select(event.c.body)
        .join(moved, moved.c.position == event.c.position)
        .where(
            and_(moved.c.material == material, moved.c.lot == lot, moved.c.position > position),
            event.c.type == StockCounted.__name__,
            ~exists().where(reversed_act.c.act == event.c.act),
        )
        .order_by(moved.c.position.desc())
    )
    counts = (decode(body).event for (body,) in connection.execute(query))
    at_place = (one for one in counts if isinstance(one, StockCounted) and one.place == place)
    return next(at_place, None)


def _movement(row: Any, event: Event) -> LotMovement:
    moves = movements(event)
    told: Any = event
    source, destination = getattr(event, "source", ""), getattr(event, "destination", "")
    place = getattr(event, "place", "")
    same = [move.micros for move in moves if move.unit == moves[0].unit]
    kind = type(event).__name__
    scrapped = isinstance(event, MaterialConsumed) and event.scrapped
    return LotMovement(
        position=row.position,
        kind="MaterialScrapped" if scrapped else kind,
        at=event.at,
        who=event.operator,
        station=event.station,
        order=getattr(event, "order", ""),
        delta=sum(same),
        amount=abs(moves[0].micros) if moves else 0,
        unit=moves[0].unit if moves else "",
        source=source,
        destination=destination or place,
        reason=getattr(event, "reason", ""),
        status=told.status if isinstance(event, LotStatusSet) else "",
        undone=bool(row.undone),
    )
