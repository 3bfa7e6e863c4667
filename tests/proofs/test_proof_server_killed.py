"""The server is killed at random moments while a kiosk works and sends: nothing is lost or doubled."""

import random
import threading
from pathlib import Path

import pytest

from kiosk.demo import audit
from tests.proofs.plant import Plant
from tests.proofs.stations import Job, Station, Stream

SENDING_SECONDS = 0.3
SCAN_SECONDS = 0.1


def kill_and_start(plant: Plant, station: Station, chance: random.Random, kills: int) -> int:
    """Each kill comes a moment after the kiosk found the server; how many heard something new."""
    heard, before = 0, 0
    for _ in range(kills):
        station.until_link("online")
        threading.Event().wait(chance.uniform(0.0, SENDING_SECONDS))
        plant.server.kill()
        station.until_link("offline")
        now = audit.compare([station.journal], plant.server.ledger).in_ledger
        heard, before = heard + (now > before), now
        plant.server.start()
    return heard


def prove(plant: Plant, station: Station, job: Job, kills: int, seed: int) -> None:
    stream = Stream(station, job, gap=SCAN_SECONDS)
    stream.start()
    heard = kill_and_start(plant, station, random.Random(seed), kills)
    stream.end()
    station.until_sent()
    accepted = station.witness.accepted()
    print(f"seed {seed}: {kills} kills, {len(accepted)} answered ok, {heard} servers heard of some")
    plant.assert_kept(station)
    assert set(stream.sent) == station.witness.answers.keys(), "a scan had no answer"
    assert heard > kills // 2
    station.stop()
    station.assert_sound()


def test_a_resting_kiosk_notices_each_time_that_the_server_went(plant: Plant) -> None:
    station = plant.station()
    station.start()
    for _ in range(2):
        station.until_link("online")
        plant.server.kill()
        station.until_link("offline")
        plant.server.start()


def test_ten_kills_of_the_server_lose_and_double_nothing(plant: Plant) -> None:
    prove(plant, *plant.at_work(lots=400), kills=10, seed=2027)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_fifty_kills_of_the_server_lose_and_double_nothing(tmp_path: Path, seed: int) -> None:
    plant = Plant(tmp_path, lots=[2_000])
    plant.open()
    try:
        prove(plant, *plant.at_work(), kills=50, seed=seed)
    finally:
        plant.close()
