"""A room of processes that speak over loopback: one server, stations; perhaps a namespace of its own.

In a network namespace loopback is the room's alone, so its packets can be dropped or slowed without
touching the machine's. The server's data folder is the room's; stations are `linked_station`.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from sync.server.config import LEDGER
from tests.faults.history import wrongs
from tests.faults.recorded_station import READY

START_SECONDS_MAX: Final = 30.0
TOOLS: Final = {"ip": "iproute2", "nft": "nftables", "tc": "iproute2"}


def missing_tools() -> str:
    """Why no namespace can be made here, or nothing."""
    if os.geteuid() != 0:
        return "root"
    found = [name for name in TOOLS if not shutil.which(name)]
    return " ".join(found) or ("" if _can_make_namespace() else "the right to make namespaces")


def _can_make_namespace() -> bool:
    with namespace() as inside:
        return bool(inside)


@contextmanager
def namespace() -> Iterator[list[str]]:
    """Words that run a command in a fresh namespace with a loopback; none where that is refused."""
    name = f"floor-{uuid.uuid4().hex[:8]}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True)
    inside = ["ip", "netns", "exec", name]
    try:
        if made.returncode == 0:
            up = subprocess.run([*inside, "ip", "link", "set", "lo", "up"], capture_output=True)
            made.returncode = up.returncode
        yield inside if made.returncode == 0 else []
    finally:
        subprocess.run(["ip", "netns", "delete", name], capture_output=True)


class Room:
    """The server and its stations; every process ends with it."""

    def __init__(self, folder: Path, inside: list[str] | None = None) -> None:
        self.data = folder / "server"
        self.url = ""
        self.told: dict[str, list[str]] = {}
        self._folder = folder
        self._inside = inside or []
        self._server: subprocess.Popen[str] | None = None
        self._stations: dict[str, subprocess.Popen[str]] = {}

    def __enter__(self) -> Self:
        self.start_server()
        return self

    def __exit__(self, *_exc: object) -> None:
        for process in (*self._stations.values(), self._server):
            if process is not None:
                process.kill()
                process.communicate()

    def start_server(self) -> None:
        """Start it, after the first time on the same port."""
        port = self.url.rpartition(":")[2] or "0"
        words = ["serve", "--data", str(self.data), "--port", port]
        self._server = self._process("sync.server", *words)
        assert self._server.stdout
        first = self._server.stdout.readline()
        assert first.startswith("READY"), first
        self.url = first.split()[1]

    def kill_server(self) -> None:
        assert self._server is not None
        self._server.send_signal(signal.SIGKILL)
        self._server.communicate()

    def station(self, name: str, server: str = "") -> None:
        """Start a station; it enrols where it never was. `server`: reached by another address."""
        code = self.code(name) if name not in self.told else "-"
        self.told.setdefault(name, [])
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        words = [str(folder), server or self.url, name, code]
        self._stations[name] = self._process("tests.faults.linked_station", *words)
        assert self._said(name) == READY

    def code(self, name: str) -> str:
        """A one-time code for a station."""
        words = ["enrol", "--data", str(self.data), "--station", name, "--work-centers", "MIX"]
        command = [*self._inside, sys.executable, "-m", "sync.server", *words, "--json"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return str(json.loads(done.stdout.splitlines()[-1])["code"])

    def act(self, name: str, acts: int) -> None:
        """Let a station book acts; what it told is kept."""
        self._tell(name, f"act {acts}")
        while (line := self._said(name)) != READY:
            self.told[name] += line.split()

    def waiting(self, name: str, seconds: float) -> int:
        """How many of a station's events the server has not confirmed, after so long at most."""
        self._tell(name, f"sent {seconds}")
        return int(self._said(name).partition("=")[2])

    def kill_station(self, name: str) -> None:
        process = self._stations.pop(name)
        process.kill()
        process.communicate()

    def run(self, *words: str) -> None:
        """A command of the system, inside the room."""
        subprocess.run([*self._inside, *words], check=True, capture_output=True)

    def wrongs(self) -> list[str]:
        """What the history check finds."""
        return wrongs(self.data / LEDGER, self.told)

    def _process(self, module: str, *words: str) -> "subprocess.Popen[str]":
        with (self._folder / "errors.log").open("a") as log:
            return subprocess.Popen(
                [*self._inside, sys.executable, "-m", module, *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def _tell(self, name: str, line: str) -> None:
        pipe = self._stations[name].stdin
        assert pipe
        pipe.write(f"{line}\n")
        pipe.flush()

    def _said(self, name: str) -> str:
        pipe = self._stations[name].stdout
        assert pipe
        line = pipe.readline()
        assert line, f"{name} ended: {(self._folder / 'errors.log').read_text()[-2000:]}"
        return line.strip()
