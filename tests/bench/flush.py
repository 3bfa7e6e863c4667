"""Flushes as they really happen: counted, and slowed to those of a worse disk, in any process.

A few lines of C stand between the programs that are started under it and the C library. What they
count is what the programs ask of the disk, and the delay is slept, so that it costs no CPU.
"""

import mmap
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.bench.gauge import MissingError

SOURCE: Final = Path(__file__).with_name("flush.c")
GAUGE_BYTES: Final = 16
GAUGE: Final = "FLUSH_GAUGE"
PRELOAD: Final = "LD_PRELOAD"
SLOW_SECONDS: Final = 0.005


class Flushes:
    """The gauge of all processes started under it; one delay and one count for all of them."""

    def __init__(self, folder: Path, library: Path) -> None:
        self._library = library
        self.path = folder / "flushes"
        if not self.path.exists():
            self.path.write_bytes(bytes(GAUGE_BYTES))
            self.path.chmod(0o666)  # PostgreSQL may run as another user
        with self.path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), GAUGE_BYTES)

    @property
    def count(self) -> int:
        """Flushes so far."""
        return int(struct.unpack_from("Q", self._shared, 8)[0])

    def slow(self, seconds: float) -> None:
        """From now on a flush takes so much longer."""
        struct.pack_into("Q", self._shared, 0, round(seconds * 1e6))

    @property
    def environment(self) -> dict[str, str]:
        """What a process is started with to be under it."""
        return {PRELOAD: str(self._library), GAUGE: str(self.path)}

    @contextmanager
    def over(self) -> Iterator[None]:
        """Processes that are started within are under it."""
        before = dict(os.environ)
        os.environ.update(self.environment)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def check(self) -> None:
        """Raise `MissingError` unless a program's flush is counted."""
        before = self.count
        flush = "import os, sys; os.fdatasync(os.open(sys.argv[1], os.O_RDWR))"
        with self.over():
            subprocess.run([sys.executable, "-c", flush, str(self.path)], check=True)
        if self.count != before + 1:
            raise MissingError("flush counter", "the C library cannot be stood before (LD_PRELOAD)")


@contextmanager
def flushes() -> Iterator[Flushes]:
    """A gauge in a folder of its own; raises `MissingError` without a C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise MissingError("cc", "flushes are not counted nor slowed; apt install gcc libc6-dev")
    with tempfile.TemporaryDirectory(prefix="flush-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as above
        library = folder / "flush.so"
        made = subprocess.run(
            [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise MissingError("cc", f"it did not make {SOURCE.name}: {made.stderr[-300:]}")
        gauge = Flushes(folder, library)
        gauge.check()
        yield gauge


def inherited() -> Flushes | None:
    """The gauge that this process was started under."""
    path, library = os.environ.get(GAUGE), os.environ.get(PRELOAD)
    return Flushes(Path(path).parent, Path(library)) if path and library else None
