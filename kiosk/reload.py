"""The home of a changed kiosk.toml: read while the kiosk runs, taken between orders, never in one.

A changed file that can be used is taken by a fresh start of the program in the same process, which
stands at the same place within a second; there is no second way to become what the file says. One
that cannot be used changes nothing, and is told once each time it is written; a start that finds it
so goes by the last one that could be used, which is kept in the data folder.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NoReturn

from kiosk.config import CONFIG_NAME, Config, ConfigError, default_data, load
from kiosk.enrolment import write_whole

RELOAD_STATUS: Final = 75  # of the app: start again, the configuration changed
KEPT_NAME: Final = "kiosk.toml.kept"
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
        self._untold = config.problems
        self._waits = False

    def is_due(self, tell: Callable[[str, str], None]) -> bool:
        """Whether a good configuration waits to be taken; `tell` hears of one that cannot be used,
        the file's name and its first mistake, once each time it is written.
        """
        changed = Changed(self._untold) if self._untold else self.look()
        self._untold = ()
        if changed is not None:
            self._waits = not changed.problems
            if changed.problems:
                tell(self._path.name, changed.problems[0])
        return self._waits

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


def keep(config: Config) -> None:
    """Remember the file that is in force: a start that finds it spoilt goes by this one."""
    if config.problems or config.file is None:
        return
    with suppress(OSError):  # a full disk: the file itself is still good
        text = config.file.read_text(encoding="utf-8")
        copy = config.data / KEPT_NAME
        if not copy.exists() or copy.read_text(encoding="utf-8") != text:
            write_whole(copy, text)


def kept(file: Path | None, data: Path | None) -> Config | None:
    """What was kept for a configuration that cannot be used now, with why; None if nothing was."""
    folder = data or default_data()
    path, copy = file or folder / CONFIG_NAME, folder / KEPT_NAME
    if not copy.exists():
        return None
    try:
        load(path, folder)
    except ConfigError as fault:
        with suppress(ConfigError):
            return replace(load(copy, folder), file=path, problems=fault.problems)
    return None


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
