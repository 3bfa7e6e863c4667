"""The serial scanner: RS-232, USB-CDC, or any address that pyserial opens (socket://, rfc2217://).

Give the device by its lasting name (/dev/serial/by-id/...): ttyACM0 is ttyACM1 after an unplug.
"""

from __future__ import annotations

import errno
import os
import queue
import select
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import serial

from kiosk.config_scanner import Feedback
from kiosk.scanners import Answer, ReconnectingScanner, delivery
from kiosk.scanners.answers import answers
from kiosk.scanners.framing import FRAME_GAP_S, Frame, Framer, Garbage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

BAUD: Final = 115200
WRITE_WAIT_S: Final = 0.5
REST_S: Final = 1.0

_EXPLAINED = {
    errno.ENOENT: "not plugged in",
    errno.ENODEV: "not plugged in",
    errno.ENXIO: "not plugged in",
    errno.EIO: "unplugged",
    errno.EACCES: "no permission: let the kiosk's user into the group of the device",
    errno.EAGAIN: "another program uses it: end that program",
    errno.EBUSY: "another program uses it: end that program",
}


class _Link(Protocol):
    """What is used of an open pyserial port, whichever class its address gave."""

    @property
    def in_waiting(self) -> int: ...

    def read(self, size: int) -> bytes: ...

    def write(self, data: bytes) -> int | None: ...

    def close(self) -> None: ...


class SerialScanner(ReconnectingScanner):
    """One serial scanner. `feedback` says how it takes answers, `sound` and `light` which of them.

    `gap` is the silence in seconds after which a code that has no terminator yet is torn.
    """

    def __init__(
        self,
        port: str,
        *,
        name: str = "",
        baud: int = BAUD,
        feedback: Feedback = "none",
        sound: bool = True,
        light: bool = False,
        gap: float = FRAME_GAP_S,
        pause: Callable[[float], bool] | None = None,
    ) -> None:
        super().__init__(name or port, pause=pause)
        self.port = port
        self._baud = baud
        self._answers = answers(feedback, sound=sound, light=light)
        self._gap = gap
        self._outbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._link: _Link | None = None
        self._link_lock = threading.Lock()
        self._lost: tuple[int, ...] = ()

    def answer(self, kind: Answer) -> None:
        """Let the scanner beep or blink; dropped while it is unplugged. Never waits."""
        data = self._answers.get(kind)
        if data is not None:
            self._outbox.put(data)
            self._wake()

    def _wake(self) -> None:
        with self._link_lock:  # the link must not close between the look and the use
            cancel = getattr(self._link, "cancel_read", None)
            if cancel is not None:
                cancel()

    def _session(self) -> None:
        link = self._open()
        framer = Framer(self._gap)
        try:
            with self._link_lock:
                self._link = link
            self._report(up=True)
            self._pump(link, framer)
        finally:
            with self._link_lock:
                self._link = None
                link.close()
            self._hand_on(framer.close(time.monotonic()), time.monotonic())

    def _open(self) -> _Link:
        self._lost = self._fingerprint()
        link: _Link = serial.serial_for_url(  # type: ignore[no-untyped-call]
            self.port,
            baudrate=self._baud,
            timeout=self._gap,
            write_timeout=WRITE_WAIT_S,
            exclusive=True if os.name == "posix" else None,
        )
        self._drop_answers()  # they belong to scans of before the unplug
        return link

    def _pump(self, link: _Link, framer: Framer) -> None:
        """Read until stopped. Only a wait that ran out empty is silence.

        A busy machine may wake this thread late; bytes that it finds then did not come late.
        """
        silent, last = True, 0.0
        while not self._stopped.is_set():
            if silent:
                _rest(link)
            began = time.monotonic()
            data = link.read(1)
            self._send_answers(link)
            now = time.monotonic()
            if data:
                data += link.read(link.in_waiting)
                last = now if silent else min(now, last + self._gap)
                silent = False
                self._hand_on(framer.feed(data, last), now)
            elif now - began >= self._gap:
                silent = True
                self._hand_on(framer.feed(b"", now), now)

    def _hand_on(self, found: Iterable[Frame | Garbage], now: float) -> None:
        for one in found:
            timed = replace(one, at=now) if isinstance(one, Frame) else one
            self._deliver(delivery(timed, self.name))

    def _send_answers(self, link: _Link) -> None:
        try:
            while not self._outbox.empty():
                link.write(self._outbox.get())
        except serial.SerialTimeoutException:
            self._drop_answers()
            self._report(up=True, why=f"{self.port}: takes no answers: set its feedback to none")

    def _drop_answers(self) -> None:
        while not self._outbox.empty():
            self._outbox.get()

    def _explain(self, fault: Exception) -> str:
        number = getattr(fault, "errno", None)
        if number in _EXPLAINED:
            return f"{self.port}: {_EXPLAINED[number]}"
        if isinstance(fault, serial.SerialException) and self._is_up():
            return f"{self.port}: unplugged"
        return f"{self.port}: {str(fault) or type(fault).__name__}"

    def _is_up(self) -> bool:
        return self._state is not None and self._state.up

    def _fingerprint(self) -> tuple[int, ...]:
        """Which device stands behind the name now; () if none, or if the name is an address."""
        try:
            found = Path(self.port).stat()
        except (OSError, ValueError):
            return ()
        return (found.st_dev, found.st_ino, found.st_ctime_ns)

    def _changed(self) -> bool:
        now = self._fingerprint()
        return bool(now) and now != self._lost


def _rest(link: _Link) -> None:
    """Wait for a first byte or a wake-up where the port can be waited for; reading waits else."""
    named = [getattr(link, name, None) for name in ("fd", "pipe_abort_read_r")]
    ends = [end for end in named if isinstance(end, int)]
    if len(ends) == len(named):
        select.select(ends, [], [], REST_S)
