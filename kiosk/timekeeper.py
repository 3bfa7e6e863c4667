"""The home of what a station makes of its clocks at work: jumps are found, the time that is shown
is put right, and what was learnt outlives a restart.

The push thread tells what the server's answers say; everything else comes from the app's loop and
the printers' threads.
"""

import threading
from dataclasses import replace
from datetime import datetime
from typing import Final

from kiosk.clock import Clock
from kiosk.correction import (
    Correction,
    Reading,
    Sign,
    corrected_text,
    heard,
    local,
    looked,
    packed,
    unpacked,
)
from sync.domain.events import Event

CLOCK_KEY: Final = "clock"
KEEP_MS: Final = 600_000
LEAD_MS_MAX: Final = 1_000  # how far what is kept may be off what is known


class Timekeeper:
    """The clocks of a station; `kept` is what an earlier run left, in the journal."""

    def __init__(self, clock: Clock, kept: bytes | None = None) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known = self._kept = unpacked(kept)
        self._found: Correction | None = None

    @property
    def known(self) -> Correction:
        """What is known of the clocks now."""
        return self._known

    @property
    def reading(self) -> Reading:
        """What the clocks say now."""
        return self._clock.reading()

    def look(self) -> int:
        """By how many seconds the wall clock jumped; told again until `accept`."""
        if self._clock.steered:
            return 0
        with self._lock:
            after, jump = looked(self._known, self._clock.reading())
            if jump:
                self._found = after
            else:
                self._known, self._found = after, None
        return jump

    def accept(self) -> None:
        """The jump that was found is on record."""
        with self._lock:
            self._known = self._kept = self._jumped
            self._found = None

    def memory(self) -> bytes:
        """What to keep for the next start, with the jump that was found, if any."""
        return packed(self._jumped)

    @property
    def _jumped(self) -> Correction:
        """What is known, with the jump that was found: an answer may have come since."""
        known, found = self._known, self._found
        return known if found is None else replace(found, measured=known.measured)

    def is_due(self) -> bool:
        """Whether what is kept is too old to start from; whoever asks is taken to keep it now."""
        known, kept = self._known, self._kept
        if self._clock.steered or not known.boot:
            return False
        due = (
            known.boot != kept.boot
            or known.mono - kept.mono >= KEEP_MS
            or (known.measured is None) != (kept.measured is None)
            or abs((known.lead or 0) - (kept.lead or 0)) > LEAD_MS_MAX
        )
        if due:
            self._kept = known
        return due

    def heard(self, server: str, seconds: float) -> None:
        """The server told its time in an answer that took so long and came just now."""
        if not self._clock.steered:
            with self._lock:
                self._known = heard(self._known, self._clock.reading(), server, seconds)

    def time(self) -> datetime:
        """The time that it is, to be shown: local, put right as well as it is known."""
        now = self._clock.now()
        if self._clock.steered:
            return now
        return local(self._known.shown_at(self._clock.reading()).time, now)

    def time_of(self, event: Event) -> str:
        """When an event of this station happened, put right; its own word where that is no time."""
        return corrected_text(self._known, event) if not self._clock.steered else event.at

    def sign(self) -> Sign:
        """What has to be told of the clock."""
        return "" if self._clock.steered else self._known.sign(self._clock.reading())
