"""From checked rows of all files to office events; pure, as `master` is."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from sync.domain.events import (
    BomDefined,
    CalendarDefined,
    DemandDefined,
    Event,
    LabelRule,
    LotStatusSet,
    MaterialDefined,
    MaterialReceived,
    OrderHeader,
    OrderPlanned,
    ReceiptScheduled,
    RoutingDefined,
)
from sync.domain.order import Order, Status
from sync.domain.quantity import QuantityError, of_micros, whole_if_counted
from sync.server import office
from sync.server.importing import supply
from sync.server.importing.master import (
    STAMP,
    Current,
    Outcome,
    master_data,
    unknown,
    written,
)
from sync.server.importing.tables import Problem, Row
from sync.server.planning.explosion import Book
from sync.server.wording import Said, said_by, status_word
from sync.wire import BODY_BYTES_MAX, bytes_of

STAMP_BYTES_SPARE: Final = 1_024
EVENT_BYTES_MAX: Final = BODY_BYTES_MAX - STAMP_BYTES_SPARE
_FILES: Final[Mapping[type[Event], str]] = {
    MaterialDefined: "materials.csv",
    BomDefined: "boms.csv",
    RoutingDefined: "routings.csv",
    MaterialReceived: "stock.csv",
    DemandDefined: "demand.csv",
    ReceiptScheduled: "receipts.csv",
    CalendarDefined: "calendars.csv",
}


def events_of(rows: Mapping[str, list[Row]], current: Current, salt: str) -> Outcome:
    """The events that the rows of all files make of `current`, and the problems between them."""
    outcome = Outcome()
    known = supply.calendars(rows["calendars.csv"], current, outcome)
    supply.calendars_named(rows["work_centers.csv"], known, outcome)
    book = master_data(rows, current, outcome, salt)
    supply.receipts(rows["receipts.csv"], current, outcome, book)
    supply.demand(rows["demand.csv"], current, outcome, book)
    _stock(rows["stock.csv"], current, outcome, book)
    _orders(rows["orders.csv"], current, outcome, book)
    outcome.problems += [_too_large(event) for event in outcome.events if _is_too_large(event)]
    return outcome


def _is_too_large(event: Event) -> bool:
    return bytes_of(event) > EVENT_BYTES_MAX


def _too_large(event: Event) -> Problem:
    """Many rows make one event: which rows is told by what they are about."""
    file = _FILES.get(type(event), "orders.csv")
    name = getattr(event, "order", "") or getattr(event, "material", "")
    name = name or getattr(event, "calendar", "")
    text = Said("import.large", name=name[:60], count=bytes_of(event), most=EVENT_BYTES_MAX)
    return Problem(file, 0, "", text)


def _stock(rows: Iterable[Row], current: Current, outcome: Outcome, book: Book) -> None:
    for row in rows:
        material = book.materials.get(row.text("material"))
        if material is None:
            outcome.problems.append(unknown(row, "material", "material", "materials.csv"))
            continue
        try:
            events = tuple(_received(row, material, current))
        except (office.OfficeError, _Differs) as fault:
            outcome.problems.append(row.problem("quantity", fault.said))
            continue
        outcome.events += events


class _Differs(Exception):  # noqa: N818 — a finding, told to the planner
    """A lot was received before with another quantity."""

    def __init__(self, said: Said) -> None:
        super().__init__(said)
        self.said = said


def _received(row: Row, material: MaterialDefined, current: Current) -> Iterable[Event]:
    lot = row.text("lot")
    event = office.received(
        material,
        lot,
        written(row, "quantity", row.text("unit")),
        place=row.text("place"),
        expiry=row.text("expiry"),
        supplier_lot=row.text("supplier_lot"),
        serials=row.names("serials"),
    )
    known = current.lots.get((material.material, lot))
    if known is None:
        yield event
        if row.text("status") == "blocked":
            yield LotStatusSet(
                material=material.material, lot=lot, revision=1, status="blocked", reason="import"
            )
    elif known != (event.quantity.micros, event.quantity.unit):
        was = of_micros(*known)
        raise _Differs(Said("import.lot_differs", lot=lot, was=was, quantity=event.quantity))


def _orders(rows: Iterable[Row], current: Current, outcome: Outcome, book: Book) -> None:
    for row in rows:
        material = book.materials.get(row.text("material"))
        if material is None:
            outcome.problems.append(unknown(row, "material", "material", "materials.csv"))
            continue
        try:
            header = _header(row, material)
            known = current.orders.get(header.order)
            outcome.events += tuple(_order_events(row, header, known, book))
        except (office.OfficeError, QuantityError) as fault:
            refers = ("routings.csv", material.material) if "routing" in str(fault) else ("", "")
            field = getattr(fault, "field", "")
            column = field if field in row.cells else "quantity"
            outcome.problems.append(row.problem(column, said_by(fault), refers))


def _header(row: Row, material: MaterialDefined) -> OrderPlanned:
    quantity = written(row, "quantity", material.unit)
    office.order_number(row.text("order"))
    return OrderPlanned(
        order=row.text("order"),
        revision=1,
        material=material.material,
        quantity=whole_if_counted(office.in_base(quantity, material)),
        due=row.text("due"),
        start=row.text("start"),
        priority=row.count("priority"),
        note=row.text("note"),
        customer_reference=row.text("customer_reference"),
        tolerance_percent=row.text("tolerance_percent"),
        limit_percent=row.text("limit_percent"),
    )


def _order_events(
    row: Row, header: OrderPlanned, known: Order | None, book: Book
) -> Iterable[Event]:
    wants_release, rule = row.yes("release"), _rule(row)
    present = known.header if known else None
    if known is None or present is None:
        yield header
        if wants_release:
            yield office.released(header, rule, book, 2)
        return
    # No file tells which demand an order serves: that stays as it was accepted.
    header = msgspec.structs.replace(header, serves=present.serves)
    revision = present.revision + 1
    if known.status is Status.PLANNED and wants_release:
        yield office.released(header, rule, book, revision)
    elif not _same_header(header, present):
        if known.status in {Status.CLOSED, Status.CANCELLED}:
            raise office.OfficeConflict(
                Said("import.order_status", order=header.order, status=status_word(known.status))
            )
        yield office.changed(header, revision, "import")


def _rule(row: Row) -> LabelRule:
    """When the order's labels print, and with what; raises OfficeInvalid."""
    label, per = row.text("label"), row.count("label_per")
    if (label == "per_n") != (per > 0):
        raise office.OfficeInvalid(
            Said("import.label_per", order=row.text("order"), label=label, per=per),
            "label_per",
        )
    rule = {
        "label": label,
        "per": per,
        "template": row.text("label_template"),
        "lot": row.text("output_lot"),
    }
    return msgspec.convert(rule, LabelRule)


def _same_header(one: OrderHeader, other: OrderHeader) -> bool:
    names = [name for name in OrderHeader.__struct_fields__ if name not in STAMP]
    return all(getattr(one, name) == getattr(other, name) for name in names)
