"""The home of the commands beside `serve`: through REST while a server runs, else alone."""

import base64
import json as json_text
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from sync.server.config import LEDGER, read_config
from sync.server.errors import ServerError
from sync.server.folder import DataFolder, FolderError, InUseError, address_of
from sync.server.keys import ADMIN_TOKEN

if TYPE_CHECKING:  # a command loads the ledger or the way to a running server, never both
    from sync.server.client_admin import AdminClient
    from sync.server.importing.folder import Report
    from sync.server.services import Services

READY_SECONDS_MAX: Final = 15.0
POLL_SECONDS: Final = 0.1
_ENROL: Final = "kiosk enrol {server} {code} --data DIR"
_URL: Final = "say --database URL, or name it in server.toml"
_ANY_ADDRESS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 — read, not listened on


class OutputError(ServerError):
    """Standard output takes no more."""


def enrol(
    data: Path, station: str, work_centers: Sequence[str], *, json: bool, url: str | None = None
) -> int:
    """Print a one-time code, alone on its line; how to use it goes to standard error."""
    with reached(data, url=url) as (client, services):
        if client is not None:
            body = {"station": station, "work_centers": list(work_centers)}
            told = client.post("/v1/enrolment-codes", body)
            where = from_outside(client.url)
        else:
            assert services is not None, "one of the two ways"
            from sync.server.stations import moment

            code = services.stations.make_code_now(station, work_centers)
            told = {"code": code.code, "expires": moment(code.expires_ms)}
            told["unknown_work_centers"], where = list(code.unknown), ""
    if json:
        print_json({**told, "station": station, "work_centers": list(work_centers), "url": where})
        return 0
    print(told["code"])
    how = _ENROL.format(server=where or "SERVER", code=told["code"])
    print(f"At {station}, before {told['expires']}: {how}", file=sys.stderr)
    _warn(station, work_centers, told.get("unknown_work_centers", ()))
    return 0


def import_folder(
    data: Path,
    folder: Path,
    *,
    json: bool,
    clock_offset: float = 0.0,
    url: str | None = None,
) -> int:
    """Load a folder of CSV files, or say everything that is wrong with it; status 1 then."""
    from sync.server.importing.folder import read_folder

    files = read_folder(folder)
    with reached(data, made=True, clock_offset=clock_offset, url=url) as (client, services):
        if client is not None:
            report = _imported(client, files)
        else:
            assert services is not None, "one of the two ways"
            report = _imported_alone(services, files)
    if json:
        print_json(msgspec.to_builtins(report))
    else:
        print(report, file=sys.stdout if report.ok else sys.stderr)
    return 0 if report.ok else 1


def write_templates(folder: Path) -> int:
    """Write the empty CSV files that are not there yet."""
    from sync.server.importing import folder as import_folder

    written = import_folder.write_templates(folder)
    for path in written:
        print(path)
    if not written:
        print(f"{folder}: every file is there already, none was touched", file=sys.stderr)
    return 0


def export(data: Path, after: int, *, url: str | None = None) -> int:
    """Write the ledger's events to standard output."""
    with reached(data, url=url) as (client, services):
        if client is not None:
            pieces = client.stream(f"/v1/events?after={after}")
        else:
            assert services is not None, "one of the two ways"
            from sync.server.export import export_now

            pieces = export_now(services.database, after)
        for piece in pieces:
            _write(piece)
        _write(b"")
    return 0


def verify(data: Path, *, json: bool, url: str | None = None) -> int:
    """Say whether every chain and id holds; status 1 if one does not."""
    with reached(data, url=url) as (client, services):
        if client is not None:
            told: dict[str, Any] = client.get("/v1/verify")
        else:
            assert services is not None, "one of the two ways"
            from sync.server.verify import verify as prove

            verdict = prove(services.database)
            told = {name: getattr(verdict, name) for name in verdict.__slots__}
    if json:
        print_json(told)
    elif told["bad"]:
        print(f"BAD  {told['bad']}; keep a copy of the folder, then restore a backup")
    else:
        print(f"OK  {told['events']} events, {told['places']} places, {told['origins']} origins")
    return 1 if told["bad"] else 0


def _imported(client: "AdminClient", files: Mapping[str, bytes]) -> "Report":
    from sync.server.importing.folder import Report

    coded = {name: base64.b64encode(content).decode() for name, content in files.items()}
    return msgspec.convert(client.post("/v1/import", {"files": coded}), Report)


def _imported_alone(services: "Services", files: Mapping[str, bytes]) -> "Report":
    from sync.server.importing.run import import_files
    from sync.server.office import OfficeError

    today = services.clock.local().date()
    try:
        return import_files(files, services.ledger, services.projector, today)
    except OfficeError as fault:
        raise ServerError(str(fault)) from None


@contextmanager
def reached(
    data: Path, *, made: bool = False, clock_offset: float = 0.0, url: str | None = None
) -> Iterator[tuple["AdminClient | None", "Services | None"]]:
    """The running server, or the folder's database under its lock; `made` may create it."""
    if not made and not (data / ADMIN_TOKEN).exists():
        raise FolderError(
            f"{data}: no server's data folder; check --data, or begin with kiosk-server serve"
        )
    held = _held_or_url(data)
    if isinstance(held, str):
        from sync.server.client_admin import AdminClient

        with AdminClient(data, held) as client:
            yield client, None
        return
    with held:
        from sync.server.services import open_services

        config = read_config(data, clock_offset=clock_offset, url=url)
        if not (made or config.url or (data / LEDGER).exists()):
            raise FolderError(
                f"{data}: no {LEDGER} in it: if the ledger lives in PostgreSQL, {_URL}"
            )
        services = open_services(config)
        try:
            yield None, services
        finally:
            services.close()


def _held_or_url(data: Path) -> DataFolder | str:
    """The folder under this process's lock, or where the server that holds it serves.

    A server that is just starting or ending is waited for; raises `FolderError`.
    """
    until = time.monotonic() + READY_SECONDS_MAX
    while True:
        try:
            return DataFolder(data)
        except InUseError:
            address = address_of(data)
            if address is not None:
                return address.url
            if time.monotonic() > until:
                raise
        time.sleep(POLL_SECONDS)


def from_outside(url: str) -> str:
    """The address that a station can use where the server listens on all of them."""
    parts = urlsplit(url)
    if parts.hostname not in _ANY_ADDRESS:
        return url
    return f"{parts.scheme}://{socket.getfqdn()}:{parts.port}"


def _warn(station: str, work_centers: Sequence[str], unknown: Sequence[str]) -> None:
    if not work_centers:
        print(f"{station} has no work center: it will see no order; --work-centers A,B names them",
              file=sys.stderr)  # fmt: skip
    for name in unknown:
        print(
            f"{station}: work center {name} is not known yet: check the name, or import it in"
            " work_centers.csv",
            file=sys.stderr,
        )


def _write(piece: bytes) -> None:
    """To standard output; no bytes flush it. Raises `OutputError`; a closed pipe is no trouble."""
    try:
        if piece:
            sys.stdout.buffer.write(piece)
        else:
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as fault:
        raise OutputError(f"standard output: {fault.strerror}; make room, export again") from None


def print_json(told: dict[str, Any]) -> None:
    print(json_text.dumps(told, ensure_ascii=False))
