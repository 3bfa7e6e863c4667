"""Where label bytes go: `open_printer(url)` for a network port or a folder.

PrinterError(Exception)    nothing was printed, or nobody knows
  PrinterAddressError      the URL names no printer that we can reach
  PrinterUnreachable       no byte left: try again freely
  PrinterDoubt             a byte may have left: look at the printer before trying again
"""

import array
import fcntl
import os
import re
import socket
import sys
import termios
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

RAW_PORT = 9100
CONNECT_SECONDS_MAX = 3.0
WRITE_SECONDS_MAX = 5.0
ANSWER_SECONDS_MAX = 2.0
ANSWER_BYTES_MAX = 65_536
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}")


class PrinterError(Exception):
    """A label was not, or perhaps not, printed."""


class PrinterAddressError(PrinterError):
    """The URL in the configuration names no printer."""


class PrinterUnreachable(PrinterError):  # noqa: N818
    """No byte left: trying again cannot print twice."""


class PrinterDoubt(PrinterError):  # noqa: N818
    """A byte may have left: trying again blindly could print twice."""


class Printer(Protocol):
    """Takes the bytes of one job."""

    def send(self, job: str, data: bytes, suffix: str = "zpl") -> None:
        """Returns when the printer has all of `data`; raises PrinterUnreachable, PrinterDoubt."""


def open_printer(url: str) -> Printer:
    """`tcp://host:port` (port 9100 if none) or `folder:///path`; raises PrinterAddressError."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise PrinterAddressError(f"printer {url}: {error}") from None
    if parts.scheme == "tcp" and parts.hostname and parts.path in {"", "/"}:
        return NetworkPrinter(parts.hostname, RAW_PORT if port is None else port)
    if parts.scheme == "folder" and not parts.netloc and parts.path:
        return FolderPrinter(Path(unquote(parts.path)))
    raise PrinterAddressError(f"printer {url}: write tcp://host:9100 or folder:///path")


@dataclass(frozen=True, slots=True)
class NetworkPrinter:
    """A raw print port: one connection a job."""

    host: str
    port: int
    write_seconds: float = WRITE_SECONDS_MAX
    answer_seconds: float = ANSWER_SECONDS_MAX

    def send(self, job: str, data: bytes, suffix: str = "zpl") -> None:
        del suffix  # the port takes whatever language the printer speaks
        try:
            line = socket.create_connection((self.host, self.port), CONNECT_SECONDS_MAX)
        except OSError as error:
            why = error.strerror or error  # without its number
            raise PrinterUnreachable(
                f"printer {self.host}:{self.port} does not answer ({why}): is it on and plugged?"
            ) from error
        with line:
            self._write(line, data, f"printer {self.host}:{self.port}, label {job}")

    def _write(self, line: socket.socket, data: bytes, named: str) -> None:
        """Sends all, then waits until the printer closes too or has acknowledged every byte."""
        sent = 0
        try:
            line.settimeout(self.write_seconds)
            while sent < len(data):
                sent += line.send(data[sent:])
            line.shutdown(socket.SHUT_WR)
            _await_close(line, self.answer_seconds)
        except OSError as error:
            if not sent:
                raise PrinterUnreachable(f"{named}: it took no byte ({error})") from error
            raise PrinterDoubt(
                f"{named}: broke off after {sent} of {len(data)} bytes ({error}); "
                "look if it came out"
            ) from error


@dataclass(frozen=True, slots=True)
class FolderPrinter:
    """A folder that another program empties: one file a job, whole or not there."""

    folder: Path

    def send(self, job: str, data: bytes, suffix: str = "zpl") -> None:
        name = f"{job}.{suffix}"
        assert _NAME.fullmatch(name), f"{name!r} is not a file name of ours"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            draft = self.folder / f".{name}.part"
            _write_file(draft, data)
            draft.rename(self.folder / name)
        except OSError as error:
            raise PrinterUnreachable(f"{self.folder / name}: {error}") from error
        try:
            _flush_folder(self.folder)
        except OSError as error:
            raise PrinterDoubt(
                f"{self.folder / name} may not outlive a power cut: {error}"
            ) from error


def _await_close(line: socket.socket, seconds: float) -> None:
    """Many printers keep the connection open: then what the network acknowledged decides."""
    end = time.monotonic() + seconds
    try:
        while (left := end - time.monotonic()) > 0:
            line.settimeout(left)
            if not line.recv(ANSWER_BYTES_MAX):
                return
    except TimeoutError:
        pass
    waiting = _unacknowledged(line)
    if waiting:
        raise OSError(f"{waiting} bytes are not acknowledged")


def _unacknowledged(line: socket.socket) -> int:
    """Bytes that the other side has not confirmed; all are in doubt where no system tells."""
    if not sys.platform.startswith("linux"):
        return 1
    count = array.array("i", [0])
    fcntl.ioctl(line.fileno(), termios.TIOCOUTQ, count)
    return count[0]


def _write_file(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
