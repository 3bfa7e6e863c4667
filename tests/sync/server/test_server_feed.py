"""The feed's pages, marks and pruning; the snapshot's pages; who is woken."""

import asyncio
from pathlib import Path

import pytest

from sync.server.feed import (
    MarkGoneError,
    append_feed,
    bound,
    end_mark,
    prune_feed,
    read_feed,
    scopes_of,
)
from sync.server.hub import Hub
from sync.server.ledger import Ledger
from sync.server.polling import Polling
from sync.server.projector import Projector
from sync.server.settings import new_incarnation
from sync.server.snapshot import SnapshotError, Snapshots
from sync.wire import FEED_EVENTS_MAX, FeedMark, FeedPage
from tests.sync.server.server_parts import Log, help_called, ledger_at, material, rows

SCOPES = ("site", "work_center:MIX", "station:MIX-1")


def told(page: FeedPage) -> list[bytes]:
    return [bytes(event) for event in page.events]


def fed(ledger: Ledger, count: int, scopes: tuple[str, ...] = ("site",)) -> Log:
    """Fill a ledger with so many events, fed to the scopes in turn."""
    log = Log(help_called(count))
    log.push(ledger)
    feed = [(scopes[n % len(scopes)], n + 1) for n in range(count)]
    ledger.database.write_now(lambda conn: append_feed(conn, feed))
    return log


def read(ledger: Ledger, mark: FeedMark, scopes: tuple[str, ...] = SCOPES) -> FeedPage:
    return ledger.database.read_now(lambda conn: read_feed(conn, scopes, mark))


def test_the_scopes_of_a_station() -> None:
    assert scopes_of("MIX-1", ("MIX", "BAKE")) == (
        "site",
        "work_center:MIX",
        "work_center:BAKE",
        "station:MIX-1",
    )


def test_a_station_reads_its_scopes_in_order_and_once(ledger: Ledger) -> None:
    start = ledger.database.read_now(end_mark)
    log = Log(help_called(4))
    log.push(ledger)
    feed = [("site", 1), ("work_center:MIX", 1), ("work_center:BAKE", 2), ("station:MIX-1", 4)]
    ledger.database.write_now(lambda conn: append_feed(conn, feed))
    page = read(ledger, start)
    assert told(page) == [log.bodies[0], log.bodies[3]]
    assert (page.mark.position, page.more) == (4, False)
    assert told(read(ledger, page.mark)) == []
    assert told(read(ledger, start, ("work_center:BAKE",))) == [log.bodies[1]]


def test_long_feeds_come_in_pages_and_the_mark_passes_foreign_rows(ledger: Ledger) -> None:
    start = ledger.database.read_now(end_mark)
    log = fed(ledger, 2 * FEED_EVENTS_MAX + 10, ("site", "work_center:BAKE"))
    first = read(ledger, start)
    assert (len(first.events), first.more) == (FEED_EVENTS_MAX, True)
    second = read(ledger, first.mark)
    assert (len(second.events), second.more) == (5, False)
    assert told(first) + told(second) == log.bodies[::2]
    assert second.mark == bound(ledger.database.read_now(end_mark), SCOPES)


def test_marks_that_this_feed_cannot_confirm_are_gone(ledger: Ledger) -> None:
    fed(ledger, 3)
    end = ledger.database.read_now(end_mark)
    wrong = (
        FeedMark("another", end.position, end.digest),
        FeedMark(end.incarnation, 2, end.digest),
        FeedMark(end.incarnation, 4, end.digest),
        FeedMark(end.incarnation, -1, end.digest),
        FeedMark(end.incarnation, 2**70, end.digest),
        FeedMark(end.incarnation, 0, ""),
    )
    for mark in wrong:
        with pytest.raises(MarkGoneError):
            read(ledger, mark)
    ledger.database.write_now(new_incarnation)
    with pytest.raises(MarkGoneError, match="incarnation"):
        read(ledger, end)


def test_the_digest_of_a_mark_is_of_all_rows_before_it(tmp_path: Path) -> None:
    """A ledger that refilled in another order has the same positions and no such mark."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, other = ledger_at(tmp_path / "a"), ledger_at(tmp_path / "b")
    log = fed(one, 3)
    Log(list(reversed(log.bodies))).push(other)
    other.database.write_now(lambda conn: append_feed(conn, [("site", n) for n in (1, 2, 3)]))
    ends = [ledger.database.read_now(end_mark) for ledger in (one, other)]
    assert ends[0].position == ends[1].position
    assert ends[0].digest != ends[1].digest
    one.database.close()
    other.database.close()


def test_pruned_rows_make_older_marks_void_and_never_the_last_one(ledger: Ledger) -> None:
    fed(ledger, 5)
    start = FeedMark(ledger.incarnation, 0, "")
    two = read(ledger, ledger.database.read_now(end_mark)).mark
    assert ledger.database.write_now(lambda conn: prune_feed(conn, 0)) == 0
    later = ledger.clock.milliseconds() + 60_000
    assert ledger.database.write_now(lambda conn: prune_feed(conn, later, 3)) == 3
    assert ledger.database.write_now(lambda conn: prune_feed(conn, later)) == 1
    assert rows(ledger.database, "SELECT position FROM feed") == [(5,)]
    with pytest.raises(MarkGoneError, match="pruned"):
        read(ledger, start)
    assert told(read(ledger, two)) == []


def test_a_mark_holds_only_for_the_scopes_that_it_was_given_for(ledger: Ledger) -> None:
    """What a station did not hear then stands before its mark: only a snapshot brings it."""
    start, others = ledger.database.read_now(end_mark), ("work_center:BAKE", *SCOPES)
    log = fed(ledger, 3, ("work_center:BAKE", "site"))
    kept = read(ledger, start).mark
    assert kept.position == 3
    assert told(read(ledger, start, others)) == log.bodies  # a mark of no station is any one's
    with pytest.raises(MarkGoneError, match="other work centers"):
        read(ledger, kept, others)
    assert told(read(ledger, kept, tuple(reversed(SCOPES)))) == []
    snapshot = ledger.database.read_now(lambda conn: Snapshots().read(conn, others, ""))
    assert told(read(ledger, snapshot.mark, others)) == []
    with pytest.raises(MarkGoneError, match="other work centers"):
        read(ledger, snapshot.mark)


def test_a_snapshot_of_other_work_centers_is_not_gone_on_with(ledger: Ledger) -> None:
    ledger.append_office_now([material(f"M-{n:04d}") for n in range(FEED_EVENTS_MAX + 1)])
    Projector(ledger.database).catch_up()
    first = ledger.database.read_now(lambda conn: Snapshots().read(conn, SCOPES, ""))
    cursor, fewer = first.mark.text(), SCOPES[:1]
    with pytest.raises(SnapshotError, match="other work centers"):
        ledger.database.read_now(lambda conn: Snapshots().read(conn, fewer, cursor))


def test_a_snapshot_comes_in_pages_and_ends_with_the_feed_s_mark(ledger: Ledger) -> None:
    snapshots = Snapshots()
    names = [f"M-{n:04d}" for n in range(FEED_EVENTS_MAX + 20)]
    made = ledger.append_office_now([material(name) for name in names])
    Projector(ledger.database).catch_up()
    end = bound(ledger.database.read_now(end_mark), SCOPES)
    first = ledger.database.read_now(lambda conn: snapshots.read(conn, SCOPES, ""))
    assert (len(first.events), first.more) == (FEED_EVENTS_MAX, True)
    with pytest.raises(MarkGoneError):
        read(ledger, first.mark)
    for remembered in (snapshots, Snapshots()):
        second = ledger.database.read_now(
            lambda conn, kept=remembered: kept.read(conn, SCOPES, first.mark.text())  # type: ignore[misc]
        )
        assert (len(second.events), second.more, second.mark) == (20, False, end)
        assert told(first) + told(second) == [record.body for record in made]


@pytest.mark.parametrize("cursor", ["x", "a.1.b-2", "-", "a.b.c-d", "..-1"])
def test_a_cursor_that_is_none_of_ours_begins_again(ledger: Ledger, cursor: str) -> None:
    with pytest.raises(SnapshotError, match="begin the snapshot again"):
        ledger.database.read_now(lambda conn: Snapshots().read(conn, SCOPES, cursor))


def burst(hub: Hub) -> None:
    for _ in range(100):
        hub.wake({"station:A"})


async def test_only_the_scopes_concerned_are_woken_and_bursts_are_one() -> None:
    hub = Hub()
    hub.start()
    with hub.listening(("site", "station:A")) as one, hub.listening(("station:B",)) as other:
        assert hub.waiting == 2
        await asyncio.to_thread(burst, hub)
        assert await one.wait(1) is True
        assert await one.wait(0.01) is False
        assert await other.wait(0.01) is False
        hub.wake({"station:B", "site"})
        assert (await one.wait(1), await other.wait(1)) == (True, True)
    assert hub.waiting == 0


async def test_what_happens_between_reading_and_waiting_is_not_missed() -> None:
    hub = Hub()
    hub.start()
    with hub.listening(("site",)) as waiter:
        hub.wake({"site"})
        await asyncio.sleep(0)
        assert await waiter.wait(1) is True


async def test_stopping_ends_all_waiting() -> None:
    hub = Hub()
    hub.start()
    with hub.listening(("site",)) as waiter:
        waiting = asyncio.create_task(waiter.wait(30))
        await asyncio.sleep(0)
        await asyncio.to_thread(hub.stop)
        assert await waiting is True
        assert await waiter.wait(30) is True
    assert hub.stopping.is_set()


def test_waking_without_a_loop_is_harmless() -> None:
    Hub().wake({"site"})


async def test_a_poll_at_the_feed_s_end_waits_and_is_told_at_once(ledger: Ledger) -> None:
    hub = Hub()
    hub.start()
    polling, log = Polling(ledger.database, hub), Log(help_called(2))
    start = ledger.database.read_now(end_mark)
    for count, event in enumerate(log.bodies, 1):
        assert (await polling.page(SCOPES, start, 0)).events == ()
        waiting = asyncio.create_task(polling.page(SCOPES, start, 20))
        await asyncio.sleep(0)
        await asyncio.to_thread(feed_one, ledger, log, count, hub)
        page = await asyncio.wait_for(waiting, 10)
        assert (told(page), page.mark.position) == ([event], count)
        start = page.mark


def feed_one(ledger: Ledger, log: Log, count: int, hub: Hub) -> None:
    """As a projector does: append, then wake."""
    log.push(ledger, count - 1, 1)
    ledger.database.write_now(lambda conn: append_feed(conn, [("station:MIX-1", count)]))
    hub.wake({"station:MIX-1"})
