"""The disk is full: the operator sees STOP, the journal has no hole, and freed space is enough."""

import errno
import os
import resource
import subprocess
import tempfile
from io import FileIO
from pathlib import Path
from typing import Protocol

import pytest

from tests.proofs.plant import Plant
from tests.proofs.stations import Job, Station

DISK = "size=16m"
STOPS = 5
LOTS = 90  # many scans fit into the room that the WAL has already


class Disk(Protocol):
    """What a station writes to. `word` is what the band says once it is full."""

    word: str

    def __init__(self, station: Station) -> None: ...
    def fill(self) -> None: ...
    def free(self) -> None: ...
    def take_away(self) -> None: ...


class CappedFiles:
    """No file may grow any more: the system refuses the kiosk's writes, as a failing disk does."""

    word: str = "NOT BOOKED"

    def __init__(self, station: Station) -> None:
        self._station = station

    def fill(self) -> None:
        self._cap(0)

    def free(self) -> None:
        self._cap(resource.RLIM_INFINITY)

    def take_away(self) -> None:
        self._station.kill()

    def _cap(self, size: int) -> None:
        limits = (size, resource.RLIM_INFINITY)
        resource.prlimit(self._station.pid, resource.RLIMIT_FSIZE, limits)


class SmallDisk:
    """The station's folder, the scanner's name in it, is a disk of a few megabytes."""

    word: str = "DISK FULL"

    def __init__(self, station: Station) -> None:
        self._station = station
        self._filler = station.data / "filler"
        station.unplug()
        assert mount(station.data)
        station.replug()

    def fill(self) -> None:
        with self._filler.open("wb", buffering=0) as file:
            for size in (65_536, 512, 1):
                write_until_full(file, size)

    def free(self) -> None:
        self._filler.unlink()

    def take_away(self) -> None:
        self._station.kill()
        unmount(self._station.data)


def write_until_full(file: FileIO, size: int) -> None:
    try:
        while file.write(b"\0" * size):
            pass
    except OSError as fault:
        if fault.errno != errno.ENOSPC:
            raise


def mount(folder: Path) -> bool:
    """Lay a small disk under a folder; False where that is not allowed."""
    words = ["mount", "-t", "tmpfs", "-o", DISK, "floor-kiosk", str(folder)]
    return subprocess.run(words, capture_output=True).returncode == 0


def unmount(folder: Path) -> None:
    subprocess.run(["umount", str(folder)], check=True, capture_output=True)


def may_mount() -> bool:
    """Whether this user may mount: root, outside a locked container."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if os.geteuid() != 0 or not mount(folder):
            return False
        unmount(folder)
    return True


DISKS: list[type[Disk]] = [CappedFiles, *([SmallDisk] if may_mount() else [])]


def refused_and_booked(station: Station, job: Job) -> tuple[list[str], list[str]]:
    """Scan until some scans were refused; the lots of those, and of the others."""
    refused: list[str] = []
    booked: list[str] = []
    while len(refused) < STOPS:
        lot, label = job.bag()
        if station.scan(label)["kind"] == "stop":
            refused.append(lot)
        else:
            booked.append(lot)
    return refused, booked


def prove(plant: Plant, station: Station, job: Job, disk: Disk) -> None:
    disk.fill()
    refused, booked = refused_and_booked(station, job)
    band = station.observed.band
    assert (band["word"], "disk" in band["what"]) == (disk.word, True), band
    station.until_shown("was NOT booked")
    disk.free()
    lot, label = job.bag()
    assert station.scan(label)["kind"] == "ok", station.observed.band
    station.until_sent()
    assert sorted(station.consumed()) == sorted([*booked, lot])
    assert not station.consumed().keys() & set(refused)
    plant.assert_kept(station)
    station.stop()
    station.assert_sound()


@pytest.mark.parametrize("kind", DISKS)
def test_a_full_disk_stops_the_operator_and_leaves_no_hole(plant: Plant, kind: type[Disk]) -> None:
    station, job = plant.new_station(), plant.job(lots=LOTS)
    disk = kind(station)
    try:
        plant.enrol(station)
        plant.put_to_work(station, job)
        prove(plant, station, job, disk)
    finally:
        disk.take_away()
