from __future__ import annotations

import queue
import threading

import pytest

from kiosk.scanners import (
    Delivery,
    Misread,
    ReconnectingScanner,
    Scan,
    Scanner,
    SourceState,
    visible,
)
from kiosk.scanners.serial_port import SerialScanner
from kiosk.scanners.simulated import SimulatedScanner

VISIBLE: list[tuple[bytes | str, str]] = [
    (b"LOT-1", "LOT-1"),
    (b"10A\x1d21B", "10A␝21B"),
    (b"\x00\x07\x1b[2J\r\n\x7f", "␀␇␛[2J␍␊␡"),
    (b"\xc2\x9b31m", "\ufffd31m"),
    (b"caf\xe9", "caf\ufffd"),
    ("café ✔".encode(), "café ✔"),
    ("right to left \u202e and \udcff", "right to left \ufffd and \ufffd"),
    ("note\x1b]0;title\x07", "note␛]0;title␇"),
    (b"", ""),
]


@pytest.mark.parametrize(("text", "expected"), VISIBLE)
def test_visible(text: bytes | str, expected: str) -> None:
    assert visible(text) == expected


class TroubledScanner(ReconnectingScanner):
    """A driver whose device behaves as its script says: a fault to raise, or None to work."""

    def __init__(self, script: list[Exception | None], comes_back_at: int = -1) -> None:
        self.pauses: list[float] = []
        super().__init__("bench", pause=self._count)
        self._script = script
        self._comes_back_at = comes_back_at
        self.ended = threading.Event()

    def _count(self, seconds: float) -> bool:
        self.pauses.append(round(seconds, 3))
        if self._script:
            return False
        self.ended.set()
        return True

    def _session(self) -> None:
        fault = self._script.pop(0)
        if fault is None:
            self._report(up=True)
            self._deliver(Scan(b"LOT-1", "", self.name, 1.0))
            fault = OSError("unplugged")
        raise fault

    def _changed(self) -> bool:
        return len(self.pauses) == self._comes_back_at


def play(scanner: TroubledScanner) -> list[Delivery]:
    delivered: list[Delivery] = []
    scanner.start(delivered.append)
    assert scanner.ended.wait(5)
    scanner.stop()
    return delivered


def test_a_lost_device_is_a_state_and_is_tried_again_ever_slower() -> None:
    scanner = TroubledScanner([None, *[OSError("away")] * 7])
    assert play(scanner) == [
        SourceState("bench", up=True, why=""),
        Scan(b"LOT-1", "", "bench", 1.0),
        SourceState("bench", up=False, why="bench: unplugged"),
        SourceState("bench", up=False, why="bench: away"),
    ]
    waits = [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    # The last pause of the script is the one that stops it.
    assert round(sum(scanner.pauses[:-1]), 3) == round(sum(waits), 3)


def test_a_device_that_comes_back_is_tried_at_once() -> None:
    scanner = TroubledScanner([*[OSError("away")] * 4, None], comes_back_at=9)
    delivered = play(scanner)
    assert SourceState("bench", up=True, why="") in delivered
    assert scanner.pauses == [0.2] * 10


def test_a_fault_of_any_kind_does_not_end_the_driver() -> None:
    scanner = TroubledScanner([ValueError(), RuntimeError("odd"), None])
    assert play(scanner)[:3] == [
        SourceState("bench", up=False, why="bench: ValueError"),
        SourceState("bench", up=False, why="bench: odd"),
        SourceState("bench", up=True, why=""),
    ]


def test_stop_ends_a_long_wait() -> None:
    scanner = SerialScanner("/dev/serial/by-id/none-such")
    delivered: queue.Queue[Delivery] = queue.Queue()
    scanner.start(delivered.put)
    assert delivered.get(timeout=5) == SourceState(
        "/dev/serial/by-id/none-such",
        up=False,
        why="/dev/serial/by-id/none-such: not plugged in",
    )
    scanner.stop()
    assert not [one for one in threading.enumerate() if one.name == f"scanner {scanner.name}"]


def test_the_simulated_scanner_frames_what_it_is_fed() -> None:
    times = iter([1.0, 1.01, 5.0, 9.0, 9.5])
    scanner = SimulatedScanner("bench", clock=lambda: next(times))
    delivered: list[Delivery] = []
    scanner.start(delivered.append)
    for part in (b"]C1LO", b"T-1\r", b"]d2A\x1dB\r\n", b"torn", b"C\r"):
        scanner.feed(part)
    scanner.answer("stop")
    assert delivered == [
        SourceState("bench", up=True, why=""),
        Scan(b"LOT-1", "]C1", "bench", 1.01),
        Scan(b"A\x1dB", "]d2", "bench", 5.0),
        Misread("bench", "torn", b"torn", 9.5),
        Scan(b"C", "", "bench", 9.5),
    ]
    assert scanner.last_answer == "stop"
    scanner.stop()
    with pytest.raises(AssertionError, match="scanner bench is fed before it is started"):
        scanner.feed(b"A\r")


def test_the_drivers_are_scanners() -> None:
    drivers: list[Scanner] = [SimulatedScanner("bench"), SerialScanner("loop://")]
    assert all(isinstance(driver, Scanner) for driver in drivers)
