"""What the office says of an order that stands, as events: changed, split, released, with reasons.

Pure: what stands comes in, events without a stamp go out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from sync.domain.events import (
    NAME_CHARS_MAX,
    TEXT_CHARS_MAX,
    Acceptance,
    Event,
    LabelRule,
    OrderChanged,
    OrderHeader,
    OrderPlanned,
    Served,
)
from sync.domain.order import Order
from sync.domain.quantity import Quantity, of_micros
from sync.server.office import (
    OfficeConflict,
    OfficeInvalid,
    OfficeUnknown,
    _priority,
    _within,
    changed,
    day,
    material_of,
    quantity_of,
    released,
)
from sync.server.planning.explosion import Book, Requirement
from sync.server.wording import Said, day_or_open, some, status_word

CHANGEABLE: Final = frozenset({"planned", "released", "started", "held"})
SPLITTABLE: Final = frozenset({"planned", "released", "started"})
SHORTAGE: Final = "material_short"
NAMED_MAX: Final = 4


@dataclass(frozen=True, slots=True)
class ChangeWanted:
    """An order as it shall be, as written; `revision` is its header's that was looked at."""

    order: str
    quantity: str
    revision: int
    unit: str = ""
    due: str = ""
    start: str = ""
    priority: int = 50
    note: str = ""
    customer_reference: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SplitWanted:
    """How much of an order becomes another one; `revision` is its header's that was looked at.

    `release` gives the other one to the floor at once, as the first one was.
    """

    order: str
    quantity: str
    revision: int
    unit: str = ""
    due: str = ""
    reason: str = ""
    release: bool = False


def header_of(order: Order | None, number: str) -> OrderHeader:
    """What the office told of an order; raises `OfficeUnknown`."""
    if order is None:
        said = Said("order.unknown_list", number=number[:60])
        raise OfficeUnknown(said, "order")
    if order.header is None:
        said = Said("order.floor_only", number=number)
        raise OfficeUnknown(said, "order")
    return order.header


def check_seen(header: OrderHeader, revision: int) -> None:
    """Raises `OfficeConflict` where somebody changed the order since it was looked at."""
    if header.revision == revision:
        return
    who = header.operator or "somebody"
    raise OfficeConflict(
        Said(
            "order.changed",
            order=header.order,
            who=who,
            revision=header.revision,
            quantity=header.quantity,
            start=day_or_open(header.start),
            due=day_or_open(header.due),
            priority=header.priority,
        )
    )


def edited(order: Order, wanted: ChangeWanted, book: Book) -> OrderChanged | None:
    """The order with other values; nothing where all is as it was.

    Raises `OfficeUnknown`, `OfficeConflict` or `OfficeInvalid`.
    """
    header = header_of(order, wanted.order)
    _check_status(order, CHANGEABLE, "change")
    check_seen(header, wanted.revision)
    quantity = quantity_of(wanted.quantity, wanted.unit, material_of(header.material, book))
    if quantity.micros != header.quantity.micros:
        _check_made(order, quantity)
    reason = _within("reason", wanted.reason, TEXT_CHARS_MAX, lines=True)
    event = msgspec.structs.replace(
        changed(header, header.revision + 1, reason),
        quantity=quantity if quantity.micros != header.quantity.micros else header.quantity,
        due=day("due", wanted.due),
        start=day("planned start", wanted.start),
        priority=_priority(wanted.priority),
        note=_within("note", wanted.note, TEXT_CHARS_MAX, lines=True),
        customer_reference=_within("customer reference", wanted.customer_reference, NAME_CHARS_MAX),
    )
    same = changed(header, header.revision + 1, reason)
    return event if event != same else None


def split(order: Order, wanted: SplitWanted, number: str, book: Book) -> list[Event]:
    """The order with less, and a new one with the rest; what was made stays with the first.

    Raises `OfficeUnknown`, `OfficeConflict` or `OfficeInvalid`.
    """
    header = header_of(order, wanted.order)
    _check_status(order, SPLITTABLE, "split")
    check_seen(header, wanted.revision)
    part = quantity_of(wanted.quantity, wanted.unit, material_of(header.material, book))
    left = header.quantity.micros - part.micros
    if left <= 0:
        raise OfficeInvalid(
            Said("order.split_all", order=header.order, part=part, quantity=header.quantity),
            "quantity",
        )
    kept = of_micros(left, header.quantity.unit)
    _check_made(order, kept)
    reason = _within("reason", wanted.reason, TEXT_CHARS_MAX - NAME_CHARS_MAX, lines=True)
    told = f"{part} → {number}" + (f": {reason}" if reason else "")
    staying, going = parted(header.serves, left)
    first = msgspec.structs.replace(
        changed(header, header.revision + 1, told), quantity=kept, serves=staying
    )
    planned = msgspec.structs.replace(
        _planned(header, number, part, day("due", wanted.due)), serves=going
    )
    events: list[Event] = [first, planned]
    if wanted.release and order.release is not None:
        events.append(released(planned, order.release.label, book, planned.revision + 1))
    return events


def parted(serves: Sequence[Served], micros: int) -> tuple[tuple[Served, ...], tuple[Served, ...]]:
    """The lines that the first micros of an order serve, and those that the rest does."""
    first: list[Served] = []
    rest: list[Served] = []
    for one in serves:
        taken = min(one.quantity.micros, micros)
        micros -= taken
        shares = ((first, taken), (rest, one.quantity.micros - taken))
        for side, share in shares:
            if share:
                side.append(Served(one.demand, of_micros(share, one.quantity.unit)))
    return tuple(first), tuple(rest)


def release(
    header: OrderHeader,
    rule: LabelRule,
    book: Book,
    short: Sequence[Requirement],
    account: str,
    reason: str,
) -> list[Event]:
    """The release; `short` is what the account knowingly accepts to be missing.

    The reason is told by a change that changes nothing else.
    """
    event = released(header, rule, book, header.revision + 1)
    if short:
        event = msgspec.structs.replace(event, accepted=(Acceptance(SHORTAGE, account),))
    reason = _within("reason", reason, TEXT_CHARS_MAX, lines=True)
    return [event, changed(header, header.revision + 2, reason)] if reason else [event]


def check_short(number: str, short: Sequence[Requirement], *, accepted: bool) -> None:
    """Raises `OfficeConflict` where materials are short and nobody accepted that."""
    if not short or accepted:
        return
    missing = tuple(
        Said(
            "word.of_material",
            quantity=of_micros(one.short, one.unit),
            name=one.name or one.material,
        )
        for one in short[:NAMED_MAX]
    )
    named = some(missing, len(short) - NAMED_MAX)
    raise OfficeConflict(
        Said("order.short", number=number, named=named),
        "accept",
    )


def _planned(header: OrderHeader, number: str, part: Quantity, due: str) -> OrderPlanned:
    return OrderPlanned(
        order=number,
        revision=1,
        material=header.material,
        quantity=part,
        due=due or header.due,
        start=header.start,
        priority=header.priority,
        note=header.note,
        customer_reference=header.customer_reference,
        tolerance_percent=header.tolerance_percent,
        limit_percent=header.limit_percent,
    )


def _check_status(order: Order, allowed: frozenset[str], word: str) -> None:
    status = str(order.status)
    if status not in allowed:
        step = "step.reopen" if status in {"closed", "completed"} else "step.plan"
        raise OfficeConflict(
            Said(
                "order.not_status",
                number=order.number,
                status=status_word(status),
                word=Said(f"word.{word}"),
                step=Said(step),
            )
        )


def _check_made(order: Order, quantity: Quantity) -> None:
    """Raises `OfficeInvalid` where more than that is made already."""
    if quantity.micros < order.good_total:
        made = of_micros(order.good_total, quantity.unit)
        raise OfficeInvalid(
            Said("order.made", number=order.number, made=made, quantity=quantity),
            "quantity",
        )
