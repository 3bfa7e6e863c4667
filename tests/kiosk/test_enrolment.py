"""Enrolment against a server that answers as told."""

import json
import stat
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from kiosk import enrolment
from kiosk.config import load
from labels.codes import EnrolmentCode, decode, encode

GRANTED = {
    "station": "MIX-A",
    "token": "t0ken",
    "work_centers": ["MIX-1", "MIX-2"],
    "site": 'Plant "North"',
    "public_key": "aa" * 32,
    "incarnation": "i1",
}
Serve = Callable[[int, object], str]


@pytest.fixture
def asked() -> list[Any]:
    return []


@pytest.fixture
def serve(asked: list[Any]) -> Iterator[Serve]:
    running: list[ThreadingHTTPServer] = []

    def start(status: int, answer: object) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                asked.append((self.path, json.loads(self.rfile.read(length))))
                body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def test_a_code_becomes_a_station(serve: Serve, asked: list[Any], tmp_path: Path) -> None:
    server = serve(201, GRANTED)
    data = tmp_path / "new" / "data"
    enrolled = enrolment.enrol(server.removeprefix("http://"), "K7", data=data, origin="ab" * 16)
    assert (enrolled.station, enrolled.token) == ("MIX-A", "t0ken")
    assert asked == [
        (
            "/v1/enrol",
            {"code": "K7", "origin": "ab" * 16, "machine": enrolment.machine()},
        )
    ]
    config = load(None, data)
    assert config.is_enrolled
    assert config.station.name == "MIX-A"
    assert config.station.work_centers == ("MIX-1", "MIX-2")
    assert (config.station.server, config.token) == (server, "t0ken")
    assert config == enrolment.with_enrolment(load(None, data), server, enrolled)
    modes = {stat.S_IMODE(file.stat().st_mode) for file in data.iterdir()}
    assert modes == {0o600}


@pytest.mark.parametrize(
    ("status", "answer", "kind", "words"),
    [
        (403, {}, enrolment.EnrolmentRefused, "does not take this code: ask for a new one"),
        (410, {}, enrolment.EnrolmentRefused, "ask for a new one"),
        (503, {}, enrolment.EnrolmentUnreachable, "answers 503: try again in a minute"),
        (200, b"<html>", enrolment.EnrolmentUnreadable, "is not a kiosk server"),
        (200, GRANTED | {"station": "A B"}, enrolment.EnrolmentUnreadable, "check the address"),
        (200, GRANTED | {"token": "a\nb"}, enrolment.EnrolmentUnreadable, "a token that cannot"),
    ],
)
def test_a_refusal_changes_nothing(
    serve: Serve,
    tmp_path: Path,
    status: int,
    answer: object,
    kind: type[enrolment.EnrolmentError],
    words: str,
) -> None:
    with pytest.raises(kind, match=words):
        enrolment.enrol(serve(status, answer), "K7", data=tmp_path / "d", origin="o")
    assert not (tmp_path / "d").exists()


def test_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(enrolment.EnrolmentUnreachable, match="check cable and address"):
        enrolment.enrol("127.0.0.1:1", "K7", data=tmp_path, origin="o")


def test_a_folder_that_cannot_be_written(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(enrolment.EnrolmentUnsaved, match="cannot be written"):
        enrolment.enrol(serve(200, GRANTED), "K7", data=tmp_path / "file" / "d", origin="o")


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ("plant:8400 K7QM", ("http://plant:8400", "K7QM")),
        ("kiosk enrol plant:8400 K7QM", ("http://plant:8400", "K7QM")),
        ("  https://plant.example/   K7QM ", ("https://plant.example", "K7QM")),
        ("plant:8400 k7qm2xwd4n-8fj3qz0a", ("https://plant:8400", "k7qm2xwd4n-8fj3qz0a")),
        ("https://plant:8400 K7QM2XWD4N8FJ3QZ0A", ("https://plant:8400", "K7QM2XWD4N8FJ3QZ0A")),
    ],
)
def test_what_people_type(entry: str, found: tuple[str, str]) -> None:
    assert enrolment.typed(entry) == found


def test_where_the_server_is_known_the_code_is_enough() -> None:
    known = "https://plant:8400"
    assert enrolment.typed("K7QM2XWD4N-8FJ3QZ0A", known) == (known, "K7QM2XWD4N-8FJ3QZ0A")
    assert enrolment.typed("other:8400 K7QM", known) == ("http://other:8400", "K7QM")


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "plant",
        "plant K7 QM",
        "ftp://plant K7",
        "http:// K7",
        "http://plant K7QM2XWD4N-8FJ3QZ0A",
        "plant K7QM2XWD4N-8FJ3",
    ],
)
def test_what_is_no_server_and_code(entry: str) -> None:
    with pytest.raises(enrolment.EnrolmentMistyped):
        enrolment.typed(entry)


def test_a_code_with_its_check_fits_a_barcode() -> None:
    code = EnrolmentCode("https://plant.example:8400", "K7QM2XWD4N-8FJ3QZ0A")
    assert decode(encode(code).encode(), current_year=2027) == code
