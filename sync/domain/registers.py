"""The home of which events are registers of one thing, of which the highest revision holds."""

from collections.abc import Mapping
from typing import Final

from sync.domain.events import (
    BomDefined,
    CalendarDefined,
    DemandDefined,
    Event,
    MaterialDefined,
    OperatorDefined,
    ReasonDefined,
    ReceiptScheduled,
    RoutingDefined,
    WorkCenterDefined,
)

REGISTERS: Final[Mapping[type[Event], tuple[str, str]]] = {
    MaterialDefined: ("materials", "material"),
    BomDefined: ("boms", "material"),
    RoutingDefined: ("routings", "material"),
    WorkCenterDefined: ("work_centers", "work_center"),
    OperatorDefined: ("operators", "person"),
    ReasonDefined: ("reasons", "reason"),
    DemandDefined: ("demands", "demand"),
    ReceiptScheduled: ("receipts", "receipt"),
    CalendarDefined: ("calendars", "calendar"),
}
"""Where each register of master data stands in a Shop, and the field that names it."""

REVISED: Final = (
    MaterialDefined,
    BomDefined,
    RoutingDefined,
    WorkCenterDefined,
    CalendarDefined,
)
"""Registers of which every revision is kept: what planning reads, and people edit."""
