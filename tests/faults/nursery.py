"""A process whose children start in milliseconds: it has imported everything, and forks.

Lines on its standard input: `station FOLDER SERVER NAME` or `server FOLDER PORT` bears a child,
`kill` ends it with SIGKILL. Lines of the child come out, and after them how it ended. A station acts
without a pause worth the name until it dies; it is enrolled before.
"""

import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from itertools import count
from pathlib import Path
from typing import Final, NoReturn, Self

from sync.server.__main__ import main as kiosk_server
from tests.faults.linked_station import client_of, opened
from tests.faults.recorded_station import act, say

ACT_SECONDS: Final = 0.003
SERVERS: Final = ("sync.server.app", "sync.server.serve", "sync.server.migrations")
OPEN, GONE, READY = "OPEN", "GONE", "READY"


class Nursery:
    """The process, seen from a test; its child ends with it."""

    def __init__(self, errors: Path) -> None:
        self._errors = errors

    def __enter__(self) -> Self:
        with self._errors.open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.nursery"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._said() == READY
        return self

    def __exit__(self, *_exc: object) -> None:
        self._process.communicate()

    def bear(self, *words: str) -> None:
        """A child begins to live."""
        self._tell(" ".join(words))

    def kill(self) -> list[str]:
        """It is killed; the lines that it said and that nobody has read."""
        self._tell("kill")
        lines = []
        while not (line := self._said()).startswith(GONE):
            lines.append(line)
        assert line == f"{GONE} {-signal.SIGKILL}", f"it ended before: {line}; {lines[-5:]}"
        return lines

    def until_ready(self) -> None:
        """Wait for a server's first line."""
        line = self._said()
        assert line.startswith(READY), line

    def _tell(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def _said(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, f"the nursery ended: {self._errors.read_text()[-2000:]}"
        return line.strip()


def live_as_station(folder: str, server: str, name: str) -> None:
    """Open, say so, act and tell for ever."""
    journal = opened(Path(folder), name)
    client = client_of(Path(folder), server, name, "-", journal)
    client.start()
    say(OPEN)
    for number in count(1):
        records = journal.append(act(number)).result()
        client.wake()
        say(" ".join(record.id for record in records))
        time.sleep(ACT_SECONDS)


def born(words: list[str]) -> int:
    """A child lives by these words; its process, for the parent."""
    assert threading.active_count() == 1, "a process with threads is not forked"
    child = os.fork()
    return child or _live(words)


def _live(words: list[str]) -> NoReturn:
    status = 1
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        if words[0] == "station":
            live_as_station(*words[1:])
        else:
            status = kiosk_server(["serve", "--data", words[1], "--port", words[2]])
    finally:
        os._exit(status)


def main() -> None:
    for name in SERVERS:
        importlib.import_module(name)
    say(READY)
    child = 0
    while words := sys.stdin.readline().split():
        if words != ["kill"]:
            child = born(words)
            continue
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        child = 0
        say(f"{GONE} {os.waitstatus_to_exitcode(status)}")
    if child:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
