"""pyserial on a pseudo-terminal: what a scanner on a cable does, plug and all."""

from __future__ import annotations

import os
import queue
import select
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from kiosk.config_scanner import FEEDBACKS, Feedback
from kiosk.scanners import Answer, Delivery, Misread, Scan, SourceState
from kiosk.scanners.answers import answers
from kiosk.scanners.serial_port import SerialScanner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIT_S = 10.0


class Cable:
    """A pseudo-terminal behind a name that stays, like /dev/serial/by-id."""

    def __init__(self, name: Path) -> None:
        self.name = name
        self.master = -1

    def plug(self) -> None:
        self.master, slave = os.openpty()
        self.name.symlink_to(os.ttyname(slave))
        os.close(slave)

    def unplug(self) -> None:
        self.name.unlink()
        os.close(self.master)
        self.master = -1

    def send(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.master, data) :]

    def receive(self, length: int) -> bytes:
        data = b""
        while len(data) < length and select.select([self.master], [], [], WAIT_S)[0]:
            data += os.read(self.master, length)
        return data


class Bench:
    """A cable, a scanner on it, and what it delivered."""

    def __init__(self, cable: Cable) -> None:
        self.cable = cable
        self.delivered: queue.Queue[Delivery] = queue.Queue()
        self.scanner: SerialScanner | None = None

    def start(self, feedback: Feedback = "none") -> SerialScanner:
        self.scanner = SerialScanner(str(self.cable.name), name="left", feedback=feedback)
        self.scanner.start(self.delivered.put)
        return self.scanner

    def next(self) -> Delivery:
        return self.delivered.get(timeout=WAIT_S)

    def payloads(self, count: int) -> list[bytes]:
        found = [self.next() for _ in range(count)]
        assert all(isinstance(one, Scan) for one in found), found
        return [one.payload for one in found if isinstance(one, Scan)]


UP = SourceState("left", up=True, why="")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(Cable(tmp_path / "usb-scanner"))
    yield bench
    if bench.scanner is not None:
        bench.scanner.stop()
    if bench.cable.master >= 0:
        bench.cable.unplug()


def test_200_scans_at_full_speed_and_none_is_lost(bench: Bench) -> None:
    bench.cable.plug()
    bench.start()
    assert bench.next() == UP
    codes = [b"10LOT-%04d\x1d21%06d" % (number, number * 7) for number in range(200)]
    bench.cable.send(b"".join(b"]C1" + code + b"\r\n" for code in codes))
    assert bench.payloads(200) == codes
    assert bench.delivered.empty()


def test_a_scan_carries_its_identifier_source_and_time(bench: Bench) -> None:
    bench.cable.plug()
    bench.start()
    assert bench.next() == UP
    before = time.monotonic()
    bench.cable.send(b"\x02]d2A-1\x03\r")
    scan = bench.next()
    assert isinstance(scan, Scan)
    assert (scan.payload, scan.aim, scan.source) == (b"A-1", "]d2", "left")
    assert before <= scan.at <= time.monotonic()


def test_unplug_in_mid_scan_and_replug_under_the_same_name(bench: Bench) -> None:
    bench.cable.plug()
    bench.start()
    assert bench.next() == UP
    bench.cable.send(b"A-1\rLOT-12")
    assert bench.payloads(1) == [b"A-1"]
    bench.cable.unplug()
    torn, down = bench.next(), bench.next()
    assert isinstance(torn, Misread)
    assert (torn.why, torn.head) == ("torn", b"LOT-12")
    assert down == SourceState("left", up=False, why=f"{bench.cable.name}: unplugged")
    gone = bench.next()
    assert gone == SourceState("left", up=False, why=f"{bench.cable.name}: not plugged in")
    bench.cable.plug()
    plugged = time.monotonic()
    assert bench.next() == UP
    assert time.monotonic() - plugged <= 1.0
    bench.cable.send(b"B-2\r")
    assert bench.payloads(1) == [b"B-2"]


def test_it_is_back_within_a_second_after_a_long_absence(bench: Bench) -> None:
    scanner = SerialScanner(str(bench.cable.name), name="left")
    bench.scanner = scanner
    scanner.start(bench.delivered.put)
    assert isinstance(bench.next(), SourceState)
    threading.Event().wait(1.5)  # the wait between attempts is longer than a second by now
    bench.cable.plug()
    plugged = time.monotonic()
    assert bench.next() == UP
    assert time.monotonic() - plugged <= 1.0


def test_garbage_and_long_frames_do_not_spoil_the_next_scan(bench: Bench) -> None:
    bench.cable.plug()
    bench.start()
    assert bench.next() == UP
    garbage = bytes(byte for byte in range(256) if byte not in b"\r\n\x02\x03")
    bench.cable.send(garbage + b"\r" + b"x" * 5000 + b"\r" + b"y" * 4096 + b"\rLOT-1\r")
    first, long, whole, clean = (bench.next() for _ in range(4))
    assert isinstance(first, Scan)
    assert first.payload == garbage
    assert isinstance(long, Misread)
    assert (long.why, long.head) == ("too_long", b"x" * 32)
    assert isinstance(whole, Scan)
    assert whole.payload == b"y" * 4096
    assert isinstance(clean, Scan)
    assert clean.payload == b"LOT-1"


def test_silence_in_mid_scan_is_reported_without_waiting_for_a_byte(bench: Bench) -> None:
    bench.cable.plug()
    bench.start()
    assert bench.next() == UP
    bench.cable.send(b"LOT-")
    torn = bench.next()
    assert isinstance(torn, Misread)
    assert (torn.why, torn.head) == ("torn", b"LOT-")


def test_another_program_on_the_port_is_named(bench: Bench) -> None:
    bench.cable.plug()
    bench.start()
    assert bench.next() == UP
    second = SerialScanner(str(bench.cable.name), name="second")
    delivered: queue.Queue[Delivery] = queue.Queue()
    second.start(delivered.put)
    why = f"{bench.cable.name}: another program uses it: end that program"
    assert delivered.get(timeout=WAIT_S) == SourceState("second", up=False, why=why)
    second.stop()


TONES: list[tuple[Feedback, Answer, bytes]] = [
    ("honeywell", "ok", b"\x1b7,"),
    ("honeywell", "note", b"\x1b5,\x1b5,"),
    ("honeywell", "stop", b"\x1b8,\x1b8,"),
    ("zebra-ssi", "ok", b"\x05\xe6\x04\x00\x00\xff\x11"),
    ("zebra-ssi", "note", b"\x05\xe6\x04\x00\x01\xff\x10"),
    ("zebra-ssi", "stop", b"\x05\xe6\x04\x00\x10\xff\x01"),
    ("datalogic", "ok", b"B"),
    ("datalogic", "note", b"BB"),
    ("datalogic", "stop", b"F"),
    ("datalogic-gryphon", "ok", b"\x1b[3q"),
    ("datalogic-gryphon", "note", b"\x1b[3q\x1b[3q"),
    ("datalogic-gryphon", "stop", b"\x1b[4q"),
]
LIGHTS: list[tuple[Feedback, Answer, bytes]] = [
    ("honeywell", "ok", b"\x1b1,"),
    ("honeywell", "note", b"\x1b1,"),  # not for the eye: any answer lets it scan on
    ("honeywell", "stop", b"\x1b1,"),
    ("zebra-ssi", "ok", b"\x05\xe7\x04\x00\x01\xff\x0f"),
    ("zebra-ssi", "note", b"\x05\xe8\x04\x00\x01\xff\x0e"),
    ("zebra-ssi", "stop", b"\x05\xe8\x04\x00\x01\xff\x0e"),
    ("datalogic-gryphon", "ok", b"\x1b[6q"),
    ("datalogic-gryphon", "note", b"\x1b[7q"),
    ("datalogic-gryphon", "stop", b"\x1b[7q"),
]


def test_the_table_of_answers() -> None:
    rows = [(vendor, kind, data) for vendor in FEEDBACKS for kind, data in answers(vendor).items()]
    assert rows == TONES


def test_the_table_of_lights() -> None:
    rows = [
        (vendor, kind, data)
        for vendor in FEEDBACKS
        for kind, data in answers(vendor, sound=False, light=True).items()
    ]
    assert rows == LIGHTS


def test_ear_and_eye_are_switched_off_apart() -> None:
    assert answers("honeywell", light=True)["ok"] == b"\x1b7,\x1b1,"
    assert answers("zebra-ssi", light=True)["stop"] == TONES[5][2] + LIGHTS[5][2]
    assert answers("datalogic", sound=False, light=True) == {}
    assert answers("none", light=True) == {}
    silent = answers("honeywell", sound=False)
    assert set(silent.values()) == {b"\x1b1,"}, "under Host ACK silence would stop the scanner"


def test_answers_reach_the_scanner_between_scans(bench: Bench) -> None:
    bench.cable.plug()
    scanner = bench.start("honeywell")
    assert bench.next() == UP
    bench.cable.send(b"A-1\r")
    assert bench.payloads(1) == [b"A-1"]
    scanner.answer("ok")
    assert bench.cable.receive(3) == b"\x1b7,"
    scanner.answer("stop")
    assert bench.cable.receive(6) == b"\x1b8,\x1b8,"
    bench.cable.send(b"B-2\r")
    assert bench.payloads(1) == [b"B-2"]


def test_a_scanner_that_takes_no_answers_still_scans(bench: Bench) -> None:
    bench.cable.plug()
    scanner = bench.start("honeywell")
    assert bench.next() == UP
    for _ in range(30_000):  # far more than the line holds, and nobody reads it
        scanner.answer("stop")
    why = f"{bench.cable.name}: takes no answers: set its feedback to none"
    assert bench.next() == SourceState("left", up=True, why=why)
    bench.cable.send(b"A-1\r")
    assert bench.payloads(1) == [b"A-1"]


def test_an_address_of_the_network_works_as_a_port() -> None:
    delivered: queue.Queue[Delivery] = queue.Queue()
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"
        scanner = SerialScanner(url, name="left")
        scanner.start(delivered.put)
        peer, _ = server.accept()
        assert delivered.get(timeout=WAIT_S) == UP
        peer.sendall(b"A-1\rB-2\r")
        scans = [delivered.get(timeout=WAIT_S) for _ in range(2)]
        assert [one.payload for one in scans if isinstance(one, Scan)] == [b"A-1", b"B-2"]
        peer.close()
        down = delivered.get(timeout=WAIT_S)
        assert down == SourceState("left", up=False, why=f"{url}: unplugged")
        scanner.stop()


@pytest.mark.parametrize("address", ["nonsense://x", "bad\0name"])
def test_an_impossible_address_is_told_not_fatal(address: str) -> None:
    delivered: queue.Queue[Delivery] = queue.Queue()
    scanner = SerialScanner(address, name="left")
    scanner.start(delivered.put)
    state = delivered.get(timeout=WAIT_S)
    assert isinstance(state, SourceState)
    assert not state.up
    assert state.why.startswith(f"{address}: ")
    scanner.stop()
