"""The front page: the five questions of a planner, each with its answer and the page behind it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

import msgspec
from litestar import Response, get
from sqlalchemy import Connection, select

from sync.server.planning.explain import late_because
from sync.server.planning.supply import PurchaseNeed
from sync.server.view_tables import order_view
from sync.server.views.books import book, rates
from sync.server.views.inbox import inbox
from sync.server.views.order_cost import OrderCost, order_cost
from sync.server.views.orders import order_of_state
from sync.server.views.plan import PlanView, recent_plan
from sync.server.views.times import order_times
from sync.server.web.entry import AnyRequest
from sync.server.web.floor_view import floor_of
from sync.server.web.frame import language, show
from sync.server.web.plan import now_of
from sync.server.web.plan_words import Words

SHOWN_MAX: Final = 6
FINISHED_MAX: Final = 6
SOON_DAYS: Final = 7


class LateOrder(msgspec.Struct, frozen=True):
    """A late order, by how many days, and why."""

    order: str
    name: str
    due: date | None
    slack: int | None
    why: str


class Finished(msgspec.Struct, frozen=True):
    """What a finished order was to cost for what it made, and what it did."""

    order: str
    name: str
    cost: OrderCost


@get("/today", opt={"right": "look"})
async def today(request: AnyRequest) -> Response[str]:
    """What is late, short, full; what orders cost; where a lot went."""
    now, spoken = now_of(request), language(request)
    return await show(request, "office/today.html", lambda conn: _answers(conn, now, spoken))


def _answers(connection: Connection, now: datetime, spoken: str) -> Mapping[str, Any]:
    plan = recent_plan(connection, now)
    words = Words(plan, spoken)
    needs = sorted(plan.requirements.purchases, key=lambda one: (one.order_by, one.material))
    return {
        "words": words,
        "plan": plan,
        "floor": floor_of(connection, plan),
        "late": [_late(plan, words, order) for order in plan.late[:SHOWN_MAX]],
        "late_count": len(plan.late),
        "needs": [
            (one, words.material(one.material), _unit(plan, one)) for one in needs[:SHOWN_MAX]
        ],
        "needs_count": len(needs),
        "needs_late": sum(one.late for one in needs),
        "needs_soon": sum((one.order_by - plan.today).days <= SOON_DAYS for one in needs),
        "finished": _finished(connection, plan.today),
        "deviations": sum(inbox(connection, status="open", limit=0).severities.values()),
    }


def _late(plan: PlanView, words: Words, number: str) -> LateOrder:
    order = plan.orders[number]
    return LateOrder(number, order.name, order.due, plan.slack(number), _why(plan, words, number))


def _why(plan: PlanView, words: Words, number: str) -> str:
    """What it stands still for longest, or why it has no place in the plan."""
    order = plan.orders[number]
    if order.is_held:
        return words.say("backlog.held")
    if not order.steps:
        return words.say("backlog.no_work")
    if number in plan.schedule.unplaced:
        return words.unplaced(plan.schedule.unplaced[number])
    lost = late_because(plan.schedule, number)
    return words.lost(lost) if lost is not None else words.say("lost.own")


def _unit(plan: PlanView, need: PurchaseNeed) -> str:
    known = plan.known.book.materials.get(need.material)
    return known.unit if known is not None else ""


def _finished(connection: Connection, today: date) -> list[Finished]:
    """The orders completed last, with their cost."""
    table = order_view
    rows = connection.execute(
        select(table.c.order_number, table.c.name, table.c.material)
        .where(table.c.status == "completed")
        .order_by(table.c.position.desc())
        .limit(FINISHED_MAX)
    ).all()
    known, paid = book(connection, today), rates(connection)
    found = []
    for row in rows:
        state = order_of_state(connection, row.order_number)
        if state is not None:
            cost = order_cost(state, order_times(connection, state), known, paid)
            found.append(Finished(row.order_number, row.name or row.material, cost))
    return found


routes: Final = (today,)
