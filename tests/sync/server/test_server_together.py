"""Who may serve one database together: one process on SQLite, any with the same key elsewhere."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.server.database import Database, sqlite_url
from sync.server.folder import InUseError
from sync.server.keys import SIGNING_KEY, signer_of
from sync.server.together import PUBLIC_KEY, OnlyServer, SharedKeyError, check_shared
from tests.sync.server.server_parts import Server, kiosk_server


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


def check(database: Database, data: Path) -> None:
    data.mkdir(exist_ok=True)
    key = signer_of(data).public_key
    check_shared(database, data, {PUBLIC_KEY: (SIGNING_KEY, key), "tls_pin": ("tls.key", "")})


def test_a_folder_with_another_key_is_told_what_to_copy(database: Database, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    check(database, one)
    check(database, one)
    with pytest.raises(SharedKeyError) as told:
        check(database, two)
    assert f"{two / SIGNING_KEY}: " in str(told.value)
    assert f"copy {SIGNING_KEY} from the folder of the first one, " in str(told.value)
    assert str(told.value).endswith(f":{one}")
    shutil.copy(one / SIGNING_KEY, two / SIGNING_KEY)
    check(database, two)


def test_a_sqlite_file_is_served_by_one_process(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "ledger.sqlite")
    with OnlyServer(url), pytest.raises(InUseError, match="served by another process"):
        OnlyServer(url)
    OnlyServer(url).close()
    with OnlyServer("postgresql+psycopg://x@/y"), OnlyServer("postgresql+psycopg://x@/y"):
        pass


def test_a_second_folder_on_the_same_sqlite_file_is_refused(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "shared.sqlite")
    with Server(tmp_path / "one", "--database", url):
        told = kiosk_server(
            "serve", "--data", str(tmp_path / "two"), "--database", url, "--port", "0"
        )
    assert told.returncode == 1
    assert "is served by another process" in told.stderr
