"""Every event has a checksum, whichever way it came in: other bytes are found, and asked for again."""

import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from zlib import crc32

import pytest
from sqlite_utils import Database

from kiosk.clock import Clock
from kiosk.journal import Journal, JournalDamaged, JournalError, files, verify
from kiosk.journal.migrations import MIGRATIONS
from kiosk.journal.writer import Turn
from kiosk.station import Station
from sync.wire import FeedMark, decode
from tests.kiosk.journal.journals import foreign, mark_at, new_id, opened, rows, sign_in
from tests.kiosk.terminals import seeded

SECOND = "m002_a_checksum_of_every_body"
MANY_EVENTS = 50_000
OTHER_ORIGIN = """
UPDATE meta SET value = CASE substr(value, 1, 1) WHEN 'a' THEN 'b' ELSE 'a' END || substr(value, 2)
WHERE name = 'origin'
"""
MIGRATION = """
import sqlite3, sys, zlib
from pathlib import Path
from kiosk.journal import files, migrations
count = 0
def crc32(body):
    global count
    count += 1
    if count == int(sys.argv[2]):
        print("half", flush=True)
        sys.stdin.read()
    return 0
migrations.zlib.crc32 = crc32
migrations.migrate(files.connect_writer(Path(sys.argv[1])))
"""


def flip(folder: Path, body: bytes, seed: int = 1) -> None:
    """One bit of one event's bytes is another, and they still are JSON or not."""
    path, chance = folder / "journal.db", random.Random(seed)
    content = bytearray(path.read_bytes())
    at = content.index(body) + chance.randrange(len(body))
    content[at] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def change(folder: Path, words: str) -> None:
    with closing(sqlite3.connect(folder / "journal.db")) as connection:
        connection.execute(words)
        connection.commit()


def filled(folder: Path, *, own: int = 5, others: int = 5) -> list[bytes]:
    """A journal at rest; the bytes of what others did."""
    told = [foreign(n) for n in range(others)]
    with opened(folder) as journal:
        journal.append([sign_in(f"anna {n}") for n in range(own)]).result()
        journal.absorb(told, mark_at(1)).result()
    return told


def test_every_way_in_gives_an_event_its_checksum(tmp_path: Path) -> None:
    filled(tmp_path)
    with opened(tmp_path) as journal:
        journal.stage([foreign(10), b"no event"], restart=True)
        staged = rows(tmp_path, "SELECT body, crc FROM stage")
        assert [crc for _, crc in staged] == [crc32(body) for body, _ in stored(staged)]
        assert len(journal.absorb([foreign(11)], mark_at(2), snapshot=True).result()) == 3
    change(tmp_path, "DELETE FROM place WHERE seq = 2")
    with opened(tmp_path) as journal:
        assert journal.salvaged
    held = rows(tmp_path, "SELECT body, crc FROM event")
    assert len(held) == 5 + 5 + 3 + 1
    assert all(crc == crc32(body) for body, crc in stored(held))


def stored(found: list[tuple[object, ...]]) -> list[tuple[bytes, object]]:
    return [(body, crc) for body, crc in found if isinstance(body, bytes)]


@pytest.mark.parametrize("seed", range(10))
def test_a_flipped_bit_of_what_others_did_is_asked_for_again(tmp_path: Path, seed: int) -> None:
    told = filled(tmp_path)
    flip(tmp_path, told[2], seed)
    with pytest.raises(JournalDamaged, match="event at 8 "):
        verify(tmp_path)
    with opened(tmp_path) as journal:
        assert journal.salvaged
        assert (journal.salvaged.saved, journal.salvaged.missing) == (9, 0)
        assert journal.feed_mark() is None
        assert [record.body for record in journal.absorb(told, mark_at(1)).result()] == [told[2]]
        journal.verify()


def test_what_the_image_covers_is_named_by_the_proof(tmp_path: Path) -> None:
    """A start reads what it folds; older events are looked at when somebody asks."""
    told = filled(tmp_path)
    with opened(tmp_path) as journal:
        assert journal.save_image(*journal.folded())
        journal.absorb([foreign(9)], mark_at(2)).result()
    flip(tmp_path, told[2])
    with opened(tmp_path) as journal:
        assert journal.salvaged is None
        with pytest.raises(JournalDamaged, match="event at 8 "):
            journal.verify()
    (tmp_path / "shop.image").unlink()
    with opened(tmp_path) as journal:
        assert journal.salvaged


@pytest.mark.parametrize(
    ("harm", "saved", "mark"),
    [
        ("UPDATE event SET crc = crc + 1 WHERE local = 3", 10, mark_at(1)),
        ("UPDATE event SET crc = crc + 1 WHERE local = 8", 9, None),
        ("UPDATE event SET id = 'other' WHERE local = 3", 10, mark_at(1)),
        (OTHER_ORIGIN, 10, mark_at(1)),
    ],
)
def test_a_damaged_word_about_an_event_costs_no_own_event(
    tmp_path: Path, harm: str, saved: int, mark: FeedMark | None
) -> None:
    told = filled(tmp_path)
    own = [str(row[0]) for row in rows(tmp_path, "SELECT id FROM place ORDER BY seq")]
    change(tmp_path, harm)
    with opened(tmp_path) as journal:
        assert journal.salvaged
        assert (journal.salvaged.saved, journal.salvaged.missing) == (saved, 0)
        assert [decode(body).id for body in journal.unsent(9).bodies[1:]] == own
        if mark is None:
            assert journal.feed_mark() is None
        journal.absorb(told, mark_at(1)).result()
        journal.verify()


def test_an_event_of_a_broken_chain_is_believed_by_its_checksum(tmp_path: Path) -> None:
    """The one before is gone and its digest is damaged: whether the link holds cannot be told."""
    filled(tmp_path)
    change(tmp_path, "DELETE FROM event WHERE local = 2")
    change(tmp_path, "UPDATE place SET digest = zeroblob(32) WHERE seq = 2")
    with opened(tmp_path) as journal:
        assert journal.salvaged
        assert (journal.salvaged.saved, journal.salvaged.missing) == (9, 1)


def first_version(folder: Path, events: int) -> Path:
    """A journal of version 1 with so many events."""
    path = folder / "journal.db"
    with closing(files.connect_writer(path)) as connection:
        connection.execute(f"PRAGMA application_id = {files.APPLICATION_ID}")
        MIGRATIONS.apply(Database(connection), stop_before=SECOND)
        connection.execute("BEGIN")
        connection.execute("INSERT INTO meta VALUES ('origin', ?)", ("0" * 32,))
        made = [foreign(n) for n in range(events)]
        connection.executemany(
            "INSERT INTO event (id, body) VALUES (?, ?)", [(decode(body).id, body) for body in made]
        )
        connection.execute("COMMIT")
    return path


@pytest.mark.parametrize("at", [1, 2_000, 5_000])
def test_a_kill_within_the_migration_leaves_the_version_before(tmp_path: Path, at: int) -> None:
    path = first_version(tmp_path, 5_000)
    before = rows(tmp_path, "SELECT * FROM event")
    words = [sys.executable, "-c", MIGRATION, str(path), str(at)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "half\n"
        process.send_signal(signal.SIGKILL)
    assert rows(tmp_path, "PRAGMA user_version") == [(1,)]
    assert rows(tmp_path, "SELECT * FROM event") == before
    with opened(tmp_path) as journal:
        assert (journal.moved_aside, journal.salvaged) == (None, None)
        assert len(list(journal.replay())) == 5_000
        journal.verify()
    assert rows(tmp_path, "PRAGMA user_version") == [(files.SCHEMA_VERSION,)]


def test_a_large_journal_is_brought_up_in_one_transaction(tmp_path: Path) -> None:
    first_version(tmp_path, MANY_EVENTS)
    with opened(tmp_path) as journal:
        assert journal.local() == MANY_EVENTS
        journal.verify()


def test_a_damaged_journal_of_the_first_version_is_salvaged(tmp_path: Path) -> None:
    path = first_version(tmp_path, 50)
    content = bytearray(path.read_bytes())
    content[-4_096:] = bytes(4_096)
    path.write_bytes(content)
    with opened(tmp_path) as journal:
        assert journal.salvaged
        assert 20 < journal.salvaged.saved < 50
        journal.verify()


def test_the_command_proves_a_journal_of_the_first_version(tmp_path: Path) -> None:
    first_version(tmp_path, 50)
    verify(tmp_path)
    change(tmp_path, "UPDATE event SET id = 'other' WHERE local = 7")
    with pytest.raises(JournalDamaged, match=r"event at 7 .*another id"):
        verify(tmp_path)


def test_a_fork_that_could_not_begin_is_told(tmp_path: Path) -> None:
    refuse = "CREATE TRIGGER refuse BEFORE INSERT ON meta BEGIN SELECT RAISE(ABORT, 'no'); END"
    with opened(tmp_path) as journal:
        journal.append([sign_in()]).result()
        old = journal.origin
        asked(journal, refuse)
        with pytest.raises(JournalError):
            journal.fork()
        assert journal.origin == old
        asked(journal, "DROP TRIGGER refuse")
        assert journal.fork() != old
        journal.verify()


def asked(journal: Journal, words: str) -> None:
    journal._writer.do(Turn.ACT, lambda connection, _: connection.execute(words) and None).result()


def test_a_station_gives_its_journal_back_though_no_image_could_be_made(tmp_path: Path) -> None:
    station = Station.open(seeded(tmp_path), Clock())
    folder = station.journal.folder
    station.journal.append([sign_in()]).result()
    station.journal.readers.close()
    station.close()
    journal = Journal.open(folder, station="BAKE-1", clock=Clock(), new_id=new_id)
    journal.close()
