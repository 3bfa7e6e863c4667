"""The home of what watches the board: one reading and one text serve all who see the same."""

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from litestar.response import ServerSentEventMessage

from sync.server.hub import Hub
from sync.server.projector_reader import BOARD
from sync.server.web.board_view import Shown, Sight

BEAT_SECONDS: Final = 10.0
SWAP_SECONDS_MIN: Final = 0.1
READ_SECONDS_MAX: Final = 1.0
SIGHTS_COUNT_MAX: Final = 64
TEXTS_COUNT_MAX: Final = 64
Ask = Callable[[Sight], Awaitable[Shown]]
Allowed = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class _Reading:
    """The board as one sight, asked for at a count of the hub's wake-ups."""

    generation: int
    begun: float
    shown: asyncio.Future[Shown]


class BoardStream:
    """The streams of one server's event loop. `ask` reads the board as somebody sees it."""

    def __init__(self, hub: Hub, ask: Ask) -> None:
        self._hub = hub
        self._ask = ask
        self._readings: OrderedDict[Sight, _Reading] = OrderedDict()
        self._texts: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def changes(
        self, sight: Sight, at: str, allowed: Allowed
    ) -> AsyncIterator[ServerSentEventMessage]:
        """Fragments that differ from what a browser has; a beat where nothing did for a while.

        A browser that comes back after a while is told first which cards there are at all. Who may
        not look any more is told nothing more.
        """
        known: Shown | None = None
        with self._hub.listening([BOARD]) as waiter:
            while not self._hub.stopping.is_set() and await allowed():
                shown = await self._shown(sight)
                if known is None and at == shown.tag:
                    known = shown
                elif known is None:
                    yield ServerSentEventMessage(event="cards", data=json.dumps(shown.cards))
                if swaps := self._swaps(known, shown):
                    yield ServerSentEventMessage(event="swap", id=shown.tag, data=swaps)
                else:
                    yield ServerSentEventMessage(event="beat", data=shown.tag)
                known = shown
                await asyncio.sleep(SWAP_SECONDS_MIN)
                await waiter.wait(BEAT_SECONDS)

    async def _shown(self, sight: Sight) -> Shown:
        """The board as it is; who was woken by the same word has the same reading."""
        reading = self._readings.get(sight)
        if reading is None or not self._is_fresh(reading):
            asked = asyncio.ensure_future(self._ask(sight))
            reading = _Reading(self._hub.generation, time.monotonic(), asked)
            self._readings[sight] = reading
            while len(self._readings) > SIGHTS_COUNT_MAX:
                self._readings.popitem(last=False)
        return await asyncio.shield(reading.shown)

    def _is_fresh(self, reading: _Reading) -> bool:
        if reading.generation != self._hub.generation:
            return False
        done = reading.shown.done()
        if done and (reading.shown.cancelled() or reading.shown.exception() is not None):
            return False
        return time.monotonic() - reading.begun < READ_SECONDS_MAX

    def _swaps(self, known: Shown | None, shown: Shown) -> str:
        """What to exchange, as JSON; empty where nothing is."""
        before = known.tag if known else ""
        if before == shown.tag:
            return ""
        text = self._texts.get((before, shown.tag))
        if text is None:
            swaps = shown.since(known.fragments if known else {})
            text = json.dumps(swaps, ensure_ascii=False) if swaps else ""
            self._texts[before, shown.tag] = text
            while len(self._texts) > TEXTS_COUNT_MAX:
                self._texts.popitem(last=False)
        return text
