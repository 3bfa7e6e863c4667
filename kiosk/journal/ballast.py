"""The home of the ballast: room on the disk that is held for the last scans and the upload.

When the disk is full the file is given up, so that acts in hand are still recorded and sent; from
then on `room` says that the kiosk is about to stop. It is made again when there is room.
"""

import os
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Final

from kiosk.journal.files import flush_folder

BALLAST_NAME: Final = "journal.ballast"
BALLAST_BYTES: Final = 16 << 20
ROOM_FACTOR_MIN: Final = 4
LAST_PART: Final = 4
START_BYTES_MIN: Final = 1 << 20


class Room(StrEnum):
    """How much room the journal has: for long, for the last scans, none."""

    AMPLE = "ample"
    BALLAST_USED = "ballast_used"
    FULL = "full"


class Ballast:
    """The file beside the journal; `size` 0 holds no room at all."""

    def __init__(self, folder: Path, size: int = BALLAST_BYTES) -> None:
        self._path = folder / BALLAST_NAME
        self._size = size
        self.room = Room.AMPLE

    def make_way(self) -> None:
        """Before a start on a full disk: even opening the journal takes some room."""
        if self._free() < START_BYTES_MIN:
            self.release()

    def renew(self) -> bool:
        """Hold the room if the disk has it to spare; whether all is well again or still."""
        if self._is_made() or self._make():
            self.room = Room.AMPLE
        elif self.room is Room.AMPLE and self._free() < self._size + START_BYTES_MIN:
            self.room = Room.BALLAST_USED
        return self.room is Room.AMPLE

    def has_more_than_the_last(self) -> bool:
        """Whether there is room for what is not an own act: the last is for scans and upload."""
        return self.renew() if self._size and self._is_short() else True

    def release(self) -> bool:
        """Give the room up; whether there was any to give."""
        if self.room is Room.AMPLE:
            self.room = Room.BALLAST_USED
        if not self._size or not self._path.exists():
            return False
        with suppress(OSError):
            self._path.unlink()
            flush_folder(self._path.parent)
        return not self._path.exists()

    def refused(self) -> None:
        """Nothing could be recorded although the ballast is given up."""
        self.room = Room.FULL

    def _is_short(self) -> bool:
        return self.room is not Room.AMPLE and self._free() < self._size // LAST_PART

    def _is_made(self) -> bool:
        """Its blocks are really there: a file with holes holds no room."""
        try:
            found = self._path.stat()
        except OSError:
            return False
        return found.st_size == self._size and found.st_blocks * 512 >= self._size

    def _make(self) -> bool:
        """Allocate it, never of the last room."""
        if self._free() < ROOM_FACTOR_MIN * self._size:
            return False
        try:
            held = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                os.posix_fallocate(held, 0, self._size)
                os.ftruncate(held, self._size)
            finally:
                os.close(held)
        except OSError:
            with suppress(OSError):
                self._path.unlink()
            return False
        return True

    def _free(self) -> int:
        try:
            disk = os.statvfs(self._path.parent)
        except OSError:
            return 0
        return disk.f_bavail * disk.f_frsize
