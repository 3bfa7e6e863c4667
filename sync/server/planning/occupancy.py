"""The home of a work center's places: which worked seconds are full, and the gaps between."""

from bisect import bisect_left, bisect_right


class Occupancy:
    """How many of `capacity` places side by side are taken, along an axis of worked seconds.

    `_at[n]` to `_at[n + 1]` is taken by `_used[n]` orders; the last stretch is free for ever.
    """

    __slots__ = ("_at", "_by", "_capacity", "_used")

    def __init__(self, capacity: int) -> None:
        assert capacity >= 1, capacity
        self._capacity = capacity
        self._at = [0]
        self._used = [0]
        self._by: dict[int, str] = {}

    def first_gap(self, earliest: int, seconds: int) -> tuple[int, str]:
        """Where so much work fits from `earliest` on, and by whose end the place gets free."""
        at = earliest
        n = bisect_right(self._at, at) - 1
        while seconds and n < len(self._at):
            if self._used[n] >= self._capacity:
                at = self._at[n + 1]
            elif n + 1 == len(self._at) or self._at[n + 1] >= at + seconds:
                break
            n += 1
        return at, self._by.get(at, "") if at > earliest else ""

    def last_gap(self, latest: int, seconds: int) -> int | None:
        """The last position at which so much work fits that ends by `latest`; None: nowhere."""
        end = latest
        n = max(0, bisect_left(self._at, end) - 1)
        while end >= seconds:
            if not seconds:
                return end
            if self._used[n] >= self._capacity:
                end = self._at[n]
            elif self._at[n] <= end - seconds:
                return end - seconds
            n -= 1
            if n < 0:
                return None
        return None

    def take(self, at: int, seconds: int, by: str) -> None:
        """Take one place for so long; there must be one."""
        if not seconds:
            return
        first, last = self._cut(at), self._cut(at + seconds)
        for n in range(first, last):
            self._used[n] += 1
            assert self._used[n] <= self._capacity, (at, seconds, by)
        self._by[at + seconds] = by

    def _cut(self, at: int) -> int:
        """The stretch that begins there, parted from the one before where it must be."""
        n = bisect_left(self._at, at)
        if n == len(self._at) or self._at[n] != at:
            self._at.insert(n, at)
            self._used.insert(n, self._used[n - 1])
        return n
