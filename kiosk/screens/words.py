"""Events in people's words, for the outbox: what was done, to what, how much."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from kiosk.dialog.people import name_of
from kiosk.screens.text import Label
from kiosk.texts.forms import Forms
from sync.domain.events import (
    ClockJumped,
    Event,
    EventReversed,
    MaterialConsumed,
    MaterialDisposed,
    OperationEnded,
    OperationReported,
    UnitPacked,
)
from sync.domain.quantity import Quantity, shown
from sync.domain.rules_repair import work_center_name
from sync.domain.shop import Shop

NOTHING: Final = "–"


def told(event: Event, shop: Shop, label: Label, forms: Forms = Forms()) -> str:  # noqa: B008
    """One event in a short sentence; the human name first, the code second."""
    key = f"told_{type(event).__name__}"
    variant = _VARIANTS.get(type(event))
    if variant is not None and (more := variant(event)):
        key = f"{key}_{more}"
    sentence = label(key, **facts_of(event, shop, label, forms))
    return label("told_other", kind=type(event).__name__) if sentence == key.upper() else sentence


def facts_of(event: Event, shop: Shop, label: Label, forms: Forms) -> dict[str, str]:
    """Every field of an event as people read it: names for codes, amounts with their units."""
    found = {name: _shown(value, forms) for name, value in msgspec.structs.asdict(event).items()}
    found["person"] = name_of(shop, found.get("giver") or event.operator)
    found["why"] = _why(found.get("reason", ""), shop, label)
    if "material" in found:
        found["material"] = material(found["material"], shop)
    if "work_center" in found:
        found["work_center"] = work_center_name(shop, found["work_center"])
    if "value" in found:
        found["value"] = forms.told(f"{found['value']} {shown(found.get('unit', ''))}".rstrip())
    for name in ("lot", "operation"):
        found[name] = found.get(name) or NOTHING
    if isinstance(event, ClockJumped):
        found["span"] = span(abs(event.seconds), label)
    return found


def material(code: str, shop: Shop) -> str:
    """A material by name."""
    known = shop.materials.get(code)
    return known.name if known else code


def reason(code: str, shop: Shop) -> str:
    """A reason in its text; "" for none."""
    known = shop.reasons.get(code)
    return known.text if known else code


def span(seconds: int, label: Label) -> str:
    """A duration in the unit that people would say it in."""
    return _span(seconds, "span", label)


def ago(seconds: float, label: Label) -> str:
    """How long ago something was, short: `3 min`."""
    return _span(int(seconds), "ago", label)


def _span(seconds: int, kind: str, label: Label) -> str:
    unit, name = next(one for one in _UNITS if seconds >= 2 * one[0] or one[0] == 1)
    return label(f"{kind}_{name}", count=round(seconds / unit))


def _why(code: str, shop: Shop, label: Label) -> str:
    return label("told_why", reason=reason(code, shop)) if code else ""


def _shown(value: object, forms: Forms) -> str:
    return forms.told(str(value)) if isinstance(value, Quantity) else str(value)


_UNITS: Final[tuple[tuple[int, str], ...]] = (
    (86_400, "days"),
    (3_600, "hours"),
    (60, "minutes"),
    (1, "seconds"),
)
# Which of several sentences an event has; "" is the plain one.
_VARIANTS: Final[dict[type[Event], Callable[[Any], str]]] = {
    OperationReported: lambda event: "scrap" if event.scrap else "",
    OperationEnded: lambda event: "short" if event.short else "",
    MaterialConsumed: lambda event: "scrap" if event.scrapped else "",
    MaterialDisposed: lambda event: event.disposition,
    EventReversed: lambda event: "order" if event.order else "",
    UnitPacked: lambda event: "unit" if event.packed_unit else "",
    ClockJumped: lambda event: "ahead" if event.seconds > 0 else "back",
}
