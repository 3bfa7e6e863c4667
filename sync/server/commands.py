"""The home of the commands beside `serve`: through REST while a server runs, else alone."""

import base64
import json as json_text
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sync.server.client_admin import AdminClient, AdminError
from sync.server.config import read_config
from sync.server.folder import DataFolder, FolderError, InUseError
from sync.server.keys import ADMIN_TOKEN

if TYPE_CHECKING:  # a command that speaks to a running server spares loading the ledger
    from sync.server.import_csv import Report
    from sync.server.services import Services

_ENROL: Final = "kiosk enrol {server} {code} --data DIR"


def enrol(data: Path, station: str, work_centers: Sequence[str], *, json: bool) -> int:
    """Print a one-time code, alone on its line; how to use it goes to standard error."""
    with _reached(data, made=True) as (client, services):
        if client is not None:
            body = {"station": station, "work_centers": list(work_centers)}
            told = client.post("/v1/enrolment-codes", body)
            url = client.url
        else:
            assert services is not None, "one of the two ways"
            from sync.server.stations import moment

            code = services.stations.make_code_now(station, work_centers)
            told, url = {"code": code.code, "expires": moment(code.expires_ms)}, ""
    if json:
        _print({**told, "station": station, "work_centers": list(work_centers), "url": url})
        return 0
    print(told["code"])
    how = _ENROL.format(server=url or "SERVER", code=told["code"])
    print(f"At {station}, before {told['expires']}: {how}", file=sys.stderr)
    return 0


def import_folder(data: Path, folder: Path, *, json: bool, clock_offset: float = 0.0) -> int:
    """Load a folder of CSV files, or say everything that is wrong with it; status 1 then."""
    from sync.server.import_csv import read_folder, run_import
    from sync.server.office import OfficeError

    with _reached(data, made=True, clock_offset=clock_offset) as (client, services):
        if client is not None and read_folder(folder):
            report = _imported(client, read_folder(folder))
        elif client is not None:
            raise FolderError(f"{folder}: holds no CSV file; --template {folder} writes empty ones")
        else:
            assert services is not None, "one of the two ways"
            today = services.clock.local().date()
            try:
                report = run_import(folder, services.ledger, services.projector, today)
            except OfficeError as fault:
                raise AdminError(str(fault)) from None
    if json:
        _print(msgspec.to_builtins(report))
    else:
        print(report, file=sys.stdout if report.ok else sys.stderr)
    return 0 if report.ok else 1


def write_templates(folder: Path) -> int:
    """Write the empty CSV files that are not there yet."""
    from sync.server import import_csv

    try:
        written = import_csv.write_templates(folder)
    except OSError as fault:
        raise FolderError(f"{folder}: {fault.strerror}; choose another folder") from None
    for path in written:
        print(path)
    if not written:
        print(f"{folder}: every file is there already, none was touched", file=sys.stderr)
    return 0


def export(data: Path, after: int) -> int:
    """Write the ledger's events to standard output."""
    with _reached(data) as (client, services):
        if client is not None:
            pieces = client.stream(f"/v1/events?after={after}")
        else:
            assert services is not None, "one of the two ways"
            from sync.server.export import export_now

            pieces = export_now(services.database, after)
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    return 0


def verify(data: Path, *, json: bool) -> int:
    """Say whether every chain and id holds; status 1 if one does not."""
    with _reached(data) as (client, services):
        if client is not None:
            told: dict[str, Any] = client.get("/v1/verify")
        else:
            assert services is not None, "one of the two ways"
            from sync.server.verify import verify as prove

            verdict = prove(services.database)
            told = {name: getattr(verdict, name) for name in verdict.__slots__}
    if json:
        _print(told)
    elif told["bad"]:
        print(f"BAD  {told['bad']}; keep a copy of the folder, then restore a backup")
    else:
        print(f"OK  {told['events']} events, {told['places']} places, {told['origins']} origins")
    return 1 if told["bad"] else 0


def _imported(client: AdminClient, files: Mapping[str, bytes]) -> "Report":
    from sync.server.import_csv import Report

    coded = {name: base64.b64encode(content).decode() for name, content in files.items()}
    return msgspec.convert(client.post("/v1/import", {"files": coded}), Report)


@contextmanager
def _reached(
    data: Path, *, made: bool = False, clock_offset: float = 0.0
) -> Iterator[tuple[AdminClient | None, "Services | None"]]:
    """The running server, or the folder's database under its lock; `made` may create it."""
    if not made and not (data / ADMIN_TOKEN).exists():
        raise FolderError(f"{data}: no server's data folder; check --data")
    try:
        folder = DataFolder(data)
    except InUseError:
        with AdminClient(data) as client:
            yield client, None
        return
    with folder:
        from sync.server.services import open_services

        services = open_services(read_config(data, clock_offset=clock_offset))
        try:
            yield None, services
        finally:
            services.close()


def _print(told: dict[str, Any]) -> None:
    print(json_text.dumps(told, ensure_ascii=False))
