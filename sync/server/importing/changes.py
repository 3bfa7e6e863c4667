"""What an import would do, said field by field: the dry run that a person reads before it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from sync.domain.events import Event, LotStatusSet, MaterialReceived, OrderHeader
from sync.domain.quantity import Quantity
from sync.domain.registers import REGISTERS
from sync.server.importing.master import STAMP, Current

TEXT_CHARS_MAX: Final = 200
SECRETS: Final = frozenset({"pin", "badge"})
_HIDDEN: Final = "•••"
_UNSAID: Final = frozenset({*STAMP, "type", "revision"})


class FieldChange(msgspec.Struct, frozen=True):
    """One field as it stands and as it would be."""

    field: str
    before: str
    after: str


class Change(msgspec.Struct, frozen=True):
    """One event that the import would append: `is_new` where nothing of that name stands."""

    type: str
    key: str
    is_new: bool
    fields: tuple[FieldChange, ...]


def changes_of(events: Iterable[Event], current: Current) -> tuple[Change, ...]:
    """Each event against what stands, in the order of the import."""
    standing: dict[tuple[str, str], Event] = {}
    found = []
    for event in events:
        kind, key = _register_of(event)
        before = standing.get((kind, key)) or _known(event, key, current)
        standing[kind, key] = event
        found.append(Change(type(event).__name__, key, before is None, _fields(before, event)))
    return tuple(found)


def _register_of(event: Event) -> tuple[str, str]:
    """What is told of: orders by number, lots by material and lot, all else by its register."""
    if isinstance(event, OrderHeader):
        return "order", event.order
    if isinstance(event, MaterialReceived | LotStatusSet):
        return type(event).__name__, f"{event.material} {event.lot}"
    register, field = REGISTERS[type(event)]
    return register, str(getattr(event, field))


def _known(event: Event, key: str, current: Current) -> Event | None:
    if isinstance(event, OrderHeader):
        order = current.orders.get(key)
        return order.header if order else None
    if type(event) not in REGISTERS:
        return None
    held: Mapping[str, Event] = getattr(current, REGISTERS[type(event)][0])
    return held.get(key)


def _fields(before: Event | None, after: Event) -> tuple[FieldChange, ...]:
    names = [name for name in after.__struct_fields__ if name not in _UNSAID]
    changed = []
    for name in names:
        old, new = getattr(before, name, None), getattr(after, name)
        if old != new and not (before is None and _is_empty(new)):
            said = _hidden if name in SECRETS else _said
            changed.append(FieldChange(name, said(old), said(new)))
    return tuple(changed)


def _hidden(value: Any) -> str:
    return _HIDDEN if value else ""


def _is_empty(value: Any) -> bool:
    return value in ("", 0, None, (), {}, False)


def _said(value: Any) -> str:
    """A value in one line; parts of a BOM or a routing each by what names them."""
    if value is None or value == "":
        return ""
    if isinstance(value, Quantity):
        return str(value)
    if isinstance(value, tuple):
        text = "; ".join(_said(one) for one in value)
    elif isinstance(value, dict):
        text = "; ".join(f"{name}={_said(one)}" for name, one in value.items())
    elif isinstance(value, msgspec.Struct):
        told = [_said(getattr(value, name)) for name in value.__struct_fields__]
        text = " ".join(one for one in told if one)
    else:
        text = ("no", "yes")[value] if isinstance(value, bool) else str(value)
    return text if len(text) <= TEXT_CHARS_MAX else text[: TEXT_CHARS_MAX - 1] + "…"
