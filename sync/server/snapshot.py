"""The home of the snapshot: events, not state, in pages, with the feed's mark to go on from.

The mark of a page with `more` is the cursor of the next page: the feed's mark when the snapshot
began, with the last event given behind the digest (`-1234`), so that no feed takes it for a mark of
its own. The last page has the feed's mark. What changes meanwhile comes by the feed after that.
"""

from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection

from sync.server.feed import MarkGoneError, check_mark, end_mark, raw_events
from sync.server.views import snapshot_positions
from sync.wire import FEED_EVENTS_MAX, FeedMark, FeedPage, WireError

_FIRST: Final = 0


class SnapshotError(Exception):
    """A cursor that cannot be gone on with: the station begins the snapshot again."""


def read_snapshot(connection: Connection, scopes: Collection[str], cursor: str) -> FeedPage:
    """The page after a cursor, the first for none; raises `SnapshotError`."""
    mark, given = _begun(connection, cursor)
    positions = [at for at in snapshot_positions(connection, scopes) if at > given]
    page = positions[:FEED_EVENTS_MAX]
    more = len(positions) > len(page)
    shown = FeedMark(mark.incarnation, mark.position, f"{mark.digest}-{page[-1]}") if more else mark
    return FeedPage(raw_events(connection, page), shown, more)


def _begun(connection: Connection, cursor: str) -> tuple[FeedMark, int]:
    if not cursor:
        return end_mark(connection), _FIRST
    text, _, event = cursor.rpartition("-")
    try:
        mark, given = FeedMark.of(text), int(event)
        check_mark(connection, mark)
    except (WireError, ValueError, MarkGoneError) as fault:
        raise SnapshotError(f"cursor {cursor[:80]!r}: {fault}; begin the snapshot again") from None
    return mark, given
