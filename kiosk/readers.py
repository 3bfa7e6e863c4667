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


PrintingState = Literal["idle", "printing", "printed", "doubt", "waiting"]


@dataclass(frozen=True, slots=True)
class PrintState:
    """What one printer does now. `queued` labels wait behind this one.
    `lot` and `quantity` ("480 PCS") are what the label says.

    "printing": bytes are on their way. "printed": the label is out. "doubt": it may be out, a
    person has to look. "waiting": the printer cannot be reached, `why` says so. "idle": nothing
    to do. `events` are what the spooler appended to the journal about it: the app folds them.
    """

    printer: str
    state: PrintingState
    label: str = ""
    lot: str = ""
    quantity: str = ""
    why: str = ""
    queued: int = 0
    events: tuple[Event, ...] = ()


class ShopAccess(Protocol):
    """Ask the Shop from another thread; the question runs in the app's thread, briefly."""

    def __call__(self, question: Callable[[Shop], R]) -> R: ...
