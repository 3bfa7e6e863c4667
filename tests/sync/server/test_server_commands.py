"""`kiosk-server`: each command with and without a running server, its words and its exit status."""

import contextlib
import json
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from sync.server.commands import from_outside
from sync.server.config import ConfigError, read_config
from sync.server.folder import DataFolder, FolderError, InUseError, address_of
from sync.server.keys import KeyFileError, admin_token_of, signer_of
from tests.sync.server.server_parts import (
    Log,
    Server,
    Station,
    help_called,
    kiosk_server,
    kiosk_server_process,
    material,
)


def test_help_teaches_the_first_steps() -> None:
    told = kiosk_server_process("--help")
    assert told.returncode == 0
    for word in ("serve", "enrol", "import", "export", "verify", "READY", "--template"):
        assert word in told.stdout
    assert kiosk_server("dance").returncode == 2
    for words in (("serve",), ("export",), ("import",), ("import", "folder")):
        told = kiosk_server(*words)
        assert (told.returncode, told.stderr.count("\n")) == (2, 1)
        assert "kiosk-server: say which" in told.stderr
    assert "want a position" in kiosk_server("export", "--data", "x", "--after", "-1").stderr


def test_the_same_commands_alone_and_beside_a_running_server(tmp_path: Path) -> None:
    data = tmp_path / "data"
    Server(data).end()
    alone = json.loads(enrolled(data).stdout)
    assert (alone["station"], alone["url"], len(alone["code"])) == ("MIX-1", "", 10)
    assert alone["unknown_work_centers"] == ["MIX", "BAKE"]
    with Server(data) as server:
        assert server.client.post("/v1/enrol", json={"code": alone["code"]}).status_code == 200
        beside = json.loads(enrolled(data).stdout)
        assert beside["url"] == server.url
        log = Log(help_called(3))
        server.enrol("CUT-1").push(log)
        server.office(material("FLOUR"))
        exported = kiosk_server("export", "--data", str(data))
        assert kiosk_server("verify", "--data", str(data)).stdout.startswith("OK  4 events")
    assert kiosk_server("export", "--data", str(data)).stdout == exported.stdout
    assert exported.stdout.count("\n") == 4
    later = kiosk_server("export", "--data", str(data), "--after", "3")
    assert later.stdout == exported.stdout.splitlines(keepends=True)[3]
    proved = json.loads(kiosk_server("verify", "--data", str(data), "--json").stdout)
    assert proved == {"origins": 2, "places": 4, "events": 4, "bad": ""}


def enrolled(data: Path) -> "subprocess.CompletedProcess[str]":
    return kiosk_server(
        "enrol", "--data", str(data), "--station", "MIX-1", "--work-centers", "MIX,BAKE", "--json"
    )


def test_the_code_stands_alone_on_standard_output(tmp_path: Path) -> None:
    Server(tmp_path).end()
    told = kiosk_server("enrol", "--data", str(tmp_path), "--station", "MIX-1")
    code = told.stdout.strip()
    assert len(code) == 10
    assert f"kiosk enrol SERVER {code}" in told.stderr
    assert "MIX-1 has no work center: it will see no order" in told.stderr
    centers = ("--work-centers", "MIXX")
    unknown = kiosk_server("enrol", "--data", str(tmp_path), "--station", "MIX-1", *centers)
    assert "work center MIXX is not known yet: check the name" in unknown.stderr
    wrong = kiosk_server("enrol", "--data", str(tmp_path), "--station", "a,b")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)
    assert "no comma" in wrong.stderr


def test_verify_names_a_bad_row_and_fails(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        server.enrol().push(Log(help_called(2)))
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        connection.execute("UPDATE event SET body = x'00' WHERE position = 2")
    connection.close()
    told = kiosk_server_process("verify", "--data", str(tmp_path))
    assert told.returncode == 1
    assert "seq 2: the body is not what was digested" in told.stdout


def test_commands_on_no_data_folder_say_so(tmp_path: Path) -> None:
    for command in ("export", "verify", "enrol --station S-1", f"import {tmp_path / 'none'}"):
        told = kiosk_server(*command.split(), "--data", str(tmp_path / "nowhere"))
        assert (told.returncode, told.stderr.count("\n")) == (1, 1)
        wanted = "name a folder of CSV files" if "import" in command else "check --data"
        assert wanted in told.stderr
    assert not (tmp_path / "nowhere").exists()


def test_a_second_server_on_the_folder_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        told = kiosk_server("serve", "--data", str(tmp_path), "--port", "0")
        assert told.returncode == 1
        assert f"in use by process {server.pid} at {server.url}" in told.stderr
        assert "stop that server first" in told.stderr


def test_ending_is_success_and_ends_long_polls(tmp_path: Path) -> None:
    server = Server(tmp_path)
    station = server.enrol()
    _, mark = station.snapshot()
    answers: list[int] = []
    poll = threading.Thread(target=lambda: answers.append(waited(server, station, mark)))
    began = time.monotonic()
    poll.start()
    poll.join(0.5)
    assert server.end() == (0, "")
    poll.join(10)
    assert answers == [200]
    assert time.monotonic() - began < 10
    assert address_of(tmp_path) is None


def waited(server: Server, station: Station, mark: str) -> int:
    """The status of a long poll on a connection of its own."""
    url = f"{server.url}/v1/feed?after={mark}&wait=25"
    return httpx.get(url, headers=station.headers, timeout=30, trust_env=False).status_code


def test_a_factory_is_imported_alone_and_again_beside_a_running_server(tmp_path: Path) -> None:
    data, factory = tmp_path / "data", tmp_path / "factory"
    empty = kiosk_server("import", "--template", str(factory))
    assert len(empty.stdout.splitlines()) == len(list(factory.glob("*.csv")))
    assert (
        "every file is there already" in kiosk_server("import", "--template", str(factory)).stderr
    )
    with (factory / "work_centers.csv").open("a", encoding="utf-8") as file:
        file.write("MIX,Mixing,8,,,\n")
    alone = kiosk_server("import", "--data", str(data), str(factory), "--json")
    assert json.loads(alone.stdout)["events"] == {"WorkCenterDefined": 1}
    with Server(data):
        again = kiosk_server("import", "--data", str(data), str(factory))
        assert (again.returncode, "all of it was known already" in again.stdout) == (0, True)
        (factory / "work_centers.csv").write_text("work_center,nane\nMIX,Mixing\n")
        wrong = kiosk_server("import", "--data", str(data), str(factory))
        assert (wrong.returncode, wrong.stdout) == (1, "")
        assert "nothing was loaded" in wrong.stderr
        assert "work_centers.csv, line 1, column nane" in wrong.stderr
        nowhere = kiosk_server("import", "--data", str(data), str(tmp_path / "nowhere"))
        assert "No such file or directory; name a folder of CSV files" in nowhere.stderr
    assert kiosk_server("import", "--data", str(data)).returncode == 2


def test_the_server_s_clock_can_be_moved(tmp_path: Path) -> None:
    years = 3 * 365 * 86_400
    with Server(tmp_path, "--clock-offset", str(years)) as server:
        answer = server.enrol().push(Log(help_called(1))).json()
        server.office(material("FLOUR"))
        written = [
            line["event"]["at"][:4] for line in server.exported() if "material" in line["event"]
        ]
    year = int(time.strftime("%Y", time.gmtime(time.time() + years)))
    assert (int(answer["time"][:4]), written) == (year, [str(year)])


def test_a_port_in_use_and_an_address_of_others_are_told(tmp_path: Path) -> None:
    with Server(tmp_path / "one") as server:
        port = server.url.rpartition(":")[2]
        told = kiosk_server("serve", "--data", str(tmp_path / "two"), "--port", port)
        assert (told.returncode, told.stderr.count("\n")) == (1, 1)
        assert "0 takes any that is free" in told.stderr


def test_a_command_waits_for_a_server_that_is_starting(tmp_path: Path) -> None:
    Server(tmp_path).kill()
    assert address_of(tmp_path) is not None, "what a killed server leaves behind"
    with DataFolder(tmp_path) as starting:
        assert address_of(tmp_path) is None
        command = [sys.executable, "-m", "sync.server", "verify", "--data", str(tmp_path)]
        waiting = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(1)
        assert starting.path == tmp_path
    said, _ = waiting.communicate(timeout=30)
    assert (waiting.returncode, said.startswith("OK")) == (0, True)


def test_an_export_that_finds_no_room_says_so(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        server.enrol().push(Log(help_called(500)))
    command = [sys.executable, "-m", "sync.server", "export", "--data", str(tmp_path)]
    with Path("/dev/full").open("wb") as full:
        told = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert told.returncode == 1
    assert told.stderr == (
        "kiosk-server: standard output: No space left on device; make room, export again\n"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"hello" * 1_000, "file is not a database; move that file aside"),
        ("CREATE TABLE event (x)", "no ledger of this program, it holds event: move it aside"),
    ],
    ids=["no database", "another's"],
)
def test_a_file_that_is_no_ledger_is_left_alone(
    tmp_path: Path, content: bytes | str, said: str
) -> None:
    path = tmp_path / "ledger.sqlite"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute(content)
    told = kiosk_server("serve", "--data", str(tmp_path), "--port", "0")
    assert (told.returncode, told.stderr.count("\n")) == (1, 1)
    assert said in told.stderr


@pytest.mark.parametrize("url", ["nonsense", "mysql://x", "sqlite://", "postgresql+nodriver://x"])
def test_a_database_that_cannot_be_opened_is_named(tmp_path: Path, url: str) -> None:
    (tmp_path / "server.toml").write_text(f'[database]\nurl = "{url}"\n')
    told = kiosk_server("serve", "--data", str(tmp_path), "--port", "0")
    assert (told.returncode, told.stderr.count("\n")) == (1, 1)
    assert "kiosk-server: database.url: " in told.stderr


def test_a_station_is_told_an_address_that_it_can_reach() -> None:
    assert from_outside("http://192.168.1.4:8400") == "http://192.168.1.4:8400"
    for everywhere in ("http://0.0.0.0:8400", "http://[::]:8400"):
        assert from_outside(everywhere) == f"http://{socket.getfqdn()}:8400"


def test_the_configuration_tells_all_its_mistakes_at_once(tmp_path: Path) -> None:
    (tmp_path / "server.toml").write_text(
        'port = 1\n[server]\nport = "80"\nopen_board = 1\nhots = "x"\n[site]\nname = 7\n'
    )
    with pytest.raises(ConfigError) as fault:
        read_config(tmp_path)
    lines = str(fault.value).splitlines()
    assert len(lines) == 5
    assert all(line.startswith(str(tmp_path / "server.toml")) for line in lines)
    told = kiosk_server("serve", "--data", str(tmp_path))
    assert told.returncode == 1
    assert "site.name: 7 is no text" in told.stderr


def test_the_command_line_stands_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "server.toml").write_text('[server]\nport = 81\n[site]\nname = "Plant 1"\n')
    config = read_config(tmp_path, port=0, host=None)
    assert (config.port, config.host, config.site) == (0, "127.0.0.1", "Plant 1")
    assert config.database_url == f"sqlite:///{tmp_path}/ledger.sqlite"
    for wrong in (
        {"clock_offset": float("nan")},
        {"trusted_proxy": "proxy"},
        {"port": 70_000},
        {"host": ""},
        {"host": "0.0.0.0", "open_board": True},
        {"company_prefix": "952"},
        {"company_prefix": "9521234567890"},
        {"company_prefix": "95212A"},
        {"extension_digit": 10},
    ):
        with pytest.raises(ConfigError):
            read_config(tmp_path, **wrong)


def test_the_company_prefix_stands_behind_the_extension_digit(tmp_path: Path) -> None:
    assert read_config(tmp_path).unit_prefix == ""
    (tmp_path / "server.toml").write_text('[gs1]\ncompany_prefix = "952123"\nextension_digit = 3\n')
    assert read_config(tmp_path).unit_prefix == "3952123"


def test_keys_are_made_once_for_their_owner_only(tmp_path: Path) -> None:
    token, key = admin_token_of(tmp_path), signer_of(tmp_path).public_key
    assert (admin_token_of(tmp_path), signer_of(tmp_path).public_key) == (token, key)
    for name in ("admin.token", "signing.key"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    (tmp_path / "signing.key").write_text("short")
    with pytest.raises(KeyFileError, match="put it back from the backup"):
        signer_of(tmp_path)


def test_the_folder_is_held_by_one_and_free_afterwards(tmp_path: Path) -> None:
    with DataFolder(tmp_path) as folder:
        folder.say_address("http://127.0.0.1:1")
        with pytest.raises(InUseError, match=r"at http://127\.0\.0\.1:1"):
            DataFolder(tmp_path)
    DataFolder(tmp_path).close()
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderError, match="give another --data"):
        DataFolder(tmp_path / "file")
