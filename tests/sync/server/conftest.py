"""An empty database for each test, on every engine that the server runs on.

Every PostgreSQL is asked by `-m long`; the newest, and where it matters most the oldest, by each run.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from sync.server.clock import ServerClock
from sync.server.database import Database, sqlite_url
from sync.server.ledger import Ledger
from tests.postgres import NAMES, Cluster, cluster_of

# Schema and collation, group commits, locks, crashes, notices: what a PostgreSQL itself decides.
ON_EACH: Final = (
    "test_contract_faults",
    "test_contract_writers",
    "test_server_database",
    "test_server_notice",
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    is_on_each = metafunc.module.__name__.rpartition(".")[2] in ON_EACH
    marks = () if is_on_each else (pytest.mark.long,)
    names = (*(pytest.param(name, marks=marks) for name in NAMES[:-1]), NAMES[-1])
    if "cluster" in metafunc.fixturenames:
        metafunc.parametrize("cluster", names, indirect=True)
    if "database_url" in metafunc.fixturenames:
        metafunc.parametrize("database_url", ("sqlite", *names), indirect=True)


@pytest.fixture
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """Each PostgreSQL that the server runs on."""
    return cluster_of(str(request.param))


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty ledger: a SQLite file, then one in each PostgreSQL."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "ledger.sqlite")
        return
    cluster = cluster_of(str(request.param))
    url = ledger_url(cluster)
    yield url
    cluster.drop(url)


def ledger_url(cluster: Cluster) -> str:
    """The URL of an empty ledger: a copy of one, as that is quicker than all migrations."""
    return cluster.database(cluster.template("ledger", lambda url: Database(url).close()))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database on every engine."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def ledger(database: Database) -> Ledger:
    """An empty ledger on every engine."""
    return Ledger(database, ServerClock())
