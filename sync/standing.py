"""The home of what the threads of the exchange share: journal, bells to wait at, lines, status."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import date, datetime
from typing import Final, Protocol

from sync.exchange import Batch, Stamp, State, SyncStatus, Verdict
from sync.line import Line
from sync.pulse import Pulse
from sync.wire import BATCH_BYTES_MAX, FeedMark, Mark, Recorded, Review, decode

COUNT_SECONDS_MIN: Final = 0.5
WORK_SECONDS_MAX: Final = 300.0  # of one round: each of its requests has a limit of its own
Pulses = dict[str, Pulse]
_log: Final = logging.getLogger("kiosk")


class Log(Protocol):
    """What the exchange needs of a journal."""

    def unsent(self, events_max: int, bytes_max: int) -> Batch: ...
    def acknowledge(self, mark: Mark, incarnation: str) -> bool: ...
    def stamp(self) -> Stamp: ...
    def retire(self, safe: int, today: date) -> int: ...
    def kept(self, name: str) -> bytes | None: ...
    def keep(self, name: str, value: bytes) -> "Future[None]": ...
    def replay(self, after_local: int = 0) -> Iterator[tuple[int, Recorded]]: ...
    def fork(self) -> str: ...
    def waiting(self) -> int: ...
    def feed_mark(self) -> FeedMark | None: ...
    def stage(self, bodies: Sequence[bytes], *, restart: bool) -> None: ...
    def absorb(
        self, bodies: Sequence[bytes], mark: FeedMark, *, snapshot: bool = False
    ) -> "Future[list[Recorded]]": ...


class Bell:
    """What a thread waits at: others ring it softly (there is work) or loudly (now, whatever).

    `pulse` is the sign of life of that thread.
    """

    def __init__(self) -> None:
        self.pulse = Pulse()
        self._door = threading.Condition()
        self._soft = self._loud = False
        self.closed = False

    def goes_on(self) -> bool:
        """Whether its thread may begin another round of work, which has a limit."""
        if self.closed:
            self.pulse.rest()
        else:
            self.pulse.tick(WORK_SECONDS_MAX)
        return not self.closed

    def ring(self, *, loud: bool = False) -> None:
        with self._door:
            self._soft = True
            self._loud = self._loud or loud
            self._door.notify_all()

    def close(self) -> None:
        with self._door:
            self.closed = True
            self._door.notify_all()

    def wait(self, seconds: float, *, hears_soft: bool) -> bool:
        """True if it was rung so that it counts, or closed; False after the time."""
        self.pulse.tick(max(0.0, seconds))
        with self._door:
            heard = self._door.wait_for(lambda: self._heard(hears_soft), max(0.0, seconds))
            self._loud = False
            self._soft = self._soft and not hears_soft
        return heard

    def _heard(self, hears_soft: bool) -> bool:
        return self.closed or self._loud or (hears_soft and self._soft)


class Lines:
    """A line to the server for each thread, made when it is first used."""

    def __init__(self, make: Callable[[], Line]) -> None:
        self._make = make
        self._lines: dict[str, Line] = {}
        self._closed = False

    def line(self, name: str) -> Line:
        """The line of that name."""
        if name not in self._lines:
            line = self._lines[name] = self._make()
            if self._closed:
                line.close()
        return self._lines[name]

    def known(self, name: str) -> Line | None:
        """The line of that name, if it was used before."""
        return self._lines.get(name)

    def close(self) -> None:
        """Break off what is under way, and refuse what comes later."""
        self._closed = True
        for line in list(self._lines.values()):
            line.close()

    def hang_up(self, name: str) -> None:
        """Free the connection; by the thread that used it, at its end."""
        if name in self._lines:
            self._lines[name].hang_up()


class Standing:
    """The status that the threads write and anyone reads.

    What only counts (waiting, sent, counted) is told at most every `COUNT_SECONDS_MIN`; what could
    not be told for that is owed, and told by `settle`.
    """

    def __init__(
        self,
        log: Log,
        on_status: Callable[[SyncStatus], None],
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._log = log
        self._on_status = on_status
        self._now = now
        self._monotonic = monotonic
        self._told_at = float("-inf")
        self._said: SyncStatus | None = None
        self._door = threading.Lock()
        self._feed_why = ""
        self._status = self._first = SyncStatus(since=self._stamp())

    @property
    def status(self) -> SyncStatus:
        """As it is now, the waiting count included."""
        with self._door:
            status, feed_why = self._status, self._feed_why
        return replace(status, waiting=self._log.waiting(), why=status.why or feed_why)

    def told(
        self, verdict: Verdict, review: tuple[str, ...] | None = None, stuck: str = ""
    ) -> None:
        """What the push thread found out."""
        with self._door:
            known = self._status
            state = verdict.state or known.state
            since = known.since if state == known.state else self._stamp()
            self._status = replace(
                known,
                state=state,
                since=since,
                why=verdict.why,
                sent=known.sent + verdict.sent,
                review=known.review if review is None else review,
                stuck=stuck,
            )
        self._tell()

    def counted(self, counted: int, reviews: tuple[Review, ...]) -> None:
        """What the server said became of the station's events."""
        with self._door:
            self._status = replace(self._status, counted=counted, reviews=reviews)
        self._tell()

    def feed(self, why: str, holds: Callable[[], bool] = lambda: True) -> None:
        """What keeps the feed from being heard, or nothing; also where it does not hold by now."""
        with self._door:
            self._feed_why = why if holds() else ""
        self._tell()

    def trouble(self, why: str) -> None:
        """The journal, or who was to be told, failed: the state stays, the reason shows."""
        with self._door:
            self._status = replace(self._status, why=why)
        self._tell()

    def owes(self) -> float | None:
        """Seconds until counts that were not told may be; None if there are none."""
        if self._said is None or self._said == self.status:
            return None
        return max(0.0, self._told_at + COUNT_SECONDS_MIN - self._monotonic())

    def settle(self) -> None:
        """Tell what is owed."""
        self._tell(at_once=True)

    def _tell(self, *, at_once: bool = False) -> None:
        after = self.status
        with self._door:
            before, now = self._said, self._monotonic()
            if after == before or (before is None and after == self._first):
                return
            counts = before is not None and _rough(before) == _rough(after)
            if counts and not at_once and now < self._told_at + COUNT_SECONDS_MIN:
                return
            self._said, self._told_at = after, now
        try:
            self._on_status(after)
        except Exception as fault:
            _log.warning("who is told how the exchange stands failed: %r", fault)

    def _stamp(self) -> str:
        return self._now().isoformat(timespec="seconds")


def _rough(status: SyncStatus) -> SyncStatus:
    """The status without what only counts."""
    return replace(status, waiting=min(status.waiting, 1), sent=0, counted=0)


def accused(log: Log, verdict: Verdict) -> str:
    """The event that the server does not take, if a verdict says that there is one."""
    if verdict.state is not State.STUCK:
        return ""
    return decode(log.unsent(1, BATCH_BYTES_MAX).bodies[0]).id
