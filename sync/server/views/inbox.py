"""The home of what the inbox of deviations asks: those that stand open by severity and order, and
the events behind each as facts that a person reads.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, case, func, select

from sync.domain.events import Event
from sync.domain.quantity import shown as unit_shown
from sync.server import tables
from sync.server.station_clocks import clock_book
from sync.server.view_tables import deviation, order_view, reversed_act
from sync.server.views.floor import DeviationLine, lines_of
from sync.wire import Unknown, decode

SEVERITIES: Final = ("refuse", "supervisor", "confirm", "note")
STATUSES: Final = ("open", "reviewed", "accepted", "withdrawn")
EVENTS_MAX: Final = 50
NAMES_MAX: Final = 200
BODY_LEFT_OUT: Final = frozenset(
    {"type", "id", "n", "act", "at", "boot", "mono", "station", "operator", "supervisor", "saw"}
)


class Inbox(msgspec.Struct, frozen=True):
    """Deviations of one filter: `names` and `counts` tell of all that are open."""

    lines: tuple[DeviationLine, ...]
    names: dict[str, int]
    severities: dict[str, int]


class Told(msgspec.Struct, frozen=True):
    """An event behind a deviation: `facts` are its fields as text, in their order."""

    id: str
    kind: str
    act: str
    at: str
    station: str
    operator: str
    supervisor: str
    facts: tuple[tuple[str, str], ...]


def inbox(
    connection: Connection,
    *,
    status: str,
    order: str = "",
    name: str = "",
    severity: str = "",
    limit: int,
) -> Inbox:
    """What disagrees with the plan, the gravest first, those of an order together."""
    table = deviation
    rank = case(
        {one: number for number, one in enumerate(SEVERITIES)},
        value=table.c.severity,
        else_=len(SEVERITIES),
    )
    query = select(table).where(table.c.status == status)
    for column, wanted in ((table.c.order_number, order), (table.c.name, name),
                           (table.c.severity, severity)):  # fmt: skip
        query = query.where(column == wanted) if wanted else query
    told = (rank, table.c.order_number, table.c.position.desc(), table.c.target, table.c.name)
    lines = lines_of(connection, query.order_by(*told).limit(limit))
    return Inbox(tuple(lines), *(_counts(connection, by) for by in ("name", "severity")))


def _counts(connection: Connection, column: str) -> dict[str, int]:
    by, status = deviation.c[column], deviation.c.status
    found = connection.execute(
        select(by, func.count()).where(status == "open").group_by(by).order_by(by).limit(NAMES_MAX)
    )
    return {row[0]: row[1] for row in found}


def deviation_of(
    connection: Connection, target: str, name: str, subject: str = ""
) -> DeviationLine | None:
    """One deviation; without its subject the first of that name."""
    table = deviation
    query = select(table).where(table.c.target == target, table.c.name == name)
    if subject:
        query = query.where(table.c.subject == subject)
    found = lines_of(connection, query.order_by(table.c.status != "open", table.c.subject).limit(1))
    return found[0] if found else None


def act_of(connection: Connection, event_id: str) -> tuple[str, str, list[Event]]:
    """(act, order, its events) of an event; empty where there is none."""
    table = tables.event
    row = connection.execute(
        select(table.c.act, table.c.order_number).where(
            table.c.id == event_id, table.c.unreadable == ""
        )
    ).one_or_none()
    if row is None or not row.act:
        return "", "", []
    bodies = connection.execute(
        select(table.c.body)
        .where(table.c.act == row.act, table.c.unreadable == "")
        .order_by(table.c.position)
        .limit(EVENTS_MAX)
    )
    return row.act, row.order_number, _decoded([body for (body,) in bodies])


def is_reversed(connection: Connection, act: str) -> bool:
    """Whether an act was taken back."""
    table = reversed_act
    return connection.execute(select(table.c.act).where(table.c.act == act)).first() is not None


def order_status(connection: Connection, order: str) -> str:
    """The status of an order; empty where it is not known."""
    table = order_view
    found = connection.execute(select(table.c.status).where(table.c.order_number == order))
    return str(found.scalar() or "")


def events_behind(connection: Connection, line: DeviationLine) -> list[Told]:
    """The act that a deviation was found in; of a sum, the latest events of its order."""
    _, _, events = act_of(connection, line.target)
    if not events and line.order:
        table = tables.event
        bodies = connection.execute(
            select(table.c.body)
            .where(table.c.order_number == line.order, table.c.unreadable == "")
            .order_by(table.c.position.desc())
            .limit(EVENTS_MAX)
        )
        events = _decoded([body for (body,) in bodies])
    book = clock_book(connection, events)
    return [
        Told(
            event.id,
            type(event).__name__,
            event.act,
            book.timed(event).time,
            event.station,
            event.operator,
            str(getattr(event, "supervisor", "") or ""),
            facts_of(event),
        )
        for event in events
    ]


def facts_of(event: Event) -> tuple[tuple[str, str], ...]:
    """The filled fields of an event that are its own, as text."""
    plain = msgspec.to_builtins(event)
    return tuple(
        (name, _text(value))
        for name, value in plain.items()
        if name not in BODY_LEFT_OUT and value not in ("", None, [], {}, ())
    )


def _text(value: Any) -> str:
    if isinstance(value, dict) and value.keys() == {"amount", "unit"}:
        return f"{value['amount']} {unit_shown(value['unit'])}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(one)}" for key, one in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(one) for one in value)
    return str(value)


def _decoded(bodies: Sequence[bytes]) -> list[Event]:
    return [event for body in bodies if not isinstance(event := decode(body).event, Unknown)]
