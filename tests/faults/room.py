"""A room of processes that speak over loopback: one server, stations; perhaps a namespace of its own.

In a network namespace loopback is the room's alone, so its packets can be dropped or slowed without
touching the machine's. The server's data folder is the room's; stations are `linked_station`. A
station and the copies of it have labels of their own, and one name: that before the `~`.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from kiosk.__main__ import main as kiosk
from sync.server.__main__ import main as kiosk_server
from sync.server.config import LEDGER
from tests.faults.history import events, unheard, wrongs
from tests.faults.recorded_station import READY
from tests.proofs.plant import write_factory

START_SECONDS_MAX: Final = 30.0
DRAINED_SECONDS_MAX: Final = 15.0
LOOK_SECONDS: Final = 0.05
JOURNAL: Final = "journal.db"
FILES: Final = ("", "-wal", "-shm")
COPY_MARK: Final = "~"
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
        self.ledger = self.data / LEDGER
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

    @property
    def port(self) -> str:
        """The server's, the same after every start."""
        return self.url.rpartition(":")[2] or "0"

    def start_server(self, environment: Mapping[str, str] | None = None) -> None:
        """Start it, after the first time on the same port."""
        words = ["serve", "--data", str(self.data), "--port", self.port]
        self._server = self._process("sync.server", *words, environment=environment)
        assert self._server.stdout
        first = self._server.stdout.readline()
        assert first.startswith("READY"), first or self.errors()
        self.url = first.split()[1]

    def kill_server(self) -> None:
        assert self._server is not None
        self._server.send_signal(signal.SIGKILL)
        self._server.communicate()
        self._server = None

    def release(self, orders: int) -> None:
        """The office imports its factory, with so many released orders at work center MIX."""
        factory = self._folder / f"factory-{orders}"
        write_factory(factory, [1] * orders)
        self.command("import", str(factory))

    def command(self, *words: str) -> str:
        """What a command of `kiosk-server` on the server's folder says, as JSON."""
        module = [*self._inside, sys.executable, "-m", "sync.server", *words]
        made = [*module, "--data", str(self.data), "--json"]
        done = subprocess.run(made, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def folder(self, label: str) -> Path:
        """Where a station keeps its files."""
        return self._folder / label

    def journal(self, label: str) -> Path:
        """The file of a station's journal."""
        return self.folder(label) / JOURNAL

    def station(
        self, label: str, server: str = "", environment: Mapping[str, str] | None = None
    ) -> None:
        """Start a station; it enrols where it never was. `server`: reached by another address."""
        name = label.partition(COPY_MARK)[0]
        code = self.code(name) if name not in self.told else "-"
        self.told.setdefault(name, [])
        self.folder(label).mkdir(exist_ok=True)
        words = [str(self.folder(label)), server or self.url, name, code]
        process = self._process("tests.faults.linked_station", *words, environment=environment)
        self._stations[label] = process
        assert self._said(label) == READY

    def copy(self, label: str, other: str) -> None:
        """Copy the files of a station, running or not, into a folder that is there or is made."""
        self.folder(other).mkdir(exist_ok=True)
        for end in FILES:
            (self.folder(other) / f"{JOURNAL}{end}").unlink(missing_ok=True)
        for file in self.folder(label).iterdir():
            if not file.name.endswith("-shm"):
                shutil.copyfile(file, self.folder(other) / file.name)

    def code(self, name: str) -> str:
        """A one-time code for a station."""
        told = self.command("enrol", "--station", name, "--work-centers", "MIX")
        return str(json.loads(told.splitlines()[-1])["code"])

    def act(self, label: str, acts: int) -> None:
        """Let a station book acts; what it told is kept."""
        self.begin_acts(label, acts)
        self.end_acts(label)

    def begin_acts(self, label: str, acts: int) -> None:
        """The same without waiting for what it tells."""
        self._tell(label, f"act {acts}")

    def end_acts(self, label: str) -> None:
        """Hear what it told of acts that were begun."""
        while (line := self._said(label)) != READY:
            self.told[label.partition(COPY_MARK)[0]] += line.split()

    def hurry(self, label: str) -> None:
        """Let a station ask the server now."""
        self._tell(label, "hurry")

    def waiting(self, label: str, seconds: float) -> int:
        """How many of a station's events the server has not confirmed, after so long at most."""
        self._tell(label, f"sent {seconds}")
        return int(self._said(label).partition("=")[2])

    def online(self, label: str, seconds: float) -> bool:
        """Whether the server has answered a station, after so long at most."""
        self._tell(label, f"online {seconds}")
        return self._said(label) == "ONLINE"

    def kill_station(self, label: str) -> None:
        process = self._stations.pop(label)
        process.kill()
        process.communicate()

    def stop_station(self, label: str) -> None:
        """End it as a service manager would."""
        process = self._stations.pop(label)
        process.communicate("end\n", timeout=START_SECONDS_MAX)

    def run(self, *words: str) -> None:
        """A command of the system, inside the room."""
        subprocess.run([*self._inside, *words], check=True, capture_output=True)

    def wrongs(self) -> list[str]:
        """What the history check finds."""
        return wrongs(self.ledger, self.told)

    def proved(self, cut: Mapping[str, int] | None = None) -> list[str]:
        """Drain, hear, end the stations and check everything: what is wrong, in words."""
        found = [
            f"{label}: {waiting} events wait"
            for label in self._stations
            if (waiting := self.waiting(label, DRAINED_SECONDS_MAX))
        ]
        found += [told for label in self._stations for told in self._unheard(label)]
        found += wrongs(self.ledger, self.told, cut)
        for label in list(self._stations):
            self.stop_station(label)
            if kiosk(["journal", "verify", "--data", str(self.folder(label))]):
                found.append(f"{label}: its journal is wrong")
        if kiosk_server(["verify", "--data", str(self.data)]):
            found.append("the ledger is wrong")
        return found

    def errors(self) -> str:
        """The last words of whoever spoke on standard error."""
        return (self._folder / "errors.log").read_text()[-2000:]

    def _unheard(self, label: str) -> list[str]:
        """Events of orders that a station has not heard after a while, and bytes it has otherwise."""
        end = time.monotonic() + DRAINED_SECONDS_MAX
        while (lost := unheard(self.ledger, self.journal(label))) and time.monotonic() < end:
            threading.Event().wait(LOOK_SECONDS)
        here, there = events(self.journal(label)), events(self.ledger)
        other = [name for name in here.keys() & there.keys() if here[name] != there[name]]
        return [
            *(f"{label}: never heard of {name}" for name in lost),
            *(f"{label}: has other bytes of {name}" for name in other),
        ]

    def _process(
        self, module: str, *words: str, environment: Mapping[str, str] | None = None
    ) -> "subprocess.Popen[str]":
        with (self._folder / "errors.log").open("a") as log:
            return subprocess.Popen(
                [*self._inside, sys.executable, "-m", module, *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, **(environment or {})},
            )

    def _tell(self, label: str, line: str) -> None:
        pipe = self._stations[label].stdin
        assert pipe
        pipe.write(f"{line}\n")
        pipe.flush()

    def _said(self, label: str) -> str:
        pipe = self._stations[label].stdout
        assert pipe
        line = pipe.readline()
        assert line, f"{label} ended: {self.errors()}"
        return line.strip()
