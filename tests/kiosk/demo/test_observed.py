"""What a kiosk tells, over a real Unix socket, to whoever plays a shift."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kiosk.demo.observed import LINES_KEPT_MAX, Observed, Silence

SOON = 5.0
NEVER = 0.05


class Line:
    """A kiosk's end of the socket."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(SOON)
        self.socket.connect(str(path))

    def tell(self, **line: Any) -> None:
        self.socket.sendall(json.dumps(line).encode() + b"\n")

    def band(self, number: int, scan: int, what: str = "") -> None:
        self.tell(band=number, kind="ok", word="OK", what=what, next="", scan=scan)

    def asked(self) -> Any:
        with self.socket.makefile("rb") as lines:
            return json.loads(lines.readline())

    def close(self) -> None:
        self.socket.close()


@pytest.fixture
def observed(tmp_path: Path) -> Iterator[Observed]:
    with closing(Observed(tmp_path / "o.sock")) as made:
        yield made


@pytest.fixture
def line(observed: Observed) -> Iterator[Line]:
    with closing(Line(observed.path)) as made:
        yield made


def heard(observed: Observed, line: Line) -> None:
    """Return when everything told so far has come."""
    line.tell(event="status", heard=True)
    observed.settled(lambda status: "heard" in status, SOON, "tell")


def test_nothing_is_told_before_the_first_band(observed: Observed) -> None:
    assert (observed.band, observed.status, observed.scans) == ({}, {}, 0)
    with pytest.raises(Silence, match="did not start within"):
        observed.connected(NEVER)
    with pytest.raises(Silence, match="no kiosk is connected"):
        observed.advance(1.0)


def test_a_connection_counts_from_its_first_band(observed: Observed, line: Line) -> None:
    with pytest.raises(Silence, match="did not start"):
        observed.connected(NEVER)
    line.band(1, 0, "Sign in")
    observed.connected(SOON)
    assert observed.band == {
        "band": 1, "kind": "ok", "word": "OK", "what": "Sign in", "next": "", "scan": 0,
    }  # fmt: skip


def test_an_answer_is_waited_for(observed: Observed, line: Line) -> None:
    line.band(1, 0)
    observed.connected(SOON)
    later = threading.Timer(0.05, line.band, (2, 1, "Anna"))
    later.start()
    assert observed.answered(1, SOON)["what"] == "Anna"
    later.join()
    assert observed.scans == 1
    with pytest.raises(Silence, match="did not answer scan 2 within"):
        observed.answered(2, NEVER)


def test_what_a_printer_says_soon_after_is_not_the_answer(observed: Observed, line: Line) -> None:
    line.band(1, 0)
    line.band(2, 1, "480 booked")
    line.band(3, 1, "PRINTED")
    heard(observed, line)
    assert observed.band["what"] == "PRINTED"
    assert observed.answered(1, SOON)["what"] == "480 booked"


def test_a_kiosk_that_hung_up_moves_no_clock(observed: Observed, line: Line) -> None:
    line.band(1, 0)
    observed.connected(SOON)
    line.socket.shutdown(socket.SHUT_RDWR)
    with pytest.raises(Silence):
        observed.advance(1.0, patience=NEVER)


def test_bands_of_the_clock_and_of_printers_are_no_answers(observed: Observed, line: Line) -> None:
    line.band(1, 3)
    line.band(2, 3, "PRINTED")
    heard(observed, line)
    with pytest.raises(Silence, match="did not answer scan 4"):
        observed.answered(4, NEVER)


def test_a_status_settles(observed: Observed, line: Line) -> None:
    line.tell(event="status", waiting=2, sync="offline")
    observed.settled(lambda status: status.get("waiting") == 2, SOON, "wait")
    later = threading.Timer(0.05, lambda: line.tell(event="status", waiting=0, sync="online"))
    later.start()
    observed.settled(lambda status: status.get("waiting") == 0, SOON, "send")
    later.join()
    assert observed.status == {"event": "status", "waiting": 0, "sync": "online"}
    with pytest.raises(Silence, match="did not print all labels"):
        observed.settled(lambda status: "printing" in status, NEVER, "print all labels")


def test_the_clock_is_moved_and_says_so(observed: Observed, line: Line) -> None:
    line.band(1, 0)
    observed.connected(SOON)
    moving = threading.Thread(target=observed.advance, args=(90.0,))
    moving.start()
    assert line.asked() == {"advance": 90.0}
    assert moving.is_alive()
    line.tell(event="clock", at="2026-11-22T06:00:00+01:00", offset=90.0)
    moving.join(SOON)
    assert not moving.is_alive()
    with pytest.raises(Silence, match="did not move its clock"):
        observed.advance(1.0, patience=NEVER)


def test_after_a_kill_only_the_next_connection_counts(observed: Observed, line: Line) -> None:
    line.band(7, 4)
    observed.connected(SOON)
    observed.forget()
    assert (observed.band, observed.scans) == ({}, 0)
    line.band(8, 5)
    with pytest.raises(Silence):
        observed.connected(NEVER)
    with closing(Line(observed.path)) as second:
        second.band(1, 0, "Again")
        observed.connected(SOON)
        assert observed.band["what"] == "Again"


def test_what_is_no_line_ends_that_connection_alone(observed: Observed, line: Line) -> None:
    line.socket.sendall(b"{torn\n")
    with closing(Line(observed.path)) as second:
        second.band(1, 0)
        observed.connected(SOON)
        assert observed.band["band"] == 1


def test_a_long_shift_is_forgotten_from_its_beginning(observed: Observed, line: Line) -> None:
    for number in range(1, LINES_KEPT_MAX + 50):
        line.band(number, number)
    assert observed.answered(LINES_KEPT_MAX + 49, SOON)["band"] == LINES_KEPT_MAX + 49


def test_a_socket_left_by_a_killed_demo_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "o.sock"
    for _ in range(2):
        with closing(Observed(path)) as observed, closing(Line(path)) as line:
            line.band(1, 0)
            observed.connected(SOON)
