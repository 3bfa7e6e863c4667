"""A label printer with fault switches: on a TCP port, or on any descriptor (pty, FIFO).

It keeps the bytes of labels apart from questions about its state, answers those as its language
does, and draws what came out with a ZPL renderer that shares nothing with our writer.
"""

import errno
import os
import re
import select
import socket
import struct
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from kiosk.demo.virtual_printer import draw

NEVER: Final = 1 << 60
_QUESTIONS: Final = {
    "zpl": re.compile(rb"~HS\r?\n?|~HQES\r?\n?"),
    "escpos": re.compile(rb"\x10\x04[\x01-\x04]", re.DOTALL),
    "tspl": re.compile(rb"\x1b!\?"),
}
_LABEL: Final = re.compile(rb"\^XA.*?\^XZ", re.DOTALL)
_JOB: Final = re.compile(rb"\^FXjob ([^\^]*)\^FS")


@dataclass
class Faults:
    """What is wrong with it; the default is a printer in order."""

    stops_reading_after: int = NEVER  # 0: half-open, it accepts and reads nothing
    resets_after: int = NEVER
    closes_after: int = NEVER
    silent: bool = False  # answers no question but those about errors
    deaf: bool = False  # answers none at all
    paper_out: bool = False
    ribbon_out: bool = False
    head_open: bool = False
    paused: bool = False
    error_bits: int = 0
    baud: int = 0  # 0: as fast as it can
    stays_open: bool = False


class Printed:
    """What it took, what came out, and what it says; one for all its connections."""

    def __init__(self, language: str, faults: Faults) -> None:
        self.language = language
        self.faults = faults
        self.got = bytearray()
        self.asked = threading.Event()  # how it is
        self._tail = b""

    @property
    def labels(self) -> list[bytes]:
        """Whole labels that came in."""
        return _LABEL.findall(bytes(self.got))

    @property
    def jobs(self) -> list[str]:
        """The ids in the labels that came in, in their order."""
        return [found.decode() for label in self.labels for found in _JOB.findall(label)]

    @property
    def waiting(self) -> int:
        """Labels that it holds and cannot print."""
        held = self.faults.paper_out or self.faults.paused or self.faults.head_open
        return len(self.labels) if held or self.faults.ribbon_out else 0

    def pictures(self) -> list[bytes]:
        """What came out, as PNG."""
        return [] if self.waiting else [draw(label) for label in self.labels]

    def take(self, data: bytes) -> bytes:
        """Keep what is of labels; the answers to what was asked."""
        text, said = self._tail + data, b""
        question = _QUESTIONS.get(self.language)
        if question is None:
            self.got += text
            return b""
        for found in question.finditer(text):
            said += self._answer(found.group())
        rest = question.sub(b"", text)
        # A question may come in two pieces; what begins one waits for the rest of it.
        cut = max(rest.rfind(b"~"), rest.rfind(b"\x10"), rest.rfind(b"\x1b"))
        self._tail = rest[cut:] if cut >= 0 and len(rest) - cut < 5 else b""
        self.got += rest[: len(rest) - len(self._tail)]
        return said

    def _answer(self, question: bytes) -> bytes:
        self.asked.set()
        faults = self.faults
        if faults.deaf or (faults.silent and not question.startswith(b"~HQES")):
            return b""
        if question.startswith(b"~HS"):
            return host_status(self)
        if question.startswith(b"~HQES"):
            return host_errors(_error_word(faults))
        if self.language == "escpos":
            return bytes([_real_time(faults, question[2])])
        return bytes([_tspl(faults)])


def host_status(printed: Printed) -> bytes:
    """The three lines of a Zebra."""
    faults, waiting = printed.faults, printed.waiting
    return (
        f"\x02030,{faults.paper_out:d},{faults.paused:d},1215,{waiting:03d},0,0,0,000,0,0,0\x03\r\n"
        f"\x02001,0,{faults.head_open:d},{faults.ribbon_out:d},1,2,6,0,00000000,1,000\x03\r\n"
        "\x021234,0\x03\r\n"
    ).encode()


def host_errors(word: int) -> bytes:
    """A Zebra's answer to ~HQES."""
    return (
        "\x02\r\n\r\n  PRINTER STATUS\r\n"
        f"   ERRORS:         {bool(word):d} 00000000 {word:08X}\r\n"
        "   WARNINGS:       0 00000000 00000000\r\n\x03"
    ).encode()


def _error_word(faults: Faults) -> int:
    word = faults.paper_out * 1 + faults.ribbon_out * 2 + faults.head_open * 4
    return word | faults.error_bits


def _real_time(faults: Faults, number: int) -> int:
    stopped = faults.paper_out or faults.head_open or faults.paused
    return (
        0b00010010
        | {
            1: stopped * 0x08,
            2: faults.head_open * 0x04 + faults.paper_out * 0x20,
            3: faults.error_bits,
            4: faults.paper_out * 0x6C,
        }[number]
    )


def _tspl(faults: Faults) -> int:
    known = faults.head_open * 1 + faults.paper_out * 4 + faults.ribbon_out * 8
    return known + faults.paused * 0x10 + faults.error_bits


class _Line:
    """One connection or descriptor: reads, answers and breaks off as the faults say."""

    def __init__(
        self,
        printed: Printed,
        handle: int,
        stop: threading.Event,
        reply: Callable[[bytes], object] | None,
    ) -> None:
        self.printed = printed
        self.handle = handle
        self.stop = stop
        self.reply = reply
        self.count = 0

    def run(self) -> str:
        """How it ends: "end" the other side closed or all was read, "reset", "close"."""
        faults = self.printed.faults
        while True:
            if self.count >= min(faults.resets_after, faults.closes_after):
                return "reset" if self.count >= faults.resets_after else "close"
            if self.count >= faults.stops_reading_after:
                if self.stop.wait(0.02):
                    return "end"
            elif select.select([self.handle], [], [], 0.02)[0]:
                if not self._turn() or (self.stop.is_set() and faults.baud):
                    return "end"
            elif self.stop.is_set():
                return "end"

    def _turn(self) -> bool:
        faults = self.printed.faults
        most = min(faults.resets_after, faults.closes_after, faults.stops_reading_after)
        size = min(most - self.count, max(1, faults.baud // 200) if faults.baud else 65_536)
        try:
            data = os.read(self.handle, size)
        except OSError as error:
            return error.errno == errno.EIO  # nobody has the other end of a pty now
        self.count += len(data)
        if faults.baud:
            time.sleep(len(data) * 10 / faults.baud)
        said = self.printed.take(data)
        if said and self.reply:
            self.reply(said)
        return bool(data)


@contextmanager
def on_tcp(faults: Faults, language: str = "zpl") -> Iterator[tuple[int, Printed]]:
    """A printer on a loopback port; several connections, one after another."""
    printed, stop = Printed(language, faults), threading.Event()
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if faults.baud:  # a print server's memory is small
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    server.bind(("127.0.0.1", 0))
    server.listen(4)

    def serve() -> None:
        while not stop.is_set():
            if not select.select([server], [], [], 0.02)[0]:
                continue
            line, _ = server.accept()
            with line:
                how = _Line(printed, line.fileno(), stop, line.sendall).run()
                if how == "reset":
                    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                elif how == "end" and faults.stays_open:
                    stop.wait(5)

    with server, _served(serve, stop):
        yield server.getsockname()[1], printed


@contextmanager
def on_pty(faults: Faults, language: str = "zpl") -> Iterator[tuple[str, Printed]]:
    """A printer behind a terminal line: a serial one, or a device that can be read as well."""
    printed, stop = Printed(language, faults), threading.Event()
    ours, theirs = os.openpty()
    tty.setraw(theirs)

    def serve() -> None:
        _Line(printed, ours, stop, lambda said: os.write(ours, said)).run()

    try:
        with _served(serve, stop):
            yield os.ttyname(theirs), printed
    finally:
        os.close(theirs)
        os.close(ours)


@contextmanager
def on_fifo(path: str, faults: Faults) -> Iterator[Printed]:
    """A printer that can only be written to, as a simple USB one."""
    printed, stop = Printed("", faults), threading.Event()
    os.mkfifo(path)
    ours = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    keeper = os.open(path, os.O_WRONLY)  # else every reader would see an end between two labels

    def serve() -> None:
        try:
            _Line(printed, ours, stop, None).run()
        finally:
            os.close(ours)

    try:
        with _served(serve, stop):
            yield printed
    finally:
        os.close(keeper)


@contextmanager
def _served(serve: Callable[[], None], stop: threading.Event) -> Iterator[None]:
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()
