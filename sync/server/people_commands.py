"""The home of the commands about people: who may sign in to the office, and as what."""

import asyncio
import getpass
import sys
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec

from sync.server.commands import print_json, reached
from sync.server.errors import ServerError

BY: Final = "command line"


def people(data: Path, *, json: bool, url: str | None = None) -> int:
    """Print every account, one a line."""
    with reached(data, url=url) as (client, services):
        if client is not None:
            items: list[dict[str, Any]] = client.get("/v1/people")["items"]
        else:
            assert services is not None, "one of the two ways"
            items = msgspec.to_builtins(asyncio.run(services.people.accounts()))
    if json:
        print_json({"items": items})
        return 0
    for one in items:
        state = "" if one["active"] else "  shut out"
        print(f"{one['account']}  {one['role']}  {one['name']}{state}")
    if not items:
        print("nobody has an account: kiosk-server people NAME --role administrator")
    return 0


def put_person(
    data: Path, account: str, asked: dict[str, Any], *, json: bool, url: str | None = None
) -> int:
    """Make or change an account; `asked` has name, role, password, active."""
    with reached(data, url=url) as (client, services):
        if client is not None:
            client.put(f"/v1/people/{quote(account, safe='')}", asked)
        else:
            assert services is not None, "one of the two ways"
            from sync.server.people import By

            asyncio.run(services.people.put(account, **asked, by=By(BY)))
    if json:
        print_json({"account": account, "role": asked["role"], "active": asked["active"]})
    elif asked["active"]:
        print(f"{account} signs in as {asked['role']}.")
    else:
        print(f"{account} is shut out.")
    return 0


def password_of(*, from_stdin: bool) -> str:
    """A password that stands in no list of processes; asked twice at a terminal."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("password: ")
    if first != getpass.getpass("the same again: "):
        raise ServerError("the two differ: nothing was changed, try again")
    return first
