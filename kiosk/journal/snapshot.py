"""The home of the snapshot at the station: laid by in pages, then made known in small steps.

Own acts go between the steps. The mark of the feed moves with the last of them, so that a snapshot
that was broken off is asked for again; what it told until then is true and stays known.
"""

from collections.abc import Sequence
from sqlite3 import Connection

from kiosk.journal import store
from kiosk.journal.store import Head
from kiosk.journal.writer import Turn, Writer
from sync.wire import FeedMark, Recorded, decode


def stage(writer: Writer, station: str, bodies: Sequence[bytes], *, restart: bool) -> None:
    """Lay a page by; `restart` drops what lay there. Waits until it is stored."""
    if restart:
        writer.do_steps(Turn.FEED, store.clear_step).result()
    records = [decode(body) for body in bodies]
    for start in range(0, len(records), store.STAGED_EVENTS_MAX):
        some = records[start : start + store.STAGED_EVENTS_MAX]

        def work(connection: Connection, head: Head, some: Sequence[Recorded] = some) -> None:
            store.count_own(connection, head, station, some)
            store.stage(connection, some)

        writer.do(Turn.FEED, work).result()


def switch(writer: Writer, mark: FeedMark) -> dict[int, int]:
    """What is staged becomes known, and the mark ours; first and last `local` of what was new."""
    fresh: dict[int, int] = {}

    def step(connection: Connection, head: Head) -> bool:
        return store.switch_step(connection, head, mark, fresh)

    writer.do_steps(Turn.FEED, step).result()
    return fresh
