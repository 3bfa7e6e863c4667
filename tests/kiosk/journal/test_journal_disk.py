"""What the journal knows of its disk: room for the last scans, flushes, size; and of its place."""

import os
import shutil
from itertools import count
from pathlib import Path

import pytest

from kiosk.clock import Clock
from kiosk.journal import Journal, JournalFull, files, flushes, machine
from kiosk.journal.ballast import BALLAST_NAME, Ballast, Room
from kiosk.journal.image import IMAGE_NAME
from sync.domain.shop import Shop
from sync.wire import Mark, chain, decode
from tests.kiosk.journal.journals import (
    foreign,
    mark_at,
    may_mount,
    new_id,
    opened,
    rows,
    sign_in,
    small_disk,
    until,
)

MEBIBYTE = 1 << 20
DISKS = ["96m"] if may_mount() else []


def fill(path: Path) -> None:
    """Until nothing more goes onto the disk."""
    with path.open("wb", buffering=0) as file:
        for size in (65_536, 512, 1):
            try:
                while file.write(b"\0" * size):
                    pass
            except OSError:
                continue


def told(journal: Journal) -> str:
    """What the screen reads."""
    return str(journal.room)


def appended_until_full(journal: Journal) -> int:
    """How many events went onto the disk before it took no more."""
    for acts in count():
        try:
            journal.append([sign_in() for _ in range(20)]).result()
        except JournalFull:
            return 20 * acts
    raise AssertionError


@pytest.mark.parametrize("size", DISKS)
def test_a_full_disk_still_takes_the_last_scans_and_the_upload(tmp_path: Path, size: str) -> None:
    with small_disk(tmp_path / "disk", size) as folder, opened(folder) as journal:
        journal.append([sign_in()]).result()
        until((folder / BALLAST_NAME).exists)
        fill(folder / "filler")
        good = 1
        while journal.room is Room.AMPLE:
            good += len(journal.append([sign_in() for _ in range(20)]).result())
        assert told(journal) == "ballast_used"
        good += len(journal.append([sign_in() for _ in range(1_000)]).result())
        digest = bytes.fromhex(journal.unsent(1).after.digest)
        for body in journal.unsent(good).bodies:
            digest = chain(digest, body)
        assert journal.acknowledge(Mark(good, digest.hex()))
        assert journal.waiting() == 0
        assert not (folder / BALLAST_NAME).exists(), "not made of the last room"
        fill(folder / "more")
        with pytest.raises(JournalFull):
            journal.absorb([foreign()], mark_at(1)).result()
        good += appended_until_full(journal)
        assert told(journal) == "full"
        (folder / "filler").unlink()
        good += len(journal.append([sign_in()]).result())
        until(lambda: journal.room is Room.AMPLE)
        assert (folder / BALLAST_NAME).exists()
        journal.absorb([foreign()], mark_at(1)).result()
        assert journal.local() == good + 1
        journal.verify()


@pytest.mark.parametrize("size", DISKS)
def test_a_station_starts_on_a_full_disk(tmp_path: Path, size: str) -> None:
    """What SQLite keeps beside the file went at the clean end: it needs room again."""
    with small_disk(tmp_path / "disk", size) as folder:
        with opened(folder) as journal:
            journal.append([sign_in()]).result()
            until((folder / BALLAST_NAME).exists)
        fill(folder / "filler")
        with opened(folder) as journal:
            until(lambda: journal.room is Room.BALLAST_USED)
            journal.append([sign_in() for _ in range(1_000)]).result()
            assert len(journal.unsent(2_000).bodies) == 1_001


@pytest.mark.parametrize("size", DISKS)
def test_an_image_takes_no_room_that_it_cannot_use(tmp_path: Path, size: str) -> None:
    with small_disk(tmp_path / "disk", size) as folder, opened(folder) as journal:
        until((folder / BALLAST_NAME).exists)
        fill(folder / "filler")
        assert not journal.save_image(Shop(), 0)
        assert not (folder / f"{IMAGE_NAME}.new").exists()


@pytest.mark.parametrize("size", DISKS)
def test_the_ballast_is_never_made_of_the_last_room(tmp_path: Path, size: str) -> None:
    with small_disk(tmp_path / "disk", size) as folder:
        too_large = Ballast(folder, 30 * MEBIBYTE)
        assert (too_large.renew(), too_large.room) == (True, Room.AMPLE)
        assert not (folder / BALLAST_NAME).exists()
        fitting = Ballast(folder, 16 * MEBIBYTE)
        assert fitting.renew()
        assert shutil.disk_usage(folder).free <= 80 * MEBIBYTE
        assert fitting.release()
        assert fitting.room == "ballast_used"
        assert shutil.disk_usage(folder).free > 95 * MEBIBYTE
        assert not fitting.release(), "there is no more to give"


def test_the_ballast_holds_real_blocks(tmp_path: Path) -> None:
    sparse = tmp_path / BALLAST_NAME
    with sparse.open("wb") as file:
        file.truncate(MEBIBYTE)
    assert sparse.stat().st_blocks == 0
    assert Ballast(tmp_path, MEBIBYTE).renew()
    assert sparse.stat().st_blocks * 512 >= MEBIBYTE
    assert sparse.stat().st_size == MEBIBYTE
    before = sparse.stat()
    assert Ballast(tmp_path, MEBIBYTE).renew()
    assert sparse.stat() == before, "made once"


def test_a_journal_without_ballast(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, station="MIX-1", clock=Clock(), new_id=new_id, ballast_bytes=0)
    journal.append([sign_in()]).result()
    journal.close()
    assert not (tmp_path / BALLAST_NAME).exists()


def test_flushes_are_measured_once_after_the_start(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        until(lambda: journal.flush)
        assert journal.flush
        assert 0 < journal.flush.count <= flushes.FLUSHES_MAX
        assert 0 <= journal.flush.microseconds < 1_000_000


@pytest.mark.parametrize(
    ("device", "is_disk"),
    [
        ("pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda/sda1", True),
        ("pci0000:00/0000:00:0d.0/nvme/nvme0/nvme0n1/nvme0n1p2", True),
        ("platform/soc/fe340000.mmc/mmc_host/mmc0/mmc0:0001/block/mmcblk0/mmcblk0p2", True),
        ("virtual/block/zram0", False),
        ("virtual/block/loop0", False),
        ("pci0000:00/0000:00:04.0/virtio1/block/vda", False),
    ],
)
def test_what_is_a_disk(tmp_path: Path, device: str, *, is_disk: bool) -> None:
    (tmp_path / "devices" / device).mkdir(parents=True)
    (tmp_path / "8:1").symlink_to(tmp_path / "devices" / device)
    assert flushes.is_disk(os.makedev(8, 1), tmp_path) is is_disk
    assert not flushes.is_disk(os.makedev(8, 2), tmp_path), "unknown"
    assert not flushes.is_disk(os.makedev(0, 44), tmp_path), "memory, network or overlay"


def test_the_size_counts_the_wal(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        before = journal.size()
        journal.append([sign_in() for _ in range(400)]).result()
        assert journal.size() > before + 100_000
    assert files.size(tmp_path / "none.db") == 0


def copied(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target)
    return target


def test_a_copied_folder_goes_on_under_an_origin_of_its_own(tmp_path: Path) -> None:
    with opened(tmp_path / "live") as journal:
        journal.append([sign_in() for _ in range(900)]).result()
        assert journal.cloned == ""
        origin, ids = journal.origin, [decode(body).id for body in journal.unsent(900).bodies]
    copy = copied(tmp_path / "live", tmp_path / "copy")
    with opened(copy) as journal:
        assert journal.cloned == "this journal was copied: another file"
        (record,) = journal.append([sign_in()]).result()
        batch = journal.unsent(2_000)
        assert batch.origin == journal.origin != origin
        assert [decode(body).id for body in batch.bodies] == [*ids, record.id]
        journal.verify()
        forked = journal.origin
    for folder, expected in ((tmp_path / "live", origin), (copy, forked)):
        with opened(folder) as journal:
            assert (journal.cloned, journal.origin) == ("", expected)


def test_a_copy_made_within_a_fork_does_not_go_on_with_that_fork(tmp_path: Path) -> None:
    with opened(tmp_path / "live") as journal:
        journal.append([sign_in() for _ in range(5)]).result()
    copied(tmp_path / "live", tmp_path / "first")
    (tmp_path / "first" / "journal.db").rename(tmp_path / "first" / "one.db")
    shutil.copy(tmp_path / "first" / "one.db", tmp_path / "first" / "journal.db")
    machine.recognised(tmp_path / "first" / "journal.db", lambda: "f" * 32)
    copied(tmp_path / "first", tmp_path / "second")
    with opened(tmp_path / "second") as journal:
        assert journal.cloned
        assert journal.unsent(9).origin not in ("f" * 32, "")
    with opened(tmp_path / "first") as journal:
        assert journal.unsent(9).origin == "f" * 32


def test_a_journal_that_becomes_another_stations_goes_on_under_another_origin(
    tmp_path: Path,
) -> None:
    """The server refuses for ever what another station pushes under an origin that it knows."""
    with opened(tmp_path, "MIX-1") as journal:
        (sent, _) = journal.append([sign_in(), sign_in("ben")]).result()
        digest = chain(bytes.fromhex(journal.unsent(0).after.digest), sent.body)
        assert journal.acknowledge(Mark(1, digest.hex()))
        origin, bodies = journal.origin, journal.unsent(2).bodies
    with opened(tmp_path, "BAKE-1") as journal:
        assert journal.cloned == "this journal was that of station MIX-1"
        batch = journal.unsent(5)
        assert batch.origin != origin
        assert batch.bodies == (sent.body, *bodies)
    with opened(tmp_path, "BAKE-1") as journal:
        assert (journal.cloned, journal.origin) == ("", batch.origin)


def test_another_machine_or_file_system_is_told(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with opened(tmp_path):
        pass
    (noted,) = rows(tmp_path, "SELECT value FROM meta WHERE name = 'machine'")
    now = machine.fingerprint(path, machine.machine_id())
    assert noted == (now,)
    assert machine.machine_id() not in now or not machine.machine_id()
    other = machine.fingerprint(path, "another")
    assert other.split(" ")[1:] == now.split(" ")[1:]
    put(path, other)
    assert machine.recognised(path, lambda: "e" * 32) == "this journal was copied: another machine"
    put(path, " ".join([now.split(" ")[0], "0", now.split(" ")[2]]))
    told = machine.recognised(path, lambda: "d" * 32)
    assert told == "this journal was copied: another file system"
    assert machine.recognised(path, lambda: "c" * 32) == ""
    assert rows(tmp_path, "SELECT value FROM meta WHERE name = 'forking'") == [("d" * 32,)]


def put(path: Path, noted: str) -> None:
    with files.connect_writer(path) as connection:
        connection.execute("UPDATE meta SET value = ? WHERE name = 'machine'", (noted,))
    connection.close()
