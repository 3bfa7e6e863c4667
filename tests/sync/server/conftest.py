"""An empty database for each test, on every engine that the server runs on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.server.database import sqlite_url
from tests.postgres import NAMES, Cluster, cluster_of


@pytest.fixture(params=NAMES)
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """Each PostgreSQL that the server runs on."""
    return cluster_of(str(request.param))


@pytest.fixture(params=("sqlite", *NAMES))
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database: a SQLite file, then one in each PostgreSQL."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "ledger.sqlite")
        return
    cluster = cluster_of(str(request.param))
    url = cluster.database()
    yield url
    cluster.drop(url)
