"""The home of the station's time: wall clock, boot clock, and the identity of this boot."""

import time
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class Clock:
    """Time as the kiosk sees it: the machine's clock plus an offset that only tests and shows move.

    The offset moves wall clock and boot clock alike, so that waiting is waiting in every respect.
    """

    def __init__(self, offset_seconds: float = 0.0) -> None:
        self.offset_seconds = offset_seconds
        self.boot = _boot_id()

    def now(self) -> datetime:
        """The local wall clock with its offset from UTC."""
        return datetime.now().astimezone() + timedelta(seconds=self.offset_seconds)

    def monotonic(self) -> float:
        """Seconds that never go back within one boot."""
        return time.monotonic() + self.offset_seconds

    def milliseconds(self) -> int:
        """Milliseconds since boot, for `mono` of an event."""
        return round(self.monotonic() * 1000)

    def advance(self, seconds: float) -> None:
        """Move all of this clock forwards."""
        assert seconds >= 0, f"a clock moves forwards, not {seconds} s"
        self.offset_seconds += seconds


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return str(uuid.uuid4())
