"""What the screens show beside Dialog and Shop: devices, the way to the server, the time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from kiosk.correction import Correction, Reading, Sign, corrected_text
from kiosk.readers import PrintState
from kiosk.scanners import SourceState
from kiosk.texts.forms import Forms
from sync.domain.events import Event
from sync.timing import milliseconds_of
from sync.wire import Review

NO_READING: Final = Reading("", 0, 0)
UNKNOWN: Final = Correction()
ENGLISH: Final = Forms()


@dataclass(frozen=True, slots=True)
class Link:
    """The way to the server, as the head and the outbox tell it; `since` and `heard` as 10:42.

    Own events up to seq `sent` are on the server, those up to `counted` in its views too.
    """

    state: Literal["never", "online", "offline", "refused", "stuck"] = "never"
    since: str = ""
    why: str = ""
    waiting: int = 0
    heard: str = ""
    sent: int = 0
    counted: int = 0
    reviews: tuple[Review, ...] = ()


@dataclass(frozen=True, slots=True)
class Latency:
    """How long the last scan took from its arrival to its answer; None: nothing was written."""

    answer_ms: int
    journal_ms: int | None = None

    @classmethod
    def of(cls, answer_seconds: float, journal_seconds: float | None) -> "Latency":
        """Measured in seconds."""
        written = None if journal_seconds is None else round(journal_seconds * 1000)
        return cls(round(answer_seconds * 1000), written)


@dataclass(frozen=True, slots=True)
class Around:
    """The surroundings at one moment. `unsent` are the first of `link.waiting` events.

    `latest` are the newest that the server has, each with its seq, the newest first; `reviewed`
    tells for each order that needs review why. `now` is the time that is shown, `clock` how far to
    trust it; the time of events is told by `known` and `reading`. `heard_seconds` ago the server
    was heard last; `forms` are the language's. `doubts` are the numbers of labels of which nobody
    has said whether they came out, `preview` is the selected label as a terminal shows it.
    """

    now: datetime
    station: str
    link: Link = Link()
    sources: tuple[SourceState, ...] = ()
    printers: tuple[PrintState, ...] = ()
    unsent: tuple[Event, ...] = ()
    latest: tuple[tuple[int, Event], ...] = ()
    reviewed: Mapping[str, str] = field(default_factory=dict)
    rest: tuple[str, ...] = ()
    is_enrolled: bool = True
    clock: Sign = ""
    known: Correction = UNKNOWN
    reading: Reading = NO_READING
    heard_seconds: float | None = None
    latency: Latency | None = None
    is_disk_low: bool = False
    forms: Forms = ENGLISH
    doubts: tuple[str, ...] = ()
    preview: tuple[str, ...] = ()

    def time_of(self, event: Event) -> str:
        """When an event happened, put right where it is this station's own."""
        is_own = event.station == self.station and bool(self.known.boot)
        return corrected_text(self.known, event) if is_own else event.at

    def seconds_since(self, event: Event) -> float:
        """How long ago that was; nobody who sets a clock changes it."""
        is_own = event.station == self.station
        if is_own and event.boot and event.boot == self.reading.boot:
            return max(0.0, (self.reading.mono - event.mono) / 1000)
        then = milliseconds_of(self.time_of(event))
        return max(0.0, self.now.timestamp() - then / 1000) if then is not None else 0.0
