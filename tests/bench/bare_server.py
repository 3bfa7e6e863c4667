"""The floor under the server: batches of events over HTTP into a table, and nothing else.

`python -m tests.bench.bare_server FILE [--database URL]`: a raw ASGI application on uvicorn that
takes JSON arrays of events at `/ORIGIN/FIRST-SEQ`, stores each in a transaction of its own, one
after the other, and answers how far it got. It prints READY and its address.
"""

import argparse
import asyncio
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import uvicorn

from tests.bench.bare_tables import BareTable, PostgreSqlTable, SqliteTable

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
BACKLOG_CONNECTIONS: Final = 1_024


class BareServer:
    """The application."""

    def __init__(self, table: BareTable) -> None:
        self._table = table
        self._writer = ThreadPoolExecutor(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", scope["type"]
        origin, _, first = scope["path"].strip("/").partition("/")
        body = await _whole(receive)
        loop = asyncio.get_running_loop()
        store = self._table.store
        have = await loop.run_in_executor(self._writer, store, origin, int(first), body)
        answer = b'{"have":%d}' % have
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(answer)),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


async def _whole(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="the SQLite file to make, if there is no database")
    parser.add_argument("--database", metavar="URL", help="an empty PostgreSQL database instead")
    asked = parser.parse_args()
    table = PostgreSqlTable(asked.database) if asked.database else SqliteTable(asked.file)
    # With its protocol named, asyncio sends answers at once instead of gathering them (Nagle).
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(BACKLOG_CONNECTIONS)
        print(f"READY http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        config = uvicorn.Config(
            BareServer(table),
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
        )
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
