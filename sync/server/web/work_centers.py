"""The page of work centers: their hours, capacity and rates, and the form of one."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect
from sqlalchemy import Connection

from sync.server.database import DatabaseError
from sync.server.desk.master import define_work_center
from sync.server.office import OfficeConflict, OfficeError
from sync.server.views.books import masters
from sync.server.views.master import revisions
from sync.server.web.entry import AnyRequest
from sync.server.web.forms import FORM_BYTES_MAX, Form, acted, form_of, query_form, status_of
from sync.server.web.frame import go_to, services_of, show
from sync.server.web.listing import csv_answer, wants_csv
from sync.server.web.master_forms import center_fields, center_wanted
from sync.server.web.materials import merged

CSV_HEADER: Final = (
    *("work_center", "name", "hours_per_day", "calendar", "capacity", "cost_per_hour"),
)
FRESH: Final = {"hours_per_day": "8", "capacity": "1", "active": "1", "revision": "0"}


@get("/work-centers", opt={"right": "look"})
async def work_centers(request: AnyRequest) -> Response[Any]:
    """All work centers; with `name` the form of one, `new` for another."""
    if wants_csv(request):
        known = await services_of(request).database.read(masters)
        active = sorted(key for key, one in known.work_centers.items() if one.active)
        told = (center_fields(known.work_centers[key]) for key in active)
        rows = ([fields[name] for name in CSV_HEADER] for fields in told)
        return csv_answer("work_centers", CSV_HEADER, rows)
    asked = query_form(request)
    return await _shown(request, asked["name"], new=asked.on("new"))


@post("/work-centers", opt={"right": "master"}, request_max_body_size=FORM_BYTES_MAX)
async def save_work_center(request: AnyRequest) -> Response[str] | Redirect:
    """Save a work center made of the revision that the form was filled from."""
    form = await form_of(request)
    try:
        wanted = center_wanted(form)
        await acted(request, lambda desk, account: define_work_center(desk, account, wanted))
    except (OfficeError, DatabaseError) as fault:
        name, new = form["work_center"], form["revision"] == "0"
        fresh = new and not isinstance(fault, OfficeConflict)
        return await _shown(request, name, form.failing(fault), status_of(fault), new=fresh)
    return go_to("/work-centers", "materials.said.center", wanted.work_center)


async def _shown(
    request: AnyRequest, name: str, failing: Form | None = None, status: int = 200, *, new: bool
) -> Response[str]:
    def asked(conn: Connection) -> dict[str, Any]:
        known = masters(conn)
        center = known.work_centers.get(name)
        used: dict[str, int] = {}
        for routing in known.routings.values():
            for key in {one.work_center for one in routing.operations if routing.active}:
                used[key] = used.get(key, 0) + 1
        form = failing or Form(FRESH)
        differing: list[tuple[str, str, str]] = []
        if center is not None and not new:
            form, differing = merged(failing, center_fields(center))
        return {
            "centers": [known.work_centers[key] for key in sorted(known.work_centers)],
            "used": used,
            "center": None if new else center,
            "editing": new or center is not None,
            "form": form,
            "differing": differing,
            "calendars": sorted(key for key, one in known.calendars.items() if one.active),
            "revisions": revisions(conn, "WorkCenterDefined", name) if center else [],
        }

    return await show(request, "office/work_centers.html", asked, status=status)


routes: Final = (work_centers, save_work_center)
