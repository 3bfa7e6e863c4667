"""What a kiosk tells its observer: the player's and the supervisor's view of one station."""

import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

LINES_KEPT_MAX: Final = 2_000
Json = dict[str, Any]


class Silence(Exception):  # noqa: N818 — named after what was met
    """The kiosk did not tell in time what was waited for."""


@dataclass(slots=True)
class _Link:
    """One connection of one kiosk process."""

    socket: socket.socket
    bands: list[Json]
    status: Json
    clocks: int = 0


class Observed:
    """Listens at a Unix socket; a kiosk that starts again is simply the next connection."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self.path = path
        self._changed = threading.Condition()
        self._link: _Link | None = None
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, name=f"observe {path.stem}", daemon=True).start()

    def connected(self, seconds: float) -> None:
        """Wait until a kiosk is there and has drawn its first band; raises `Silence`."""
        self._wait(lambda: bool(self._link and self._link.bands), seconds, "start")

    def forget(self) -> None:
        """The kiosk was killed: only the next connection counts."""
        with self._changed:
            self._link = None

    @property
    def scans(self) -> int:
        """How many scans and typed lines the present process has answered."""
        band = self.band
        return int(band.get("scan", 0)) if band else 0

    @property
    def band(self) -> Json:
        """The band as it is now, empty before the first."""
        with self._changed:
            return self._link.bands[-1] if self._link and self._link.bands else {}

    @property
    def status(self) -> Json:
        """The last status line: waiting, sync, printing."""
        with self._changed:
            return dict(self._link.status) if self._link else {}

    def answered(self, scans: int, seconds: float) -> Json:
        """The band that answered the process's scan number `scans`; raises `Silence`."""
        self._wait(lambda: self.scans >= scans, seconds, f"answer scan {scans}")
        with self._changed:
            assert self._link
            return next(band for band in self._link.bands if band["scan"] >= scans)

    def settled(self, holds: Callable[[Json], bool], seconds: float, what: str) -> None:
        """Wait until the status holds; raises `Silence`."""
        self._wait(lambda: holds(self.status), seconds, what)

    def advance(self, seconds: float, patience: float = 10.0) -> None:
        """Move the kiosk's clock, and wait until it says so; raises `Silence`."""
        with self._changed:
            if not self._link:
                raise Silence("no kiosk is connected")
            link, before = self._link, self._link.clocks
        try:
            link.socket.sendall(json.dumps({"advance": seconds}).encode() + b"\n")
        except OSError as fault:
            raise Silence(f"{self.path.stem} hung up: {fault}") from None
        self._wait(lambda: link.clocks > before, patience, "move its clock")

    def close(self) -> None:
        with suppress(OSError):  # wakes the thread that accepts
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._changed, suppress(OSError):  # the reader closes what is hung up
            if self._link:
                self._link.socket.shutdown(socket.SHUT_RDWR)

    def _wait(self, holds: Callable[[], bool], seconds: float, what: str) -> None:
        end = time.monotonic() + seconds
        with self._changed:
            while not holds():
                if not self._changed.wait(max(0.0, end - time.monotonic())):
                    raise Silence(f"{self.path.stem} did not {what} within {seconds:g} s")

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            link = _Link(connection, [], {})
            with self._changed:
                self._link = link
            threading.Thread(target=self._read, args=(link,), daemon=True).start()

    def _read(self, link: _Link) -> None:
        try:
            with link.socket, link.socket.makefile("rb") as lines:
                for line in lines:
                    self._told(link, json.loads(line))
        except (OSError, ValueError):
            return

    def _told(self, link: _Link, line: Json) -> None:
        with self._changed:
            if "band" in line:
                link.bands = [*link.bands[-LINES_KEPT_MAX:], line]
            elif line.get("event") == "clock":
                link.clocks += 1
            elif line.get("event") == "status":
                link.status = line
            self._changed.notify_all()
