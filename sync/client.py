"""The home of a station's exchange with the server: it pushes what is recorded, hears what is new.

Three threads with a line each, so that waiting for news (a request that the server answers when
there is some) and upkeep never delay a push. The push thread alone decides how the station stands
with the server; the feed thread, when it hears nothing, makes it ask, and is called back when it is
heard again. Everything is tried again by timer: no failure waits for the next scan.
"""

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from sync.enrolment import Enrolment, enrol
from sync.exchange import (
    HEARTBEAT_SECONDS,
    SNAPSHOT_SPREAD_SECONDS,
    Answered,
    Batch,
    Pace,
    Refused,
    Reply,
    Silence,
    Stamp,
    State,
    SyncStatus,
    Unbelieved,
    feed_wait,
    judge,
    reviewed,
)
from sync.line import (
    ANSWER_SECONDS_MAX,
    AnswerUnreadable,
    AnswerUnsigned,
    Line,
    ServerAddressError,
    ServerRefused,
    ServerUnreachable,
    SyncError,
    Tokens,
    check_signature,
    checked_address,
    read_answer,
)
from sync.standing import Bell, Lines, Log, Pulses, Standing, accused
from sync.timing import Measured, better, measured, milliseconds_of
from sync.upkeep import Upkeep
from sync.wire import (
    FEED_WAIT_SECONDS_MAX,
    FeedPage,
    PushAnswer,
    PushHeader,
    Recorded,
    push_message,
)

if TYPE_CHECKING:
    import httpx

__all__ = [
    "AnswerUnreadable",
    "AnswerUnsigned",
    "Enrolment",
    "Log",
    "ServerAddressError",
    "ServerRefused",
    "ServerUnreachable",
    "State",
    "SyncClient",
    "SyncError",
    "SyncStatus",
    "enrol",
]

STOP_SECONDS_MAX: Final = 1.0
FEED_PAUSE_SECONDS: Final = 1.0
JOURNAL_PAUSE_SECONDS: Final = 5.0
GONE: Final = 410
LINES: Final = ("push", "feed", "upkeep")


class SyncClient:
    """Keeps one station's journal and the server alike, from `start` to `stop`.

    `on_status` and `on_events` are called from its threads: they pass the word on and return.
    `push` and `pull` are one round each, for who brings an own thread.
    """

    def __init__(
        self,
        server: str,
        token: str | Tokens,
        log: Log,
        on_status: Callable[[SyncStatus], None],
        on_events: Callable[[Sequence[Recorded]], None],
        *,
        transport: "httpx.BaseTransport | None" = None,
        public_key: str = "",
        pin: str = "",
        snapshot_seconds: float = SNAPSHOT_SPREAD_SECONDS,
        chance: Callable[[], float] = random.random,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
        monotonic: Callable[[], float] = time.monotonic,
        on_time: Callable[[str, float], None] | None = None,
        numbers: Callable[[], tuple[dict[str, int], dict[str, int]]] | None = None,
        about: Callable[[], bytes] = lambda: b"null",
    ) -> None:
        """Raises `ServerAddressError`. `public_key` and `pin` (of its TLS key) are
        hexadecimal; empty means not verified. `on_time` hears the server's time (RFC 3339) of each
        confirmed answer and the seconds that the request took; `numbers` gives the highest number
        granted and how many more are wanted, by kind; `about` what is told of the station.
        """
        self._server = checked_address(server, pin)
        self._log = log
        self._on_events = on_events
        self._public_key = public_key
        self._snapshot_seconds = snapshot_seconds
        self._chance, self._monotonic = chance, monotonic
        self._on_time, self._numbers, self._about = on_time, numbers, about
        self._standing = Standing(log, on_status, now, monotonic)
        self._lines = Lines(lambda: Line(self._server, token, transport, pin=pin))
        self._upkeep = Upkeep(
            log,
            self._lines,
            self._standing,
            spread_seconds=snapshot_seconds,
            chance=chance,
            today=lambda: now().date(),
            monotonic=monotonic,
        )
        self._pace = Pace()
        self._greeting = False
        self._asked = Stamp()
        self._measured: Measured | None = None
        self._measured_in = self._incarnation = ""
        self._feed_failures = self._gone = self._calls = self._heeded = 0
        self._snapshot_due = False
        self._push_bell, self._feed_bell, self._upkeep_bell = Bell(), Bell(), Bell()
        self._threads: list[threading.Thread] = []

    @property
    def status(self) -> SyncStatus:
        """How the station stands with the server, the waiting count as of now."""
        return self._standing.status

    @property
    def pulses(self) -> Pulses:
        """The signs of life of its threads, by name."""
        bells = (self._push_bell, self._feed_bell, self._upkeep_bell)
        return {f"sync-{name}": bell.pulse for name, bell in zip(LINES, bells, strict=True)}

    def start(self) -> None:
        """Begin with an empty push: it alone discovers a server restored meanwhile."""
        assert not self._threads, "a client is started once"
        works = (self._pushing, self._feeding, self._tending)
        for name, work in zip(("sync-push", "sync-feed", "sync-upkeep"), works, strict=True):
            thread = threading.Thread(target=work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def wake(self) -> None:
        """Something was recorded: push it, unless a failure is being waited out."""
        self._push_bell.ring()

    def tell(self) -> None:
        """What is told of the station changed: push it, unless a failure is being waited out."""
        self._greeting = True
        self._push_bell.ring()

    def hurry(self) -> None:
        """Ask the server now, whatever is being waited for: somebody wants to know."""
        self._greeting = True
        self._push_bell.ring(loud=True)
        self._feed_bell.ring(loud=True)

    def stop(self) -> None:
        """Break off what is under way and end both threads, within a second."""
        for bell in (self._push_bell, self._feed_bell, self._upkeep_bell):
            bell.close()
        self._lines.close()
        end = time.monotonic() + STOP_SECONDS_MAX
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        if not self._threads:
            for name in LINES:
                self._lines.hang_up(name)

    def push(self) -> float | None:
        """One push and what it means; seconds to wait, or None until there is cause."""
        if self._greeting:
            self._greeting, self._pace = False, replace(self._pace, greeting=True)
        batch = self._log.unsent(self._pace.wants, self._pace.bytes)
        begun = self._monotonic()
        reply = self._reply(batch)
        seconds = self._monotonic() - begun
        if isinstance(reply, Silence) and self._push_bell.closed:
            return None  # broken off by `stop`: it says nothing of the server
        if isinstance(reply, Answered) and reply.confirmed:
            self._timed(reply.answer.time, seconds)
        was = self.status.state
        verdict = judge(self._pace, batch, reply, seconds=seconds, chance=self._chance())
        self._pace = verdict.pace
        if verdict.fork:
            self._log.fork()
        review = None
        if isinstance(reply, Answered):
            review = reviewed(self.status.review, batch, reply.answer.review)
        self._standing.told(verdict, review, accused(self._log, verdict))
        if verdict.state is State.ONLINE and was in (State.OFFLINE, State.REFUSED):
            self._call_feed_back()
        if isinstance(reply, Answered) and reply.confirmed:
            self._heard(batch, reply.answer)
        return verdict.wait

    def tend(self) -> float:
        """What is due beside push and pull; seconds until something may be due again."""
        return self._upkeep.tend()

    def pull(self, wait_seconds: int = 0) -> float:
        """One page of the feed, or a snapshot where the server asks for one; seconds to wait."""
        self._heeded = self._calls
        try:
            wait = self._snapshot() if self._snapshot_due else self._page(wait_seconds)
        except ServerRefused as refusal:
            if refusal.status == GONE and not self._snapshot_due:
                return self._await_snapshot(refusal)
            return self._feed_failed(Refused(refusal.status, str(refusal), refusal.retry_after))
        except SyncError as fault:
            self._greet()
            return self._feed_failed(Silence(str(fault)))
        self._standing.feed("")
        return wait

    def _pushing(self) -> None:
        while self._push_bell.goes_on():
            wait = self._guarded(self.push) if self._has_cause() else None
            if wait is not None:
                self._push_bell.wait(wait, hears_soft=False)
            elif not self._has_cause():
                self._guarded(self._await_cause)
        self._lines.hang_up("push")

    def _await_cause(self) -> None:
        owed = self._standing.owes()
        if owed is None:
            rung = self._push_bell.wait(HEARTBEAT_SECONDS, hears_soft=True)
            self._greeting = self._greeting or not rung
        elif not self._push_bell.wait(owed, hears_soft=True):
            self._standing.settle()

    def _has_cause(self) -> bool:
        pace = self._pace
        return self._greeting or pace.greeting or pace.probing or self._log.waiting() > 0

    def _feeding(self) -> None:
        while self._feed_bell.goes_on():
            wait = self._guarded(lambda: self.pull(FEED_WAIT_SECONDS_MAX))
            if wait:
                self._feed_bell.wait(wait, hears_soft=False)
        self._lines.hang_up("feed")

    def _tending(self) -> None:
        while self._upkeep_bell.goes_on():
            wait = self._guarded(self.tend)
            if self._standing.owes() is not None:
                self._push_bell.ring()
            self._upkeep_bell.wait(wait or 0.0, hears_soft=True)
        self._lines.hang_up("upkeep")

    def _timed(self, time_told: str, seconds: float) -> None:
        """Measure this boot's clock by an answer that took so long; the next push tells it."""
        asked, told = self._asked, milliseconds_of(time_told)
        if told is not None and asked.boot:
            held = self._measured if self._measured_in == asked.boot else None
            self._measured = better(held, measured(told, asked.mono, round(seconds * 1000)))
            self._measured_in = asked.boot
        if self._on_time:
            self._on_time(time_told, seconds)

    def _heard(self, batch: Batch, answer: PushAnswer) -> None:
        self._upkeep.heard(batch, answer)
        self._upkeep_bell.ring()
        mark = self._log.feed_mark()
        before, self._incarnation = self._incarnation, answer.incarnation
        if mark and answer.incarnation not in (mark.incarnation, before) and not self._snapshot_due:
            self._call_feed_back()  # what it waits for is the news of a server that is no more

    def _guarded(self, work: Callable[[], float | None]) -> float | None:
        """A full disk or a fault of who is told must not end the exchange."""
        try:
            return work()
        except Exception as fault:
            if not self._push_bell.closed:
                self._standing.trouble(str(fault) or type(fault).__name__)
            return JOURNAL_PAUSE_SECONDS

    def _reply(self, batch: Batch) -> Reply:
        granted, wanted = self._numbers() if self._numbers else ({}, {})
        self._asked = asked = self._log.stamp()
        told = self._measured if self._measured_in == asked.boot else None
        header = PushHeader(
            *(batch.after, batch.low, granted, self._log.waiting(), wanted, batch.incarnation),
            *asked,
            *((told.ahead, told.within, told.mono) if told is not None else (0, -1, 0)),
            msgspec.Raw(self._about()),
        )
        path = f"/v1/origins/{batch.origin}/events"
        try:
            content = self._lines.line("push").send(
                "POST", path, content=push_message(header, batch.bodies)
            )
            answer = read_answer(content, PushAnswer, self._server)
            if self._public_key:
                check_signature(answer, batch.origin, self._public_key)
        except ServerRefused as refusal:
            return Refused(refusal.status, str(refusal), refusal.retry_after)
        except AnswerUnsigned as fault:
            return Unbelieved(str(fault))
        except ServerUnreachable as fault:
            return Silence(str(fault), sent=fault.sent)
        except SyncError as fault:
            return Silence(str(fault))
        return Answered(answer, self._log.acknowledge(answer.have, answer.incarnation))

    def _page(self, wait_seconds: int) -> float:
        mark = self._log.feed_mark()
        query = {"after": mark.text() if mark else "", "wait": str(wait_seconds)}
        begun = self._monotonic()
        page = self._read("/v1/feed", query, wait_seconds + ANSWER_SECONDS_MAX)
        if page.mark != mark or page.events:
            self._absorbed(self._log.absorb([bytes(one) for one in page.events], page.mark))
        self._feed_failures = self._gone = 0
        nothing_new = page.mark == mark or not (page.events or page.more)
        hasty = nothing_new and self._monotonic() - begun < FEED_PAUSE_SECONDS
        return FEED_PAUSE_SECONDS if hasty else 0.0

    def _snapshot(self) -> float:
        """Read it page by page into the stage, then switch; broken off, it starts over."""
        cursor = ""
        while True:
            self._feed_bell.goes_on()
            page = self._read("/v1/snapshot", {"cursor": cursor}, ANSWER_SECONDS_MAX)
            bodies = [bytes(one) for one in page.events]
            self._log.stage(bodies, restart=not cursor)
            if not page.more:
                break
            cursor = page.mark.text()
        self._absorbed(self._log.absorb((), page.mark, snapshot=True))
        self._snapshot_due = False
        return 0.0

    def _read(self, path: str, query: dict[str, str], patience: float) -> FeedPage:
        content = self._lines.line("feed").send("GET", path, query=query, patience=patience)
        return read_answer(content, FeedPage, f"{self._server}{path}")

    def _absorbed(self, absorbing: "Future[list[Recorded]]") -> None:
        fresh = absorbing.result()
        if fresh:
            self._on_events(fresh)
            if self._upkeep.told(fresh):
                self._upkeep_bell.ring()

    def _await_snapshot(self, refusal: ServerRefused) -> float:
        """A thousand stations of a restored server do not come at once; a new one comes now."""
        self._snapshot_due = True
        self._gone += 1  # by itself: how long the server was away before says nothing of it
        if self._gone > 1:
            told = Refused(refusal.status, str(refusal), refusal.retry_after)
            return feed_wait(told, self._gone, self._chance())
        return self._snapshot_seconds * self._chance() if self._log.feed_mark() else 0.0

    def _feed_failed(self, reply: Refused | Silence) -> float:
        self._feed_failures += 1
        if self._feed_failures > 1 and not self._feed_bell.closed:
            # Unless the push thread heard the server after this was asked.
            self._standing.feed(reply.why, lambda: self._heeded == self._calls)
        return feed_wait(reply, self._feed_failures, self._chance())

    def _greet(self) -> None:
        """Let the push thread find out how we stand."""
        # However often the feed failed before: it may have been heard since, and waited for news.
        if self.status.state is State.ONLINE:
            self._greeting = True
            self._push_bell.ring()

    def _call_feed_back(self) -> None:
        """The server is there again: what the feed waits for may never come on its old line."""
        self._calls += 1
        self._standing.feed("")
        if self._feed_failures and not self._snapshot_due:
            self._feed_bell.ring(loud=True)
        elif line := self._lines.known("feed"):
            line.break_off()
