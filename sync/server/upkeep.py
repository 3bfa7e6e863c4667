"""The home of the long works on a ledger, told line by line: backup, confirmation, rebuild.

The same beside a running server, whose REST interface sends the lines, and alone.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from sync.server.backup import FOLDER, Backups
from sync.server.backup_file import Tell
from sync.server.database import ClosedError
from sync.server.errors import ServerError
from sync.server.ledger import end_of, reader_mark
from sync.server.projector_rebuild import SHADOW_READER
from sync.server.services import PROGRAM_VERSION, Services

WATCH_SECONDS: Final = 0.2
Work = Callable[[Tell], dict[str, Any]]


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a work is; the last line has its `result` or its `fault`."""

    what: str = ""
    done: int = 0
    of: int = 0
    result: dict[str, Any] | None = None
    fault: str = ""


def backup(services: Services, to: str, keep: int) -> Work:
    """Make a backup in a folder or under a file's name, by default in the data folder's own."""
    target = Path(to) if to else services.config.data / FOLDER

    def work(tell: Tell) -> dict[str, Any]:
        made = _backups(services).make(target, keep, _while_open(services, tell))
        told: dict[str, Any] = msgspec.to_builtins(made)
        return told

    return work


def confirm(services: Services, name: str, position: int | None, file: str) -> Work:
    """Promise a backup of another tool, by its position or by its file; all, where neither is."""

    def work(tell: Tell) -> dict[str, Any]:
        backups = _backups(services)
        if file:
            promise = backups.confirm_file(name, Path(file), _while_open(services, tell))
        else:
            end = services.database.read_now(end_of) if position is None else position
            promise = backups.confirm(name, end)
        told: dict[str, Any] = msgspec.to_builtins(promise)
        return told

    return work


def forget(services: Services, name: str) -> Work:
    """Promise a backup no more."""

    def work(_tell: Tell) -> dict[str, Any]:
        return {"forgotten": _backups(services).forget(name)}

    return work


def rebuild(services: Services) -> Work:
    """Make the views again."""

    def work(tell: Tell) -> dict[str, Any]:
        outcome: list[int | BaseException] = []
        thread = threading.Thread(target=lambda: outcome.append(_rebuilt(services)))
        thread.start()
        end = services.database.read_now(end_of)
        while thread.is_alive():
            mark = services.database.read_now(lambda conn: reader_mark(conn, SHADOW_READER))
            tell("views", mark, end)
            thread.join(WATCH_SECONDS)
        (result,) = outcome
        if isinstance(result, BaseException):
            raise result
        return {"position": result}

    return work


def lines(work: Work, put: Callable[[Line], None]) -> None:
    """Do a work and put its lines; trouble is the last line, a programmer's error is raised."""
    try:
        put(Line(result=work(lambda what, done, of: put(Line(what, done, of)))))
    except ServerError as fault:
        put(Line(fault=str(fault)))
    except BaseException as fault:
        put(Line(fault=f"{fault!r}; read the server's log"))
        raise


def _backups(services: Services) -> Backups:
    return Backups(services.database, services.clock, PROGRAM_VERSION)


def _while_open(services: Services, tell: Tell) -> Tell:
    """Give up as soon as the server ends."""

    def told(what: str, done: int, of: int) -> None:
        if not services.database.writes:
            raise ClosedError("the server ends: make the backup again")
        tell(what, done, of)

    return told


def _rebuilt(services: Services) -> int | BaseException:
    try:
        return services.projector.rebuild()
    except BaseException as fault:
        return fault
