"""Labels and logistic units (GS1 SSCC, or in-house numbers)."""

from sync.domain.events.base import Count, Event, Id, Name, Text
from sync.domain.quantity import Quantity


class LabelEvent(Event, frozen=True, kw_only=True):
    """`of` names the event that the label tells; `label` is its number at the station."""

    label: Name
    of: Id
    order: Name = ""


class LabelRequested(LabelEvent, frozen=True, kw_only=True):
    """Somebody asked for a copy; `printer` and `template` are named where they were chosen."""

    printer: Name = ""
    template: Name = ""
    reason: Text = ""


class LabelPrinted(LabelEvent, frozen=True, kw_only=True):
    """It came out. `request` is the id of the `LabelRequested` that it answers, empty at first."""

    printer: Name = ""
    template: Name = ""
    copy_number: Count = 0
    reason: Text = ""
    request: Id = ""


class LabelDoubted(LabelEvent, frozen=True, kw_only=True):
    """It may have come out, a person has to look. `request` as in `LabelPrinted`."""

    printer: Name = ""
    why: Text = ""
    request: Id = ""


class LabelVoided(LabelEvent, frozen=True, kw_only=True):
    reason: Text = ""


class UnitPacked(Event, frozen=True, kw_only=True):
    """A lot, a piece or a lower unit goes onto a logistic unit (SSCC, or an in-house number)."""

    unit: Name
    order: Name = ""
    material: Name = ""
    lot: Name = ""
    quantity: Quantity | None = None
    packed_unit: Name = ""
    serial: Name = ""


class UnitClosed(Event, frozen=True, kw_only=True):
    unit: Name
    order: Name = ""
