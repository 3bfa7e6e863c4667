"""The doctor on real ports, folders and servers."""

import json
import os
import pty
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Final

import pytest

from kiosk import doctor
from kiosk.config import (
    TOKEN_BEFORE_NAME,
    TOKEN_NAME,
    Config,
    PrinterConfig,
    StationConfig,
)
from kiosk.config_scanner import ScannerConfig
from kiosk.doctor import Finding
from kiosk.journal.files import JOURNAL_BYTES_MAX
from tests.labels.faulty_printer import Faults, on_tcp


@pytest.fixture
def server() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = {"Bearer t": 200, "Bearer busy": 503}.get(self.headers["Authorization"], 401)
            token = self.path == doctor.TOKEN_PATH
            self.send_response(200 if self.path == "/healthz" else told if token else 404)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    listening.server_close()


def test_a_fixed_reader_and_a_keyboard_scanner() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = f"127.0.0.1:{server.getsockname()[1]}"
        config = ScannerConfig(port, "belt", driver="tcp")
        assert list(doctor.scanner(config)) == [
            Finding("scanner belt", "ok", f"{port} takes the connection")
        ]
    (gone,) = doctor.scanner(config)
    assert (gone.state, gone.detail.startswith(f"{port}: refuses")) == ("bad", True)
    assert gone.next.startswith("check power, cable, address")
    absent = ScannerConfig(driver="evdev", vendor="0c2e", product="fffe")
    (missing,) = doctor.scanner(absent)
    assert (missing.what, missing.state) == ("scanner 0c2e:fffe", "bad")
    assert missing.detail == "0c2e:fffe: not plugged in"
    assert missing.next.startswith("plug it in")


def test_a_scanner_that_is_there_and_one_that_is_not() -> None:
    outer, inner = pty.openpty()
    port = os.ttyname(inner)
    assert list(doctor.scanner(ScannerConfig(port, "left"))) == [
        Finding("scanner left", "ok", f"{port} opens at 115200 baud"),
        Finding(
            "scanner left",
            "ok",
            "is not told what the kiosk decided",
            "if it can beep our answer, set feedback: the operator then hears a STOP",
        ),
    ]
    assert list(doctor.scanner(ScannerConfig(port, "left", feedback="honeywell"))) == [
        Finding("scanner left", "ok", f"{port} opens at 115200 baud")
    ]
    os.close(inner)
    os.close(outer)
    (missing,) = doctor.scanner(ScannerConfig("/dev/serial/by-id/none"))
    assert (missing.what, missing.state) == ("scanner none", "bad")
    assert missing.next == "plug it in; names are listed under /dev/serial/by-id"
    (unknown,) = doctor.scanner(ScannerConfig("nothing://x"))
    assert (unknown.state, unknown.next) == ("bad", "check the address of the scanner")


def test_the_disk(tmp_path: Path) -> None:
    (found,) = doctor.flush(tmp_path / "new")
    assert found.what == "disk"
    assert "flushes in" in found.detail
    assert found.state in ("ok", "warn")
    (tmp_path / "file").write_text("")
    (bad,) = doctor.flush(tmp_path / "file" / "x")
    assert (bad.state, bad.next) == ("bad", "give --data a folder to write")


def test_a_server_that_answers(server: str, tmp_path: Path) -> None:
    (tmp_path / "station.token").write_text("t")
    config = Config(tmp_path, StationConfig("A", ("M",), server))
    found = list(doctor.server(config))
    assert [(one.what, one.state) for one in found] == [
        ("server", "ok"),
        ("enrolment", "ok"),
        ("tls", "ok"),
        ("clock", "ok"),
    ]
    assert found[0].detail == f"{server} answers 200"
    assert found[1].detail == "the server knows A"


REFUSED: Final = Finding(
    "enrolment",
    "bad",
    "the server refused A",
    "enrol again: kiosk enrol SERVER CODE; scans are kept until then",
)


@pytest.mark.parametrize(
    ("tokens", "finding"),
    [
        (["revoked"], REFUSED),
        (["revoked", "older"], REFUSED),
        (["new", "t"], Finding("enrolment", "ok", "the server knows A")),
        (
            ["busy"],
            Finding(
                "enrolment",
                "warn",
                "the server answers 503 to the token",
                "look into the server's log; scans are kept and sent later",
            ),
        ),
    ],
)
def test_whether_the_server_takes_the_token(
    server: str, tmp_path: Path, tokens: list[str], finding: Finding
) -> None:
    for name, token in zip((TOKEN_NAME, TOKEN_BEFORE_NAME), tokens, strict=False):
        (tmp_path / name).write_text(token)
    found = list(doctor.server(Config(tmp_path, StationConfig("A", ("M",), server))))
    assert found[1] == finding


def test_a_server_that_does_not(tmp_path: Path) -> None:
    config = Config(tmp_path, StationConfig(server="http://127.0.0.1:1"))
    found = list(doctor.server(config))
    assert [(one.what, one.state) for one in found] == [
        ("enrolment", "bad"),
        ("server", "warn"),
        ("clock", "warn"),
    ]
    assert found[0].next == "run: kiosk enrol SERVER CODE"
    assert next(iter(doctor.server(Config(tmp_path)))).what == "enrolment"


NOT_COMPARED: Final = Finding(
    "clock",
    "warn",
    f"{datetime(2026, 11, 22, 10, 0, 3, tzinfo=UTC).astimezone():%d %b %H:%M}, not compared",
    "check it by hand: until the server is heard, nobody knows how right it is",
)


@pytest.mark.parametrize(
    ("date", "findings"),
    [
        ("Sun, 22 Nov 2026 10:00:00 GMT", [Finding("clock", "ok", "+3 s against the server")]),
        (
            "Sun, 22 Nov 2026 09:00:00 GMT",
            [
                Finding(
                    "clock",
                    "bad",
                    "+3603 s against the server",
                    "set it: timedatectl set-ntp true; the screen goes by the server, events do not",
                )
            ],
        ),
        ("Sun, 22 Nov 2026 09:58:03 GMT", [Finding("clock", "ok", "+120 s against the server")]),
        ("yesterday", [NOT_COMPARED]),
        ("", [NOT_COMPARED]),
    ],
)
def test_the_clock(date: str, findings: list[Finding]) -> None:
    now = datetime(2026, 11, 22, 10, 0, 3, tzinfo=UTC)
    assert list(doctor.clock(date, now)) == findings


def test_printers(tmp_path: Path) -> None:
    with on_tcp(Faults()) as (port, printed):
        config = PrinterConfig("batch", f"tcp://127.0.0.1:{port}")
        way = f"tcp://127.0.0.1:{port}, zpl, 203 dpi"
        (there,) = doctor.printer(config)
        assert there == Finding("printer batch", "ok", f"{way}: ready")
        printed.faults.paper_out = True
        (out,) = doctor.printer(config)
        step = "see to it; labels wait meanwhile"
        assert out == Finding("printer batch", "warn", f"{way}: out of labels", step)
        assert not printed.got
    (away,) = doctor.printer(PrinterConfig("batch", "tcp://127.0.0.1:1"))
    assert away.state == "bad"
    (folder,) = doctor.printer(PrinterConfig("files", f"folder://{tmp_path}/labels", "pdf"))
    assert folder.state == "ok"
    (tmp_path / "file").write_text("")
    (no_folder,) = doctor.printer(PrinterConfig("files", f"folder://{tmp_path}/file"))
    assert no_folder.state == "bad"


@pytest.mark.parametrize(
    ("environment", "colours"),
    [
        ({"TERM": "linux"}, "8 grounds (Linux console)"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "true colour"),
        ({"TERM": "screen-256color"}, "256 colours"),
        ({}, "16 colours"),
    ],
)
def test_colours(environment: dict[str, str], colours: str) -> None:
    assert doctor.colours(environment) == colours


def test_the_journal_and_its_room(tmp_path: Path) -> None:
    assert list(doctor.journal(tmp_path)) == []
    assert list(doctor.room(tmp_path / "none")) == []
    (room,) = doctor.room(tmp_path)
    assert (room.what, room.state, " MB free in " in room.detail) == ("room", "ok", True)
    journal = tmp_path / "journal.db"
    journal.write_bytes(b"\0" * 1_200_000)
    assert list(doctor.journal(tmp_path)) == [Finding("journal", "ok", f"{journal} is 1.2 MB")]
    with journal.open("r+b") as file:
        file.truncate(JOURNAL_BYTES_MAX + 1)
    aside = tmp_path / "journal-aside-20261122-060000.db"
    aside.touch()
    large, older = doctor.journal(tmp_path)
    assert (large.state, large.detail) == ("warn", f"{journal} is 2147.5 MB")
    assert large.next.startswith("over 2.1 GB: ")
    assert (older.state, older.detail) == ("warn", str(aside))


def test_findings_for_people_and_for_programs(tmp_path: Path) -> None:
    findings = doctor.examine(Config(tmp_path))
    assert [one.what for one in findings] == [
        "terminal",
        "keyboard",
        "disk",
        "room",
        "enrolment",
    ]
    text = doctor.as_text([Finding("disk", "warn", "slow", "use an SSD")])
    assert text == "▲ disk         slow\n               → use an SSD"
    assert json.loads(doctor.as_json([Finding("disk", "ok", "fine")])) == [
        {"what": "disk", "state": "ok", "detail": "fine", "next": ""}
    ]
