"""The home of the flush probe: how long this disk takes until it says that a page is written.

A disk that answers faster than a disk can keeps the page in a memory of its own, and a power cut
may take scans that the operator saw accepted.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

FLUSHES_MAX: Final = 41
PROBE_SECONDS_MAX: Final = 0.02
FLUSH_BYTES: Final = 4_096
FLUSH_MICROSECONDS_MIN: Final = 200
_DEVICES: Final = Path("/sys/dev/block")
_VIRTUAL: Final = ("/virtual/", "/virtio", "/xen", "/vmbus", "/VMBUS")


@dataclass(frozen=True, slots=True)
class Flush:
    """The median of some flushes; `is_suspicious` on a disk that cannot be that fast."""

    microseconds: int
    count: int
    is_suspicious: bool


def measured(folder: Path, *, seconds_max: float = PROBE_SECONDS_MAX) -> Flush:
    """Write and flush a page some times, one at least; raises `OSError`."""
    times = list(_flushes(folder, seconds_max))
    middle = round(median(times) * 1_000_000)
    fast = middle < FLUSH_MICROSECONDS_MIN
    return Flush(middle, len(times), fast and is_disk(folder.stat().st_dev))


def is_disk(device: int, devices: Path = _DEVICES) -> bool:
    """Whether a file system lies on hardware: a ramdisk or a virtual disk loses nothing by itself.

    Memory, network and overlay file systems have no block device of their own.
    """
    if os.major(device) == 0:
        return False
    found = (devices / f"{os.major(device)}:{os.minor(device)}").resolve()
    return found.exists() and not any(word in str(found) for word in _VIRTUAL)


def _flushes(folder: Path, seconds_max: float) -> Iterator[float]:
    page = b"\0" * FLUSH_BYTES
    end = time.perf_counter() + seconds_max
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(FLUSHES_MAX):
            file.write(page)
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            now = time.perf_counter()
            yield now - begun
            if now > end:
                return
