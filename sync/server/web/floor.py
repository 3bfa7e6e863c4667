"""The pages of the floor: all work centers and their bottleneck, one of them, calls for help, the
wall.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect
from sqlalchemy import Connection

from sync.server.database import DatabaseError
from sync.server.desk.quality import answer
from sync.server.office import OfficeError
from sync.server.views.plan import recent_plan
from sync.server.web.entry import AnyRequest
from sync.server.web.floor_view import Center, Floor, floor_of
from sync.server.web.forms import FORM_BYTES_MAX, Form, acted, form_of, query_form, status_of
from sync.server.web.frame import go_to, language, services_of, show
from sync.server.web.listing import csv_answer, wants_csv
from sync.server.web.look import own_path
from sync.server.web.plan import now_of
from sync.server.web.plan_words import Words

LOOK: Final = {"right": "look"}
SLOTS_MAX: Final = 200
WALL_CENTERS_MAX: Final = 24
WALL_COLUMNS_MAX: Final = 6
WALL_TROUBLES_MAX: Final = 4
_NUMBERS: Final = re.compile(r"(\d{1,18})")
# (centers at most, columns)
_COLUMNS: Final = ((1, 1), (2, 2), (3, 3), (4, 2), (6, 3), (8, 4), (9, 3), (12, 4), (20, 5))
HEADER: Final = (
    "work_center", "name", "state", "people", "orders_waiting", "work_hours", "load_minutes",
    "capacity_minutes", "waiting_hours", "first_order", "reason",
)  # fmt: skip


@get("/floor", opt=LOOK)
async def floor(request: AnyRequest) -> Response[str]:
    """Every work center: running or not, load against capacity, what waits before it and why."""
    if wants_csv(request):
        return await _csv(request)
    return await _floor(request, Form())


@get("/work-center", opt=LOOK)
async def work_center(request: AnyRequest) -> Response[str]:
    """One work center: what runs, its queue in order, each with its reason."""
    now, spoken, name = now_of(request), language(request), query_form(request)["name"]

    def question(connection: Connection) -> Mapping[str, Any]:
        plan = recent_plan(connection, now)
        found = floor_of(connection, plan)
        center = next((one for one in found.centers if one.key == name), None)
        slots = plan.schedule.at_work_center(name)
        return {
            "words": Words(plan, spoken),
            "plan": plan,
            "name": name,
            "center": center,
            "slots": slots[:SLOTS_MAX],
            "more": max(0, len(slots) - SLOTS_MAX),
            "form": Form(),
        }

    return await show(request, "office/floor_center.html", question)


@post("/floor/answer", opt={"right": "floor"}, request_max_body_size=FORM_BYTES_MAX)
async def answer_call(request: AnyRequest) -> Response[str] | Redirect:
    """Tell that help came to who called."""
    form = await form_of(request)
    try:
        await acted(request, lambda desk, account: answer(desk, account, form["call"]))
    except (OfficeError, DatabaseError) as fault:
        return await _floor(request, form.failing(fault), status_of(fault))
    return go_to(own_path(form["back"] or "/floor"), "floor.said.answered", form["place"])


@get("/wall", opt=LOOK)
async def wall(request: AnyRequest) -> Response[str]:
    """The floor on a big screen: no navigation, large, live, with its age."""
    now, spoken = now_of(request), language(request)

    def question(connection: Connection) -> Mapping[str, Any]:
        plan = recent_plan(connection, now)
        found = floor_of(connection, plan)
        by_name = sorted(found.centers, key=lambda one: in_order(one.name))
        return {
            "words": Words(plan, spoken),
            "plan": plan,
            "floor": found,
            "centers": _on_wall(found, by_name),
            "columns": columns_of(min(len(by_name), WALL_CENTERS_MAX)),
            "left_out": max(0, len(by_name) - WALL_CENTERS_MAX),
            "troubles": found.trouble[:WALL_TROUBLES_MAX],
            "troubles_more": max(0, len(found.trouble) - WALL_TROUBLES_MAX),
            "late": len(plan.late),
            "open": len(plan.orders),
        }

    return await show(request, "office/floor_wall.html", question)


def in_order(name: str) -> list[tuple[int, str]]:
    """What names with numbers are sorted by: Press 9 stands before Press 10."""
    return [(int(part) if part.isdecimal() else 0, part) for part in _NUMBERS.split(name)]


def columns_of(count: int) -> int:
    """How many cards stand side by side on a wide screen, none smaller than can be read."""
    return next((wide for most, wide in _COLUMNS if count <= most), WALL_COLUMNS_MAX)


def _on_wall(found: Floor, by_name: list[Center]) -> list[Center]:
    """As many as fit, in the order of their names; where there are more, those with most work."""
    urgent = sorted(
        found.centers, key=lambda one: (not one.trouble, not one.running, -one.work_seconds)
    )
    kept = {one.key for one in urgent[:WALL_CENTERS_MAX]}
    return [one for one in by_name if one.key in kept]


async def _floor(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    now, spoken = now_of(request), language(request)

    def question(connection: Connection) -> Mapping[str, Any]:
        plan = recent_plan(connection, now)
        found = floor_of(connection, plan)
        return {"words": Words(plan, spoken), "plan": plan, "floor": found, "form": form}

    return await show(request, "office/floor.html", question, status=status)


async def _csv(request: AnyRequest) -> Response[str]:
    now, spoken = now_of(request), language(request)

    def rows(connection: Connection) -> list[tuple[object, ...]]:
        plan = recent_plan(connection, now)
        words = Words(plan, spoken)
        return [_csv_row(words, one) for one in floor_of(connection, plan).centers]

    return csv_answer("floor", HEADER, await services_of(request).database.read(rows))


def _csv_row(words: Words, one: Center) -> tuple[object, ...]:
    return (
        one.key, one.name, one.state, " ".join(one.people), one.waiting,
        f"{one.work_seconds / 3600:.2f}", one.minutes, one.available,
        f"{one.waits_seconds / 3600:.2f}", one.next.order if one.next else "",
        words.because(one.next) if one.next else "",
    )  # fmt: skip


routes: Final = (floor, work_center, answer_call, wall)
