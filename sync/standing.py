"""The home of what the threads of the exchange share: the journal, bells to wait at, the status."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from sync.exchange import Batch, SyncStatus, Verdict
from sync.wire import FeedMark, Mark, Recorded


class Log(Protocol):
    """What the exchange needs of a journal."""

    def unsent(self, events_max: int, bytes_max: int) -> Batch: ...
    def acknowledge(self, mark: Mark) -> bool: ...
    def fork(self) -> str: ...
    def waiting(self) -> int: ...
    def feed_mark(self) -> FeedMark | None: ...
    def stage(self, bodies: Sequence[bytes], *, restart: bool) -> None: ...
    def absorb(
        self, bodies: Sequence[bytes], mark: FeedMark, *, snapshot: bool = False
    ) -> "Future[list[Recorded]]": ...


class Bell:
    """What a thread waits at: others ring it softly (there is work) or loudly (now, whatever)."""

    def __init__(self) -> None:
        self._door = threading.Condition()
        self._soft = self._loud = False
        self.closed = False

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
        with self._door:
            heard = self._door.wait_for(lambda: self._heard(hears_soft), max(0.0, seconds))
            self._loud = False
            self._soft = self._soft and not hears_soft
        return heard

    def _heard(self, hears_soft: bool) -> bool:
        return self.closed or self._loud or (hears_soft and self._soft)


class Standing:
    """The status that both threads write and anyone reads."""

    def __init__(
        self, log: Log, on_status: Callable[[SyncStatus], None], now: Callable[[], datetime]
    ) -> None:
        self._log = log
        self._on_status = on_status
        self._now = now
        self._door = threading.Lock()
        self._feed_why = ""
        self._status = SyncStatus(since=self._stamp())

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
        before = self.status
        with self._door:
            known = self._status
            state = verdict.state or known.state
            since = known.since if state == known.state else self._stamp()
            reviews = known.review if review is None else review
            sent = known.sent + verdict.sent
            self._status = SyncStatus(state, since, verdict.why, 0, sent, reviews, stuck)
        self._tell(before)

    def feed(self, why: str) -> None:
        """What keeps the feed from being heard, or nothing."""
        before = self.status
        with self._door:
            self._feed_why = why
        self._tell(before)

    def trouble(self, why: str) -> None:
        """The journal, or who was to be told, failed: the state stays, the reason shows."""
        before = self.status
        with self._door:
            self._status = replace(self._status, why=why)
        self._tell(before)

    def _tell(self, before: SyncStatus) -> None:
        after = self.status
        if after != before:
            self._on_status(after)

    def _stamp(self) -> str:
        return self._now().isoformat(timespec="seconds")
