"""The plan: production orders from planned to closed. Each group of types is one register."""

from typing import Annotated, Final, Literal

from msgspec import Meta, field

from sync.domain.events.base import Count, Date, Event, Name, Part, Text
from sync.domain.events.master import RoutingOperation
from sync.domain.quantity import Quantity

SERVED_COUNT_MAX: Final = 100


class Served(Part, frozen=True):
    """So much of an order, in its base unit, is planned for a line of demand."""

    demand: Name
    quantity: Quantity


class OrderHeader(Event, frozen=True, kw_only=True):
    """What the office may change about an order; one register of three types."""

    order: Name
    revision: Count
    material: Name
    quantity: Quantity
    due: Date = ""
    start: Date = ""
    priority: Count = 50
    note: Text = ""
    customer_reference: Name = ""
    tolerance_percent: Name = "0"
    limit_percent: Name = "110"
    serves: Annotated[tuple[Served, ...], Meta(max_length=SERVED_COUNT_MAX)] = ()


class OrderPlanned(OrderHeader, frozen=True, kw_only=True):
    pass


class ReleasedLine(Part, frozen=True):
    """A component of a released order: `quantity` is the need for the whole order, in base unit."""

    line: Name
    material: Name
    name: Name
    quantity: Quantity
    operation: Name = ""
    tolerance_percent: Name = "0"
    limit_percent: Name = "110"
    backflush: bool = False
    lot_controlled: bool = True
    serial_controlled: bool = False
    label_quantity: bool = False
    gtin: Name = ""
    place: Name = ""
    conversions: dict[str, str] = field(default_factory=dict)
    substitutes: tuple[str, ...] = ()


class LabelRule(Part, frozen=True):
    """When a label is printed, and how the output lot is numbered (`order` or `per_done`)."""

    label: Literal["none", "per_done", "per_order", "per_n", "per_serial", "per_pallet"] = (
        "per_done"
    )
    template: Name = "batch"
    per: Count = 0
    lot: Literal["order", "per_done"] = "order"


class OrderReleased(OrderHeader, frozen=True, kw_only=True):
    """All that a station needs to run the order without the server."""

    name: Name
    operations: tuple[RoutingOperation, ...] = ()
    lines: tuple[ReleasedLine, ...] = ()
    label: LabelRule = LabelRule()
    shelf_life_days: Count = 0
    serial_controlled: bool = False
    gtin: Name = ""


class OrderChanged(OrderHeader, frozen=True, kw_only=True):
    reason: Text = ""


class OrderRegister(Event, frozen=True, kw_only=True):
    order: Name
    revision: Count
    reason: Text = ""


class OrderHeld(OrderRegister, frozen=True, kw_only=True):
    pass


class OrderResumed(OrderRegister, frozen=True, kw_only=True):
    pass


class OrderClosed(OrderRegister, frozen=True, kw_only=True):
    pass


class OrderReopened(OrderRegister, frozen=True, kw_only=True):
    pass


class OrderCancelled(OrderRegister, frozen=True, kw_only=True):
    pass
