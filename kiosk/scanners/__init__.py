"""Home of what a scanner is: the values it delivers, its protocol, and the one reconnect loop.

A driver runs in a thread of its own, turns what its device sends into `Scan` values and hands them
to a sink. It never dies: a lost device is a `SourceState`, and the driver tries again.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol, runtime_checkable

from kiosk.scanners.framing import Frame, Garbage, Way
from sync.pulse import Ending, Pulse

KEYBOARD: Final = "keyboard"  # the source that every terminal has
KEYS_SWALLOWED: Final = "keys_swallowed"  # of the scan log: which keys came with bursts
RETRY_MIN_S: Final = 0.2
RETRY_MAX_S: Final = 5.0
STOP_WAIT_S: Final = 2.0

_PICTURES = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}


@dataclass(frozen=True, slots=True)
class Scan:
    """What a device read once. `at` is the monotonic second of its last byte.

    `payload` is without AIM identifier, terminator, STX and ETX; GS (0x1D) is kept. `aim` is like
    "]C1", or "" when the scanner sends none. `source` names the device, as in the configuration.
    """

    payload: bytes
    aim: str
    source: str
    at: float
    way: Way = field(default=Way(), compare=False)


@dataclass(frozen=True, slots=True)
class SourceState:
    """A device came or went; `why` is "" or one line for people."""

    source: str
    up: bool
    why: str


@dataclass(frozen=True, slots=True)
class Misread:
    """A device sent what is no whole scan; it was dropped, nobody may act on it.

    "torn": silence or unplug in mid-scan. "too_long": over `SCAN_BYTES_MAX`. "empty": an AIM
    identifier and nothing behind it. "unreadable": the terminal's input could not be parsed.
    "dropped": the device says that a part of its input was lost.
    """

    source: str
    why: Literal["torn", "too_long", "empty", "dropped", "unreadable"]
    head: bytes
    at: float


Delivery = Scan | SourceState | Misread
Sink = Callable[[Delivery], None]
Answer = Literal["ok", "note", "stop"]


@runtime_checkable
class Scanner(Protocol):
    """A source of scans. `start` and `stop` may follow each other again and again."""

    name: str

    def start(self, sink: Sink) -> None:
        """Begin to deliver to `sink`, which is called from the driver's thread."""

    def stop(self) -> None:
        """Let the device go; nothing is delivered afterwards."""

    def answer(self, kind: Answer) -> None:
        """Tell the operator at the scanner itself; no-op where the device cannot. Never waits."""


def delivery(found: Frame | Garbage, source: str) -> Scan | Misread:
    """A framer's value with its source."""
    if isinstance(found, Frame):
        return Scan(found.payload, found.aim, source, found.at, found.way)
    return Misread(source, found.why, found.head, found.at)


def visible(text: bytes | str) -> str:
    """What a foreign text may look like on a screen, in a log or on paper.

    Control characters become their pictures (U+2400 ...); C1 controls, bytes that are not UTF-8
    and everything else that does not print become U+FFFD. ESC in a barcode never gets through.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    if text.isprintable():
        return text
    pictured = text.translate(_PICTURES)
    return "".join(mark if mark.isprintable() else "\ufffd" for mark in pictured)


class ReconnectingScanner(ABC):
    """The one reconnect loop: a driver says how to open and read, this keeps it alive.

    `pause` waits the given seconds and says whether the driver was stopped meanwhile. `pulse` is
    the sign of life of its thread: a driver's loop gives it by asking `_stopped.is_set()`.
    """

    def __init__(self, name: str, *, pause: Callable[[float], bool] | None = None) -> None:
        self.name = name
        self.pulse = Pulse()
        self._stopped = Ending(self.pulse)
        self._pause = pause or self._stopped.wait
        self._thread: threading.Thread | None = None
        self._sink: Sink | None = None
        self._state: SourceState | None = None

    def start(self, sink: Sink) -> None:
        """Begin to deliver to `sink`, which is called from the driver's thread."""
        assert self._thread is None, f"scanner {self.name} is already started"
        self._stopped.clear()
        self._sink = sink
        self._state = None
        self._thread = threading.Thread(target=self._run, name=f"scanner {self.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let the device go; nothing is delivered afterwards."""
        self._stopped.set()
        self._wake()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join(STOP_WAIT_S)
        self._sink = None
        self.pulse.rest()

    def answer(self, kind: Answer) -> None:  # noqa: B027 - most devices have no way to answer
        """Tell the operator at the scanner itself; no-op where the device cannot. Never waits."""

    @abstractmethod
    def _session(self) -> None:
        """Open the device, call `_report(up=True)`, read until stopped; raise when it is lost."""

    def _wake(self) -> None:  # noqa: B027 - a driver that never waits long needs none
        """Called by `stop` from another thread: end a wait for input."""

    def _explain(self, fault: Exception) -> str:
        """One line for people."""
        return f"{self.name}: {str(fault) or type(fault).__name__}"

    def _changed(self) -> bool:
        """True if the device seems to have come back, so that a retry is worth while at once."""
        return False

    def _deliver(self, item: Delivery) -> None:
        sink = self._sink
        if sink is not None and not self._stopped.is_set():
            sink(item)

    def _report(self, *, up: bool, why: str = "") -> None:
        """Deliver the state if it is news."""
        state = SourceState(self.name, up, why)
        if state != self._state:
            self._state = state
            self._deliver(state)

    def _run(self) -> None:
        wait: float | None = RETRY_MIN_S
        while wait is not None and not self._stopped.is_set():
            try:
                self._session()
            except Exception as fault:
                # Whatever it was, the floor sees it and the next scan still works.
                was_up = self._state is not None and self._state.up
                wait = RETRY_MIN_S if was_up else wait
                self._report(up=False, why=self._explain(fault))
            wait = self._rest(wait)

    def _rest(self, wait: float) -> float | None:
        """Wait before the next attempt; give the wait after that one, or None: stopped."""
        rested = 0.0
        while rested < wait:
            step = min(RETRY_MIN_S, wait - rested)
            self.pulse.tick()
            if self._pause(step):
                return None
            if self._changed():
                return RETRY_MIN_S
            rested += step
        return min(2 * wait, RETRY_MAX_S)
