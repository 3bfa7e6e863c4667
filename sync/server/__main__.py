"""`kiosk-server`: the central server and its commands; `--help` teaches each one."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias

from sync.server.config import PORT, read_config
from sync.server.errors import ServerError
from sync.server.folder import DataFolder
from sync.server.people_arguments import add_people
from sync.server.upkeep_arguments import add_upkeep

USAGE_STATUS: Final = 2
POSITION_MAX: Final = 2**53
MADE: Final = " (made if missing)"
DATABASE: Final = "the ledger's database, if not that of server.toml or SQLite in the data folder"
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
DESCRIPTION: Final = """\
The central server of the shop floor. It gathers what happened at all stations, and shows planners
the board, the stock and the trace of every lot.

A first server, its factory and its first station:
  kiosk-server import --template factory/          empty CSV files, each column explained
  kiosk-server import --data /srv/plant factory/   materials, orders, people, stock
  kiosk-server import --data /srv/plant drawings drawings/          PNG and PDF for operations
  kiosk-server serve --data /srv/plant             until Ctrl-C; prints READY and its address
  kiosk-server enrol --data /srv/plant --station MIX-1 --work-centers MIX
                                                   a code to scan or type at the station

Every day and in trouble:
  kiosk-server status --data /srv/plant            what runs, and what needs a look
  kiosk-server backup --data /srv/plant --to /mnt/nas --keep 14     proved, every night
  kiosk-server restore FILE --data /srv/plant      a backup becomes the ledger again

While `serve` runs, the other commands speak to it; otherwise they work on the data folder alone.
With `serve --database URL` (PostgreSQL) say the same to them, or name it once in server.toml.
Exit status: 0 done, 1 trouble (said in a line on standard error), 2 wrong usage.
"""
SERVE: Final = """\
Run the server until SIGTERM or Ctrl-C. Once it takes work it prints READY and its address.

Stations on other machines need --host 0.0.0.0. Then everything goes over TLS, with a key that is
made at the first start and kept in DIR/tls.key. The code of kiosk-server enrol names that key, so a
station speaks to this server and to nobody else; a browser asks once whether to trust it. To change
the key: delete DIR/tls.key and DIR/tls.crt, start again, and enrol every station again. With a
certificate of your own, stations trust whom their machine trusts. Behind a proxy that has TLS, name
its address as trusted_proxy.

Programs read and write by REST, described at
/v1/openapi.json, with the token that stands in DIR/admin.token. Without --open-board the board
opens to that token only.

server.toml in the data folder says the same for good:
  [server]
  host = "0.0.0.0"
  port = 8400
  open_board = false
  trusted_proxy = "10.0.0.5"    # whose X-Forwarded-For counts; by default nobody's
  [tls]
  mode = "own"                  # or "off"; by default off on loopback and behind a proxy
  certificate = "plant.crt"     # your own, in PEM, with its chain; and key = "plant.key"
  [limits]
  station_requests_per_second = 300    # a station that asks more often is told to wait
  enrol_requests_per_minute = 120      # of one address; also stranger_requests_per_second = 100,
  form_requests_per_minute = 120       # connections = 4000, header_seconds, request_seconds
  [site]
  name = "Plant 1"
  [gs1]
  company_prefix = "952123"     # as GS1 gave it to you: pallets get an SSCC; else numbers "U-17"
  extension_digit = 0           # the first digit of every SSCC
  [database]
  url = "postgresql+psycopg://floor@db/floor"    # by default SQLite in the data folder
"""


class UsageError(ServerError):
    """The command line says too little; the message says what to add."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 trouble, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except UsageError as fault:
        print(f"kiosk-server: {fault}", file=sys.stderr)
        return USAGE_STATUS
    except ServerError as fault:
        print(f"kiosk-server: {fault}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kiosk-server",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in (
        _add_serve,
        _add_enrol,
        _add_stations,
        _add_revoke,
        _add_import,
        _add_export,
        _add_verify,
    ):
        add(commands)
    add_people(commands, _command, _data)
    add_upkeep(commands, _command, _data)
    return parser


def _command(
    commands: Commands, name: str, text: str, *, json: bool, made: str = ""
) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name, help=text, description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command.add_argument("--data", type=Path, metavar="DIR", help=f"the server's data folder{made}")
    command.add_argument("--database", metavar="URL", help=DATABASE)
    if json:
        command.add_argument("--json", action="store_true", help="answer with one JSON object")
    return command


def _add_clock(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--clock-offset", type=float, default=0.0, metavar="SECONDS", help="move the clock (tests)"
    )


def _add_serve(commands: Commands) -> None:
    text = "run the server until SIGTERM or Ctrl-C"
    command = _command(commands, "serve", text, json=False, made=MADE)
    command.description = SERVE
    command.add_argument("--host", help="address to listen on (127.0.0.1: this machine only)")
    command.add_argument("--port", type=int, help=f"port to listen on ({PORT}; 0: any free one)")
    command.add_argument(
        "--open-board",
        action="store_true",
        default=None,
        help="show the board without a password; only on a loopback address",
    )
    command.add_argument(
        "--tls", choices=("off", "own"), help="own key and certificate, or plain HTTP"
    )
    _add_clock(command)
    command.set_defaults(run=_serve)


def _add_enrol(commands: Commands) -> None:
    text = "print a code that enrols one station, once, within 15 minutes"
    command = _command(commands, "enrol", text, json=True)
    command.add_argument("--station", required=True, metavar="NAME", help="the station's name")
    command.add_argument(
        "--work-centers", default="", metavar="A,B", help="work centers whose orders it runs"
    )
    command.set_defaults(run=_enrol)


def _add_stations(commands: Commands) -> None:
    text = "list the enrolled stations: when each was heard, what waits there, whether it may come"
    command = _command(commands, "stations", text, json=True)
    command.set_defaults(run=_stations)


def _add_revoke(commands: Commands) -> None:
    text = "shut a station out, because its machine is lost; its token opens nothing any more"
    command = _command(commands, "revoke", text, json=True)
    command.add_argument("station", metavar="STATION", help="its name")
    command.set_defaults(run=_revoke)


def _add_import(commands: Commands) -> None:
    text = "load materials, BOMs, routings, people, orders and stock from a folder of CSV files"
    drawings = "; or PNG and PDF files of a folder that routings name: import drawings FOLDER"
    command = _command(commands, "import", text + drawings, json=True, made=MADE)
    command.add_argument(
        "folder", nargs="*", help="the folder with the CSV files; drawings FOLDER: with drawings"
    )
    command.add_argument(
        "--template", type=Path, metavar="DIR", help="write empty files, each column explained"
    )
    _add_clock(command)
    command.set_defaults(run=_import)


def _add_export(commands: Commands) -> None:
    text = "write every event of the ledger to standard output, as JSON lines"
    command = _command(commands, "export", text, json=False)
    command.add_argument(
        "--after", type=_position, default=0, metavar="POSITION", help="only what stands after it"
    )
    command.set_defaults(run=_export)


def _add_verify(commands: Commands) -> None:
    text = "prove every chain and id of the ledger; status 1 and the first bad row if one is wrong"
    command = _command(commands, "verify", text, json=True)
    command.set_defaults(run=_verify)


def _position(written: str) -> int:
    if not (written.isascii() and written.isdigit() and int(written) <= POSITION_MAX):
        raise argparse.ArgumentTypeError(f"{written[:20]!r}: want a position, 0 or more")
    return int(written)


def _data(options: argparse.Namespace) -> Path:
    if options.data is None:
        raise UsageError("say which server: --data DIR")
    data: Path = options.data
    return data


def _serve(options: argparse.Namespace) -> int:
    data = _data(options)
    config = read_config(
        data,
        host=options.host,
        port=options.port,
        open_board=options.open_board,
        tls=options.tls,
        url=options.database,
        clock_offset=options.clock_offset,
    )
    with DataFolder(data) as folder:
        from sync.server.serve import serve

        serve(config, folder)
    return 0


def _enrol(options: argparse.Namespace) -> int:
    from sync.server.commands import enrol

    centers = [name for name in options.work_centers.split(",") if name.strip()]
    return enrol(_data(options), options.station, centers, json=options.json, url=options.database)


def _stations(options: argparse.Namespace) -> int:
    from sync.server.station_commands import stations

    return stations(_data(options), json=options.json, url=options.database)


def _revoke(options: argparse.Namespace) -> int:
    from sync.server.station_commands import revoke

    return revoke(_data(options), options.station, json=options.json, url=options.database)


def _import(options: argparse.Namespace) -> int:
    from sync.server.commands import import_folder, write_templates
    from sync.server.drawing_commands import DRAWINGS, import_drawings

    if options.template is not None:
        return write_templates(options.template)
    words: list[str] = options.folder
    if len(words) == 2 and words[0] == DRAWINGS:
        folder = Path(words[1])
        return import_drawings(_data(options), folder, json=options.json, url=options.database)
    if len(words) != 1:
        raise UsageError("say which folder of CSV files, or --template DIR for empty ones")
    return import_folder(
        _data(options),
        Path(words[0]),
        json=options.json,
        clock_offset=options.clock_offset,
        url=options.database,
    )


def _export(options: argparse.Namespace) -> int:
    from sync.server.commands import export

    return export(_data(options), options.after, url=options.database)


def _verify(options: argparse.Namespace) -> int:
    from sync.server.commands import verify

    return verify(_data(options), json=options.json, url=options.database)


if __name__ == "__main__":
    sys.exit(main())
