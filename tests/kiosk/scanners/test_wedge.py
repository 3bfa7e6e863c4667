"""The wedge driver in a real app on a real pseudo-terminal: bytes go in, a pipe tells what came."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from textual.app import App

from kiosk.scanners import Misread, Scan, SourceState
from kiosk.scanners.framing import BLUETOOTH_GAP_S
from kiosk.scanners.simulated import SimulatedScanner
from kiosk.scanners.wedge import (
    ScanLost,
    Scanned,
    SourceChanged,
    WedgeDriver,
    post_to,
    wedge_driver,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

WAIT_S = 20.0
SLOW_S = 0.12
ROOT = Path(__file__).parents[3]
APP = Path(__file__).with_name("wedge_app.py")


class Terminal:
    """A pseudo-terminal of 80x24 with the app on it."""

    def __init__(self) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.screen = bytearray()
        self.lines = b""
        self.told, pipe = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, str(APP), str(pipe)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            pass_fds=(pipe,),
            start_new_session=True,
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)},
        )
        os.close(slave)
        os.close(pipe)
        self.drain = threading.Thread(target=self._drain)
        self.drain.start()

    def _drain(self) -> None:
        while True:
            try:
                self.screen += os.read(self.master, 65536)
            except OSError:
                return

    def send(self, data: bytes) -> None:
        os.write(self.master, data)

    def next(self, wait: float = WAIT_S) -> list[Any]:
        """What the app told next; [] if it stayed silent."""
        while b"\n" not in self.lines:
            if not select.select([self.told], [], [], wait)[0]:
                return []
            data = os.read(self.told, 65536)
            assert data, f"the app ended: {self.screen[-2000:]!r}"
            self.lines += data
        line, _, self.lines = self.lines.partition(b"\n")
        told: list[Any] = json.loads(line)
        return told

    def answers(self, data: bytes, count: int) -> list[list[Any]]:
        """Send bytes and wait for what they do; then a good scan, to see that it was all."""
        threading.Event().wait(SLOW_S)
        self.send(data)
        told = [self.next() for _ in range(count)]
        threading.Event().wait(SLOW_S)
        self.send(b"LOT-END\r")
        while (one := self.next()) != ["scan", "LOT-END", "", 80, 24]:
            assert one, f"the app is deaf; it told {told}"
            told.append(one)
        return told

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.drain.join(WAIT_S)
        os.close(self.master)
        os.close(self.told)


@pytest.fixture(scope="module")
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    assert terminal.next() == ["source", "keyboard", True]
    yield terminal
    terminal.close()


def scan(payload: str, aim: str = "") -> list[Any]:
    return ["scan", payload, aim, 80, 24]


INPUT: list[tuple[str, bytes, list[list[Any]]]] = [
    ("a burst is a scan", b"]C110A\x1d21B\r", [scan("10A\x1d21B", "]C1")]),
    ("CR LF", b"LOT-1\r\n", [scan("LOT-1")]),
    ("ten at once", b"LOT-1\r" * 10, [scan("LOT-1")] * 10),
    ("letters that are bound to a key", b"aaaa\r", [scan("aaaa")]),
    ("a quick digit is typing", b"7\r", [["typed", "7"], ["submitted"]]),
    ("a bound letter is typing", b"a", [["typed", "a"]]),
    ("an F-key acts", b"\x1b[15~", [["key", "f5"]]),
    ("Esc acts", b"\x1b", [["key", "escape"]]),
    ("DC1 (Ctrl+Q) in a burst", b"LOT\x111\r", [scan("LOT\x111")]),
    ("Ctrl+Q alone", b"\x11", [["swallowed", "ctrl+q"]]),
    ("Ctrl+C and Ctrl+P", b"\x03\x10", [["swallowed", "ctrl+c"], ["swallowed", "ctrl+p"]]),
    ("an F-key in a burst", b"LOT-\x1b[15~12\r", [["swallowed", "f5"], scan("LOT-12")]),
    ("an arrow before it", b"\x1b[BLOT-12\r", [["swallowed", "down"], scan("LOT-12")]),
    ("ESC in a burst", b"LOT-\x1b12\r", [scan("LOT-\x1b12")]),
    ("not UTF-8 in a burst", b"LOT\xff\xfe\x80\r", [scan("LOT\xff\xfe\x80")]),
    ("not UTF-8 alone", b"\xff", [["swallowed", "\ufffd"]]),
    ("a paste of lines", b"\x1b[200~LOT-1\nLOT-2\n\x1b[201~", [scan("LOT-1"), scan("LOT-2")]),
    ("a window of no size, a mouse", b"\x1b[48;0;0;0;0t\x1b[<0;1;1M", [["lost", "unreadable"]]),
    ("a window of one cell", b"\x1b[48;1;1;9;9t", []),
    ("a key of no terminal", b"\x1b[1:3R", [scan("[1:3R")]),
    ("too long", b"x" * 5000 + b"\r", [["lost", "too_long"]]),
]


@pytest.mark.parametrize(("_name", "data", "expected"), INPUT, ids=[row[0] for row in INPUT])
def test_input(terminal: Terminal, _name: str, data: bytes, expected: list[list[Any]]) -> None:
    assert terminal.answers(data, len(expected)) == expected


def test_slow_typing_lands_in_the_entry(terminal: Terminal) -> None:
    for key in "12,5":
        terminal.send(key.encode())
        assert terminal.next() == ["typed", key]
    terminal.send(b"\x7f")
    assert terminal.next() == ["typed", "backspace"]
    terminal.send(b"\r")
    assert terminal.next() == ["submitted"]


def test_a_paste_without_end_does_not_deafen_the_app(terminal: Terminal) -> None:
    terminal.send(b"\x1b[200~LOT-1")
    assert terminal.next() == scan("LOT-1")
    assert terminal.answers(b"", 0) == []


def test_a_scan_in_pieces_is_one_scan(terminal: Terminal) -> None:
    for character in b"LOT-SLOW":
        terminal.send(bytes([character]))
    terminal.send(b"\r")
    assert terminal.next() == scan("LOT-SLOW")


def test_no_foreign_escape_sequence_reached_the_screen(terminal: Terminal) -> None:
    told = terminal.answers(b"LOT-\x1b]0;title\x07\r", 1)
    assert told == [scan("LOT-\x1b]0;title\x07")]
    assert b"\x1b]0;title" not in terminal.screen


class Listener(App[None]):
    """Keeps what any driver delivers."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Scan | SourceState | Misread] = []

    def on_scanned(self, message: Scanned) -> None:
        self.heard.append(message.scan)

    def on_source_changed(self, message: SourceChanged) -> None:
        self.heard.append(message.state)

    def on_scan_lost(self, message: ScanLost) -> None:
        self.heard.append(message.misread)


async def test_every_driver_speaks_to_the_app_from_its_own_thread() -> None:
    app = Listener()
    scanner = SimulatedScanner("bench", clock=lambda: 1.0)

    def drive() -> None:
        scanner.start(post_to(app))
        scanner.feed(b"]C1LOT-1\r]C1\r")

    async with app.run_test() as pilot:
        await asyncio.to_thread(drive)
        await pilot.pause()
    assert app.heard == [
        SourceState("bench", up=True, why=""),
        Scan(b"LOT-1", "]C1", "bench", 1.0),
        Misread("bench", "empty", b"]C1", 1.0),
    ]


def test_a_bluetooth_scanner_gets_a_driver_with_its_own_gap() -> None:
    assert wedge_driver(BLUETOOTH_GAP_S).gap == 0.3
    assert WedgeDriver.gap == 0.05
