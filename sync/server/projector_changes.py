"""What one slice of the ledger changes, and what each of its events is about."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from sync.domain.events import (
    DeviationReviewed,
    Event,
    LotStatusSet,
    OperationEnded,
    OrderCancelled,
    OrderClosed,
    OrderHeld,
    OrderRegister,
    OrderReopened,
    OrderResumed,
    UnitClosed,
    UnitPacked,
    order_of,
)
from sync.domain.rules import SEVERITIES, Deviation
from sync.domain.stock import lot_told
from sync.server import scopes
from sync.server.projector_open import Dissolved
from sync.server.projector_state import Entry
from sync.server.projector_trouble import Troubles

# Judged from what all events add up to, never from one event: it may arrive before the other.
OF_A_SET: Final = frozenset({"over_issue", "over_production", "serial_seen_before"})
FINISHED: Final = "finished"
Decision = OrderRegister | LotStatusSet
_HELD: Final = ("order_held", "held_twice")
_CLOSED: Final = ("already_ended", "closed_twice")
_CLASHES: Final[dict[type[Event], tuple[str, str]]] = {
    OrderHeld: _HELD,
    OrderResumed: _HELD,
    OrderClosed: _CLOSED,
    OrderReopened: _CLOSED,
    OrderCancelled: _CLOSED,
    LotStatusSet: ("lot_blocked", "lot_set_twice"),
}
_WORDS: Final[dict[type[Event], str]] = {
    OrderHeld: "held",
    OrderResumed: "resumed",
    OrderClosed: "closed",
    OrderReopened: "reopened",
    OrderCancelled: "cancelled",
}


class Touch(NamedTuple):
    """An event with what it is about: its order, its (material, lot), the concerns it begins."""

    entry: Entry
    order: str
    lot: tuple[str, str] | None
    begins: tuple[scopes.Concern, ...]


class Found(NamedTuple):
    """A deviation of one event; `subject` tells what may dissolve it."""

    entry: Entry
    deviation: Deviation
    subject: str = ""


@dataclass(slots=True)
class Changes:
    """What a slice changes: keys of touched states in `Memory`, and rows to add."""

    orders: dict[str, int] = field(default_factory=dict)  # number → position of the last change
    taken: set[tuple[str, str, str, str]] = field(default_factory=set)  # order, material, lot, unit
    made: set[tuple[str, str, str, str]] = field(default_factory=set)  # the same of its output
    lots: set[tuple[str, str]] = field(default_factory=set)
    masters: dict[tuple[str, str], Event | None] = field(default_factory=dict)
    revisions: list[tuple[str, int, Event]] = field(default_factory=list)  # key, position
    signed_out: set[str] = field(default_factory=set)
    lot_events: list[tuple[str, str, int, int]] = field(default_factory=list)
    serials: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    reversed: dict[str, int] = field(default_factory=dict)
    concerns: list[scopes.Concern] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    dissolved: list[Dissolved] = field(default_factory=list)
    reviews: list[DeviationReviewed] = field(default_factory=list)
    feed: list[tuple[str, int]] = field(default_factory=list)
    faults: list[tuple[Entry, str]] = field(default_factory=list)
    troubles: Troubles | None = None
    units: dict[str, tuple[UnitPacked | UnitClosed, int] | None] = field(default_factory=dict)


def is_of_a_set(event: Event, deviation: Deviation) -> bool:
    """Whether it is judged from all events together; two ends of one operation are."""
    if deviation.name in OF_A_SET:
        return True
    ended = deviation.name == "already_ended" and deviation.facts.get("status") == FINISHED
    return ended and isinstance(event, OperationEnded)


def subject_of(deviation: Deviation) -> str:
    """What later events may dissolve: an end that made work late, a label that was not voided."""
    facts = deviation.facts
    if deviation.name == "already_ended" and facts.get("status") == FINISHED:
        return f"operation {facts.get('operation', '')}"
    return facts.get("output", "")


def order_told(found: Found) -> str:
    """The order that a deviation of an event is of."""
    return found.deviation.facts.get("order", "") or order_of(found.entry.event)


def touch_of(entry: Entry) -> Touch:
    event = entry.event
    return Touch(entry, order_of(event), lot_told(event), tuple(scopes.begun_by(event)))


def followed_by(touch: Touch) -> list[tuple[str, str]]:
    """The (key, kind) of the concerns that an event follows."""
    event = touch.entry.event
    order = event.of if isinstance(event, DeviationReviewed) else touch.order
    followed = [(order, scopes.ORDER)] if order else []
    if material := scopes.material_of(event):
        followed.append((material, scopes.MATERIAL))
    return followed


def clash_of(event: Decision, held: Decision | None) -> Deviation | None:
    """Where a decision of the office was made without knowing of the one in force."""
    if held is None or held.revision != event.revision or held.id == event.id:
        return None
    name, sentence = _CLASHES[type(event)]
    facts = {
        "sentence": sentence,
        "order": order_of(event),
        "first": held.id,
        "first_who": held.operator or held.station,
        "first_word": _word(held),
        "second_word": _word(event),
    }
    if isinstance(event, LotStatusSet):
        facts |= {"material": event.material, "lot": event.lot}
    return Deviation(name, SEVERITIES[name], facts)


def _word(event: Decision) -> str:
    return event.status if isinstance(event, LotStatusSet) else _WORDS[type(event)]
