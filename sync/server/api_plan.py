"""The home of the plan's REST interface: schedule, demand, proposals, calendars.

Amounts are decimal text with their unit beside them, days ISO, moments local to the server's place.
"""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from sync.domain.events import NAME_CHARS_MAX, TEXT_CHARS_MAX, CalendarDefined, DemandDefined
from sync.domain.quantity import text
from sync.server.api import AnyRequest, services_of
from sync.server.api_office import Limit, Number, acted, desk_of
from sync.server.auth import account_of, office_guard
from sync.server.desk.plan import accept, define_calendar, demand, drop_demand, move_order
from sync.server.office import PRIORITY_MAX
from sync.server.office.plan import (
    WEEKDAYS_COUNT,
    CalendarWanted,
    DemandWanted,
    MoveWanted,
    identities,
    week_texts,
)
from sync.server.openapi import ADMIN, AMOUNT, DATE, as_told, refusals
from sync.server.planning.schedule import Slot
from sync.server.planning.supply import Proposal
from sync.server.views import PAGE_ROWS_MAX
from sync.server.views.plan import PlanView, plan_of
from sync.server.views.supply import calendars, register_of

ACCEPTED_COUNT_MAX: Final = 2_000
REVISION_MAX: Final = 2**53
_SHIFT: Final = "([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]"
Day = Annotated[str, as_told(pattern=DATE)]
Amount = Annotated[str, as_told(pattern=AMOUNT)]
Priority = Annotated[int, as_told(minimum=0, maximum=PRIORITY_MAX)]
Revision = Annotated[int, msgspec.Meta(ge=0, lt=REVISION_MAX)]
Name = Annotated[str, as_told(max_length=NAME_CHARS_MAX)]
DemandKey = Annotated[str, QueryParameter(name="demand", min_length=1, max_length=NAME_CHARS_MAX)]
Shifts = Annotated[str, as_told(pattern=f"^({_SHIFT}( {_SHIFT})*)?$")]
Note = Annotated[str, as_told(max_length=TEXT_CHARS_MAX)]


class SlotLine(msgspec.Struct, frozen=True):
    """An operation in the schedule; `reason` is why it begins then, `by` what that is about."""

    order: str
    operation: str
    work_center: str
    begins: str
    ends: str
    seconds: int
    begun: bool
    reason: str
    by: str
    slack_days: int | None


class UnplacedLine(msgspec.Struct, frozen=True):
    """An open order without a place, and what stands against it."""

    order: str
    reason: str
    by: str


class PlanAnswer(msgspec.Struct, frozen=True):
    """Slots by order and begin; `next` is the last order of a page that has a next one."""

    planned_at: str
    items: tuple[SlotLine, ...]
    unplaced: tuple[UnplacedLine, ...]
    late: tuple[str, ...]
    next: str = ""


class DemandLine(msgspec.Struct, frozen=True):
    demand: str
    revision: int
    material: str
    quantity: str
    unit: str
    due: str
    priority: int
    customer_reference: str
    note: str


class DemandList(msgspec.Struct, frozen=True):
    items: tuple[DemandLine, ...]
    next: str = ""


class DemandRequest(msgspec.Struct, frozen=True):
    """A line of demand; no `demand`: the next number. `revision` is the one that is changed."""

    material: Name
    quantity: Amount
    demand: Name = ""
    unit: Name = ""
    due: Day = ""
    priority: Priority = 50
    customer_reference: Name = ""
    note: Note = ""
    revision: Revision = 0


class ProposalLine(msgspec.Struct, frozen=True):
    """An order to plan; `wants` are the demand lines and open orders at the root of it."""

    proposal: str
    material: str
    quantity: str
    unit: str
    start: str
    due: str
    ready: str
    level: int
    late: bool
    why: str
    wants: tuple[str, ...]


class ProposalList(msgspec.Struct, frozen=True):
    items: tuple[ProposalLine, ...]
    problems: tuple[str, ...] = ()


class AcceptRequest(msgspec.Struct, frozen=True):
    """Which proposals become orders; all of those that stand without `proposals`."""

    proposals: Annotated[tuple[Name, ...], msgspec.Meta(max_length=ACCEPTED_COUNT_MAX)] | None = (
        None
    )


class AcceptAnswer(msgspec.Struct, frozen=True):
    """The orders that were planned."""

    orders: tuple[str, ...]


class MoveRequest(msgspec.Struct, frozen=True):
    """Another place in the plan; `revision` is the order's that was looked at."""

    revision: Revision
    start: Day = ""
    due: Day = ""
    priority: Priority = 50
    reason: Note = ""


class CalendarLine(msgspec.Struct, frozen=True):
    """Shifts of each weekday, Monday first, parted by blanks; closed days."""

    calendar: str
    revision: int
    name: str
    weekdays: tuple[str, ...]
    closed: tuple[str, ...]


class CalendarList(msgspec.Struct, frozen=True):
    items: tuple[CalendarLine, ...]


class CalendarRequest(msgspec.Struct, frozen=True):
    """A calendar; `revision` is the one that is changed, 0 for a new one."""

    calendar: Annotated[str, as_told(min_length=1, max_length=NAME_CHARS_MAX)]
    name: Name = ""
    weekdays: Annotated[tuple[Shifts, ...], msgspec.Meta(max_length=WEEKDAYS_COUNT)] = ()
    closed: Annotated[tuple[Day, ...], msgspec.Meta(max_length=400)] = ()
    revision: Revision = 0


@get("/v1/plan", responses=refusals(400, 401), opt={"right": "look"})
async def read_plan(
    request: AnyRequest, after: Number = "", limit: Limit = PAGE_ROWS_MAX
) -> PlanAnswer:
    """When each operation of each open order begins, and why not before; `limit` counts orders."""
    plan = await _plan(request)
    orders = sorted(order for order in plan.schedule.by_order if order > after)
    page = orders[:limit]
    slots = [slot for order in page for slot in plan.schedule.of_order(order)]
    unplaced = plan.schedule.unplaced
    return PlanAnswer(
        plan.now.isoformat(),
        tuple(_slot(plan, slot) for slot in slots),
        tuple(UnplacedLine(order, why.kind, why.by) for order, why in sorted(unplaced.items())),
        plan.late,
        page[-1] if len(orders) > len(page) else "",
    )


@post(
    "/v1/orders/{order:str}/move",
    status_code=200,
    opt={"right": "plan"},
    responses=refusals(400, 401, 404, 409, 413),
)
async def move(
    request: AnyRequest, order: FromPath[str], data: JSONBody[MoveRequest]
) -> PlanAnswer:
    """Give an order another start, due day or priority; answers with its slots as they are then."""
    wanted = MoveWanted(order, data.start, data.due, data.priority, data.reason, data.revision)
    desk = desk_of(request)
    await acted(lambda: move_order(desk, account_of(request), wanted))
    plan = await _plan(request)
    slots = tuple(_slot(plan, slot) for slot in plan.schedule.of_order(order))
    return PlanAnswer(plan.now.isoformat(), slots, (), plan.late)


@get("/v1/demand", responses=refusals(400, 401), opt={"right": "look"})
async def list_demand(
    request: AnyRequest, after: Number = "", limit: Limit = PAGE_ROWS_MAX
) -> DemandList:
    """The lines of demand that hold, by key."""
    plan = await _plan(request)
    found = sorted(plan.known.demands, key=lambda one: one.demand)
    rest = [one for one in found if one.demand > after]
    page = rest[:limit]
    last = page[-1].demand if len(rest) > len(page) else ""
    return DemandList(tuple(map(_demand, page)), last)


@post(
    "/v1/demand",
    status_code=201,
    response_description="Stored.",
    opt={"right": "plan"},
    responses=refusals(400, 401, 404, 409, 413),
)
async def put_demand(request: AnyRequest, data: JSONBody[DemandRequest]) -> DemandLine:
    """Add a line of demand, or with its revision change one."""
    wanted = DemandWanted(**{name: getattr(data, name) for name in data.__struct_fields__})
    desk, services = desk_of(request), services_of(request)
    key = await acted(lambda: demand(desk, account_of(request), wanted))
    line: DemandDefined | None = await services.database.read(
        lambda conn: register_of(conn, DemandDefined, key)
    )
    assert line is not None, f"demand {key} was just written"
    return _demand(line)


@delete(
    "/v1/demand",
    status_code=204,
    opt={"right": "plan"},
    responses=refusals(400, 401, 404),
)
async def remove_demand(request: AnyRequest, demand_line: DemandKey) -> None:
    """Nobody wants this line any more; again is no fault."""
    desk = desk_of(request)
    await acted(lambda: drop_demand(desk, account_of(request), demand_line))


@get("/v1/proposals", responses=refusals(401), opt={"right": "look"})
async def list_proposals(request: AnyRequest) -> ProposalList:
    """Orders that demand, open orders and reorder points call for."""
    plan = await _plan(request)
    found = identities(plan.requirements.proposals)
    lines = tuple(_proposal(plan, key, one) for key, one in found.items())
    return ProposalList(lines, plan.requirements.problems)


@post(
    "/v1/proposals/accept",
    status_code=201,
    response_description="Planned.",
    opt={"right": "plan"},
    responses=refusals(400, 401, 409, 413),
)
async def accept_proposals(request: AnyRequest, data: JSONBody[AcceptRequest]) -> AcceptAnswer:
    """Plan the orders of proposals; what was planned meanwhile is refused, not planned twice."""
    desk, now = desk_of(request), _now(request)
    keys = None if data.proposals is None else frozenset(data.proposals)
    return AcceptAnswer(await acted(lambda: accept(desk, account_of(request), now, keys)))


@get("/v1/calendars", responses=refusals(401), opt={"right": "look"})
async def list_calendars(request: AnyRequest) -> CalendarList:
    """The calendars by key."""
    found = await services_of(request).database.read(calendars)
    return CalendarList(tuple(_calendar(one) for _, one in sorted(found.items()) if one.active))


@post(
    "/v1/calendars",
    status_code=201,
    response_description="Stored.",
    opt={"right": "master"},
    responses=refusals(400, 401, 409, 413),
)
async def put_calendar(request: AnyRequest, data: JSONBody[CalendarRequest]) -> CalendarLine:
    """Add a calendar, or with its revision change one."""
    wanted = CalendarWanted(
        data.calendar, data.name, data.weekdays, " ".join(data.closed), data.revision
    )
    desk, services = desk_of(request), services_of(request)
    await acted(lambda: define_calendar(desk, account_of(request), wanted))
    key = data.calendar.strip()
    stands: CalendarDefined | None = await services.database.read(
        lambda conn: register_of(conn, CalendarDefined, key)
    )
    assert stands is not None, f"calendar {key} was just written"
    return _calendar(stands)


routes: Final = (
    Router(
        "/",
        guards=[office_guard],
        tags=["office"],
        security=ADMIN,
        route_handlers=[
            read_plan,
            move,
            list_demand,
            put_demand,
            remove_demand,
            list_proposals,
            accept_proposals,
            list_calendars,
            put_calendar,
        ],
    ),
)


def _now(request: AnyRequest) -> datetime:
    return services_of(request).clock.local().replace(tzinfo=None)


async def _plan(request: AnyRequest) -> PlanView:
    now = _now(request)
    plan: PlanView = await services_of(request).database.read(lambda conn: plan_of(conn, now))
    return plan


def _slot(plan: PlanView, slot: Slot) -> SlotLine:
    reason = slot.reason
    return SlotLine(
        slot.order,
        slot.operation,
        slot.work_center,
        slot.begins.isoformat(),
        slot.ends.isoformat(),
        slot.seconds,
        slot.begun,
        reason.kind,
        reason.by,
        plan.slack(slot.order),
    )


def _demand(line: DemandDefined) -> DemandLine:
    return DemandLine(
        line.demand,
        line.revision,
        line.material,
        text(line.quantity.micros),
        line.quantity.unit,
        line.due,
        line.priority,
        line.customer_reference,
        line.note,
    )


def _proposal(plan: PlanView, key: str, one: Proposal) -> ProposalLine:
    item = plan.known.book.materials.get(one.material)
    return ProposalLine(
        key,
        one.material,
        text(one.micros),
        item.unit if item is not None else "",
        one.start.isoformat(),
        one.due.isoformat(),
        one.ready.isoformat(),
        one.level,
        one.late,
        one.why,
        one.wants,
    )


def _calendar(one: CalendarDefined) -> CalendarLine:
    return CalendarLine(one.calendar, one.revision, one.name, week_texts(one), one.closed)
