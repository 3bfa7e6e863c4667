"""A station without a screen: `… FOLDER SERVER NAME CODE`. It acts and sends as it is told by lines.

`act N` books N acts and says their ids, a line for each; `sent SECONDS` waits until the server has
everything and says `SENT waiting=0` or how many still wait; `online SECONDS` waits for the server's
first answer and says `ONLINE` or what else it is; `hurry` asks the server now; `end` closes it. It
enrols itself the first time; later starts go on with what is in the folder.
"""

import sys
import threading
import time
from pathlib import Path

import uuid_utils

from kiosk.clock import Clock
from kiosk.enrolment import ask
from kiosk.journal import Journal
from sync.client import SyncClient, SyncStatus
from sync.exchange import State
from sync.line import checked_address
from tests.faults.recorded_station import READY, act, say

LOOK_SECONDS = 0.02
TOKEN, KEY = "token", "key"


def client_of(folder: Path, server: str, name: str, code: str, journal: Journal) -> SyncClient:
    """The production client; a snapshot is taken at once and not after two minutes."""
    token = folder / TOKEN
    if not token.exists():
        granted = ask(checked_address(server), code, journal.origin)
        assert granted.station == name
        (folder / KEY).write_text(granted.public_key, encoding="ascii")
        token.write_text(granted.token, encoding="ascii")
    return SyncClient(
        server,
        token.read_text(encoding="ascii"),
        journal,
        quiet,
        quiet,
        public_key=(folder / KEY).read_text(encoding="ascii"),
        snapshot_seconds=0.0,
    )


def quiet(_told: SyncStatus | object) -> None:
    """Nobody looks."""


def obey(journal: Journal, client: SyncClient, line: str) -> bool:
    """Do what a line says; False at the end."""
    word, _, rest = line.strip().partition(" ")
    if word == "act":
        for number in range(int(rest)):
            records = journal.append(act(number)).result()
            client.wake()
            say(" ".join(record.id for record in records))
        say(READY)
    elif word == "sent":
        until = time.monotonic() + float(rest)
        while journal.waiting() and time.monotonic() < until:
            threading.Event().wait(LOOK_SECONDS)
        say(f"SENT waiting={journal.waiting()}")
    elif word == "online":
        until = time.monotonic() + float(rest)
        while client.status.state is not State.ONLINE and time.monotonic() < until:
            threading.Event().wait(LOOK_SECONDS)
        say(client.status.state.name)
    elif word == "hurry":
        client.hurry()
    return word != "end"


def opened(folder: Path, name: str) -> Journal:
    """The station's journal, as the kiosk opens it."""
    return Journal.open(folder, station=name, clock=Clock(), new_id=lambda: str(uuid_utils.uuid7()))


def main() -> None:
    folder = Path(sys.argv[1])
    server, name, code = sys.argv[2:5]
    journal = opened(folder, name)
    client = client_of(folder, server, name, code, journal)
    client.start()
    say(READY)
    while obey(journal, client, sys.stdin.readline() or "end"):
        pass
    client.stop()
    journal.close()


if __name__ == "__main__":
    main()
