"""All pages of the office behind one guard."""

from typing import Final

from litestar import Response, Router

from sync.server.web import (
    boms,
    calendars,
    demand,
    deviations,
    floor,
    imports,
    live,
    look,
    lots,
    materials,
    order,
    orders,
    plan,
    proposals,
    purchase,
    release,
    routings,
    stations,
    stock,
    today,
    work_centers,
)
from sync.server.web.entry import AnyRequest, ForeignForm, NotAllowed, NotSignedIn, page_guard
from sync.server.web.frame import services_of, show_plain


def to_sign_in(request: AnyRequest, _fault: NotSignedIn) -> Response[str]:
    """Who is not signed in is asked to, and comes back to the page."""
    host = services_of(request).config.host
    return show_plain(request, "office/closed.html", 403, host=host)


def not_allowed(request: AnyRequest, fault: NotAllowed) -> Response[str]:
    return show_plain(request, "office/not_allowed.html", 403, right=fault.right)


def foreign(request: AnyRequest, _fault: ForeignForm) -> Response[str]:
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
        *boms.routes,
        *calendars.routes,
        *demand.routes,
        *deviations.routes,
        *floor.routes,
        *imports.routes,
        *live.routes,
        *look.routes,
        *lots.routes,
        *materials.routes,
        *order.routes,
        *orders.routes,
        *plan.routes,
        *proposals.routes,
        *purchase.routes,
        *release.routes,
        *routings.routes,
        *stations.routes,
        *stock.routes,
        *today.routes,
        *work_centers.routes,
    ],
)
