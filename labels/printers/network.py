"""A raw print port on the network (9100): one connection a job.

Many printers keep the connection open after a label: then what the network has acknowledged
decides. A slow printer that still takes bytes is waited for, one that takes none for
STALL_SECONDS_MAX is lost.
"""

import array
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from labels.printers import asking
from labels.printers.base import (
    ANSWER_SECONDS_MAX,
    CONNECT_SECONDS_MAX,
    STALL_SECONDS_MAX,
    Channel,
    PrinterStatus,
    PrinterUnreachable,
    unfinished,
)

RAW_PORT: Final = 9100
CHUNK_BYTES: Final = 65_536
LOOK_SECONDS: Final = 0.05
CLOSE_SECONDS_MAX: Final = 1.0


@dataclass(frozen=True, slots=True)
class NetworkPrinter:
    """A raw print port; `write_seconds` without a byte taken, and it is lost."""

    host: str
    port: int = RAW_PORT
    write_seconds: float = STALL_SECONDS_MAX
    answer_seconds: float = ANSWER_SECONDS_MAX
    close_seconds: float = CLOSE_SECONDS_MAX

    def send(self, job: str, data: bytes, suffix: str = "zpl") -> None:
        del suffix  # the port takes whatever language the printer speaks
        named = f"printer {self.host}:{self.port}, label {job}"
        sent = 0
        with self._connected() as line:
            try:
                line.settimeout(self.write_seconds)
                while sent < len(data):
                    sent += line.send(data[sent : sent + CHUNK_BYTES])
                line.shutdown(socket.SHUT_WR)
                _await_close(line, self.close_seconds, self.write_seconds)
            except OSError as error:
                raise unfinished(named, sent, len(data), error.strerror or error) from error

    def status(self, language: str) -> PrinterStatus:
        try:
            return asking.status(self._channel, language, self.answer_seconds)
        except PrinterUnreachable as error:
            if str(self.host) in str(error):
                raise
            raise PrinterUnreachable(f"printer {self.host}:{self.port}: {error}") from error

    def _connected(self) -> socket.socket:
        try:
            return socket.create_connection((self.host, self.port), CONNECT_SECONDS_MAX)
        except OSError as error:
            why = error.strerror or error  # without its number
            raise PrinterUnreachable(
                f"printer {self.host}:{self.port} does not answer ({why}): is it on and plugged?"
            ) from error

    @contextmanager
    def _channel(self) -> Iterator[Channel]:
        with self._connected() as line:
            yield _Line(line)


@dataclass(frozen=True, slots=True)
class _Line:
    """A connection on which the printer answers."""

    line: socket.socket

    def write(self, data: bytes) -> None:
        self.line.sendall(data)

    def read(self, seconds: float) -> bytes:
        self.line.settimeout(seconds)
        try:
            got = self.line.recv(asking.ANSWER_BYTES_MAX)
        except TimeoutError:
            return b""
        if not got:
            raise ConnectionError("it closed the connection")
        return got


def _await_close(line: socket.socket, close_seconds: float, stall_seconds: float) -> None:
    """Until it closes too, or has all bytes and stayed open `close_seconds`; raises OSError."""
    now = time.monotonic()
    taken_all, moved = now, now
    waiting = _unacknowledged(line)
    while True:
        if _closes(line):
            return
        now, before, waiting = time.monotonic(), waiting, _unacknowledged(line)
        if waiting:
            taken_all = now
        if waiting != before:
            moved = now
        if waiting and now - moved > stall_seconds:
            raise OSError(f"{waiting} bytes are not acknowledged")
        if not waiting and now - taken_all > close_seconds:
            return


def _closes(line: socket.socket) -> bool:
    """Looks a moment whether it closed; what it says meanwhile is not asked for."""
    line.settimeout(LOOK_SECONDS)
    try:
        return not line.recv(CHUNK_BYTES)
    except TimeoutError:
        return False


def _unacknowledged(line: socket.socket) -> int:
    """Bytes that the other side has not confirmed; all are in doubt where no system tells."""
    if not sys.platform.startswith("linux"):
        return 1
    import fcntl
    import termios

    count = array.array("i", [0])
    fcntl.ioctl(line.fileno(), termios.TIOCOUTQ, count)
    return count[0]
