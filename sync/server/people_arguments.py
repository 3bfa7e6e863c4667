"""The command line of `kiosk-server people`."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sync.server.rights import ROLES

TEXT: Final = """\
List who may sign in to the office, or make or change one account:

  kiosk-server people --data DIR                              who is there
  kiosk-server people eva --role administrator --data DIR     asks for the password
  kiosk-server people eva --shut-out --data DIR               she signs in no more
"""
Commands = Any


def add_people(
    commands: Commands, command_of: Callable[..., Any], data_of: Callable[..., Path]
) -> None:
    """Add the command; `command_of` and `data_of` are the program's own."""
    command = command_of(commands, "people", "list accounts of the office, or set one", json=True)
    command.description, command.formatter_class = TEXT, argparse.RawDescriptionHelpFormatter
    command.add_argument("account", nargs="?", metavar="ACCOUNT", help="the name to sign in with")
    command.add_argument("--role", choices=sorted(ROLES), default="viewer", help="what it may do")
    command.add_argument("--name", default="", help="what people call them")
    command.add_argument("--shut-out", action="store_true", help="let them sign in no more")
    command.add_argument(
        "--keep-password", action="store_true", help="change an account, not its password"
    )
    command.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )
    command.set_defaults(run=lambda options: _people(options, data_of(options)))


def _people(options: argparse.Namespace, data: Path) -> int:
    from sync.server.people_commands import password_of, people, put_person

    if options.account is None:
        return people(data, json=options.json, url=options.database)
    keeps = options.keep_password or options.shut_out
    asked = {
        "name": options.name,
        "role": options.role,
        "password": "" if keeps else password_of(from_stdin=options.password_stdin),
        "active": not options.shut_out,
    }
    return put_person(data, options.account, asked, json=options.json, url=options.database)
