"""The home of who may serve one database together: any number on PostgreSQL, one on SQLite.

SharedKeyError   another server of this database has another key; the message says what to copy
"""

import fcntl
import os
import socket
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final, Self

from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from sync.server.database import Database
from sync.server.errors import ServerError
from sync.server.folder import FolderError, InUseError
from sync.server.settings import keep_setting, setting

PUBLIC_KEY: Final = "public_key"
TLS_PIN: Final = "tls_pin"
LOCK_SUFFIX: Final = ".lock"


class SharedKeyError(ServerError):
    pass


class OnlyServer:
    """A SQLite file served by this process alone, until `close`; on PostgreSQL nothing is held."""

    def __init__(self, url: str) -> None:
        """Raise `InUseError` where another process has the file, by whatever data folder."""
        self._lock = -1
        try:
            parsed = make_url(url)
        except ArgumentError:  # whoever opens it says so
            return
        if parsed.get_backend_name() != "sqlite" or not parsed.database:
            return
        path = Path(f"{Path(parsed.database).resolve()}{LOCK_SUFFIX}")
        try:
            self._lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as fault:
            raise FolderError(f"{path}: {fault.strerror}; look at disk space and rights") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.close()
            raise InUseError(
                f"{parsed.database} is served by another process: one server has a SQLite file;"
                " stop that one, or let all of them use one PostgreSQL"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def check_shared(database: Database, data: Path, keys: Mapping[str, tuple[str, str]]) -> None:
    """See that this folder has the keys that stations know this database's servers by.

    `keys` is setting → (file, public half); the first server to come records its own. Raises
    `SharedKeyError`.
    """
    here = f"{socket.gethostname()}:{data.absolute()}"
    for name, (file, public) in keys.items():
        if not public:
            continue
        known = database.read_now(partial(_known, name=name))
        if not known[0]:
            known = database.write_now(partial(_known, name=name, first=(public, here)))
        if known[0] != public:
            raise SharedKeyError(
                f"{data / file}: stations know the servers of {database.url} by another key:"
                f" copy {file} from the folder of the first one, {known[1]}"
            )


def _known(
    connection: Connection, name: str, first: tuple[str, str] | None = None
) -> tuple[str, str]:
    """The public half of a key and where it was first seen; recorded if told and not known."""
    known = setting(connection, name), setting(connection, f"{name}_folder")
    if known[0] or first is None:
        return known
    keep_setting(connection, name, first[0])
    keep_setting(connection, f"{name}_folder", first[1])
    return first
