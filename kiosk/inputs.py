"""The home of the one line in which everything that happens waits: handled strictly in order."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

Work = Callable[[], Awaitable[None]]


class Inputs:
    """A line of work for one worker. Nothing is dropped, and no fault ends the worker.

    `on_fault` shows a fault and raises nothing itself.
    """

    def __init__(self, on_fault: Callable[[Exception], None]) -> None:
        self._line: asyncio.Queue[Work] = asyncio.Queue()
        self._on_fault = on_fault
        self._worker: asyncio.Task[None] | None = None

    def put(self, work: Work) -> None:
        """Take a place at the end of the line; from the loop's thread."""
        self._line.put_nowait(work)

    def start(self) -> None:
        """Begin to work, in the running loop."""
        self._worker = asyncio.create_task(self._run(), name="inputs")

    async def stop(self) -> None:
        """End after what is being worked on; the rest of the line is left."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker

    async def _run(self) -> None:
        worker = asyncio.current_task()
        while True:
            work = await self._line.get()
            try:
                await work()
            except asyncio.CancelledError:
                if worker is None or worker.cancelling():
                    raise
                # Something that it waited for was given up: no reason to hear nothing any more.
                self._on_fault(RuntimeError("what it waited for was given up"))
            except Exception as fault:
                self._on_fault(fault)
