"""The home of the long poll: a page of the feed as soon as there is one.

Who asks with the mark of the feed's end, as nearly all do, waits without a look at the database.
"""

import time
from typing import Final

from sync.server.database import Database
from sync.server.feed import bound, read_feed, unbound
from sync.server.hub import Hub
from sync.wire import FeedMark, FeedPage

ANSWER_SECONDS_MIN: Final = 0.001
END_SECONDS_MAX: Final = 5.0  # another process may have begun a new incarnation of the feed


class Polling:
    """Answers long polls; remembers the feed's end until something is fed."""

    def __init__(self, database: Database, hub: Hub) -> None:
        self._database = database
        self._hub = hub
        self._end: FeedMark | None = None
        self._generation = -1
        self._until = 0.0

    async def page(self, scopes: tuple[str, ...], mark: FeedMark, wait: float) -> FeedPage:
        """The page after a mark, waiting up to `wait` seconds; raises `MarkGoneError`."""
        until = time.monotonic() + wait
        with self._hub.listening(scopes) as waiter:
            while True:
                is_end = self._is_end(scopes, mark)
                page = FeedPage((), mark) if is_end else await self._read(scopes, mark)
                left = until - time.monotonic()
                if page.events or left < ANSWER_SECONDS_MIN or self._hub.stopping.is_set():
                    return page
                mark = page.mark
                await waiter.wait(left)

    def _is_end(self, scopes: tuple[str, ...], mark: FeedMark) -> bool:
        if self._generation != self._hub.generation or time.monotonic() >= self._until:
            return False
        return self._end is not None and mark == bound(self._end, scopes)

    async def _read(self, scopes: tuple[str, ...], mark: FeedMark) -> FeedPage:
        generation, began = self._hub.generation, time.monotonic()
        page = await self._database.read(lambda conn: read_feed(conn, scopes, mark))
        if not page.more and generation == self._hub.generation:
            self._end, self._generation = unbound(page.mark, scopes), generation
            self._until = began + END_SECONDS_MAX
        return page
