"""Labels and logistic units (GS1 SSCC, or in-house numbers)."""

from sync.domain.events.base import Count, Event, Id, Name, Text
from sync.domain.quantity import Quantity


class LabelEvent(Event, frozen=True, kw_only=True):
    """`of` names the event that the label tells; `label` is its number at the station."""

    label: Name
    of: Id
    order: Name = ""


class LabelPrinted(LabelEvent, frozen=True, kw_only=True):
    printer: Name = ""
    template: Name = ""
    copy_number: Count = 0
    reason: Text = ""


class LabelDoubted(LabelEvent, frozen=True, kw_only=True):
    printer: Name = ""
    why: Text = ""


class LabelVoided(LabelEvent, frozen=True, kw_only=True):
    reason: Text = ""


class UnitPacked(Event, frozen=True, kw_only=True):
    """A lot quantity or a lower unit goes onto a logistic unit (SSCC, or an in-house number)."""

    unit: Name
    order: Name = ""
    material: Name = ""
    lot: Name = ""
    quantity: Quantity | None = None
    packed_unit: Name = ""


class UnitClosed(Event, frozen=True, kw_only=True):
    unit: Name
    order: Name = ""
