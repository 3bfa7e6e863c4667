"""An empty database for each test, on every engine that the server runs on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.server.clock import ServerClock
from sync.server.database import Database, sqlite_url
from sync.server.ledger import Ledger
from tests.postgres import NAMES, Cluster, cluster_of


@pytest.fixture(params=NAMES)
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """Each PostgreSQL that the server runs on."""
    return cluster_of(str(request.param))


@pytest.fixture(params=("sqlite", *NAMES))
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty ledger: a SQLite file, then one in each PostgreSQL."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "ledger.sqlite")
    return ledger_url(cluster_of(str(request.param)))


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
