"""The home of the server's web application: its routes, its faults, its start and end."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from functools import partial
from typing import Final

from litestar import Litestar, MediaType, Response
from litestar.datastructures import State
from litestar.types import ControllerRouterHandler
from sqlalchemy.engine import make_url

from sync.server import (
    api,
    api_admin,
    api_drawings,
    api_master,
    api_numbers,
    api_office,
    api_order_acts,
    api_orders,
    api_outcome,
    api_people,
    api_plan,
    api_purchase,
    api_quality,
    api_stations,
    api_stock,
    api_structure,
    api_upkeep,
    api_webhooks,
)
from sync.server.api import AnyRequest
from sync.server.auth import Auth
from sync.server.database import DatabaseError
from sync.server.feed import FEED_DAYS_KEPT, prune_feed
from sync.server.hub import Hub
from sync.server.idempotency import Idempotency
from sync.server.limits import STORE, Counters, middlewares
from sync.server.notice import Notices
from sync.server.openapi import openapi_config
from sync.server.polling import Polling
from sync.server.promises import warn_unprotected
from sync.server.services import PROGRAM_VERSION, Services
from sync.server.snapshot import Snapshots
from sync.server.web.faults import Faults
from sync.server.web.routes import pages, static_files

PRUNE_SECONDS: Final = 3_600.0
PRUNE_ROWS_MAX: Final = 500
_log: Final = logging.getLogger("kiosk-server")


def create_app(services: Services, hub: Hub) -> Litestar:
    """The application over opened services; it starts and stops the projector, nothing else."""
    routes: list[ControllerRouterHandler] = [
        *api.routes,
        *api_admin.routes,
        *api_drawings.routes,
        *api_master.routes,
        *api_numbers.routes,
        *api_office.routes,
        *api_orders.routes,
        *api_order_acts.routes,
        *api_outcome.routes,
        *api_people.routes,
        *api_plan.routes,
        *api_quality.routes,
        *api_purchase.routes,
        *api_stations.routes,
        *api_stock.routes,
        *api_structure.routes,
        *api_upkeep.routes,
        *api_webhooks.routes,
        static_files,
        pages,
    ]
    return Litestar(
        route_handlers=routes,
        plugins=[Faults()],
        middleware=[*middlewares(services.config.limits), Idempotency],
        stores={STORE: Counters()},
        openapi_config=openapi_config(PROGRAM_VERSION),
        before_request=_allowed,
        lifespan=[_running, api_webhooks.delivering],
        response_headers={"X-Content-Type-Options": "nosniff"},
        state=_state(services, hub),
        logging_config=None,
    )


async def _allowed(request: AnyRequest) -> Response[None] | None:
    """The answer to OPTIONS: the framework's own forgets methods that have a handler each."""
    if request.method != "OPTIONS":
        return None
    path = request.scope["path_template"]
    route = next(one for one in request.app.routes if one.path_format == path)
    methods = ", ".join(sorted(map(str, getattr(route, "methods", ()))))
    return Response(None, status_code=204, media_type=MediaType.TEXT, headers={"Allow": methods})


def _state(services: Services, hub: Hub) -> State:
    return State(
        {
            "services": services,
            "config": services.config,
            "clock": services.clock,
            "database": services.database,
            "ledger": services.ledger,
            "projector": services.projector,
            "stations": services.stations,
            "auth": Auth(services.stations, services.admin_token, services.sign_ins),
            "hub": hub,
            "polling": Polling(services.database, hub),
            "snapshots": Snapshots(),
        }
    )


@contextlib.asynccontextmanager
async def _running(app: Litestar) -> AsyncIterator[None]:
    services: Services = app.state.services
    hub: Hub = app.state.hub
    hub.start()
    services.projector.on_projected.append(hub.wake)
    services.ledger.on_append.append(services.projector.wake)
    services.projector.start()
    notices = _listening(services)
    await _warn_unprotected(services)
    pruning = asyncio.create_task(_prune(services))
    try:
        yield
    finally:
        pruning.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await pruning
        if notices is not None:
            await services.database.run(notices.stop)
        await services.database.run(services.projector.stop)


async def _warn_unprotected(services: Services) -> None:
    now = services.clock.milliseconds()
    told = await services.database.write(lambda conn: warn_unprotected(conn, now))
    if told:
        _log.warning("%s", told)


def _listening(services: Services) -> Notices | None:
    """What other processes tell reaches this one's projector; on SQLite there are none."""
    if make_url(services.config.database_url).get_backend_name() != "postgresql":
        return None
    notices = Notices(services.config.database_url, services.projector.heard)
    notices.start()
    return notices


async def _prune(services: Services) -> None:
    """Once an hour, drop what the feed no longer promises, in short writes."""
    while True:
        before = services.clock.milliseconds() - FEED_DAYS_KEPT * 86_400_000
        prune = partial(prune_feed, before_ms=before, rows_max=PRUNE_ROWS_MAX)
        try:
            while await services.database.write(prune):
                pass
        except DatabaseError as fault:
            _log.warning("the feed was not pruned: %s", fault)
        await asyncio.sleep(PRUNE_SECONDS)
