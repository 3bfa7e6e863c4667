"""The pages of the plan: the week by work center; an order moved after a look at its effect."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect
from sqlalchemy import Connection

from sync.domain.events import OrderHeader
from sync.server.database import DatabaseError
from sync.server.desk.plan import move_order
from sync.server.office import OfficeError, OfficeInvalid, day
from sync.server.office.plan import MOVABLE, MoveWanted
from sync.server.planning.explain import Moved, chain, moved
from sync.server.planning.schedule import Slot
from sync.server.views import order_of_state
from sync.server.views.jobs import day_of
from sync.server.views.plan import PlanView, begin_of, changed, plan_of
from sync.server.web.entry import AnyRequest
from sync.server.web.forms import (
    FORM_BYTES_MAX,
    Form,
    acted,
    form_of,
    query_form,
    status_of,
)
from sync.server.web.frame import go_to, language, services_of, show
from sync.server.web.listing import csv_answer, wants_csv
from sync.server.web.plan_week import backlog_of, days_shown, monday_of, rows_of, sum_of
from sync.server.web.plan_words import Words
from sync.server.wording import Said, field_word

STEPS: Final = (("week_before", -7), ("day_before", -1), ("day_after", 1), ("week_after", 7))
HEADER: Final = (
    "work_center",
    "order",
    "operation",
    "material",
    "begins",
    "ends",
    "minutes",
    "due",
    "slack_days",
    "reason",
)


def now_of(request: AnyRequest) -> datetime:
    """The moment at the server's place, as the clock on the wall shows it."""
    return services_of(request).clock.local().replace(tzinfo=None)


@get("/plan", opt={"right": "look"})
async def week(request: AnyRequest) -> Response[str]:
    """The week board."""
    now, spoken, asked = now_of(request), language(request), query_form(request)
    if wants_csv(request):
        return await _csv(request, now, spoken)
    return await show(
        request, "office/plan_week.html", lambda conn: _week(plan_of(conn, now), spoken, asked)
    )


@get("/plan/move", opt={"right": "look"})
async def look(request: AnyRequest) -> Response[str]:
    """An order in the plan, why it begins when it does, and what moving it would change."""
    return await _order_page(request, query_form(request))


@post("/plan/move", opt={"right": "plan"}, request_max_body_size=FORM_BYTES_MAX)
async def move(request: AnyRequest) -> Response[str] | Redirect:
    """Save where an order was moved to."""
    form = await form_of(request)
    try:
        wanted = _wanted(form)
        await acted(request, lambda desk, account: move_order(desk, account, wanted))
    except (OfficeError, DatabaseError) as fault:
        return await _order_page(request, form.failing(fault), status_of(fault))
    return go_to("/plan", "plan.said.moved", wanted.order, order=wanted.order)


async def _csv(request: AnyRequest, now: datetime, spoken: str) -> Response[str]:
    plan = await services_of(request).database.read(lambda conn: plan_of(conn, now))
    words = Words(plan, spoken)
    rows = [_csv_row(words, slot) for slot in plan.schedule.slots]
    return csv_answer("plan", HEADER, rows)


def _csv_row(words: Words, slot: Slot) -> tuple[object, ...]:
    order, slack = words.plan.orders[slot.order], words.plan.slack(slot.order)
    return (
        slot.work_center,
        slot.order,
        slot.operation,
        order.material,
        slot.begins.isoformat(),
        slot.ends.isoformat(),
        round(slot.seconds / 60),
        order.due.isoformat() if order.due else "",
        "" if slack is None else slack,
        words.because(slot),
    )


def _week(plan: PlanView, spoken: str, asked: Form) -> Mapping[str, Any]:
    words, center = Words(plan, spoken), asked["center"]
    monday = _monday(plan, asked)
    rows = rows_of(words, monday, center)
    waiting, more = backlog_of(words)
    return {
        "words": words,
        "plan": plan,
        "monday": monday.isoformat(),
        "days": days_shown(rows, monday),
        "rows": rows,
        "centers": sorted((words.center(name), name) for name in plan.capacities),
        "center": center if center in plan.capacities else "",
        "order": asked["order"],
        "before": (monday - timedelta(days=7)).isoformat(),
        "after": (monday + timedelta(days=7)).isoformat(),
        "this_week": monday == monday_of(plan.today),
        "number": monday.isocalendar().week,
        "backlog": waiting,
        "backlog_more": more,
        "whole": sum_of(row.load for row in rows),
        "fullest": max(rows, key=lambda row: row.load.share or 0, default=None),
        "purchases_late": sum(one.late for one in plan.requirements.purchases),
    }


def _monday(plan: PlanView, asked: Form) -> date:
    """The week asked for, else that in which the order asked for begins, else this one."""
    begin = begin_of(plan.schedule, asked["order"]) if asked["order"] else None
    wanted = day_of(asked["week"]) or (begin.date() if begin else plan.today)
    edge = timedelta(days=14)
    return monday_of(min(max(wanted, date.min + edge), date.max - edge))


async def _order_page(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    now, spoken = now_of(request), language(request)
    found = await services_of(request).database.read(lambda conn: plan_of(conn, now))
    if form["order"] not in found.orders and status == 200:
        status = 404
    return await show(
        request,
        "office/plan_move.html",
        lambda conn: _order_view(conn, plan_of(conn, now), spoken, form),
        status=status,
    )


def _order_view(conn: Connection, plan: PlanView, spoken: str, form: Form) -> Mapping[str, Any]:
    words, number = Words(plan, spoken), form["order"]
    order, state = plan.orders.get(number), order_of_state(conn, number)
    header = state.header if state is not None else None
    if order is None or header is None:
        return {"words": words, "number": number, "order": None, "form": form}
    filled, fault = _filled(form, header)
    tried = _tried(plan, filled) if not fault.fault and _differs(filled, header) else None
    slots = plan.schedule.of_order(number)
    return {
        "words": words,
        "plan": plan,
        "number": number,
        "order": order,
        "form": Form(filled, form.fault or fault.fault, form.at or fault.at),
        "header": header,
        "slots": slots,
        "chain": chain(plan.schedule, slots[0])[1:] if slots else (),
        "tried": tried,
        "moved": _changes(plan, tried) if tried else (),
        "can_move": order.status in MOVABLE,
        "days": _near(filled["start"] or _first_day(slots, plan), plan.today),
    }


def _filled(form: Form, header: OrderHeader) -> tuple[dict[str, str], Form]:
    """The form's fields, what stands where nothing was filled, and what is wrong with them."""
    filled = {
        "order": header.order,
        "start": form.fields.get("start", header.start),
        "due": form.fields.get("due", header.due),
        "priority": form.fields.get("priority", str(header.priority)),
        "reason": form["reason"],
        # Who is told of another's change sees what stands now, and may save again.
        "revision": (not form.fault and form["revision"]) or str(header.revision),
    }
    try:
        _wanted(Form(filled))
    except OfficeError as fault:
        return filled, form.failing(fault)
    return filled, Form(filled)


def _wanted(form: Form) -> MoveWanted:
    """What was asked for; raises `OfficeInvalid`."""
    return MoveWanted(
        form["order"],
        day("planned start", form["start"]),
        day("due", form["due"]),
        whole_of(form["priority"], "priority"),
        form["reason"],
        whole_of(form["revision"], "revision"),
    )


def whole_of(written: str, field: str) -> int:
    """A whole number as written; raises `OfficeInvalid`."""
    if not (written.isascii() and written.isdigit() and len(written) <= 9):
        raise OfficeInvalid(
            Said("number.whole", what=field_word(field), written=written[:20]), field
        )
    return int(written)


def _differs(filled: Mapping[str, str], header: OrderHeader) -> bool:
    stands = (header.start, header.due, str(header.priority))
    return (filled["start"], filled["due"], filled["priority"]) != stands


def _tried(plan: PlanView, filled: Mapping[str, str]) -> PlanView:
    start, due = day_of(filled["start"]), day_of(filled["due"])
    return changed(plan, filled["order"], start, due, int(filled["priority"]))


def _changes(plan: PlanView, tried: PlanView) -> tuple[tuple[Moved, int | None, int | None], ...]:
    """Each order that ends otherwise, with its slack before and after."""
    found = moved(plan.schedule, tried.schedule)
    return tuple((one, plan.slack(one.order), tried.slack(one.order)) for one in found)


def _first_day(slots: tuple[Slot, ...], plan: PlanView) -> str:
    return (slots[0].begins.date() if slots else plan.today).isoformat()


def _near(written: str, today: date) -> list[tuple[str, str]]:
    """Days before and behind one, for who moves by a click; none lies in the past."""
    at = day_of(written) or today
    edge = timedelta(days=14)
    if not date.min + edge < at < date.max - edge:
        return []
    days = [(step, at + timedelta(days=days)) for step, days in STEPS]
    return [(step, one.isoformat()) for step, one in days if one >= today]


routes: Final = (week, look, move)
