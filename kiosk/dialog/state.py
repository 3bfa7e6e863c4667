"""The home of what a dialog is: its inputs, its state, what it answers. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal

from labels.codes import Code, CodeError
from sync.domain.events import Acceptance, Event
from sync.domain.rules import SEVERITIES, Deviation, Severity
from sync.domain.shifts import Shift

STUTTER_SECONDS: Final = 1.5
NUMBER_SECONDS_MAX: Final = 30.0
OVERRIDE_SECONDS_MAX: Final = 120.0
IDLE_SECONDS_MAX: Final = 600.0
NUMBER_CHARS_MAX: Final = 19
NUMBER_WORD_CHARS_MAX: Final = 12  # of a number with its unit, so that it is never cut
FOLLOWS: Final = "follows"  # of `Notice.next`: whatever comes next once the act is written

Kind = Literal["rest", "ok", "note", "stop", "ask"]
Body = Literal[
    "queue", "order", "outbox", "help", "handover", "doctor", "drawing", "prints", "packing"
]
_Answer = Literal["supervisor", "confirm", "reason", "operation", "leave", "label", "pin"]
_Paper = Literal["doubt", "void", "reprint", "printer", "unit"]
Wanted = _Answer | _Paper | Literal["place", "help", "rework", "return", "lot"]


@dataclass(frozen=True, slots=True)
class Workplace:
    """What the site's configuration says of this station; `pin` asks supervisors for theirs.

    `origin` is the journal's, by which numbers are taken; `printers` are those of the station.
    """

    station: str
    work_centers: tuple[str, ...] = ()
    one_person: bool = False
    pin: bool = False
    severities: Mapping[str, Severity] = field(default_factory=lambda: dict(SEVERITIES))
    shifts: tuple[Shift, ...] = ()
    labour_in_full: bool = False
    origin: str = ""
    printers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """Now: the wall clock with its offset, and seconds of a boot that never go back.

    `corrected` is the wall clock put right, where that is known: people and expiry go by it.
    """

    at: datetime
    mono: float
    boot: str = ""
    corrected: datetime | None = None

    @property
    def today(self) -> date:
        """The day that it is."""
        return (self.corrected or self.at).date()


@dataclass(frozen=True, slots=True)
class Scanned:
    """A scan: what it means, or why it cannot be read; `payload` is what the stutter rule knows."""

    code: Code | CodeError
    payload: bytes


@dataclass(frozen=True, slots=True)
class Key:
    """ok cancel done scrap undo end pause resume help outbox queue up down enter."""

    name: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A typed line, submitted by Enter."""

    text: str


@dataclass(frozen=True, slots=True)
class Typing:
    """What stands in the entry line by now."""

    text: str


@dataclass(frozen=True, slots=True)
class Connected:
    """Whether the server is heard, and the wall time at which it was last heard ("10:42")."""

    online: bool
    heard: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed."""


@dataclass(frozen=True, slots=True)
class Pointed:
    """A row of the body was touched: it is selected, and taken as by Enter unless told else."""

    place: int
    takes: bool = True


Input = Scanned | Key | Entry | Typing | Connected | Tick | Pointed


@dataclass(frozen=True, slots=True)
class Notice:
    """An answer: `text` and `next` are keys of the texts; without `next` the text has its own.

    `dropped` is the key of a question that this answer let go of: nothing of it was booked.
    """

    kind: Kind
    text: str
    facts: Mapping[str, str] = field(default_factory=dict)
    next: str = ""
    dropped: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several answers: its code, and its name; one of ours is named by the texts.

    Those of a `group` stand together under its name, which the texts have.
    """

    code: str
    text: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Scrap:
    """Scrapped output that waits for DONE: the amount as text in the order's unit."""

    amount: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An act not yet written: its events, the answer once it is, and the dialog after it."""

    events: tuple[Event, ...]
    notice: Notice
    dialog: "Dialog"
    accepted: tuple[Acceptance, ...] = ()
    extra: tuple[Deviation, ...] = ()


@dataclass(frozen=True, slots=True)
class Asking:
    """A question that stands: what is waited for, and the act that depends on it.

    `of` names what it is about: an order, a label's event, whose PIN; `digits` are of that PIN.
    """

    wanted: Wanted
    notice: Notice
    since: float
    proposal: Proposal | None = None
    open: tuple[Deviation, ...] = ()
    choices: tuple[Choice, ...] = ()
    selected: int = 0
    label: str = ""
    of: str = ""
    digits: str = ""
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said of an order in a handover: "keep", "pause", or how much was counted."""

    start: str
    order: str
    told: str


@dataclass(frozen=True, slots=True)
class Handover:
    """An open handover: what was answered so far, and who has signed it.

    `start` ids tell which orders are answered; `order` and `operation` were current before it.
    """

    order: str = ""
    operation: str = ""
    answers: tuple[Answer, ...] = ()
    is_signed: bool = False
    successor: str = ""


@dataclass(frozen=True, slots=True)
class Dialog:
    """All that the terminal remembers between two inputs, beside the shop.

    `person` acts; `order` and `operation` are current; `number` is staged as text, `scrap` waits
    for DONE; `noted` holds order notes that were read ("B-1/3"); `booked` tells that the last
    accepted input was a booking; `recent` holds accepted payloads with their times; `offered` is
    the end of the shift for which a handover was offered; `packing` is the unit that is packed
    ("" until its first content gives it a name, None: nothing is packed).
    """

    workplace: Workplace
    person: str | None = None
    order: str | None = None
    operation: str | None = None
    body: Body = "queue"
    entry: str = ""
    number: str = ""
    number_since: float = 0.0
    scrap: tuple[Scrap, ...] = ()
    serials: tuple[str, ...] = ()
    asking: Asking | None = None
    selected: int = 0
    noted: frozenset[str] = frozenset()
    booked: str = ""
    container: str = ""
    containers: int = 0
    recent: tuple[tuple[bytes, float], ...] = ()
    touched: float | None = None
    online: bool = True
    heard: str = ""
    today: str = ""
    handover: Handover | None = None
    offered: str = ""
    packing: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """The dialog after an input, the act to append, and the answer; None leaves the band as it is.

    `refused` tells a scan that no act came of; it belongs to the local scan log.
    """

    dialog: Dialog
    events: tuple[Event, ...] = ()
    notice: Notice | None = None
    refused: bool = False
