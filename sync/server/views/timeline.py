"""What people ask of the past of an order: every event of it, the latest first."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, exists, select

from sync.domain.events import Event, OperatorDefined
from sync.domain.quantity import Quantity
from sync.server.tables import event as event_table
from sync.server.view_tables import master, reversed_act
from sync.server.views.times import times_of
from sync.wire import Unknown, decode

EVENTS_MAX: Final = 50


class TimeLine(msgspec.Struct, frozen=True):
    """One event: what, who, where, when; `facts` are what its sentence tells.

    `amount` and `scrap` are micros of `unit`; `undone` if it was reversed.
    """

    position: int
    kind: str
    at: str
    who: str
    name: str
    station: str
    amount: int = 0
    scrap: int = 0
    unit: str = ""
    facts: dict[str, str] = {}
    reason: str = ""
    undone: bool = False


_FACTS: Final = (
    "material", "lot", "serial", "operation", "work_center", "step", "check", "value", "label",
    "disposition", "due", "start", "priority", "line", "order",
)  # fmt: skip


def timeline(
    connection: Connection, number: str, before: int = 0, limit: int = EVENTS_MAX
) -> list[TimeLine]:
    """The events of an order, the latest first, below a position of the ledger."""
    event = event_table
    undone = exists().where(reversed_act.c.act == event.c.act)
    query = (
        select(event.c.position, event.c.id, event.c.body, undone.label("undone"))
        .where(event.c.order_number == number, event.c.unreadable == "", event.c.order_number != "")
        .order_by(event.c.position.desc())
        .limit(limit)
    )
    if before:
        query = query.where(event.c.position < before)
    return told_lines(connection, connection.execute(query).all())


def told_lines(connection: Connection, rows: Sequence[Any]) -> list[TimeLine]:
    """Rows of `position`, `id`, `body` and `undone` as lines, without what nobody can read."""
    told = [(row, decode(row.body).event) for row in rows]
    found = [(row, one) for row, one in told if not isinstance(one, Unknown)]
    times = times_of(connection, {one.id for _, one in found})
    people = people_names(connection, {one.operator for _, one in found})
    return [
        _line(row, one, times[one.id].time if one.id in times else one.at, people)
        for row, one in found
    ]


def _line(row: Any, event: Event, at: str, people: dict[str, str]) -> TimeLine:
    amount, scrap = _amounts(event)
    facts = {name: str(getattr(event, name)) for name in _FACTS if getattr(event, name, "")}
    return TimeLine(
        position=row.position,
        kind=_kind(event),
        at=at,
        who=event.operator,
        name=people.get(event.operator, event.operator),
        station=event.station,
        amount=amount.micros if amount else 0,
        scrap=scrap.micros if scrap else 0,
        unit=amount.unit if amount else "",
        facts=facts,
        reason=str(getattr(event, "reason", "") or getattr(event, "verdict", "")),
        undone=bool(row.undone),
    )


def _kind(event: Event) -> str:
    if getattr(event, "scrapped", False):
        return "MaterialScrapped"
    if event.accepted and type(event).__name__ == "OrderReleased":
        return "OrderReleasedShort"
    return type(event).__name__


def _amounts(event: Event) -> tuple[Quantity | None, Quantity | None]:
    told = getattr(event, "quantity", None) or getattr(event, "good", None)
    return told, getattr(event, "scrap", None)


def people_names(connection: Connection, people: Iterable[str]) -> dict[str, str]:
    """Person → name, as master data tells it."""
    query = select(master.c.key, master.c.body).where(
        master.c.kind == OperatorDefined.__name__, master.c.key.in_(sorted(set(people)))
    )
    rows = connection.execute(query)
    return {key: msgspec.json.decode(body, type=OperatorDefined).name or key for key, body in rows}
