"""The home of the time that is shown: what the server's answers and the boot clock make of the wall
clock, which anybody can set. What is recorded stays what the wall clock said. Pure.

Within a boot one answer of the server is enough: the boot clock carries it on, and no jump of the
wall clock changes what is shown. In another boot the wall clock is put right by what it was off
when last known, and nobody knows how exact that is.
"""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from sync.domain.events import Event
from sync.timing import Measured, better, measured, milliseconds_of

JUMP_MS_MIN: Final = 2_000
SLEW_PPM_MAX: Final = 500
CLOCK_WRONG_SECONDS: Final = 120
_MILLION: Final = 1_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Sign = Literal["", "off", "unknown"]


@dataclass(frozen=True, slots=True)
class Reading:
    """Both clocks at one moment, in milliseconds: `mono` since the boot, `wall` since 1970 UTC."""

    boot: str
    mono: int
    wall: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A moment in milliseconds since 1970 UTC, within so many; None: nobody knows."""

    time: int
    within: int | None


@dataclass(frozen=True, slots=True)
class Correction:
    """What is known of the station's clocks. At `mono` of this boot the wall clock stood at `wall`.

    `measured` is this boot's clock against the server's; `last` is the server's time less the wall
    clock as an earlier boot knew it.
    """

    boot: str = ""
    mono: int = 0
    wall: int = 0
    measured: Measured | None = None
    last: int | None = None

    @property
    def lead(self) -> int | None:
        """How far the server's time is ahead of the wall clock as it is set now."""
        if self.measured is None:
            return self.last
        return self.measured.time_at(self.mono) - self.wall

    def time_of(self, boot: str, mono: int, wall: int) -> Shown:
        """The true time of what was recorded under these clocks."""
        if self.measured is not None and boot == self.boot:
            return Shown(self.measured.time_at(mono), self.measured.within_at(mono))
        return Shown(wall + (self.lead or 0), None)

    def shown_at(self, reading: Reading) -> Shown:
        """The true time of a reading."""
        return self.time_of(reading.boot, reading.mono, reading.wall)

    def sign(self, reading: Reading) -> Sign:
        """What people have to know of the clock: it is wrong, or nobody could tell yet."""
        shown = self.shown_at(reading)
        if abs(shown.time - reading.wall) > CLOCK_WRONG_SECONDS * 1000:
            return "off"
        return "unknown" if shown.within is None else ""


def looked(known: Correction, reading: Reading) -> tuple[Correction, int]:
    """One look at both clocks: what is known then, and by how many seconds the wall clock jumped.

    A wall clock that is slewed leaves the boot clock slowly, and that is no jump; small steps that
    add up to one are. A boot clock that went on in a sleep makes none.
    """
    if reading.boot != known.boot:
        return _booted(known, reading), 0
    passed = reading.mono - known.mono
    left = reading.wall - known.wall - passed
    slewed = abs(passed) * SLEW_PPM_MAX // _MILLION
    rest = left - max(-slewed, min(slewed, left))
    if abs(rest) <= JUMP_MS_MIN:
        return replace(known, mono=reading.mono, wall=reading.wall - rest), 0
    # Whoever set a clock that no server told of in this boot knew better than the boot before.
    return replace(known, mono=reading.mono, wall=reading.wall, last=None), round(rest / 1000)


def heard(known: Correction, reading: Reading, server: str, seconds: float) -> Correction:
    """What an answer tells that took `seconds` and came just now; `server` is its time."""
    time, trip = milliseconds_of(server), max(0, round(seconds * 1000))
    if time is None:
        return known
    if reading.boot != known.boot:
        known = _booted(known, reading)
    new = measured(time, reading.mono - trip, trip)
    return replace(known, measured=better(known.measured, new))


def packed(known: Correction) -> bytes:
    """What survives a restart."""
    one = known.measured
    told = [one.ahead, one.within, one.mono] if one is not None else None
    return json.dumps([known.boot, known.mono, known.wall, told, known.lead]).encode()


def unpacked(kept: bytes | None) -> Correction:
    """The inverse of `packed`; nothing is known where that cannot be read."""
    try:
        boot, mono, wall, told, last = json.loads(kept or b"")
        one = Measured(*map(int, told)) if told is not None else None
        return Correction(
            str(boot), int(mono), int(wall), one, int(last) if last is not None else None
        )
    except (ValueError, TypeError):
        return Correction()


def local(time: int, like: datetime) -> datetime:
    """Milliseconds since 1970 as a moment with the same offset from UTC as another."""
    try:
        return (_EPOCH + timedelta(milliseconds=time)).astimezone(like.tzinfo)
    except OverflowError:  # a clock at the end of the calendar
        return like


def corrected_text(known: Correction, event: Event) -> str:
    """When an event happened by this station's clocks, RFC 3339 with its own offset from UTC."""
    wall = milliseconds_of(event.at)
    if wall is None:
        return event.at
    time = known.time_of(event.boot, event.mono, wall).time
    like = datetime.fromisoformat(event.at)
    return local(time, like).isoformat(timespec="milliseconds")


def _booted(known: Correction, reading: Reading) -> Correction:
    return Correction(reading.boot, reading.mono, reading.wall, None, known.lead)
