"""`kiosk-server`: the central server and its commands; `--help` teaches each one."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias

from sync.server.config import PORT, read_config
from sync.server.errors import ServerError
from sync.server.folder import DataFolder, FolderError

USAGE_STATUS: Final = 2
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
DESCRIPTION: Final = """\
The central server of the shop floor. It gathers what happened at all stations, and shows planners
the board, the stock and the trace of every lot.

A first server, its factory and its first station:
  kiosk-server import --template factory/          empty CSV files, each column explained
  kiosk-server import --data /srv/plant factory/   materials, orders, people, stock
  kiosk-server serve --data /srv/plant             until Ctrl-C; prints READY and its address
  kiosk-server enrol --data /srv/plant --station MIX-1 --work-centers MIX
                                                   a code to scan or type at the station

While `serve` runs, the other commands speak to it; otherwise they work on the data folder alone.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 trouble, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
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
    for add in (_add_serve, _add_enrol, _add_import, _add_export, _add_verify):
        add(commands)
    return parser


def _command(commands: Commands, name: str, text: str, *, json: bool) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=text)
    command.add_argument(
        "--data", type=Path, metavar="DIR", help="the server's data folder (made if missing)"
    )
    if json:
        command.add_argument("--json", action="store_true", help="answer with one JSON object")
    return command


def _add_clock(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--clock-offset", type=float, default=0.0, metavar="SECONDS", help="move the clock (tests)"
    )


def _add_serve(commands: Commands) -> None:
    command = _command(commands, "serve", "run the server until SIGTERM or Ctrl-C", json=False)
    command.add_argument("--host", help="address to listen on (127.0.0.1: this machine only)")
    command.add_argument("--port", type=int, help=f"port to listen on ({PORT}; 0: any free one)")
    command.add_argument(
        "--open-board",
        action="store_true",
        default=None,
        help="show the board without a password; only on a loopback address",
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


def _add_import(commands: Commands) -> None:
    text = "load materials, BOMs, routings, people, orders and stock from a folder of CSV files"
    command = _command(commands, "import", text, json=True)
    command.add_argument("folder", nargs="?", type=Path, help="the folder with the CSV files")
    command.add_argument(
        "--template", type=Path, metavar="DIR", help="write empty files, each column explained"
    )
    _add_clock(command)
    command.set_defaults(run=_import)


def _add_export(commands: Commands) -> None:
    text = "write every event of the ledger to standard output, as JSON lines"
    command = _command(commands, "export", text, json=False)
    command.add_argument(
        "--after", type=int, default=0, metavar="POSITION", help="only what stands after it"
    )
    command.set_defaults(run=_export)


def _add_verify(commands: Commands) -> None:
    text = "prove every chain and id of the ledger; status 1 and the first bad row if one is wrong"
    command = _command(commands, "verify", text, json=True)
    command.set_defaults(run=_verify)


def _data(options: argparse.Namespace) -> Path:
    if options.data is None:
        raise FolderError("say which server: --data DIR")
    data: Path = options.data
    return data


def _serve(options: argparse.Namespace) -> int:
    data = _data(options)
    config = read_config(
        data,
        host=options.host,
        port=options.port,
        open_board=options.open_board,
        clock_offset=options.clock_offset,
    )
    with DataFolder(data) as folder:
        from sync.server.serve import serve

        serve(config, folder)
    return 0


def _enrol(options: argparse.Namespace) -> int:
    from sync.server.commands import enrol

    centers = [name for name in options.work_centers.split(",") if name.strip()]
    return enrol(_data(options), options.station, centers, json=options.json)


def _import(options: argparse.Namespace) -> int:
    from sync.server.commands import import_folder, write_templates

    if options.template is not None:
        return write_templates(options.template)
    if options.folder is None:
        print("kiosk-server import: say which folder of CSV files", file=sys.stderr)
        return USAGE_STATUS
    return import_folder(
        _data(options), options.folder, json=options.json, clock_offset=options.clock_offset
    )


def _export(options: argparse.Namespace) -> int:
    from sync.server.commands import export

    return export(_data(options), options.after)


def _verify(options: argparse.Namespace) -> int:
    from sync.server.commands import verify

    return verify(_data(options), json=options.json)


if __name__ == "__main__":
    sys.exit(main())
