"""What the server's tests share: events, a station that pushes, a real server as a process."""

import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, Final, Self

import httpx
import msgspec
import uuid_utils

from sync.domain.events import Event, HelpCalled, MaterialDefined, OperatorSignedIn, stamped
from sync.pinning import pinned
from sync.server.__main__ import main
from sync.server.clock import ServerClock
from sync.server.database import Database, sqlite_url
from sync.server.folder import address_of
from sync.server.intake import Outcome
from sync.server.ledger import Ledger
from sync.wire import Mark, PushHeader, chain_start, chained, encode, push_message

START_SECONDS_MAX: Final = 30


def new_id() -> str:
    return str(uuid_utils.uuid7())


def body(event: Event) -> bytes:
    """The event's bytes, with an id if it has none."""
    return encode(event if event.id else stamped(event, id=new_id(), act=new_id()))


def help_called(count: int = 1, station: str = "MIX-1") -> list[bytes]:
    return [body(HelpCalled(work_center="MIX", station=station, n=n + 1)) for n in range(count)]


def signed_in(person: str = "anna") -> bytes:
    return body(OperatorSignedIn(station="MIX-1", operator=person))


def material(name: str, revision: int = 1) -> MaterialDefined:
    return MaterialDefined(material=name, revision=revision, name=name.title(), unit="KGM")


class Log:
    """A station's log as a list: what it would push, and the marks in it."""

    def __init__(self, bodies: Iterable[bytes] = (), origin: str = "") -> None:
        self.origin = origin or uuid.uuid4().hex
        self.bodies = list(bodies)

    def mark(self, seq: int) -> Mark:
        digests = chained(chain_start(self.origin), self.bodies[:seq])
        return Mark(seq, (digests[-1] if digests else chain_start(self.origin)).hex())

    def header(self, after: int, low: int = 1, waiting: int = 0) -> PushHeader:
        before = self.mark(low - 1)
        return PushHeader(self.mark(after), Mark(low, before.digest), waiting=waiting)

    def push(
        self, ledger: Ledger, after: int = 0, count: int | None = None, low: int = 1
    ) -> Outcome:
        bodies = self.bodies[after:] if count is None else self.bodies[after : after + count]
        return ledger.receive_now(self.origin, "MIX-1", self.header(after, low), bodies)

    def message(self, after: int = 0, count: int | None = None) -> bytes:
        bodies = self.bodies[after:] if count is None else self.bodies[after : after + count]
        waiting = len(self.bodies) - after
        return push_message(self.header(after, waiting=waiting), bodies)


def ledger_at(folder: Path) -> Ledger:
    return Ledger(Database(sqlite_url(folder / "ledger.sqlite")), ServerClock())


def rows(database: Database, sql: str) -> list[tuple[Any, ...]]:
    """What a question in SQL answers."""
    found = database.read_now(lambda conn: conn.exec_driver_sql(sql).fetchall())
    return [tuple(row) for row in found]


def kiosk_server(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """One run of the command line; in this process, as to start one costs more than a command.

    To serve takes signals and a log, so that has a process of its own.
    """
    if "serve" in arguments:
        return kiosk_server_process(*arguments)
    out, err = TextIOWrapper(BytesIO(), "utf-8"), TextIOWrapper(BytesIO(), "utf-8")
    with redirect_stdout(out), redirect_stderr(err):
        try:
            status = main(arguments)
        except SystemExit as end:  # of argparse: help, wrong usage
            status = int(end.code or 0)
    said = [_written(stream) for stream in (out, err)]
    return subprocess.CompletedProcess(arguments, status, *said)


def _written(stream: TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, BytesIO)
    return stream.buffer.getvalue().decode("utf-8")


def kiosk_server_process(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """The same as a process of its own, as an administrator runs it."""
    command = [sys.executable, "-m", "sync.server", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


class Server:
    """A real `kiosk-server serve` on loopback and any free port."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self._said = ""
        command = [sys.executable, "-m", "sync.server", "serve", "--data", str(data), "--port", "0"]
        # A pipe that nobody reads would stop it.
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 — as long as the process
        self._process = subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("READY "), f"{line!r} {self.said()}"
        self.url = line.split()[1]
        self.client = httpx.Client(
            base_url=self.url, trust_env=False, timeout=START_SECONDS_MAX, verify=self._trust()
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.end()

    def _trust(self) -> ssl.SSLContext | bool:
        """Over TLS only the key that the server says is its own."""
        address = address_of(self.data)
        return pinned(address.pin) if address and address.pin else False

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def admin(self) -> dict[str, str]:
        token = (self.data / "admin.token").read_text(encoding="ascii").strip()
        return {"Authorization": f"Bearer {token}"}

    def kill(self) -> None:
        """The power goes."""
        os.kill(self._process.pid, signal.SIGKILL)
        self._finish()

    def end(self) -> tuple[int, str]:
        """SIGTERM; the exit status and what was said on standard error."""
        if self._process.returncode is None:
            self._process.terminate()
        return self._finish()

    def said(self) -> str:
        """What the server said on standard error so far."""
        if not self._log.closed:
            self._log.seek(0)
            self._said = self._log.read()
        return self._said

    def _finish(self) -> tuple[int, str]:
        self.client.close()
        self._process.communicate(timeout=START_SECONDS_MAX)
        said = self.said()
        self._log.close()
        return self._process.returncode, said

    def code(self, station: str = "MIX-1", work_centers: Sequence[str] = ("MIX",)) -> str:
        asked = {"station": station, "work_centers": list(work_centers)}
        answer = self.client.post("/v1/enrolment-codes", json=asked, headers=self.admin)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["code"])

    def enrol(
        self, station: str = "MIX-1", origin: str = "", work_centers: Sequence[str] = ("MIX",)
    ) -> "Station":
        asked = {"code": self.code(station, work_centers), "origin": origin}
        answer = self.client.post("/v1/enrol", json=asked)
        assert answer.status_code == 200, answer.text
        return Station(self, answer.json())

    def office(self, *events: Event) -> list[str]:
        answer = self.client.post(
            "/v1/office/events", content=msgspec.json.encode(events), headers=self.admin
        )
        assert answer.status_code == 201, answer.text
        return [str(name) for name in answer.json()["ids"]]

    def exported(self) -> list[dict[str, Any]]:
        answer = self.client.get("/v1/events", headers=self.admin)
        return [json.loads(line) for line in answer.text.splitlines()]


class Station:
    """An enrolled station's way to the server."""

    def __init__(self, server: Server, answer: dict[str, Any]) -> None:
        self.server = server
        self.answer = answer
        self.headers = {"Authorization": f"Bearer {answer['token']}"}

    def push(self, log: Log, after: int = 0, count: int | None = None) -> httpx.Response:
        return self.server.client.post(
            f"/v1/origins/{log.origin}/events",
            content=log.message(after, count),
            headers=self.headers,
        )

    def feed(self, after: str, wait: float = 0) -> httpx.Response:
        asked = {"after": after, "wait": str(wait)}
        return self.server.client.get("/v1/feed", params=asked, headers=self.headers)

    def snapshot(self) -> tuple[list[dict[str, Any]], str]:
        """All its events and the mark to go on from."""
        events: list[dict[str, Any]] = []
        cursor = ""
        while True:
            answer = self.server.client.get(
                "/v1/snapshot", params={"cursor": cursor}, headers=self.headers
            )
            assert answer.status_code == 200, answer.text
            page = answer.json()
            events += page["events"]
            cursor = ".".join(str(part) for part in page["mark"])
            if not page["more"]:
                return events, cursor
