"""Journals of every released version open in this program; a newer one is left as it is."""

import gzip
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.journal import Journal, JournalNewer, files, verify
from sync.domain.events import DowntimeStarted, OperatorSignedIn, OperatorSignedOut
from sync.wire import FeedMark, Unknown, decode
from tests.kiosk.journal.journals import opened, rows, sign_in

RELEASED = sorted((Path(__file__).parents[2] / "golden" / "journals").glob("version-*.db.gz"))
OWN = [
    "0195a000-0000-7000-8000-000000000002",
    "0195a000-0000-7000-8000-000000000004",
    "0195a000-0000-7000-8000-000000000006",
    "0195a000-0000-7000-8000-000000000009",
]


def laid(folder: Path, released: Path) -> Path:
    path = folder / "journal.db"
    path.write_bytes(gzip.decompress(released.read_bytes()))
    return path


def events_of(journal: Journal) -> list[tuple[int, bytes]]:
    return [(local, record.body) for local, record in journal.replay()]


def test_there_is_one_of_each_version() -> None:
    assert [one.name for one in RELEASED] == [
        f"version-{version}.db.gz" for version in range(1, files.SCHEMA_VERSION + 1)
    ]


@pytest.mark.parametrize("released", RELEASED, ids=lambda path: path.name)
def test_a_released_journal_is_taken_up_where_it_was_left(tmp_path: Path, released: Path) -> None:
    laid(tmp_path, released)
    before = rows(tmp_path, "SELECT local, body FROM event ORDER BY local")
    places = rows(tmp_path, "SELECT * FROM place ORDER BY seq")
    with opened(tmp_path) as journal:
        assert (journal.moved_aside, journal.salvaged, journal.cloned) == (None, None, "")
        assert journal.origin == "0123456789abcdef0123456789abcdef"
        assert events_of(journal) == before
        assert [decode(body).id for body in journal.unsent(9).bodies] == OWN[1:]
        assert (journal.unsent(9).after.seq, journal.waiting(), journal.local()) == (1, 3, 8)
        assert journal.feed_mark() == FeedMark("one", 4, "ab" * 32)
        assert journal.kept("dialog") == b'{"operator":"anna"}'
        assert journal.reader_mark("printed:batch") == 2
        assert journal.scan_log() == [
            ("2026-11-22T06:00:08.000+01:00", "left", b"]C1nonsense", "UNKNOWN CODE")
        ]
        (record,) = journal.append([sign_in()]).result()
        assert not isinstance(record.event, Unknown)
        assert record.event.n == 5
    assert rows(tmp_path, "SELECT * FROM place ORDER BY seq")[:4] == places
    assert rows(tmp_path, "PRAGMA user_version") == [(files.SCHEMA_VERSION,)]
    verify(tmp_path)


@pytest.mark.parametrize("released", RELEASED, ids=lambda path: path.name)
def test_its_events_mean_what_they_meant(tmp_path: Path, released: Path) -> None:
    laid(tmp_path, released)
    with opened(tmp_path) as journal:
        known = [record.event for _, record in journal.replay()]
        kinds = [type(event) for event in known]
        assert kinds == [
            OperatorSignedIn,
            *[DowntimeStarted] * 4,
            Unknown,
            OperatorSignedOut,
            OperatorSignedIn,
        ]
        out = known[6]
        assert isinstance(out, OperatorSignedOut)
        assert (out.of, out.n, out.saw, out.operator) == (OWN[0], 3, ("one", 4), "anna")
        assert journal.shop().operators == {}


def run(folder: Path) -> None:
    with opened(folder):
        pass


@pytest.mark.parametrize("command", [run, verify])
def test_a_newer_file_is_not_touched(tmp_path: Path, command: Callable[[Path], object]) -> None:
    path = laid(tmp_path, RELEASED[-1])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {files.SCHEMA_VERSION + 1}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.utime(path, ns=(10**18, 10**18))
    before = path.read_bytes()
    with pytest.raises(JournalNewer, match="not touched"):
        command(tmp_path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (before, 10**18)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["journal.db", "journal.lock"]
