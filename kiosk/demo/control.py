"""The line between a bench and its supervisor: JSON lines over a Unix socket.

The bench asks (`{"do": "network" | "power" | "play" | "end"}`), the supervisor tells
(`{"say": text}`, `{"network": true | false}`).
"""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

Json = dict[str, Any]


class ControlServer:
    """The supervisor's end: asks are handed on, what is told goes to every connected bench."""

    def __init__(self, path: Path, on_ask: Callable[[Json], None]) -> None:
        path.unlink(missing_ok=True)
        self.path = path
        self._on_ask = on_ask
        self._links: list[socket.socket] = []
        self._last: Json = {}
        self._lock = threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def tell(self, **line: object) -> None:
        """Tell every bench; one that comes later is told the newest of each key."""
        with self._lock:
            self._last |= line
            links = list(self._links)
        for link in links:
            self._send(link, line)

    def close(self) -> None:
        with suppress(OSError):  # wakes the thread that accepts
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for link in self._links:
                with suppress(OSError):  # the reader closes it
                    link.shutdown(socket.SHUT_RDWR)
        self.path.unlink(missing_ok=True)

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._links.append(link)
                newest = dict(self._last)
            self._send(link, newest)
            threading.Thread(target=self._read, args=(link,), daemon=True).start()

    def _read(self, link: socket.socket) -> None:
        with link:
            for line in _lines(link):
                self._on_ask(line)
            self._drop(link)

    def _send(self, link: socket.socket, line: Json) -> None:
        try:
            link.sendall(json.dumps(line).encode() + b"\n")
        except OSError:
            self._drop(link)

    def _drop(self, link: socket.socket) -> None:
        """Tell it nothing more; what it asked before it hung up is still read."""
        with self._lock:
            if link in self._links:
                self._links.remove(link)


class Control:
    """The bench's end."""

    def __init__(self, path: Path, on_told: Callable[[Json], None]) -> None:
        self._link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._on_told = on_told
        try:
            self._link.connect(str(path))
        except OSError:
            self._link.close()
            raise

    def start(self) -> None:
        """Begin to hand on what the supervisor tells."""
        threading.Thread(target=self._read, name="control", daemon=True).start()

    def ask(self, what: str) -> None:
        """Ask the supervisor to do something."""
        self._link.sendall(json.dumps({"do": what}).encode() + b"\n")

    def close(self) -> None:
        self._link.close()

    def _read(self) -> None:
        for line in _lines(self._link):
            self._on_told(line)


def ask(path: Path, what: str) -> bool:
    """Ask once, from outside; whether somebody listens there."""
    try:
        with closing(Control(path, lambda _line: None)) as control:
            control.ask(what)
    except OSError:
        return False
    return True


def _lines(link: socket.socket) -> Iterator[Json]:
    try:
        with link.makefile("rb") as file:
            for line in file:
                yield json.loads(line)
    except (OSError, ValueError):
        return
