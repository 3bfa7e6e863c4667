"""The home of a station's side of the exchange: what to send next, and what an answer means.

Pure: times, random numbers and what the journal confirms come in as arguments. A push goes wrong in
three ways. Silence (no answer) is tried again after moments. A refusal of the station (401, 403) is
tried again every minute. A refusal of the batch (any other status) halves it, down to one event; if
an empty push is then welcome, that event is stuck, and it is tried again by timer. Nothing is ever
skipped or deleted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, NamedTuple

from sync.wire import BATCH_BYTES_MAX, BATCH_EVENTS_MAX, Mark, PushAnswer, Review

BATCH_EVENTS_START: Final = 200
REQUEST_SECONDS_WANTED: Final = 0.2
RESIZE_MAX: Final = 2.0
HEARTBEAT_SECONDS: Final = 300.0
BACK_OFF_SECONDS: Final = 0.3
SILENCE_SECONDS_MAX: Final = 1.2
BUSY_SECONDS_MAX: Final = 60.0
REFUSED_SECONDS: Final = 60.0
WAIT_SECONDS_MAX: Final = 300.0
SNAPSHOT_SPREAD_SECONDS: Final = 120.0
REVIEW_IDS_MAX: Final = 100


class State(StrEnum):
    """How the station stands with the server."""

    NEVER = "never"
    ONLINE = "online"
    OFFLINE = "offline"
    REFUSED = "refused"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """What anyone may show: `since` is RFC 3339, `sent` counts events confirmed since the start.

    Own events up to seq `counted` are in the server's views; `reviews` says in a sentence which of
    them the office has to look at, `review` which could not even be read.
    """

    state: State = State.NEVER
    since: str = ""
    why: str = ""
    waiting: int = 0
    sent: int = 0
    review: tuple[str, ...] = ()
    stuck: str = ""
    counted: int = 0
    reviews: tuple[Review, ...] = ()


class Stamp(NamedTuple):
    """The station's clocks: which boot, milliseconds of it, and the wall clock as RFC 3339."""

    boot: str = ""
    mono: int = 0
    at: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Own events after the acknowledged mark, ready to send.

    `incarnation` is the server's when it confirmed `after`, empty where none did.
    """

    origin: str
    after: Mark
    low: Mark
    bodies: tuple[bytes, ...]
    incarnation: str = ""

    @property
    def last(self) -> int:
        """The seq of its last event."""
        return self.after.seq + len(self.bodies)


@dataclass(frozen=True, slots=True)
class Answered:
    """The server's word; `confirmed` says whether the station's own rows agree with `have`."""

    answer: PushAnswer
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """An HTTP status other than success, and what the server asks for."""

    status: int
    why: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer, or none that can be read; `sent` if the request had gone out."""

    why: str
    sent: bool = False


@dataclass(frozen=True, slots=True)
class Unbelieved:
    """An answer that is not proved to come from the server of the enrolment."""

    why: str


Reply = Answered | Refused | Silence | Unbelieved


@dataclass(frozen=True, slots=True)
class Pace:
    """How the station goes about sending; between two pushes nothing else is remembered.

    `greeting`: the next push is an empty one (at start, after trouble, every five minutes).
    `suspect` is the last seq of a batch that was refused, while the one event is looked for;
    `probing`: it is found, and an empty push tells a bad event from a bad server.
    """

    events: int = BATCH_EVENTS_START
    bytes: int = BATCH_BYTES_MAX
    failures: int = 0
    forks: int = 0
    greeting: bool = True
    suspect: int = 0
    probing: bool = False
    accused: str = ""

    @property
    def wants(self) -> int:
        """How many events the next push takes."""
        return 0 if self.greeting or self.probing else self.events


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do: fork first if told, wait, then push again; `wait` None is until there is cause.

    `state` None leaves the state as it is. `sent` counts what the server has now and had not.
    """

    pace: Pace
    state: State | None
    why: str = ""
    wait: float | None = None
    fork: bool = False
    sent: int = 0


def judge(pace: Pace, batch: Batch, reply: Reply, *, seconds: float, chance: float) -> Verdict:
    """What a reply to a push means; `seconds` it took, `chance` is random in [0, 1)."""
    match reply:
        case Answered(confirmed=False):
            return _forked(pace, "the server holds other events under this origin", chance)
        case Answered(answer=answer):
            return _welcome(pace, batch, answer, seconds, chance)
        case Refused(status=409, why=why):
            return _forked(pace, why, chance)
        case Refused(status=401 | 403, why=why) | Unbelieved(why=why):
            return Verdict(_failed(pace), State.REFUSED, why, REFUSED_SECONDS)
        case Refused(status=413) if len(batch.bodies) > 1:
            less = replace(_failed(pace), bytes=sum(map(len, batch.bodies)) // 2, greeting=False)
            return Verdict(less, None, reply.why, reply.retry_after or 0.0)
        case Refused(status=429 | 503):
            return _busy(pace, batch, reply, chance)
        case Refused():
            return _bisected(pace, batch, reply, chance)
        case Silence(why=why, sent=sent):
            fewer = max(1, len(batch.bodies) // 2) if sent and batch.bodies else pace.events
            failed = replace(_failed(pace), events=fewer)
            wait = _back_off(failed.failures, SILENCE_SECONDS_MAX, chance)
            return Verdict(failed, State.OFFLINE, why, wait)


def reviewed(known: Sequence[str], batch: Batch, told: Sequence[str]) -> tuple[str, ...]:
    """Ids that need review: an empty push is answered with all of them, others with the new."""
    both = (*known, *told) if batch.bodies else told
    return tuple(dict.fromkeys(both))[-REVIEW_IDS_MAX:]


def feed_wait(reply: Refused | Silence, failures: int, chance: float) -> float:
    """Seconds until the feed is asked again after it failed so many times in a row."""
    match reply:
        case Refused(status=401 | 403):
            return REFUSED_SECONDS
        case Refused(retry_after=told) if told is not None:
            return _as_told(told, chance)
        case Refused():
            return _back_off(failures, BUSY_SECONDS_MAX, chance)
        case Silence():
            return _back_off(failures, SILENCE_SECONDS_MAX, chance)


def _welcome(
    pace: Pace, batch: Batch, answer: PushAnswer, seconds: float, chance: float
) -> Verdict:
    sent = max(0, answer.have.seq - batch.after.seq)
    before_all = answer.have.seq < batch.after.seq == batch.low.seq - 1
    if answer.have.seq == batch.after.seq or before_all:
        if pace.probing:
            return _stuck(pace, chance)
        if batch.bodies:
            paused = _failed(pace)
            wait = _back_off(paused.failures, BUSY_SECONDS_MAX, chance)
            return Verdict(paused, State.ONLINE, "the server stores nothing that is sent", wait)
    at_ease = replace(pace, failures=0, forks=0, greeting=False, probing=False, accused="")
    if at_ease.suspect:
        at_ease = _narrowed(at_ease, answer.have.seq)
    elif len(batch.bodies) >= pace.events:
        at_ease = replace(at_ease, events=_resized(pace.events, seconds))
    return Verdict(at_ease, State.ONLINE, sent=sent)


def _forked(pace: Pace, why: str, chance: float) -> Verdict:
    """A second fork without a welcome in between is waited for: the server may be at fault."""
    pace = Pace(events=pace.events, bytes=pace.bytes, forks=pace.forks + 1, greeting=False)
    wait = _back_off(pace.forks, BUSY_SECONDS_MAX, chance) if pace.forks > 1 else 0.0
    return Verdict(pace, None, why, wait, fork=True)


def _busy(pace: Pace, batch: Batch, reply: Refused, chance: float) -> Verdict:
    fewer = max(1, len(batch.bodies) // 2) if batch.bodies else pace.events
    failed = replace(_failed(pace), events=fewer)
    state = State.OFFLINE if reply.status == 503 else State.ONLINE
    if reply.retry_after is not None:
        return Verdict(failed, state, reply.why, _as_told(reply.retry_after, chance))
    wait = _back_off(failed.failures, BUSY_SECONDS_MAX, chance)
    return Verdict(failed, state, reply.why, wait)


def _bisected(pace: Pace, batch: Batch, reply: Refused, chance: float) -> Verdict:
    count = len(batch.bodies)
    if count == 0:
        failed = _failed(pace)
        wait = _back_off(failed.failures, BUSY_SECONDS_MAX, chance)
        return Verdict(failed, State.OFFLINE, reply.why, wait)
    if count == 1:
        probing = replace(pace, events=1, suspect=batch.last, probing=True, accused=reply.why)
        return Verdict(probing, None, reply.why, 0.0)
    halved = replace(pace, events=count // 2, suspect=batch.last, greeting=False)
    return Verdict(halved, None, reply.why, 0.0)


def _stuck(pace: Pace, chance: float) -> Verdict:
    """The server is well and will not have this one event; it is tried again by timer."""
    tried = replace(_failed(pace), greeting=False)
    wait = _back_off(tried.failures, BUSY_SECONDS_MAX, chance)
    return Verdict(tried, State.STUCK, pace.accused, wait)


def _narrowed(pace: Pace, have: int) -> Pace:
    left = pace.suspect - have
    if left <= 0:
        return replace(pace, suspect=0, events=BATCH_EVENTS_START)
    return replace(pace, events=max(1, left // 2))


def _failed(pace: Pace) -> Pace:
    return replace(pace, failures=pace.failures + 1, greeting=True, probing=False)


def _resized(events: int, seconds: float) -> int:
    """Towards a request of 200 ms, at most doubled or halved at a time."""
    factor = REQUEST_SECONDS_WANTED / max(seconds, REQUEST_SECONDS_WANTED / RESIZE_MAX)
    return min(BATCH_EVENTS_MAX, max(1, round(events * max(factor, 1 / RESIZE_MAX))))


def _back_off(failures: int, seconds_max: float, chance: float) -> float:
    doubled = BACK_OFF_SECONDS * 2.0 ** min(failures - 1, 20)
    return min(seconds_max, doubled) * (0.5 + chance / 2)


def _as_told(seconds: float, chance: float) -> float:
    """Never sooner than told nor at once, and not all stations at the same moment."""
    return min(max(seconds, BACK_OFF_SECONDS), WAIT_SECONDS_MAX) * (1.0 + chance / 4)
