"""What the office says of stock, as events: counts, moves, lots blocked, what suppliers owe.

Pure: the lot as it stands comes in, events without a stamp go out. A count tells what was expected
and what was found, so that what the floor takes meanwhile keeps its effect.
"""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from sync.domain.events import (
    NAME_CHARS_MAX,
    TEXT_CHARS_MAX,
    LotStatusSet,
    MaterialDefined,
    MaterialMoved,
    ReceiptScheduled,
    StockCounted,
)
from sync.domain.quantity import (
    Quantity,
    QuantityError,
    convert,
    of_micros,
    typed,
    unit_named,
    whole_if_counted,
)
from sync.domain.stock import Lot
from sync.server.office import (
    OfficeConflict,
    OfficeInvalid,
    _within,
    day,
    order_number,
    quantity_of,
)
from sync.server.wording import Said, day_or_open, either, field_word, somebody, status_word

Status = Literal["available", "blocked"]
STATUSES: Final[dict[str, Status]] = {"available": "available", "blocked": "blocked"}
AMOUNT_MICROS_MAX: Final = 10**18 - 1  # twelve digits before the point


def amount_in(
    written: str, unit: str, into: str, factors: Mapping[str, str], field: str = "quantity"
) -> Quantity:
    """An amount of 0 or more in the unit that a lot is kept in; raises `OfficeInvalid`."""
    amount, _, own = written.strip().partition(" ")
    try:
        quantity = typed(amount, unit_named(own or unit or into))
        return whole_if_counted(convert(quantity, into, factors))
    except QuantityError as fault:
        raise OfficeInvalid(
            Said("amount.unread", what=field_word(field), fault=fault), field
        ) from None


def counted(
    lot: Lot, place: str, expected: Quantity, found: Quantity, reason: str
) -> StockCounted | None:
    """A count at a place; nothing where it is as expected. Raises `OfficeInvalid`."""
    reason = _within("reason", reason, TEXT_CHARS_MAX, lines=True)
    if expected.micros == found.micros:
        return None
    if not reason:
        raise OfficeInvalid(
            Said(
                "lot.count_why", lot=lot.lot, material=lot.material, found=found, expected=expected
            ),
            "reason",
        )
    return StockCounted(
        material=lot.material,
        lot=lot.lot,
        expected=expected,
        counted=found,
        place=_within("place", place, NAME_CHARS_MAX),
        reason=reason,
    )


def moved(lot: Lot, quantity: Quantity, source: str, destination: str) -> list[MaterialMoved]:
    """A move between two places, after what was used there without a place was settled.

    Raises `OfficeInvalid`, or `OfficeConflict` where less lies there.
    """
    destination = _within("destination", destination, NAME_CHARS_MAX)
    if not destination:
        raise OfficeInvalid(Said("lot.where", lot=lot.lot), "destination")
    if destination == source:
        raise OfficeInvalid(Said("lot.there", lot=lot.lot, source=source), "destination")
    if quantity.micros <= 0:
        raise OfficeInvalid(Said("lot.nothing", lot=lot.lot, quantity=quantity), "quantity")
    lying = lot.places.get(source, 0)
    if quantity.micros > lying:
        raise OfficeConflict(
            Said(
                "lot.less",
                lot=lot.lot,
                material=lot.material,
                lying=of_micros(lying, lot.unit),
                source=source or Said("word.no_place"),
            ),
            "quantity",
        )
    whole = _move(lot, quantity, source, destination)
    return [*_settled(lot), whole]


def status_set(
    lot: Lot, status: str, reason: str, revision: int | None = None
) -> LotStatusSet | None:
    """The lot's status, told why; nothing where it stands so. `revision` is what the form showed.

    Raises `OfficeInvalid`, or `OfficeConflict` where somebody set it meanwhile.
    """
    stood = lot.status_set.revision if lot.status_set else 0
    wanted = STATUSES.get(status)
    if wanted is None:
        said = Said("lot.status", status=status[:20], known=either(STATUSES))
        raise OfficeInvalid(said, "status")
    if revision is not None and revision != stood:
        by = lot.status_set.operator if lot.status_set else ""
        raise OfficeConflict(
            Said(
                "lot.set",
                lot=lot.lot,
                material=lot.material,
                by=somebody(by),
                status=status_word(lot.status),
            ),
            "status",
        )
    if lot.status == status:
        return None
    reason = _within("reason", reason, TEXT_CHARS_MAX, lines=True)
    if not reason:
        raise OfficeInvalid(
            Said("lot.why", lot=lot.lot, material=lot.material, status=status_word(status)),
            "reason",
        )
    return LotStatusSet(
        material=lot.material, lot=lot.lot, revision=stood + 1, status=wanted, reason=reason
    )


def scheduled(
    receipt: str,
    material: MaterialDefined,
    quantity: str,
    *,
    unit: str = "",
    due: str,
    supplier: str = "",
    reference: str = "",
    note: str = "",
    revision: int = 1,
) -> ReceiptScheduled:
    """So much was ordered and is due on a day; raises `OfficeInvalid`."""
    when = day("due", due)
    if not when:
        raise OfficeInvalid(Said("receipt.day", receipt=receipt), "due")
    return ReceiptScheduled(
        receipt=_numbered(receipt),
        revision=revision,
        material=material.material,
        quantity=quantity_of(quantity, unit, material),
        due=when,
        supplier=_within("supplier", supplier, NAME_CHARS_MAX) or material.supplier,
        reference=_within("reference", reference, NAME_CHARS_MAX),
        note=_within("note", note, TEXT_CHARS_MAX, lines=True),
    )


def completed(receipt: ReceiptScheduled) -> ReceiptScheduled:
    """A receipt of which all came: it owes nothing more, whatever was ordered."""
    return msgspec.structs.replace(
        receipt, **_UNSTAMPED, revision=receipt.revision + 1, active=False
    )


def dropped(receipt: ReceiptScheduled, reason: str) -> ReceiptScheduled:
    """A receipt that will not come, told why; raises `OfficeInvalid`."""
    why = _within("reason", reason, TEXT_CHARS_MAX, lines=True)
    if not why:
        raise OfficeInvalid(Said("receipt.why", receipt=receipt.receipt), "reason")
    revision = receipt.revision + 1
    return msgspec.structs.replace(receipt, **_UNSTAMPED, revision=revision, active=False, note=why)


def require_as_shown(receipt: ReceiptScheduled, revision: int | None) -> None:
    """Raises `OfficeConflict` where a receipt was closed, or changed since it was shown."""
    if not receipt.active:
        raise OfficeConflict(Said("receipt.closed", receipt=receipt.receipt), "receipt")
    if revision is not None and revision != receipt.revision:
        raise OfficeConflict(
            Said(
                "receipt.changed",
                receipt=receipt.receipt,
                who=somebody(receipt.operator),
                quantity=receipt.quantity,
                due=day_or_open(receipt.due),
            ),
            "receipt",
        )


# A register that is said again is stamped anew.
_UNSTAMPED: Final = {
    "id": "", "n": 0, "act": "", "at": "", "boot": "", "mono": 0, "saw": None, "station": "",
    "operator": "", "accepted": (),
}  # fmt: skip


def _numbered(receipt: str) -> str:
    try:
        return order_number(receipt)
    except OfficeInvalid as fault:
        raise OfficeInvalid(Said("receipt.number", **fault.said.values), "receipt") from None


def _settled(lot: Lot) -> list[MaterialMoved]:
    """Use without a place, told where it came from: by name of place, as `Lot.places` shows it.

    Else a move would change at which place that use is shown.
    """
    lying, moves = lot.places, []
    for place, amounts in sorted(lot.held.items()):
        if not place:
            continue
        used = amounts.get(lot.unit, 0) - lying.get(place, 0)
        if 0 < used <= AMOUNT_MICROS_MAX:
            moves.append(_move(lot, of_micros(used, lot.unit), place, ""))
    return moves


def _move(lot: Lot, quantity: Quantity, source: str, destination: str) -> MaterialMoved:
    return MaterialMoved(
        material=lot.material,
        lot=lot.lot,
        quantity=quantity,
        source=source,
        destination=destination,
    )
