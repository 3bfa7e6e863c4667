"""What the office says, as events: orders planned, released, held, closed; goods received.

Pure: the present state comes in, events without a stamp go out; the desk appends them.

    OfficeError          what was asked cannot be done as it stands
    ├── OfficeUnknown    no such order or material
    ├── OfficeConflict   the order's state does not allow it, or its number is taken
    ├── OfficeInvalid    a value that cannot be taken
    └── OfficeBusy       the views do not follow the ledger in time
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Final

from sync.domain.events import (
    NAME_CHARS_MAX,
    TEXT_CHARS_MAX,
    LabelRule,
    MaterialDefined,
    MaterialReceived,
    OrderCancelled,
    OrderChanged,
    OrderClosed,
    OrderHeader,
    OrderHeld,
    OrderPlanned,
    OrderRegister,
    OrderReleased,
    OrderReopened,
    OrderResumed,
)
from sync.domain.quantity import (
    Quantity,
    QuantityError,
    convert,
    typed,
    unit_named,
    whole_if_counted,
)
from sync.server.planning.explosion import Book, operations_of, released_lines
from sync.server.wording import Said, field_word, status_word

PRIORITY_MAX: Final = 999
PROJECTION_SECONDS_MAX: Final = 30.0
ORDER_CHARS_MAX: Final = 40
ORDER_NUMBER: Final = re.compile(rf"[A-Z0-9][A-Z0-9.-]{{0,{ORDER_CHARS_MAX - 1}}}\Z", re.ASCII)
REGISTERS: Final[dict[str, type[OrderRegister]]] = {
    "hold": OrderHeld,
    "resume": OrderResumed,
    "close": OrderClosed,
    "reopen": OrderReopened,
    "cancel": OrderCancelled,
}
# From which states each may be said; what else stands is told, never forced.
ALLOWED: Final[dict[str, frozenset[str]]] = {
    "release": frozenset({"planned"}),
    "hold": frozenset({"planned", "released", "started"}),
    "resume": frozenset({"held"}),
    "close": frozenset({"released", "started", "completed", "held"}),
    "reopen": frozenset({"closed"}),
    "cancel": frozenset({"planned", "released", "held"}),
}
# What people call a field that is named otherwise.
_FIELDS: Final[dict[str, str]] = {
    "planned start": "start",
    "customer reference": "customer_reference",
    "supplier lot": "supplier_lot",
    "serial": "serials",
}
_NEXT: Final[dict[str, str]] = {
    "planned": "step.release",
    "held": "step.resume",
    "closed": "step.reopen",
    "cancelled": "step.plan",
    "started": "step.hold_or_close",
    "completed": "step.close",
    "released": "step.hold_or_wait",
}


class OfficeError(Exception):
    """What names the thing, the value and the next step; `field` where the value stood.

    `str` is the English sentence, for problem details, logs and the command line; pages tell `said`
    in the language of their visitor.
    """

    def __init__(self, said: Said, field: str = "") -> None:
        super().__init__(said)
        self.said, self.field = said, field


class OfficeUnknown(OfficeError):  # noqa: N818 — named after what happened
    pass


class OfficeConflict(OfficeError):  # noqa: N818
    pass


class OfficeInvalid(OfficeError):  # noqa: N818
    pass


class OfficeBusy(OfficeError):  # noqa: N818
    pass


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a planner asks for, as written; `quantity` in any unit that the material knows."""

    material: str
    quantity: str
    order: str = ""
    unit: str = ""
    due: str = ""
    start: str = ""
    priority: int = 50
    note: str = ""
    customer_reference: str = ""


def planned(wanted: Wanted, book: Book) -> OrderPlanned:
    """A new order; raises `OfficeUnknown` or `OfficeInvalid`."""
    material = material_of(wanted.material, book)
    return OrderPlanned(
        order=order_number(wanted.order),
        revision=1,
        material=material.material,
        quantity=quantity_of(wanted.quantity, wanted.unit, material),
        due=day("due", wanted.due),
        start=day("planned start", wanted.start),
        priority=_priority(wanted.priority),
        note=_within("note", wanted.note, TEXT_CHARS_MAX, lines=True),
        customer_reference=_within("customer reference", wanted.customer_reference, NAME_CHARS_MAX),
    )


def released(header: OrderHeader, rule: LabelRule, book: Book, revision: int) -> OrderReleased:
    """All that stations need to run the order: lines scaled, operations, label rule, units.

    Raises `OfficeUnknown`, or `OfficeInvalid` where routing or units do not allow a release.
    """
    material = material_of(header.material, book)
    operations = operations_of(header.material, book)
    if not operations:
        raise OfficeInvalid(Said("order.no_routing", order=header.order, material=header.material))
    try:
        lines = released_lines(header.material, header.quantity, book)
    except QuantityError as fault:
        raise OfficeInvalid(Said("order.units", order=header.order, fault=fault)) from None
    return OrderReleased(
        order=header.order,
        revision=revision,
        material=header.material,
        quantity=header.quantity,
        due=header.due,
        start=header.start,
        priority=header.priority,
        note=header.note,
        customer_reference=header.customer_reference,
        tolerance_percent=header.tolerance_percent,
        limit_percent=header.limit_percent,
        serves=header.serves,
        name=material.name,
        operations=operations,
        lines=lines,
        label=rule,
        shelf_life_days=material.shelf_life_days,
        serial_controlled=material.serial_controlled,
        gtin=material.gtin,
    )


def changed(header: OrderHeader, revision: int, reason: str = "") -> OrderChanged:
    """The values of `header` as a change of that order."""
    return OrderChanged(
        order=header.order,
        revision=revision,
        material=header.material,
        quantity=header.quantity,
        due=header.due,
        start=header.start,
        priority=header.priority,
        note=header.note,
        customer_reference=header.customer_reference,
        tolerance_percent=header.tolerance_percent,
        limit_percent=header.limit_percent,
        serves=header.serves,
        reason=reason,
    )


def register(word: str, order: str, revision: int, reason: str = "") -> OrderRegister:
    """`hold`, `resume`, `close`, `reopen` or `cancel`, as an event."""
    reason = _within("reason", reason, TEXT_CHARS_MAX, lines=True)
    return REGISTERS[word](order=order, revision=revision, reason=reason)


def require(word: str, order: str, status: str) -> None:
    """Raises `OfficeConflict` where the order's status does not allow the word."""
    if status not in ALLOWED[word]:
        raise OfficeConflict(
            Said(
                "order.not_now",
                order=order,
                status=status_word(status),
                word=Said(f"word.{word}"),
                step=Said(_NEXT.get(status, "step.look")),
            )
        )


def received(
    material: MaterialDefined,
    lot: str,
    quantity: Quantity,
    *,
    place: str = "",
    expiry: str = "",
    supplier: str = "",
    supplier_lot: str = "",
    serials: tuple[str, ...] = (),
) -> MaterialReceived:
    """Goods into stock, in the material's base unit; raises `OfficeInvalid`."""
    base = in_base(quantity, material)
    if material.lot_controlled and not lot.strip():
        raise OfficeInvalid(Said("lot.missing", material=material.material), "lot")
    _check_serials(lot, serials)
    if serials and len(serials) * 1_000_000 != base.micros:
        raise OfficeInvalid(
            Said(
                "lot.serials_count",
                lot=lot,
                material=material.material,
                serials=len(serials),
                base=base,
            ),
            "serials",
        )
    return MaterialReceived(
        material=material.material,
        lot=_within("lot", lot, NAME_CHARS_MAX),
        quantity=base,
        place=_within("place", place, NAME_CHARS_MAX) or material.place,
        expiry=day("expiry", expiry),
        supplier=_within("supplier", supplier, NAME_CHARS_MAX),
        supplier_lot=_within("supplier lot", supplier_lot, NAME_CHARS_MAX),
        serials=serials,
    )


def _check_serials(lot: str, serials: tuple[str, ...]) -> None:
    for serial in serials:
        if not _within("serial", serial, NAME_CHARS_MAX):
            raise OfficeInvalid(Said("lot.serial_empty", lot=lot), "serials")
    if len(set(serials)) != len(serials):
        twice = next(serial for serial in serials if serials.count(serial) > 1)
        said = Said("lot.serial_twice", lot=lot, twice=twice)
        raise OfficeInvalid(said, "serials")


def order_number(written: str) -> str:
    """A number that every code can carry (capitals, digits, dot, dash); raises `OfficeInvalid`."""
    if not ORDER_NUMBER.match(written):
        raise OfficeInvalid(
            Said("order.number", written=written[:60], most=ORDER_CHARS_MAX),
            "order",
        )
    return written


def material_of(name: str, book: Book) -> MaterialDefined:
    """The active material; raises `OfficeUnknown`."""
    material = book.materials.get(name)
    if material is None:
        said = Said("material.unknown", name=name[:40])
        raise OfficeUnknown(said, "material")
    return material


def quantity_of(written: str, unit: str, material: MaterialDefined) -> Quantity:
    """A positive quantity in base unit, from `12.5`, `12,5` or `12.5 kg`.

    Raises `OfficeInvalid`.
    """
    amount, _, own = written.strip().partition(" ")
    try:
        quantity = typed(amount, unit_named(own or unit or material.unit))
    except QuantityError as fault:
        raise OfficeInvalid(Said("quantity.unread", fault=fault), "quantity") from None
    if quantity.micros <= 0:
        raise OfficeInvalid(Said("quantity.nothing", written=written[:20]), "quantity")
    return in_base(quantity, material)


def in_base(quantity: Quantity, material: MaterialDefined) -> Quantity:
    """The quantity in the material's base unit, whole if counted; raises `OfficeInvalid`."""
    try:
        return whole_if_counted(convert(quantity, material.unit, material.conversions))
    except QuantityError as fault:
        raise OfficeInvalid(
            Said("material.in_unit", material=material.material, fault=fault, unit=material.unit),
            "quantity",
        ) from None


def day(name: str, written: str) -> str:
    """An ISO date or nothing; raises `OfficeInvalid`."""
    try:
        return date.fromisoformat(written.strip()).isoformat() if written.strip() else ""
    except ValueError:
        said = Said("date.none", what=field_word(name), written=written[:20])
        raise OfficeInvalid(said, _FIELDS.get(name, name)) from None


def _priority(priority: int) -> int:
    if not 0 <= priority <= PRIORITY_MAX:
        raise OfficeInvalid(
            Said("priority.range", priority=priority, most=PRIORITY_MAX), "priority"
        )
    return priority


def _within(name: str, written: str, characters_max: int, *, lines: bool = False) -> str:
    """The text without blanks around it; `lines`: it may have more than one."""
    plain, field = written.strip(), _FIELDS.get(name, name)
    if len(plain) > characters_max:
        raise OfficeInvalid(
            Said("text.long", what=field_word(name), count=len(plain), most=characters_max), field
        )
    allowed = "\n\t\r" if lines else ""
    if any(unicodedata.category(sign) in {"Cc", "Cs"} and sign not in allowed for sign in plain):
        raise OfficeInvalid(Said("text.control", what=field_word(name)), field)
    return plain
