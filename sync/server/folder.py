"""The home of the data folder: its lock, and where a running server can be reached.

FolderError      the folder cannot be used; the message names it and the next step
└── InUseError   another process holds the lock
"""

import fcntl
import os
from pathlib import Path
from typing import Final, Self

import msgspec

from sync.server.errors import ServerError

LOCK: Final = "lock"
ADDRESS: Final = "server.json"


class FolderError(ServerError):
    """Operating trouble with the data folder."""


class InUseError(FolderError):
    pass


class Address(msgspec.Struct, frozen=True):
    """What a running server says of itself; `pin` is of its TLS key, if it has one."""

    url: str
    pid: int
    pin: str = ""


class DataFolder:
    """A data folder held by this process alone, until `close` or the process ends."""

    def __init__(self, path: Path) -> None:
        """Make the folder if it is not there and take its lock; raises `FolderError`."""
        self.path = path.absolute()
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as fault:
            raise FolderError(f"{self.path}: {fault.strerror}; give another --data") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise InUseError(_in_use(self.path)) from None
        self.forget_address()  # of a server that was killed

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        os.close(self._lock)

    def say_address(self, url: str, pin: str = "") -> None:
        """Write where this process serves; readers never see half of it. Raises `FolderError`."""
        fresh = self.path / f"{ADDRESS}.new"
        try:
            fresh.write_bytes(msgspec.json.encode(Address(url, os.getpid(), pin)))
            fresh.rename(self.path / ADDRESS)
        except OSError as fault:
            raise FolderError(f"{fresh}: {fault.strerror}; look at disk space and rights") from None

    def forget_address(self) -> None:
        """Nobody serves here; raises `FolderError`."""
        try:
            (self.path / ADDRESS).unlink(missing_ok=True)
        except OSError as fault:
            raise FolderError(f"{self.path / ADDRESS}: {fault.strerror}; remove it") from None


def address_of(path: Path) -> Address | None:
    """Where the server of a data folder said that it serves."""
    try:
        return msgspec.json.decode((path / ADDRESS).read_bytes(), type=Address)
    except (OSError, msgspec.DecodeError):
        return None


def _in_use(path: Path) -> str:
    address = address_of(path)
    who = f"process {address.pid} at {address.url}" if address else "another process"
    return f"{path} is in use by {who}: stop that server first, or give another --data"
