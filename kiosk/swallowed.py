"""The home of keys that came with a burst and did not act: counted, and told from time to time."""

from collections import Counter
from typing import Final

SWALLOWED_SECONDS: Final = 60.0
SWALLOWED_KEYS_MAX: Final = 64  # of different names: a scanner can make up any


class SwallowedKeys:
    """How often each key was swallowed since the start."""

    def __init__(self, now: float) -> None:
        self.counted: Counter[str] = Counter()
        self._told = 0
        self._told_at = now

    def add(self, key: str) -> None:
        """One more; of too many different ones the rest are one."""
        known = key in self.counted or len(self.counted) < SWALLOWED_KEYS_MAX
        self.counted[key if known else "…"] += 1

    def news(self, now: float) -> str:
        """What is to be noted, at most once a minute; "" where nothing is new."""
        count = self.counted.total()
        if count == self._told or now - self._told_at < SWALLOWED_SECONDS:
            return ""
        self._told, self._told_at = count, now
        return " ".join(f"{key}:{times}" for key, times in sorted(self.counted.items()))
