"""What people ask of a person: who is called so, and what one of them told on a day."""

from datetime import date
from typing import Final

import msgspec
from sqlalchemy import Connection, exists, select

from sync.domain.events import Event, OperatorDefined
from sync.server.tables import event as event_table
from sync.server.view_tables import master, reversed_act
from sync.server.views.capital import position_at
from sync.server.views.found import HITS_OF_KIND_MAX, Hit
from sync.server.views.timeline import TimeLine, told_lines
from sync.wire import Unknown, decode

DAY_EVENTS_MAX: Final = 50_000
LINES_MAX: Final = 300
_named: Final = msgspec.json.Decoder(OperatorDefined)


def person_hits(connection: Connection, wanted: str) -> list[Hit]:
    """People of this number or name; else whose name holds it. Badges are no way to find anyone."""
    sought = wanted.casefold()
    people = _people(connection) if sought else []
    same = [one for one in people if sought in (one.person.casefold(), one.name.casefold())]
    like = [one for one in people if sought in f"{one.person}\n{one.name}".casefold()]
    return [Hit("person", one.person, "", one.name) for one in (same or like)][:HITS_OF_KIND_MAX]


def person_named(connection: Connection, person: str) -> OperatorDefined | None:
    """The person of a number."""
    query = select(master.c.body).where(
        master.c.kind == OperatorDefined.__name__, master.c.key == person
    )
    body = connection.execute(query).scalar()
    return _named.decode(body) if body is not None else None


def told_by_person(connection: Connection, person: str, day: date) -> list[TimeLine]:
    """What a person told on a day by the station's clock, the latest first."""
    table = event_table
    undone = exists().where(reversed_act.c.act == table.c.act)
    query = (
        select(table.c.position, table.c.id, table.c.body, undone.label("undone"))
        .where(table.c.position >= position_at(connection, day), table.c.unreadable == "")
        .order_by(table.c.position.desc())
        .limit(DAY_EVENTS_MAX)
    )
    sought = b'"operator":' + msgspec.json.encode(person)
    found = (row for row in connection.execute(query) if sought in bytes(row.body))
    mine = [row for row in found if _is_of(decode(row.body).event, person, day)]
    return told_lines(connection, mine[:LINES_MAX])


def _is_of(event: Event | Unknown, person: str, day: date) -> bool:
    if isinstance(event, Unknown):
        return False
    return event.operator == person and event.at[:10] == day.isoformat()


def _people(connection: Connection) -> list[OperatorDefined]:
    query = select(master.c.body).where(master.c.kind == OperatorDefined.__name__)
    return [_named.decode(body) for (body,) in connection.execute(query.order_by(master.c.key))]
