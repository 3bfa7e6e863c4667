"""Master data: materials, BOMs, routings, work centers, people, reasons, number ranges."""

from typing import Literal

from msgspec import field

from sync.domain.events.base import Count, Date, Event, Name, Part, Text
from sync.domain.quantity import Quantity


class MaterialDefined(Event, frozen=True, kw_only=True):
    """An item: `conversions` maps a unit to an amount of another, as `{"BAG": "25 KGM"}`.

    `standard_cost` is of one base unit; orders come in multiples of `lot_size` where one is set.
    """

    material: Name
    revision: Count
    name: Name
    unit: Name
    gtin: Name = ""
    lot_controlled: bool = True
    serial_controlled: bool = False
    label_quantity: bool = False
    conversions: dict[str, str] = field(default_factory=dict)
    shelf_life_days: Count = 0
    place: Name = ""
    lead_time_days: Count = 0
    reorder_point: Quantity | None = None
    supplier: Name = ""
    standard_cost: Name = ""
    active: bool = True
    lot_size: Quantity | None = None


class BomLine(Part, frozen=True):
    """One component for the BOM's base quantity; tolerance and scrap in percent."""

    material: Name
    quantity: Quantity
    operation: Name = ""
    tolerance_percent: Name = "0"
    limit_percent: Name = "110"
    scrap_percent: Name = "0"
    backflush: bool = False
    substitutes: tuple[str, ...] = ()


class BomDefined(Event, frozen=True, kw_only=True):
    """A revision holds from the day `valid_from` on, the highest that holds counts.

    `by_products` come out beside the material, for the same base quantity.
    """

    material: Name
    revision: Count
    quantity: Quantity
    lines: tuple[BomLine, ...] = ()
    active: bool = True
    valid_from: Date = ""
    by_products: tuple[BomLine, ...] = ()
    note: Text = ""


class Check(Part, frozen=True):
    """A value to be recorded, with its limits as decimal text."""

    check: Name
    text: Text
    unit: Name = ""
    lowest: Name = ""
    highest: Name = ""


class RoutingOperation(Part, frozen=True):
    """A routing step at a work center; times in seconds; `ask` where DONE wants a number."""

    operation: Name
    work_center: Name
    name: Name
    setup_seconds: Count = 0
    run_seconds: Name = "0"
    count: Literal["planned", "ask"] = "planned"
    steps: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    drawing: Text = ""


class RoutingDefined(Event, frozen=True, kw_only=True):
    material: Name
    revision: Count
    operations: tuple[RoutingOperation, ...] = ()
    active: bool = True


class WorkCenterDefined(Event, frozen=True, kw_only=True):
    """`hours_per_day` holds where no `calendar` is named; `capacity` orders run side by side."""

    work_center: Name
    revision: Count
    name: Name
    hours_per_day: Name = "8"
    active: bool = True
    calendar: Name = ""
    capacity: Count = 1
    cost_per_hour: Name = ""


class OperatorDefined(Event, frozen=True, kw_only=True):
    """A person; `badge` is the random number on the card, `pin` a salted hash or empty."""

    person: Name
    revision: Count
    name: Name
    badge: Name
    role: Literal["operator", "supervisor"] = "operator"
    pin: Text = ""
    active: bool = True


TimeGroup = Literal["", "delay", "down", "setup", "preventive", "corrective"]
"""Where a stop's time counts by ISO 22400-2: ADET, ADOT, AUST, preventive, corrective maintenance.
"""


class ReasonDefined(Event, frozen=True, kw_only=True):
    """Why something was scrapped, ended short, paused or stopped; `time_group` is of stops."""

    reason: Name
    revision: Count
    text: Text
    group: Literal["scrap", "short", "pause", "downtime", "reprint"] = "scrap"
    active: bool = True
    time_group: TimeGroup = ""


class NumbersGranted(Event, frozen=True, kw_only=True):
    """A range of numbers, first to last inclusive, for one origin alone.

    `prefix` stands before each number of a range of SSCCs (GS1 General Specifications 3.2): the
    extension digit and the company prefix. It is empty where numbers are in-house ones.
    """

    origin: Name
    kind: Name
    first: Count
    last: Count
    prefix: Name = ""
