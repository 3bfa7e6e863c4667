"""The home of what a station settles with the server beside pushes and the feed, all by timer.

- What became of its events: asked soon after a push, after news of others that may bear on them,
  then with the heartbeat.
- The office's events that it holds: offered once to a server of a new incarnation.
- What every backup holds: told to the journal, which may forget it, at a quiet time.

A thread and a line of its own, so that none of this delays a push. The push thread says what it
heard with `heard`; `tend` does what is due.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sync.domain.events import (
    DeviationReviewed,
    Event,
    EventReversed,
    MaterialProduced,
    OperationEnded,
    OrderRegister,
)
from sync.exchange import HEARTBEAT_SECONDS, Batch, Refused, Silence, feed_wait
from sync.line import ServerRefused, SyncError, read_answer
from sync.standing import Lines, Log, Standing
from sync.wire import (
    BATCH_BYTES_MAX,
    FEED_EVENTS_MAX,
    OutcomeAnswer,
    PushAnswer,
    Recorded,
    RecoveredAnswer,
    Unknown,
)

ASK_SECONDS: Final = (1.0, 3.0)
QUIET_SECONDS: Final = 30.0
RETIRE_SECONDS: Final = 3_600.0
TEND_SECONDS_MIN: Final = 0.05
OFFICE: Final = "office"
RECOVERED: Final = "recovered"
_NOT_KNOWN: Final = 404
# Of these two stations may have done each its own without knowing of the other; or it is settled.
_BEARING: Final = (
    EventReversed,
    MaterialProduced,
    OperationEnded,
    OrderRegister,
    DeviationReviewed,
)
_TOO_LARGE: Final = 413


@dataclass(frozen=True, slots=True)
class _Heard:
    """The latest confirmed answer, and when it came."""

    origin: str
    have: int
    safe: int
    incarnation: str


class Upkeep:
    """What is due and when; one thread tends, another says what was heard."""

    def __init__(
        self,
        log: Log,
        lines: Lines,
        standing: Standing,
        *,
        spread_seconds: float,
        chance: Callable[[], float],
        today: Callable[[], date],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._lines = lines
        self._standing = standing
        self._spread_seconds = spread_seconds
        self._chance = chance
        self._today = today
        self._monotonic = monotonic
        self._heard: _Heard | None = None
        self._busy_at = self._asked_at = float("-inf")
        self._ask_at: float | None = None
        self._asked = 0
        self._recover_from = ""
        self._recover_at: float | None = None
        self._retire_at = float("-inf")
        self._retired: tuple[str, int, date] | None = None
        self._failures = 0
        self._failed_until = float("-inf")

    def heard(self, batch: Batch, answer: PushAnswer) -> None:
        """The server confirmed a push; called by the thread that pushes."""
        now = self._monotonic()
        if batch.bodies:
            self._busy_at = now
        self._heard = _Heard(batch.origin, answer.have.seq, answer.safe, answer.incarnation)
        self._asked = 0
        if self._ask_at is None:
            self._ask_at = max(now + ASK_SECONDS[0], self._asked_at + ASK_SECONDS[1])

    def told(self, records: Sequence[Recorded]) -> bool:
        """Others' events came; whether the outcome of own ones is asked for once more for them."""
        if self._heard is None or not any(isinstance(one.event, _BEARING) for one in records):
            return False
        soon = self._monotonic() + ASK_SECONDS[0] * (1.0 + self._chance())
        wanted = max(soon, self._asked_at + ASK_SECONDS[1])
        self._asked = 0
        self._ask_at = wanted if self._ask_at is None else min(self._ask_at, wanted)
        return True

    def tend(self) -> float:
        """Do what is due; seconds until something may be. Raises what the journal does."""
        heard, now = self._heard, self._monotonic()
        if heard is None:
            return HEARTBEAT_SECONDS
        if now < self._failed_until:
            return self._failed_until - now
        try:
            self._offer(heard, now)
            self._ask(heard, now)
        except ServerRefused as fault:
            return self._failed(Refused(fault.status, str(fault), fault.retry_after))
        except SyncError as fault:
            return self._failed(Silence(str(fault)))
        self._failures = 0
        self._retire(heard, now)
        return self._rest()

    def _ask(self, heard: _Heard, now: float) -> None:
        """Which of the own events are counted, and which the office has to look at."""
        if self._ask_at is None or now < self._ask_at:
            return
        path = f"/v1/origins/{heard.origin}/outcome"
        self._asked_at, self._ask_at = now, now + HEARTBEAT_SECONDS
        try:
            content = self._lines.line("upkeep").send("GET", path)
        except ServerRefused as refusal:
            if refusal.status == _NOT_KNOWN:  # a server that does not tell yet
                return
            raise
        answer = read_answer(content, OutcomeAnswer, path)
        self._standing.counted(answer.counted, answer.review)
        self._asked += 1
        if answer.counted >= heard.have:
            self._ask_at = None
            if self._heard is not heard:  # heard meanwhile
                self._ask_at = now + ASK_SECONDS[1]
        elif self._asked < len(ASK_SECONDS):
            self._ask_at = now + ASK_SECONDS[self._asked] * (1.0 + self._chance() / 4)

    def _offer(self, heard: _Heard, now: float) -> None:
        """A server of a new incarnation may have lost what the office said: give it back, once."""
        if self._log.kept(RECOVERED) == heard.incarnation.encode() or self._log.waiting():
            return
        if self._recover_at is None or self._recover_from != heard.incarnation:
            self._recover_from = heard.incarnation
            self._recover_at = now + self._spread_seconds * self._chance()
        if now < self._recover_at:
            return
        for bodies in _pages(self._office_bodies()):
            self._give(bodies)
        self._recover_at = None
        self._log.keep(RECOVERED, heard.incarnation.encode()).result()

    def _give(self, bodies: list[bytes]) -> None:
        content = b"\n".join(bodies) + b"\n"
        try:
            answer = self._lines.line("upkeep").send("POST", "/v1/recovered", content=content)
        except ServerRefused as refusal:
            if refusal.status == _NOT_KNOWN:
                return
            if refusal.status != _TOO_LARGE or len(bodies) == 1:
                raise
            self._give(bodies[: len(bodies) // 2])
            self._give(bodies[len(bodies) // 2 :])
            return
        read_answer(content=answer, kind=RecoveredAnswer, what="/v1/recovered")

    def _office_bodies(self) -> Iterator[bytes]:
        for _, record in self._log.replay():
            event: Event | Unknown = record.event
            if not isinstance(event, Unknown) and event.station == OFFICE:
                yield record.body

    def _retire(self, heard: _Heard, now: float) -> None:
        wanted = (heard.origin, heard.safe, self._today())
        quiet = self._busy_at + QUIET_SECONDS <= now and not self._log.waiting()
        if not quiet or now < self._retire_at or wanted == self._retired:
            return
        self._retire_at = now + RETIRE_SECONDS * (1.0 + self._chance() / 4)
        self._log.retire(heard.safe, wanted[2])
        self._retired = wanted

    def _rest(self) -> float:
        """What waits for a push to be confirmed is not looked at before one is."""
        now = self._monotonic()
        quiet_at = self._busy_at + QUIET_SECONDS
        offer_at = None if self._log.waiting() else self._recover_at
        due = [HEARTBEAT_SECONDS] + ([quiet_at - now] if quiet_at > now else [])
        due += [at - now for at in (self._ask_at, offer_at) if at is not None]
        return max(TEND_SECONDS_MIN, min(due))

    def _failed(self, reply: Refused | Silence) -> float:
        self._failures += 1
        wait = feed_wait(reply, self._failures, self._chance())
        self._failed_until = self._monotonic() + wait
        return wait


def _pages(bodies: Iterator[bytes]) -> Iterator[list[bytes]]:
    page: list[bytes] = []
    size = 0
    for body in bodies:
        if page and (len(page) == FEED_EVENTS_MAX or size + len(body) >= BATCH_BYTES_MAX):
            yield page
            page, size = [], 0
        page.append(body)
        size += len(body) + 1
    if page:
        yield page
