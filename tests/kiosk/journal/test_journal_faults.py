"""A full disk, a disk that refuses, and a process that is killed at any moment."""

import os
import random
import resource
import signal
import subprocess
import sys
from concurrent.futures import wait
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import pytest

from kiosk.journal import Journal, JournalError, JournalFull
from kiosk.journal.writer import Turn
from tests.kiosk.journal.journals import foreign, mark_at, opened, rows, sign_in, until

KILLS = (15, pytest.param(50, marks=pytest.mark.long))
APPENDER = """
import sys
from pathlib import Path
import uuid_utils
from kiosk.clock import Clock
from kiosk.journal import Journal
from sync.domain.events import OperatorSignedIn
journal = Journal.open(
    Path(sys.argv[1]), station="MIX-1", clock=Clock(), new_id=lambda: str(uuid_utils.uuid7())
)
print("ready", flush=True)
while True:
    act = [OperatorSignedIn(operator="anna"), OperatorSignedIn(operator="ben")]
    for record in journal.append(act).result():
        print(record.id, flush=True)
"""
CAPPED = """
import resource, signal, sys
from pathlib import Path
from kiosk.journal import JournalError
from tests.kiosk.journal.journals import opened, sign_in
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with opened(Path(sys.argv[1])) as journal:
    journal.append([sign_in()]).result()
    size = (Path(sys.argv[1]) / "journal.db-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 30_000, resource.RLIM_INFINITY))
    good, refused = 1, 0
    while refused < 3:
        try:
            good += len(journal.append([sign_in(), sign_in()]).result())
        except JournalError as fault:
            refused += 1
            print(type(fault).__name__, fault)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    good += len(journal.append([sign_in()]).result())
    journal.verify()
    print("good", good, journal.waiting(), journal._writer.head.n)
"""

STRANGLED = """
import os, resource, signal, sys
from pathlib import Path
from kiosk.journal import JournalError
from tests.kiosk.journal.journals import opened, sign_in, until
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
FILES = resource.getrlimit(resource.RLIMIT_NOFILE)
with opened(Path(sys.argv[1])) as journal:
    journal.append([sign_in()]).result()
    until(lambda: journal.flush)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, FILES[1]))
    for _ in range(3):
        try:
            journal.append([sign_in()]).result()
        except JournalError as fault:
            print(type(fault).__name__, fault)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    resource.setrlimit(resource.RLIMIT_NOFILE, FILES)
    journal.append([sign_in()]).result()
    journal.verify()
    print("good", journal.waiting(), journal.local(), journal._writer.head.n)
"""

READ_ONLY = """
import os, resource, signal, sys
from pathlib import Path
from kiosk.journal import JournalError
from tests.kiosk.journal.journals import opened, sign_in, until
NOBODY, FREE = 65534, (resource.RLIM_INFINITY,) * 2
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
folder = Path(sys.argv[1])
with opened(folder) as journal:
    journal.append([sign_in()]).result()
    until(lambda: journal.flush)
    files = [folder / f"journal.db{end}" for end in ("", "-wal", "-shm")]
    if os.geteuid() == 0:
        for one in (folder, *files):
            os.chown(one, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, FREE[1]))
    for one in files:
        one.chmod(0o444)
    for _ in range(3):
        try:
            journal.append([sign_in()]).result()
        except JournalError as fault:
            print(type(fault).__name__, fault)
    resource.setrlimit(resource.RLIMIT_FSIZE, FREE)
    for one in files:
        one.chmod(0o644)
    journal.append([sign_in()]).result()
    journal.verify()
    print("good", journal.waiting(), journal.local(), journal._writer.head.n)
"""


def limit_pages(journal: Journal, more: int) -> None:
    """Let the file grow by some pages only: SQLite then says that the disk is full."""

    def work(connection: object, _: object) -> None:
        execute = journal._writer._connection.execute
        (pages,) = execute("PRAGMA page_count").fetchone()
        execute(f"PRAGMA max_page_count = {pages + more}").fetchone()

    journal._writer.do(Turn.ACT, work).result()


def test_a_full_disk_is_told_and_leaves_no_hole(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.append([sign_in()]).result()
        limit_pages(journal, 3)
        acts = [journal.append([sign_in(), sign_in()]) for _ in range(60)]
        wait(acts)
        faults = [act.exception() for act in acts]
        assert faults[0] is None
        assert isinstance(faults[-1], JournalFull)
        assert "the disk is full; free some space" in str(faults[-1])
        good = 1 + 2 * faults.count(None)
        assert (journal.waiting(), journal.local()) == (good, good)
        with pytest.raises(JournalFull):
            journal.absorb([foreign() for _ in range(200)], mark_at(1)).result()
        assert journal.feed_mark() is None
        limit_pages(journal, 100_000)
        (record,) = journal.append([sign_in()]).result()
        assert getattr(record.event, "n", 0) == good + 1
        journal.absorb([foreign()], mark_at(1)).result()
        journal.verify()
    assert rows(tmp_path, "SELECT count(*), max(seq) FROM place") == [(good + 1, good + 1)]


def test_a_fork_on_a_full_disk_goes_on_when_space_is_freed(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.append([sign_in() for _ in range(2_000)]).result()
        old = journal.origin
        limit_pages(journal, 20)
        with pytest.raises(JournalFull):
            journal.fork()
        assert journal.origin == old
        limit_pages(journal, 100_000)
        assert journal.fork() != old
        assert journal.waiting() == 2_000
        journal.verify()


def test_a_disk_that_refuses_loses_nothing_and_goes_on(tmp_path: Path) -> None:
    """The size of files is limited from outside, so that writes fail with an I/O error."""
    done = subprocess.run(
        [sys.executable, "-c", CAPPED, tmp_path], capture_output=True, text=True, check=True
    )
    *faults, last = done.stdout.splitlines()
    assert len(faults) == 3
    assert all("journal.db" in fault for fault in faults)
    word, good, waiting, n = last.split()
    assert (word, good) == ("good", waiting)
    assert int(n) == int(good)
    with opened(tmp_path) as journal:
        assert journal.waiting() == int(good)


def test_a_disk_that_was_read_only_for_a_while_is_written_again() -> None:
    with TemporaryDirectory() as folder:  # whose parents everybody may enter
        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY, folder], capture_output=True, text=True, check=True
        )
    *faults, last = done.stdout.splitlines()
    assert [fault.split()[0] for fault in faults] == ["JournalFault"] * 3
    assert last == "good 2 2 2"


def test_a_journal_that_could_not_even_be_opened_again_is_opened_later(tmp_path: Path) -> None:
    """Writes fail, and so does opening the file: no descriptor is left. Then both work again."""
    done = subprocess.run(
        [sys.executable, "-c", STRANGLED, tmp_path], capture_output=True, text=True, check=True
    )
    *faults, last = done.stdout.splitlines()
    assert len(faults) == 3
    assert all("JournalFault" in fault and "journal.db" in fault for fault in faults)
    assert last == "good 2 2 2"


def test_a_reader_that_finds_no_descriptor_says_what_is_wrong(tmp_path: Path) -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with opened(tmp_path) as journal:
        until(lambda: journal.flush)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, most[1]))
        try:
            with pytest.raises(JournalError, match=r"journal\.db: .*check the disk"):
                journal.kept("dialog")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, most)
        assert journal.kept("dialog") is None


def test_an_act_tried_again_after_its_commit_was_in_doubt_is_there_once(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        act = journal._appending([sign_in(), sign_in()])
        first = journal._writer.do(Turn.ACT, act).result()
        assert journal._writer.do(Turn.ACT, act).result() == first
        assert journal.waiting() == 2
        journal.verify()


@pytest.mark.parametrize("kills", KILLS)
def test_killed_at_any_moment_it_keeps_what_it_acknowledged(tmp_path: Path, kills: int) -> None:
    chance = random.Random(2026)
    acknowledged: set[str] = set()
    for _ in range(kills):
        acknowledged |= appended_until_killed(tmp_path, chance.randrange(12), chance.random())
    assert len(acknowledged) > kills
    with opened(tmp_path) as journal:
        assert journal.moved_aside is None
        assert acknowledged <= {record.id for _, record in journal.replay()}
        assert journal.waiting() == journal.local()
        assert journal.waiting() % 2 == 0, "an act is whole or not there"
        journal.verify()


def appended_until_killed(folder: Path, lines: int, fraction: float) -> set[str]:
    """The ids that the process told of before it was killed, some 2 ms after so many lines."""
    with subprocess.Popen(
        [sys.executable, "-c", APPENDER, folder], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == b"ready\n"
        told = b"".join(child.stdout.readline() for _ in range(lines))
        Event().wait(fraction * 0.002)
        os.kill(child.pid, signal.SIGKILL)
        told += child.stdout.read()
    return {line.decode() for line in told.split(b"\n")[:-1]}
