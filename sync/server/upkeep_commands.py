"""The home of the upkeep commands: backup, restore, rebuild, status; beside a server and alone."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sync.server.commands import print_json, reached
from sync.server.config import read_config
from sync.server.errors import ServerError
from sync.server.folder import DataFolder, address_of

if TYPE_CHECKING:  # a command loads the ledger or the way to a running server, never both
    from sync.server.client_admin import AdminClient
    from sync.server.services import Services
    from sync.server.upkeep import Work

TELL_SECONDS: Final = 1.0
BYTES_UNIT: Final = 1_000_000
ALARMS_SHOWN: Final = 5
Tell = Callable[[str, int, int], None]


class UpkeepError(ServerError):
    """The server could not do it; its own words."""


def backup(data: Path, to: str, keep: int, url: str | None, *, json: bool) -> int:
    """Make a backup and say what it holds."""
    target = str(Path(to).absolute()) if to else ""

    def alone(services: "Services") -> "Work":
        from sync.server.upkeep import backup as make

        return make(services, target, keep)

    told = _done(data, url, "/v1/backups", {"to": target, "keep": keep}, alone)
    if json:
        print_json(told)
        return 0
    print(told["file"])
    size = told["bytes"] / BYTES_UNIT
    print(
        f"proved: {_counted(told['events'], 'event')} of {_counted(told['origins'], 'log')},"
        f" {size:.1f} MB;"
        f" it holds all up to position {told['position']}",
        file=sys.stderr,
    )
    for file in told["dropped"]:
        print(f"dropped: {file}", file=sys.stderr)
    if not to:
        print("It lies beside the ledger: --to another disk survives the loss of this one.",
              file=sys.stderr)  # fmt: skip
    return 0


def confirm(
    data: Path, name: str, position: int | None, file: str, url: str | None, *, json: bool
) -> int:
    """Promise another tool's backup."""
    path = str(Path(file).absolute()) if file else ""

    def alone(services: "Services") -> "Work":
        from sync.server.upkeep import confirm as promise

        return promise(services, name, position, path)

    body = {"name": name, "position": position, "file": path}
    told = _done(data, url, "/v1/backup-confirmations", body, alone)
    if json:
        print_json(told)
    else:
        print(f"{name}: promised; it holds all up to position {told['position']}")
    return 0


def forget(data: Path, name: str, url: str | None, *, json: bool) -> int:
    """Promise a backup no more; status 1 if none has the name."""

    def alone(services: "Services") -> "Work":
        from sync.server.upkeep import forget as lose

        return lose(services, name)

    told = _done(data, url, "/v1/backup-losses", {"name": name}, alone)
    if not told["forgotten"]:
        raise UpkeepError(f"no backup is called {name!r}: kiosk-server status lists them")
    if json:
        print_json(told)
    else:
        print(f"{name}: promised no more; the file itself was not touched")
    return 0


def rebuild(data: Path, url: str | None, *, json: bool) -> int:
    """Make all views again from the ledger."""

    def alone(services: "Services") -> "Work":
        from sync.server.upkeep import rebuild as make

        return make(services)

    told = _done(data, url, "/v1/rebuild", {}, alone)
    if json:
        print_json(told)
    else:
        print(f"rebuilt: the views hold all up to position {told['position']}")
    return 0


def restore(
    file: Path, data: Path, url: str | None, *, replace: bool, new_keys: bool, json: bool
) -> int:
    """Make a backup the ledger of a data folder; no server may run on it."""
    from sync.server.restore import restore as put_back

    config = read_config(data, url=url)
    with DataFolder(data), _progress() as tell:
        done = put_back(file, config, replace=replace, tell=tell, new_keys=new_keys)
    key = data / "signing.key"
    if json:
        print_json({**msgspec.to_builtins(done), "signing_key": key.exists()})
        return 0
    print(f"restored: {done.events} events up to position {done.position},"
          f" {done.stations} stations, as incarnation {done.incarnation}")  # fmt: skip
    if done.aside:
        print(f"what was there before: {done.aside}")
    if new_keys:
        print("With new keys: enrol every station again; each keeps its journal.")
    elif not key.exists():
        print(f"Bring signing.key (and tls.key, tls.crt) from the old machine into {data} before"
              " the first start. Are they lost? Restore again with --replace --new-keys, and enrol"
              " every station again.")  # fmt: skip
    print(f"Then start it: kiosk-server serve --data {data}. Stations send again what the backup"
          " lacked, and bring back what the office said.")  # fmt: skip
    return 0


def status(data: Path, url: str | None, *, json: bool) -> int:
    """Say what runs, how far everything is, and what needs a look."""
    with reached(data, url=url) as (client, services):
        serving: dict[str, Any] = {"serving": client is not None}
        if client is not None:
            told: dict[str, Any] = client.get("/v1/status")
            address = address_of(data)
            serving |= {"url": client.url, "pid": address.pid if address else 0}
        else:
            assert services is not None, "one of the two ways"
            from sync.server.status import status_of

            told = msgspec.to_builtins(status_of(services))
    if json:
        print_json({**serving, **told})
        return 0
    for line in _status_lines(serving, told):
        print(line)
    return 0


def _done(
    data: Path,
    url: str | None,
    path: str,
    body: dict[str, Any],
    alone: Callable[["Services"], "Work"],
) -> dict[str, Any]:
    """The result of a work, by the running server or by this process; progress goes to stderr."""
    with reached(data, url=url) as (client, services), _progress() as tell:
        if client is not None:
            return _followed(client, path, body, tell)
        assert services is not None, "one of the two ways"
        return alone(services)(tell)


def _followed(client: "AdminClient", path: str, body: dict[str, Any], tell: Tell) -> dict[str, Any]:
    for text in client.lines(path, body):
        line: dict[str, Any] = msgspec.json.decode(text)
        if "fault" in line:
            raise UpkeepError(line["fault"])
        if "result" in line:
            result: dict[str, Any] = line["result"]
            return result
        tell(line.get("what", ""), line.get("done", 0), line.get("of", 0))
    raise UpkeepError(f"{client.url}: the server ended before it was done; look at its log")


@contextmanager
def _progress() -> Iterator[Tell]:
    """A line on standard error, at most once a second, for what takes longer than one."""
    last = [time.monotonic()]
    shown = [False]
    again = "\r" if sys.stderr.isatty() else ""

    def tell(what: str, done: int, of: int) -> None:
        now = time.monotonic()
        if now >= last[0] + TELL_SECONDS:
            last[0], shown[0] = now, True
            share = f"{100 * done // of} %" if of else str(done)
            end = "   " if again else "\n"
            print(f"{again}{what}: {share}", end=end, file=sys.stderr, flush=True)

    yield tell
    if again and shown[0]:
        print(file=sys.stderr)


def _status_lines(serving: dict[str, Any], told: dict[str, Any]) -> Iterator[str]:
    where = f"at {serving['url']}, process {serving['pid']}" if serving["serving"] else "no"
    yield f"serving   {where}; program {told['version']}"
    restored = f", restored {told['restores']} times" if told["restores"] else ""
    yield f"ledger    position {told['position']}{restored}; {told['database']}"
    behind = told["behind"]
    yield f"views     {f'{behind} events behind' if behind else 'up to date'}"
    yield f"disk      {told['free_bytes'] / BYTES_UNIT:.0f} MB free"
    yield from _station_lines(told["stations"])
    yield from _backup_lines(told)
    yield from _alarm_lines(told)


def _station_lines(stations: list[dict[str, Any]]) -> Iterator[str]:
    yield f"stations  {len(stations) or 'none: kiosk-server enrol makes a code for one'}"
    for one in stations:
        state = "" if one["active"] else ", revoked"
        yield (
            f"          {one['station']}: {one['received']} events received, {one['safe']} in"
            f" backups, {one['waiting']} unsent when last heard {one['heard']}{state}"
        )


def _backup_lines(told: dict[str, Any]) -> Iterator[str]:
    backups = told["backups"]
    if not backups:
        yield "backups   none: stations may delete nothing; run kiosk-server backup"
        return
    last, since = backups[0], told["position"] - backups[0]["position"]
    yield f"backups   {len(backups)}, the last {last['made']}, {since} events ago: {last['name']}"


def _alarm_lines(told: dict[str, Any]) -> Iterator[str]:
    kinds = ", ".join(f"{count} {kind}" for kind, count in told["alarms"].items())
    yield f"alarms    {kinds or 'none'}"
    for alarm in told["last_alarms"][:ALARMS_SHOWN]:
        yield f"          {alarm['at']}  {alarm['kind']}: {alarm['text']}"


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" + "s" * (count != 1)
