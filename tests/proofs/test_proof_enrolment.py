"""A terminal out of the box: it says NOT ENROLLED, and one scan makes it a station."""

from kiosk.demo.observed import Json
from labels.codes import EnrolmentCode, encode
from tests.proofs.plant import Plant
from tests.proofs.stations import BADGE, Station, sent, until


def burst(station: Station, code: bytes) -> Json:
    """What a keyboard scanner types, in one go; the band that answers."""
    before = station.observed.scans
    station.terminal.keys(code)
    return station.observed.answered(before + 1, 20)


def enrolling(plant: Plant, station: Station, code: str) -> Json:
    """The band that tells what came of a scanned enrolment code."""
    band = burst(station, f"{encode(EnrolmentCode(plant.server.url, code))}\r".encode())
    return station.band_after(band["band"]) if band["key"] == "enrolling" else band


def test_one_scan_enrols_a_terminal_without_configuration(plant: Plant) -> None:
    station = plant.new_station()
    station.unplug()
    station.start()
    assert station.observed.band["key"] == "not_enrolled"
    station.until_shown("NOT ENROLLED")
    station.until_shown("Scan the enrolment code of the office, or type the server and the code.")
    band = burst(station, sent(BADGE))
    assert band["key"] == "not_enrolled", "a badge is of no use yet"
    band = enrolling(plant, station, plant.code(station))
    assert (band["key"], band["what"]) == ("enrolled", f"This is station {station.name} for MIX.")
    assert (station.data / "station.token").stat().st_mode & 0o777 == 0o600
    hello = f"Anna Berg is signed in at {station.name}."
    until(lambda: burst(station, sent(BADGE))["what"] == hello, "hear of Anna")
    station.until_sent()
    station.kill()
    station.start()
    station.until_shown("Anna Berg")
    assert f" {station.name} " in station.screen()


def test_a_used_code_is_refused_and_the_next_one_works(plant: Plant) -> None:
    first, second = plant.new_station(), plant.new_station()
    used = plant.code(first)
    assert first.command("enrol", plant.server.url, used).returncode == 0
    second.start()
    refused = enrolling(plant, second, used)
    assert (refused["key"], refused["kind"]) == ("enrol_failed", "stop")
    assert "does not take this code: ask for a new one" in refused["what"]
    assert enrolling(plant, second, plant.code(second))["key"] == "enrolled"
