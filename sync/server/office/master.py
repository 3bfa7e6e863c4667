"""What the office says of materials and work centers, and what all master data has in common.

Pure. A change names the revision that it was made of: where another one stands by now it is
refused, and who made the change sees both.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Final, TypeVar

import msgspec

from sync.domain.events import (
    NAME_CHARS_MAX,
    CalendarDefined,
    Event,
    MaterialDefined,
    RoutingDefined,
    WorkCenterDefined,
    stamped,
)
from sync.domain.quantity import (
    AMOUNT,
    MICROS_PER_ONE,
    UNIT,
    Quantity,
    QuantityError,
    factor,
    micros,
    typed,
    unit_named,
)
from sync.server.office import OfficeConflict, OfficeInvalid, _within
from sync.server.wording import Said, Value, field_word, some, somebody

COUNT_MAX: Final = 9_999
GTIN_DIGITS: Final = frozenset({8, 12, 13, 14})
DAY_HOURS_MAX: Final = 24
CONVERSIONS_COUNT_MAX: Final = 20
NAMED_MAX: Final = 3
_BASES: Final = ("KGM", "LTR", "MTR", "SEC", "C62")
_STAMP: Final = {
    "id": "", "n": 0, "act": "", "at": "", "boot": "", "mono": 0, "saw": None, "station": "",
    "operator": "", "accepted": (), "revision": 0,
}  # fmt: skip
Name = Annotated[str, msgspec.Meta(max_length=NAME_CHARS_MAX)]
Amount = Annotated[str, msgspec.Meta(max_length=20)]
Count = Annotated[int, msgspec.Meta(ge=0, le=COUNT_MAX)]
Revision = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
E = TypeVar("E", bound=Event)


class MaterialWanted(msgspec.Struct, frozen=True):
    """A material as it shall be; `conversions` as `BAG=25 kg; PALLET=1000 kg`, amounts in `unit`.

    `revision` is the one that it was made of, 0 for a new material.
    """

    material: Name
    name: Name
    unit: Name
    gtin: Name = ""
    lot_controlled: bool = True
    serial_controlled: bool = False
    label_quantity: bool = False
    conversions: Annotated[str, msgspec.Meta(max_length=1_000)] = ""
    shelf_life_days: Count = 0
    place: Name = ""
    lead_time_days: Count = 0
    reorder_point: Amount = ""
    supplier: Name = ""
    standard_cost: Amount = ""
    lot_size: Amount = ""
    active: bool = True
    revision: Revision = 0


class WorkCenterWanted(msgspec.Struct, frozen=True):
    """A work center as it shall be; `revision` is the one that it was made of, 0 for a new one."""

    work_center: Name
    name: Name
    hours_per_day: Amount = "8"
    calendar: Name = ""
    capacity: Annotated[int, msgspec.Meta(ge=1, le=COUNT_MAX)] = 1
    cost_per_hour: Amount = ""
    active: bool = True
    revision: Revision = 0


def material(
    wanted: MaterialWanted, known: Mapping[str, MaterialDefined], used_in: Collection[str]
) -> MaterialDefined:
    """The material's next revision; `used_in` are active BOMs that name it.

    Raises `OfficeInvalid`, `OfficeConflict`.
    """
    key = named("material", wanted.material)
    unit = _base_unit(wanted.unit)
    if not wanted.active and used_in:
        raise OfficeConflict(Said("material.in_boms", key=key, users=told(used_in)), "active")
    before = known.get(key)
    if before is not None and before.unit != unit:
        raise OfficeInvalid(
            Said("material.kept_in", key=key, unit=before.unit),
            "unit",
        )
    return MaterialDefined(
        material=key,
        revision=wanted.revision + 1,
        name=_within("name", wanted.name, NAME_CHARS_MAX) or key,
        unit=unit,
        gtin=_gtin(wanted.gtin, key, known),
        lot_controlled=wanted.lot_controlled,
        serial_controlled=wanted.serial_controlled,
        label_quantity=wanted.label_quantity,
        conversions=_conversions(wanted.conversions),
        shelf_life_days=wanted.shelf_life_days,
        place=_within("place", wanted.place, NAME_CHARS_MAX),
        lead_time_days=wanted.lead_time_days,
        reorder_point=_optional("reorder_point", wanted.reorder_point, unit),
        supplier=_within("supplier", wanted.supplier, NAME_CHARS_MAX),
        standard_cost=money("standard_cost", wanted.standard_cost),
        lot_size=_optional("lot_size", wanted.lot_size, unit),
        active=wanted.active,
    )


def work_center(
    wanted: WorkCenterWanted,
    calendars: Mapping[str, CalendarDefined],
    routings: Iterable[RoutingDefined],
) -> WorkCenterDefined:
    """The work center's next revision; raises `OfficeInvalid`, `OfficeConflict`."""
    key = named("work_center", wanted.work_center)
    users = sorted(
        one.material
        for one in routings
        if one.active and any(step.work_center == key for step in one.operations)
    )
    if not wanted.active and users:
        raise OfficeConflict(
            Said("work_center.in_routings", key=key, users=told(users)),
            "active",
        )
    calendar = wanted.calendar.strip()
    if calendar and (calendar not in calendars or not calendars[calendar].active):
        said = Said("calendar.unknown", calendar=calendar[:40])
        raise OfficeInvalid(said, "calendar")
    return WorkCenterDefined(
        work_center=key,
        revision=wanted.revision + 1,
        name=_within("name", wanted.name, NAME_CHARS_MAX) or key,
        hours_per_day=_hours(wanted.hours_per_day),
        active=wanted.active,
        calendar=calendar,
        capacity=wanted.capacity,
        cost_per_hour=money("cost_per_hour", wanted.cost_per_hour),
    )


def next_revision(event: E, known: E | None, seen: int, who: str) -> E | None:
    """The event to append, None where nothing changes.

    `seen` is the revision that it was made of, `who` made the one that stands. Raises
    `OfficeConflict` where that is another one.
    """
    standing = getattr(known, "revision", 0)
    if known is not None and stamped(event, **_STAMP) == stamped(known, **_STAMP):
        return None
    if standing != seen:
        key = next(iter(event.__struct_fields__))
        said = Said("register.saved", who=somebody(who), standing=standing, seen=seen)
        raise OfficeConflict(said, key)
    return msgspec.structs.replace(event, revision=standing + 1)


def named(field: str, written: str) -> str:
    """A key that people type and codes carry; raises `OfficeInvalid`."""
    key = _within(field, written, NAME_CHARS_MAX)
    if not key:
        raise OfficeInvalid(Said("text.empty", what=field_word(field)), field)
    return key


def amount(field: str, written: str, most: int | None = None) -> str:
    """Decimal text, not below 0, with a comma or a point; raises `OfficeInvalid`."""
    text = written.strip().replace(",", ".")
    if not AMOUNT.match(text) or text.startswith("-"):
        raise OfficeInvalid(
            Said("amount.none", what=field_word(field), written=written[:20]), field
        )
    if most is not None and micros(text) > most * MICROS_PER_ONE:
        raise OfficeInvalid(
            Said("amount.most", what=field_word(field), written=written[:20], most=most), field
        )
    return text


def money(field: str, written: str) -> str:
    """Decimal text or nothing; raises `OfficeInvalid`."""
    return amount(field, written) if written.strip() else ""


def quantity(field: str, written: str, unit: str) -> Quantity:
    """`12.5`, or `12.5 kg`, above 0; raises `OfficeInvalid`."""
    number, _, own = written.strip().partition(" ")
    try:
        found = typed(number, unit_named(own or unit))
    except QuantityError as fault:
        raise OfficeInvalid(
            Said("amount.unread", what=field_word(field), fault=fault), field
        ) from None
    if found.micros <= 0:
        raise OfficeInvalid(
            Said("amount.nothing", what=field_word(field), written=written[:20]), field
        )
    if not UNIT.match(found.unit):
        raise OfficeInvalid(Said("unit.code", unit=found.unit[:20]), field)
    return found


def told(names: Iterable[str]) -> Value:
    """Some names in a sentence, the first three and how many more."""
    all_of = tuple(sorted(names))
    return some(all_of[:NAMED_MAX], len(all_of) - NAMED_MAX)


def _optional(field: str, written: str, unit: str) -> Quantity | None:
    return quantity(field, written, unit) if written.strip() else None


def _base_unit(written: str) -> str:
    unit = unit_named(written)
    if not any(_converts(unit, base) for base in _BASES):
        raise OfficeInvalid(Said("unit.base", written=written[:20]), "unit")
    return unit


def _converts(unit: str, base: str) -> bool:
    try:
        return bool(factor(unit, base))
    except QuantityError:
        return False


def _gtin(written: str, key: str, known: Mapping[str, MaterialDefined]) -> str:
    """GS1 General Specifications 7.9; raises `OfficeInvalid`."""
    gtin = written.strip()
    if not gtin:
        return ""
    if not (gtin.isascii() and gtin.isdigit() and len(gtin) in GTIN_DIGITS):
        raise OfficeInvalid(Said("gtin.digits", gtin=gtin[:20]), "gtin")
    digits = [int(digit) for digit in reversed(gtin)]
    if sum(digit * (3 if n % 2 else 1) for n, digit in enumerate(digits)) % 10:
        raise OfficeInvalid(Said("gtin.check", gtin=gtin), "gtin")
    owner = next((one.material for one in known.values() if one.gtin == gtin), key)
    if owner != key:
        raise OfficeInvalid(Said("gtin.taken", gtin=gtin, owner=owner), "gtin")
    return gtin


def _conversions(written: str) -> dict[str, str]:
    """`BAG=25 kg; PALLET=1000 kg` as factors; raises `OfficeInvalid`."""
    found: dict[str, str] = {}
    for part in (one.strip() for one in written.replace("\n", ";").split(";") if one.strip()):
        name, _, rest = part.partition("=")
        number, _, base = rest.strip().partition(" ")
        unit, into, text = unit_named(name), unit_named(base), number.replace(",", ".")
        good = UNIT.match(unit) and UNIT.match(into) and AMOUNT.match(text)
        if not good or micros(text) <= 0 or len(found) >= CONVERSIONS_COUNT_MAX:
            said = Said("conversion.none", part=part[:30], most=CONVERSIONS_COUNT_MAX)
            raise OfficeInvalid(said, "conversions")
        found[unit] = f"{text} {into}"
    return found


def _hours(written: str) -> str:
    return amount("hours_per_day", written or "8", DAY_HOURS_MAX)
