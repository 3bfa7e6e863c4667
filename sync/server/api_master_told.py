"""The home of master data as REST tells it: what stands in the shape in which it may be sent back.

Amounts are decimal text with UN/CEFACT units, money is decimal text in the site's currency.
"""

from typing import Final

import msgspec

from sync.domain.events import (
    BomDefined,
    BomLine,
    MaterialDefined,
    RoutingDefined,
    RoutingOperation,
    WorkCenterDefined,
)
from sync.domain.quantity import Quantity, QuantityError, factor, text
from sync.server.office.master import MaterialWanted, WorkCenterWanted
from sync.server.office.structure import (
    BomLineWanted,
    BomWanted,
    OperationWanted,
    RoutingWanted,
    check_text,
)
from sync.server.views.master import Revision

_MATERIAL: Final = (
    *("material", "name", "unit", "gtin", "lot_controlled", "serial_controlled"),
    *("label_quantity", "shelf_life_days", "place", "lead_time_days", "supplier"),
    *("standard_cost", "active", "revision"),
)
_LINE: Final = (
    *("material", "operation", "scrap_percent", "tolerance_percent", "limit_percent"),
    *("backflush", "substitutes"),
)
_OPERATION: Final = (
    *("operation", "work_center", "name", "setup_seconds", "run_seconds", "count", "steps"),
    "drawing",
)


class MaterialAnswer(MaterialWanted, frozen=True):
    """A material; `account` said this revision at `at`, `made` has a BOM or a routing."""

    account: str = ""
    at: str = ""
    made: bool = False


class WorkCenterAnswer(WorkCenterWanted, frozen=True):
    """A work center as it stands; `account` said this revision at `at`."""

    account: str = ""
    at: str = ""


class BomAnswer(BomWanted, frozen=True):
    """One revision of a BOM; `holding` is the one that holds today, 0: none does."""

    account: str = ""
    at: str = ""
    holding: int = 0


class RoutingAnswer(RoutingWanted, frozen=True):
    """A routing as it stands; `account` said this revision at `at`."""

    account: str = ""
    at: str = ""


def material_wanted(item: MaterialDefined) -> MaterialWanted:
    """What stands as it would be said again."""
    return MaterialWanted(
        **{name: getattr(item, name) for name in _MATERIAL},
        conversions="; ".join(f"{unit}={told}" for unit, told in item.conversions.items()),
        reorder_point=_in_base(item.reorder_point, item),
        lot_size=_in_base(item.lot_size, item),
    )


def material_answer(item: MaterialDefined, told: Revision, *, made: bool) -> MaterialAnswer:
    fields = msgspec.structs.asdict(material_wanted(item))
    return MaterialAnswer(**fields, account=told.account, at=told.at, made=made)


def work_center_wanted(center: WorkCenterDefined) -> WorkCenterWanted:
    names = WorkCenterWanted.__struct_fields__
    return WorkCenterWanted(**{name: getattr(center, name) for name in names})


def work_center_answer(center: WorkCenterDefined, told: Revision) -> WorkCenterAnswer:
    fields = msgspec.structs.asdict(work_center_wanted(center))
    return WorkCenterAnswer(**fields, account=told.account, at=told.at)


def bom_wanted(bom: BomDefined) -> BomWanted:
    return BomWanted(
        material=bom.material,
        quantity=bom.quantity.amount,
        unit=bom.quantity.unit,
        lines=tuple(map(line_wanted, bom.lines)),
        by_products=tuple(map(line_wanted, bom.by_products)),
        valid_from=bom.valid_from,
        note=bom.note,
        active=bom.active,
        revision=bom.revision,
    )


def bom_answer(bom: BomDefined, told: Revision, holding: int) -> BomAnswer:
    wanted = bom_wanted(bom)
    fields = {name: getattr(wanted, name) for name in wanted.__struct_fields__}
    return BomAnswer(**fields, account=told.account, at=told.at, holding=holding)


def line_wanted(line: BomLine) -> BomLineWanted:
    fields = {name: getattr(line, name) for name in _LINE}
    return BomLineWanted(**fields, quantity=line.quantity.amount, unit=line.quantity.unit)


def routing_wanted(routing: RoutingDefined) -> RoutingWanted:
    return RoutingWanted(
        routing.material,
        tuple(map(_operation, routing.operations)),
        routing.active,
        routing.revision,
    )


def routing_answer(routing: RoutingDefined, told: Revision) -> RoutingAnswer:
    wanted = routing_wanted(routing)
    fields = {name: getattr(wanted, name) for name in wanted.__struct_fields__}
    return RoutingAnswer(**fields, account=told.account, at=told.at)


def _operation(one: RoutingOperation) -> OperationWanted:
    fields = {name: getattr(one, name) for name in _OPERATION}
    return OperationWanted(**fields, checks=tuple(map(check_text, one.checks)))


def _in_base(quantity: Quantity | None, item: MaterialDefined) -> str:
    """An amount in the material's own unit; nothing where there is none, or no factor to it."""
    if quantity is None:
        return ""
    if quantity.unit == item.unit:
        return quantity.amount
    try:
        share = factor(quantity.unit, item.unit, item.conversions)
    except QuantityError:
        return ""
    return text(round(quantity.micros * share))
