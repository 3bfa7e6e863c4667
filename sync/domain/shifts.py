"""The home of shifts: when they begin and end by the clock on the wall."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sync.domain.spoken import SpokenError

DAY_MINUTES: Final = 24 * 60
_TIME: Final = r"([01][0-9]|2[0-3]):([0-5][0-9])"
_SHIFT: Final = re.compile(rf"{_TIME}-{_TIME}", re.ASCII)


class ShiftError(SpokenError):
    """A shift that cannot be taken; the message says what is wanted."""

    AREA = "shift"
    SENTENCES = {  # noqa: RUF012 — the base says that it is of the class
        "form": "want hours and minutes such as 06:00-14:00",
        "nothing": "begins and ends at the same time",
    }


@dataclass(frozen=True, slots=True)
class Shift:
    """From `begins` to `ends`, in minutes after midnight; one that ends earlier goes overnight."""

    begins: int
    ends: int

    @property
    def minutes(self) -> int:
        """How long it is."""
        return (self.ends - self.begins) % DAY_MINUTES

    def left_at(self, moment: datetime) -> int:
        """Minutes until it ends, seconds not counted; 0 outside of it."""
        minute = moment.hour * 60 + moment.minute
        into = (minute - self.begins) % DAY_MINUTES
        return max(0, self.minutes - into)


def shift_of(text: str) -> Shift:
    """A shift as it is written, `22:00-06:00`; raises `ShiftError`."""
    found = _SHIFT.fullmatch(text)
    if found is None:
        raise ShiftError("form")
    hours, minutes, last_hours, last_minutes = map(int, found.groups())
    shift = Shift(hours * 60 + minutes, last_hours * 60 + last_minutes)
    if not shift.minutes:
        raise ShiftError("nothing")
    return shift


def end_of(shifts: Iterable[Shift], moment: datetime) -> datetime | None:
    """When the shift ends that a moment lies in; of several the last to end; None outside all."""
    left = max((shift.left_at(moment) for shift in shifts), default=0)
    return _later(moment, left) if left else None


def end_within(shifts: Iterable[Shift], moment: datetime, minutes: int) -> datetime | None:
    """The next end of a shift, where it is at most so many minutes away; else None."""
    near = [left for shift in shifts if 0 < (left := shift.left_at(moment)) <= minutes]
    return _later(moment, min(near)) if near else None


def _later(moment: datetime, minutes: int) -> datetime:
    return moment.replace(second=0, microsecond=0) + timedelta(minutes=minutes)
