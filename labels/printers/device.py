"""A printer's device file, `/dev/usb/lp0`: written without ever hanging on it.

The kernel says in plain error numbers what is the matter: EAGAIN it takes nothing more (paper,
head, pause), ENOSPC out of paper, ENODEV unplugged, EBUSY another program has it.
"""

import errno
import os
import select
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from labels.printers import asking
from labels.printers.base import (
    ANSWER_SECONDS_MAX,
    STALL_SECONDS_MAX,
    Channel,
    PrinterStatus,
    PrinterUnreachable,
    unfinished,
)

CHUNK_BYTES: Final = 4096
LOOK_SECONDS: Final = 0.02
_EXPLAINED: Final = {
    errno.ENOENT: "it is not there: is the printer on and plugged in?",
    errno.ENODEV: "it is unplugged",
    errno.ENXIO: "nothing is behind it: is the printer on and plugged in?",
    errno.EIO: "it is unplugged, or its cable is bad",
    errno.ENOSPC: "it is out of paper",
    errno.EACCES: "no permission: let this user into the group of the device (lp)",
    errno.EBUSY: "another program has it: remove its queue from CUPS, or print by cups://",
    errno.EISDIR: "it is a folder: write folder:// for one",
}


@dataclass(frozen=True, slots=True)
class DevicePrinter:
    """A device file; `write_seconds` without a byte taken, and the printer is lost."""

    path: Path
    write_seconds: float = STALL_SECONDS_MAX
    answer_seconds: float = ANSWER_SECONDS_MAX

    def send(self, job: str, data: bytes, suffix: str = "zpl") -> None:
        del suffix  # the device takes whatever language the printer speaks
        named = f"printer {self.path}, label {job}"
        handle = self._open(os.O_WRONLY)
        sent = 0
        try:
            while sent < len(data):
                sent += self._write(handle, data[sent : sent + CHUNK_BYTES])
            self._await_room(handle)  # closed earlier, the last piece would be thrown away
        except OSError as error:
            raise unfinished(named, sent, len(data), _explained(error)) from error
        finally:
            os.close(handle)

    def status(self, language: str) -> PrinterStatus:
        try:
            return asking.status(self._channel, language, self.answer_seconds)
        except PrinterUnreachable as error:
            if str(self.path) in str(error):
                raise
            raise PrinterUnreachable(f"printer {self.path}: {error}") from error

    @contextmanager
    def _channel(self) -> Iterator[Channel]:
        handle = self._open(os.O_RDWR)
        try:
            yield _Device(handle)
        finally:
            os.close(handle)

    def _open(self, mode: int) -> int:
        try:
            kind = self.path.stat().st_mode
            if stat.S_ISREG(kind):
                reason = "it is a plain file, no device: write folder:// for files"
                raise PrinterUnreachable(f"printer {self.path}: {reason}")
            return os.open(self.path, mode | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError as error:
            raise PrinterUnreachable(f"printer {self.path}: {_explained(error)}") from error

    def _write(self, handle: int, data: bytes) -> int:
        """Bytes taken. A USB printer without paper says that it has room, and then has none."""
        end = time.monotonic() + self.write_seconds
        while time.monotonic() < end:
            self._await_room(handle)
            try:
                return os.write(handle, data)
            except BlockingIOError:
                time.sleep(LOOK_SECONDS)
        raise self._stalled()

    def _await_room(self, handle: int) -> None:
        """Raises OSError when it takes nothing for too long, or is gone."""
        poll = select.poll()
        poll.register(handle, select.POLLOUT)
        found = poll.poll(self.write_seconds * 1000)
        if not found:
            raise self._stalled()
        if found[0][1] & (select.POLLERR | select.POLLHUP):
            raise OSError(errno.ENODEV, "unplugged")

    def _stalled(self) -> OSError:
        since = f"{self.write_seconds:g} s"
        return OSError(f"it takes nothing since {since}: look at paper, head and display")


@dataclass(frozen=True, slots=True)
class _Device:
    """A device that can be read as well."""

    handle: int

    def write(self, data: bytes) -> None:
        os.write(self.handle, data)

    def read(self, seconds: float) -> bytes:
        """Printers without a way back are always readable and always empty: so it rests between."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.handle], [], [], left)[0]:
                break
            try:
                got = os.read(self.handle, asking.ANSWER_BYTES_MAX)
            except BlockingIOError:
                got = b""
            if got:
                return got
            time.sleep(min(LOOK_SECONDS, left))
        return b""


def _explained(error: OSError) -> str:
    return _EXPLAINED.get(error.errno or 0, error.strerror or str(error))
