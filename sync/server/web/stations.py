"""The page of the stations: who was heard when, what waits there, whose clock is off; let in and
shut out.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect
from sqlalchemy import Connection

from sync.server.database import DatabaseError
from sync.server.services import PROGRAM_VERSION
from sync.server.stations import CODE_MINUTES, StationNameError
from sync.server.views.books import masters
from sync.server.views.clocks import clocks
from sync.server.views.floor import StationLine, station_lines
from sync.server.web.entry import AnyRequest
from sync.server.web.forms import FORM_BYTES_MAX, Form, form_of
from sync.server.web.frame import go_to, services_of, show
from sync.server.wording import Said

ADMINISTER: Final = {"right": "administer"}
QUIET_MINUTES: Final = 10  # two heartbeats: silence for so long is told


@get("/stations", opt={"right": "look"})
async def stations(request: AnyRequest) -> Response[str]:
    """Every station that was let in."""
    return await _page(request, Form())


@post("/stations/enrol", opt=ADMINISTER, request_max_body_size=FORM_BYTES_MAX)
async def enrol(request: AnyRequest) -> Response[str]:
    """A code that lets one station in, told this once."""
    form, services = await form_of(request), services_of(request)
    centers = form["work_centers"].replace(";", ",").split(",")
    try:
        made = await services.database.run(
            lambda: services.stations.make_code_now(form["station"], centers)
        )
    except StationNameError as fault:
        return await _page(request, Form(form.fields, fault.said, fault.field), 422)
    except DatabaseError as fault:
        return await _page(request, form.failing(fault), 503)
    answer = await _page(request, form, code=made)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@post("/stations/revoke", opt=ADMINISTER, request_max_body_size=FORM_BYTES_MAX)
async def revoke(request: AnyRequest) -> Response[str] | Redirect:
    """Shut a station out until it is let in again."""
    form, services = await form_of(request), services_of(request)
    name = form["station"]
    try:
        known = await services.database.run(lambda: services.stations.revoke_now(name))
    except DatabaseError as fault:
        return await _page(request, form.failing(fault), 503)
    if not known:
        said = Said("station.unknown", name=name[:40])
        return await _page(request, Form(form.fields, said), 404)
    return go_to("/stations", "stations.said.revoked", name)


async def _page(
    request: AnyRequest, form: Form, status: int = 200, code: Any = None
) -> Response[str]:
    now_ms = services_of(request).clock.milliseconds()

    def question(connection: Connection) -> Mapping[str, Any]:
        lines = station_lines(connection)
        return {
            "stations": lines,
            "clocks": clocks(connection, now_ms),
            "centers": sorted(masters(connection).work_centers),
            "quiet": {one.station for one in lines if _is_quiet(one, now_ms)},
            "quiet_minutes": QUIET_MINUTES,
            "old": {one.station for one in lines if is_older(one.version, PROGRAM_VERSION)},
            "program": PROGRAM_VERSION,
            "form": form,
            "code": code,
            "minutes": CODE_MINUTES,
            "waiting": sum(one.waiting for one in lines),
        }

    return await show(request, "office/stations.html", question, status=status)


def is_older(version: str, than: str) -> bool:
    """Whether a version comes before another, by its first three numbers; none at all does not."""
    theirs, ours = (
        [int(part) for part in re.findall(r"[0-9]{1,9}", text)[:3]] for text in (version, than)
    )
    return bool(theirs) and theirs < ours


def _is_quiet(one: StationLine, now_ms: int) -> bool:
    if not one.active or not one.last_contact:
        return False
    heard = datetime.fromisoformat(one.last_contact).timestamp()
    return now_ms / 1000 - heard > QUIET_MINUTES * 60


routes: Final = (stations, enrol, revoke)
