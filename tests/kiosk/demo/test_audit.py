"""Journals held against a ledger, both made here with plain SQL as their tables are written."""

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.demo.audit import Comparison, bodies, compare, own_events

ORIGIN = "0" * 32
OTHER = "f" * 32
Row = tuple[str, int, bytes, str, bytes]


def body(name: str) -> bytes:
    return b'{"type":"OperatorSignedIn","id":"%s"}' % name.encode()


def chained(origin: str, names: Sequence[str]) -> list[Row]:
    digest = hashlib.sha256(origin.encode()).digest()
    rows = []
    for seq, name in enumerate(names, 1):
        digest = hashlib.sha256(digest + body(name)).digest()
        rows.append((origin, seq, digest, name, body(name)))
    return rows


def write_journal(path: Path, rows: Sequence[Row], heard: Sequence[str] = ()) -> Path:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE event(local INTEGER PRIMARY KEY, id TEXT, body BLOB)")
        database.execute("CREATE TABLE place(origin TEXT, seq INTEGER, digest BLOB, id TEXT)")
        for origin, seq, digest, name, stored in rows:
            database.execute("INSERT INTO event(id, body) VALUES (?,?)", (name, stored))
            database.execute("INSERT INTO place VALUES (?,?,?,?)", (origin, seq, digest, name))
        for name in heard:
            database.execute("INSERT INTO event(id, body) VALUES (?,?)", (name, body(name)))
    return path


def write_ledger(path: Path, rows: Sequence[Row], unplaced: Sequence[str] = ()) -> Path:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE event(position INTEGER PRIMARY KEY, id TEXT, body BLOB)")
        database.execute(
            "CREATE TABLE place(origin TEXT, seq INTEGER, digest BLOB, position INTEGER)"
        )
        for position, (origin, seq, digest, name, stored) in enumerate(rows, 1):
            database.execute("INSERT INTO event VALUES (?,?,?)", (position, name, stored))
            database.execute("INSERT INTO place VALUES (?,?,?,?)", (origin, seq, digest, position))
        for name in unplaced:
            database.execute("INSERT INTO event(id, body) VALUES (?,?)", (name, body(name)))
    return path


OWN = chained(ORIGIN, ["a", "b", "c"])


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return write_journal(tmp_path / "journal.db", OWN, heard=["office-1"])


def test_all_there_once_holds(tmp_path: Path, journal: Path) -> None:
    second = write_journal(tmp_path / "second.db", chained(OTHER, ["x", "y"]))
    ledger = write_ledger(tmp_path / "ledger.db", [*chained(OTHER, ["x", "y"]), *OWN])
    found = compare([journal, second], ledger)
    assert found == Comparison(in_journals=5, in_ledger=5)
    assert found.holds
    assert str(found) == "5 of 5 on the server, none twice"


def test_a_missing_event_is_named(tmp_path: Path, journal: Path) -> None:
    found = compare([journal], write_ledger(tmp_path / "ledger.db", OWN[:2]))
    assert found == Comparison(in_journals=3, in_ledger=2, missing=["c"])
    assert not found.holds
    assert str(found) == "2 of 3 on the server, none twice"


def test_an_event_without_its_place_is_missing(tmp_path: Path, journal: Path) -> None:
    ledger = write_ledger(tmp_path / "ledger.db", OWN[:2], unplaced=["c"])
    assert compare([journal], ledger) == Comparison(in_journals=3, in_ledger=2, missing=["c"])


def test_an_event_twice_does_not_hold(tmp_path: Path, journal: Path) -> None:
    ledger = write_ledger(tmp_path / "ledger.db", OWN, unplaced=["b"])
    found = compare([journal], ledger)
    assert found == Comparison(in_journals=3, in_ledger=3, twice=1)
    assert not found.holds
    assert str(found) == "3 of 3 on the server, 1 TWICE"


def test_other_bytes_are_different(tmp_path: Path, journal: Path) -> None:
    changed = (*OWN[1][:4], body("b") + b" ")
    ledger = write_ledger(tmp_path / "ledger.db", [OWN[0], changed, OWN[2]])
    found = compare([journal], ledger)
    assert found == Comparison(in_journals=3, in_ledger=2, different=["b"])
    assert not found.holds
    assert str(found) == "2 of 3 on the server, none twice, 1 DIFFERENT"


def test_another_digest_is_different(tmp_path: Path, journal: Path) -> None:
    origin, seq, _, name, stored = OWN[2]
    ledger = write_ledger(tmp_path / "ledger.db", [*OWN[:2], (origin, seq, b"?", name, stored)])
    assert compare([journal], ledger) == Comparison(in_journals=3, in_ledger=2, different=["c"])


def test_two_that_agree_on_a_wrong_digest_are_found_out(tmp_path: Path) -> None:
    wrong = [(o, s, hashlib.sha256(d).digest() if s > 1 else d, n, b) for o, s, d, n, b in OWN]
    journal = write_journal(tmp_path / "journal.db", wrong)
    ledger = write_ledger(tmp_path / "ledger.db", wrong)
    found = compare([journal], ledger)
    assert found == Comparison(in_journals=3, in_ledger=1, different=["b", "c"])


def test_an_event_under_two_origins_is_asked_for_under_both(tmp_path: Path) -> None:
    """After a fork the same events stand in a second chain."""
    forked = chained(OTHER, ["a", "b", "c"])
    journal = write_journal(tmp_path / "journal.db", forked)
    ledger = tmp_path / "ledger.db"
    write_ledger(ledger, OWN)
    assert compare([journal], ledger).missing == ["a", "b", "c"]
    with closing(sqlite3.connect(ledger)) as database, database:
        for position, (origin, seq, digest, _, _) in enumerate(forked, 1):
            database.execute("INSERT INTO place VALUES (?,?,?,?)", (origin, seq, digest, position))
    assert compare([journal], ledger) == Comparison(in_journals=3, in_ledger=3)


def test_own_events_are_those_with_a_place(journal: Path) -> None:
    assert own_events(journal) == OWN
    assert list(bodies(journal)) == [body(name) for name in ("a", "b", "c", "office-1")]


def test_an_empty_journal_holds(tmp_path: Path) -> None:
    journal = write_journal(tmp_path / "journal.db", [])
    assert compare([journal], write_ledger(tmp_path / "ledger.db", OWN)) == Comparison()


def test_files_are_read_and_never_made(tmp_path: Path, journal: Path) -> None:
    before = journal.read_bytes()
    with pytest.raises(sqlite3.OperationalError):
        compare([journal], tmp_path / "ledger.db")
    assert not (tmp_path / "ledger.db").exists()
    assert journal.read_bytes() == before


@pytest.mark.parametrize("name", ["night shift #2", "100%", "why?", "a%20b"])
def test_a_folder_may_bear_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    journal = write_journal(folder / "journal.db", OWN)
    ledger = write_ledger(folder / "ledger.db", OWN)
    assert compare([journal], ledger).holds
