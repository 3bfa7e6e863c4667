"""The home of the server's patience with slow callers: a connection that trickles is closed.

uvicorn waits for ever for the rest of a request; here its head, and then its body, have an end.
What a handler takes to answer, and a connection that rests between requests, have limits of theirs.
"""

import asyncio
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from sync.server.config import Limits

BODY_SECONDS_SPARE: Final = 5  # after the polite answer 408, which `limits` gives


def patient(limits: Limits) -> type[asyncio.Protocol]:
    """The protocol for uvicorn's `http`, with these limits."""

    class Patient(_Patient):
        head_seconds = limits.header_seconds
        body_seconds = limits.request_seconds + BODY_SECONDS_SPARE

    return Patient


class _Patient(H11Protocol):
    """HTTP/1.1 that closes a connection on which a request comes too slowly."""

    head_seconds = 0
    body_seconds = 0
    _awaited: type[h11.IDLE] | type[h11.SEND_BODY] | None = None
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await(h11.IDLE)

    def connection_lost(self, exc: Exception | None) -> None:
        self._await(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # A request that was sent behind this one is read now; between requests is no hurry.
        self._look(resting=not self.conn.trailing_data[0])

    def _look(self, *, resting: bool = False) -> None:
        """Wait anew when another part of a request is waited for than before."""
        state = self.conn.their_state
        if state is h11.SEND_BODY:
            self._await(h11.SEND_BODY)
        elif state is h11.IDLE and not resting:
            self._await(h11.IDLE)
        else:
            self._await(None)

    def _await(self, part: type[h11.IDLE] | type[h11.SEND_BODY] | None) -> None:
        if part is self._awaited:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._awaited, self._timer = part, None
        if part is not None:
            seconds = self.head_seconds if part is h11.IDLE else self.body_seconds
            self._timer = self.loop.call_later(seconds, self.transport.close)
