"""The home of the commands about stations: who is enrolled, and who is shut out."""

from pathlib import Path
from typing import Any

import msgspec

from sync.server.commands import print_json, reached
from sync.server.errors import ServerError

HEADINGS = ("STATION", "LAST HEARD", "WAITING", "STATE", "WORK CENTERS")


def stations(data: Path, *, json: bool, url: str | None = None) -> int:
    """Print every enrolled station, one a line."""
    with reached(data, url=url) as (client, services):
        if client is not None:
            items: list[dict[str, Any]] = client.get("/v1/stations")["items"]
        else:
            assert services is not None, "one of the two ways"
            from sync.server.views.floor import station_lines

            items = msgspec.to_builtins(services.database.read_now(station_lines))
    if json:
        print_json({"items": items})
        return 0
    for row in _aligned([HEADINGS, *map(_row, items)]):
        print(row)
    return 0


def revoke(data: Path, station: str, *, json: bool, url: str | None = None) -> int:
    """Shut a station out; status 1 if there is none of the name."""
    with reached(data, url=url) as (client, services):
        known = True
        if client is not None:
            from sync.server.client_admin import AdminError

            try:
                client.post("/v1/revocations", {"station": station})
            except AdminError as fault:
                if fault.problem.get("status") != 404:
                    raise
                known = False
        else:
            assert services is not None, "one of the two ways"
            known = services.stations.revoke_now(station)
    if not known:
        raise ServerError(f"no station is called {station!r}: kiosk-server stations lists them")
    if json:
        print_json({"station": station, "active": False})
    else:
        print(f"{station} is shut out. kiosk-server enrol lets it in again; it keeps its journal.")
    return 0


def _row(item: dict[str, Any]) -> tuple[str, ...]:
    state = "active" if item["active"] else "revoked"
    centers = ", ".join(item["work_centers"])
    return (item["station"], item["last_contact"], str(item["waiting"]), state, centers)


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
