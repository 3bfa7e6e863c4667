"""What every way to a printer has in common: what can go wrong, and what a printer tells.

PrinterError(Exception)    nothing was printed, or nobody knows
  PrinterAddressError      the URL names no printer that we can reach
  PrinterUnreachable       no byte left: try again freely
  PrinterDoubt             a byte may have left: look at the printer before trying again
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Literal, Protocol

CONNECT_SECONDS_MAX: Final = 3.0
STALL_SECONDS_MAX: Final = 3.5  # without a byte taken: a lost printer is told within 5 s
ANSWER_SECONDS_MAX: Final = 2.0  # Zebra's manual: silence for so long wants a person
LABELS_AHEAD_MAX: Final = 2

State = Literal[
    "ready",
    "paper_out",
    "paused",
    "head_open",
    "ribbon_out",
    "busy",
    "needs_attention",
    "unknown",
]


class PrinterError(Exception):
    """A label was not, or perhaps not, printed."""


class PrinterAddressError(PrinterError):
    """The URL in the configuration names no printer."""


class PrinterUnreachable(PrinterError):  # noqa: N818
    """No byte left: trying again cannot print twice."""


class PrinterDoubt(PrinterError):  # noqa: N818
    """A byte may have left: trying again blindly could print twice."""


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """What a printer says of itself; `waiting` = labels that it holds and has not printed.

    "unknown": it does not tell in this language, or not over this way.
    """

    state: State
    detail: str
    waiting: int | None = None

    @property
    def has_room(self) -> bool:
        """Whether one more label may go to it: never more than LABELS_AHEAD_MAX ahead."""
        if self.state not in {"ready", "busy", "unknown"}:
            return False
        return self.waiting is None or self.waiting < LABELS_AHEAD_MAX


@dataclass(frozen=True, slots=True)
class Found:
    """A printer that was found: its URL for `open_printer`, and what it is."""

    url: str
    what: str


class Channel(Protocol):
    """An open way on which a printer answers."""

    def write(self, data: bytes) -> None:
        """Raises OSError."""

    def read(self, seconds: float) -> bytes:
        """What came, at the latest after so long; b"" for nothing. Raises OSError."""


class Printer(Protocol):
    """Takes the bytes of one job at a time."""

    def send(self, job: str, data: bytes, suffix: str = "zpl") -> None:
        """Returns when the printer has all of `data`; raises PrinterUnreachable, PrinterDoubt."""

    def status(self, language: str) -> PrinterStatus:
        """What it says of itself in at most 5 s; raises PrinterUnreachable."""


# Opens a way for questions; raises PrinterUnreachable.
Opener = Callable[[], AbstractContextManager[Channel]]


def unfinished(named: str, sent: int, whole: int, why: object) -> PrinterError:
    """What to raise when sending broke off: in doubt only if a byte may have left."""
    if not sent:
        return PrinterUnreachable(
            f"{named}: it took no byte ({why}): look at its display, paper and cable; "
            "it is tried again"
        )
    return PrinterDoubt(
        f"{named}: broke off after {sent} of {whole} bytes ({why}); look if it came out"
    )
