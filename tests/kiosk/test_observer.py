"""The observer's line over a real Unix socket."""

import json
import queue
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.observer import (
    Advance,
    Misunderstood,
    Observer,
    ObserverError,
    Request,
    TypeIn,
    request_of,
)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(tmp_path / "o.sock"))
        listening.listen()
        listening.settimeout(5)
        yield listening


def test_lines_go_out_and_requests_come_in(door: socket.socket) -> None:
    asked: queue.Queue[Request] = queue.Queue()
    observer = Observer.connect(Path(door.getsockname()), steered=True)
    link, _ = door.accept()
    observer.start(asked.put)
    with link, link.makefile("rb") as lines:
        observer.tell(band=1, word="WRONG LOT", what="Mehl für Brötchen")
        link.sendall(b'{"advance": 90}\n{"type": "3.5"}\n')
        assert json.loads(lines.readline()) == {
            "band": 1,
            "word": "WRONG LOT",
            "what": "Mehl für Brötchen",
        }
        assert asked.get(timeout=5) == Advance(90.0)
        assert asked.get(timeout=5) == TypeIn("3.5")
        observer.tell(event="end")
        observer.close()
        assert json.loads(lines.readline()) == {"event": "end"}
        assert lines.readline() == b""


def test_an_observer_that_may_not_steer_is_not_heard(door: socket.socket) -> None:
    asked: queue.Queue[Request] = queue.Queue()
    observer = Observer.connect(Path(door.getsockname()))
    link, _ = door.accept()
    observer.start(asked.put)
    with link:
        link.sendall(b'{"advance": 90}\n')
        observer.close()
    assert asked.empty()


def test_an_observer_that_hangs_up_does_not_stop_the_kiosk(door: socket.socket) -> None:
    observer = Observer.connect(Path(door.getsockname()), steered=True)
    link, _ = door.accept()
    observer.start(lambda _: None)
    link.close()
    for number in range(100):
        observer.tell(band=number, word="x" * 1000)
    observer.close()


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(ObserverError, match="start what listens there first"):
        Observer.connect(tmp_path / "none.sock")


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        (b'{"advance": 0}', Advance(0.0)),
        (b'{"advance": 1.5}', Advance(1.5)),
        (b'{"type": ""}', TypeIn("")),
        (b"{", Misunderstood("not JSON")),
        (b"\xff", Misunderstood("not JSON")),
        (b"[]", Misunderstood('want {"advance": seconds} or {"type": text}')),
        (b'{"advance": -1}', Misunderstood('want {"advance": seconds} or {"type": text}')),
        (b'{"advance": NaN}', Misunderstood('want {"advance": seconds} or {"type": text}')),
        (b'{"advance": true}', Misunderstood('want {"advance": seconds} or {"type": text}')),
        (b'{"advance": Infinity}', Misunderstood('want {"advance": seconds} or {"type": text}')),
    ],
)
def test_what_a_line_asks(line: bytes, request_: Request) -> None:
    assert request_of(line) == request_
