"""What the office says of the plan, as events: demand, calendars, orders moved, proposals accepted.

Pure: what stands comes in, events without a stamp go out.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import msgspec

from sync.domain.events import (
    NAME_CHARS_MAX,
    TEXT_CHARS_MAX,
    CalendarDefined,
    DemandDefined,
    OrderChanged,
    OrderHeader,
    OrderPlanned,
    Served,
)
from sync.domain.events.plan import SERVED_COUNT_MAX
from sync.domain.quantity import of_micros
from sync.domain.shifts import DAY_MINUTES, Shift, ShiftError, shift_of
from sync.server.office import (
    OfficeConflict,
    OfficeInvalid,
    _priority,
    _within,
    changed,
    day,
    material_of,
    quantity_of,
)
from sync.server.planning.explosion import Book
from sync.server.planning.supply import Proposal
from sync.server.wording import Said, day_or_open, field_word, status_word

WEEKDAYS_COUNT: Final = 7
SHIFTS_COUNT_MAX: Final = 6
CLOSED_COUNT_MAX: Final = 400
ROOTS_NAMED_MAX: Final = 8
MOVABLE: Final = frozenset({"planned", "released", "started", "held"})
IDENTITY_DIGITS: Final = 16
OPEN_DAY: Final = "9999-12-31"
CUT: Final = "…"


@dataclass(frozen=True, slots=True)
class DemandWanted:
    """A line of demand as written; `revision` is the one that was looked at, 0 for a new one."""

    material: str
    quantity: str
    demand: str = ""
    unit: str = ""
    due: str = ""
    priority: int = 50
    customer_reference: str = ""
    note: str = ""
    revision: int = 0


@dataclass(frozen=True, slots=True)
class CalendarWanted:
    """A calendar as written: for each weekday its shifts parted by blanks, closed days by lines."""

    calendar: str
    name: str
    weekdays: tuple[str, ...]
    closed: str = ""
    revision: int = 0


@dataclass(frozen=True, slots=True)
class MoveWanted:
    """Where an order is moved to, as written; `revision` is its header's that was looked at."""

    order: str
    start: str = ""
    due: str = ""
    priority: int = 50
    reason: str = ""
    revision: int = 0


def demanded(
    wanted: DemandWanted, key: str, present: DemandDefined | None, book: Book
) -> DemandDefined:
    """A line of demand, new or changed.

    Raises `OfficeUnknown`, `OfficeConflict` or `OfficeInvalid`.
    """
    check_revision("demand", key, present, wanted.revision)
    material = material_of(wanted.material, book)
    return DemandDefined(
        demand=name_of("demand", key),
        revision=present.revision + 1 if present else 1,
        material=material.material,
        quantity=quantity_of(wanted.quantity, wanted.unit, material),
        due=day("due", wanted.due),
        priority=_priority(wanted.priority),
        customer_reference=_within("customer reference", wanted.customer_reference, NAME_CHARS_MAX),
        note=_within("note", wanted.note, TEXT_CHARS_MAX, lines=True),
    )


def dropped(present: DemandDefined) -> DemandDefined:
    """The line as one that nobody wants any more."""
    return DemandDefined(
        demand=present.demand,
        revision=present.revision + 1,
        material=present.material,
        quantity=present.quantity,
        due=present.due,
        priority=present.priority,
        customer_reference=present.customer_reference,
        note=present.note,
        active=False,
    )


def calendared(wanted: CalendarWanted, present: CalendarDefined | None) -> CalendarDefined:
    """A calendar, new or changed; raises `OfficeConflict` or `OfficeInvalid`."""
    key = name_of("calendar", wanted.calendar)
    check_revision("calendar", key, present, wanted.revision)
    weekdays = [shifts_of(n, text) for n, text in enumerate(wanted.weekdays[:WEEKDAYS_COUNT])]
    _check_nights(weekdays)
    return CalendarDefined(
        calendar=key,
        revision=present.revision + 1 if present else 1,
        name=_within("name", wanted.name, NAME_CHARS_MAX) or key,
        weekdays=(*weekdays, *((),) * (WEEKDAYS_COUNT - len(weekdays))),
        closed=closed_days(wanted.closed),
    )


def shifts_of(weekday: int, written: str) -> tuple[str, ...]:
    """The shifts of a weekday by begin (`06:00-14:00 14:00-22:00`); raises `OfficeInvalid`."""
    field = f"weekday_{weekday}"
    found: dict[str, Shift] = {}
    for text in written.replace(",", " ").replace(";", " ").replace("–", "-").split():
        try:
            found[text] = shift_of(text)
        except ShiftError as fault:
            raise OfficeInvalid(Said("shift.unread", text=text[:20], fault=fault), field) from None
    if len(found) > SHIFTS_COUNT_MAX:
        said = Said("shift.many", count=len(found), most=SHIFTS_COUNT_MAX)
        raise OfficeInvalid(said, field)
    names = sorted(found, key=lambda name: found[name].begins)
    for one, after in pairwise(names):
        if found[one].begins + found[one].minutes > found[after].begins:
            said = Said("shift.overlaps", one=one, after=after)
            raise OfficeInvalid(said, field)
    return tuple(names)


def closed_days(written: str) -> tuple[str, ...]:
    """The closed days in their order, each once; raises `OfficeInvalid`."""
    days = {day("closed", one) for one in written.replace(",", " ").replace(";", " ").split()}
    if len(days) > CLOSED_COUNT_MAX:
        said = Said("closed.many", count=len(days), most=CLOSED_COUNT_MAX)
        raise OfficeInvalid(said, "closed")
    return tuple(sorted(days))


def moved(header: OrderHeader, status: str, wanted: MoveWanted) -> OrderChanged | None:
    """The order with other dates or priority; nothing where all is as it was.

    Raises `OfficeConflict` or `OfficeInvalid`.
    """
    if status not in MOVABLE:
        said = Said("order.no_place", order=header.order, status=status_word(status))
        raise OfficeConflict(said)
    if header.revision != wanted.revision:
        who = header.operator or "somebody"
        raise OfficeConflict(
            Said(
                "order.moved",
                order=header.order,
                who=who,
                revision=header.revision,
                start=day_or_open(header.start),
                due=day_or_open(header.due),
                priority=header.priority,
            )
        )
    values = (
        day("planned start", wanted.start),
        day("due", wanted.due),
        _priority(wanted.priority),
    )
    if values == (header.start, header.due, header.priority):
        return None
    start, due, priority = values
    reason = _within("reason", wanted.reason, TEXT_CHARS_MAX, lines=True)
    event = changed(header, header.revision + 1, reason)
    return msgspec.structs.replace(event, start=start, due=due, priority=priority)


def identity(proposal: Proposal) -> str:
    """What a proposal is known by from page to act: another quantity or day is another one."""
    told = (
        proposal.material,
        str(proposal.micros),
        proposal.start.isoformat(),
        proposal.due.isoformat(),
        *proposal.wants,
    )
    return hashlib.sha256("\x00".join(told).encode()).hexdigest()[:IDENTITY_DIGITS]


def identities(proposals: Iterable[Proposal]) -> dict[str, Proposal]:
    """Proposals by identity; of two alike the second has a number behind it."""
    found: dict[str, Proposal] = {}
    for one in proposals:
        key, n = identity(one), 1
        while (name := key if n == 1 else f"{key}-{n}") in found:
            n += 1
        found[name] = one
    return found


def accepted(
    proposal: Proposal,
    number: str,
    unit: str,
    demands: Mapping[str, DemandDefined],
    shares: Mapping[str, int],
) -> OrderPlanned:
    """The order that a proposal becomes: due, start, whom it is for, the demand's key noted.

    `shares` are micros by line of demand. It has the customer's reference that all its lines have.
    """
    lines = [demands[key] for key in proposal.wants if key in demands]
    references = {one.customer_reference for one in lines}
    return OrderPlanned(
        order=number,
        revision=1,
        material=proposal.material,
        quantity=of_micros(proposal.micros, unit),
        due=proposal.due.isoformat(),
        start=proposal.start.isoformat(),
        priority=min((one.priority for one in lines), default=50),
        note=_noted(proposal),
        customer_reference=references.pop() if len(references) == 1 else "",
        serves=_served(lines, shares, unit),
    )


def check_revision(
    kind: str, key: str, present: DemandDefined | CalendarDefined | None, seen: int
) -> None:
    """Raises `OfficeConflict` where somebody changed it since it was looked at."""
    stands = present.revision if present is not None else 0
    if stands == seen:
        return
    who = (present.operator if present is not None else "") or "somebody"
    if not seen:
        said = Said("register.exists", what=field_word(kind), key=key, stands=stands, who=who)
        raise OfficeConflict(said, kind)
    said = Said("register.changed", what=field_word(kind), key=key, who=who, stands=stands)
    raise OfficeConflict(said)


def name_of(field: str, written: str) -> str:
    """A name of something; raises `OfficeInvalid`."""
    name = _within(field, written, NAME_CHARS_MAX)
    if not name:
        raise OfficeInvalid(Said("text.name", what=field_word(field)), field)
    return name


def _served(
    lines: Iterable[DemandDefined], shares: Mapping[str, int], unit: str
) -> tuple[Served, ...]:
    """The share of each line, as netting serves them: by due day, priority and name."""
    told = sorted(lines, key=lambda one: (one.due or OPEN_DAY, one.priority, one.demand))
    served = [
        Served(one.demand, of_micros(shares[one.demand], unit))
        for one in told
        if one.demand in shares
    ]
    return tuple(served[:SERVED_COUNT_MAX])


def _noted(proposal: Proposal) -> str:
    """For whom it is made, in the words that a person would look for."""
    if not proposal.wants:
        return "for stock: below its reorder point"
    named = ", ".join(proposal.wants[:ROOTS_NAMED_MAX])
    more = f" {CUT}" if len(proposal.wants) > ROOTS_NAMED_MAX else ""
    return f"for {named}{more}"[:TEXT_CHARS_MAX]


def _check_nights(weekdays: Sequence[tuple[str, ...]]) -> None:
    """Raises `OfficeInvalid` where a night's shift goes on when the next day's begins."""
    for n, names in enumerate(weekdays):
        after = weekdays[(n + 1) % len(weekdays)]
        if not names or not after:
            continue
        last, first = shift_of(names[-1]), shift_of(after[0])
        if last.begins + last.minutes - DAY_MINUTES > first.begins:
            said = Said("shift.overnight", one=names[-1], after=after[0])
            raise OfficeInvalid(said, f"weekday_{n}")


def week_texts(calendar: CalendarDefined) -> tuple[str, ...]:
    """For each weekday its shifts as they are written."""
    days = [" ".join(shifts) for shifts in calendar.weekdays[:WEEKDAYS_COUNT]]
    return (*days, *("",) * (WEEKDAYS_COUNT - len(days)))
