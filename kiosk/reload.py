"""The home of a changed kiosk.toml: read while the kiosk runs, taken between orders, never in one.

A changed file that can be used is taken by a fresh start of the program in the same process, which
stands at the same place within a second; there is no second way to become what the file says. One
that cannot be used changes nothing, and is told once each time it is written.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from kiosk.config import CONFIG_NAME, Config, ConfigError, load

RELOAD_STATUS: Final = 75  # of the app: start again, the configuration changed
Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Changed:
    """The file was written: usable, or with what is wrong, a line for each mistake."""

    problems: tuple[str, ...] = ()


class ConfigFile:
    """The kiosk.toml of a running kiosk, looked at once a second."""

    def __init__(self, config: Config) -> None:
        self._named = config.file
        self._data = config.data
        self._path = config.file or config.data / CONFIG_NAME
        self._seen = _stamp(self._path)

    @property
    def name(self) -> str:
        """Its name for people."""
        return self._path.name

    def look(self) -> Changed | None:
        """What came of it since the last look; None where it is as it was."""
        stamp = _stamp(self._path)
        if stamp == self._seen:
            return None
        self._seen = stamp
        try:
            load(self._named if self._path.exists() else None, self._data)
        except ConfigError as fault:
            return Changed(fault.problems)
        return Changed()


def start_again() -> NoReturn:
    """Replace this process by a fresh start of the same command; its id stays."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 — ourselves


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
