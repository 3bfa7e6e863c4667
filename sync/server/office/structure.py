"""What the office says of how a material is made: BOMs and routings, checked as a whole.

Pure. A fault names its line as the editor does: field `material.2` is the third row's.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Literal

import msgspec

from sync.domain.events import (
    NAME_CHARS_MAX,
    TEXT_CHARS_MAX,
    BomDefined,
    BomLine,
    Check,
    MaterialDefined,
    RoutingDefined,
    RoutingOperation,
    WorkCenterDefined,
)
from sync.domain.quantity import QuantityError, factor, shown, unit_named
from sync.drawings import DrawingError, checked_name, reference
from sync.server.office import OfficeInvalid, OfficeUnknown, _within, day
from sync.server.office.master import Amount, Name, Revision, amount, named, quantity, told
from sync.server.planning.explosion import cycle_through
from sync.server.wording import Said

LINES_COUNT_MAX: Final = 500
OPERATIONS_COUNT_MAX: Final = 100
STEPS_COUNT_MAX: Final = 50
SUBSTITUTES_COUNT_MAX: Final = 20
PERCENT_MAX: Final = 1_000
SECONDS_MAX: Final = 8_640_000
CHECK_CHARS_MAX: Final = 80
_CHECK: Final = re.compile(
    r"(?P<text>[^=]{1,80}?)\s*=\s*(?P<lowest>-?\d{1,12}([.,]\d{1,6})?)?\s*\.\.\s*"
    r"(?P<highest>-?\d{1,12}([.,]\d{1,6})?)?(\s+(?P<unit>\S{1,12}))?\Z",
    re.ASCII,
)
Words = Annotated[str, msgspec.Meta(max_length=TEXT_CHARS_MAX)]


class BomLineWanted(msgspec.Struct, frozen=True):
    """One component, or one by-product, for the BOM's base quantity."""

    material: Name
    quantity: Amount
    unit: Name = ""
    operation: Name = ""
    scrap_percent: Amount = "0"
    tolerance_percent: Amount = "0"
    limit_percent: Amount = "110"
    backflush: bool = False
    substitutes: Annotated[tuple[Name, ...], msgspec.Meta(max_length=SUBSTITUTES_COUNT_MAX)] = ()


class BomWanted(msgspec.Struct, frozen=True):
    """A BOM as it shall be from the day `valid_from` on; `revision` is what it was made of."""

    material: Name
    quantity: Amount
    unit: Name = ""
    lines: Annotated[tuple[BomLineWanted, ...], msgspec.Meta(max_length=LINES_COUNT_MAX)] = ()
    by_products: Annotated[tuple[BomLineWanted, ...], msgspec.Meta(max_length=LINES_COUNT_MAX)] = ()
    valid_from: Annotated[str, msgspec.Meta(max_length=10)] = ""
    note: Words = ""
    active: bool = True
    revision: Revision = 0


class OperationWanted(msgspec.Struct, frozen=True):
    """One operation; `checks` as `Diameter = 19.98..20.02 mm`, `run_seconds` for one base unit."""

    operation: Name
    work_center: Name
    name: Name
    setup_seconds: Annotated[int, msgspec.Meta(ge=0, le=SECONDS_MAX)] = 0
    run_seconds: Amount = "0"
    count: Literal["planned", "ask"] = "planned"
    steps: Annotated[tuple[Words, ...], msgspec.Meta(max_length=STEPS_COUNT_MAX)] = ()
    checks: Annotated[tuple[Words, ...], msgspec.Meta(max_length=STEPS_COUNT_MAX)] = ()
    drawing: Words = ""


class RoutingWanted(msgspec.Struct, frozen=True):
    """A routing as it shall be; `revision` is the one that it was made of."""

    material: Name
    operations: Annotated[
        tuple[OperationWanted, ...], msgspec.Meta(max_length=OPERATIONS_COUNT_MAX)
    ] = ()
    active: bool = True
    revision: Revision = 0


def bom(
    wanted: BomWanted,
    materials: Mapping[str, MaterialDefined],
    boms: Iterable[BomDefined],
    routing: RoutingDefined | None,
) -> BomDefined:
    """The BOM's next revision; `boms` are all others that hold on some day.

    Raises `OfficeUnknown`, `OfficeInvalid`; a circle is told by all its materials.
    """
    output = _material(wanted.material, materials, "material")
    base = quantity("quantity", wanted.quantity, wanted.unit or output.unit)
    _fits("quantity", base.unit, output)
    steps = {one.operation for one in routing.operations} if routing and routing.active else set()
    made = BomDefined(
        material=output.material,
        revision=wanted.revision + 1,
        quantity=base,
        lines=tuple(_line(n, one, materials, steps) for n, one in enumerate(wanted.lines)),
        active=wanted.active,
        valid_from=day("valid_from", wanted.valid_from),
        by_products=tuple(
            _line(n, one, materials, steps, "beside_") for n, one in enumerate(wanted.by_products)
        ),
        note=_within("note", wanted.note, TEXT_CHARS_MAX, lines=True),
    )
    if wanted.active and not made.lines:
        raise OfficeInvalid(Said("bom.empty"), "material.0")
    _once(made)
    _no_circle(made, boms)
    return made


def routing(
    wanted: RoutingWanted,
    materials: Mapping[str, MaterialDefined],
    centers: Mapping[str, WorkCenterDefined],
    boms: Iterable[BomDefined],
) -> RoutingDefined:
    """The routing's next revision; `boms` are those of its material that may count.

    Raises `OfficeUnknown`, `OfficeInvalid`.
    """
    output = _material(wanted.material, materials, "material")
    steps = tuple(_operation(n, one, centers) for n, one in enumerate(wanted.operations))
    if wanted.active and not steps:
        raise OfficeInvalid(Said("routing.empty"), "name.0")
    numbers = [one.operation for one in steps]
    twice = next((n for n, one in enumerate(numbers) if one in numbers[:n]), None)
    if twice is not None:
        said = Said("routing.twice", operation=numbers[twice])
        raise OfficeInvalid(said, f"operation.{twice}")
    used = {line.operation for one in boms if one.active for line in one.lines} - {"", *numbers}
    if used and wanted.active:
        raise OfficeInvalid(
            Said("routing.used", material=output.material, used=told(used)),
            "operation.0",
        )
    revision = wanted.revision + 1
    return RoutingDefined(
        material=output.material, revision=revision, operations=steps, active=wanted.active
    )


def check_of(written: str, field: str = "checks") -> Check:
    """`Diameter = 19.98..20.02 mm` as a check; raises `OfficeInvalid`."""
    read = _CHECK.match(written.strip())
    if read is None:
        said = Said("check.none", written=written[:40])
        raise OfficeInvalid(said, field)
    limits = [(read[name] or "").replace(",", ".") for name in ("lowest", "highest")]
    if all(limits) and float(limits[0]) > float(limits[1]):
        raise OfficeInvalid(Said("check.limits", written=written[:40]), field)
    unit = read["unit"] or ""
    code = unit_named(unit)
    told_unit = code if shown(code) != code else unit
    return Check(read["text"], read["text"], told_unit, limits[0], limits[1])


def check_text(check: Check) -> str:
    """A check as people write it."""
    return f"{check.text} = {check.lowest}..{check.highest} {shown(check.unit)}".rstrip()


def _line(
    n: int,
    wanted: BomLineWanted,
    materials: Mapping[str, MaterialDefined],
    operations: set[str],
    prefix: str = "",
) -> BomLine:
    component = _material(wanted.material, materials, f"{prefix}material.{n}")
    field = f"{prefix}quantity.{n}"
    amount_of = quantity(field, wanted.quantity, wanted.unit or component.unit)
    _fits(f"{prefix}unit.{n}", amount_of.unit, component)
    operation = wanted.operation.strip()
    if operation and operation not in operations:
        known = told(operations) or Said("word.none")
        said = Said("bom.operation", operation=operation[:20], known=known)
        raise OfficeInvalid(said, f"{prefix}operation.{n}")
    others = tuple(dict.fromkeys(one.strip() for one in wanted.substitutes if one.strip()))
    for other in others:
        item = _material(other, materials, f"{prefix}substitutes.{n}")
        _fits(f"{prefix}substitutes.{n}", amount_of.unit, item)
        if other == component.material:
            said = Said("bom.itself", other=other)
            raise OfficeInvalid(said, f"{prefix}substitutes.{n}")
    return BomLine(
        material=component.material,
        quantity=amount_of,
        operation=operation,
        tolerance_percent=_percent(f"{prefix}tolerance_percent.{n}", wanted.tolerance_percent, "0"),
        limit_percent=_percent(f"{prefix}limit_percent.{n}", wanted.limit_percent, "110"),
        scrap_percent=_percent(f"{prefix}scrap_percent.{n}", wanted.scrap_percent, "0"),
        backflush=wanted.backflush,
        substitutes=others,
    )


def _operation(
    n: int, wanted: OperationWanted, centers: Mapping[str, WorkCenterDefined]
) -> RoutingOperation:
    center = centers.get(wanted.work_center)
    if center is None or not center.active:
        said = Said("work_center.unknown", work_center=wanted.work_center[:40])
        raise OfficeUnknown(said, f"work_center.{n}")
    return RoutingOperation(
        operation=named(f"operation.{n}", wanted.operation),
        work_center=center.work_center,
        name=_within(f"name.{n}", wanted.name, NAME_CHARS_MAX) or center.name,
        setup_seconds=wanted.setup_seconds,
        run_seconds=amount(f"run_seconds.{n}", wanted.run_seconds or "0", SECONDS_MAX),
        count=wanted.count,
        steps=tuple(
            _within(f"steps.{n}", one, TEXT_CHARS_MAX) for one in wanted.steps if one.strip()
        ),
        checks=tuple(check_of(one, f"checks.{n}") for one in wanted.checks if one.strip()),
        drawing=_drawing(n, wanted.drawing),
    )


def _drawing(n: int, written: str) -> str:
    text = _within(f"drawing.{n}", written, TEXT_CHARS_MAX)
    told_by = reference(text)
    if told_by is not None and told_by.name:
        try:
            checked_name(told_by.name)
        except DrawingError as fault:
            raise OfficeInvalid(Said("drawing.name", fault=fault), f"drawing.{n}") from None
    return text


def _percent(field: str, written: str, default: str) -> str:
    return amount(field, written or default, PERCENT_MAX)


def _material(name: str, materials: Mapping[str, MaterialDefined], field: str) -> MaterialDefined:
    found = materials.get(name.strip())
    if found is None or not found.active:
        said = Said("material.make", name=name[:40])
        raise OfficeUnknown(said, field)
    return found


def _fits(field: str, unit: str, item: MaterialDefined) -> None:
    try:
        factor(unit, item.unit, item.conversions)
    except QuantityError as fault:
        said = Said("bom.unit", material=item.material, fault=fault, unit=shown(item.unit))
        raise OfficeInvalid(said, field) from None


def _once(made: BomDefined) -> None:
    """One line of a component at an operation: two would book twice."""
    seen: set[tuple[str, str]] = set()
    for n, line in enumerate(made.lines):
        key = (line.material, line.operation)
        if key in seen:
            said = Said("bom.twice", material=line.material)
            raise OfficeInvalid(said, f"material.{n}")
        seen.add(key)


def _no_circle(made: BomDefined, boms: Iterable[BomDefined]) -> None:
    if not made.active:
        return
    parts: dict[str, set[str]] = {}
    for one in (*boms, made):
        if one.active:
            parts.setdefault(one.material, set()).update(line.material for line in one.lines)
    circle = cycle_through(parts, (made.material,))
    if circle:
        said = Said("bom.circle", circle=" > ".join(circle))
        raise OfficeInvalid(said, "material.0")
