"""The home of a factory folder on disk and of what an import says: light, for the command line."""

from pathlib import Path
from typing import Final

import msgspec

from sync.server.errors import ServerError
from sync.server.importing.columns import TABLES
from sync.server.importing.tables import template_of

FILES_COUNT_MAX: Final = 50
FOLDER_BYTES_MAX: Final = 45 * 1024 * 1024


class ImportFolderError(ServerError):
    """A folder that cannot be read or written; the message names it and the next step."""


class ProblemLine(msgspec.Struct, frozen=True):
    """One problem: `line` 0 is the whole file, an empty `column` the whole row.

    `cell` is a workbook's name for the place, such as `C7`.
    """

    file: str
    line: int
    column: str
    text: str
    told: str
    cell: str = ""


class Report(msgspec.Struct, frozen=True):
    """What an import did: how many events of each type it appended, or why it appended none."""

    problems: tuple[ProblemLine, ...] = ()
    rows: int = 0
    events: dict[str, int] = {}

    @property
    def ok(self) -> bool:
        return not self.problems

    def __str__(self) -> str:
        if self.problems:
            count = len(self.problems)
            head = f"{count} problem{'s' if count > 1 else ''}; nothing was loaded:"
            return "\n".join([head, *(problem.told for problem in self.problems)])
        if not self.rows:
            return "no row in any file; nothing was loaded: write a row below the header"
        if not self.events:
            return f"{self.rows} rows read; all of it was known already"
        made = ", ".join(f"{count} {name}" for name, count in sorted(self.events.items()))
        return f"{self.rows} rows read; loaded {made}"


def read_folder(folder: Path) -> dict[str, bytes]:
    """The CSV files of a folder by name, in small letters; raises `ImportFolderError`."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".csv")
    except OSError as fault:
        raise ImportFolderError(f"{folder}: {fault.strerror}; name a folder of CSV files") from None
    if not paths:
        raise ImportFolderError(
            f"{folder}: holds no CSV file; kiosk-server import --template {folder} writes them"
        )
    if len(paths) > FILES_COUNT_MAX:
        raise ImportFolderError(f"{folder}: {len(paths)} CSV files, at most {FILES_COUNT_MAX}")
    files: dict[str, bytes] = {}
    for path in paths:
        name = path.name.lower()
        if name in files:
            raise ImportFolderError(f"{path}: stands there twice but for capitals; keep one")
        files[name] = _content(path, FOLDER_BYTES_MAX - sum(map(len, files.values())))
    return files


def write_templates(folder: Path) -> list[Path]:
    """Write an empty file for each table, a comment a column; existing files stay as they are.

    Raises `ImportFolderError`.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for table in TABLES:
            path = folder / table.file
            if not path.exists():
                fresh = path.with_suffix(".new")
                fresh.write_text(template_of(table), encoding="utf-8")
                written.append(fresh.rename(path))
    except OSError as fault:
        raise ImportFolderError(f"{folder}: {fault.strerror}; choose another folder") from None
    return written


def _content(path: Path, bytes_max: int) -> bytes:
    try:
        size = path.stat().st_size
        if size > bytes_max:
            raise ImportFolderError(
                f"{path}: {size} bytes; a folder takes {FOLDER_BYTES_MAX} in all:"
                " import it in parts, materials first"
            )
        return path.read_bytes()
    except OSError as fault:
        raise ImportFolderError(f"{path}: {fault.strerror}; mend or remove it") from None
