"""Restore: a backup becomes the ledger again, as a new incarnation, and what it lacks comes back."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from sync.server.backup import Backups
from sync.server.backup_file import BackupError
from sync.server.clock import ServerClock
from sync.server.config import ServerConfig
from sync.server.database import Database
from sync.server.export import export_now
from sync.server.highwater import check_restored
from sync.server.ledger import Ledger
from sync.server.numbers import grant
from sync.server.projector import Projector
from sync.server.recovered import DAY_MS, RECOVERY_DAYS, recover
from sync.server.restore import Restored, RestoreError, restore
from sync.server.settings import incarnations_before, numbers_skip
from tests.postgres import Cluster
from tests.sync.server.server_parts import Log, help_called, material, rows

EXPORT_MATERIALS = "SELECT key, revision FROM master ORDER BY key"


def quiet(_what: str, _done: int, _total: int) -> None:
    """Nobody watches."""


def opened(config: ServerConfig) -> Ledger:
    config.data.mkdir(exist_ok=True)
    return Ledger(Database(config.database_url), ServerClock(), grant)


def exported(config: ServerConfig) -> bytes:
    database = Database(config.database_url)
    found = b"".join(export_now(database))
    database.close()
    return found


def kept(ledger: Ledger, folder: Path) -> Path:
    """A backup of a ledger, which is closed."""
    made = Backups(ledger.database, ledger.clock, "1.0").make(folder, 0, quiet)
    ledger.database.close()
    return Path(made.file)


def restored(path: Path, config: ServerConfig, *, replace: bool = False) -> Restored:
    config.data.mkdir(exist_ok=True)
    return restore(path, config, replace=replace, tell=quiet)


def other(folder: Path, url: str) -> ServerConfig:
    """Another server, on each of the databases."""
    return ServerConfig(folder / "new", url=url)


def filled(config: ServerConfig) -> tuple[Ledger, Log]:
    """A ledger with a station's log, a row in quarantine, a gap and an office."""
    ledger = opened(config)
    log = Log([*help_called(40), b"no event", *help_called(9)])
    log.push(ledger, count=45)
    Log(help_called(5)).push(ledger, 3, low=4)
    Log(log.bodies[:3]).push(ledger)  # a cloned journal: the same events under another origin
    ledger.append_office_now([material("FLOUR"), material("SALT")])
    return ledger, log


def test_the_restored_ledger_is_the_one_that_was_kept(database_url: str, tmp_path: Path) -> None:
    old, new = ServerConfig(tmp_path / "old"), other(tmp_path, database_url)
    ledger, log = filled(old)
    first = ledger.incarnation
    path = kept(ledger, tmp_path / "kept")
    done = restored(path, new)
    assert exported(new) == exported(old)
    assert (done.file, done.events, done.position, done.aside) == (str(path), 49, 49, "")
    again = opened(new)
    assert again.incarnation == done.incarnation != first
    assert again.database.read_now(incarnations_before) == (first,)
    assert [row[1] for row in rows(again.database, EXPORT_MATERIALS)] == [1, 1]
    assert rows(again.database, "SELECT DISTINCT safe FROM origin") == [(0,)]
    kinds = [row[0] for row in rows(again.database, "SELECT kind FROM alarm ORDER BY number")]
    assert kinds == ["gap", "restored"]
    assert log.push(again, 45).have == log.mark(50)
    again.database.close()


def test_from_sqlite_to_any_database_and_back_nothing_changes(
    database_url: str, tmp_path: Path
) -> None:
    one, two = ServerConfig(tmp_path / "one"), other(tmp_path, database_url)
    three = ServerConfig(tmp_path / "three")
    ledger, _ = filled(one)
    restored(kept(ledger, tmp_path / "kept"), two)
    restored(kept(opened(two), tmp_path / "kept"), three)
    assert exported(one) == exported(two) == exported(three)
    again = opened(three)
    assert len(again.database.read_now(incarnations_before)) == 2
    again.database.close()


def test_what_the_backup_lacked_comes_back_from_the_stations(
    database_url: str, tmp_path: Path
) -> None:
    old, new = ServerConfig(tmp_path / "old"), other(tmp_path, database_url)
    ledger, log = filled(old)
    path = Path(Backups(ledger.database, ledger.clock, "1.0").make(tmp_path, 0, quiet).file)
    log.push(ledger, 45)
    lost = ledger.append_office_now([material("YEAST"), material("FLOUR", 2)])
    log.bodies += help_called(3)
    log.push(ledger, 50)
    everything = {name for (name,) in rows(ledger.database, "SELECT id FROM event")}
    ledger.database.close()
    restored(path, new)
    again = opened(new)
    assert log.push(again, 53).have == log.mark(45)
    assert log.push(again, 45).have == log.mark(53)
    offered = [record.body for record in lost]
    for count in (2, 0):
        assert again.database.write_now(lambda conn: recover(conn, "MIX-1", offered, 1)) == count
    assert {name for (name,) in rows(again.database, "SELECT id FROM event")} == everything
    projector = Projector(again.database)
    projector.catch_up()
    found = rows(again.database, EXPORT_MATERIALS)
    assert found == [("FLOUR", 2), ("SALT", 1), ("YEAST", 1)]
    told = rows(again.database, "SELECT station, text FROM alarm WHERE kind = 'recovered'")
    assert told == [
        ("MIX-1", "MIX-1 brought back 2 events of the office that the restored ledger lacked")
    ]
    again.append_office_now([material("WATER")])
    again.database.close()


def test_only_what_the_office_said_is_taken_back_and_only_after_a_restore(
    database_url: str, tmp_path: Path
) -> None:
    old, new = ServerConfig(tmp_path / "old"), other(tmp_path, database_url)
    ledger = opened(old)
    path = Path(Backups(ledger.database, ledger.clock, "1.0").make(tmp_path, 0, quiet).file)
    bodies = [record.body for record in ledger.append_office_now([material("A"), material("B")])]
    offered = [
        *help_called(1),
        b"nonsense",
        b'{"type":"Later","station":"office"}',
        *bodies,
        *bodies,
    ]
    unharmed = opened(ServerConfig(tmp_path / "unharmed"))
    assert unharmed.database.write_now(lambda conn: recover(conn, "MIX-1", offered, 1)) == 0
    unharmed.database.close()
    ledger.database.close()
    restored(path, new)
    again = opened(new)
    assert again.database.write_now(lambda conn: recover(conn, "MIX-1", offered[:4], 1)) == 1
    assert again.database.write_now(lambda conn: recover(conn, "MIX-1", offered, 1)) == 1
    assert again.database.write_now(lambda conn: recover(conn, "CUT-1", offered, 1)) == 0
    told = rows(again.database, "SELECT text FROM alarm WHERE kind = 'recovered'")
    assert told == [("MIX-1 brought back 2 events of the office that the restored ledger lacked",)]
    assert exported(new).count(b"\n") == 2
    again.database.close()


def test_numbers_are_never_granted_again(database_url: str, tmp_path: Path) -> None:
    old, new = ServerConfig(tmp_path / "old"), other(tmp_path, database_url)
    ledger = opened(old)
    take: Callable[[Ledger, str, int], int] = lambda one, origin, count: (  # noqa: E731
        one.database.write_now(lambda conn: grant(conn, origin, {}, {"lot": count}, 1))[0].last
    )
    assert take(ledger, "1" * 32, 70) == 70
    path = Path(Backups(ledger.database, ledger.clock, "1.0").make(tmp_path, 0, quiet).file)
    assert take(ledger, "2" * 32, 500) == 570
    ledger.database.close()
    restored(path, new)
    again = opened(new)
    assert take(again, "3" * 32, 1) == 70 + numbers_skip(again.incarnation) + 1
    again.database.close()


def test_a_ledger_that_is_there_is_kept_or_moved_aside(database_url: str, tmp_path: Path) -> None:
    old, new = ServerConfig(tmp_path / "old"), other(tmp_path, database_url)
    ledger, _ = filled(old)
    path = kept(ledger, tmp_path / "kept")
    mine = opened(new)
    mine.append_office_now([material("MINE")])
    mine.database.close()
    before = exported(new)
    with pytest.raises(RestoreError, match=r"holds .*; --replace moves"):
        restored(path, new)
    assert exported(new) == before
    done = restored(path, new, replace=True)
    assert exported(new) == exported(old)
    assert events_aside(new, done.aside) == 1


def events_aside(config: ServerConfig, aside: str) -> int:
    """How many events the ledger holds that was moved aside."""
    if not aside.startswith("schema "):
        with closing(sqlite3.connect(aside)) as connection:
            return int(connection.execute("SELECT count(*) FROM event").fetchone()[0])
    database = Database(config.database_url)
    table = f"{aside.removeprefix('schema ')}.event"
    [(count,)] = rows(database, f"SELECT count(*) FROM {table}")
    database.close()
    return int(count)


def test_an_empty_ledger_and_a_damaged_one_give_way(tmp_path: Path) -> None:
    old, new = ServerConfig(tmp_path / "old"), ServerConfig(tmp_path / "new")
    ledger, _ = filled(old)
    path = kept(ledger, tmp_path / "kept")
    opened(new).database.close()
    assert restored(path, new).aside == ""
    (new.data / "ledger.sqlite").write_bytes(b"rubbish" * 1_000)
    with pytest.raises(RestoreError, match="moves it aside"):
        restored(path, new)
    aside = restored(path, new, replace=True).aside
    assert Path(aside).read_bytes().startswith(b"rubbish")
    assert exported(new) == exported(old)


def test_a_bad_backup_touches_nothing(database_url: str, tmp_path: Path) -> None:
    old, new = ServerConfig(tmp_path / "old"), other(tmp_path, database_url)
    ledger, _ = filled(old)
    path = kept(ledger, tmp_path / "kept")
    content = bytearray(path.read_bytes())
    content[content.index(b"HelpCalled")] ^= 1
    path.write_bytes(content)
    mine = opened(new)
    mine.append_office_now([material("MINE")])
    mine.database.close()
    before = exported(new)
    with pytest.raises(BackupError, match="use another backup"):
        restored(path, new, replace=True)
    assert exported(new) == before


def test_a_restore_is_declared_so_the_high_water_file_does_not_accuse_it(tmp_path: Path) -> None:
    old = ServerConfig(tmp_path / "old")
    ledger, log = filled(old)
    path = Path(Backups(ledger.database, ledger.clock, "1.0").make(tmp_path, 0, quiet).file)
    log.push(ledger, 45)
    ledger.database.close()
    done = restored(path, old, replace=True)
    again = opened(old)
    assert check_restored(old.data, again.database, 1) == ""
    assert again.incarnation == done.incarnation
    again.database.close()


def test_a_database_that_is_served_is_not_restored_into(cluster: Cluster, tmp_path: Path) -> None:
    ledger, _ = filled(ServerConfig(tmp_path / "old"))
    path = kept(ledger, tmp_path / "kept")
    new = other(tmp_path, cluster.database())
    serving = opened(new)
    serving.append_office_now([material("MINE")])
    with pytest.raises(RestoreError, match="stop all servers"):
        restored(path, new, replace=True)
    assert rows(serving.database, "SELECT count(*) FROM event") == [(1,)]
    serving.database.close()
    assert restored(path, new, replace=True).aside
    cluster.drop(new.database_url)


def test_what_comes_back_too_late_is_not_taken(database_url: str, tmp_path: Path) -> None:
    old, new = ServerConfig(tmp_path / "old"), other(tmp_path, database_url)
    ledger = opened(old)
    path = Path(Backups(ledger.database, ledger.clock, "1.0").make(tmp_path, 0, quiet).file)
    bodies = [record.body for record in ledger.append_office_now([material("A"), material("B")])]
    ledger.database.close()
    restored(path, new)
    again = opened(new)
    end = 1 + RECOVERY_DAYS * DAY_MS
    write = again.database.write_now
    assert write(lambda conn: recover(conn, "MIX-1", bodies[:1], 1)) == 1
    assert write(lambda conn: recover(conn, "MIX-1", bodies, end + 1)) == 0
    assert write(lambda conn: recover(conn, "MIX-1", bodies, end)) == 1
    again.database.close()
