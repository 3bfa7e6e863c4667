"""Backups: one portable file from one moment, proved before it is promised, never half there."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from sync.server import tables
from sync.server.backup import SUFFIX, Backups
from sync.server.backup_file import COPIED, BackupError, BackupFile
from sync.server.backup_tables import backup, backup_origin
from sync.server.export import export_now
from sync.server.ledger import Ledger
from sync.server.people_tables import session
from sync.server.promises import Promise, PromiseError, promise, promises
from sync.server.view_tables import VIEWS
from tests.sync.server.server_parts import Log, help_called, ledger_at, material, rows

# Nothing of these outlives the machine, or it holds what no backup may.
LEFT_OUT = (
    tables.enrolment_code,
    tables.enrolment_failure,
    tables.lease,
    tables.feed,
    backup,
    backup_origin,
    session,  # who restores it signs in again
)


def quiet(_what: str, _done: int, _total: int) -> None:
    """Nobody watches."""


def backups_of(ledger: Ledger) -> Backups:
    return Backups(ledger.database, ledger.clock, "1.0")


def made(ledger: Ledger, to: Path, keep: int = 0) -> Path:
    return Path(backups_of(ledger).make(to, keep, quiet).file)


def safe(ledger: Ledger) -> dict[str, int]:
    return dict(rows(ledger.database, "SELECT origin, safe FROM origin"))


def exported(path: Path) -> bytes:
    with closing(BackupFile(path)) as file:
        return b"".join(export_now(file))


def test_every_table_is_copied_or_left_out_for_a_reason() -> None:
    assert {*COPIED, *LEFT_OUT, *VIEWS} == set(tables.metadata.tables.values())


def test_a_backup_holds_the_ledger_byte_for_byte_and_says_what_it_is(
    ledger: Ledger, tmp_path: Path
) -> None:
    log = Log([*help_called(5), b"no event", *help_called(2)])
    log.push(ledger)
    ledger.append_office_now([material("FLOUR")])
    told: list[tuple[str, int, int]] = []
    one = backups_of(ledger).make(tmp_path / "kept", 0, lambda *said: told.append(said))
    assert (one.position, one.events, one.origins, one.dropped) == (9, 9, 2, ())
    path = Path(one.file)
    assert (path.parent, path.stat().st_size) == (tmp_path / "kept", one.bytes)
    assert path.stat().st_mode & 0o777 == 0o600
    assert exported(path) == b"".join(export_now(ledger.database))
    with closing(BackupFile(path)) as file:
        manifest = file.manifest
        assert manifest is not None
        assert (manifest.incarnation, manifest.position) == (ledger.incarnation, 9)
        assert manifest.origins[log.origin] == 8
        assert (manifest.rows["event"], manifest.rows["origin"]) == (9, 2)
    assert {what for what, _, _ in told} == {"copied", "proved"}
    assert all(done <= total for _, done, total in told)


def test_safe_is_the_least_of_what_the_promised_backups_hold(
    ledger: Ledger, tmp_path: Path
) -> None:
    log, other = Log(help_called(9)), Log(help_called(4))
    log.push(ledger, count=3)
    assert safe(ledger) == {log.origin: 0}
    first = made(ledger, tmp_path)
    assert safe(ledger) == {log.origin: 3}
    log.push(ledger, 3)
    other.push(ledger)
    second = made(ledger, tmp_path / "second")
    assert safe(ledger) == {log.origin: 3, other.origin: 0}
    first.unlink()
    assert safe(ledger)[log.origin] == 3
    third = made(ledger, tmp_path / "third")
    assert safe(ledger) == {log.origin: 9, other.origin: 4}
    assert log.push(ledger, 9).safe == 9
    names = [one.name for one in backups_of(ledger).all()]
    assert sorted(names) == sorted((str(second), str(third)))


def test_only_so_many_are_kept_and_the_promise_moves_with_them(
    ledger: Ledger, tmp_path: Path
) -> None:
    log = Log(help_called(4))
    elsewhere = made(ledger, tmp_path / "elsewhere")
    files = []
    for count in range(4):
        log.push(ledger, count, 1)
        files.append(made(ledger, tmp_path / "kept", keep=2))
    assert [path.exists() for path in files] == [False, False, True, True]
    assert elsewhere.exists()
    assert sorted((tmp_path / "kept").iterdir()) == sorted(files[2:])
    assert safe(ledger) == {log.origin: 0}
    elsewhere.unlink()
    made(ledger, tmp_path / "kept", keep=2)
    assert safe(ledger) == {log.origin: 4}


def flipped(path: Path, wanted: bytes) -> None:
    content = bytearray(path.read_bytes())
    at = content.index(wanted)
    content[at] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "wanted", [b"HelpCalled", b"MIX-1", b"CREATE TABLE place", b'"position":3', b"SQLite format"]
)
def test_a_flipped_bit_is_found_and_the_file_not_promised(
    ledger: Ledger, tmp_path: Path, wanted: bytes
) -> None:
    log = Log(help_called(3))
    log.push(ledger)
    path = made(ledger, tmp_path / "kept")
    copy = tmp_path / "copy.kiosk-backup"
    copy.write_bytes(path.read_bytes())
    assert backups_of(ledger).forget(str(path))
    assert safe(ledger) == {log.origin: 0}
    flipped(copy, wanted)
    with pytest.raises(BackupError, match=r"copy\.kiosk-backup: .*use another backup"):
        backups_of(ledger).confirm_file("tape", copy, quiet)
    assert (safe(ledger), backups_of(ledger).all()) == ({log.origin: 0}, [])
    backups_of(ledger).confirm_file("tape", path, quiet)
    assert safe(ledger) == {log.origin: 3}


def test_a_backup_that_cannot_be_finished_leaves_nothing(ledger: Ledger, tmp_path: Path) -> None:
    log = Log(help_called(3))
    log.push(ledger)

    def give_up(what: str, _done: int, _total: int) -> None:
        if what == "proved":
            raise BackupError("the disk is gone")

    with pytest.raises(BackupError, match="the disk is gone"):
        backups_of(ledger).make(tmp_path / "kept", 0, give_up)
    assert list((tmp_path / "kept").iterdir()) == []
    assert (safe(ledger), backups_of(ledger).all()) == ({log.origin: 0}, [])


def test_work_goes_on_while_a_backup_is_made_and_is_not_in_it(
    ledger: Ledger, tmp_path: Path
) -> None:
    log = Log(help_called(50))
    log.push(ledger, count=10)
    begun, go_on = threading.Event(), threading.Event()

    def wait(_what: str, _done: int, _total: int) -> None:
        begun.set()
        assert go_on.wait(20)

    found: list[Path] = []
    thread = threading.Thread(
        target=lambda: found.append(Path(backups_of(ledger).make(tmp_path / "k", 0, wait).file))
    )
    thread.start()
    assert begun.wait(20)
    assert log.push(ledger, 10).have.seq == 50
    go_on.set()
    thread.join(20)
    assert exported(found[0]).count(b"\n") == 10
    assert safe(ledger) == {log.origin: 10}


def test_what_a_killed_backup_left_is_swept_and_one_at_work_is_not(
    ledger: Ledger, tmp_path: Path
) -> None:
    Log(help_called(1)).push(ledger)
    left = tmp_path / "kept" / "ledger-old.kiosk-backup.999.part"
    left.parent.mkdir()
    left.write_bytes(b"half")
    seen: list[set[str]] = []

    def nested(_what: str, _done: int, _total: int) -> None:
        if not seen:
            seen.append({path.suffix for path in left.parent.iterdir()})
            made(ledger, left.parent)

    backups_of(ledger).make(left.parent, 0, nested)
    assert seen == [{".part"}]
    assert not left.exists()
    assert len(list(left.parent.iterdir())) == 2


def test_other_tools_backups_are_promised_by_position(ledger: Ledger) -> None:
    log, other = Log(help_called(6)), Log(help_called(2))
    log.push(ledger, count=4)
    other.push(ledger)
    log.push(ledger, 4)
    backups = backups_of(ledger)
    assert backups.confirm("pg_dump", 5).position == 5
    assert safe(ledger) == {log.origin: 4, other.origin: 1}
    backups.confirm("pg_dump", 8)
    assert safe(ledger) == {log.origin: 6, other.origin: 2}
    with pytest.raises(PromiseError, match="the ledger ends at 8"):
        backups.confirm("pg_dump", 9)
    with pytest.raises(PromiseError, match="printable"):
        backups.confirm("a\nb", 8)
    assert (backups.forget("pg_dump"), backups.forget("pg_dump")) == (True, False)
    assert safe(ledger) == {log.origin: 0, other.origin: 0}


def test_a_copy_of_the_ledger_s_own_file_is_proved_and_promised(tmp_path: Path) -> None:
    ledger = ledger_at(tmp_path)
    log = Log(help_called(3))
    log.push(ledger)
    snapshot = tmp_path / "snapshot.sqlite"
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as source:
        source.execute("VACUUM INTO ?", (str(snapshot),))
    log.bodies += help_called(2)
    log.push(ledger, 3)
    assert backups_of(ledger).confirm_file("disk", snapshot, quiet).position == 3
    assert safe(ledger) == {log.origin: 3}
    ledger.database.close()


def test_a_backup_of_another_plant_promises_nothing_here(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    stranger = ledger_at(tmp_path / "theirs")
    log, clone = Log(help_called(3)), Log(help_called(5))
    clone.origin = log.origin
    log.push(ledger)
    clone.push(stranger)
    theirs = made(stranger, tmp_path / "theirs")
    backups_of(ledger).confirm_file("theirs", theirs, quiet)
    assert safe(ledger) == {log.origin: 0}
    stranger.database.close()


def no_file(folder: Path) -> Path:
    return folder / "none.kiosk-backup"


def a_text(folder: Path) -> Path:
    path = folder / "text"
    path.write_text("hello " * 500)
    return path


def an_empty_file(folder: Path) -> Path:
    path = folder / "empty"
    path.touch()
    return path


def a_folder(folder: Path) -> Path:
    return folder


@pytest.mark.parametrize("make", [no_file, a_text, an_empty_file, a_folder])
def test_what_is_no_backup_is_named(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    path = make(tmp_path)
    with pytest.raises(BackupError, match=str(path)):
        BackupFile(path)


def test_a_file_that_is_there_and_a_folder_that_cannot_be_made_are_refused(
    ledger: Ledger,
    tmp_path: Path,
) -> None:
    file = made(ledger, tmp_path / "night.backup")
    assert file == tmp_path / "night.backup"
    with pytest.raises(BackupError, match="is there already"):
        made(ledger, file)
    with pytest.raises(BackupError, match="give another --to"):
        made(ledger, file / "folder")


def test_a_manifest_of_a_newer_program_is_told(ledger: Ledger, tmp_path: Path) -> None:
    path = made(ledger, tmp_path / "kept")
    with closing(sqlite3.connect(path)) as connection:
        said = msgspec.json.decode(
            connection.execute("SELECT manifest FROM manifest").fetchone()[0]
        )
        newer = msgspec.json.encode({**said, "format": 99}).decode()
        connection.execute("UPDATE manifest SET manifest = ?", (newer,))
        connection.commit()
    with closing(BackupFile(path)) as file, pytest.raises(BackupError, match="newer program"):
        file.prove(quiet)


def test_files_of_another_machine_are_not_ours_to_rotate(ledger: Ledger, tmp_path: Path) -> None:
    first = made(ledger, tmp_path / "kept")
    theirs = str(tmp_path / "kept" / f"theirs{SUFFIX}")
    one = Promise(theirs, theirs, "another-machine", ledger.incarnation, 2**50, 0)
    ledger.database.write_now(lambda conn: promise(conn, one, {}))
    second = made(ledger, tmp_path / "kept", keep=1)
    assert [first.exists(), second.exists()] == [False, True]
    assert {kept.name for kept in ledger.database.read_now(promises)} == {theirs, str(second)}
