"""The inbox of deviations: what disagreed with the plan, in sentences, the events behind each, and
the repair at hand: settle it, take the act back, count the lot, hold the order.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect
from sqlalchemy import Connection

from sync.server.database import DatabaseError
from sync.server.desk.quality import review, take_back
from sync.server.office import ALLOWED, OfficeError
from sync.server.views.floor import DeviationLine
from sync.server.views.inbox import (
    SEVERITIES,
    STATUSES,
    act_of,
    deviation_of,
    events_behind,
    inbox,
    is_reversed,
    order_status,
)
from sync.server.views.timeline import people_names
from sync.server.web.deviation_words import name_of, text_of
from sync.server.web.entry import AnyRequest, visitor
from sync.server.web.forms import FORM_BYTES_MAX, Form, acted, form_of, query_form, status_of
from sync.server.web.frame import go_to, language, services_of, show
from sync.server.web.listing import csv_answer, wants_csv

LOOK: Final = {"right": "look"}
LINES_MAX: Final = 200
FILE_LINES_MAX: Final = 50_000
HEADER: Final = (
    "severity", "order", "deviation", "text", "status", "material", "lot", "station", "operator",
    "time", "accepted_by", "verdict",
)  # fmt: skip


@get("/deviations", opt=LOOK)
async def deviations(request: AnyRequest) -> Response[str]:
    """What stands open, by severity and order; filters by name, order, severity and status."""
    form, spoken = query_form(request), language(request)
    if wants_csv(request):
        return await _csv(request, form, spoken)

    def question(connection: Connection) -> Mapping[str, Any]:
        asked = asked_of(form)
        found = inbox(connection, **asked, limit=LINES_MAX + 1)
        return {
            "groups": grouped(found.lines[:LINES_MAX]),
            "more": len(found.lines) > LINES_MAX,
            "names": sorted((name_of(name, spoken), name) for name in found.names),
            "severities": found.severities,
            "open": sum(found.severities.values()),
            "asked": asked,
            "statuses": STATUSES,
            "ranks": SEVERITIES,
            "text_of": lambda line: text_of(line, spoken),
            "name_of": lambda name: name_of(name, spoken),
        }

    return await show(request, "office/deviations.html", question)


@get("/deviation", opt=LOOK)
async def deviation(request: AnyRequest) -> Response[str]:
    """One of them: what happened, the events behind it, what can be done."""
    return await _one(request, query_form(request))


@post("/deviations/review", opt={"right": "quality"}, request_max_body_size=FORM_BYTES_MAX)
async def settle(request: AnyRequest) -> Response[str] | Redirect:
    """Settle it with a reason."""
    form = await form_of(request)
    try:
        await acted(
            request,
            lambda desk, account: review(
                desk, account, form["target"], form["name"], form["reason"], form["subject"]
            ),
        )
    except (OfficeError, DatabaseError) as fault:
        return await _one(request, form.failing(fault), status_of(fault))
    return go_to("/deviations", "deviations.said.settled", name_of(form["name"], language(request)))


@post("/deviations/take-back", opt={"right": "quality"}, request_max_body_size=FORM_BYTES_MAX)
async def reverse(request: AnyRequest) -> Response[str] | Redirect:
    """Take back the act behind it."""
    form = await form_of(request)
    try:
        await acted(
            request, lambda desk, account: take_back(desk, account, form["target"], form["reason"])
        )
    except (OfficeError, DatabaseError) as fault:
        return await _one(request, form.failing(fault), status_of(fault))
    return go_to("/deviations", "deviations.said.taken_back", form["order"])


@post("/deviations/hold", opt={"right": "floor"}, request_max_body_size=FORM_BYTES_MAX)
async def hold(request: AnyRequest) -> Response[str] | Redirect:
    """Hold its order until somebody has looked."""
    form = await form_of(request)
    try:
        await acted(
            request, lambda desk, account: desk.say("hold", form["order"], form["reason"], account)
        )
    except (OfficeError, DatabaseError) as fault:
        return await _one(request, form.failing(fault), status_of(fault))
    return go_to("/deviations", "deviations.said.held", form["order"], order=form["order"])


def asked_of(form: Form) -> dict[str, str]:
    """The filter; a status that is none is `open`."""
    status = form["status"] if form["status"] in STATUSES else STATUSES[0]
    kept = {name: form[name] for name in ("order", "name", "severity")}
    return {"status": status, **kept}


def grouped(
    lines: Sequence[DeviationLine],
) -> list[tuple[str, list[tuple[str, list[DeviationLine]]]]]:
    """(severity, its orders with their lines), in the order that they come in."""
    return [
        (severity, [(order, list(of)) for order, of in groupby(own, lambda one: one.order)])
        for severity, own in groupby(lines, lambda one: one.severity)
    ]


async def _one(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    spoken, user = language(request), visitor(request)

    def look(connection: Connection) -> DeviationLine | None:
        return deviation_of(connection, form["target"], form["name"], form["subject"])

    if await services_of(request).database.read(look) is None:
        status = max(status, 404)

    def question(connection: Connection) -> Mapping[str, Any]:
        line = look(connection)
        if line is None:
            return {"line": None, "form": form}
        act, _, _ = act_of(connection, line.target)
        events = events_behind(connection, line)
        people = {who for one in events for who in (one.operator, one.supervisor)}
        stands = order_status(connection, line.order)
        return {
            "line": line,
            "text": text_of(line, spoken),
            "title": name_of(line.name, spoken),
            "events": events,
            "people": people_names(connection, {*people, line.operator, line.accepted_by}),
            "can_take_back": bool(act) and not is_reversed(connection, act),
            "can_hold": stands in ALLOWED["hold"] and user.may("floor"),
            "form": form,
        }

    return await show(request, "office/deviation.html", question, status=status)


async def _csv(request: AnyRequest, form: Form, spoken: str) -> Response[str]:
    asked = asked_of(form)
    found = await services_of(request).database.read(
        lambda conn: inbox(conn, **asked, limit=FILE_LINES_MAX)
    )
    rows = [
        (
            one.severity, one.order, one.name, text_of(one, spoken), one.status, one.material,
            one.lot, one.station, one.operator, one.timed.time if one.timed else one.at,
            one.accepted_by, one.verdict,
        )
        for one in found.lines
    ]  # fmt: skip
    return csv_answer("deviations", HEADER, rows)


routes: Final = (deviations, deviation, settle, reverse, hold)
