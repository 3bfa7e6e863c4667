"""The home of what can go wrong with a station's journal.

JournalError
├── JournalLocked    another kiosk keeps its journal in this folder
├── JournalNewer     a later version of the program wrote the file; it was not touched
├── JournalUnsafe    the file system cannot promise that a recorded scan survives a power cut
├── JournalFull      the disk is full; nothing of the act was recorded
├── JournalDamaged   a row, a digest or the file itself is not what was written
├── JournalFault     the disk or the file system refuses
└── JournalClosed    the journal was asked for something after it was closed
"""

import sqlite3
from typing import Final

NO_TEXT: Final = "Could not decode to UTF-8"


class JournalError(Exception):
    """Operating trouble; the message names the file, the trouble and what to do."""


class JournalLocked(JournalError):  # noqa: N818
    """Another process holds the folder."""


class JournalNewer(JournalError):  # noqa: N818
    """The file's version is higher than this program knows."""


class JournalUnsafe(JournalError):  # noqa: N818
    """WAL or synchronous=FULL is not in force."""


class JournalFull(JournalError):  # noqa: N818
    """The act was not recorded because the disk is full; it works again when space is freed."""


class JournalDamaged(JournalError):  # noqa: N818
    """The first bad row, or the damaged file, by name."""


class JournalFault(JournalError):  # noqa: N818
    """Reading or writing failed for a reason outside the program."""


class JournalClosed(JournalError):  # noqa: N818
    """Asked after `close`."""


def told(fault: sqlite3.Error, path: object) -> JournalError:
    """SQLite's fault as one of ours."""
    name = getattr(fault, "sqlite_errorname", "") or type(fault).__name__
    if is_full(fault):
        return JournalFull(f"{path}: the disk is full; free some space, nothing was recorded")
    if is_damage(fault):
        return JournalDamaged(f"{path}: damaged ({fault}); start the kiosk again to set it aside")
    return JournalFault(f"{path}: {fault} ({name}); check the disk, then scan again")


def is_full(fault: sqlite3.Error) -> bool:
    """True where nothing more can be stored, not even what SQLite keeps beside the file."""
    name = getattr(fault, "sqlite_errorname", "")
    return name.startswith("SQLITE_FULL") or name == "SQLITE_IOERR_SHMSIZE"


def is_io_fault(fault: sqlite3.Error) -> bool:
    """True where opening the file again may help: one opened for reading only stays so."""
    name = getattr(fault, "sqlite_errorname", "")
    return name.startswith(("SQLITE_IOERR", "SQLITE_READONLY"))


def is_damage(fault: sqlite3.Error) -> bool:
    """True where the file is not what was written; texts that are none come without a name."""
    name = getattr(fault, "sqlite_errorname", "")
    return str(fault).startswith(NO_TEXT) or name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))
