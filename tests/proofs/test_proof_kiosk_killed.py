"""A kiosk is killed at random moments while scans stream in: what was answered ok is kept, once."""

import random
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from kiosk.demo.observed import Silence
from tests.proofs.plant import Plant
from tests.proofs.stations import Job, Station, Stream

WORKING_SECONDS = 0.5
STARTING_SECONDS = 0.8
SCAN_SECONDS = 0.01


def kill_and_start(station: Station, chance: random.Random, kills: int) -> None:
    """Every fifth kill hits a kiosk that is still starting."""
    for number in range(kills):
        if number % 5 == 4:
            with suppress(Silence):
                station.start(chance.uniform(0.0, STARTING_SECONDS))
        else:
            station.start()
            threading.Event().wait(chance.uniform(0.0, WORKING_SECONDS))
        station.kill()


def prove(plant: Plant, station: Station, job: Job, kills: int, seed: int) -> None:
    station.kill()
    stream = Stream(station, job, gap=SCAN_SECONDS)
    stream.start()
    kill_and_start(station, random.Random(seed), kills)
    station.start()
    stream.end()
    station.until_sent()
    accepted = station.witness.accepted()
    print(f"seed {seed}: {kills} kills, {len(stream.sent)} sent, {len(accepted)} answered ok")
    plant.assert_kept(station)
    assert len(accepted) > 2 * kills
    station.stop()
    station.assert_sound()


def test_ten_kills_keep_every_scan_that_was_answered(plant: Plant) -> None:
    prove(plant, *plant.at_work(lots=400), kills=10, seed=2026)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_fifty_kills_keep_every_scan_that_was_answered(tmp_path: Path, seed: int) -> None:
    plant = Plant(tmp_path, lots=[1_200])
    plant.open()
    try:
        prove(plant, *plant.at_work(), kills=50, seed=seed)
    finally:
        plant.close()
