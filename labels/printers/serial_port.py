"""A printer on a serial line: `serial:///dev/ttyS0?baud=9600&flow=xonxoff|rtscts|none`.

Flow control is what a serial printer holds us back with; without it a long label overruns it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from labels.printers import asking
from labels.printers.base import (
    ANSWER_SECONDS_MAX,
    STALL_SECONDS_MAX,
    Channel,
    PrinterAddressError,
    PrinterStatus,
    PrinterUnreachable,
    unfinished,
)

BAUD: Final = 9600
BAUDS: Final = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400)
CHUNK_BYTES: Final = 256  # at 1,200 baud a chunk leaves in two seconds
LOOK_SECONDS: Final = 0.02
Flow = Literal["xonxoff", "rtscts", "none"]
FLOWS: Final[tuple[Flow, ...]] = ("xonxoff", "rtscts", "none")


class _Port(Protocol):
    """What is used of an open pyserial port."""

    timeout: float | None

    @property
    def out_waiting(self) -> int: ...

    @property
    def in_waiting(self) -> int: ...

    def write(self, data: bytes) -> int | None: ...

    def read(self, size: int) -> bytes: ...

    def reset_output_buffer(self) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class SerialPrinter:
    """A serial line; `write_seconds` without a byte taken, and the printer is lost."""

    port: str
    baud: int = BAUD
    flow: Flow = "xonxoff"
    write_seconds: float = STALL_SECONDS_MAX
    answer_seconds: float = ANSWER_SECONDS_MAX

    def send(self, job: str, data: bytes, suffix: str = "zpl") -> None:
        del suffix  # the line takes whatever language the printer speaks
        with self._opened() as port:
            given = 0
            try:
                while given < len(data):
                    given += port.write(data[given : given + CHUNK_BYTES]) or 0
                self._await_empty(port)
            except OSError as error:  # pyserial's errors are such
                left = given - _drop(port)
                named = f"printer {self.port}, label {job}"
                raise unfinished(named, left, len(data), _why(error)) from error

    def status(self, language: str) -> PrinterStatus:
        try:
            return asking.status(self._channel, language, self.answer_seconds)
        except PrinterUnreachable as error:
            if self.port in str(error):
                raise
            raise PrinterUnreachable(f"printer {self.port}: {error}") from error

    @contextmanager
    def _channel(self) -> Iterator[Channel]:
        with self._opened() as port:
            yield _Line(port)

    @contextmanager
    def _opened(self) -> Iterator[_Port]:
        import serial

        try:
            port: _Port = serial.serial_for_url(  # type: ignore[no-untyped-call]
                self.port,
                self.baud,
                xonxoff=self.flow == "xonxoff",
                rtscts=self.flow == "rtscts",
                timeout=self.answer_seconds,
                write_timeout=self.write_seconds,
                exclusive=True,
            )
        except (OSError, ValueError) as error:
            raise PrinterUnreachable(f"printer {self.port}: {_why(error)}") from error
        try:
            yield port
        finally:
            port.close()

    def _await_empty(self, port: _Port) -> None:
        """Until the line has taken all; raises OSError when it stands still."""
        waiting, moved = port.out_waiting, time.monotonic()
        while waiting:
            time.sleep(LOOK_SECONDS)
            before, waiting = waiting, port.out_waiting
            if waiting != before:
                moved = time.monotonic()
            elif time.monotonic() - moved > self.write_seconds:
                raise OSError(f"it holds us back since {self.write_seconds:g} s")


@dataclass(frozen=True, slots=True)
class _Line:
    """A serial line on which the printer answers."""

    port: _Port

    def write(self, data: bytes) -> None:
        self.port.write(data)

    def read(self, seconds: float) -> bytes:
        self.port.timeout = seconds
        first = self.port.read(1)
        return first + self.port.read(self.port.in_waiting) if first else b""


def line_settings(query: dict[str, str], url: str) -> tuple[int, Flow]:
    """Baud and flow control of a URL's query; raises PrinterAddressError."""
    unknown = sorted(query.keys() - {"baud", "flow"})
    if unknown:
        raise PrinterAddressError(f"printer {url}: {unknown[0]} is none of baud, flow")
    baud, flow = query.get("baud", str(BAUD)), query.get("flow", "xonxoff")
    if not (baud.isascii() and baud.isdigit() and int(baud) in BAUDS):
        rates = ", ".join(str(one) for one in BAUDS)
        raise PrinterAddressError(f"printer {url}: baud = {baud} is none of {rates}")
    for one in FLOWS:
        if one == flow:
            return int(baud), one
    raise PrinterAddressError(f"printer {url}: flow = {flow} is none of {', '.join(FLOWS)}")


def _drop(port: _Port) -> int:
    """Throw away what has not left, so that no half label comes out later; how much it was."""
    try:
        waiting = port.out_waiting
        port.reset_output_buffer()
    except (OSError, ValueError):
        return 0  # unplugged: nobody knows
    return waiting


def _why(error: Exception) -> str:
    """One sentence of pyserial's error, with the next step where one is known."""
    text = str(error)
    if "Permission" in text:
        return "no permission: let this user into the group of the port (dialout)"
    if "No such file" in text or "FileNotFound" in text:
        return "it is not there: names that last are listed under /dev/serial/by-id"
    if "exclusively lock" in text or "busy" in text:
        return "another program has it: end that program"
    if "Inappropriate ioctl" in text:
        return "it is no serial line: write device:// for a device file, folder:// for files"
    if "timeout" in text.lower():
        return "it holds us back: look at paper, head and flow control"
    return text
