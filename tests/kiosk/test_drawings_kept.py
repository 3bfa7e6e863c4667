"""Drawings at a station: fetched beside the work, here offline and after a restart, within limits."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from kiosk.drawings import Paper
from kiosk.drawings.cache import CACHE_BYTES_MAX, FOLDER, INDEX, Cache
from kiosk.drawings.keeper import RECHECK_SECONDS, RETRY_SECONDS, DrawingKeeper, named_drawings
from sync.domain.events import OperationEnded, OrderClosed
from sync.domain.shop import Shop
from tests.kiosk.dialog.bakery import Floor
from tests.kiosk.drawing_parts import CROISSANT, framed, lines_of, pdf
from tests.sync.server.server_parts import Server

WRITTEN: Final = f"{CROISSANT}#page=2"
TEN: Final = datetime(2026, 11, 22, 10, 42, tzinfo=UTC)


class Bench:
    """A keeper whose rounds are made by hand, on a clock that stands."""

    def __init__(
        self, data: Path, server: str, token: str, shop: Shop, bytes_max: int = CACHE_BYTES_MAX
    ) -> None:
        self.mono = 1_000.0
        self.changes = threading.Event()
        self.keeper = DrawingKeeper(
            data,
            server,
            token,
            lambda question: question(shop),
            self.changes.set,
            now=lambda: datetime.fromtimestamp(TEN.timestamp() + self.mono - 1_000, UTC),
            monotonic=lambda: self.mono,
            bytes_max=bytes_max,
        )

    def paper(self, written: str = WRITTEN) -> Paper:
        found = self.keeper.paper(written, console=True)
        assert found is not None
        return found

    def look(self, after: float = RETRY_SECONDS) -> None:
        self.mono += after
        self.keeper.look()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("drawings")) as running:
        yield running


@pytest.fixture
def token(server: Server) -> str:
    return server.enrol().headers["Authorization"].removeprefix("Bearer ")


def put(server: Server, name: str, body: bytes) -> None:
    path = f"/v1/drawings/{name}"
    assert server.client.put(path, content=body, headers=server.admin).status_code == 200


def drop(server: Server, name: str) -> None:
    server.client.delete(f"/v1/drawings/{name}", headers=server.admin)


def test_which_drawings_are_wanted() -> None:
    floor = Floor()
    assert named_drawings(floor.shop) == {CROISSANT}
    floor.absorb(OperationEnded(order="B-3", operation="10"))
    assert named_drawings(floor.shop) == set()
    other = Floor()
    other.absorb(OrderClosed(order="B-3", revision=9))
    assert named_drawings(other.shop) == set()


def test_a_drawing_is_fetched_and_stays_offline_and_after_a_restart(
    server: Server, token: str, tmp_path: Path
) -> None:
    drop(server, CROISSANT)
    bench = Bench(tmp_path, server.url, token, Floor().shop)
    assert (bench.paper().why, bench.paper().is_kept) == ("waits", False)
    bench.look(0)
    assert (bench.paper().why, bench.paper().tried) == ("unknown", "10:42")
    put(server, CROISSANT, pdf())
    bench.look()
    here = bench.paper()
    assert (here.is_kept, here.page, here.is_local) == (True, 2, True)
    assert here.url.startswith(f"{server.url.upper()}/D/")
    assert here.url.endswith("/2")
    assert server.client.get(here.url, follow_redirects=True).content == pdf()
    bench.keeper.stop()

    again = Bench(tmp_path, "http://127.0.0.1:9", token, Floor().shop)
    again.look(RECHECK_SECONDS + 1)
    assert again.paper().is_kept
    again.changes.clear()
    assert again.paper().draw(24, 11) is None
    assert again.changes.wait(30)
    assert len(lines_of(again.paper().draw(24, 11))) == 6
    again.keeper.stop()


def test_a_server_that_is_not_heard_is_told_with_the_time(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "http://127.0.0.1:9", "none", Floor().shop)
    bench.look(0)
    assert (bench.paper().why, bench.paper().tried) == ("offline", "10:42")
    bench.keeper.stop()


def test_a_changed_drawing_is_fetched_anew_and_an_unchanged_one_is_not(
    server: Server, token: str, tmp_path: Path
) -> None:
    put(server, CROISSANT, pdf())
    bench = Bench(tmp_path, server.url, token, Floor().shop)
    bench.look(0)
    files = sorted(one.name for one in (tmp_path / FOLDER).iterdir())
    put(server, CROISSANT, framed())
    bench.look()
    assert sorted(one.name for one in (tmp_path / FOLDER).iterdir()) == files
    bench.look(RECHECK_SECONDS)
    changed = sorted(one.name for one in (tmp_path / FOLDER).iterdir())
    assert (len(changed), INDEX in changed, changed != files) == (2, True, True)
    bench.keeper.stop()


def test_a_damaged_file_is_fetched_again(server: Server, token: str, tmp_path: Path) -> None:
    put(server, CROISSANT, pdf())
    bench = Bench(tmp_path, server.url, token, Floor().shop)
    bench.look(0)
    (file,) = (one for one in (tmp_path / FOLDER).iterdir() if one.name != INDEX)
    file.write_bytes(b"%PDF-rubbish")
    bench.changes.clear()
    assert bench.paper().draw(24, 11) is None
    assert bench.changes.wait(30)
    bench.look(1)
    assert file.read_bytes() == pdf()
    bench.keeper.stop()


def test_a_drawing_elsewhere_is_only_told(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "http://127.0.0.1:9", "none", Shop())
    paper = bench.paper("https://plm.example/88?rev=C")
    assert (paper.why, paper.url) == ("elsewhere", "https://plm.example/88?rev=C")
    bench.keeper.stop()


def test_the_longest_unused_goes_first_and_what_is_wanted_stays(tmp_path: Path) -> None:
    cache = Cache(tmp_path, bytes_max=1_000)
    for at, name in enumerate("abc", 1):
        assert cache.put(name, name.encode() * 300, "/D/X", float(at), {name})
    cache.touch("a", "", 9.0)
    assert cache.put("d", b"d" * 300, "", 10.0, {"d", "b"})
    assert [name for name in "abcd" if cache.kept(name)] == ["a", "b", "d"]
    assert not cache.put("e", b"e" * 900, "", 11.0, {"a", "b", "d", "e"})
    assert [name for name in "abcde" if cache.kept(name)] == ["a", "b", "d"]
    again = Cache(tmp_path, bytes_max=1_000)
    assert [name for name in "abcde" if again.kept(name)] == ["a", "b", "d"]
    assert len(list((tmp_path / FOLDER).iterdir())) == 4


@pytest.mark.parametrize("index", [b"", b"[{}]", b"\xff", b'[{"name":"a","digest":"../x"}]'])
def test_an_index_that_cannot_be_read_is_no_index(tmp_path: Path, index: bytes) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir()
    (folder / INDEX).write_bytes(index)
    (folder / "left-over.new").write_bytes(b"half")
    cache = Cache(tmp_path)
    assert cache.kept("a") is None
    assert [one.name for one in folder.iterdir()] == [INDEX]
