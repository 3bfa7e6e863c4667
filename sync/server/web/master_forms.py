"""The home of the forms of master data: fields to what is wanted, what stands back to fields."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sync.domain.events import (
    BomDefined,
    BomLine,
    MaterialDefined,
    RoutingDefined,
    WorkCenterDefined,
)
from sync.domain.quantity import shown
from sync.server.office import OfficeInvalid
from sync.server.office.master import COUNT_MAX, MaterialWanted, WorkCenterWanted
from sync.server.office.structure import (
    SECONDS_MAX,
    BomLineWanted,
    BomWanted,
    OperationWanted,
    RoutingWanted,
    check_text,
)
from sync.server.web.forms import Form
from sync.server.web.frame import SECTIONS
from sync.server.wording import Said, field_word

SECTION: Final = next(one for one in SECTIONS if one.path == "/materials")
EMPTY_ROWS: Final = 2
BESIDE: Final = "beside_"
Rows = list[dict[str, str]]


def count_of(form: Mapping[str, str] | Form, name: str, most: int = COUNT_MAX) -> int:
    """A whole number, 0 for nothing; raises `OfficeInvalid`."""
    written = str(form[name] or "0")
    if not (written.isascii() and written.isdigit() and int(written) <= most):
        raise OfficeInvalid(
            Said("number.most", what=field_word(name), written=written[:20], most=most), name
        )
    return int(written)


def material_wanted(form: Form) -> MaterialWanted:
    """Raises `OfficeInvalid`."""
    texts = ("material", "name", "unit", "gtin", "conversions", "place", "reorder_point")
    more = ("supplier", "standard_cost", "lot_size")
    return MaterialWanted(
        **{name: form[name] for name in (*texts, *more)},
        lot_controlled=form.on("lot_controlled"),
        serial_controlled=form.on("serial_controlled"),
        label_quantity=form.on("label_quantity"),
        shelf_life_days=count_of(form, "shelf_life_days"),
        lead_time_days=count_of(form, "lead_time_days"),
        active=form.on("active"),
        revision=count_of(form, "revision", 2**31),
    )


def material_fields(item: MaterialDefined) -> dict[str, str]:
    """A material as its form shows it."""
    return {
        "material": item.material,
        "name": item.name,
        "unit": shown(item.unit),
        "gtin": item.gtin,
        "lot_controlled": _tick(item.lot_controlled),
        "serial_controlled": _tick(item.serial_controlled),
        "label_quantity": _tick(item.label_quantity),
        "conversions": "; ".join(
            f"{unit}={told.partition(' ')[0]} {shown(told.partition(' ')[2])}"
            for unit, told in item.conversions.items()
        ),
        "shelf_life_days": str(item.shelf_life_days),
        "place": item.place,
        "lead_time_days": str(item.lead_time_days),
        "reorder_point": item.reorder_point.amount if item.reorder_point else "",
        "supplier": item.supplier,
        "standard_cost": item.standard_cost,
        "lot_size": item.lot_size.amount if item.lot_size else "",
        "active": _tick(item.active),
        "revision": str(item.revision),
    }


def center_wanted(form: Form) -> WorkCenterWanted:
    """Raises `OfficeInvalid`."""
    return WorkCenterWanted(
        work_center=form["work_center"],
        name=form["name"],
        hours_per_day=form["hours_per_day"],
        calendar=form["calendar"],
        capacity=max(1, count_of(form, "capacity")),
        cost_per_hour=form["cost_per_hour"],
        active=form.on("active"),
        revision=count_of(form, "revision", 2**31),
    )


def center_fields(center: WorkCenterDefined) -> dict[str, str]:
    """A work center as its form shows it."""
    names = ("work_center", "name", "hours_per_day", "calendar", "cost_per_hour")
    return {
        **{name: getattr(center, name) for name in names},
        "capacity": str(center.capacity),
        "active": _tick(center.active),
        "revision": str(center.revision),
    }


def bom_rows(form: Form) -> tuple[Rows, Rows]:
    """The rows of components and of by-products as filled, those to be removed left out."""
    rows = list(form.rows())
    lines = [row for row in rows if _told(row, "") and not row.get("gone")]
    beside = [
        {name.removeprefix(BESIDE): value for name, value in row.items() if name.startswith(BESIDE)}
        for row in rows
        if _told(row, BESIDE) and not row.get(f"{BESIDE}gone")
    ]
    return lines, beside


def bom_wanted(form: Form) -> BomWanted:
    """Raises `OfficeInvalid`."""
    lines, beside = bom_rows(form)
    return BomWanted(
        material=form["of"],
        quantity=form["base"],
        unit=form["base_unit"],
        lines=tuple(_line(row) for row in lines),
        by_products=tuple(_line(row) for row in beside),
        valid_from=form["valid_from"],
        note=form["note"],
        active=form.on("active"),
        revision=count_of(form, "revision", 2**31),
    )


def bom_fields(bom: BomDefined) -> dict[str, str]:
    """A BOM as the editor's form has it."""
    fields = {
        "of": bom.material,
        "base": bom.quantity.amount,
        "base_unit": shown(bom.quantity.unit),
        "valid_from": bom.valid_from,
        "note": bom.note,
        "active": _tick(bom.active),
        "revision": str(bom.revision),
    }
    for prefix, lines in (("", bom.lines), (BESIDE, bom.by_products)):
        for n, line in enumerate(lines):
            fields.update({f"{prefix}{name}.{n}": told for name, told in line_fields(line)})
    return fields


def line_fields(line: BomLine) -> Iterator[tuple[str, str]]:
    """One row's fields."""
    yield from (
        ("material", line.material),
        ("quantity", line.quantity.amount),
        ("unit", shown(line.quantity.unit)),
        ("operation", line.operation),
        ("scrap_percent", line.scrap_percent),
        ("tolerance_percent", line.tolerance_percent),
        ("limit_percent", line.limit_percent),
        ("backflush", _tick(line.backflush)),
        ("substitutes", "; ".join(line.substitutes)),
    )


def routing_rows(form: Form) -> Rows:
    """The operations as filled, those to be removed left out."""
    rows = (row for row in form.rows() if row.get("operation") or row.get("name"))
    return [row for row in rows if not row.get("gone")]


def routing_wanted(form: Form) -> RoutingWanted:
    """Raises `OfficeInvalid`."""
    rows = routing_rows(form)
    return RoutingWanted(
        material=form["of"],
        operations=tuple(_operation(n, row) for n, row in enumerate(rows)),
        active=form.on("active"),
        revision=count_of(form, "revision", 2**31),
    )


def routing_fields(routing: RoutingDefined) -> dict[str, str]:
    """A routing as the editor's form has it."""
    fields = {
        "of": routing.material,
        "active": _tick(routing.active),
        "revision": str(routing.revision),
    }
    for n, one in enumerate(routing.operations):
        told = {
            "operation": one.operation,
            "work_center": one.work_center,
            "name": one.name,
            "setup_seconds": str(one.setup_seconds),
            "run_seconds": one.run_seconds,
            "count": one.count,
            "steps": "\n".join(one.steps),
            "checks": "\n".join(check_text(check) for check in one.checks),
            "drawing": one.drawing,
        }
        fields.update({f"{name}.{n}": value for name, value in told.items()})
    return fields


def padded(rows: Sequence[Mapping[str, str]], more: int = EMPTY_ROWS) -> list[Mapping[str, str]]:
    """Rows with some empty ones behind them."""
    return [*rows, *({} for _ in range(more))]


def _told(row: Mapping[str, str], prefix: str) -> bool:
    return bool(row.get(f"{prefix}material") or row.get(f"{prefix}quantity"))


def _line(row: Mapping[str, str]) -> BomLineWanted:
    names = ("material", "quantity", "unit", "operation")
    percent = ("scrap_percent", "tolerance_percent", "limit_percent")
    fields: dict[str, Any] = {name: row.get(name, "") for name in (*names, *percent)}
    others = row.get("substitutes", "").split(";")
    return BomLineWanted(
        **fields,
        backflush=bool(row.get("backflush")),
        substitutes=tuple(one.strip() for one in others if one.strip()),
    )


def _operation(n: int, row: Mapping[str, str]) -> OperationWanted:
    setup = {f"setup_seconds.{n}": row.get("setup_seconds", "")}
    return OperationWanted(
        operation=row.get("operation", ""),
        work_center=row.get("work_center", ""),
        name=row.get("name", ""),
        setup_seconds=count_of(setup, f"setup_seconds.{n}", SECONDS_MAX),
        run_seconds=row.get("run_seconds", ""),
        count="ask" if row.get("count") == "ask" else "planned",
        steps=tuple(row.get("steps", "").splitlines()),
        checks=tuple(row.get("checks", "").splitlines()),
        drawing=row.get("drawing", ""),
    )


def _tick(on: bool) -> str:
    return "1" if on else ""
