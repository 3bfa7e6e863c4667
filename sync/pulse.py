"""The home of a thread's sign of life: it says that it is here, and by when it is here again.

A thread that waits for long with a limit of its own, such as a request of 25 s, tells that limit;
one that is silent beyond it hangs. Whoever watches asks from another thread.
"""

import math
import threading
import time
from collections.abc import Callable
from typing import Protocol, runtime_checkable


class Pulse:
    """The sign of life of one thread; before its first tick and at rest it is not missed."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._due = math.inf

    def tick(self, wait_seconds: float = 0.0) -> None:
        """The thread is here, and here again after so many seconds at most."""
        self._due = self._monotonic() + wait_seconds

    def rest(self) -> None:
        """The thread ended as it should, and is not missed."""
        self._due = math.inf

    def overdue(self) -> float:
        """Seconds since the thread should have been here again; 0 while it is not late."""
        return max(0.0, self._monotonic() - self._due)


class Ending(threading.Event):
    """What ends a thread. A loop that asks whether it is to go on is alive: asking ticks."""

    def __init__(self, pulse: Pulse) -> None:
        super().__init__()
        self._pulse = pulse

    def is_set(self) -> bool:
        """From the thread itself only."""
        self._pulse.tick()
        return super().is_set()


@runtime_checkable
class Pulsing(Protocol):
    """Whoever works in a thread of its own, and tells that it lives."""

    pulse: Pulse
