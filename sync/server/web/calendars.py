"""The page of calendars: shifts of each weekday, closed days, and which work centers use them."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect
from sqlalchemy import Connection

from sync.domain.events import CalendarDefined
from sync.server.database import DatabaseError
from sync.server.desk.plan import define_calendar
from sync.server.office import OfficeError
from sync.server.office.plan import WEEKDAYS_COUNT, CalendarWanted, week_texts
from sync.server.planning.calendar import week_of
from sync.server.views.plan import PlanView, plan_of
from sync.server.views.supply import calendars as calendars_of
from sync.server.web.entry import AnyRequest
from sync.server.web.forms import FORM_BYTES_MAX, Form, acted, form_of, query_form, status_of
from sync.server.web.frame import go_to, language, show
from sync.server.web.plan import now_of, whole_of
from sync.server.web.plan_words import Words

MINUTES_PER_HOUR: Final = 60
CLOSED_SHOWN_MAX: Final = 12


@get("/plan/calendar", opt={"right": "look"})
async def calendars(request: AnyRequest) -> Response[str]:
    """All calendars, and the one that is looked at."""
    return await _page(request, query_form(request))


@post("/plan/calendar", opt={"right": "master"}, request_max_body_size=FORM_BYTES_MAX)
async def save(request: AnyRequest) -> Response[str] | Redirect:
    """Add or change a calendar."""
    form = await form_of(request)
    try:
        wanted = _wanted(form)
        await acted(request, lambda desk, account: define_calendar(desk, account, wanted))
    except (OfficeError, DatabaseError) as fault:
        return await _page(request, form.failing(fault), status_of(fault))
    key = wanted.calendar
    return go_to("/plan/calendar", "plan.said.calendar", key, calendar=key)


async def _page(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    now, spoken = now_of(request), language(request)
    return await show(
        request,
        "office/plan_calendar.html",
        lambda conn: _shown(conn, plan_of(conn, now), spoken, form),
        status=status,
    )


def _shown(conn: Connection, plan: PlanView, spoken: str, form: Form) -> Mapping[str, Any]:
    words = Words(plan, spoken)
    found = sorted(calendars_of(conn).values(), key=lambda one: one.calendar)
    known = [one for one in found if one.active]
    users: dict[str, list[str]] = {}
    for key, center in plan.known.centers.items():
        users.setdefault(center.calendar, []).append(words.center(key))
    edited = next((one for one in known if one.calendar == form["calendar"]), None)
    return {
        "words": words,
        "calendars": [(one, _hours(one), _ahead(one, plan.today)) for one in known],
        "users": {key: sorted(names) for key, names in users.items()},
        "without": sorted(users.get("", ())),
        "edited": edited,
        "form": form if form.fault or edited is None else _form_of(edited),
        "revision": edited.revision if edited is not None else 0,
        "weekdays": range(WEEKDAYS_COUNT),
        "closed_shown": CLOSED_SHOWN_MAX,
    }


def _hours(calendar: CalendarDefined) -> float:
    """Hours a week of one place that works by it."""
    spans = (span for weekday in week_of(calendar) for span in weekday)
    return sum(ends - begins for begins, ends in spans) / MINUTES_PER_HOUR


def _ahead(calendar: CalendarDefined, today: date) -> list[str]:
    """Its closed days from today on."""
    return [day for day in calendar.closed if day >= today.isoformat()]


def _form_of(calendar: CalendarDefined) -> Form:
    days = {f"weekday_{n}": text for n, text in enumerate(week_texts(calendar))}
    own = {
        "calendar": calendar.calendar,
        "name": calendar.name,
        "closed": "\n".join(calendar.closed),
        "revision": str(calendar.revision),
    }
    return Form({**own, **days})


def _wanted(form: Form) -> CalendarWanted:
    return CalendarWanted(
        form["calendar"],
        form["name"],
        tuple(form[f"weekday_{n}"] for n in range(WEEKDAYS_COUNT)),
        form["closed"],
        whole_of(form["revision"] or "0", "revision"),
    )


routes: Final = (calendars, save)
