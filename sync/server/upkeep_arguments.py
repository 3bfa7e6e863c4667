"""The home of the upkeep commands' arguments, and of what their `--help` teaches."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

from sync.server.errors import ServerError

KEEP_MAX: Final = 10_000
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
BACKUP: Final = """\
Copy the ledger into one file, prove it, and only then promise it: stations delete an event only
once every promised backup holds it. Beside a running server nothing stands still meanwhile.

  kiosk-server backup --data /srv/plant --to /mnt/nas/plant --keep 14     every night, from cron

The file is the same for SQLite and PostgreSQL and restores into either. It has no key, no admin
token and no enrolment code in it; of each station's token only a hash. Keep DIR/signing.key and
DIR/tls.key beside it in a safe place: with them the stations know the restored server at once.

Backups of other tools (a disk's snapshot, pg_dump) count too once they are confirmed:
  kiosk-server backup --data DIR --confirm disk --file /mnt/snapshot/ledger.sqlite
  kiosk-server status --data DIR --json | jq .position        then pg_dump …, and if that went well
  kiosk-server backup --data DIR --confirm pg_dump --position 48213
A confirmation takes the place of the one before it of the same name.
"""
RESTORE: Final = """\
Make a backup the ledger of a data folder. The file is proved first; what is in the way is never
written over: --replace moves it aside. No server may run on the folder meanwhile.

  kiosk-server restore /mnt/nas/plant/ledger-….kiosk-backup --data /srv/plant
  kiosk-server serve --data /srv/plant

The ledger goes on as a new incarnation. Stations notice by themselves: they send again what the
backup lacked, bring back the orders and master data that they were told, and take a fresh picture.
Numbers skip ahead, so that none is printed twice. Bring signing.key and tls.key from the old
machine into the data folder before the first start. If they are lost, restore with --new-keys and
enrol every station again.
"""
REBUILD: Final = """\
Make the views (board, orders, stock, deviations) again from the ledger and put them in place at
the end. Never needed in the ordinary way: the ledger is the truth, and the views follow it.
"""
BI: Final = """\
Tell the views for reading programs (reports, spreadsheets): their columns and what they hold. They
are in the database itself, always up to date, survive a rebuild, and are read with its own drivers:

  SQLite      the file DIR/ledger.sqlite, opened read-only:  sqlite3 'file:ledger.sqlite?mode=ro'
  PostgreSQL  a role of its own:  CREATE ROLE report LOGIN PASSWORD '…';
              GRANT SELECT ON bi_orders, bi_stock TO report;

Read nothing else there: tables may change with any version, these names and columns stay.
"""
STATUS: Final = """\
Say what runs, how far ledger and views are, what each station has not sent yet, which backups are
promised, and what needs a look. With --json for a monitor: `behind`, `stations[].waiting`,
`backups[0].made` and `alarms` are what to watch.
"""


def add_upkeep(
    commands: Commands, command: Callable[..., argparse.ArgumentParser], data: Callable[..., Path]
) -> None:
    """Add backup, restore, rebuild and status; `command` and `data` are those of all commands."""
    _add_backup(command(commands, "backup", "copy the ledger into a file, proved", json=True), data)
    text = "make a backup the ledger of a data folder"
    _add_restore(command(commands, "restore", text, json=True, made=" (made if missing)"), data)
    again = command(commands, "rebuild", "make the views again from the ledger", json=True)
    again.description = REBUILD
    again.set_defaults(run=lambda options: _rebuild(options, data(options)))
    read = command(commands, "bi", "tell the views for reports and their columns", json=False)
    read.description = BI
    read.set_defaults(run=_bi)
    look = command(commands, "status", "say what runs and what needs a look", json=True)
    look.description = STATUS
    look.set_defaults(run=lambda options: _status(options, data(options)))


def _add_backup(command: argparse.ArgumentParser, data: Callable[..., Path]) -> None:
    command.description = BACKUP
    command.add_argument(
        "--to", default="", metavar="PATH", help="a folder, or a new file (DIR/backups)"
    )
    command.add_argument(
        "--keep", type=_count, default=0, metavar="N", help="keep the newest N there (all)"
    )
    command.add_argument("--confirm", metavar="NAME", help="promise another tool's backup")
    command.add_argument(
        "--position", type=_number, metavar="P", help="it holds all up to here (the ledger's end)"
    )
    command.add_argument("--file", default="", metavar="F", help="its file, which is proved")
    command.add_argument("--forget", metavar="NAME", help="promise a backup no more")
    command.set_defaults(run=lambda options: _backup(options, data(options)))


def _add_restore(command: argparse.ArgumentParser, data: Callable[..., Path]) -> None:
    command.description = RESTORE
    command.add_argument("file", type=Path, help="the backup, or a copy of a SQLite ledger")
    command.add_argument(
        "--replace", action="store_true", help="move aside the ledger that is there"
    )
    command.add_argument(
        "--new-keys", action="store_true", help="the old keys are lost; enrol every station again"
    )
    command.set_defaults(run=lambda options: _restore(options, data(options)))


def _backup(options: argparse.Namespace, data: Path) -> int:
    from sync.server import upkeep_commands as run

    if options.forget is not None:
        return run.forget(data, options.forget, options.database, json=options.json)
    if options.confirm is not None:
        where = (options.position, options.file, options.database)
        return run.confirm(data, options.confirm, *where, json=options.json)
    if options.position is not None or options.file:
        raise ServerError("--position and --file are of another tool's backup: say --confirm NAME")
    return run.backup(data, options.to, options.keep, options.database, json=options.json)


def _restore(options: argparse.Namespace, data: Path) -> int:
    from sync.server.upkeep_commands import restore

    return restore(
        options.file,
        data,
        options.database,
        replace=options.replace,
        new_keys=options.new_keys,
        json=options.json,
    )


def _rebuild(options: argparse.Namespace, data: Path) -> int:
    from sync.server.upkeep_commands import rebuild

    return rebuild(data, options.database, json=options.json)


def _bi(_options: argparse.Namespace) -> int:
    from sync.server.bi_views import explained

    print(explained())
    return 0


def _status(options: argparse.Namespace, data: Path) -> int:
    from sync.server.upkeep_commands import status

    return status(data, options.database, json=options.json)


def _count(written: str) -> int:
    if not (written.isascii() and written.isdigit() and 1 <= int(written) <= KEEP_MAX):
        raise argparse.ArgumentTypeError(f"{written[:20]!r}: want 1 to {KEEP_MAX}")
    return int(written)


def _number(written: str) -> int:
    if not (written.isascii() and written.isdigit() and len(written) <= 15):
        raise argparse.ArgumentTypeError(f"{written[:20]!r}: want a position, 0 or more")
    return int(written)
