"""Who knew of what: whether a station had been told of an event when it made another.

An event tells in `saw` how far its station had read the feed. What another station did is known
once a row of the feed that tells it lies at or before that. A row stands behind all that its own
event had seen, which bounds the search; rows of another incarnation prove nothing.
"""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, select

from sync.domain.events import Event
from sync.server import tables
from sync.server.rows import rows_with
from sync.server.settings import INCARNATION, setting
from sync.wire import Unknown, decode


class Placed(NamedTuple):
    """An event and its position in the ledger."""

    position: int
    event: Event


def placed(connection: Connection, ids: Collection[str]) -> list[Placed]:
    """The readable events of these ids, the first first: by `n` at one station, else by ledger."""
    rows = rows_with(connection, tables.event, "id", sorted(ids), "position", "body")
    found = [
        Placed(position, event)
        for _, position, body in sorted(rows, key=lambda row: row[1])
        if not isinstance(event := decode(body).event, Unknown)
    ]
    return _by_station(found)


def knew(connection: Connection, later: Placed, earlier: Placed) -> bool:
    """Whether the later event was made knowing of the earlier one."""
    after, before = later.event, earlier.event
    if after.station == before.station:
        return before.n < after.n
    if after.saw is None or after.saw[0] != setting(connection, INCARNATION):
        return False
    same = before.saw is not None and before.saw[0] == after.saw[0]
    seen = before.saw[1] if before.saw is not None and same else 0
    if seen >= after.saw[1]:
        return False
    feed = tables.feed
    told = select(feed.c.position).where(
        feed.c.position > seen,
        feed.c.position <= after.saw[1],
        feed.c.event_position == earlier.position,
    )
    return connection.execute(told.limit(1)).first() is not None


def _by_station(found: list[Placed]) -> list[Placed]:
    """The same places in the ledger, but what one station did in the order in which it did it."""
    turns: dict[str, list[Placed]] = {}
    for one in sorted(found, key=lambda one: (one.event.n, one.position), reverse=True):
        turns.setdefault(one.event.station, []).append(one)
    return [turns[one.event.station].pop() for one in found]
