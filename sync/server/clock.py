"""The home of the server's time: the machine's clock plus an offset that tests and shows move."""

import time
from datetime import UTC, datetime, timedelta


class ServerClock:
    """Wall clock and waiting time of the server."""

    def __init__(self, offset_seconds: float = 0.0) -> None:
        self.offset_seconds = offset_seconds

    def now(self) -> datetime:
        """The wall clock in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.offset_seconds)

    def local(self) -> datetime:
        """The wall clock with the machine's offset from UTC: what office events carry."""
        return self.now().astimezone()

    def milliseconds(self) -> int:
        """Milliseconds since 1970 UTC: how the tables keep time."""
        return round((time.time() + self.offset_seconds) * 1000)

    def text(self) -> str:
        """RFC 3339 with milliseconds, in UTC."""
        return self.now().isoformat(timespec="milliseconds")
