"""The home of the word that something changed: a page that is live asks for itself again then."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from litestar import get
from litestar.response import ServerSentEvent, ServerSentEventMessage

from sync.server.hub import Hub
from sync.server.projector_reader import BOARD
from sync.server.web.entry import AnyRequest
from sync.server.web.frame import services_of

BEAT_SECONDS: Final = 10.0
SWAP_SECONDS_MIN: Final = 0.5


@get("/live", opt={"right": "look"})
async def live(request: AnyRequest) -> ServerSentEvent:
    """`changed` with the views' position whenever they moved, `beat` where they did not."""
    at = request.query_params.get("at", "")
    return ServerSentEvent(_changes(request, at), headers={"Cache-Control": "no-store"})


async def _changes(request: AnyRequest, at: str) -> AsyncIterator[ServerSentEventMessage]:
    hub: Hub = request.app.state.hub
    projector = services_of(request).projector
    with hub.listening([BOARD]) as waiter:
        while not hub.stopping.is_set():
            position = str(projector.position())
            yield ServerSentEventMessage(
                event="changed" if position != at else "beat", data=position
            )
            at = position
            await asyncio.sleep(SWAP_SECONDS_MIN)
            await waiter.wait(BEAT_SECONDS)


routes: Final = (live,)
