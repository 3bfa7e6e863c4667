"""All pages of the office behind one guard."""

from typing import Any, Final

from litestar import Response, Router
from litestar.datastructures import CacheControlHeader
from litestar.static_files import create_static_files_router

from sync.server.web import (
    board,
    boms,
    calendars,
    demand,
    deviations,
    find,
    floor,
    imports,
    live,
    look,
    lots,
    materials,
    numbers,
    order,
    orders,
    people,
    person,
    plan,
    proposals,
    purchase,
    release,
    routings,
    sign_in,
    sign_in_oidc,
    stations,
    stock,
    today,
    trace,
    webhooks,
    work_centers,
)
from sync.server.web.entry import AnyRequest, ForeignForm, NotAllowed, NotSignedIn, page_guard
from sync.server.web.faults import again
from sync.server.web.forms import Form
from sync.server.web.frame import PAGES, show_plain
from sync.server.web.sign_in import asked_to_sign_in, sign_in_page


def to_sign_in(request: AnyRequest, fault: NotSignedIn) -> Response[Any]:
    """Who is not signed in is asked to, and comes back to the page; a filled form is kept."""
    if fault.known and fault.kept.fields:
        return again(request, fault.kept, signed_in=False)
    if fault.known:
        return asked_to_sign_in(request)
    return sign_in_page(request, Form(), "", 403, known=False)


def not_allowed(request: AnyRequest, fault: NotAllowed) -> Response[str]:
    return show_plain(request, "office/not_allowed.html", 403, right=fault.right)


def foreign(request: AnyRequest, fault: ForeignForm) -> Response[str]:
    """From another site: nothing is said of it; of an ended session: it may be sent anew."""
    if fault.kept.fields:
        return again(request, fault.kept, signed_in=True)
    return show_plain(request, "office/foreign.html", 403)


pages: Final = Router(
    "/",
    guards=[page_guard],
    include_in_schema=False,
    exception_handlers={
        NotSignedIn: to_sign_in,
        NotAllowed: not_allowed,
        ForeignForm: foreign,
    },
    route_handlers=[
        *board.routes,
        *boms.routes,
        *calendars.routes,
        *demand.routes,
        *find.routes,
        *person.routes,
        *deviations.routes,
        *floor.routes,
        *imports.routes,
        *live.routes,
        *look.routes,
        *lots.routes,
        *materials.routes,
        *numbers.routes,
        *order.routes,
        *orders.routes,
        *people.routes,
        *plan.routes,
        *proposals.routes,
        *purchase.routes,
        *release.routes,
        *routings.routes,
        *sign_in.routes,
        *sign_in_oidc.routes,
        *stations.routes,
        *stock.routes,
        *trace.routes,
        *today.routes,
        *webhooks.routes,
        *work_centers.routes,
    ],
)

static_files: Final = create_static_files_router(
    path="/static",
    directories=[PAGES / "static"],
    include_in_schema=False,
    cache_control=CacheControlHeader(no_cache=True),  # or a new page meets an old script
)
