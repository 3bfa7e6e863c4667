"""The home of what one clock tells of another: a station's boot clock beside the server's time.

A boot clock never jumps, so one measurement serves all that is recorded in that boot; it loses
worth only as clocks drift apart. Times are milliseconds, the server's since 1970 UTC. Pure.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

DRIFT_PPM_MAX: Final = 50
RESOLUTION_MS: Final = 1
UNMEASURED: Final = -1
_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Measured:
    """The server's time less the boot clock, within so much, when that clock stood at `mono`."""

    ahead: int
    within: int
    mono: int

    def time_at(self, mono: int) -> int:
        """The server's time when the boot clock stood at `mono`."""
        return self.ahead + mono

    def within_at(self, mono: int) -> int:
        """How exactly that is known: clocks drift, before the measurement as after it."""
        return self.within + -(-abs(mono - self.mono) * DRIFT_PPM_MAX // _MILLION)

    def contradicts(self, later: "Measured") -> bool:
        """Whether both cannot be true: the server's clock was set in between."""
        return abs(self.ahead - later.ahead) > self.within_at(later.mono) + later.within


def measured(server_ms: int, sent_mono: int, trip_ms: int) -> Measured:
    """What an answer tells: the server wrote its time somewhere between question and answer."""
    middle = sent_mono + trip_ms // 2
    return Measured(server_ms - middle, trip_ms - trip_ms // 2 + RESOLUTION_MS, middle)


def better(held: Measured | None, new: Measured) -> Measured:
    """Of two measurements of one boot the one that is more exact by now; what contradicts wins."""
    if held is None or held.contradicts(new):
        return new
    return new if new.within <= held.within_at(new.mono) else held


def milliseconds_of(text: str) -> int | None:
    """A time (RFC 3339 with its offset) in milliseconds since 1970 UTC; None where it is none."""
    try:
        moment = datetime.fromisoformat(text)
        return round(moment.timestamp() * 1000) if moment.tzinfo is not None else None
    except (ValueError, OverflowError, OSError):
        return None
