"""What the office does with master data: define, change and deactivate, each as a next revision.

All raise `OfficeError` and `DatabaseError`, and may wait for the disk. A change that was made of
another revision than the one that stands is an `OfficeConflict`; what changes nothing says nothing.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import Connection

from sync.domain.events import BomDefined, Event
from sync.server.desk import Desk
from sync.server.office import master as said
from sync.server.office import structure
from sync.server.office.master import MaterialWanted, WorkCenterWanted, next_revision
from sync.server.office.structure import BomWanted, RoutingWanted
from sync.server.views.books import Masters, masters
from sync.server.views.master import account_of

E = TypeVar("E", bound=Event)


def define_material(desk: Desk, account: str, wanted: MaterialWanted) -> None:
    """Make a material, or its next revision."""

    def made(connection: Connection) -> Sequence[Event]:
        known = masters(connection)
        used = {one.material for one in effective(known) if _names(one, wanted.material)}
        event = said.material(wanted, known.materials, used)
        return _next(connection, event, known.materials.get(event.material), wanted.revision)

    desk.act(made, account)


def define_bom(desk: Desk, account: str, wanted: BomWanted) -> None:
    """Make a BOM, or its next revision."""
    desk.act(lambda conn: _bom(conn, wanted), account)


def define_routing(desk: Desk, account: str, wanted: RoutingWanted) -> None:
    """Make a routing, or its next revision."""

    def made(connection: Connection) -> Sequence[Event]:
        known = masters(connection)
        own = known.dated.get(wanted.material, ())
        event = structure.routing(wanted, known.materials, known.work_centers, own)
        return _next(connection, event, known.routings.get(event.material), wanted.revision)

    desk.act(made, account)


def define_work_center(desk: Desk, account: str, wanted: WorkCenterWanted) -> None:
    """Make a work center, or its next revision."""

    def made(connection: Connection) -> Sequence[Event]:
        known = masters(connection)
        event = said.work_center(wanted, known.calendars, known.routings.values())
        before = known.work_centers.get(event.work_center)
        return _next(connection, event, before, wanted.revision)

    desk.act(made, account)


def checked_bom(known: Masters, wanted: BomWanted) -> BomDefined:
    """The BOM as it would be said now; raises `OfficeError`."""
    others = (one for one in effective(known) if one.material != wanted.material)
    routing = known.routings.get(wanted.material)
    return structure.bom(wanted, known.materials, others, routing)


def effective(known: Masters) -> Iterator[BomDefined]:
    """Every revision of a BOM that counts on some day from now on, or did."""
    for several in known.dated.values():
        yield from (one for one in several if one.active)


def _bom(connection: Connection, wanted: BomWanted) -> Sequence[Event]:
    known = masters(connection)
    event = checked_bom(known, wanted)
    return _next(connection, event, known.boms.get(event.material), wanted.revision)


def _names(bom: BomDefined, material: str) -> bool:
    lines = (*bom.lines, *bom.by_products)
    return any(one.material == material or material in one.substitutes for one in lines)


def _next(connection: Connection, event: E, known: E | None, seen: int) -> Sequence[Event]:
    who = account_of(connection, known) if known is not None else ""
    made = next_revision(event, known, seen, who)
    return [made] if made is not None else []
