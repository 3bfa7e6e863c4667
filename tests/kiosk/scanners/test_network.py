"""A fixed reader on a real socket: its codes, its faults, its way back."""

from __future__ import annotations

import queue
import socket
from typing import TYPE_CHECKING

import pytest

from kiosk.scanners import Delivery, Misread, Scan, SourceState
from kiosk.scanners.network import NetworkScanner, address_of

if TYPE_CHECKING:
    from collections.abc import Iterator

WAIT_S = 10.0
GAP_S = 0.2
UP = SourceState("belt", up=True, why="")


class Reader:
    """A reader that listens, and what the scanner made of it."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.number: int = self.server.getsockname()[1]
        self.port = f"127.0.0.1:{self.number}"
        self.delivered: queue.Queue[Delivery] = queue.Queue()
        self.scanner = NetworkScanner(self.port, name="belt", gap=GAP_S)

    def accept(self) -> socket.socket:
        self.server.settimeout(WAIT_S)
        return self.server.accept()[0]

    def next(self) -> Delivery:
        return self.delivered.get(timeout=WAIT_S)


@pytest.fixture
def reader() -> Iterator[Reader]:
    reader = Reader()
    reader.scanner.start(reader.delivered.put)
    yield reader
    reader.scanner.stop()
    reader.server.close()


def test_codes_in_one_packet_and_in_pieces(reader: Reader) -> None:
    with reader.accept() as link:
        assert reader.next() == UP
        link.sendall(b"]C110A\x1d21B\r\nB-2\r\nC-")
        link.sendall(b"3\r\n")
        scans = [reader.next() for _ in range(3)]
    assert [(one.payload, one.aim) for one in scans if isinstance(one, Scan)] == [
        (b"10A\x1d21B", "]C1"),
        (b"B-2", ""),
        (b"C-3", ""),
    ]


def test_a_code_without_an_end_is_torn_and_the_next_is_good(reader: Reader) -> None:
    with reader.accept() as link:
        assert reader.next() == UP
        link.sendall(b"LOT-1")
        torn = reader.next()
        assert isinstance(torn, Misread)
        assert (torn.why, torn.head) == ("torn", b"LOT-1")
        link.sendall(b"B-2\r")
        scan = reader.next()
        assert isinstance(scan, Scan)
        assert scan.payload == b"B-2"


def test_a_reader_that_hangs_up_is_called_again(reader: Reader) -> None:
    for number in range(3):
        with reader.accept() as link:
            assert reader.next() == UP
            link.sendall(b"B-%d\r" % number)
            scan = reader.next()
            assert isinstance(scan, Scan)
            assert scan.payload == b"B-%d" % number
        assert reader.next() == SourceState("belt", up=False, why=f"{reader.port}: hung up")


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("127.0.0.1", "refuses the connection: is it set to listen on this port?"),
        ("no-such-reader.invalid", "no such host: check the name"),
    ],
)
def test_why_there_is_no_connection(host: str, why: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
    delivered: queue.Queue[Delivery] = queue.Queue()
    scanner = NetworkScanner(f"{host}:{number}", name="belt")
    scanner.start(delivered.put)
    state = delivered.get(timeout=WAIT_S)
    scanner.stop()
    assert state == SourceState("belt", up=False, why=f"{host}:{number}: {why}")


def test_addresses() -> None:
    assert address_of("reader-3:9004") == ("reader-3", 9004)
    assert address_of("[::1]:9004") == ("::1", 9004)
    for wrong in ("", "reader", ":9004", "reader:", "reader:x", "reader:0", "reader:65536"):
        with pytest.raises(ValueError, match="want"):
            address_of(wrong)
