"""From checked rows to office events: what is new or changed against the present state.

Pure: the present comes in as `Current`, problems and events go out. A row that says what is known
already makes nothing, so that an import can be repeated.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

import msgspec

from sync.domain.events import (
    BomDefined,
    BomLine,
    CalendarDefined,
    Check,
    DemandDefined,
    Event,
    MaterialDefined,
    OperatorDefined,
    ReasonDefined,
    ReceiptScheduled,
    RoutingDefined,
    RoutingOperation,
    WorkCenterDefined,
    stamped,
)
from sync.domain.order import Order
from sync.domain.pin import PIN_ROUNDS, matches
from sync.domain.pin import kept as hashed
from sync.domain.quantity import (
    Quantity,
    QuantityError,
    UnitUnknown,
    convert,
)
from sync.server.importing.gtins import gtin_problems
from sync.server.importing.tables import Problem, Row
from sync.server.planning.explosion import Book, cycle, cycle_through
from sync.server.wording import Said, field_word

STAMP: Final = {
    "id": "", "n": 0, "act": "", "at": "", "boot": "", "mono": 0, "saw": None, "station": "",
    "operator": "", "accepted": (), "revision": 0,
}  # fmt: skip

KEPT: Final = (
    *("lead_time_days", "reorder_point", "supplier", "standard_cost", "lot_size"),
    *("calendar", "capacity", "cost_per_hour", "valid_from", "by_products", "note"),
)
"""Fields that a file of another system may have no column for, and must not empty then."""
TOLD_BY: Final = {"by_products": "kind"}
"""Such a field, and the column that tells it under another name."""

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Current:
    """What the server knows before the import; `lots` are micros received and unit."""

    materials: Mapping[str, MaterialDefined] = field(default_factory=dict)
    boms: Mapping[str, BomDefined] = field(default_factory=dict)
    routings: Mapping[str, RoutingDefined] = field(default_factory=dict)
    work_centers: Mapping[str, WorkCenterDefined] = field(default_factory=dict)
    operators: Mapping[str, OperatorDefined] = field(default_factory=dict)
    reasons: Mapping[str, ReasonDefined] = field(default_factory=dict)
    orders: Mapping[str, Order] = field(default_factory=dict)
    lots: Mapping[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    calendars: Mapping[str, CalendarDefined] = field(default_factory=dict)
    demands: Mapping[str, DemandDefined] = field(default_factory=dict)
    receipts: Mapping[str, ReceiptScheduled] = field(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    """The events to append, in an order that makes sense to a reader, and what hinders them."""

    events: list[Event] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def master_data(
    rows: Mapping[str, list[Row]], current: Current, outcome: Outcome, salt: str
) -> Book:
    """Add the master data that is new or changed; returns all of it as it will be then.

    `salt` is for the hashes of PINs.
    """
    materials = _materials(rows["materials.csv"], current, outcome)
    centers = _work_centers(rows["work_centers.csv"], current, outcome)
    _operators(rows["operators.csv"], current, outcome, salt)
    _reasons(rows["reasons.csv"], current, outcome)
    routings = _routings(rows["routings.csv"], current, outcome, materials, centers)
    boms = _boms(rows["boms.csv"], current, outcome, Book(materials, current.boms, routings))
    return Book(materials, boms, routings)


def same(one: Event, other: Event | None) -> bool:
    """Whether two events of one register say the same, stamps and revisions aside."""
    if other is None or type(one) is not type(other):
        return False
    return bool(stamped(one, **STAMP) == stamped(other, **STAMP))


def register(event: E, known: E | None, outcome: Outcome) -> E:
    """The event as the register's next revision, if it says something new; else the known one."""
    if known is not None and same(event, known):
        return known
    revision = getattr(known, "revision", 0) + 1
    new = msgspec.structs.replace(event, revision=revision)
    outcome.events.append(new)
    return new


def _materials(
    rows: Iterable[Row], current: Current, outcome: Outcome
) -> dict[str, MaterialDefined]:
    found = dict(current.materials)
    gtins = {item.gtin: name for name, item in found.items() if item.gtin}
    for row in rows:
        name, gtin = row.text("material"), row.text("gtin")
        outcome.problems += gtin_problems(row, gtin, gtins.get(gtin, name))
        gtins[gtin] = name
        outcome.problems += _amount_problems(row)
        known = current.materials.get(name)
        found[name] = register(kept(_material(row), known, row), known, outcome)
    return found


def kept(event: E, known: E | None, row: Row) -> E:
    """The event with what is known of the fields that the file has no column for."""
    if known is None:
        return event
    fields = {
        name: getattr(known, name)
        for name in KEPT
        if hasattr(event, name) and TOLD_BY.get(name, name) not in row.given
    }
    return msgspec.structs.replace(event, **fields)


def _amount_problems(row: Row) -> Iterable[Problem]:
    """Amounts of a material are in its base unit."""
    for column in ("reorder_point", "lot_size"):
        unit = row.text(column).partition(" ")[2]
        if unit and unit != row.text("unit"):
            yield row.problem(column, Said("import.base_unit", unit=unit, base=row.text("unit")))


def _material(row: Row) -> MaterialDefined:
    return MaterialDefined(
        material=row.text("material"),
        revision=0,
        name=row.text("name"),
        unit=row.text("unit"),
        gtin=row.text("gtin"),
        lot_controlled=row.yes("lot_controlled"),
        serial_controlled=row.yes("serial_controlled"),
        label_quantity=row.yes("label_quantity"),
        conversions=row.units("conversions"),
        shelf_life_days=row.count("shelf_life_days"),
        place=row.text("place"),
        lead_time_days=row.count("lead_time_days"),
        reorder_point=_in_unit(row, "reorder_point"),
        supplier=row.text("supplier"),
        standard_cost=row.text("standard_cost"),
        lot_size=_in_unit(row, "lot_size"),
    )


def _in_unit(row: Row, column: str) -> Quantity | None:
    return written(row, column, row.text("unit")) if row.text(column) else None


def _work_centers(
    rows: Iterable[Row], current: Current, outcome: Outcome
) -> dict[str, WorkCenterDefined]:
    found = dict(current.work_centers)
    for row in rows:
        name = row.text("work_center")
        event = WorkCenterDefined(
            work_center=name,
            revision=0,
            name=row.text("name"),
            hours_per_day=row.text("hours_per_day"),
            calendar=row.text("calendar"),
            capacity=max(1, row.count("capacity")),
            cost_per_hour=row.text("cost_per_hour"),
        )
        known = current.work_centers.get(name)
        found[name] = register(kept(event, known, row), known, outcome)
    return found


def _operators(rows: Iterable[Row], current: Current, outcome: Outcome, salt: str) -> None:
    badges = {person.badge: name for name, person in current.operators.items()}
    for row in rows:
        name, badge, pin = row.text("person"), row.text("badge"), row.text("pin")
        if badges.setdefault(badge, name) != name:
            fault = Said("import.badge", badge=badge, owner=badges[badge])
            outcome.problems.append(row.problem("badge", fault))
        if pin and not (pin.isascii() and pin.isdigit() and 4 <= len(pin) <= 12):
            outcome.problems.append(row.problem("pin", Said("import.pin")))
            continue
        known = current.operators.get(name)
        kept = known.pin if known and pin and matches(pin, known.pin) else ""
        event = OperatorDefined(
            person=name,
            revision=0,
            name=row.text("name"),
            badge=badge,
            role="supervisor" if row.text("role") == "supervisor" else "operator",
            pin=kept or (hashed(pin, salt, PIN_ROUNDS) if pin else ""),
        )
        register(event, known, outcome)


def _reasons(rows: Iterable[Row], current: Current, outcome: Outcome) -> None:
    for row in rows:
        event = msgspec.convert(
            {
                "type": "ReasonDefined",
                "revision": 0,
                **{name: row.text(name) for name in ("reason", "text", "group", "time_group")},
            },
            ReasonDefined,
        )
        register(event, current.reasons.get(event.reason), outcome)


def _grouped(rows: Iterable[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.text("material"), []).append(row)
    return groups


def unknown(row: Row, column: str, kind: str, file: str) -> Problem:
    """A reference to what neither the files nor the server know."""
    name = row.text(column)
    return row.problem(
        column, Said("import.unknown", name=name, kind=field_word(kind), file=file), (file, name)
    )


def _routings(
    rows: Iterable[Row],
    current: Current,
    outcome: Outcome,
    materials: Mapping[str, MaterialDefined],
    centers: Mapping[str, WorkCenterDefined],
) -> dict[str, RoutingDefined]:
    found = dict(current.routings)
    for material, group in _grouped(rows).items():
        if material not in materials:
            outcome.problems.append(unknown(group[0], "material", "material", "materials.csv"))
        outcome.problems += [
            unknown(row, "work_center", "work center", "work_centers.csv")
            for row in group
            if row.text("work_center") not in centers
        ]
        event = RoutingDefined(
            material=material, revision=0, operations=tuple(_operation(row) for row in group)
        )
        found[material] = register(event, current.routings.get(material), outcome)
    return found


def _operation(row: Row) -> RoutingOperation:
    return RoutingOperation(
        operation=row.text("operation"),
        work_center=row.text("work_center"),
        name=row.text("name"),
        setup_seconds=row.count("setup_seconds"),
        run_seconds=row.text("run_seconds"),
        count="ask" if row.text("count") == "ask" else "planned",
        steps=row.names("steps"),
        checks=tuple(_check(written) for written in row.names("checks")),
        drawing=row.text("drawing"),
    )


def _check(written: str) -> Check:
    text, lowest, highest, unit = written.split("\t")
    return Check(check=text, text=text, unit=unit, lowest=lowest, highest=highest)


def _boms(
    rows: Iterable[Row], current: Current, outcome: Outcome, book: Book
) -> dict[str, BomDefined]:
    found = dict(current.boms)
    lines: dict[str, list[Row]] = _grouped(rows)
    for material, group in lines.items():
        faults = [fault for row in group for fault in _bom_problems(row, group[0], book)]
        outcome.problems += faults
        if not faults:
            event = BomDefined(
                material=material,
                revision=0,
                quantity=written(group[0], "for_quantity", book.materials[material].unit),
                lines=tuple(_bom_line(row) for row in group if not _beside(row)),
                valid_from=group[0].text("valid_from"),
                by_products=tuple(_bom_line(row) for row in group if _beside(row)),
                note=group[0].text("note"),
            )
            known = current.boms.get(material)
            found[material] = register(kept(event, known, group[0]), known, outcome)
    parts = {name: {line.material for line in bom.lines} for name, bom in found.items()}
    circle = cycle(parts)
    if lines.keys().isdisjoint(circle):  # it stood before, and no row of these files is at fault
        circle = cycle_through(parts, lines)
    if circle:
        row = next(row for name in circle for row in lines.get(name, ()))
        fault = f"{' > '.join(circle)}: a material cannot contain itself; take one line out"
        outcome.problems.append(row.problem("component", fault))
    return found


def _bom_problems(row: Row, first: Row, book: Book) -> Iterable[Problem]:
    material = book.materials.get(row.text("material"))
    component = book.materials.get(row.text("component"))
    if material is None:
        yield unknown(row, "material", "material", "materials.csv")
    elif (fault := _unit_fault(written(row, "for_quantity", material.unit), material)) is not None:
        yield row.problem("for_quantity", fault)
    if row.text("note") != first.text("note"):
        yield row.problem("note", Said("import.bom_note", line=first.line))
    if row.text("valid_from") != first.text("valid_from"):
        fault = Said("import.bom_day", line=first.line)
        yield row.problem("valid_from", fault)
    if row.text("for_quantity") != first.text("for_quantity"):
        fault = Said("import.bom_base", line=first.line, amount=first.text("for_quantity"))
        yield row.problem("for_quantity", fault)
    if component is None:
        yield unknown(row, "component", "material", "materials.csv")
    elif (fault := _unit_fault(written(row, "quantity", row.text("unit")), component)) is not None:
        yield row.problem("unit", fault)
    yield from _operation_problems(row, book)
    for name in row.names("substitutes"):
        if name not in book.materials:
            fault = Said("import.no_material", name=name)
            yield row.problem("substitutes", fault, ("materials.csv", name))


def _operation_problems(row: Row, book: Book) -> Iterable[Problem]:
    routing = book.routings.get(row.text("material"))
    known = [one.operation for one in routing.operations] if routing else []
    if row.text("operation") and row.text("operation") not in known:
        text = Said(
            "import.operation",
            operation=row.text("operation"),
            material=row.text("material"),
            known=tuple(known) or Said("word.none"),
        )
        yield row.problem("operation", text, ("routings.csv", row.text("material")))


def _beside(row: Row) -> bool:
    return row.text("kind") == "by_product"


def _bom_line(row: Row) -> BomLine:
    return BomLine(
        material=row.text("component"),
        quantity=written(row, "quantity", row.text("unit")),
        operation=row.text("operation"),
        tolerance_percent=row.text("tolerance_percent"),
        limit_percent=row.text("limit_percent"),
        scrap_percent=row.text("scrap_percent"),
        backflush=row.yes("backflush"),
        substitutes=row.names("substitutes"),
    )


def written(row: Row, column: str, unit: str) -> Quantity:
    """The cell's quantity: its own unit if it names one."""
    amount, _, own = row.text(column).partition(" ")
    return Quantity(amount, own or unit)


def _unit_fault(quantity: Quantity, material: MaterialDefined) -> Said | None:
    try:
        convert(quantity, material.unit, material.conversions)
    except UnitUnknown as fault:
        return Said(
            "import.unit_fault", fault=fault, unit=material.unit, material=material.material
        )
    except QuantityError:
        return None  # a need is rounded up where six places do not hold it
    return None
