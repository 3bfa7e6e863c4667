"""The server is away for thousands of scans: answers come no slower, and nothing is lost."""

import time
from pathlib import Path
from statistics import median

import pytest

from labels.codes import OrderCode
from tests.proofs.plant import Plant
from tests.proofs.stations import Job, Station

BAGS_A_JOB = 500
SLOWER_MAX = 1.2


def seconds_of(station: Station, job: Job, scans: int) -> list[float]:
    """From the first byte on the cable until the observer hears the answer, scan by scan."""
    found = []
    for _ in range(scans):
        lot, label = job.bag()
        begun = time.perf_counter()
        band = station.scan(label)
        found.append(time.perf_counter() - begun)
        assert (band["kind"], lot in band["what"]) == ("ok", True), band
    return found


def assert_all_kept(plant: Plant, station: Station, scans: int) -> None:
    assert len(station.witness.accepted()) == scans
    station.until_sent()
    plant.assert_kept(station)
    assert sum(station.consumed().values()) == scans
    station.stop()
    station.assert_sound()


def test_three_hundred_scans_without_a_server_are_all_sent_later(plant: Plant) -> None:
    station, job = plant.at_work(lots=320)
    seconds_of(station, job, 20)
    plant.server.stop()
    seconds_of(station, job, 300)
    assert station.observed.band["sync"] == "offline"
    assert int(station.observed.band["waiting"]) >= 300
    plant.server.start()
    assert_all_kept(plant, station, 320)


@pytest.mark.long
def test_five_thousand_scans_without_a_server_are_answered_as_fast(tmp_path: Path) -> None:
    """Each order is scanned half online and half offline, so that both meet the same stocks."""
    plant = Plant(tmp_path, lots=[BAGS_A_JOB * 2] * 11)
    plant.open()
    try:
        station, first = plant.at_work()
        jobs = [first, *(plant.job() for _ in range(10))]
        online = [time for job in jobs[:1] for time in seconds_of(station, job, BAGS_A_JOB)]
        plant.server.stop()
        offline = []
        for job in jobs[1:]:
            assert station.scan(OrderCode(job.order))["kind"] == "ok"
            offline += seconds_of(station, job, BAGS_A_JOB)
        assert int(station.observed.band["waiting"]) > len(offline)
        plant.server.start()
        begun = time.perf_counter()
        station.until_sent()
        drained = time.perf_counter() - begun
        assert station.scan(OrderCode(first.order))["kind"] == "ok"
        again = seconds_of(station, first, BAGS_A_JOB - 10)
        ratio = median(offline) / median(online + again)
        print(
            f"median answer online {1e3 * median(online):.2f} ms, "
            f"offline {1e3 * median(offline):.2f} ms ({len(offline)} scans), "
            f"online again {1e3 * median(again):.2f} ms: {ratio:.2f}; drained in {drained:.1f} s"
        )
        assert_all_kept(plant, station, len(online + offline + again))
        assert ratio <= SLOWER_MAX
    finally:
        plant.close()
