"""What the journal promises while all is well."""

import hashlib
import io
import json
import shutil
import sqlite3
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event as Signal

import msgspec
import pytest

from kiosk.clock import Clock
from kiosk.journal import Journal, JournalClosed, JournalDamaged, store, verify
from kiosk.journal.image import IMAGE_NAME
from kiosk.journal.writer import Turn
from sync.domain.events import Event, OperatorSignedIn, stamped
from sync.domain.shop import Shop
from sync.domain.shop import absorb as fold_event
from sync.wire import Mark, Recorded, Unknown, recorded
from tests.kiosk.journal.journals import FILES, foreign, mark_at, new_id, opened, rows, sign_in


def known(record: Recorded) -> Event:
    assert not isinstance(record.event, Unknown)
    return record.event


def chained(origin: str, bodies: list[bytes]) -> list[str]:
    digest = hashlib.sha256(origin.encode()).digest()
    digests = [digest.hex()]
    for body in bodies:
        digest = hashlib.sha256(digest + body).digest()
        digests.append(digest.hex())
    return digests


def test_an_act_is_stamped_and_on_disk(tmp_path: Path) -> None:
    clock = Clock()
    ids = iter(["act-1", "id-1", "id-2", "act-2", "id-3"])
    journal = Journal.open(tmp_path, station="MIX-1", clock=clock, new_id=lambda: next(ids))
    at = "2026-11-22T06:00:00.000+01:00"
    first = journal.append([stamped(sign_in(), at=at), stamped(sign_in("ben"), at=at)]).result()
    journal.absorb([foreign()], mark_at(41)).result()
    (third,) = journal.append([sign_in("cleo")]).result()
    on_disk = rows(tmp_path, "SELECT body FROM event JOIN place USING (id) ORDER BY seq")
    journal.close()
    assert [body for (body,) in on_disk] == [*(record.body for record in first), third.body]
    assert first[1].event == OperatorSignedIn(
        id="id-2",
        n=2,
        act="act-1",
        at=at,
        boot=clock.boot,
        mono=known(first[1]).mono,
        station="MIX-1",
        operator="ben",
    )
    last = known(third)
    assert (last.id, last.n, last.act, last.saw) == ("id-3", 3, "act-2", ("one", 41))
    assert 0 < known(first[0]).mono <= clock.milliseconds()
    assert datetime.fromisoformat(last.at).utcoffset() is not None


def test_an_id_given_before_is_kept(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        (record,) = journal.append([stamped(sign_in(), id="mine", act="both")]).result()
        assert (record.id, known(record).act) == ("mine", "both")


def test_seq_and_digest_follow_the_bodies_without_a_hole(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        for _ in range(3):
            journal.append([sign_in(), sign_in()]).result()
        batch = journal.unsent(100)
        places = rows(tmp_path, "SELECT origin, seq, lower(hex(digest)) FROM place ORDER BY seq")
    digests = chained(journal.origin, list(batch.bodies))
    assert places == [(journal.origin, seq, digests[seq]) for seq in range(1, 7)]
    assert batch.after == batch.low.__class__(0, digests[0])
    assert batch.low == Mark(1, digests[0])


def test_n_goes_on_after_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.append([sign_in(), sign_in()]).result()
        origin = journal.origin
    with opened(tmp_path) as journal:
        (record,) = journal.append([sign_in()]).result()
        assert (known(record).n, journal.origin, journal.waiting()) == (3, origin, 3)
        journal.verify()


def test_one_transaction_and_one_flush_an_act(tmp_path: Path) -> None:
    """A commit is one flush in WAL mode with synchronous=FULL; everything else adds none."""
    with opened(tmp_path) as journal:
        journal.append([sign_in()]).result()
        statements: list[str] = []
        done: Future[None] = journal._writer.do(
            Turn.KEEP, lambda connection, _: connection.set_trace_callback(statements.append)
        )
        done.result()
        statements.clear()
        for _ in range(20):
            journal.append([sign_in(), sign_in()], {"dialog": b"x"}).result()
            assert journal.acknowledge(last_mark(journal))
        journal.append([sign_in()]).result()
    begun = statements[: statements.index("COMMIT") + 1]
    assert [word.split()[0] for word in begun] == ["BEGIN", *["INSERT"] * 5, "COMMIT"]
    assert 21 <= statements.count("COMMIT") <= 23


def last_mark(journal: Journal) -> Mark:
    batch = journal.unsent(2_000)
    digests = [batch.after.digest]
    digest = bytes.fromhex(batch.after.digest)
    for body in batch.bodies:
        digest = hashlib.sha256(digest + body).digest()
        digests.append(digest.hex())
    return Mark(batch.last, digests[-1])


def test_acts_go_before_everything_else(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        gate, order = Signal(), list[str]()
        journal._writer.do(Turn.ACT, lambda *_: gate.wait(10))
        waiting: list[Future[None]] = [
            journal.log_scan("left", b"?", "unreadable"),
            journal.keep("dialog", b"1"),
        ]
        absorbing = journal.absorb([foreign()], mark_at(1))
        act = journal.append([sign_in()])
        absorbing.add_done_callback(lambda _: order.append("feed"))
        act.add_done_callback(lambda _: order.append("act"))
        waiting[0].add_done_callback(lambda _: order.append("log"))
        waiting[1].add_done_callback(lambda _: order.append("keep"))
        gate.set()
        waiting[0].result()
    assert order == ["act", "keep", "feed", "log"]


def test_kept_values_survive(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        assert journal.kept("dialog") is None
        journal.append([sign_in()], {"dialog": b"one", "other": b""}).result()
        journal.keep("dialog", b"two").result()
    with opened(tmp_path) as journal:
        assert (journal.kept("dialog"), journal.kept("other")) == (b"two", b"")


def test_replay_gives_all_in_order(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        own = journal.append([sign_in(), sign_in()]).result()
        other = foreign()
        journal.absorb([other], mark_at(1)).result()
        assert [(local, record.body) for local, record in journal.replay()] == [
            (1, own[0].body),
            (2, own[1].body),
            (3, other),
        ]
        assert [local for local, _ in journal.replay(2)] == [3]
        assert journal.local() == 3


def test_a_reader_moves_its_mark_with_what_it_did(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        assert journal.reader_mark("printed:a") == 0
        assert journal.move_mark("printed:a", 4).result() == []
        (record,) = journal.move_mark("printed:a", 7, [sign_in()]).result()
    with opened(tmp_path) as journal:
        assert (journal.reader_mark("printed:a"), journal.reader_mark("printed:b")) == (7, 0)
        assert [one.id for _, one in journal.replay()] == [record.id]


def test_the_push_mark_moves_only_where_own_rows_confirm_it(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.append([sign_in() for _ in range(5)]).result()
        digests = chained(journal.origin, list(journal.unsent(9).bodies))
        assert journal.acknowledge(Mark(4, digests[4]))
        assert journal.waiting() == 1
        for wrong in (Mark(6, digests[5]), Mark(3, digests[4]), Mark(0, digests[1])):
            assert not journal.acknowledge(wrong)
        assert journal.waiting() == 1
        assert journal.acknowledge(Mark(2, digests[2]))
    with opened(tmp_path) as journal:
        batch = journal.unsent(2)
        assert (batch.after, len(batch.bodies), journal.waiting()) == (Mark(2, digests[2]), 2, 3)
        assert [one.body for one in journal.waiting_events(2)] == list(batch.bodies)
        assert journal.acknowledge(Mark(0, digests[0]))
        assert journal.waiting() == 5


def test_a_batch_keeps_within_its_bytes_but_takes_one(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        records = journal.append([sign_in() for _ in range(5)]).result()
        size = len(records[0].body) + 1
        assert len(journal.unsent(9, 2 * size + 1).bodies) == 2
        assert len(journal.unsent(9, 1).bodies) == 1
        assert len(journal.unsent(0, 4096).bodies) == 0


def test_a_page_and_its_mark(tmp_path: Path) -> None:
    page = [foreign(), foreign(), b'{"type":"OfNextYear","id":"later"}', b"no event"]
    with opened(tmp_path) as journal:
        assert journal.feed_mark() is None
        fresh = journal.absorb([*page, page[0]], mark_at(4)).result()
        assert [record.body for record in fresh] == page
        assert journal.absorb([*page, foreign(name="new")], mark_at(5)).result()[0].id == "new"
    with opened(tmp_path) as journal:
        assert journal.feed_mark() == mark_at(5)
        assert [record.body for _, record in journal.replay()][:4] == page
        assert journal.waiting() == 0
        journal.verify()


def test_own_events_heard_again_are_known(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        records = journal.append([sign_in()]).result()
        assert journal.absorb([records[0].body], mark_at(1)).result() == []
        assert journal.local() == 1


def test_a_restored_station_counts_on_after_its_own_lost_events(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.append([sign_in()]).result()
        journal.absorb([foreign(n=70), foreign(n=40, station="MIX-1")], mark_at(2)).result()
    with opened(tmp_path) as journal:
        (record,) = journal.append([sign_in()]).result()
        assert known(record).n == 41


def test_a_snapshot_is_switched_in_steps_and_the_mark_with_the_last(tmp_path: Path) -> None:
    staged = [foreign() for _ in range(700)]
    with opened(tmp_path) as journal:
        (own,) = journal.append([sign_in()]).result()
        journal.absorb(staged[:1], mark_at(9)).result()
        journal.stage([foreign(name="of a broken snapshot")], restart=True)
        journal.stage(staged[:400], restart=True)
        journal.stage([*staged[400:690], own.body], restart=False)
        assert (journal.local(), journal.feed_mark()) == (2, mark_at(9))
        fresh = journal.absorb(staged[690:], mark_at(3), snapshot=True).result()
        assert [record.body for record in fresh] == staged[1:]
        assert (journal.local(), journal.feed_mark(), journal.waiting()) == (701, mark_at(3), 1)
        assert rows(tmp_path, "SELECT count(*) FROM stage") == [(0,)]


def test_acts_go_between_the_steps_of_a_snapshot_and_are_no_news(tmp_path: Path) -> None:
    staged = [foreign() for _ in range(4 * store.STAGED_EVENTS_MAX)]
    with opened(tmp_path) as journal:
        journal.stage(staged, restart=True)
        new: dict[int, int] = {}
        acts: list[Future[list[Recorded]]] = []

        def step(connection: sqlite3.Connection, head: store.Head) -> bool:
            acts.append(journal.append([sign_in()]))
            return store.switch_step(connection, head, mark_at(5), new)

        assert journal._writer.do_steps(Turn.FEED, step).result()
        assert [len(act.result()) for act in acts] == [1] * 4
        news = sum(last - first + 1 for first, last in new.items())
        assert (news, journal.local()) == (len(staged), len(staged) + 4)
        journal.verify()


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_a_power_cut_in_a_switch_leaves_the_mark_and_what_is_known(
    tmp_path: Path, steps: int
) -> None:
    staged = [foreign() for _ in range(3 * store.STAGED_EVENTS_MAX)]
    with opened(tmp_path / "live") as journal:
        journal.absorb([], mark_at(1)).result()
        journal.stage(staged, restart=True)
        for _ in range(steps):
            journal._writer.do(
                Turn.FEED,
                lambda connection, head: store.switch_step(connection, head, mark_at(5), {}),
            ).result()
        shutil.copytree(journal.folder, tmp_path / "cut")
        (tmp_path / "cut" / "journal.lock").unlink()
    with opened(tmp_path / "cut") as journal:
        journal.verify()
        assert journal.feed_mark() == (mark_at(5) if steps == 3 else mark_at(1))
        assert journal.local() == steps * store.STAGED_EVENTS_MAX
        journal.stage(staged[:10], restart=True)
        journal.stage(staged[10:], restart=False)
        fresh = journal.absorb([], mark_at(5), snapshot=True).result()
        assert len(fresh) == (3 - steps) * store.STAGED_EVENTS_MAX
        assert [record.body for _, record in journal.replay()] == staged
        assert rows(journal.folder, "SELECT count(*) FROM stage") == [(0,)]


def test_a_fork_renumbers_places_and_keeps_events(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.append([sign_in() for _ in range(store.FORK_PLACES_MAX + 50)]).result()
        journal.absorb([foreign()], mark_at(1)).result()
        before, old = list(journal.replay()), journal.origin
        assert journal.acknowledge(last_mark(journal))
        new = journal.fork()
        assert journal.waiting() == store.FORK_PLACES_MAX + 50
        (record,) = journal.append([sign_in()]).result()
        assert known(record).n == store.FORK_PLACES_MAX + 51
        assert new == journal.origin != old
        assert list(journal.replay())[:-1] == before
        journal.verify()
        bodies = list(journal.unsent(2_000).bodies)
        assert len(bodies) == store.FORK_PLACES_MAX + 51
    assert rows(tmp_path, "SELECT DISTINCT origin FROM place") == [(new,)]
    digests = chained(new, bodies)
    assert rows(tmp_path, "SELECT lower(hex(digest)) FROM place ORDER BY seq DESC LIMIT 1") == [
        (digests[-1],)
    ]


def test_acts_go_on_during_a_fork(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.append([sign_in() for _ in range(3 * store.FORK_PLACES_MAX)]).result()
        gate = Signal()
        journal._writer.do(Turn.ACT, lambda *_: gate.wait(10))
        journal._begin_fork()
        acts = [journal.append([sign_in()]) for _ in range(5)]
        gate.set()
        journal.fork()
        assert [known(act.result()[0]).n for act in acts] == list(range(1201, 1206))
        journal.verify()
        assert journal.waiting() == 1205


def test_a_fork_broken_off_by_a_power_cut_goes_on(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.append([sign_in() for _ in range(2 * store.FORK_PLACES_MAX)]).result()
        old = journal.origin
        journal._writer.do(
            Turn.ACT, lambda connection, head: store.begin_fork(connection, head, "f" * 32)
        ).result()
        assert not journal._writer.do(Turn.ACT, store.fork_step).result()
        assert journal.origin == old
    with opened(tmp_path) as journal:
        assert journal.unsent(1).origin == "f" * 32
        assert journal.waiting() == 2 * store.FORK_PLACES_MAX
        journal.verify()


def test_refused_scans_go_to_a_log_of_their_own(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.log_scan("left", b"\x00?", "unreadable").result()
        journal.log_scan("right", b"X", "serial_seen_before").result()
        (newest, oldest) = journal.scan_log()
        assert newest[1:] == ("right", b"X", "serial_seen_before")
        assert oldest[1:] == ("left", b"\x00?", "unreadable")
        assert (journal.local(), journal.waiting()) == (0, 0)


def test_the_scan_log_is_bounded(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        for start in range(0, store.SCAN_LOG_ROWS_MAX + 500, 500):

            def fill(connection: sqlite3.Connection, _: store.Head, start: int = start) -> None:
                many = [("t", "s", str(start + n).encode(), "a") for n in range(500)]
                connection.executemany(
                    "INSERT INTO scan_log (at, source, payload, answer) VALUES (?,?,?,?)", many
                )

            journal._writer.do(Turn.KEEP, fill).result()
        journal.log_scan("left", b"last", "x").result()
        assert len(journal.scan_log(99_999)) == store.SCAN_LOG_ROWS_MAX


def test_the_shop_is_folded_from_the_image_and_the_rest(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.append([sign_in("anna")]).result()
        shop, local = journal.folded()
        assert journal.save_image(shop, local)
        journal.append([sign_in("ben")]).result()
        whole = Shop()
        for _, record in journal.replay():
            fold_event(whole, known(record))
        assert journal.folded() == (whole, 2)
        assert journal.shop() == whole


@pytest.mark.parametrize("damage", ["flipped", "short", "other version", "other journal", "gone"])
def test_an_image_that_does_not_fit_is_ignored(tmp_path: Path, damage: str) -> None:
    with opened(tmp_path) as journal:
        journal.append([sign_in()]).result()
        shop, local = journal.folded()
        wrong = replace(shop, operators={})
        wrong.sign_ins.clear()
        assert journal.save_image(wrong, local)
        assert journal.folded()[0] == wrong
        spoil(tmp_path / IMAGE_NAME, damage)
        assert journal.shop() != wrong
        assert len(journal.shop().sign_ins) == 1


def spoil(image: Path, damage: str) -> None:
    content = bytearray(image.read_bytes())
    if damage == "gone":
        image.unlink()
        return
    if damage == "short":
        del content[-1]
    elif damage == "flipped":
        content[40] ^= 1
    else:
        fields = msgspec.msgpack.decode(bytes(content[32:]))
        fields[0 if damage == "other version" else 2] = "another"
        packed = msgspec.msgpack.encode(fields)
        content = bytearray(hashlib.sha256(packed).digest() + packed)
    image.write_bytes(content)


def test_an_image_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        (tmp_path / f"{IMAGE_NAME}.new").mkdir()
        assert not journal.save_image(Shop(), 0)


def test_export_writes_own_events_as_recorded(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        records = journal.append([sign_in(), sign_in("zoë")]).result()
        journal.absorb([foreign()], mark_at(1)).result()
        stream = io.BytesIO()
        assert journal.export(stream) == 2
        assert journal.export(tmp_path / "own.jsonl") == 2
        lines = [json.loads(line) for line in stream.getvalue().splitlines()]
        digests = chained(journal.origin, [record.body for record in records])
        assert lines == [
            {
                "origin": journal.origin,
                "seq": seq,
                "digest": digests[seq],
                "event": json.loads(records[seq - 1].body),
            }
            for seq in (1, 2)
        ]
        assert records[1].body in stream.getvalue()
        assert (tmp_path / "own.jsonl").read_bytes() == stream.getvalue()


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (
            "UPDATE event SET body = cast(replace(body, 'anna', 'anne') AS blob) WHERE local = 3",
            "own event 3",
        ),
        ("UPDATE event SET body = 'text' WHERE local = 1", "own event 1"),
        ("DELETE FROM event WHERE local = 2", "own event 2"),
        ("DELETE FROM place WHERE seq = 2", "own events 2 to 2 are gone"),
        ("UPDATE place SET digest = x'00' WHERE seq = 4", "own event 4"),
        ("UPDATE event SET body = cast('{}' AS blob) WHERE local = 5", "event at 5"),
    ],
)
def test_verify_names_the_first_bad_row(tmp_path: Path, harm: str, named: str) -> None:
    with opened(tmp_path) as journal:
        journal.append([sign_in() for _ in range(4)]).result()
        journal.absorb([foreign()], mark_at(1)).result()
        journal.verify()
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        connection.execute(harm)
        connection.commit()
    with pytest.raises(JournalDamaged, match=named):
        verify(tmp_path)


def test_a_known_id_given_again_is_refused_whole(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.append([stamped(sign_in(), id="mine")]).result()
        with pytest.raises(Exception, match="UNIQUE"):
            journal.append([sign_in(), stamped(sign_in(), id="mine")]).result()
        (record,) = journal.append([sign_in()]).result()
        assert (known(record).n, journal.waiting()) == (2, 2)
        journal.verify()


def test_after_close_nothing_is_recorded(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        late = [journal.append([sign_in()]) for _ in range(50)]
        journal.close()
        assert all(len(one.result()) == 1 for one in late)
        with pytest.raises(JournalClosed):
            journal.append([sign_in()]).result()
        with pytest.raises(JournalClosed):
            journal.kept("dialog")
    assert {path.name for path in tmp_path.iterdir()} == FILES


def test_bytes_made_by_wire_are_what_is_stored(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        (record,) = journal.append([stamped(sign_in(), id=new_id())]).result()
        assert record == recorded(known(record))


def test_every_origin_that_it_makes_is_the_given_one(tmp_path: Path) -> None:
    origins = iter(["a" * 32, "b" * 32])
    journal = Journal.open(
        tmp_path, station="MIX-1", clock=Clock(), new_id=new_id, new_origin=lambda: next(origins)
    )
    try:
        journal.append([sign_in()]).result()
        assert [journal.origin, journal.fork()] == ["a" * 32, "b" * 32]
        journal.verify()
    finally:
        journal.close()


def test_what_nobody_could_read_again_is_refused_whole_and_the_next_act_works(
    tmp_path: Path,
) -> None:
    with opened(tmp_path) as journal:
        unreadable = OperatorSignedIn(operator="x" * 200)
        with pytest.raises(AssertionError, match="OperatorSignedIn"):
            journal.append([sign_in(), unreadable]).result()
        set_back = msgspec.structs.replace(sign_in(), saw=("one", -1), n=-1)
        assert journal.waiting() == 0
        (record,) = journal.append([set_back]).result()
        assert known(record).n == 1


def test_an_event_with_a_value_out_of_its_range_is_no_record() -> None:
    negative = stamped(sign_in(), id="a", mono=-1)
    with pytest.raises(AssertionError, match=r"OperatorSignedIn is unreadable: .*mono"):
        recorded(negative)
