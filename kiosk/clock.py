"""The home of the station's time: wall clock, boot clock, and the identity of this boot."""

import time
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from kiosk.correction import Reading

READING_SECONDS_MAX: Final = 0.1
READING_TRIES: Final = 5
REWOUND_ZERO_SECONDS: Final = 100 * 365 * 86_400.0
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_BOOT_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", None)  # runs on while the machine sleeps


class Clock:
    """Time as the kiosk sees it: the machine's clock plus an offset that only tests and shows move.

    The offset moves wall clock and boot clock alike, so that waiting is waiting in every respect.
    Where it begins below zero the boot clock counts from a zero of its own, long before: it may be
    set back by more than the machine is up, and is never negative. A `steered` clock is a show's
    own: no server corrects it.
    """

    def __init__(self, offset_seconds: float = 0.0, *, steered: bool = False) -> None:
        self.offset_seconds = offset_seconds
        self.steered = steered
        self.boot = _boot_id()
        self._zero_seconds = REWOUND_ZERO_SECONDS if offset_seconds < 0 else 0.0

    def now(self) -> datetime:
        """The local wall clock with its offset from UTC."""
        return datetime.now().astimezone() + timedelta(seconds=self.offset_seconds)

    def monotonic(self) -> float:
        """Seconds >= 0 that never go back within one boot, sleep included."""
        now = time.monotonic() if _BOOT_CLOCK is None else time.clock_gettime(_BOOT_CLOCK)
        return max(0.0, now + self.offset_seconds + self._zero_seconds)

    def milliseconds(self) -> int:
        """Milliseconds since boot, for `mono` of an event."""
        return round(self.monotonic() * 1000)

    def reading(self) -> Reading:
        """Both clocks as of one moment, however the process was held up in between."""
        tightest = (float("inf"), 0.0, 0.0)
        for _ in range(READING_TRIES):
            before, now, after = self.monotonic(), self.now().timestamp(), self.monotonic()
            tightest = min(tightest, (after - before, (before + after) / 2, now))
            if after - before <= READING_SECONDS_MAX:
                break
        _, mono, wall = tightest
        return Reading(self.boot, round(mono * 1000), round(wall * 1000))

    def advance(self, seconds: float) -> None:
        """Move all of this clock forwards."""
        assert seconds >= 0, f"a clock moves forwards, not {seconds} s"
        self.offset_seconds += seconds


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return str(uuid.uuid4())
