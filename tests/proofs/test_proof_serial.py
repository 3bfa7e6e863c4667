"""A real kiosk on a scanner's cable: full speed, unplugged in mid-scan, garbage between two scans."""

import random
from collections import Counter

from tests.proofs.plant import Plant
from tests.proofs.stations import Job, Station, until

FRAME_BYTES = 4_096
LINE_ENDS = b"\r\n\x02\x03"


def assert_scans_work(station: Station, job: Job) -> None:
    lot, label = job.bag()
    band = station.scan(label)
    assert (band["kind"], lot in band["what"]) == ("ok", True), band
    assert station.consumed()[lot] == 1


def test_two_hundred_scans_at_full_speed_are_answered_in_their_order(plant: Plant) -> None:
    station, job = plant.at_work(lots=200)
    bags = [job.bag() for _ in range(200)]
    before = station.observed.scans
    station.cable.send(b"".join(label for _, label in bags))
    station.observed.answered(before + len(bags), 60)
    told = [
        (line["scan"] - before, line["kind"], line["what"])
        for line in station.witness.lines
        if line.get("scan", 0) > before
    ]
    # A band may be told again, when the way to the server changes: each scan's first one counts.
    first = {scan: (kind, what) for scan, kind, what in reversed(told)}
    assert [scan for scan, *_ in told] == sorted(scan for scan, *_ in told)
    lots = [lot for lot, _ in bags]
    assert [(first[scan][0], lot in first[scan][1]) for scan, lot in enumerate(lots, 1)] == [
        ("ok", True)
    ] * len(lots)
    assert list(station.consumed()) == lots
    station.until_sent()
    plant.assert_kept(station)


def test_unplugged_in_mid_scan_the_half_code_does_nothing(plant: Plant) -> None:
    station, job = plant.at_work(lots=3)
    assert_scans_work(station, job)
    station.until_shown("● hand")
    before, (lot, label) = station.consumed(), job.bag()
    station.cable.send(label[:-7])
    station.unplug()
    station.until_shown("✖ hand")
    until(lambda: station.observed.band["key"] == "scan_torn", "tell of the torn scan")
    station.replug()
    station.until_shown("● hand")
    assert station.consumed() == before
    band = station.scan(label)
    assert (band["kind"], lot in band["what"]) == ("ok", True), band
    assert station.consumed() == before + Counter([lot])


def noise(chance: random.Random, length: int) -> bytes:
    """Bytes of all kinds, but none that ends a code."""
    return bytes(
        chance.choice([b for b in range(256) if b not in LINE_ENDS]) for _ in range(length)
    )


def test_garbage_books_nothing_and_the_next_scan_works(plant: Plant) -> None:
    station, job = plant.at_work(lots=12)
    chance = random.Random(2028)
    pid, booked = station.pid, station.events()
    for length in (1, 3, 40, 400, FRAME_BYTES, FRAME_BYTES + 1, 3 * FRAME_BYTES):
        bands = int(station.observed.band["band"])
        station.cable.send(noise(chance, length) + b"\r")
        band = station.band_after(bands)
        assert band["kind"] == "stop", band
        assert station.events() == booked, f"{length} bytes of noise booked something"
        assert_scans_work(station, job)
        booked = station.events()
    assert station.pid == pid
    assert station.is_running
