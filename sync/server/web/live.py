"""The home of the word that something changed: a page that is live asks for itself again then.

The more there are who watch, and the longer a page takes, the seldomer each is told.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from litestar import get
from litestar.response import ServerSentEvent, ServerSentEventMessage

from sync.server.hub import Hub
from sync.server.projector_reader import BOARD
from sync.server.web.entry import AnyRequest
from sync.server.web.frame import pace_of, services_of
from sync.server.web.pace import Pace

BEAT_SECONDS: Final = 10.0


@get("/live", opt={"right": "look"})
async def live(request: AnyRequest) -> ServerSentEvent:
    """`changed` with the views' position whenever they moved, `beat` where they did not."""
    at = request.query_params.get("at", "")
    return ServerSentEvent(_changes(request, at), headers={"Cache-Control": "no-store"})


async def _changes(request: AnyRequest, at: str) -> AsyncIterator[ServerSentEventMessage]:
    hub: Hub = request.app.state.hub
    projector, pace = services_of(request).projector, pace_of(request)
    with hub.listening([BOARD]) as waiter, _watched(pace):
        while not hub.stopping.is_set():
            position = str(projector.position())
            yield ServerSentEventMessage(
                event="changed" if position != at else "beat", data=position
            )
            at = position
            with suppress(TimeoutError):
                await asyncio.wait_for(hub.stopping.wait(), pace.rest())
            await waiter.wait(BEAT_SECONDS)


@contextmanager
def _watched(pace: Pace) -> Iterator[None]:
    pace.watching += 1
    try:
        yield
    finally:
        pace.watching -= 1


routes: Final = (live,)
