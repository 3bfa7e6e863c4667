"""What lies where the journal should be: foreign and damaged files are kept aside, newer ones left."""

import sqlite3
from contextlib import closing
from pathlib import Path

from kiosk.journal.files import SCHEMA_VERSION
from tests.proofs.plant import Plant
from tests.proofs.stations import Station

VERSION_AT, PAGE_BYTES = 60, 4_096


def a_text(journal: Path) -> None:
    journal.write_bytes(b"These are last summer's holiday pictures.\n" * 500)


def another_programs_database(journal: Path) -> None:
    journal.unlink()
    with closing(sqlite3.connect(journal)) as database, database:
        database.execute("CREATE TABLE event (local INTEGER, id TEXT, body BLOB)")
        database.execute("INSERT INTO event VALUES (1, 'a', x'7b7d')")


def a_damaged_journal(journal: Path) -> None:
    """The second half of its pages reads as a dying disk gives them."""
    content = bytearray(journal.read_bytes())
    start = len(content) // PAGE_BYTES // 2 * PAGE_BYTES
    content[start:] = b"\xa5" * (len(content) - start)
    journal.write_bytes(content)


def half_a_journal(journal: Path) -> None:
    journal.write_bytes(journal.read_bytes()[: PAGE_BYTES * 3 + 100])


def an_empty_file(journal: Path) -> None:
    journal.write_bytes(b"")


SALVAGED = [a_damaged_journal]
UNFIT = [a_text, another_programs_database, a_damaged_journal, half_a_journal, an_empty_file]


def worked_and_stopped(plant: Plant) -> Station:
    """A station whose journal holds the factory and an act, closed tidily."""
    station, _ = plant.at_work()
    station.until_sent()
    station.stop()
    return station


def assert_works(plant: Plant, station: Station) -> None:
    """An order is opened, a bag is booked, it reaches the server."""
    job = plant.job()
    station.begin(job.order)
    lot, label = job.bag()
    assert station.scan(label)["kind"] == "ok", station.observed.band
    assert station.consumed()[lot] == 1
    station.until_sent()
    station.stop()


def contents(station: Station) -> dict[str, bytes]:
    """The files of the journal, by name."""
    return {path.name: path.read_bytes() for path in sorted(station.data.glob("journal.db*"))}


def test_an_unfit_journal_is_kept_aside_unchanged_and_work_goes_on(plant: Plant) -> None:
    station = worked_and_stopped(plant)
    kept: dict[Path, bytes] = {}
    for spoil in UNFIT:
        spoil(station.journal)
        before = station.journal.read_bytes()
        station.start()
        (aside,) = set(station.data.glob("journal-aside-*.db")) - kept.keys()
        kept[aside] = before
        band = station.observed.band
        key = "journal_salvaged" if spoil in SALVAGED else "journal_moved"
        assert (band["key"], str(aside) in band["what"]) == (key, True), spoil
        assert_works(plant, station)
    assert {path: path.read_bytes() for path in kept} == kept
    station.assert_sound()


def test_a_newer_journal_is_refused_with_a_sentence_and_left_as_it_is(plant: Plant) -> None:
    station = worked_and_stopped(plant)
    content = bytearray(station.journal.read_bytes())
    content[VERSION_AT : VERSION_AT + 4] = (SCHEMA_VERSION + 1).to_bytes(4, "big")
    station.journal.write_bytes(content)
    before = contents(station)
    for words in (("run", "--headless"), ("journal", "verify")):
        done = station.command(*words)
        assert done.returncode == 1, done
        assert done.stderr == (
            f"kiosk: {station.journal}: version {SCHEMA_VERSION + 1}, this program knows"
            f" {SCHEMA_VERSION}; install the newer program again, the file was not touched\n"
        )
    assert contents(station) == before
    assert not list(station.data.glob("journal-aside-*"))
