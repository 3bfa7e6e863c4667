"""Events in people's words, for the outbox: what was done, to what, how much."""

from collections.abc import Callable
from typing import Any, Final

from sync.domain.events import (
    CheckRecorded,
    ClockJumped,
    DowntimeEnded,
    DowntimeStarted,
    Event,
    EventReversed,
    HandoverSigned,
    HelpAnswered,
    HelpCalled,
    JournalSalvaged,
    LabelDoubted,
    LabelPrinted,
    LabelVoided,
    MaterialConsumed,
    MaterialDisposed,
    MaterialProduced,
    MaterialReturned,
    OperationEnded,
    OperationPaused,
    OperationReported,
    OperationResumed,
    OperationStarted,
    OperatorJoined,
    OperatorLeft,
    OperatorSignedIn,
    OperatorSignedOut,
    SetupEnded,
    StepConfirmed,
)
from sync.domain.shop import Shop

Say = Callable[[Any, Shop], str]


def told(event: Event, shop: Shop) -> str:
    """One event in a short sentence; the human name first, the code second."""
    say = _SAYINGS.get(type(event))
    return say(event, shop) if say else type(event).__name__


def person(name: str, shop: Shop) -> str:
    """A person by name."""
    known = shop.operators.get(name)
    return known.name if known else name


def material(code: str, shop: Shop) -> str:
    """A material by name."""
    known = shop.materials.get(code)
    return known.name if known else code


def reason(code: str, shop: Shop) -> str:
    """A reason in its text, behind a comma."""
    known = shop.reasons.get(code)
    return f", {known.text if known else code}" if code else ""


def _consumed(event: MaterialConsumed, shop: Shop) -> str:
    what = f"{event.quantity} {material(event.material, shop)}, lot {event.lot or '–'}"
    if event.scrapped:
        return f"{what}: scrapped{reason(event.reason, shop)}, order {event.order}"
    return f"{what}: into order {event.order}"


def _produced(event: MaterialProduced, shop: Shop) -> str:
    what = f"{event.quantity} {material(event.material, shop)}"
    return f"{what}: made by order {event.order}, lot {event.lot}"


def _disposed(event: MaterialDisposed, shop: Shop) -> str:
    where = {"scrap": "scrapped", "rework": "to rework", "hold": "on hold"}[event.disposition]
    what = f"{event.quantity} {material(event.material, shop)}: {where}"
    return f"{what}{reason(event.reason, shop)}, order {event.order}"


def _reported(event: OperationReported, shop: Shop) -> str:
    scrap = f", {event.scrap} scrap{reason(event.reason, shop)}" if event.scrap else ""
    return f"{event.good} good{scrap}: operation {event.operation} of {event.order}"


def _ended(event: OperationEnded, shop: Shop) -> str:
    short = f", {event.short} short{reason(event.reason, shop)}" if event.short else ""
    return f"operation {event.operation} of {event.order} ended{short}"


def _returned(event: MaterialReturned, shop: Shop) -> str:
    what = f"{event.quantity} {material(event.material, shop)}, lot {event.lot}"
    return f"{what}: back from order {event.order}"


def _jumped(event: ClockJumped, _: Shop) -> str:
    way = "ahead" if event.seconds > 0 else "back"
    return f"the clock was set {span(abs(event.seconds))} {way}"


def span(seconds: int) -> str:
    """A duration in the unit that people would say it in."""
    unit, name = next(one for one in _UNITS if seconds >= 2 * one[0] or one[0] == 1)
    return f"{round(seconds / unit)} {name}"


_UNITS: Final[tuple[tuple[int, str], ...]] = (
    (86_400, "days"),
    (3_600, "hours"),
    (60, "minutes"),
    (1, "seconds"),
)
_SAYINGS: Final[dict[type[Event], Say]] = {
    OperatorSignedIn: lambda e, s: f"{person(e.operator, s)} signed in",
    OperatorSignedOut: lambda e, s: f"{person(e.operator, s)} signed out",
    OperatorJoined: lambda e, s: f"{person(e.operator, s)} joined order {e.order}",
    OperatorLeft: lambda e, s: f"{person(e.operator, s)} left order {e.order}",
    HandoverSigned: lambda e, s: f"handover by {person(e.giver, s)}",
    OperationStarted: lambda e, _: f"order {e.order} started, operation {e.operation or '–'}",
    OperationPaused: lambda e, s: f"order {e.order} paused{reason(e.reason, s)}",
    SetupEnded: lambda e, _: f"order {e.order} set up, it runs",
    OperationResumed: lambda e, _: f"order {e.order} resumed",
    OperationReported: _reported,
    OperationEnded: _ended,
    MaterialConsumed: _consumed,
    MaterialReturned: _returned,
    MaterialProduced: _produced,
    MaterialDisposed: _disposed,
    StepConfirmed: lambda e, _: f"step {e.step} of {e.order} confirmed",
    CheckRecorded: lambda e, _: f"check {e.check}: {e.value} {e.unit}, order {e.order}",
    DowntimeStarted: lambda e, s: f"{e.work_center} down{reason(e.reason, s)}",
    DowntimeEnded: lambda e, _: f"{e.work_center} runs again",
    HelpCalled: lambda e, s: f"help called to {e.work_center}{reason(e.reason, s)}",
    HelpAnswered: lambda e, _: f"help came to {e.work_center}".rstrip(),
    LabelPrinted: lambda e, _: f"label {e.label} printed, order {e.order}",
    LabelDoubted: lambda e, _: f"label {e.label} in doubt, order {e.order}",
    LabelVoided: lambda e, _: f"label {e.label} voided, order {e.order}",
    EventReversed: lambda e, s: (
        f"undone{reason(e.reason, s)}" + (f", {e.order}" if e.order else "")
    ),
    JournalSalvaged: lambda e, _: f"journal salvaged, {e.missing} events missing",
    ClockJumped: _jumped,
}
