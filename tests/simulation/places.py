"""The home of where a history's files are: in memory, in a folder that names its process."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

_MEMORY: Final = Path("/dev/shm")
_NAME: Final = "simulation-{}-"


@contextmanager
def place() -> Iterator[Path]:
    """A folder of its own; the first one sweeps away what killed runs have left."""
    _swept()
    prefix = _NAME.format(os.getpid())
    with tempfile.TemporaryDirectory(prefix=prefix, dir=_parent()) as folder:
        yield Path(folder)


@cache
def _swept() -> None:
    sweep(_parent())


def sweep(parent: Path) -> list[str]:
    """Remove the folders of processes that are no more; their names."""
    left = [one for one in sorted(parent.glob(_NAME.format("*") + "*")) if not _is_alive(one.name)]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return [folder.name for folder in left]


def _is_alive(name: str) -> bool:
    number = name.split("-")[1]
    if not number.isdecimal():
        return True  # not ours to judge
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


def _parent() -> Path:
    return _MEMORY if _MEMORY.is_dir() else Path(tempfile.gettempdir())
