"""The home of the feed: what stations are told, by scope, with a mark that proves itself.

The projector appends rows; stations read pages after their mark. One digest chain runs over all
scopes: digest(row) = sha256(digest before ‖ event id ‖ scope), so that a mark of a restored or
another ledger is known as foreign. A page that is not full moves the mark to the feed's end.

A mark says nothing about rows of scopes that its station did not hear then. So it is bound to them:
what is given to a station has a hash of its scopes behind the digest (`…~1a2b3c4d`), and a station
that hears others by now, however old or cloned its journal is, takes a snapshot of all of them.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

import msgspec
from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy import insert as insert_into

from sync.server import tables
from sync.server.ledger import bodies_at
from sync.server.receiving import take_positions
from sync.server.rows import insert_rows, rows_with
from sync.server.settings import INCARNATION, setting
from sync.wire import FEED_EVENTS_MAX, FeedMark, FeedPage

SITE: Final = "site"
FEED_DAYS_KEPT: Final = 30
_COLUMNS: Final = ("position", "scope", "event_position", "digest")
_PRUNED: Final = "feed_pruned"
_BINDS: Final = "~"
_BOUND_CHARS: Final = 16
_SCOPES_REMEMBERED_MAX: Final = 4_096
# Made once: to make a statement costs more than to run it.
_COUNTER: Final = select(tables.head.c.position).where(tables.head.c.name == bindparam("counter"))
_DIGEST: Final = select(tables.feed.c.digest).where(tables.feed.c.position == bindparam("at"))
_NONE_KNOWN: Final[Mapping[int, str]] = {}
_START: Final = hashlib.sha256(b"feed").digest()


class MarkGoneError(Exception):
    """A mark that this feed cannot confirm: the station takes a snapshot. The message says why."""


def scopes_of(station: str, work_centers: Iterable[str]) -> tuple[str, ...]:
    """The scopes that a station hears: the site, its work centers and itself."""
    return (SITE, *(f"work_center:{name}" for name in work_centers), f"station:{station}")


def bound(mark: FeedMark, scopes: Collection[str]) -> FeedMark:
    """The mark as a station that hears these scopes is given it."""
    return msgspec.structs.replace(mark, digest=mark.digest + _bond(tuple(sorted(scopes))))


def unbound(mark: FeedMark, scopes: Collection[str]) -> FeedMark:
    """The mark as the feed knows it; raises `MarkGoneError` where it was given for other scopes."""
    digest, binds, _ = mark.digest.partition(_BINDS)
    if binds and mark.digest != digest + _bond(tuple(sorted(scopes))):
        raise MarkGoneError("the mark was given when the station had other work centers")
    return msgspec.structs.replace(mark, digest=digest)


@lru_cache(_SCOPES_REMEMBERED_MAX)
def _bond(scopes: tuple[str, ...]) -> str:
    return _BINDS + hashlib.sha256("\n".join(scopes).encode()).hexdigest()[:_BOUND_CHARS]


def append_feed(
    connection: Connection,
    rows: Sequence[tuple[str, int]],
    known: Mapping[int, str] = _NONE_KNOWN,
) -> None:
    """Append (scope, event position) rows in order, within the projector's transaction.

    `known` are ids of events by their positions; the others are read.
    """
    if not rows:
        return
    unknown = {position for _, position in rows if position not in known}
    ids = {**known, **_ids_at(connection, sorted(unknown))}
    first = take_positions(connection, "feed", len(rows))
    digest = _digest_at(connection, first - 1)
    assert digest is not None, f"the feed has no row {first - 1} before its end"
    made = []
    for count, (scope, position) in enumerate(rows):
        digest = hashlib.sha256(digest + ids[position].encode() + scope.encode()).digest()
        made.append((first + count, scope, position, digest))
    insert_rows(connection, tables.feed, _COLUMNS, made)


def end_mark(connection: Connection) -> FeedMark:
    """The mark at the feed's end."""
    end = connection.execute(_COUNTER, {"counter": "feed"}).scalar_one()
    digest = _digest_at(connection, end)
    assert digest is not None, f"the feed's last row {end} is never pruned"
    return FeedMark(setting(connection, INCARNATION), int(end), digest.hex())


def check_mark(connection: Connection, mark: FeedMark) -> None:
    """Raise `MarkGoneError` unless this feed had that row and keeps all that follows it."""
    if mark.incarnation != setting(connection, INCARNATION):
        raise MarkGoneError("the mark is of another incarnation of the server")
    if mark.position < _pruned(connection):
        raise MarkGoneError(f"position {mark.position} is pruned from the feed")
    digest = _digest_at(connection, mark.position) if 0 <= mark.position < 2**53 else None
    if digest is None or digest.hex() != mark.digest:
        raise MarkGoneError(f"the feed has no such mark at position {mark.position}")


def read_feed(connection: Connection, scopes: Collection[str], mark: FeedMark) -> FeedPage:
    """The page after a mark; raises `MarkGoneError`. An empty page may move the mark."""
    mark = unbound(mark, scopes)
    check_mark(connection, mark)
    table = tables.feed
    rows = connection.execute(
        select(table.c.position, table.c.event_position, table.c.digest)
        .where(table.c.scope.in_(list(scopes)), table.c.position > mark.position)
        .order_by(table.c.position)
        .limit(FEED_EVENTS_MAX)
    ).all()
    more = len(rows) == FEED_EVENTS_MAX
    at = FeedMark(mark.incarnation, rows[-1][0], rows[-1][2].hex()) if more else None
    wanted = list(dict.fromkeys(row[1] for row in rows))
    given = bound(at or end_mark(connection), scopes)
    return FeedPage(raw_events(connection, wanted), given, more)


def raw_events(connection: Connection, positions: Sequence[int]) -> tuple[msgspec.Raw, ...]:
    """The bodies at some positions, as they are, in the order asked for."""
    bodies = bodies_at(connection, positions)
    return tuple(msgspec.Raw(bodies[at]) for at in positions if at in bodies)


def prune_feed(connection: Connection, before_ms: int, rows_max: int = 500) -> int:
    """Drop rows of events received before a time, never the last row; returns how many."""
    table, event = tables.feed, tables.event
    end = end_mark(connection).position
    old = connection.execute(
        select(table.c.position, event.c.received_ms)
        .join(event, event.c.position == table.c.event_position)
        .where(table.c.position < end)
        .order_by(table.c.position)
        .limit(rows_max)
    ).all()
    count = next((n for n, row in enumerate(old) if row[1] >= before_ms), len(old))
    if not count:
        return 0
    last = old[count - 1][0]
    connection.execute(delete(table).where(table.c.position <= last))
    _keep_pruned(connection, last)
    return count


def _ids_at(connection: Connection, positions: Sequence[int]) -> dict[int, str]:
    return dict(rows_with(connection, tables.event, "position", positions, "id"))


def _digest_at(connection: Connection, position: int) -> bytes | None:
    if position == 0:
        return _START
    found = connection.execute(_DIGEST, {"at": position}).first()
    return bytes(found[0]) if found else None


def _pruned(connection: Connection) -> int:
    """A mark below this has lost rows that it did not see."""
    return int(connection.execute(_COUNTER, {"counter": _PRUNED}).scalar() or 0)


def _keep_pruned(connection: Connection, position: int) -> None:
    table = tables.head
    moved = update(table).where(table.c.name == _PRUNED).values(position=position)
    if not connection.execute(moved).rowcount:
        connection.execute(insert_into(table).values(name=_PRUNED, position=position))
