"""`kiosk` as people and units start it: real processes, a serial line, an observer's socket."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.__main__ import main
from labels.codes import Code, encode
from tests.kiosk.terminals import badge, command, lot, order, seeded
from tests.sync.server.server_parts import Server

WAIT_SECONDS = 20


def kiosk(*arguments: str) -> "subprocess.CompletedProcess[str]":
    whole = [sys.executable, "-m", "kiosk", *arguments]
    return subprocess.run(whole, capture_output=True, text=True, timeout=60, check=False)


class Running:
    """A headless kiosk with a serial scanner on a pseudo-terminal, observed."""

    def __init__(self, data: Path, folder: Path) -> None:
        self.outer, inner = pty.openpty()
        self.inner = inner
        (data / "kiosk.toml").write_text(
            '[station]\nname = "BAKE-1"\nwork_centers = ["MIX"]\nserver = "http://127.0.0.1:9"\n'
            f'[[scanner]]\nport = "{os.ttyname(inner)}"\nname = "left"\nfeedback = "honeywell"\n'
        )
        path = folder / "observe.sock"
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            door.bind(str(path))
            door.listen()
            door.settimeout(WAIT_SECONDS)
            run = ["run", "--data", str(data), "--headless", "--simulated-clock"]
            self.process = subprocess.Popen(
                [sys.executable, "-m", "kiosk", *run, "--observe", str(path)],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            self.link, _ = door.accept()
        self.link.settimeout(WAIT_SECONDS)
        self.lines = self.link.makefile("rb")

    def until(self, **wanted: object) -> dict[str, Any]:
        """The next line that holds these values."""
        for line in self.lines:
            told: dict[str, Any] = json.loads(line)
            if wanted.items() <= told.items():
                return told
        raise AssertionError(f"the kiosk hung up before it told {wanted}")

    def scan(self, code: Code) -> None:
        self.link.sendall(b'{"advance": 2}\n')
        self.until(event="clock")
        os.write(self.outer, f"]Q1{encode(code)}\r".encode())

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        self.lines.close()
        self.link.close()
        os.close(self.inner)
        os.close(self.outer)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    seeded(tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def running(data: Path, tmp_path: Path) -> Iterator[Running]:
    kiosk_process = Running(data, tmp_path)
    yield kiosk_process
    kiosk_process.close()


def test_headless_it_is_the_same_app_with_its_serial_scanner(running: Running) -> None:
    ready = running.until(event="ready")
    assert (ready["station"], ready["pid"]) == ("BAKE-1", running.process.pid)
    running.scan(badge("anna"))
    running.until(key="signed_in")
    assert os.read(running.outer, 100) == b"\x1b7,"
    for code, key in (
        (order("B-1"), "order_opened"),
        (command("OK"), "note_read"),
        (lot("R-118", "RYE"), "lot_of_order"),
        (lot("W-204", "WHEAT"), "consumed"),
    ):
        running.scan(code)
        told = running.until(key=key)
    assert (told["order"], told["waiting"], told["scan"]) == ("B-1", 4, 5)
    running.process.send_signal(signal.SIGTERM)
    running.until(event="end")
    out, _ = running.process.communicate(timeout=WAIT_SECONDS)
    assert (running.process.returncode, out) == (0, b"")


def test_killed_it_comes_back_where_it_was(data: Path, tmp_path: Path) -> None:
    first = Running(data, tmp_path)
    first.until(event="ready")
    for code, key in ((badge("anna"), "signed_in"), (order("B-1"), "order_opened")):
        first.scan(code)
        first.until(key=key)
    first.process.kill()
    first.close()
    (tmp_path / "observe.sock").unlink()
    again = Running(data, tmp_path)
    told = again.until(band=1)
    again.close()
    assert (told["order"], told["person"], told["waiting"]) == ("B-1", "anna", 3)


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--help"], ["run", "--help"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 0
    out = capsys.readouterr().out
    assert "kiosk enrol plant:8400 K7QM2XWD4N-8FJ3QZ0A" in out
    assert "[[scanner]]" in out
    assert "SIGTERM" in out


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["run", "--headless", "--simulated-clock"], 2, "--simulated-clock needs --observe"),
        (["run", "--data", "DATA"], 2, "there is no terminal here"),
        (["run", "--headless", "--data", "DATA", "--observe", "/none"], 1, "observer /none: No"),
        (["enrol", "127.0.0.1:1", "K7", "--data", "DATA"], 1, "check cable and address"),
        (["enrol", "ftp://x", "K7", "--data", "DATA"], 1, "is not a server's address"),
        (["journal", "show", "--data", "DATA/none"], 1, "there is no journal: give --data"),
        (["doctor", "--config", "DATA/no.toml"], 2, "there is no such file"),
    ],
)
def test_trouble_is_one_line_with_a_next_step(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    status: int,
    said: str,
) -> None:
    given = [one.replace("DATA", str(tmp_path)) for one in arguments]
    assert main(given) == status
    err = capsys.readouterr().err
    assert err.startswith("kiosk: ")
    assert said in err


def test_every_mistake_of_the_configuration_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "kiosk.toml").write_text("[station]\nnmae = 1\n[wedge]\ngap_ms = 1\n")
    assert main(["run", "--data", str(tmp_path)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert "station.nmae" in lines[1]
    assert "wedge.gap_ms" in lines[2]


def test_the_journal_in_words_as_lines_and_verified(
    data: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["journal", "verify", "--data", str(data)]) == 0
    assert main(["journal", "show", "--data", str(data)]) == 0
    assert main(["journal", "export", "--data", str(data)]) == 0
    out = capfdbinary.readouterr().out.decode()
    assert "is as it was written" in out
    assert "not yet on the server" in out


def test_a_second_kiosk_on_the_folder_is_refused(running: Running, data: Path) -> None:
    running.until(event="ready")
    second = kiosk("run", "--headless", "--data", str(data))
    assert second.returncode == 1
    assert second.stderr.startswith("kiosk: ")
    assert "another kiosk" in second.stderr
    assert second.stderr.count("\n") == 1


def test_enrolled_by_the_command_line(tmp_path: Path) -> None:
    with Server(tmp_path / "server") as server:
        code = server.code("BAKE-1", ["MIX"])
        done = kiosk("enrol", server.url, code, "--data", str(tmp_path / "kiosk"))
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("This is station BAKE-1 for MIX.")
        again = kiosk("enrol", server.url, code, "--data", str(tmp_path / "other"))
        assert again.returncode == 1
        assert "ask for a new one" in again.stderr


def test_the_doctor_speaks_json(tmp_path: Path) -> None:
    done = kiosk("doctor", "--json", "--data", str(tmp_path))
    findings = json.loads(done.stdout)
    assert done.returncode == 1
    assert {one["what"] for one in findings} >= {"disk", "enrolment", "keyboard"}
