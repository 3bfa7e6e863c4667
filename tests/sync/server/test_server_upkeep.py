"""Backup, restore, rebuild and status as an administrator types them, beside a server and alone."""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync.server.backup_file import BackupFile
from sync.server.config import ServerConfig
from sync.server.database import Database, sqlite_url
from sync.server.ledger import Ledger
from sync.server.promises import NO_BACKUP
from sync.server.services import open_services
from tests.sync.server.server_parts import (
    Log,
    Server,
    help_called,
    kiosk_server,
    ledger_at,
    material,
    rows,
)

DAY_SECONDS = 86_400


def told(*words: str) -> dict[str, Any]:
    """What a command answers in JSON."""
    done = kiosk_server(*words, "--json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def told_twice(data: Path, *words: str) -> list[dict[str, Any]]:
    """What a command answers beside a running server, and then alone."""
    with Server(data):
        beside = told(*words, "--data", str(data))
    return [beside, told(*words, "--data", str(data))]


def test_help_teaches_the_upkeep() -> None:
    taught = {
        "backup": ("--keep 14", "pg_dump", "no key, no admin", "signing.key"),
        "restore": ("--replace", "new incarnation", "--new-keys"),
        "rebuild": ("views",),
        "status": ("stations[].waiting",),
    }
    for command, words in taught.items():
        shown = kiosk_server(command, "--help").stdout
        for word in words:
            assert word in shown
    assert "backup --data" in kiosk_server("--help").stdout


def test_backups_beside_a_server_and_alone(tmp_path: Path) -> None:
    data, kept = tmp_path / "data", tmp_path / "kept"
    with Server(data) as server:
        log = Log(help_called(7))
        station = server.enrol()
        station.push(log)
        server.office(material("FLOUR"))
        beside = told("backup", "--data", str(data), "--to", str(kept), "--keep", "1")
        assert (beside["events"], beside["origins"], beside["dropped"]) == (8, 2, [])
        assert station.push(log, 7).json()["safe"] == 7
        looked = told("status", "--data", str(data))
    assert (looked["serving"], looked["url"], looked["pid"]) == (True, server.url, server.pid)
    assert (looked["position"], looked["alarms"]) == (8, {})
    [one] = looked["stations"]
    assert (one["station"], one["received"], one["safe"], one["waiting"]) == ("MIX-1", 7, 7, 0)
    [backup] = looked["backups"]
    assert (backup["file"], backup["position"]) == (beside["file"], 8)
    alone = told("backup", "--data", str(data), "--to", str(kept), "--keep", "1")
    assert alone["dropped"] == [beside["file"]]
    assert [str(path) for path in kept.iterdir()] == [alone["file"]]
    looked = told("status", "--data", str(data))
    assert (looked["serving"], looked["behind"]) == (False, 0)
    shown = kiosk_server("status", "--data", str(data)).stdout
    for words in ("serving   no", "MIX-1: 7 events received, 7 in backups", alone["file"]):
        assert words in shown


def test_other_tools_backups_are_confirmed_and_forgotten(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Server(data) as server:
        server.enrol().push(Log(help_called(3)))
        where = ("--data", str(data))
        said = kiosk_server("backup", *where, "--confirm", "pg_dump", "--position", "2")
        assert said.stdout == "pg_dump: promised; it holds all up to position 2\n"
        late = kiosk_server("backup", *where, "--confirm", "pg_dump", "--position", "9")
        assert (late.returncode, late.stderr.count("\n")) == (1, 1)
        assert "the ledger ends at 3" in late.stderr
        file = kiosk_server("backup", *where, "--confirm", "tape", "--file", "nowhere")
        assert (file.returncode, "no such file" in file.stderr) == (1, True)
        alone = kiosk_server("backup", *where, "--position", "9")
        assert "say --confirm NAME" in alone.stderr
    assert told("backup", *where, "--forget", "pg_dump") == {"forgotten": True}
    assert (
        "no backup is called 'pg_dump'"
        in kiosk_server("backup", *where, "--forget", "pg_dump").stderr
    )


def test_a_backup_that_cannot_be_written_says_so_beside_a_server_and_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (tmp_path / "file.x").write_text("x")
    words = ("backup", "--data", str(data), "--to", str(tmp_path / "file.x"))
    with Server(data):
        beside = kiosk_server(*words)
    for one in (beside, kiosk_server(*words)):
        assert (one.returncode, one.stderr.count("\n")) == (1, 1)
        assert "is there already; name a folder, or a new file" in one.stderr


def test_the_views_are_rebuilt_beside_a_server_and_alone(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        server.office(material("FLOUR"), material("SALT"))
    assert told_twice(tmp_path, "rebuild") == [{"position": 2}, {"position": 2}]
    ledger = ledger_at(tmp_path)
    assert rows(ledger.database, "SELECT count(*) FROM master") == [(2,)]
    ledger.database.close()


def test_a_restored_folder_serves_and_its_stations_are_known(tmp_path: Path) -> None:
    data, new = tmp_path / "data", tmp_path / "new"
    with Server(data) as server:
        station = server.enrol()
        log = Log(help_called(5))
        station.push(log, 0, 3)
        lost = [material("FLOUR"), material("SALT")]
        file = told("backup", "--data", str(data), "--to", str(tmp_path / "kept"))["file"]
        station.push(log, 3)
        server.office(*lost)
        bodies = [json.dumps(line["event"]) for line in server.exported()[5:]]
        running = kiosk_server("restore", file, "--data", str(data), "--replace")
        assert (running.returncode, "stop that server first" in running.stderr) == (1, True)
    done = kiosk_server("restore", file, "--data", str(new))
    assert "restored: 3 events up to position 3, 1 stations" in done.stdout
    assert "Bring signing.key" in done.stdout
    (new / "signing.key").write_bytes((data / "signing.key").read_bytes())
    again = kiosk_server("restore", file, "--data", str(new))
    assert (again.returncode, "--replace moves it aside" in again.stderr) == (1, True)
    with Server(new) as server:
        station.server = server
        assert station.push(log, 5).json()["have"][0] == 3
        assert station.push(log, 3).json()["have"] == [5, log.mark(5).digest]
        for count in (2, 0):
            answer = server.client.post(
                "/v1/recovered", content="\n".join(bodies) + "\n", headers=station.headers
            )
            assert (answer.status_code, answer.json()) == (200, {"stored": count})
        ids = {line["event"]["id"] for line in server.exported()}
        looked = told("status", "--data", str(new))
    assert {json.loads(body)["id"] for body in bodies} < ids
    assert looked["alarms"] == {"recovered": 1, "restored": 1}


def test_lost_keys_are_given_up_on_demand_only(tmp_path: Path) -> None:
    data, new = tmp_path / "data", tmp_path / "new"
    with Server(data) as server:
        server.enrol()
        file = told("backup", "--data", str(data), "--to", str(tmp_path / "kept"))["file"]
    assert told("restore", file, "--data", str(new))["signing_key"] is False
    refused = kiosk_server("serve", "--data", str(new), "--port", "0")
    assert (refused.returncode, "signing.key" in refused.stderr) == (1, True)
    words = ("restore", file, "--data", str(new), "--replace", "--new-keys")
    assert "enrol every station again" in kiosk_server(*words).stdout
    with Server(new) as server:
        assert server.enrol().push(Log(help_called(1))).status_code == 200


def test_what_a_station_brings_back_has_limits(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        station = server.enrol()

        def brought(content: bytes, headers: dict[str, str]) -> int:
            answer = server.client.post("/v1/recovered", content=content, headers=headers)
            return answer.status_code

        assert brought(b"", {}) == 401
        assert brought(b"", station.headers) == 200
        assert brought(b"{}\n" * 501, station.headers) == 413
        assert brought(b"x" * 65_537, station.headers) == 400
        assert brought(b"x" * 5_000_000, station.headers) == 413
        assert brought(b"\xff\x00\n\n{}\n[1", station.headers) == 200
        assert server.exported() == []


def test_a_day_without_a_backup_is_an_alarm_and_a_line_until_there_is_one(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        server.enrol().push(Log(help_called(1)))
    later = ("--clock-offset", str(2 * DAY_SECONDS))
    with Server(tmp_path, *later) as server:
        assert "no backup is promised: stations can delete nothing" in server.said()
        assert told("status", "--data", str(tmp_path))["alarms"] == {NO_BACKUP: 1}
        told("backup", "--data", str(tmp_path))
        assert told("status", "--data", str(tmp_path))["alarms"] == {}
    with Server(tmp_path, *later) as server:
        assert server.said() == ""


def big_ledger(folder: Path, events: int) -> Ledger:
    folder.mkdir(exist_ok=True)
    ledger = ledger_at(folder)
    log = Log(help_called(events))
    for start in range(0, events, 2_000):
        log.push(ledger, start, 2_000)
    return ledger


def test_a_killed_backup_leaves_no_file_under_its_name_and_no_promise(tmp_path: Path) -> None:
    data, kept = tmp_path / "data", tmp_path / "kept"
    big_ledger(data, 20_000).database.close()
    open_services(ServerConfig(data)).close()
    words = ["backup", "--data", str(data), "--to", str(kept)]
    process = subprocess.Popen([sys.executable, "-m", "sync.server", *words])
    while not any(kept.glob("*.part")) and process.poll() is None:
        threading.Event().wait(0.002)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait(30) == -signal.SIGKILL
    assert [path.suffix for path in kept.iterdir()] == [".part"]
    assert told("status", "--data", str(data))["backups"] == []
    done = told(*words)
    assert [str(path) for path in kept.iterdir()] == [done["file"]]
    with closing(BackupFile(Path(done["file"]))) as file:
        assert file.position() == 20_000


def test_a_server_that_ends_in_mid_backup_leaves_nothing(tmp_path: Path) -> None:
    data, kept = tmp_path / "data", tmp_path / "kept"
    big_ledger(data, 20_000).database.close()
    server = Server(data)
    asked = {"to": str(kept), "keep": 1}
    with httpx.stream(
        "POST", f"{server.url}/v1/backups", json=asked, headers=server.admin, trust_env=False
    ) as answer:
        next(answer.iter_lines())
        assert server.end()[0] == 0
    left = sorted(path.suffix for path in kept.iterdir())
    looked = told("status", "--data", str(data))
    assert left == [".kiosk-backup"] * len(looked["backups"])


@pytest.mark.parametrize("keep", ["0", "-1", "x", "10001"])
def test_how_many_are_kept_is_a_number(tmp_path: Path, keep: str) -> None:
    wrong = kiosk_server("backup", "--data", str(tmp_path), "--keep", keep)
    assert (wrong.returncode, "want 1 to 10000" in wrong.stderr) == (2, True)


def test_a_folder_whose_ledger_is_elsewhere_is_not_given_an_empty_one(tmp_path: Path) -> None:
    Server(tmp_path).end()
    (tmp_path / "ledger.sqlite").rename(tmp_path / "elsewhere.sqlite")
    lost = kiosk_server("verify", "--data", str(tmp_path))
    assert (lost.returncode, "say --database URL" in lost.stderr) == (1, True)
    assert not (tmp_path / "ledger.sqlite").exists()
    url = sqlite_url(tmp_path / "elsewhere.sqlite")
    found = kiosk_server("verify", "--data", str(tmp_path), "--database", url)
    assert (found.returncode, found.stdout[:2]) == (0, "OK")


def test_a_restore_into_a_database_by_url(tmp_path: Path) -> None:
    big_ledger(tmp_path / "old", 10).database.close()
    copy, data = tmp_path / "old" / "ledger.sqlite", tmp_path / "data"
    words = ("restore", str(copy), "--data", str(data), "--database")
    wrong = kiosk_server(*words, "nonsense")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)
    assert "database.url" in wrong.stderr
    url = sqlite_url(tmp_path / "there.sqlite")
    assert told(*words, url)["events"] == 10
    database = Database(url)
    assert rows(database, "SELECT count(*) FROM event") == [(10,)]
    database.close()
