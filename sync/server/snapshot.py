"""The home of the snapshot: events, not state, in pages, with the feed's mark to go on from.

The mark of a page with `more` is the cursor of the next page: the feed's mark when the snapshot
began, with the last event given behind the digest (`-1234`), so that no feed takes it for a mark of
its own. The last page has the feed's mark. What changes meanwhile comes by the feed after that.
"""

import threading
from bisect import bisect_right
from collections import OrderedDict
from typing import Final

from sqlalchemy import Connection

from sync.server.feed import MarkGoneError, bound, check_mark, end_mark, raw_events, unbound
from sync.server.views.snapshot import snapshot_positions
from sync.wire import FEED_EVENTS_MAX, FeedMark, FeedPage, WireError

SNAPSHOTS_KEPT_MAX: Final = 16
_FIRST: Final = 0


class SnapshotError(Exception):
    """A cursor that cannot be gone on with: the station begins the snapshot again."""


class Snapshots:
    """Gives pages; remembers what the latest snapshots consist of, so that pages cost no search.

    A page asked for after its snapshot was forgotten selects anew, which is as good: what left the
    selection since is told by the feed after the mark.
    """

    def __init__(self) -> None:
        self._selected: OrderedDict[tuple[str, tuple[str, ...]], list[int]] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, connection: Connection, scopes: tuple[str, ...], cursor: str) -> FeedPage:
        """The page after a cursor, the first for none; raises `SnapshotError`."""
        mark, given = _begun(connection, scopes, cursor)
        positions = self._positions(connection, scopes, mark)
        start = bisect_right(positions, given)
        page = positions[start : start + FEED_EVENTS_MAX]
        if start + len(page) == len(positions):
            return FeedPage(raw_events(connection, page), mark)
        shown = FeedMark(mark.incarnation, mark.position, f"{mark.digest}-{page[-1]}")
        return FeedPage(raw_events(connection, page), shown, more=True)

    def _positions(
        self, connection: Connection, scopes: tuple[str, ...], mark: FeedMark
    ) -> list[int]:
        key = (mark.text(), scopes)
        with self._lock:
            found = self._selected.get(key)
        if found is None:
            found = snapshot_positions(connection, scopes)
            with self._lock:
                self._selected[key] = found
                if len(self._selected) > SNAPSHOTS_KEPT_MAX:
                    self._selected.popitem(last=False)
        return found


def _begun(connection: Connection, scopes: tuple[str, ...], cursor: str) -> tuple[FeedMark, int]:
    """The mark that the snapshot ends with, and the last position given."""
    if not cursor:
        return bound(end_mark(connection), scopes), _FIRST
    text, _, event = cursor.rpartition("-")
    try:
        mark, given = FeedMark.of(text), int(event)
        check_mark(connection, unbound(mark, scopes))
    except (WireError, ValueError, MarkGoneError) as fault:
        raise SnapshotError(f"cursor {cursor[:80]!r}: {fault}; begin the snapshot again") from None
    return mark, given
