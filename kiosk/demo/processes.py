"""The processes of a demo, each as it would run in a plant: server, printer, kiosks."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from kiosk.demo.factory import Station
from kiosk.demo.observed import Observed
from kiosk.demo.terminal import Relay, ScannerCable, Terminal

START_SECONDS_MAX: Final = 30.0
STOP_SECONDS_MAX: Final = 10.0


class ProcessError(Exception):
    """A process of the demo did not do what was asked; the message holds its last words."""


@dataclass(frozen=True, slots=True)
class Options:
    """What all processes share: the demo's folder, and how far its clock is from the machine's.

    Sockets lie in a folder of their own: their paths must be short, and `data` may be anywhere.
    """

    data: Path
    clock_offset_seconds: float = 0.0
    sockets: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="fk-")))
    language: str = "en"

    @property
    def clock(self) -> list[str]:
        return ["--clock-offset", f"{self.clock_offset_seconds:.3f}"]


def module(*words: str) -> list[str]:
    """A command that runs one of our modules with this interpreter."""
    return [sys.executable, "-m", *words]


def environment(**extra: str) -> dict[str, str]:
    """The environment of a child: a known terminal, UTF-8, nothing of an outer Textual or tmux."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TEXTUAL", "TMUX", "COLUMNS", "LINES"))
    }
    return {"TERM": "xterm-256color", "COLORTERM": "truecolor", **kept, "LANG": "C.UTF-8", **extra}


class Daemon:
    """A background process that prints `READY …` on its first line once it can be used."""

    def __init__(self, name: str, command: list[str], log: Path) -> None:
        self.name = name
        self.command = command
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> str:
        """Start it and return what follows `READY`; raises `ProcessError`."""
        assert not self.is_running, f"{self.name} runs already"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment(),
                start_new_session=True,
            )
        assert self._process.stdout
        alarm = threading.Timer(START_SECONDS_MAX, self._process.kill)
        alarm.start()
        try:
            first = self._process.stdout.readline().decode()
        finally:
            alarm.cancel()
        if not first.startswith("READY"):
            self.stop()
            raise ProcessError(f"{self.name} did not start: {first or _tail(self.log)}")
        return first.removeprefix("READY").strip()

    def stop(self) -> None:
        """Ask it to end, and see that it has."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._process = None

    def kill(self) -> None:
        """Pull its power."""
        if self._process is not None:
            self._process.kill()
            self.stop()


class Server:
    """The central server of the demo, with its own data folder and the board open on loopback."""

    def __init__(self, options: Options) -> None:
        self.data = options.data / "server"
        self.ledger = self.data / "ledger.sqlite"
        self.data.mkdir(parents=True, exist_ok=True)
        self.url = ""
        self._options = options
        self._daemon = Daemon("the server", [], options.data / "server.log")

    @property
    def is_running(self) -> bool:
        return self._daemon.is_running

    def start(self) -> None:
        """Start it, after the first time on the same port; raises `ProcessError`."""
        port = self.url.rpartition(":")[2] or self._last_port()
        self._daemon.command = [
            *module("sync.server", "serve", "--data", str(self.data), "--port", port),
            "--open-board",
            *self._options.clock,
        ]
        self.url = self._daemon.start().rstrip("/")
        (self._options.data / "server.port").write_text(self.url.rpartition(":")[2])

    def stop(self) -> None:
        self._daemon.stop()

    def kill(self) -> None:
        self._daemon.kill()

    def import_factory(self, folder: Path) -> str:
        """Bring a folder of CSV in; raises `ProcessError` with the import's own words."""
        return self.command("import", "--data", str(self.data), str(folder))

    def import_drawings(self, folder: Path) -> str:
        """Bring a folder of drawings in; raises `ProcessError` with the import's own words."""
        return self.command("import", "--data", str(self.data), "drawings", str(folder))

    def enrolment_code(self, station: Station) -> str:
        """A one-time code for a station."""
        centers = ",".join(station.work_centers)
        words = ["--station", station.name, "--work-centers", centers, "--json"]
        said = self.command("enrol", "--data", str(self.data), *words)
        return str(json.loads(said.splitlines()[-1])["code"])

    def command(self, *words: str) -> str:
        """What a command of the server prints; raises `ProcessError`."""
        return run(module("sync.server", *words))

    def export(self) -> list[bytes]:
        """Every readable event of the ledger, as its export gives it."""
        lines = map(json.loads, self.command("export", "--data", str(self.data)).splitlines())
        return [json.dumps(line["event"]).encode() for line in lines if "event" in line]

    @property
    def is_projected(self) -> bool:
        """Whether the views have caught up with the ledger."""
        return int(self.get("/readyz")["behind"]) == 0

    def get(self, path: str) -> Any:
        """The JSON that the server answers to the administrator."""
        token = (self.data / "admin.token").read_text(encoding="ascii").strip()
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.get(f"{self.url}{path}", headers=headers, timeout=START_SECONDS_MAX)
        answer.raise_for_status()
        return answer.json()

    def _last_port(self) -> str:
        """The port of an earlier demo in the same folder, so that its kiosks find the server."""
        kept = self._options.data / "server.port"
        return kept.read_text() if kept.exists() else "0"


class Printer:
    """The virtual label printer of the demo."""

    def __init__(self, options: Options) -> None:
        self.folder = options.data / "labels"
        self._kept_port = options.data / "printer.port"
        self._daemon = Daemon("the printer", [], options.data / "printer.log")
        self.url = ""

    def start(self) -> None:
        port = self._kept_port.read_text() if self._kept_port.exists() else "0"
        words = ["--folder", str(self.folder), "--port", port]
        self._daemon.command = module("kiosk.demo.virtual_printer", *words)
        port = self._daemon.start()
        self._kept_port.write_text(port)
        self.url = f"tcp://127.0.0.1:{port}"

    def stop(self) -> None:
        self._daemon.stop()


class Kiosk:
    """One station: its folder, its scanner's cable, its terminal, and the process between them."""

    def __init__(self, station: Station, options: Options, relay: Relay) -> None:
        self.station = station
        self.data = options.data / "stations" / station.name
        self.data.mkdir(parents=True, exist_ok=True)
        self.cable = ScannerCable(self.data / "scanner")
        self.observed = Observed(options.sockets / f"{station.name}.observe")
        self.terminal = Terminal(relay.size)
        self.clock_offset_seconds = options.clock_offset_seconds
        self.language = options.language
        self.starts = 0
        relay.add(self.terminal)
        self._process: subprocess.Popen[bytes] | None = None
        self._bench: list[str] | None = None

    @property
    def name(self) -> str:
        return self.station.name

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def is_enrolled(self) -> bool:
        return (self.data / "station.token").exists()

    def enrol(self, server: str, code: str, printer: str) -> None:
        """Enrol as an administrator would, and write its configuration; raises `ProcessError`."""
        run(module("kiosk", "enrol", server, code, "--data", str(self.data)))
        self.configure(printer)

    def configure(self, printer: str) -> None:
        """kiosk.toml: the scanner on its cable, the printer, no PIN in a demo."""
        toml = (
            f'[[scanner]]\nname = "scanner"\nport = "{self.cable.link}"\n\n'
            f'[[printer]]\nname = "labels"\nurl = "{printer}"\nlanguage = "zpl"\ndpi = 203\n\n'
            f'[station]\nlanguage = "{self.language}"\n\n[site]\npin = false\n'
        )
        (self.data / "kiosk.toml").write_text(toml, encoding="utf-8")

    def use_bench(self, words: list[str]) -> None:
        """Run the demo's kiosk, with the things on the workbench, instead of the bare one."""
        self._bench = words

    def start(self, seconds: float = START_SECONDS_MAX) -> None:
        """Start the kiosk and wait until it shows its first band; raises `Silence`."""
        program = ["kiosk", "run"] if self._bench is None else ["kiosk.demo.bench", *self._bench]
        words = ["--data", str(self.data), "--observe", str(self.observed.path)]
        offset = ["--simulated-clock", "--clock-offset", f"{self.clock_offset_seconds:.3f}"]
        self._process = self.terminal.run(module(*program, *words, *offset), environment())
        self.starts += 1
        self.observed.connected(seconds)

    def advance(self, seconds: float) -> None:
        """Move its clock, for good: the next start begins there."""
        if seconds > 0:
            self.observed.advance(seconds)
            self.clock_offset_seconds += seconds

    def kill(self) -> None:
        """Pull its power."""
        if self._process is not None:
            _signal_session(self._process, signal.SIGKILL)
            self._process.wait()
            self.observed.forget()

    def stop(self) -> None:
        """End it as a service manager would."""
        if self._process is None:
            return
        _signal_session(self._process, signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None
        self.observed.forget()

    def close(self) -> None:
        self.stop()
        self.observed.close()
        self.cable.close()
        self.terminal.close()


def run(command: list[str], extra: Mapping[str, str] | None = None) -> str:
    """What a command prints; raises `ProcessError` with its words where it fails."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env=environment(**(extra or {})),
        timeout=START_SECONDS_MAX * 4,
    )
    if done.returncode:
        words = (done.stderr or done.stdout).strip()
        raise ProcessError(f"{' '.join(command[2:5])}: {words or done.returncode}")
    return done.stdout.strip()


def _signal_session(process: "subprocess.Popen[bytes]", what: signal.Signals) -> None:
    try:
        os.killpg(process.pid, what)
    except ProcessLookupError:
        return


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-10:])
