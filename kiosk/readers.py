"""The home of what a reader of the journal is to the app: sync client and spooler alike.

A reader runs in a thread of its own, reads beyond its mark when it is woken, and speaks to the app
by callbacks that never wait.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from sync.domain.events import Event
from sync.domain.shop import Shop
from sync.pulse import Pulse

R = TypeVar("R")


class Reader(Protocol):
    """Started once after the journal is open; `wake` after each append; `stop` joins its thread.

    `pulses` are the signs of life of those of its threads that a station cannot do without.
    """

    @property
    def pulses(self) -> Mapping[str, Pulse]: ...

    def start(self) -> None: ...

    def wake(self) -> None: ...

    def stop(self) -> None: ...


PrintingState = Literal["idle", "printing", "printed", "doubt", "waiting", "failed"]
QueuedState = Literal["queued", "sending", "sent", "failed"]


@dataclass(frozen=True, slots=True)
class QueuedLabel:
    """A print that a printer has before it. "sent": the printer has all of it and prints.

    "failed": it cannot be printed, `why` says so; nothing of it was sent.
    """

    label: str
    order: str
    state: QueuedState
    copy: int = 1
    why: str = ""


@dataclass(frozen=True, slots=True)
class PrintState:
    """What one printer does now. `queued` labels wait behind this one.
    `lot` and `quantity` ("480 PCS") are what the label says.

    "printing": bytes are on their way. "printed": the label is out. "doubt": it may be out, a
    person has to look. "waiting": the printer cannot be reached, or wants a person: `why` says so.
    "failed": this label cannot be printed, `why` says so. "idle": nothing to do. `queue` are the
    first of its prints, in their order, those that failed last. `events` are what the spooler
    appended to the journal about it: the app folds them.
    """

    printer: str
    state: PrintingState
    label: str = ""
    lot: str = ""
    quantity: str = ""
    why: str = ""
    queued: int = 0
    events: tuple[Event, ...] = ()
    queue: tuple[QueuedLabel, ...] = ()


class ShopAccess(Protocol):
    """Ask the Shop from another thread; the question runs in the app's thread, briefly."""

    def __call__(self, question: Callable[[Shop], R]) -> R: ...
