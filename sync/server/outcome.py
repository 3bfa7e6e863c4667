"""The home of what becomes of a station's events: how far they are counted, which need review.

What needs review is in quarantine, or disagrees with the plan and nobody has accepted or reviewed
it. It goes by itself when a planner reviews it or later events dissolve it.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, func, select

from sync.server import tables
from sync.server.ledger import reader_mark
from sync.server.rows import rows_with
from sync.server.sentences import sentence
from sync.server.view_tables import deviation, master
from sync.wire import OutcomeAnswer, Review

READER: Final = "projector"
REVIEWS_MAX: Final = 100
SETS_READ_MAX: Final = 1_000
QUARANTINE: Final = "quarantine"
SETTLED: Final = "note"  # a severity that asks nothing of anybody
OF_TWO: Final = ("already_ended", "serial_seen_before")


def owner_of(connection: Connection, origin: str) -> str | None:
    """The station that an origin belongs to; nothing where it never pushed."""
    table = tables.origin
    found = connection.execute(select(table.c.station).where(table.c.origin == origin))
    station = found.scalar()
    return None if station is None else str(station)


def outcome_of(connection: Connection, origin: str, station: str) -> OutcomeAnswer:
    """How far an origin is counted, and its events that need review, the latest first."""
    found = [
        *_in_quarantine(connection, origin, station),
        *_of_events(connection, origin, station),
        *_of_sets(connection, origin, station),
    ]
    latest = sorted(dict(found).items(), key=lambda one: (-one[1][0], one[0]))[:REVIEWS_MAX]
    reviews = tuple(Review(event, name, text) for (event, name), (_, text) in latest)
    return OutcomeAnswer(counted_of(connection, origin), reviews)


def counted_of(connection: Connection, origin: str) -> int:
    """The highest seq up to which all of an origin's events are in the views."""
    place, mark = tables.place, reader_mark(connection, READER)
    waiting = select(func.min(place.c.seq)).where(place.c.origin == origin, place.c.position > mark)
    first = connection.execute(waiting).scalar()
    if first is not None:
        return int(first) - 1
    whole = select(func.max(place.c.seq)).where(place.c.origin == origin)
    return int(connection.execute(whole).scalar() or 0)


Found = tuple[tuple[str, str], tuple[int, str]]  # (event, deviation) → (position, sentence)


def _in_quarantine(connection: Connection, origin: str, station: str) -> Iterator[Found]:
    event, place = tables.event, tables.place
    rows = (
        select(event.c.id, event.c.position)
        .join(place, place.c.position == event.c.position)
        .where(event.c.unreadable != "", place.c.origin == origin)
        .order_by(event.c.position.desc())
        .limit(REVIEWS_MAX)
    )
    for event_id, position in connection.execute(rows):
        yield (event_id, QUARANTINE), (position, sentence(QUARANTINE, {}, station=station))


def _of_events(connection: Connection, origin: str, station: str) -> Iterator[Found]:
    """Own events that disagree with the plan, and that no badge and no planner accepted."""
    table, event, place = deviation, tables.event, tables.place
    query = (
        select(table.c.target, table.c.name, table.c.facts, table.c.operator, table.c.position)
        .join(event, event.c.id == table.c.target)
        .join(place, place.c.position == event.c.position)
        .where(table.c.status == "open", table.c.kind == "event", table.c.station == station)
        .where(table.c.accepted_by == "", table.c.severity != SETTLED)
        .where(place.c.origin == origin)
        .order_by(table.c.position.desc(), table.c.name)
        .limit(REVIEWS_MAX)
    )
    rows = connection.execute(query).all()
    names = _names(connection, {row.operator for row in rows})
    for row in rows:
        who = names.get(row.operator, row.operator)
        text = sentence(row.name, _facts(row), station=station, who=who)
        yield (row.target, row.name), (row.position, text)


def _of_sets(connection: Connection, origin: str, station: str) -> Iterator[Found]:
    """What stations did without knowing of each other: each of the two hears of it."""
    table = deviation
    query = (
        select(table.c.name, table.c.facts, table.c.position)
        .where(table.c.status == "open", table.c.kind == "set", table.c.name.in_(OF_TWO))
        .order_by(table.c.position.desc(), table.c.target)
        .limit(SETS_READ_MAX)
    )
    told = [(row, _facts(row)) for row in connection.execute(query)]
    ids = {facts.get(rank, "") for _, facts in told for rank in ("first", "second")}
    own = _own(connection, origin, ids - {""})
    for row, facts in told:
        for rank in ("first", "second"):
            if facts.get(rank) in own:
                text = sentence(row.name, facts, station=station)
                yield (facts[rank], row.name), (row.position, text)


def _own(connection: Connection, origin: str, ids: Iterable[str]) -> set[str]:
    """Of these events those that stand in an origin."""
    at = {
        row[1]: row[0] for row in rows_with(connection, tables.event, "id", sorted(ids), "position")
    }
    places = rows_with(connection, tables.place, "position", sorted(at), "origin")
    return {at[position] for position, of in places if of == origin}


def _names(connection: Connection, people: set[str]) -> dict[str, str]:
    """Person → name."""
    rows = rows_with(connection, master, "key", sorted(people), "kind", "body")
    return {
        key: msgspec.json.decode(body, type=_Named).name or key
        for key, kind, body in rows
        if kind == "OperatorDefined"
    }


class _Named(msgspec.Struct):
    name: str = ""


def _facts(row: Any) -> dict[str, str]:
    return msgspec.json.decode(row.facts or "{}", type=dict[str, str])
