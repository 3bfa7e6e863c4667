"""Damaged files: what is found, what is saved, and how the station goes on."""

import json
import random
import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.__main__ import main
from kiosk.clock import Clock
from kiosk.journal import Journal, JournalDamaged, store, verify
from kiosk.journal.image import IMAGE_NAME
from kiosk.journal.salvage_read import PAGE_BYTES
from sync.domain.events import DowntimeStarted, Event, JournalSalvaged
from sync.wire import Recorded, Unknown, chain, chain_start, decode
from tests.kiosk.journal.journals import foreign, mark_at, new_id, opened, rows, sign_in

SEED = 20261122
PAGE_EVENTS_MAX = 20
NEWEST = {
    "place": "seq = 300",
    "event": "local = (SELECT max(local) FROM event)",
    "meta": "name = 'origin'",
    "kept": "name = 'dialog'",
    "mark": "reader = 'printed:batch'",
}


class Written:
    """A journal at rest, and what it held; no dataclass, whose bytes a failure would print."""

    def __init__(
        self, content: bytes, bodies: dict[str, bytes], own: list[str], origin: str, sent: int
    ) -> None:
        self.content = content
        self.bodies = bodies
        self.own = own
        self.origin = origin
        self.acknowledged = sent

    def laid(self, folder: Path, content: bytes | None = None) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "journal.db"
        path.write_bytes(self.content if content is None else content)
        return path


def stop(note: str) -> Event:
    return DowntimeStarted(work_center="MIX", reason=note, operator="anna")


def written(folder: Path, *, own: int, others: int, sent: int) -> Written:
    """Own and absorbed events in turn, some of them long, some confirmed by the server."""
    chance = random.Random(SEED)
    with opened(folder) as journal:
        left = own
        for block in range(5):
            some = own // 5 if block < 4 else left
            left -= some
            journal.append([sign_in(f"anna {n} {'x' * chance.randrange(60)}") for n in range(some)])
            journal.absorb([foreign(n) for n in range(others // 5)], mark_at(block + 1)).result()
        journal.keep("dialog", b"a" * 9_000).result()
        journal.move_mark("printed:batch", own // 2).result()
        journal.log_scan("left", b"]C1?", "UNKNOWN").result()
        if sent:
            batch = journal.unsent(sent)
            digest = bytes.fromhex(batch.after.digest)
            for body in batch.bodies:
                digest = chain(digest, body)
            assert journal.acknowledge(type(batch.after)(len(batch.bodies), digest.hex()))
        origin, acknowledged = journal.origin, journal._writer.head.acknowledged
    own_ids = [str(row[0]) for row in rows(folder, "SELECT id FROM place ORDER BY seq")]
    bodies = {decode(body).id: body for (body,) in all_bodies(folder)}
    return Written((folder / "journal.db").read_bytes(), bodies, own_ids, origin, acknowledged)


def all_bodies(folder: Path) -> list[tuple[bytes]]:
    with closing(sqlite3.connect(folder / "journal.db")) as connection:
        return connection.execute("SELECT body FROM event ORDER BY local").fetchall()


def overwritten(content: bytes, pages: list[int], filling: bytes = b"\xa5") -> bytes:
    """The file as it is when a disk gives other bytes for some of its pages."""
    damaged = bytearray(content)
    for page in pages:
        damaged[page * PAGE_BYTES : (page + 1) * PAGE_BYTES] = (filling * PAGE_BYTES)[:PAGE_BYTES]
    return bytes(damaged)


def flipped(content: bytes, body: bytes, chance: random.Random) -> bytes:
    """One bit of one event's bytes is another."""
    damaged = bytearray(content)
    at = content.index(body) + chance.randrange(len(body))
    damaged[at] ^= 1 << chance.randrange(8)
    return bytes(damaged)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return written(tmp_path_factory.mktemp("large"), own=15_000, others=5_000, sent=2_000)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return written(tmp_path_factory.mktemp("small"), own=300, others=100, sent=100)


def first_own(journal: Journal) -> Recorded:
    return decode(journal.unsent(1).bodies[0])


def assert_goes_on(folder: Path, before: Written) -> int:
    """Nothing invented, own events unsent again behind the event that tells; how many were saved."""
    with opened(folder) as journal:
        assert journal.moved_aside
        assert journal.salvaged
        told = first_own(journal).event
        assert isinstance(told, JournalSalvaged)
        saved = {record.id: record.body for _, record in journal.replay()}
        assert saved.pop(told.id)
        assert saved.items() <= before.bodies.items()
        own = [id_ for id_ in before.own if id_ in saved]
        batch = journal.unsent(100_000, 1 << 30)
        assert [decode(body).id for body in batch.bodies] == [told.id, *own]
        assert (batch.after.seq, batch.after.digest) == (0, chain_start(journal.origin).hex())
        assert journal.origin != before.origin
        assert (told.old_origin, told.missing) == (before.origin, journal.salvaged.missing)
        assert told.n > len(before.own)
        journal.verify()
        (record,) = journal.append([sign_in()]).result()
        assert not isinstance(record.event, Unknown)
        assert record.event.n == told.n + 1
        assert journal.waiting() == len(own) + 2
    with opened(folder) as journal:
        assert (journal.moved_aside, journal.salvaged) == (None, None)
    return len(saved)


@pytest.mark.parametrize("pages", [1, 5, 50])
def test_overwritten_pages_cost_only_what_stood_in_them(
    tmp_path: Path, large: Written, pages: int
) -> None:
    chance = random.Random(SEED + pages)
    every = len(large.content) // PAGE_BYTES
    for turn in range(2):
        damaged = overwritten(large.content, chance.sample(range(every), pages))
        large.laid(tmp_path / str(turn), damaged)
        saved = assert_goes_on(tmp_path / str(turn), large)
        assert len(large.bodies) - saved <= pages * PAGE_EVENTS_MAX
        (aside,) = (tmp_path / str(turn)).glob("journal-aside-*.db")
        assert aside.read_bytes() == damaged


@pytest.mark.parametrize("pages", [[0], [0, 1, 2, 3, 4], list(range(12))])
def test_the_first_pages_lead_to_all_others_and_are_not_needed(
    tmp_path: Path, small: Written, pages: list[int]
) -> None:
    small.laid(tmp_path, overwritten(small.content, pages))
    assert assert_goes_on(tmp_path, small) >= 0.9 * len(small.bodies)


def test_a_file_that_was_cut_off(tmp_path: Path, small: Written) -> None:
    small.laid(tmp_path, small.content[: len(small.content) // 2 + 100])
    assert assert_goes_on(tmp_path, small) >= 0.3 * len(small.bodies)


def test_one_flipped_bit_of_an_unsent_event_is_seen_at_the_start(
    tmp_path: Path, small: Written
) -> None:
    chance, unsent = random.Random(SEED), small.own[small.acknowledged :]
    for turn in range(20):
        harmed = chance.choice(unsent)
        small.laid(tmp_path / str(turn), flipped(small.content, small.bodies[harmed], chance))
        with opened(tmp_path / str(turn)) as journal:
            assert journal.salvaged
            assert journal.salvaged.missing == 1
            assert (
                journal.salvaged.told
                == "399 records were saved, 1 of this station's own are missing"
            )
            kept = {record.id: record.body for _, record in journal.replay()}
            assert harmed not in kept
            assert kept.items() >= {k: v for k, v in small.bodies.items() if k != harmed}.items()
            assert journal.feed_mark() == mark_at(5), "nothing of others is missing"
            assert journal.kept("dialog") == b"a" * 9_000
            assert journal.reader_mark("printed:batch") == 150
            assert [row[3] for row in journal.scan_log()] == ["UNKNOWN"]


def test_one_flipped_bit_of_any_own_event_is_named(tmp_path: Path, small: Written) -> None:
    chance = random.Random(SEED)
    for turn in range(20):
        harmed = chance.choice(small.own)
        path = small.laid(tmp_path, flipped(small.content, small.bodies[harmed], chance))
        before = path.read_bytes()
        with pytest.raises(JournalDamaged, match=rf"own event {small.own.index(harmed) + 1} "):
            verify(tmp_path)
        assert path.read_bytes() == before, turn


def test_a_flipped_bit_of_a_digest_costs_no_event(tmp_path: Path, small: Written) -> None:
    with closing(sqlite3.connect(small.laid(tmp_path / "at rest"))) as connection:
        digests = connection.execute("SELECT digest FROM place WHERE seq IN (150, 299, 300)")
        found = [digest for (digest,) in digests]
    for name, digest in enumerate(found):
        folder = tmp_path / str(name)
        small.laid(folder, flipped(small.content, digest, random.Random(name)))
        assert assert_goes_on(folder, small) == len(small.bodies)


def test_events_keep_their_local_so_that_marks_stay_true(tmp_path: Path, small: Written) -> None:
    small.laid(tmp_path / "before")
    query = "SELECT id, local FROM event"
    before = {str(row[0]): row[1] for row in rows(tmp_path / "before", query)}
    small.laid(tmp_path / "after", overwritten(small.content, [20]))
    with opened(tmp_path / "after") as journal:
        assert journal.salvaged
        for local, record in journal.replay():
            assert before.get(record.id, local) == local
        assert journal.feed_mark() is None, "what others did is asked for again"


def test_an_image_of_what_is_gone_is_not_believed(tmp_path: Path, small: Written) -> None:
    small.laid(tmp_path)
    with opened(tmp_path) as journal:
        assert journal.save_image(*journal.folded())
    content = (tmp_path / "journal.db").read_bytes()
    (tmp_path / "journal.db").write_bytes(overwritten(content, [25]))
    with opened(tmp_path) as journal:
        assert journal.salvaged
        assert not (tmp_path / IMAGE_NAME).exists()


def test_what_stands_in_the_wal_is_salvaged_too(tmp_path: Path) -> None:
    """Copied while it is open, as after a power cut, with a file that holds nothing yet."""
    copy = tmp_path / "copy"
    copy.mkdir()
    with opened(tmp_path / "live") as journal:
        journal.append([sign_in() for _ in range(300)]).result()
        for name in ("journal.db", "journal.db-wal"):
            (copy / name).write_bytes((tmp_path / "live" / name).read_bytes())
    (copy / "journal.db").write_bytes(overwritten((copy / "journal.db").read_bytes(), [0]))
    with opened(copy) as journal:
        assert journal.salvaged
        assert journal.salvaged.saved == 300
        assert journal.waiting() == 301


@pytest.mark.parametrize("step", ["before the old one is moved", "after", "between its files"])
def test_a_power_cut_within_salvage_loses_nothing(
    tmp_path: Path, small: Written, step: str
) -> None:
    """The folder as it was at each moment: a finished salvage lies beside the old file."""
    done, cut = tmp_path / "done", tmp_path / "cut"
    small.laid(done, overwritten(small.content, [20, 30]))
    with opened(done):
        pass
    small.laid(cut, overwritten(small.content, [20, 30]))
    (cut / "journal.db.salvaged").write_bytes((done / "journal.db").read_bytes())
    if step != "before the old one is moved":
        (cut / "journal.db").rename(cut / "journal-aside-20261122-000000.db")
    if step == "between its files":
        (cut / "journal.db-wal").write_bytes(b"left behind" * 1_000)
    with opened(cut) as journal:
        assert isinstance(first_own(journal).event, JournalSalvaged)
        assert journal.waiting() > 250
        journal.verify()
    assert not (cut / "journal.db.salvaged").exists()
    assert list(cut.glob("journal-aside-*.db"))


def test_a_salvaged_journal_is_salvaged_again(tmp_path: Path, small: Written) -> None:
    small.laid(tmp_path, overwritten(small.content, [20]))
    origins, seen = [], 0
    for turn in count():
        with opened(tmp_path) as journal:
            origins.append(journal.origin)
            told = [record for _, record in journal.replay()]
        tellers = [one for one in told if isinstance(one.event, JournalSalvaged)]
        assert len(tellers) == turn + 1
        seen = len(told)
        if turn == 2:
            break
        path = tmp_path / "journal.db"
        path.write_bytes(overwritten(path.read_bytes(), [22 + turn]))
    assert len(set(origins)) == 3
    assert seen > 330


@given(
    pages=st.sets(st.floats(0, 1, exclude_max=True), min_size=1, max_size=40),
    filling=st.sampled_from([b"\xa5", b"\0", b"\x0d", b"\xff", b"\x05\x0a\x0d\x02"]),
)
@settings(max_examples=25, deadline=None)
def test_any_overwritten_pages_never_stop_the_station(
    small: Written, pages: set[float], filling: bytes
) -> None:
    every = len(small.content) // PAGE_BYTES
    damaged = overwritten(small.content, sorted(int(part * every) for part in pages), filling)
    with TemporaryDirectory() as name:
        folder = Path(name)
        small.laid(folder, damaged)
        readable = readable_own(folder / "journal.db")
        journal = Journal.open(folder, station="MIX-1", clock=Clock(), new_id=new_id)
        with closing(journal):
            saved = {record.id: record.body for _, record in journal.replay()}
            own = {decode(body).id for body in journal.unsent(100_000, 1 << 30).bodies}
            journal.verify()
    if journal.moved_aside:
        told = {one for one in saved if one not in small.bodies}
        assert len(told) <= 1
        assert {id_: body for id_, body in saved.items() if id_ not in told}.items() <= (
            small.bodies.items()
        )
        assert readable <= own
        assert own - told <= set(small.own)


@pytest.mark.parametrize(
    "where", ["place SET id", "event SET id", "meta SET value", "kept SET name", "mark SET reader"]
)
def test_a_text_that_is_no_text_any_more(tmp_path: Path, small: Written, where: str) -> None:
    """A flipped bit in a name or an id: neither the start nor the salvage breaks off."""
    path = small.laid(tmp_path)
    table, _, column = where.split()
    with closing(sqlite3.connect(path)) as connection:
        spoilt = f"{column} = CAST(X'8A' || substr({column}, 2) AS TEXT)"
        connection.execute(f"UPDATE {table} SET {spoilt} WHERE {NEWEST[table]}")
        connection.commit()
    with opened(tmp_path) as journal:
        kept = {record.id for _, record in journal.replay()}
        assert kept >= set(small.own)
        journal.append([sign_in()]).result()


def test_own_events_of_a_newer_program_are_sent_again_though_their_places_are_gone(
    tmp_path: Path,
) -> None:
    """A newer program wrote them, an older one salvages them: their numbers are not used again."""
    ours = [future(n, "MIX-1") for n in range(1, 6)]
    theirs = [future(7_000, "MIX-2"), b'{"type":"Future","n":"many","station":"MIX-1"}']
    with opened(tmp_path) as journal:
        journal.absorb(theirs, mark_at(1)).result()
    path = tmp_path / "journal.db"
    digest = chain_start(journal.origin)
    with closing(sqlite3.connect(path)) as connection:
        for seq, body in enumerate(ours, 1):
            digest, id_ = chain(digest, body), decode(body).id
            connection.execute(store.PUT_EVENT, (id_, body, crc32(body)))
            row = (journal.origin, seq, digest, id_)
            connection.execute("INSERT INTO place VALUES (?, ?, ?, ?)", row)
        connection.commit()
    content = path.read_bytes()
    path.write_bytes(overwritten(content, [content.index(digest) // PAGE_BYTES]))
    with opened(tmp_path) as journal:
        assert journal.salvaged
        assert journal.salvaged.missing == 0
        told, *sent = journal.unsent(100).bodies
        assert sent == ours
        record = decode(told)
        assert isinstance(record.event, JournalSalvaged)
        assert record.event.n > 5
        assert record.event.n < 7_000
        journal.verify()


def test_a_restored_station_hears_its_own_events_of_a_newer_program(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.absorb([future(40, "MIX-1"), future(90, "MIX-2")], mark_at(1)).result()
        (record,) = journal.append([sign_in()]).result()
        assert not isinstance(record.event, Unknown)
        assert record.event.n == 41


def future(n: int, station: str) -> bytes:
    """The bytes of an event of a type that only a later version knows."""
    made = {"type": "FutureAct", "id": new_id(), "n": n, "station": station}
    return json.dumps(made, separators=(",", ":")).encode()


def readable_own(path: Path) -> set[str]:
    """What SQLite itself still gives of the station's own events, before anything was saved."""
    found = set()
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as connection:
            for id_, body in connection.execute(
                "SELECT p.id, e.body FROM place p CROSS JOIN event e ON e.id = p.id"
            ):
                found |= {id_} & {decode(body).id}
    except sqlite3.Error:
        return found
    return found


def test_every_event_of_an_untouched_page_is_saved(tmp_path: Path, small: Written) -> None:
    """Nothing but what stood in the overwritten pages is gone."""
    every = len(small.content) // PAGE_BYTES
    pages = random.Random(SEED).sample(range(every), every // 3)
    standing = {
        id_
        for page in set(range(every)) - set(pages)
        for id_, body in small.bodies.items()
        if body in small.content[page * PAGE_BYTES : (page + 1) * PAGE_BYTES]
    }
    small.laid(tmp_path, overwritten(small.content, pages))
    with opened(tmp_path) as journal:
        saved = {record.id for _, record in journal.replay()}
    assert len(standing) < len(small.bodies)
    assert standing <= saved


def test_the_command_names_the_first_bad_event_and_changes_nothing(
    tmp_path: Path, small: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    harmed = small.own[-1]
    damaged = flipped(small.content, small.bodies[harmed], random.Random(SEED))
    path = small.laid(tmp_path, damaged)
    assert main(["journal", "verify", "--data", str(tmp_path)]) == 1
    assert f"{path}: own event 300 (id {harmed})" in capsys.readouterr().err
    assert path.read_bytes() == damaged
    small.laid(tmp_path)
    assert main(["journal", "verify", "--data", str(tmp_path)]) == 0
    assert (
        capsys.readouterr().out == f"{path}: every page, event and digest is as it was written.\n"
    )
