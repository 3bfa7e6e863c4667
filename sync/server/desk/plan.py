"""What planners do with the plan: demand, calendars, orders moved, proposals accepted.

All raise `OfficeError` and `DatabaseError`, and may wait for the disk. Each act is made of what
stands when it is appended, so that nothing is planned twice and nobody's change is lost.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from sync.domain.events import CalendarDefined, DemandDefined, Event, OrderPlanned
from sync.server.desk import NUMBER_DIGITS_MIN, NUMBER_PREFIX, Desk, next_number
from sync.server.office import OfficeConflict, OfficeUnknown
from sync.server.office.plan import (
    CalendarWanted,
    DemandWanted,
    MoveWanted,
    accepted,
    calendared,
    demanded,
    dropped,
    identities,
    moved,
)
from sync.server.views import book, order_of_state
from sync.server.views.plan import PlanView, plan_of
from sync.server.views.supply import register, register_of
from sync.server.wording import Said

DEMAND_PREFIX: Final = "D-"


def demand(desk: Desk, account: str, wanted: DemandWanted) -> str:
    """Add or change a line of demand; returns its key, the next free one if none is given."""
    said: list[str] = []

    def make(connection: Connection) -> Sequence[Event]:
        key = wanted.demand.strip() or next_demand(connection)
        present = register_of(connection, DemandDefined, key)
        # One that was dropped may be taken up again as if it were new.
        asked = wanted
        if present is not None and not present.active and not wanted.revision:
            asked = replace(wanted, revision=present.revision)
        said[:] = [key]
        return [demanded(asked, key, present, book(connection))]

    desk.act(make, account)
    return said[0]


def drop_demand(desk: Desk, account: str, key: str, revision: int | None = None) -> None:
    """Nobody wants this line any more; `revision` is the one looked at, none: whichever stands."""

    def make(connection: Connection) -> Sequence[Event]:
        present = register_of(connection, DemandDefined, key)
        if present is None:
            raise OfficeUnknown(Said("demand.unknown", key=key[:60]), "demand")
        if revision is not None and revision != present.revision:
            who = present.operator or "somebody"
            raise OfficeConflict(
                Said("demand.changed", key=key, who=who, revision=present.revision)
            )
        return [dropped(present)] if present.active else []

    desk.act(make, account)


def define_calendar(desk: Desk, account: str, wanted: CalendarWanted) -> None:
    """Add or change a calendar."""

    def make(connection: Connection) -> Sequence[Event]:
        present = register_of(connection, CalendarDefined, wanted.calendar.strip())
        return [calendared(wanted, present)]

    desk.act(make, account)


def move_order(desk: Desk, account: str, wanted: MoveWanted) -> None:
    """Give an order another start, due day or priority."""

    def make(connection: Connection) -> Sequence[Event]:
        order = order_of_state(connection, wanted.order)
        if order is None or order.header is None:
            said = Said("order.not_in_plan", order=wanted.order[:60])
            raise OfficeUnknown(said, "order")
        event = moved(order.header, str(order.status), wanted)
        return [event] if event is not None else []

    desk.act(make, account, wanted.order)


def accept(
    desk: Desk, account: str, now: datetime, keys: Collection[str] | None = None
) -> tuple[str, ...]:
    """Plan the orders of some proposals (by identity) or of all; returns their numbers.

    Proposals are made anew when the orders are written: what was planned meanwhile is none of them
    any more, and is refused with its name. Raises `OfficeConflict`.
    """
    said: list[str] = []

    def make(connection: Connection) -> Sequence[Event]:
        events = orders_of(connection, plan_of(connection, now), keys)
        said[:] = [event.order for event in events]
        return events

    desk.act(make, account)
    return tuple(said)


def orders_of(
    connection: Connection, plan: PlanView, keys: Collection[str] | None
) -> list[OrderPlanned]:
    """The orders that proposals become, numbered on from the last; raises `OfficeConflict`."""
    stand = identities(plan.requirements.proposals)
    gone = [key for key in keys or () if key not in stand]
    if gone:
        raise OfficeConflict(Said("proposals.gone", gone=len(gone), of=len(keys or ())))
    chosen = [one for key, one in stand.items() if keys is None or key in keys]
    lines = {line.demand: line for line in plan.known.demands}
    numbers = _numbers(connection, len(chosen))
    materials, shares = plan.known.book.materials, plan.shares
    return [
        accepted(one, number, materials[one.material].unit, lines, shares[one.key])
        for one, number in zip(chosen, numbers, strict=True)
        if one.material in materials
    ]


def next_demand(connection: Connection) -> str:
    """The first free key of our own series: `D-0001`, `D-0002` …"""
    tails = [
        key.removeprefix(DEMAND_PREFIX)
        for key in register(connection, DemandDefined)
        if key.startswith(DEMAND_PREFIX)
    ]
    used = [int(tail) for tail in tails if tail.isascii() and tail.isdigit() and len(tail) < 12]
    return f"{DEMAND_PREFIX}{max(used, default=0) + 1:0{NUMBER_DIGITS_MIN}d}"


def _numbers(connection: Connection, count: int) -> list[str]:
    first = int(next_number(connection).removeprefix(NUMBER_PREFIX)) if count else 0
    return [f"{NUMBER_PREFIX}{first + n:0{NUMBER_DIGITS_MIN}d}" for n in range(count)]
