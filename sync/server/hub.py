"""The home of waiting: long polls and live streams sleep here without thread or connection."""

import asyncio
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from sync.server.notice import ALL

GATHER_SECONDS: Final = 0.05


class Waiter:
    """One sleeper. What happened since it began to listen wakes it, however late it waits."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self.happened = asyncio.Event()

    async def wait(self, seconds: float) -> bool:
        """True as soon as a scope was woken or the server stops; False after `seconds`."""
        if self._hub.stopping.is_set():
            return True
        try:
            async with asyncio.timeout(seconds):
                await self.happened.wait()
        except TimeoutError:
            return False
        self.happened.clear()
        return True


class Hub:
    """Wakes the sleepers of the scopes concerned, from any thread.

    The first wake-up after a quiet moment is at once; a burst wakes once in `GATHER_SECONDS`.
    `generation` counts wake-ups: who read before one and remembers it, remembers an old state.
    """

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self.generation = 0
        self._drained = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._woken: set[str] = set()
        self._waiters: dict[str, set[Waiter]] = {}

    def start(self) -> None:
        """Serve the running loop."""
        self._loop = asyncio.get_running_loop()

    def wake(self, scopes: Iterable[str]) -> None:
        """Something new concerns these scopes; `ALL` wakes everybody."""
        with self._lock:
            self.generation += 1
            waiting, loop = bool(self._woken), self._loop
            self._woken.update(scopes)
            if waiting or not self._woken or loop is None or loop.is_closed():
                return
        loop.call_soon_threadsafe(self._gather)

    def stop(self) -> None:
        """End all waiting, from any thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._end)

    @property
    def waiting(self) -> int:
        """How many sleep now."""
        return len({waiter for waiters in self._waiters.values() for waiter in waiters})

    @contextmanager
    def listening(self, scopes: Iterable[str]) -> Iterator[Waiter]:
        """Listen first, then read, then wait: nothing that happens between is missed."""
        waiter, wanted = Waiter(self), tuple(scopes)
        for scope in wanted:
            self._waiters.setdefault(scope, set()).add(waiter)
        try:
            yield waiter
        finally:
            for scope in wanted:
                self._leave(scope, waiter)

    def _leave(self, scope: str, waiter: Waiter) -> None:
        waiters = self._waiters[scope]
        waiters.discard(waiter)
        if not waiters:
            del self._waiters[scope]

    def _gather(self) -> None:
        loop = asyncio.get_running_loop()
        wait = self._drained + GATHER_SECONDS - loop.time()
        if wait > 0:
            loop.call_later(wait, self._drain)
        else:
            self._drain()

    def _drain(self) -> None:
        self._drained = asyncio.get_running_loop().time()
        with self._lock:
            woken, self._woken = self._woken, set()
        for scope in self._waiters if ALL in woken else woken:
            for waiter in self._waiters.get(scope, ()):
                waiter.happened.set()

    def _end(self) -> None:
        self.stopping.set()
        for waiters in self._waiters.values():
            for waiter in waiters:
                waiter.happened.set()
