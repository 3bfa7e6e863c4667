"""From checked rows to what the plan is made from: demand, scheduled receipts, calendars; pure."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

from sync.domain.events import CalendarDefined, DemandDefined, ReceiptScheduled
from sync.server import office
from sync.server.importing.master import Current, Outcome, register, unknown, written
from sync.server.importing.supply_columns import WEEKDAYS
from sync.server.importing.tables import Row
from sync.server.office.plan import CalendarWanted, calendared
from sync.server.planning.explosion import Book
from sync.server.wording import Said

_COLUMNS: Final = {f"weekday_{n}": day for n, day in enumerate(WEEKDAYS)}
E = TypeVar("E", DemandDefined, ReceiptScheduled)


def calendars(rows: Iterable[Row], current: Current, outcome: Outcome) -> frozenset[str]:
    """Add the calendars that are new or changed; returns the names of all."""
    found = set(current.calendars)
    for row in rows:
        name = row.text("calendar")
        found.add(name)
        known = current.calendars.get(name)
        wanted = CalendarWanted(
            name,
            row.text("name"),
            tuple(" ".join(row.names(day)) for day in WEEKDAYS),
            "\n".join(row.names("closed")),
            known.revision if known is not None else 0,
        )
        try:
            event: CalendarDefined = calendared(wanted, known)
        except office.OfficeError as fault:
            column = _COLUMNS.get(fault.field, fault.field)
            place = column if column in row.cells else "calendar"
            outcome.problems.append(row.problem(place, fault.said))
        else:
            register(event, known, outcome)
    return frozenset(found)


def calendars_named(rows: Iterable[Row], known: frozenset[str], outcome: Outcome) -> None:
    """A work center's calendar must be one of those."""
    for row in rows:
        if row.text("calendar") and row.text("calendar") not in known:
            outcome.problems.append(unknown(row, "calendar", "calendar", "calendars.csv"))


def receipts(rows: Iterable[Row], current: Current, outcome: Outcome, book: Book) -> None:
    """Add the open purchase lines that are new or changed."""
    _lines(rows, current.receipts, outcome, book, _receipt)


def demand(rows: Iterable[Row], current: Current, outcome: Outcome, book: Book) -> None:
    """Add the lines of demand that are new or changed."""
    _lines(rows, current.demands, outcome, book, _demand)


def _lines(
    rows: Iterable[Row],
    known: Mapping[str, E],
    outcome: Outcome,
    book: Book,
    line: Callable[[Row, Book], E],
) -> None:
    for row in rows:
        if row.text("material") not in book.materials:
            outcome.problems.append(unknown(row, "material", "material", "materials.csv"))
            continue
        try:
            event = line(row, book)
        except office.OfficeError as fault:
            place = fault.field if fault.field in row.cells else "quantity"
            outcome.problems.append(row.problem(place, fault.said))
        else:
            key = event.demand if isinstance(event, DemandDefined) else event.receipt
            register(event, known.get(key), outcome)


def _receipt(row: Row, book: Book) -> ReceiptScheduled:
    material = book.materials[row.text("material")]
    return ReceiptScheduled(
        receipt=row.text("receipt"),
        revision=0,
        material=material.material,
        quantity=office.in_base(written(row, "quantity", material.unit), material),
        due=row.text("due"),
        supplier=row.text("supplier") or material.supplier,
        reference=row.text("reference"),
        note=row.text("note"),
    )


def _demand(row: Row, book: Book) -> DemandDefined:
    material = book.materials[row.text("material")]
    if row.count("priority") > office.PRIORITY_MAX:
        told = Said("import.priority", priority=row.count("priority"), most=office.PRIORITY_MAX)
        raise office.OfficeInvalid(told, "priority")
    return DemandDefined(
        demand=row.text("demand"),
        revision=0,
        material=material.material,
        quantity=office.in_base(written(row, "quantity", material.unit), material),
        due=row.text("due"),
        priority=row.count("priority"),
        customer_reference=row.text("customer_reference"),
        note=row.text("note"),
    )
