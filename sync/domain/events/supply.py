"""What the office plans with and no station needs: demand, what suppliers owe, working days."""

from sync.domain.events.base import Count, Date, Event, Name, Text
from sync.domain.quantity import Quantity


class DemandDefined(Event, frozen=True, kw_only=True):
    """A line of demand: somebody wants so much of a material by a day."""

    demand: Name
    revision: Count
    material: Name
    quantity: Quantity
    due: Date = ""
    priority: Count = 50
    customer_reference: Name = ""
    note: Text = ""
    active: bool = True


class ReceiptScheduled(Event, frozen=True, kw_only=True):
    """A scheduled receipt (APICS): so much was ordered from a supplier and is due on a day."""

    receipt: Name
    revision: Count
    material: Name
    quantity: Quantity
    due: Date = ""
    supplier: Name = ""
    reference: Name = ""
    note: Text = ""
    active: bool = True


class CalendarDefined(Event, frozen=True, kw_only=True):
    """Shifts (`06:00-14:00`) of each weekday, Monday first, and days on which nobody works."""

    calendar: Name
    revision: Count
    name: Name
    weekdays: tuple[tuple[str, ...], ...] = ()
    closed: tuple[Date, ...] = ()
    active: bool = True
