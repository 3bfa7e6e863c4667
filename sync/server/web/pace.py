"""The home of how often live pages may ask for themselves: all of them together take a share of a
core, however many look, so that stations are served first.
"""

from typing import Final

SHARE_OF_CORE: Final = 0.1
REST_SECONDS_MIN: Final = 0.5
REST_SECONDS_MAX: Final = 20.0  # a page that hears nothing for longer says that it is not live
WEIGHT: Final = 0.1


class Pace:
    """Counts who watches, and learns what a page takes. To be used in the event loop."""

    def __init__(self) -> None:
        self.watching = 0
        self._seconds = 0.0

    def took(self, seconds: float) -> None:
        """A live page was made again in so many seconds."""
        self._seconds += (seconds - self._seconds) * (WEIGHT if self._seconds else 1.0)

    def rest(self) -> float:
        """Seconds that one who watches waits before he asks again."""
        fair = self.watching * self._seconds / SHARE_OF_CORE
        return max(REST_SECONDS_MIN, min(REST_SECONDS_MAX, fair))
