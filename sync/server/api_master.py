"""The home of materials and work centers by REST: find, look, define the next revision, take away.

One thing is named in the query (`/v1/material?material=X`), as a name may hold any character. A PUT
carries all of it; what GET answers may be sent back. Nothing is deleted: DELETE makes inactive.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Response, Router, delete, get, put
from litestar.params import JSONBody, QueryParameter
from sqlalchemy import Connection

from sync.domain.events import MaterialDefined, WorkCenterDefined
from sync.server.api import AnyRequest, services_of
from sync.server.api_etag import TAGGED, IfMatch, IfNoneMatch, tagged
from sync.server.api_master_told import (
    MaterialAnswer,
    WorkCenterAnswer,
    material_answer,
    material_wanted,
    work_center_answer,
    work_center_wanted,
)
from sync.server.api_office import Limit, Number
from sync.server.api_registers import (
    CHANGED,
    ENDED,
    LISTED,
    LOOK,
    MASTER,
    READ,
    Key,
    RevisionLines,
    RevisionTold,
    deactivate,
    define,
    of_revision,
    page_of,
    revision_lines,
    unknown,
)
from sync.server.auth import office_guard
from sync.server.desk.master import define_material, define_work_center
from sync.server.office.master import MaterialWanted, WorkCenterWanted
from sync.server.openapi import ADMIN, EXAMPLES, refusals
from sync.server.views import PAGE_ROWS_MAX
from sync.server.views.books import Masters, masters
from sync.server.views.master import uses

Kind = Annotated[
    Literal["active", "made", "bought", "inactive"],
    QueryParameter(description="`made` has a BOM or a routing; all but `inactive` are active."),
]


class MaterialListLine(msgspec.Struct, frozen=True):
    """One material in the list; `made` has a BOM or a routing."""

    material: str
    name: str
    unit: str
    supplier: str
    lead_time_days: int
    standard_cost: str
    made: bool
    active: bool
    revision: int


class MaterialList(msgspec.Struct, frozen=True):
    items: tuple[MaterialListLine, ...]
    next: str = ""


class UseLine(msgspec.Struct, frozen=True):
    """A BOM that names a material: so much of it for `base`; `way` is component, substitute
    or by_product.
    """

    material: str
    name: str
    quantity: str
    unit: str
    base: str
    base_unit: str
    way: str
    valid_from: str


class Uses(msgspec.Struct, frozen=True):
    items: tuple[UseLine, ...]


class WorkCenterListLine(msgspec.Struct, frozen=True):
    """One work center in the list."""

    work_center: str
    name: str
    calendar: str
    hours_per_day: str
    capacity: int
    cost_per_hour: str
    active: bool
    revision: int


class WorkCenterList(msgspec.Struct, frozen=True):
    items: tuple[WorkCenterListLine, ...]
    next: str = ""


@get("/v1/materials", opt=LOOK, responses=LISTED)
async def list_materials(
    request: AnyRequest,
    search: Number = "",
    kind: Kind = "active",
    after: Number = "",
    limit: Limit = PAGE_ROWS_MAX,
) -> MaterialList:
    """Materials by number; `search` words stand in its number, name, GTIN or supplier."""

    def asked(conn: Connection) -> MaterialList:
        found = _materials(masters(conn), search, kind, after)
        return MaterialList(*page_of(found, lambda one: one.material, limit))

    return await services_of(request).database.read(asked)


@get("/v1/material", opt=LOOK, responses=READ, response_headers=TAGGED)
async def one_material(
    request: AnyRequest,
    material: Key,
    revision: RevisionTold = 0,
    if_none_match: IfNoneMatch = "",
) -> Response[MaterialAnswer]:
    """A material as it stands, or as a revision said it."""
    return await _material(request, material, revision, if_none_match)


@put("/v1/material", opt=MASTER, status_code=200, responses=CHANGED, response_headers=TAGGED)
async def put_material(
    request: AnyRequest, material: Key, data: JSONBody[MaterialWanted], if_match: IfMatch = ""
) -> Response[MaterialAnswer]:
    """Define a material, or its next revision; what changes nothing makes no revision."""
    await define(request, MaterialDefined, material, data, define_material, if_match)
    return await _material(request, material.strip())


@delete("/v1/material", opt=MASTER, status_code=200, responses=ENDED, response_headers=TAGGED)
async def end_material(
    request: AnyRequest, material: Key, revision: RevisionTold = 0, if_match: IfMatch = ""
) -> Response[MaterialAnswer]:
    """Make a material inactive; 409 while a BOM names it. Takes `revision`, or If-Match."""
    kind, verb = MaterialDefined, define_material
    await deactivate(request, kind, material, revision, material_wanted, verb, if_match)
    return await _material(request, material)


@get("/v1/material/revisions", opt=LOOK, responses=refusals(400, 401, 404))
async def material_revisions(request: AnyRequest, material: Key) -> RevisionLines:
    """All revisions of a material."""
    return await revision_lines(request, MaterialDefined, material)


@get("/v1/material/uses", opt=LOOK, responses=refusals(400, 401, 404))
async def material_uses(request: AnyRequest, material: Key) -> Uses:
    """The BOMs that name a material and hold now or later."""

    def asked(conn: Connection) -> Uses:
        known = masters(conn)
        if material not in known.materials:
            raise unknown(MaterialDefined, material)
        return Uses(
            tuple(
                UseLine(
                    one.material, one.name, one.quantity.amount, one.quantity.unit,
                    one.base.amount, one.base.unit, one.way, one.valid_from,
                )
                for one in uses(known, material)
            )
        )  # fmt: skip

    return await services_of(request).database.read(asked)


@get("/v1/work-centers", opt=LOOK, responses=LISTED)
async def list_work_centers(
    request: AnyRequest,
    search: Number = "",
    kind: Annotated[Literal["active", "inactive"], QueryParameter()] = "active",
    after: Number = "",
    limit: Limit = PAGE_ROWS_MAX,
) -> WorkCenterList:
    """Work centers by number; `search` words stand in its number or name."""

    def asked(conn: Connection) -> WorkCenterList:
        found = _centers(masters(conn), search, after, active=kind == "active")
        return WorkCenterList(*page_of(found, lambda one: one.work_center, limit))

    return await services_of(request).database.read(asked)


@get("/v1/work-center", opt=LOOK, responses=READ, response_headers=TAGGED)
async def one_work_center(
    request: AnyRequest,
    work_center: Key,
    revision: RevisionTold = 0,
    if_none_match: IfNoneMatch = "",
) -> Response[WorkCenterAnswer]:
    """A work center as it stands, or as a revision said it."""
    return await _center(request, work_center, revision, if_none_match)


@put("/v1/work-center", opt=MASTER, status_code=200, responses=CHANGED, response_headers=TAGGED)
async def put_work_center(
    request: AnyRequest,
    work_center: Key,
    data: JSONBody[WorkCenterWanted],
    if_match: IfMatch = "",
) -> Response[WorkCenterAnswer]:
    """Define a work center, or its next revision; what changes nothing makes no revision."""
    await define(request, WorkCenterDefined, work_center, data, define_work_center, if_match)
    return await _center(request, work_center.strip())


@delete("/v1/work-center", opt=MASTER, status_code=200, responses=ENDED, response_headers=TAGGED)
async def end_work_center(
    request: AnyRequest, work_center: Key, revision: RevisionTold = 0, if_match: IfMatch = ""
) -> Response[WorkCenterAnswer]:
    """Make a work center inactive; 409 while a routing names it. Takes `revision`, or If-Match."""
    kind, verb = WorkCenterDefined, define_work_center
    await deactivate(request, kind, work_center, revision, work_center_wanted, verb, if_match)
    return await _center(request, work_center)


@get("/v1/work-center/revisions", opt=LOOK, responses=refusals(400, 401, 404))
async def work_center_revisions(request: AnyRequest, work_center: Key) -> RevisionLines:
    """All revisions of a work center."""
    return await revision_lines(request, WorkCenterDefined, work_center)


_MATERIAL: Final = MaterialWanted(
    "FLOUR-W", "Wheat flour 550", "KGM", conversions="BAG=25 KGM", shelf_life_days=180,
    place="A3", lead_time_days=4, reorder_point="500", supplier="Mill North",
    standard_cost="0.62", lot_size="1000", revision=3,
)  # fmt: skip
_CENTER: Final = WorkCenterWanted("MIX", "Mixing", "16", "two-shifts", 2, "48.50", revision=1)
_AT: Final = "2027-03-30T09:12:44.120+00:00"
_SHOWN: Final = (
    _MATERIAL,
    MaterialAnswer(**msgspec.structs.asdict(_MATERIAL), account="anna", at=_AT),
    _CENTER,
    WorkCenterAnswer(**msgspec.structs.asdict(_CENTER), account="anna", at=_AT),
)

routes: Final = (
    Router(
        "/",
        guards=[office_guard],
        tags=["office"],
        security=ADMIN,
        opt={EXAMPLES: _SHOWN},
        route_handlers=[
            list_materials,
            one_material,
            put_material,
            end_material,
            material_revisions,
            material_uses,
            list_work_centers,
            one_work_center,
            put_work_center,
            end_work_center,
            work_center_revisions,
        ],
    ),
)


async def _material(
    request: AnyRequest, key: str, revision: int = 0, if_none_match: str = ""
) -> Response[Any]:
    def asked(conn: Connection) -> MaterialAnswer:
        event, told = of_revision(conn, MaterialDefined, key, revision)
        return material_answer(event, told, made=_made(masters(conn), key))

    found = await services_of(request).database.read(asked)
    return tagged(found, found.revision, if_none_match)


async def _center(
    request: AnyRequest, key: str, revision: int = 0, if_none_match: str = ""
) -> Response[Any]:
    found = await services_of(request).database.read(
        lambda conn: work_center_answer(*of_revision(conn, WorkCenterDefined, key, revision))
    )
    return tagged(found, found.revision, if_none_match)


def _materials(known: Masters, search: str, kind: str, after: str) -> Iterator[MaterialListLine]:
    words = search.casefold().split()
    for key in sorted(key for key in known.materials if key > after):
        item, made = known.materials[key], _made(known, key)
        if item.active is (kind == "inactive") or (kind in _MADE and made is not _MADE[kind]):
            continue
        text = f"{key} {item.name} {item.gtin} {item.supplier}".casefold()
        if all(word in text for word in words):
            yield MaterialListLine(
                key, item.name, item.unit, item.supplier, item.lead_time_days,
                item.standard_cost, made, item.active, item.revision,
            )  # fmt: skip


_MADE: Final = {"made": True, "bought": False}


def _made(known: Masters, key: str) -> bool:
    return key in known.boms or key in known.routings


def _centers(
    known: Masters, search: str, after: str, *, active: bool
) -> Iterator[WorkCenterListLine]:
    words = search.casefold().split()
    for key in sorted(key for key in known.work_centers if key > after):
        one = known.work_centers[key]
        text = f"{key} {one.name}".casefold()
        if one.active is active and all(word in text for word in words):
            yield WorkCenterListLine(
                key, one.name, one.calendar, one.hours_per_day, one.capacity,
                one.cost_per_hour, one.active, one.revision,
            )  # fmt: skip
