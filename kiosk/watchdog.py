"""The home of what systemd hears of a running kiosk: ready, alive, stopping, and how it stands.

The watchdog is fed from the loop of the screen, and only while every thread that belongs to the
station gives its sign of life: a kiosk that draws its clock and hears no scanner is restarted.
Without systemd (no NOTIFY_SOCKET) nothing is sent.
"""

import logging
import os
import socket
import time
from collections.abc import Callable, Mapping
from typing import Final

from sync.pulse import Pulse

LATE_SECONDS_MAX: Final = 10.0
FEEDS_A_PERIOD: Final = 4
STATUS_CHARS_MAX: Final = 200
_log = logging.getLogger("kiosk")


class Watchdog:
    """One process to systemd. `environment` is the process's; nothing here raises."""

    def __init__(
        self,
        environment: Mapping[str, str] = os.environ,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        path = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + path[1:] if path.startswith("@") else path
        self._pause = _period(environment) / FEEDS_A_PERIOD
        self._monotonic = monotonic
        self._fed = -self._pause
        self._late = ""

    def ready(self) -> None:
        """The first picture stands, and scans are heard."""
        self._send("READY=1\nSTATUS=ready to scan")

    def stopping(self) -> None:
        """The kiosk ends because it was told to."""
        self._send("STOPPING=1\nSTATUS=stopping")

    def look(self, pulses: Mapping[str, Pulse]) -> bool:
        """Feed the watchdog if nobody is late; whether all are well. From the screen's loop."""
        late = late_ones(pulses)
        if late != self._late:
            self._late = late
            self._send(f"STATUS={f'no sign of life: {late}' if late else 'ready to scan'}")
            if late:
                _log.error("no sign of life from %s for %.0f s", late, LATE_SECONDS_MAX)
        now = self._monotonic()
        if not late and now - self._fed >= self._pause:
            self._fed = now
            self._send("WATCHDOG=1")
        return not late

    def _send(self, text: str) -> None:
        """One datagram; a manager that does not read is not waited for."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
                line.setblocking(False)
                line.sendto(text.encode(), self._address)
        except OSError as fault:
            _log.warning("the service manager was not told %r: %s", text, fault)


def late_ones(pulses: Mapping[str, Pulse]) -> str:
    """The names of those that should have given a sign of life long ago."""
    late = [name for name, pulse in pulses.items() if pulse.overdue() > LATE_SECONDS_MAX]
    return ", ".join(late)[:STATUS_CHARS_MAX]


def _period(environment: Mapping[str, str]) -> float:
    """Seconds within which systemd wants to be fed; 0 where it says nothing that can be read."""
    told = environment.get("WATCHDOG_USEC", "")
    return int(told) / 1_000_000 if told.isascii() and told.isdecimal() else 0.0
