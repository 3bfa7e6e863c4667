"""What the screens show beside Dialog and Shop: devices, the way to the server, the time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from kiosk.readers import PrintState
from kiosk.scanners import SourceState
from sync.domain.events import Event


@dataclass(frozen=True, slots=True)
class Link:
    """The way to the server, as the head and the outbox tell it; `since` and `heard` as 10:42."""

    state: Literal["never", "online", "offline", "refused", "stuck"] = "never"
    since: str = ""
    why: str = ""
    waiting: int = 0
    heard: str = ""
    review: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Around:
    """The surroundings at one moment. `unsent` are the first of `link.waiting` events."""

    now: datetime
    station: str
    link: Link = Link()
    sources: tuple[SourceState, ...] = ()
    printers: tuple[PrintState, ...] = ()
    unsent: tuple[Event, ...] = ()
    rest: tuple[str, ...] = ()
    is_enrolled: bool = True
