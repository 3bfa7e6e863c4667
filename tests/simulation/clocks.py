"""The home of simulated time: one true time, and clocks that stray from it."""

from datetime import UTC, datetime, timedelta
from typing import Final

from kiosk.clock import Clock
from sync.server.clock import ServerClock

START: Final = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


class Time:
    """Seconds since the history began; only the world moves it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)


class StationClock(Clock):
    """A station's wall clock, which may jump either way, and its boot clock, which may not."""

    def __init__(self, time: Time, boot: str) -> None:
        super().__init__()
        self._time = time
        self._booted = time.seconds
        self.boot = boot

    def now(self) -> datetime:
        return self._time.now() + timedelta(seconds=self.offset_seconds)

    def monotonic(self) -> float:
        return self._time.seconds - self._booted


class PlantClock(ServerClock):
    """The server's clock shows the true time."""

    def __init__(self, time: Time) -> None:
        super().__init__()
        self._time = time

    def now(self) -> datetime:
        return self._time.now()

    def milliseconds(self) -> int:
        return round(self._time.now().timestamp() * 1000)
