"""What the screens show beside Dialog and Shop: devices, the way to the server, the time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from kiosk.readers import PrintState
from kiosk.scanners import SourceState
from sync.domain.events import Event
from sync.wire import Review


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
class Around:
    """The surroundings at one moment. `unsent` are the first of `link.waiting` events.

    `latest` are the newest that the server has, each with its seq, the newest first; `reviewed`
    tells for each order that needs review why.
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
