"""Any bytes where a journal should lie: it opens, afresh if need be, and what lay there is kept."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from hypothesis import strategies as st

from kiosk.clock import Clock
from kiosk.journal import Journal
from kiosk.journal.errors import JournalError
from tests.fuzz.trying import damaged, sizes, tried
from tests.kiosk.journal.journals import foreign, mark_at, new_id, opened, sign_in

NOBODY: Final = 65_534
PAGE_BYTES: Final = 4_096
ENDS: Final = ("", "-wal", "-shm")
HEADERS: Final = (
    *(b"SQLite format 3\0", b"SQLite format 3\0" + bytes(84), b"SQLite format 2\0" + bytes(84)),
    *(b"", b"\0", b"\0" * PAGE_BYTES, b"\xff" * PAGE_BYTES, b"PK\x03\x04", b"%PDF-1.7\n", b"{}\n"),
)


@dataclass(frozen=True)
class Lying:
    """What lies in the folder: the journal's file and those that SQLite keeps beside it."""

    main: bytes
    wal: bytes | None = None
    shm: bytes | None = None


def written(folder: Path) -> Path:
    """A journal that has worked: own events, events of others, kept values, a mark."""
    with opened(folder) as journal:
        for number in range(20):
            journal.append([sign_in(f"person {number}")], {"dialog": b"x" * 300}).result()
        journal.absorb([foreign(n) for n in range(20)], mark_at(20)).result()
        journal.append([sign_in(), sign_in("ben")]).result()
    return folder / "journal.db"


def others(folder: Path) -> list[bytes]:
    """Databases that are none of ours, and one of a program of the future."""
    found = []
    for number, sql in enumerate(
        (
            "CREATE TABLE event (local INTEGER PRIMARY KEY)",
            "CREATE TABLE meta (name TEXT, value BLOB); INSERT INTO meta VALUES ('origin', x'00')",
            "PRAGMA application_id = 1263161934; CREATE TABLE x (y)",
            "PRAGMA application_id = 1263161934; PRAGMA user_version = 99; CREATE TABLE x (y)",
            "PRAGMA application_id = 1263161934; PRAGMA user_version = -5; CREATE TABLE x (y)",
            "PRAGMA encoding = 'UTF-16'; CREATE TABLE event (y)",
            "PRAGMA page_size = 512; CREATE VIEW event AS SELECT 1 AS local, 2 AS id, 3 AS body",
        )
    ):
        path = folder / f"other-{number}.db"
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(sql)
        found.append(path.read_bytes())
    return found


@st.composite
def pages(draw: st.DrawFn, whole: bytes) -> bytes:
    """A journal of which some pages are other pages, noise or gone, its first page among them."""
    page_of = [whole[at : at + PAGE_BYTES] for at in range(0, len(whole), PAGE_BYTES)]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(page_of) - 1))
        match draw(st.sampled_from(["swap", "noise", "zero", "cut", "flip"])):
            case "swap":
                page_of[at] = draw(st.sampled_from(page_of))
            case "noise":
                page_of[at] = draw(st.binary(min_size=64, max_size=64)) * (PAGE_BYTES // 64)
            case "zero":
                page_of[at] = bytes(PAGE_BYTES)
            case "cut":
                page_of = page_of[: max(1, at)]
            case _:
                page_of[at] = draw(damaged(st.just(page_of[at])))
    return b"".join(page_of)


def lyings(whole: bytes, foreign_files: list[bytes]) -> st.SearchStrategy[Lying]:
    others_of = st.sampled_from([*foreign_files, *HEADERS])
    main = st.one_of(
        damaged(st.just(whole)), pages(whole), others_of, damaged(others_of), st.binary()
    )
    beside = st.one_of(
        st.none(),
        st.none(),
        st.binary(max_size=64),
        st.sampled_from([whole, bytes(PAGE_BYTES * 8)]),
    )
    return st.builds(Lying, main, beside, beside)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return written(tmp_path_factory.mktemp("whole")).read_bytes()


@pytest.fixture(scope="module")
def foreign_files(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    return others(tmp_path_factory.mktemp("others"))


def opens(folder: Path, lying: Lying) -> None:
    """It takes scans again with the old file's bytes kept aside, or says what to do."""
    path = folder / "journal.db"
    for end, content in zip(ENDS, (lying.main, lying.wal, lying.shm), strict=True):
        if content is not None:
            path.with_name(path.name + end).write_bytes(content)
    try:
        journal = made(folder)
    except JournalError as fault:
        told_with_next_step(fault, path)
        require(path.read_bytes() == lying.main)
        return
    aside = journal.moved_aside
    works(journal)
    assert aside is None or aside.read_bytes() == lying.main
    with opened(folder) as again:
        assert again.moved_aside is None


def require(fact: bool) -> None:
    assert fact


def told_with_next_step(fault: JournalError, path: Path) -> None:
    assert str(path.parent) in str(fault)
    assert ";" in str(fault)


def made(folder: Path) -> Journal:
    return Journal.open(folder, station="MIX-1", clock=Clock(), new_id=new_id, ballast_bytes=0)


def works(journal: Journal) -> None:
    try:
        assert len(journal.append([sign_in("afterwards")]).result(10)) == 1
        journal.shop()
        assert journal.waiting() > 0
    finally:
        journal.close()


def tried_in_a_folder(lying: Lying) -> None:
    folder = Path(tempfile.mkdtemp(prefix="kiosk-fuzz-"))
    try:
        opens(folder, lying)
    finally:
        shutil.rmtree(folder)


@sizes(40, 1_500)
def test_any_bytes_as_a_journal_are_kept_and_a_scan_is_taken(
    whole: bytes, foreign_files: list[bytes], count: int
) -> None:
    tried(count, lyings(whole, foreign_files), tried_in_a_folder)


def test_a_journal_of_the_future_is_not_touched(tmp_path: Path, foreign_files: list[bytes]) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(foreign_files[3])
    with pytest.raises(JournalError, match=r"version 99.*install the newer program"):
        made(tmp_path)
    assert path.read_bytes() == foreign_files[3]


@pytest.mark.parametrize("end", ENDS)
def test_a_folder_in_place_of_a_file_is_told_or_set_aside(tmp_path: Path, end: str) -> None:
    place = tmp_path / f"journal.db{end}"
    place.mkdir()
    (place / "inside").write_bytes(b"kept")
    try:
        works(made(tmp_path))
    except JournalError as fault:
        told_with_next_step(fault, place)
    assert [path.read_bytes() for path in tmp_path.glob("*/inside")] == [b"kept"]


@pytest.mark.parametrize("target", ["nothing", "loop", "whole"])
def test_a_link_in_place_of_a_file_is_followed_or_told(
    tmp_path: Path, whole: bytes, target: str
) -> None:
    folder, elsewhere = tmp_path / "data", tmp_path / "elsewhere.db"
    folder.mkdir()
    path = folder / "journal.db"
    if target == "whole":
        elsewhere.write_bytes(whole)
    path.symlink_to(path if target == "loop" else elsewhere)
    try:
        works(made(folder))
    except JournalError as fault:
        told_with_next_step(fault, path)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without the rights of root, which no file system refuses anything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(("folder_mode", "file_mode"), [(0o555, 0o644), (0o755, 0o000), (0o000, 0)])
def test_a_journal_that_may_not_be_read_is_told_and_not_touched(
    whole: bytes, folder_mode: int, file_mode: int
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="kiosk-fuzz-", dir="/tmp"))
    try:
        path = folder / "journal.db"
        path.write_bytes(whole)
        os.chown(path, NOBODY, -1) if os.geteuid() == 0 else None
        path.chmod(file_mode)
        os.chown(folder, NOBODY, -1) if os.geteuid() == 0 else None
        folder.chmod(folder_mode)
        with as_nobody(), pytest.raises(JournalError) as fault:
            made(folder)
        told_with_next_step(fault.value, path)
        folder.chmod(0o755)
        path.chmod(0o644)
        assert path.read_bytes() == whole
    finally:
        shutil.rmtree(folder)
