"""The line of inputs: strictly in order, and nothing that happens to one of them ends it."""

import asyncio
from collections.abc import Awaitable, Callable

from kiosk.inputs import Inputs


async def test_no_fault_ends_the_worker_and_the_rest_comes_in_order() -> None:
    faults: list[str] = []
    done: list[str] = []
    last = asyncio.Event()

    def noting(name: str) -> Callable[[], Awaitable[None]]:
        async def work() -> None:
            done.append(name)

        return work

    async def failing() -> None:
        raise ValueError(done[-1])

    async def given_up() -> None:
        waited: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waited.cancel()
        await waited

    async def ending() -> None:
        last.set()

    inputs = Inputs(lambda fault: faults.append(type(fault).__name__))
    for work in (noting("a"), failing, noting("b"), given_up, noting("c"), ending):
        inputs.put(work)
    inputs.start()
    await asyncio.wait_for(last.wait(), 5.0)
    await inputs.stop()
    assert done == ["a", "b", "c"]
    assert faults == ["ValueError", "RuntimeError"]


async def test_stop_ends_a_worker_that_waits_inside_an_input() -> None:
    begun = asyncio.Event()
    faults: list[Exception] = []

    async def endless() -> None:
        begun.set()
        await asyncio.Event().wait()

    inputs = Inputs(faults.append)
    inputs.put(endless)
    inputs.start()
    await begun.wait()
    await asyncio.wait_for(inputs.stop(), 5.0)
    assert faults == []
