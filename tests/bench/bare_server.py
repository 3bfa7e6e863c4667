"""The floor under the server: batches of events over HTTP into SQLite, and nothing else.

`python -m tests.bench.bare_server FILE`: a raw ASGI application on uvicorn that takes JSON arrays of
events at `/ORIGIN/FIRST-SEQ`, inserts them as columns, each place once, in one transaction a batch
(WAL, synchronous=FULL), and answers how far it got. It prints READY and its address.
"""

import argparse
import asyncio
import socket
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import uvicorn
from msgspec.structs import astuple

COLUMNS: Final = (
    "id", "type", "n", "act", "at", "boot", "mono", "station", "operator", "order", "operation",
    "material", "lot",
)  # fmt: skip
NAMES: Final = ", ".join(f'"{name}"' for name in COLUMNS)
SCHEMA: Final = (
    f"CREATE TABLE event(position INTEGER PRIMARY KEY, origin TEXT, seq INTEGER, {NAMES})",
    "CREATE UNIQUE INDEX place ON event(origin, seq)",
    "CREATE TABLE head(origin TEXT PRIMARY KEY, seq INTEGER)",
)
INSERT: Final = (
    f"INSERT INTO event(origin, seq, {NAMES}) VALUES (?, ?{', ?' * len(COLUMNS)})"
    " ON CONFLICT DO NOTHING"
)
RAISE: Final = (
    "INSERT INTO head VALUES (?1, ?2) ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)"
)
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Row(msgspec.Struct):
    """What is kept of an event, in columns."""

    id: str
    type: str
    n: int = 0
    act: str = ""
    at: str = ""
    boot: str = ""
    mono: int = 0
    station: str = ""
    operator: str = ""
    order: str = ""
    operation: str = ""
    material: str = ""
    lot: str = ""


_decode: Final = msgspec.json.Decoder(list[Row]).decode


class BareServer:
    """The application."""

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        for statement in SCHEMA:
            self._database.execute(statement)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", scope["type"]
        origin, _, first = scope["path"].strip("/").partition("/")
        body = await _whole(receive)
        loop = asyncio.get_running_loop()
        have = await loop.run_in_executor(None, self._store, origin, int(first), body)
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"have":%d}' % have})

    def _store(self, origin: str, first: int, body: bytes) -> int:
        events = _decode(body)
        rows = [(origin, seq, *astuple(event)) for seq, event in enumerate(events, first)]
        have = first + len(rows) - 1
        database = self._database
        database.execute("BEGIN IMMEDIATE")
        database.executemany(INSERT, rows)
        database.execute(RAISE, (origin, have))
        database.execute("COMMIT")
        return have


async def _whole(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="the SQLite file to make")
    app = BareServer(parser.parse_args().file)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        print(f"READY http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, lifespan="off", ws="none"
        )
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
