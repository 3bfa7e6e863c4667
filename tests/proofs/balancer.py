"""A plain TCP balancer for proofs: each connection to the next server that takes it."""

import asyncio
import contextlib
import threading
from typing import Final, Self

HOST: Final = "127.0.0.1"
READ_BYTES: Final = 65_536


class Balancer:
    """Listens on loopback; `servers` is name → port and may change at any time."""

    def __init__(self) -> None:
        self.servers: dict[str, int] = {}
        self.taken: dict[str, int] = {}  # name → how many connections
        self._turn = 0
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, HOST, 0))
        self.url = f"http://{HOST}:{self._server.sockets[0].getsockname()[1]}"
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        serving = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError):
            chosen = await self._chosen()
            if chosen is None:
                return
            with contextlib.closing(chosen[1]):
                pumps = [_pump(reader, chosen[1]), _pump(chosen[0], writer)]
                both = [asyncio.ensure_future(pump) for pump in pumps]
                try:
                    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for one in both:
                        one.cancel()
                    await asyncio.gather(*both, return_exceptions=True)

    async def _chosen(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """A connection to the next server in turn that is not dead."""
        names = sorted(self.servers)
        self._turn += 1
        for step in range(len(names)):
            name = names[(self._turn + step) % len(names)]
            try:
                opened = await asyncio.open_connection(HOST, self.servers[name])
            except OSError:
                continue
            self.taken[name] = self.taken.get(name, 0) + 1
            return opened
        return None


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes until one side ends."""
    with contextlib.suppress(OSError):
        while data := await reader.read(READ_BYTES):
            writer.write(data)
            await writer.drain()
