"""A folder that another program empties: one file a job, whole or not there."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from labels.printers.base import PrinterDoubt, PrinterStatus, PrinterUnreachable

_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}")


@dataclass(frozen=True, slots=True)
class FolderPrinter:
    """Files in a folder; it is made when the first label comes."""

    folder: Path

    def send(self, job: str, data: bytes, suffix: str = "zpl") -> None:
        name = f"{job}.{suffix}"
        assert _NAME.fullmatch(name), f"{name!r} is not a file name of ours"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _check_free(self.folder / name, data)
            draft = self.folder / f".{name}.part"
            _write_file(draft, data)
            draft.rename(self.folder / name)
        except OSError as error:
            reason = f"cannot be written: {error.strerror}; it is tried again"
            raise PrinterUnreachable(f"{self.folder / name} {reason}") from error
        try:
            _flush_folder(self.folder)
        except OSError as error:
            raise PrinterDoubt(
                f"{self.folder / name} may not outlive a power cut: {error}"
            ) from error

    def status(self, language: str) -> PrinterStatus:
        del language  # a folder takes them all
        there = next(one for one in (self.folder, *self.folder.parents) if one.exists())
        if not there.is_dir() or not os.access(there, os.W_OK):
            raise PrinterUnreachable(
                f"{there} cannot be written: let this user write there, or name another folder"
            )
        return PrinterStatus("ready", f"files go to {self.folder}")


def _check_free(path: Path, data: bytes) -> None:
    """The same label may come again; another one must not take the place of one not yet taken."""
    if path.exists() and path.read_bytes() != data:
        raise PrinterUnreachable(
            f"{path} is another label that nobody has taken yet: take it, or name another job"
        )


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
