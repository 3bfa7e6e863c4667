"""The home of the observer's line: what the band shows, told to who plays or measures a shift.

`kiosk run --observe SOCKET` connects to a Unix socket and writes one JSON line for each change of
the band, and one when status changes. With `--simulated-clock` it also takes requests:
`{"advance": s}` moves the clock, `{"type": text}` is what a person types and ends with Enter.

ObserverError(Exception)    the socket cannot be reached; the message names it
"""

import json
import queue
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LINE_BYTES_MAX: Final = 65_536
CONNECT_WAIT_S: Final = 5.0
CLOSE_WAIT_S: Final = 2.0


class ObserverError(Exception):
    """The observer's socket cannot be used."""


@dataclass(frozen=True, slots=True)
class Advance:
    """Move the station's clock by so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class TypeIn:
    """A person types `text` and presses Enter."""

    text: str


@dataclass(frozen=True, slots=True)
class Misunderstood:
    """A line that is no request; `why` goes back to the observer."""

    why: str


Request = Advance | TypeIn | Misunderstood


class Observer:
    """A line to an observer. Telling never waits: a thread of its own sends."""

    def __init__(self, link: socket.socket, *, steered: bool = False) -> None:
        self.steered = steered
        self._link = link
        self._out: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="observer out", daemon=True)
        self._reader: threading.Thread | None = None

    @classmethod
    def connect(cls, path: Path, *, steered: bool = False) -> "Observer":
        """Connect to the Unix socket at `path`; raises `ObserverError`."""
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.settimeout(CONNECT_WAIT_S)
        try:
            link.connect(str(path))
        except OSError as fault:
            link.close()
            why = fault.strerror or str(fault)
            raise ObserverError(f"observer {path}: {why}: start what listens there first") from None
        link.settimeout(None)
        return cls(link, steered=steered)

    def start(self, on_request: Callable[[Request], None]) -> None:
        """Begin to send; requests are handed on where the observer may steer."""
        self._writer.start()
        if self.steered:
            self._reader = threading.Thread(
                target=self._read, args=(on_request,), name="observer in", daemon=True
            )
            self._reader.start()

    def tell(self, **line: object) -> None:
        """Send one JSON line."""
        self._out.put(json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def close(self) -> None:
        """Send what is left, then hang up."""
        self._out.put(None)
        if self._writer.is_alive():
            self._writer.join(CLOSE_WAIT_S)
        try:
            self._link.shutdown(socket.SHUT_RDWR)
        except OSError:  # the observer hung up first
            return
        finally:
            self._link.close()

    def _write(self) -> None:
        while (line := self._out.get()) is not None:
            try:
                self._link.sendall(line)
            except OSError:  # nobody listens any more: the kiosk goes on
                return

    def _read(self, on_request: Callable[[Request], None]) -> None:
        try:
            with self._link.makefile("rb") as lines:
                while line := lines.readline(LINE_BYTES_MAX):
                    on_request(request_of(line))
        except OSError:
            return


def request_of(line: bytes) -> Request:
    """What a line asks."""
    try:
        asked = json.loads(line)
    except ValueError:
        return Misunderstood("not JSON")
    match asked:
        case {"advance": bool()}:
            pass
        case {"advance": int() | float() as seconds} if 0 <= seconds < float("inf"):
            return Advance(float(seconds))
        case {"type": str() as text}:
            return TypeIn(text)
    return Misunderstood('want {"advance": seconds} or {"type": text}')
