"""Terminals for kiosks: each runs on a pseudo-terminal of its own, and one of them is shown here.

The person's terminal is relayed, not handed over: killing a kiosk cannot leave it in disorder, and
what is typed reaches the kiosk as keys, whoever types.
"""

import fcntl
import os
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import tty
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, Final

READ_BYTES: Final = 65_536
HIDDEN_SIZE: Final = (120, 40)
END_KEY: Final = b"\x1b[21~"  # F10, whichever kiosk is shown
_LEAVE_SCREEN: Final = b"\x1b[?1049l\x1b[?25h\x1b[0m\x1b[?1000l\x1b[?1003l\x1b[?2004l\x1b[<u\r\n"
_CLEAR: Final = b"\x1b[2J\x1b[H"


class Terminal:
    """A pseudo-terminal with a program on it; `size` is (columns, rows)."""

    def __init__(self, size: tuple[int, int] = HIDDEN_SIZE) -> None:
        self.master, self._slave = os.openpty()
        self.resize(size)

    def resize(self, size: tuple[int, int]) -> None:
        """Set columns and rows; the program is told by the system."""
        columns, rows = size
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.size = size

    def run(self, command: list[str], environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        """Start a program whose input, output and errors are this terminal.

        The shell leads a new session and opens the terminal first, which makes it the session's
        own: only so does the program hear of a new size.
        """
        device = os.ttyname(self._slave)
        return subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$@" <"$0" >"$0" 2>&1', device, *command],
            env=dict(environment),
            start_new_session=True,
        )

    def keys(self, data: bytes) -> None:
        """Type."""
        os.write(self.master, data)

    def repaint(self) -> None:
        """Have the program draw all of its screen again."""
        columns, rows = self.size
        self.resize((columns, rows - 1))
        self.resize((columns, rows))

    def close(self) -> None:
        os.close(self.master)
        os.close(self._slave)


class Relay:
    """Reads every terminal, so that no program waits; shows one on the person's terminal."""

    def __init__(self, *, visible: bool) -> None:
        self._visible = visible
        self._terminals: list[Terminal] = []
        self._shown: Terminal | None = None
        self._lock = threading.Lock()
        self._wake_read, self._wake_write = os.pipe()
        self._stopped = threading.Event()

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows that a shown program gets."""
        if not self._visible:
            return HIDDEN_SIZE
        columns, rows = shutil.get_terminal_size(HIDDEN_SIZE)
        return columns, rows

    def add(self, terminal: Terminal) -> None:
        """Begin to read a terminal."""
        with self._lock:
            self._terminals.append(terminal)
        self._wake()

    def show(self, terminal: Terminal) -> None:
        """Show this one from now on."""
        if terminal is self._shown or not self._visible:
            return
        self._shown = terminal
        os.write(1, _CLEAR)
        terminal.resize(self.size)
        terminal.repaint()

    def run(self) -> None:
        """Relay until `stop` or F10; the person's terminal is raw meanwhile, then restored."""
        saved = self._raw() if self._visible else None
        previous = signal.signal(signal.SIGWINCH, self._resized) if self._visible else None
        try:
            while not self._stopped.is_set():
                self._turn()
        finally:
            if saved is not None:
                with suppress(OSError, termios.error):  # the person closed the terminal
                    os.write(1, _LEAVE_SCREEN)
                    termios.tcsetattr(0, termios.TCSADRAIN, saved)
                signal.signal(signal.SIGWINCH, previous)

    def stop(self) -> None:
        """End `run` from any thread."""
        self._stopped.set()
        self._wake()

    def _raw(self) -> list[Any]:
        saved = termios.tcgetattr(0)
        tty.setraw(0)
        return saved

    def _turn(self) -> None:
        with self._lock:
            masters = {terminal.master: terminal for terminal in self._terminals}
        sources = [*masters, self._wake_read] + ([0] if self._visible else [])
        ready, _, _ = select.select(sources, [], [], 1.0)
        for source in ready:
            if source == self._wake_read:
                os.read(source, READ_BYTES)
            elif source in masters:
                self._from_program(masters[source])
            else:
                self._from_person()

    def _from_program(self, terminal: Terminal) -> None:
        data = os.read(terminal.master, READ_BYTES)
        if terminal is self._shown:
            _write_all(1, data)

    def _from_person(self) -> None:
        data = os.read(0, READ_BYTES)
        if not data or data == END_KEY:
            self.stop()
        elif self._shown:
            self._shown.keys(data)

    def _resized(self, _signal: int, _frame: FrameType | None) -> None:
        if self._shown:
            self._shown.resize(self.size)

    def _wake(self) -> None:
        os.write(self._wake_write, b".")


class ScannerCable:
    """A pseudo-terminal at a lasting name: one end is the kiosk's serial port, one is ours."""

    def __init__(self, link: Path) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(self._slave))
        self.link = link

    def send(self, data: bytes) -> None:
        """Put a scan's bytes on the cable."""
        _write_all(self._master, data)

    def close(self) -> None:
        self.link.unlink(missing_ok=True)
        os.close(self._master)
        os.close(self._slave)


def is_a_terminal() -> bool:
    """Whether a person's terminal is there to show a kiosk on."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]
