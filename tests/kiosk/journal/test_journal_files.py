"""The file and its folder: locks, unfit files, versions, and what must be in force."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from kiosk.clock import Clock
from kiosk.journal import Journal, JournalFault, JournalLocked, JournalNewer, JournalUnsafe, files
from kiosk.journal.migrations import MIGRATIONS
from tests.kiosk.journal.journals import FILES, mark_at, new_id, opened, sign_in, until

HOLDER = """
import sys, time
from pathlib import Path
from kiosk.clock import Clock
from kiosk.journal import Journal
journal = Journal.open(Path(sys.argv[1]), station="MIX-1", clock=Clock(), new_id=lambda: "x")
print("open", flush=True)
sys.stdin.read()
"""


def open_raises(folder: Path, kind: type[Exception], match: str) -> None:
    with pytest.raises(kind, match=match):
        Journal.open(folder, station="MIX-1", clock=Clock(), new_id=new_id)


def test_the_schema(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.append([sign_in()]).result()
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        database = Database(connection)
        assert [column.name for column in database.table("event").columns] == [
            "local",
            "id",
            "body",
            "crc",
        ]
        assert database.table("event").pks == ["local"]
        assert [index.columns for index in database.table("event").indexes if index.unique] == [
            ["id"]
        ]
        assert [column.name for column in database.table("place").columns] == [
            "origin",
            "seq",
            "digest",
            "id",
        ]
        assert database.table("place").pks == ["origin", "seq"]
        assert {"meta", "kept", "mark", "stage", "scan_log"} <= set(database.table_names())
        assert not MIGRATIONS.pending(database)
        assert len(MIGRATIONS.applied(database)) == files.SCHEMA_VERSION
        for pragma, value in [
            ("application_id", files.APPLICATION_ID),
            ("user_version", files.SCHEMA_VERSION),
            ("journal_mode", "wal"),
        ]:
            assert database.execute(f"PRAGMA {pragma}").fetchone() == (value,)


def test_the_writer_promises_and_readers_cannot_write(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        connection = journal._writer._connection
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        with (
            journal.readers.reading() as reader,
            pytest.raises(sqlite3.OperationalError, match="readonly"),
        ):
            reader.execute("DELETE FROM event")


@pytest.mark.parametrize("mode", ["memory", "synchronous"])
def test_unsafe_settings_are_refused(tmp_path: Path, mode: str) -> None:
    with closing(sqlite3.connect(":memory:" if mode == "memory" else tmp_path / "x.db")) as unsafe:
        unsafe.execute("PRAGMA journal_mode = WAL")
        unsafe.execute("PRAGMA synchronous = NORMAL")
        with pytest.raises(JournalUnsafe, match=r"want wal and 2.*power cut"):
            files.require_safe(unsafe, "journal.db")


def test_a_second_kiosk_in_the_same_process_or_another_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path):
        open_raises(tmp_path, JournalLocked, rf"another kiosk \(process {os.getpid()}\)")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout
        assert holder.stdout.readline() == "open\n"
        open_raises(tmp_path, JournalLocked, rf"another kiosk \(process {holder.pid}\)")
        os.kill(holder.pid, signal.SIGKILL)
    with opened(tmp_path) as journal:
        journal.append([sign_in()]).result()


def test_a_newer_file_is_refused_untouched(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.append([sign_in()]).result()
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        connection.execute(f"PRAGMA user_version = {files.SCHEMA_VERSION + 1}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = (tmp_path / "journal.db").read_bytes()
    open_raises(tmp_path, JournalNewer, f"version {files.SCHEMA_VERSION + 1}.*not touched")
    assert (tmp_path / "journal.db").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == FILES


def make_text(path: Path) -> None:
    path.write_text("this is no database at all, but somebody's notes\n" * 40)


def make_empty(path: Path) -> None:
    path.touch()


def make_other_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (text)")
        connection.execute("INSERT INTO notes VALUES ('precious')")
        connection.commit()


def make_without_tables(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA application_id = {files.APPLICATION_ID}")
        connection.execute("CREATE TABLE event (x)")
        connection.commit()


def make_lonely_wal(path: Path) -> None:
    path.with_name("journal.db-wal").write_bytes(b"left behind" * 1000)


UNFIT = [
    make_text,
    make_empty,
    make_other_database,
    make_without_tables,
    make_lonely_wal,
]


@pytest.mark.parametrize("make", UNFIT)
def test_an_unfit_file_is_moved_aside_and_told(tmp_path: Path, make: type[Path]) -> None:
    path = tmp_path / "journal.db"
    make(path)
    before = {one.name: one.read_bytes() for one in tmp_path.glob("journal.db*")}
    with opened(tmp_path) as journal:
        aside = journal.moved_aside
        assert aside
        assert aside.name.startswith("journal-aside-20")
        for name, content in before.items():
            assert (tmp_path / name.replace("journal.db", aside.name)).read_bytes() == content
        journal.append([sign_in()]).result()
    with opened(tmp_path) as journal:
        assert journal.moved_aside is None
        assert journal.local() == 1


def test_what_was_moved_aside_is_never_overwritten(tmp_path: Path) -> None:
    clock, kept = Clock(), []
    for content in ("first", "second", "third"):
        (tmp_path / "journal.db").write_text(content)
        journal = Journal.open(tmp_path, station="MIX-1", clock=clock, new_id=new_id)
        kept.append(journal.moved_aside)
        journal.close()
    assert [one.read_text() for one in kept if one] == ["first", "second", "third"]


def test_a_journal_half_made_by_a_power_cut_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "journal.db.new").write_bytes(b"half")
    (tmp_path / "journal.db.new-wal").write_bytes(b"half")
    with opened(tmp_path) as journal:
        assert journal.moved_aside is None
        journal.append([sign_in()]).result()
    assert {path.name for path in tmp_path.iterdir()} == FILES


def test_a_folder_that_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    open_raises(tmp_path / "file" / "data", JournalFault, "cannot be used")


def test_every_new_journal_has_an_origin_of_its_own(tmp_path: Path) -> None:
    origins = set()
    for name in "abc":
        with opened(tmp_path / name) as journal:
            origins.add(journal.origin)
    assert len(origins) == 3
    assert all(len(origin) == 32 for origin in origins)


def test_what_is_in_the_wal_is_read_at_the_next_start(tmp_path: Path) -> None:
    """As after a power cut: the files copied while the journal is open."""
    copy = tmp_path / "copy"
    copy.mkdir()
    with opened(tmp_path / "live") as journal:
        journal.append([sign_in() for _ in range(30)]).result()
        journal.absorb([], mark_at(3)).result()
        for name in ("journal.db", "journal.db-wal"):
            (copy / name).write_bytes((tmp_path / "live" / name).read_bytes())
    with opened(copy) as journal:
        assert (journal.moved_aside, journal.waiting()) == (None, 30)
        assert journal.feed_mark() == mark_at(3)
        journal.verify()


def test_the_wal_is_moved_into_the_file_when_it_is_quiet(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.append([sign_in() for _ in range(1_000)]).result()
        assert in_the_file(tmp_path) == 0
        until(lambda: in_the_file(tmp_path) == 1_000)


def in_the_file(folder: Path) -> int:
    """How many events the file has without its WAL."""
    copied = folder / "copy.db"
    copied.write_bytes((folder / "journal.db").read_bytes())
    with closing(sqlite3.connect(f"file:{copied}?immutable=1", uri=True)) as connection:
        count: int = connection.execute("SELECT count(*) FROM event").fetchone()[0]
        return count
