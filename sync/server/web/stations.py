"""The page of the stations: who was heard when, what waits there, whose clock is off; let in and
shut out.
"""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect
from sqlalchemy import Connection

from sync.server.database import DatabaseError
from sync.server.stations import CODE_MINUTES, StationNameError
from sync.server.views.books import masters
from sync.server.views.clocks import clocks
from sync.server.views.floor import station_lines
from sync.server.web.entry import AnyRequest
from sync.server.web.forms import FORM_BYTES_MAX, Form, form_of
from sync.server.web.frame import go_to, services_of, show

ADMINISTER: Final = {"right": "administer"}
QUIET_MINUTES: Final = 10


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
        return await _page(request, Form(form.fields, str(fault), fault.field), 422)
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
        said = f"no station is called {name[:40]!r}: look at the list"
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
            "form": form,
            "code": code,
            "minutes": CODE_MINUTES,
            "waiting": sum(one.waiting for one in lines),
        }

    return await show(request, "office/stations.html", question, status=status)


routes: Final = (stations, enrol, revoke)
