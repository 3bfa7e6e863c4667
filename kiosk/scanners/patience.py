"""The home of waiting for a descriptor: what is silence, and when did bytes come.

A busy machine may wake a thread late; bytes that it finds then did not come late. So only a wait
that ran out empty is silence.
"""

import select
import time
from typing import Final, Protocol

WAITS_PER_GAP: Final = 4  # how often a driver looks up, to see whether it was stopped


class Readable(Protocol):
    """A file or socket that can be waited for."""

    def fileno(self) -> int: ...


class Patience:
    """Waits on behalf of one driver. `at` is the monotonic second at which the bytes came."""

    def __init__(self, gap: float) -> None:
        self.at = time.monotonic()
        self._gap = gap
        self._empty = 0
        self._silent = True

    def ready(self, source: Readable | int) -> bool:
        """Wait a part of the gap; whether there is something to read, which came `at`."""
        found = bool(select.select([source], [], [], self._gap / WAITS_PER_GAP)[0])
        now = time.monotonic()
        if found:
            self.at = now if self._silent else min(now, self.at + self._gap)
            self._empty, self._silent = 0, False
        else:
            self._empty += 1
        return found

    def is_silent(self) -> bool:
        """Whether the whole gap ran out empty since the last bytes: said once."""
        if self._silent or self._empty < WAITS_PER_GAP:
            return False
        self._silent = True
        self.at = time.monotonic() + self._gap
        return True
