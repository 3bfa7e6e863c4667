"""What the office does with stock: receive, count, move, block, release, order from suppliers.

Every act is made of the lot as it stands when it is appended; all raise `OfficeError` and
`DatabaseError`, and may wait for the disk.
"""

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from sqlalchemy import Connection, select

from sync.domain.events import (
    NAME_CHARS_MAX,
    TEXT_CHARS_MAX,
    Event,
    MaterialDefined,
    ReceiptScheduled,
)
from sync.domain.quantity import Quantity, QuantityError, of_micros
from sync.domain.stock import Lot
from sync.server import office
from sync.server.desk import Desk, Receipt
from sync.server.office import OfficeConflict, OfficeUnknown
from sync.server.office import stock as said
from sync.server.view_tables import master
from sync.server.views.lots import counted_since, lot_of
from sync.server.views.supply import receipts_open
from sync.server.wording import Said, somebody

RECEIPT_PREFIX: Final = "R-"
DIGITS_MIN: Final = 4
Name = Annotated[str, msgspec.Meta(max_length=NAME_CHARS_MAX)]
Note = Annotated[str, msgspec.Meta(max_length=TEXT_CHARS_MAX)]


class Count(msgspec.Struct, frozen=True):
    """What was counted of a lot at a place. `expected` is what the books said when it was counted,
    and `seen` the position of the views then; without them what they say now.
    """

    material: Name
    lot: Name
    counted: Name
    unit: Name = ""
    place: Name = ""
    expected: Name = ""
    seen: Annotated[int, msgspec.Meta(ge=0, lt=2**53)] = 0
    reason: Note = ""


class Move(msgspec.Struct, frozen=True):
    """So much of a lot from one place to another."""

    material: Name
    lot: Name
    quantity: Name
    destination: Name
    source: Name = ""
    unit: Name = ""


class StatusChange(msgspec.Struct, frozen=True):
    """Block or release a lot; `revision` is the one that was looked at, none: whichever stands."""

    material: Name
    lot: Name
    status: Name
    reason: Note = ""
    revision: Annotated[int, msgspec.Meta(ge=0, lt=2**53)] | None = None


class Purchase(msgspec.Struct, frozen=True):
    """So much was ordered from a supplier and is due on a day; no `receipt`: the next number."""

    material: Name
    quantity: Name
    due: Name
    unit: Name = ""
    supplier: Name = ""
    reference: Name = ""
    note: Note = ""
    receipt: Name = ""


def count(desk: Desk, account: str, asked: Count) -> None:
    """Book what was counted; a second count of the same is a conflict, not a second correction."""

    def make(connection: Connection) -> Sequence[Event]:
        lot, material = _held(connection, asked.material, asked.lot, found=True)
        factors = material.conversions if material else {}
        unit = lot.unit or (material.unit if material else "")
        expected = of_micros(max(0, lot.places.get(asked.place, 0)), unit)
        if asked.expected:
            expected = _signed(asked.expected, unit)
        _refuse_second(connection, asked)
        found = said.amount_in(asked.counted, asked.unit, unit, factors, "counted")
        event = said.counted(lot, asked.place, expected, found, asked.reason)
        return [event] if event else []

    desk.act(make, account)


def move(desk: Desk, account: str, asked: Move) -> None:
    """Book that so much of a lot lies elsewhere now."""

    def make(connection: Connection) -> Sequence[Event]:
        lot, material = _held(connection, asked.material, asked.lot)
        factors = material.conversions if material else {}
        quantity = said.amount_in(asked.quantity, asked.unit, lot.unit, factors)
        return said.moved(lot, quantity, asked.source, asked.destination)

    desk.act(make, account)


def set_status(desk: Desk, account: str, asked: StatusChange) -> None:
    """Block a lot, or release it."""

    def make(connection: Connection) -> Sequence[Event]:
        lot, _ = _held(connection, asked.material, asked.lot)
        event = said.status_set(lot, asked.status, asked.reason, asked.revision)
        return [event] if event else []

    desk.act(make, account)


def receive(desk: Desk, account: str, asked: Receipt, scheduled: str = "") -> None:
    """Take goods into stock; told of which scheduled receipt they are, that owes so much less."""

    def make(connection: Connection) -> Sequence[Event]:
        material = _material(connection, asked.material)
        came = office.received(
            material,
            asked.lot,
            office.quantity_of(asked.quantity, asked.unit, material),
            place=asked.place,
            expiry=asked.expiry,
            supplier=asked.supplier,
            supplier_lot=asked.supplier_lot,
            serials=asked.serials,
        )
        if not scheduled:
            return [came]
        owed = open_receipt(connection, scheduled)
        if owed.material != material.material:
            raise OfficeConflict(
                Said(
                    "receipt.other",
                    receipt=scheduled,
                    material=owed.material,
                    came=material.material,
                ),
                "receipt",
            )
        told = msgspec.structs.replace(came, receipt=scheduled)
        whole = came.quantity.micros >= still_owed(connection, scheduled, material)
        return [told, said.completed(owed)] if whole else [told]

    desk.act(make, account)


def order_supply(desk: Desk, account: str, asked: Purchase) -> str:
    """Note what was ordered from a supplier; returns the number of the scheduled receipt."""
    numbers: list[str] = []

    def make(connection: Connection) -> Sequence[Event]:
        material = _material(connection, asked.material)
        number = asked.receipt or next_receipt(connection)
        if receipt_of(connection, number) is not None:
            raise OfficeConflict(Said("receipt.exists", number=number), "receipt")
        numbers[:] = [number]
        return [
            said.scheduled(
                number,
                material,
                asked.quantity,
                unit=asked.unit,
                due=asked.due,
                supplier=asked.supplier,
                reference=asked.reference,
                note=asked.note,
            )
        ]

    desk.act(make, account)
    return numbers[0]


def change_supply(
    desk: Desk, account: str, number: str, asked: Purchase, revision: int | None = None
) -> None:
    """Another quantity, day or reference of what a supplier owes."""

    def make(connection: Connection) -> Sequence[Event]:
        owed = open_receipt(connection, number)
        said.require_as_shown(owed, revision)
        material = _material(connection, owed.material)
        return [
            said.scheduled(
                number,
                material,
                asked.quantity,
                unit=asked.unit,
                due=asked.due,
                supplier=asked.supplier,
                reference=asked.reference,
                note=asked.note or owed.note,
                revision=owed.revision + 1,
            )
        ]

    desk.act(make, account)


def drop_supply(
    desk: Desk, account: str, number: str, reason: str, revision: int | None = None
) -> None:
    """A supplier will not deliver: the receipt is closed, told why."""

    def make(connection: Connection) -> Sequence[Event]:
        owed = open_receipt(connection, number)
        said.require_as_shown(owed, revision)
        return [said.dropped(owed, reason)]

    desk.act(make, account)


def receipt_of(connection: Connection, number: str) -> ReceiptScheduled | None:
    """A scheduled receipt, open or closed, or nothing."""
    body = _master(connection, ReceiptScheduled.__name__, number)
    return _receipts.decode(body) if body is not None else None


def open_receipt(connection: Connection, number: str) -> ReceiptScheduled:
    """A receipt that is still owed; raises `OfficeUnknown` or `OfficeConflict`."""
    owed = receipt_of(connection, number)
    if owed is None:
        said_ = Said("receipt.unknown", number=number[:60])
        raise OfficeUnknown(said_, "receipt")
    said.require_as_shown(owed, None)
    return owed


def still_owed(connection: Connection, number: str, material: MaterialDefined) -> int:
    """Micros in the material's unit that are still to come of an open receipt; 0 if none."""
    known = receipts_open(connection, {material.material: material})
    return next((one.open for one in known if one.scheduled.receipt == number), 0)


def next_receipt(connection: Connection) -> str:
    """The first free number of our own series: `R-0001`, `R-0002` …"""
    query = select(master.c.key).where(
        master.c.kind == ReceiptScheduled.__name__, master.c.key.startswith(RECEIPT_PREFIX)
    )
    tails = (row[0].removeprefix(RECEIPT_PREFIX) for row in connection.execute(query))
    used = [int(tail) for tail in tails if tail.isascii() and tail.isdigit() and len(tail) < 12]
    return f"{RECEIPT_PREFIX}{max(used, default=0) + 1:0{DIGITS_MIN}d}"


_receipts: Final = msgspec.json.Decoder(ReceiptScheduled)
_materials: Final = msgspec.json.Decoder(MaterialDefined)


def _master(connection: Connection, kind: str, key: str) -> bytes | None:
    query = select(master.c.body).where(master.c.kind == kind, master.c.key == key)
    return connection.execute(query).scalar()


def _defined(connection: Connection, name: str) -> MaterialDefined | None:
    body = _master(connection, MaterialDefined.__name__, name)
    return _materials.decode(body) if body is not None else None


def _material(connection: Connection, name: str) -> MaterialDefined:
    """An active material; raises `OfficeUnknown`."""
    found = _defined(connection, name)
    if found is None or not found.active:
        what = Said("material.choose", name=name[:40])
        raise OfficeUnknown(what, "material")
    return found


def _held(
    connection: Connection, material: str, name: str, *, found: bool = False
) -> tuple[Lot, MaterialDefined | None]:
    """A lot and its material, with `found` an unheard one too; raises `OfficeUnknown`."""
    lot, defined = lot_of(connection, material, name), _defined(connection, material)
    if lot is None and found and defined is not None and (name or not defined.lot_controlled):
        return Lot(material, name), defined
    if lot is None:
        what = Said("lot.unknown", name=name[:40], material=material[:40])
        raise OfficeUnknown(what, "lot")
    return lot, defined


def _refuse_second(connection: Connection, asked: Count) -> None:
    if not asked.expected or not asked.seen:
        return
    other = counted_since(connection, asked.material, asked.lot, asked.place, asked.seen)
    if other is not None:
        raise OfficeConflict(
            Said(
                "lot.counted",
                lot=asked.lot,
                material=asked.material,
                who=somebody(other.operator),
                counted=other.counted,
            ),
            "counted",
        )


def _signed(written: str, unit: str) -> Quantity:
    """What a form says was expected, which may be less than nothing."""
    try:
        return Quantity(written, unit)
    except QuantityError as fault:
        raise office.OfficeInvalid(Said("quantity.expected", fault=fault), "expected") from None
