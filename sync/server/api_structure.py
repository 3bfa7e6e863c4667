"""The home of BOMs and routings by REST: look, define, compare, explode, cost, try before saving.

A BOM has one revision that stands, the highest; on a day the highest holds whose `valid_from` has
come. A PUT carries all of it; what GET answers may be sent back. DELETE makes inactive.
"""

from collections.abc import Callable
from datetime import date
from typing import Any, Final, TypeVar

import msgspec
from litestar import Response, Router, delete, get, post, put
from litestar.params import JSONBody
from sqlalchemy import Connection

from sync.domain.events import BomDefined, RoutingDefined
from sync.domain.quantity import Quantity
from sync.server.api import AnyRequest, services_of
from sync.server.api_etag import TAGGED, IfMatch, IfNoneMatch, tagged
from sync.server.api_master_told import (
    BomAnswer,
    RoutingAnswer,
    bom_answer,
    bom_wanted,
    routing_answer,
    routing_wanted,
)
from sync.server.api_office import Limit, Number, today_of, told
from sync.server.api_registers import (
    CHANGED,
    ENDED,
    LISTED,
    LOOK,
    MASTER,
    READ,
    Key,
    RevisionLines,
    RevisionOf,
    RevisionTold,
    deactivate,
    define,
    of_revision,
    page_of,
    pointed,
    revision_lines,
)
from sync.server.api_structure_told import (
    AmountAsked,
    Amounts,
    BomDifference,
    BomEffect,
    BomList,
    DayAsked,
    RollUp,
    RoutingList,
    bom_lines,
    branches,
    difference_of,
    effect_of,
    rolled_up,
    routing_lines,
)
from sync.server.auth import office_guard
from sync.server.desk.master import checked_bom, define_bom, define_routing
from sync.server.office import OfficeError, OfficeUnknown, day, material_of, quantity_of
from sync.server.office.structure import BomLineWanted, BomWanted, OperationWanted, RoutingWanted
from sync.server.openapi import ADMIN, EXAMPLES, refusals
from sync.server.planning.costing import roll_up
from sync.server.planning.explosion import Book
from sync.server.problem import at_parameter, problem
from sync.server.views import PAGE_ROWS_MAX
from sync.server.views.bom_effect import effect
from sync.server.views.books import masters
from sync.server.views.master import tree
from sync.server.views.plan import recent_plan

T = TypeVar("T")


@get("/v1/boms", opt=LOOK, responses=LISTED)
async def list_boms(
    request: AnyRequest, search: Number = "", after: Number = "", limit: Limit = PAGE_ROWS_MAX
) -> BomList:
    """The active BOMs by material, each as it holds today, else as it will."""
    today = today_of(services_of(request)).isoformat()

    def asked(conn: Connection) -> BomList:
        found = bom_lines(masters(conn), search, after, today)
        return BomList(*page_of(found, lambda one: one.material, limit))

    return await services_of(request).database.read(asked)


@get("/v1/bom", opt=LOOK, responses=READ, response_headers=TAGGED)
async def one_bom(
    request: AnyRequest,
    material: Key,
    revision: RevisionTold = 0,
    if_none_match: IfNoneMatch = "",
) -> Response[BomAnswer]:
    """The BOM of a material as it stands, or as a revision said it."""
    return await _bom(request, material, revision, if_none_match)


@put("/v1/bom", opt=MASTER, status_code=200, responses=CHANGED, response_headers=TAGGED)
async def put_bom(
    request: AnyRequest, material: Key, data: JSONBody[BomWanted], if_match: IfMatch = ""
) -> Response[BomAnswer]:
    """Define a BOM, or its next revision; what changes nothing makes no revision."""
    await define(request, BomDefined, material, data, define_bom, if_match)
    return await _bom(request, material.strip())


@delete("/v1/bom", opt=MASTER, status_code=200, responses=ENDED, response_headers=TAGGED)
async def end_bom(
    request: AnyRequest, material: Key, revision: RevisionTold = 0, if_match: IfMatch = ""
) -> Response[BomAnswer]:
    """Make a BOM inactive. Takes `revision`, or If-Match."""
    await deactivate(request, BomDefined, material, revision, bom_wanted, define_bom, if_match)
    return await _bom(request, material)


@get("/v1/bom/revisions", opt=LOOK, responses=refusals(400, 401, 404))
async def bom_revisions(request: AnyRequest, material: Key) -> RevisionLines:
    """All revisions of a BOM."""
    return await revision_lines(request, BomDefined, material)


@get("/v1/bom/difference", opt=LOOK, responses=refusals(400, 401, 404))
async def bom_difference(
    request: AnyRequest, material: Key, before: RevisionOf, after: RevisionTold = 0
) -> BomDifference:
    """What two revisions of a BOM do not have alike; no `after`: the one that stands."""

    def asked(conn: Connection) -> BomDifference:
        sides = [of_revision(conn, BomDefined, material, one) for one in (before, after)]
        return difference_of(*sides)

    return await services_of(request).database.read(asked)


@get("/v1/bom/explosion", opt=LOOK, responses=refusals(400, 401, 404))
async def bom_explosion(
    request: AnyRequest, material: Key, quantity: AmountAsked = "1", on: DayAsked = ""
) -> Amounts:
    """What so much of a material takes, through every level, depth first, with what it costs."""

    def asked(conn: Connection, book: Book, amount: Quantity) -> Amounts:
        return branches(tree(material, amount, book, masters(conn).rates))

    return await _asked(request, material, quantity, on, asked)


@get("/v1/bom/cost", opt=LOOK, responses=refusals(400, 401, 404))
async def bom_cost(
    request: AnyRequest, material: Key, quantity: AmountAsked = "1", on: DayAsked = ""
) -> RollUp:
    """What so much of a material costs by its BOM, routing and rates."""
    currency = services_of(request).config.currency

    def asked(conn: Connection, book: Book, amount: Quantity) -> RollUp:
        return rolled_up(roll_up(material, amount, book, masters(conn).rates), currency)

    return await _asked(request, material, quantity, on, asked)


@post("/v1/bom/effect", opt=MASTER, status_code=200, responses=refusals(400, 401, 404, 413))
async def bom_effect(request: AnyRequest, data: JSONBody[BomWanted]) -> BomEffect:
    """What a BOM would change of open orders, needs, shortages and cost; nothing is saved."""
    services = services_of(request)
    now, currency = services.clock.local().replace(tzinfo=None), services.config.currency

    def asked(conn: Connection) -> BomEffect:
        known = masters(conn)
        made = checked_bom(known, data)
        return effect_of(effect(known, made, recent_plan(conn, now)), currency)

    try:
        return await services.database.read(lambda conn: pointed(lambda: asked(conn)))
    except OfficeError as fault:
        raise told(fault) from None


@get("/v1/routings", opt=LOOK, responses=LISTED)
async def list_routings(
    request: AnyRequest, search: Number = "", after: Number = "", limit: Limit = PAGE_ROWS_MAX
) -> RoutingList:
    """The active routings by material."""

    def asked(conn: Connection) -> RoutingList:
        found = routing_lines(masters(conn), search, after)
        return RoutingList(*page_of(found, lambda one: one.material, limit))

    return await services_of(request).database.read(asked)


@get("/v1/routing", opt=LOOK, responses=READ, response_headers=TAGGED)
async def one_routing(
    request: AnyRequest,
    material: Key,
    revision: RevisionTold = 0,
    if_none_match: IfNoneMatch = "",
) -> Response[RoutingAnswer]:
    """The routing of a material as it stands, or as a revision said it."""
    return await _routing(request, material, revision, if_none_match)


@put("/v1/routing", opt=MASTER, status_code=200, responses=CHANGED, response_headers=TAGGED)
async def put_routing(
    request: AnyRequest, material: Key, data: JSONBody[RoutingWanted], if_match: IfMatch = ""
) -> Response[RoutingAnswer]:
    """Define a routing, or its next revision; what changes nothing makes no revision."""
    await define(request, RoutingDefined, material, data, define_routing, if_match)
    return await _routing(request, material.strip())


@delete("/v1/routing", opt=MASTER, status_code=200, responses=ENDED, response_headers=TAGGED)
async def end_routing(
    request: AnyRequest, material: Key, revision: RevisionTold = 0, if_match: IfMatch = ""
) -> Response[RoutingAnswer]:
    """Make a routing inactive. Takes `revision`, or If-Match."""
    kind, verb = RoutingDefined, define_routing
    await deactivate(request, kind, material, revision, routing_wanted, verb, if_match)
    return await _routing(request, material)


@get("/v1/routing/revisions", opt=LOOK, responses=refusals(400, 401, 404))
async def routing_revisions(request: AnyRequest, material: Key) -> RevisionLines:
    """All revisions of a routing."""
    return await revision_lines(request, RoutingDefined, material)


_LINE: Final = BomLineWanted("FLOUR-W", "62.5", "KGM", "10", "1.5", "2")
_STEP: Final = OperationWanted(
    *("10", "MIX", "Mix", 600, "3.5"),
    steps=("Weigh", "Mix 8 minutes"),
    checks=("Dough temperature = 24..27 CEL",),
)
_BOM: Final = BomWanted("BREAD", "100", "C62", (_LINE,), (), "2027-04-01", "less salt", revision=3)
_ROUTING: Final = RoutingWanted("BREAD", (_STEP,), revision=1)
_AT: Final = "2027-03-30T09:12:44.120+00:00"
_SHOWN: Final = (
    _LINE,
    _BOM,
    BomAnswer(**msgspec.structs.asdict(_BOM), account="anna", at=_AT, holding=2),
    _ROUTING,
    RoutingAnswer(**msgspec.structs.asdict(_ROUTING), account="anna", at=_AT),
)

routes: Final = (
    Router(
        "/",
        guards=[office_guard],
        tags=["office"],
        security=ADMIN,
        opt={EXAMPLES: _SHOWN},
        route_handlers=[
            list_boms,
            one_bom,
            put_bom,
            end_bom,
            bom_revisions,
            bom_difference,
            bom_explosion,
            bom_cost,
            bom_effect,
            list_routings,
            one_routing,
            put_routing,
            end_routing,
            routing_revisions,
        ],
    ),
)


async def _bom(
    request: AnyRequest, key: str, revision: int = 0, if_none_match: str = ""
) -> Response[Any]:
    today = today_of(services_of(request))

    def asked(conn: Connection) -> BomAnswer:
        holding = masters(conn).bom_on(key, today)
        found = of_revision(conn, BomDefined, key, revision)
        return bom_answer(*found, holding.revision if holding is not None else 0)

    found = await services_of(request).database.read(asked)
    return tagged(found, found.revision, if_none_match)


async def _routing(
    request: AnyRequest, key: str, revision: int = 0, if_none_match: str = ""
) -> Response[Any]:
    found = await services_of(request).database.read(
        lambda conn: routing_answer(*of_revision(conn, RoutingDefined, key, revision))
    )
    return tagged(found, found.revision, if_none_match)


async def _asked(
    request: AnyRequest,
    material: str,
    quantity: str,
    on: str,
    question: Callable[[Connection, Book, Quantity], T],
) -> T:
    """A question about so much of a material, by the master data of a day (none: today)."""
    services = services_of(request)
    today = today_of(services)

    def asked(conn: Connection) -> T:
        written = day("on", on)
        book = masters(conn).book(date.fromisoformat(written) if written else today)
        amount = quantity_of(quantity, "", material_of(material, book))
        return question(conn, book, amount)

    try:
        return await services.database.read(asked)
    except OfficeError as fault:
        status, kind = (404, "unknown") if isinstance(fault, OfficeUnknown) else (400, "value")
        errors = at_parameter(fault.field or "quantity", str(fault))
        raise problem(status, kind, str(fault), errors=errors) from None
