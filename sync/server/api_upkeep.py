"""The home of the REST interface to upkeep: status, backups, rebuild; and what stations bring back.

Works that take long answer with lines of JSON: how far they are, at the end `result` or `fault`.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from typing import Annotated, Final

import msgspec
from litestar import get, post
from litestar.params import JSONBody
from litestar.response import Stream

from sync.server import upkeep
from sync.server.api import AnyRequest, StationRequest, services_of
from sync.server.auth import admin_guard, station_guard
from sync.server.backup import KEEP_MAX
from sync.server.openapi import ADMIN, CLEAN, NDJSON, STATION, RecoveredOperation, answer, refusals
from sync.server.problem import at_line, problem
from sync.server.promises import NAME_CHARS_MAX
from sync.server.recovered import RECOVERED_EVENTS_MAX, recover
from sync.server.status import Status, status_of
from sync.server.upkeep import Line, Work, lines
from sync.wire import BATCH_BYTES_MAX, BODY_BYTES_MAX, RecoveredAnswer

LINE_SECONDS: Final = 0.2
PATH_CHARS_MAX: Final = 4_096
POSITION_MAX: Final = 2**53
_LINES: Final = "`{what, done, of}` a line, the last one `{result}` or `{fault}`."
_BODY_REFUSALS: Final = (400, 413)
_Path = Annotated[str, msgspec.Meta(max_length=PATH_CHARS_MAX, pattern=CLEAN)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_CHARS_MAX, pattern=CLEAN)]


class BackupRequest(msgspec.Struct, frozen=True):
    """A folder or a new file on the server's machine; how many of that folder to keep, 0: all."""

    to: _Path = ""
    keep: Annotated[int, msgspec.Meta(ge=0, le=KEEP_MAX)] = 0


class ConfirmRequest(msgspec.Struct, frozen=True):
    """Another tool's backup: its file here, or the ledger's position when it began."""

    name: _Name
    position: (
        Annotated[
            int,
            msgspec.Meta(ge=0, le=POSITION_MAX, extra_json_schema={"extra": {"minimum": 0}}),
        ]
        | None
    ) = None
    file: _Path = ""


class ForgetRequest(msgspec.Struct, frozen=True):
    """The backup that is gone, by the name that the status tells."""

    name: _Name


@get("/v1/status", guards=[admin_guard], tags=["server"], security=ADMIN, responses=refusals(401))
async def status(request: AnyRequest) -> Status:
    """What an administrator looks at: ledger, views, stations, backups, alarms."""
    services = services_of(request)
    return await services.database.run(lambda: status_of(services))


def _work(path: str, *refused: int) -> post:
    """A work that an administrator asks for, told in lines of JSON."""
    return post(
        path,
        status_code=200,
        guards=[admin_guard],
        media_type=NDJSON,
        tags=["server"],
        security=ADMIN,
        responses={200: answer(str, _LINES, NDJSON), **refusals(401, *refused)},
    )


@_work("/v1/backups", *_BODY_REFUSALS)
async def make_backup(request: AnyRequest, data: JSONBody[BackupRequest]) -> Stream:
    """Write a backup beside the running work, prove it, then promise it."""
    return _told(upkeep.backup(services_of(request), data.to, data.keep))


@_work("/v1/backup-confirmations", *_BODY_REFUSALS)
async def confirm_backup(request: AnyRequest, data: JSONBody[ConfirmRequest]) -> Stream:
    """Promise a backup that another tool made."""
    return _told(upkeep.confirm(services_of(request), data.name, data.position, data.file))


@_work("/v1/backup-losses", *_BODY_REFUSALS)
async def forget_backup(request: AnyRequest, data: JSONBody[ForgetRequest]) -> Stream:
    """Promise a backup no more."""
    return _told(upkeep.forget(services_of(request), data.name))


@_work("/v1/rebuild")
async def rebuild(request: AnyRequest) -> Stream:
    """Make all views again beside the running work, and put them in place at the end."""
    return _told(upkeep.rebuild(services_of(request)))


@post(
    "/v1/recovered",
    status_code=200,
    guards=[station_guard],
    request_max_body_size=BATCH_BYTES_MAX,
    tags=["stations"],
    security=STATION,
    operation_class=RecoveredOperation,
    response_description="How many of them the ledger had lost and has again.",
    responses=refusals(400, 401, 403, 413),
)
async def recovered(request: StationRequest) -> RecoveredAnswer:
    """After a restore, take back events of the office that a station holds (NDJSON)."""
    services, station = services_of(request), request.user.station
    bodies = _bodies(await request.body())
    now = services.clock.milliseconds()
    stored = await services.database.write(lambda conn: recover(conn, station, bodies, now))
    if stored:
        services.ledger.wake()
    return RecoveredAnswer(stored)


routes: Final = (
    status,
    make_backup,
    confirm_backup,
    forget_backup,
    rebuild,
    recovered,
)


def _bodies(message: bytes) -> list[bytes]:
    bodies = message.removesuffix(b"\n").split(b"\n") if message.strip() else []
    if len(bodies) > RECOVERED_EVENTS_MAX:
        most = f"at most {RECOVERED_EVENTS_MAX} events: send fewer"
        raise problem(413, "too-many-events", most)
    long = next((n for n, body in enumerate(bodies, 1) if len(body) > BODY_BYTES_MAX), 0)
    if long:
        said = f"line {long} is over {BODY_BYTES_MAX} bytes"
        raise problem(400, "recovered", said, errors=at_line(long, said))
    return bodies


def _told(work: Work) -> Stream:
    return Stream(_lines(work), media_type=NDJSON)


async def _lines(work: Work) -> AsyncIterator[bytes]:
    """The lines of a work that has a thread of its own; it goes on where nobody reads them."""
    loop, ready = asyncio.get_running_loop(), asyncio.Queue[Line]()
    last = [0.0]

    def put(line: Line) -> None:
        now = time.monotonic()
        if line.what and now < last[0] + LINE_SECONDS:
            return
        last[0] = now
        loop.call_soon_threadsafe(ready.put_nowait, line)

    threading.Thread(target=lines, args=(work, put), name="upkeep").start()
    while True:
        line = await ready.get()
        yield msgspec.json.encode(line) + b"\n"
        if not line.what:
            return
