"""The home of what REST says where an order is short of materials: what, how much, until when."""

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec
from sqlalchemy import Connection

from sync.domain.quantity import text
from sync.server.api_office import acted
from sync.server.office import OfficeConflict, Wanted, material_of, quantity_of
from sync.server.openapi import PROBLEM, Problem, answer
from sync.server.planning.explosion import Book
from sync.server.problem import at_field, problem
from sync.server.services import Services
from sync.server.views.jobs import day_of
from sync.server.views.order_check import Asked, Check, CheckLine, check
from sync.server.views.orders import order_of_state

ACCEPT: Final = "accept"  # where a release says that it is short
T = TypeVar("T")


class Short(msgspec.Struct, frozen=True):
    """A component that free stock does not cover; when enough `comes`, and `by` what (none: ?)."""

    material: str
    name: str
    unit: str
    needed: str
    free: str
    short: str
    comes: str
    by: str


class ShortProblem(Problem, frozen=True):
    """A release that was refused tells in `short` what is missing; other conflicts have none."""

    short: tuple[Short, ...] = ()


SHORT: Final = {
    409: answer(
        ShortProblem, "It contradicts what stands, or materials are short: `short`.", PROBLEM
    )
}


async def unless_short(
    services: Services, act: Callable[[], T], asked: Callable[[Connection], Asked]
) -> T:
    """An act of the desk; where materials are short the problem lists them."""

    def guarded() -> T | OfficeConflict:
        try:
            return act()
        except OfficeConflict as fault:
            if fault.field != ACCEPT:
                raise
            return fault

    done = await acted(guarded)
    if not isinstance(done, OfficeConflict):
        return done
    now = services.clock.local().replace(tzinfo=None)
    found: Check = await services.database.read(lambda conn: check(conn, now, asked(conn)))
    short = [msgspec.to_builtins(_short(one)) for one in found.short]
    said = f"{done}; `accept_shortages` says so"
    errors = at_field("accept_shortages", said)
    raise problem(409, "shortage", said, errors=errors, short=short)


def _short(line: CheckLine) -> Short:
    need = line.need
    return Short(
        need.material,
        need.name,
        need.unit,
        text(need.needed),
        text(need.free),
        text(need.short),
        line.comes.isoformat() if line.comes else "",
        line.by,
    )


def asked_by(number: str, connection: Connection) -> Asked:
    """What a planned order wants."""
    state = order_of_state(connection, number)
    assert state is not None, f"order {number} is short, so it is known"
    assert state.header is not None, f"order {number} was planned"
    head = state.header
    dates = day_of(head.due), day_of(head.start)
    return Asked(head.material, head.quantity, number, *dates, head.priority)


def asked_of(known: Callable[[Connection], Book], wanted: Wanted, connection: Connection) -> Asked:
    """What an order that is not planned yet wants."""
    material = material_of(wanted.material, known(connection))
    quantity = quantity_of(wanted.quantity, wanted.unit, material)
    dates = day_of(wanted.due), day_of(wanted.start)
    return Asked(material.material, quantity, "", *dates, wanted.priority)
