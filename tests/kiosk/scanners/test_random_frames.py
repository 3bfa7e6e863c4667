"""2,000 random frames on every driver: it stays alive, nothing acts, nothing reaches the terminal.

Control characters, bytes that are not text, escape sequences of terminals, frames of 4 KiB. After
them a good code is read as ever.
"""

from __future__ import annotations

import os
import pty
import queue
import random
import socket
import threading
from typing import TYPE_CHECKING, Final

import pytest

from kiosk.scanners import Delivery, Misread, ReconnectingScanner, Scan
from kiosk.scanners.framing import SCAN_BYTES_MAX
from kiosk.scanners.input_device import Folders, InputScanner
from kiosk.scanners.network import NetworkScanner
from kiosk.scanners.serial_port import SerialScanner
from labels.codes import CodeError, decode
from tests.kiosk.scanners.recorded_keys import Machine, event, keys, stroke
from tests.kiosk.scanners.test_wedge import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FRAMES: Final = 2_000
LARGE_EVERY: Final = 250
WAIT_S: Final = 60.0
GOOD: Final = b"LOT-END"
MARK: Final = b"31337"  # in escape sequences, to find them on the terminal
ESCAPES: Final = (
    b"\x1b[%sh" % MARK,
    b"\x1b]0;%s\x07" % MARK,
    b"\x1bP%s\x1b\\" % MARK,
    b"\x9b%sm" % MARK,
    b"\x11",
    b"\x03",
    b"\x1b[15~",
)
ENDS: Final = (b"\r", b"\r\n", b"\n", b"\t", b"\x03\r")


def frames(seed: int) -> Iterator[bytes]:
    """Every control character and every byte from 0x80 stands in one of them."""
    chance = random.Random(seed)
    for number in range(FRAMES):
        size = SCAN_BYTES_MAX + 1 if number % LARGE_EVERY == 0 else chance.randint(6, 40)
        body = bytearray(chance.randbytes(size))
        body[0] = number & 0xFF  # a number, so that no two alike stand side by side
        if number % 7 == 0:
            body[3:3] = chance.choice(ESCAPES)
        yield bytes(body) + chance.choice(ENDS)


def no_order(payload: bytes, aim: str) -> bool:
    """Whether it is no code that books anything."""
    try:
        decode(payload, aim)
    except CodeError:
        return True
    return False


def survives(scanner: ReconnectingScanner, feed: Callable[[], None]) -> None:
    """Start it, feed it in a thread, and see the good code come at the end."""
    delivered: queue.Queue[Delivery] = queue.Queue()
    scanner.start(delivered.put)
    first = delivered.get(timeout=WAIT_S)
    assert getattr(first, "up", False), first
    feeder = threading.Thread(target=feed)
    feeder.start()
    seen = 0
    while True:
        item = delivered.get(timeout=WAIT_S)
        if isinstance(item, Scan):
            if item.payload == GOOD:
                break
            assert len(item.payload) <= SCAN_BYTES_MAX
            assert not set(item.payload) & set(b"\r\n")
            assert no_order(item.payload, item.aim), item
        else:
            assert isinstance(item, Misread), item
        seen += 1
    feeder.join(WAIT_S)
    scanner.stop()
    assert seen >= FRAMES // 2


def sent(write: Callable[[bytes], object]) -> Callable[[], None]:
    """A feeder: all frames, an end, the good code."""

    def feed() -> None:
        write(b"".join(frames(1)))
        write(b"\r" + GOOD + b"\r")

    return feed


def test_serial() -> None:
    outer, inner = pty.openpty()

    def write(data: bytes) -> None:
        while data:
            data = data[os.write(outer, data) :]

    survives(SerialScanner(os.ttyname(inner), name="left"), sent(write))
    os.close(inner)
    os.close(outer)


def test_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        scanner = NetworkScanner(f"127.0.0.1:{server.getsockname()[1]}", name="belt")
        links: list[socket.socket] = []

        def feed() -> None:
            links.append(server.accept()[0])
            sent(links[0].sendall)()

        survives(scanner, feed)
        links[0].close()


def test_input_device(tmp_path: Path) -> None:
    """Random events: every key, pressed, released or repeated, and events that are not keys."""
    chance = random.Random(2)
    machine = Machine(tmp_path)
    machine.plug("event3")
    events = b"".join(
        b"".join(stroke(chance.randint(1, 111)) for _ in range(6))
        + event(chance.choice((0, 1, 4, 17)), chance.randint(0, 255), chance.randint(0, 2))
        + event(0, 0, 0)
        + keys("\r")
        for _ in range(FRAMES)
    )
    up = b"".join(event(1, code, 0) for code in range(256))

    def feed() -> None:
        machine.send("event3", events + event(0, 0, 0) + up + keys("\r\r" + GOOD.decode() + "\r"))

    folders = Folders(machine.devices, machine.facts)
    scanner = InputScanner("0c2e", "0b61", name="gun", folders=folders, exclusive=False)
    survives(scanner, feed)
    machine.close()


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    assert terminal.next() == ["source", "keyboard", True]
    yield terminal
    terminal.close()


def test_keyboard_through_a_real_terminal(terminal: Terminal) -> None:
    def feed() -> None:
        for frame in frames(3):
            data = frame
            while data:
                data = data[os.write(terminal.master, data) :]
        threading.Event().wait(0.7)  # an endless paste ends after half a second of silence
        terminal.send(b"\r" + GOOD + b"\r")

    feeder = threading.Thread(target=feed)
    feeder.start()
    told: list[str] = []
    while (one := terminal.next(WAIT_S))[:2] != ["scan", GOOD.decode()]:
        assert one, f"deaf after {len(told)}"
        told.append(one[0])
    feeder.join(WAIT_S)
    assert told.count("scan") >= FRAMES // 2
    assert not {"key", "source"} & set(told), "something acted"
    assert terminal.process.poll() is None
    assert not any(escape in terminal.screen for escape in ESCAPES[:4])
