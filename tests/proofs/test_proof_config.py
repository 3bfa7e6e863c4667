"""A kiosk.toml with five mistakes: all of them are told at once, each with its file and key."""

import pytest

from kiosk.config import CONFIG_NAME
from tests.proofs.plant import Plant
from tests.proofs.stations import kiosk

FIVE_MISTAKES = """\
[station]
lanugage = "en"

[wedge]
gap_ms = "50"

[[scanner]]
name = "hand"
baud = 9601

[site]
severities = { lot_expired = "maybe" }
"""
TOLD = [
    "station.lanugage: no such key (did you mean language?)",
    "wedge.gap_ms = '50': want a whole number from 10 to 1000",
    "scanner[1].baud = 9601: want one of 1200, 2400, 4800, 9600, 19200, 38400,",
    "scanner[1].port: is missing",
    "site.severities = {'lot_expired': 'maybe'}: lot_expired: want one of",
]


@pytest.mark.parametrize(
    "words", [("run", "--headless"), ("run",), ("doctor",), ("journal", "show")]
)
def test_five_mistakes_are_told_at_once(plant: Plant, words: tuple[str, ...]) -> None:
    station = plant.new_station()
    file = station.data / CONFIG_NAME
    file.write_text(FIVE_MISTAKES, encoding="utf-8")
    done = station.command(*words)
    assert (done.returncode, done.stdout) == (2, "")
    first, *lines = done.stderr.splitlines()
    assert first == "kiosk: this cannot be used:"
    assert len(lines) == len(TOLD)
    for line, told in zip(lines, TOLD, strict=True):
        assert line.startswith(f"  {file}: {told}"), line
    assert sorted(path.name for path in station.data.iterdir()) == [CONFIG_NAME, "scanner"]


def test_a_file_that_is_no_toml_is_named_with_its_line(plant: Plant) -> None:
    file = plant.new_station().data / CONFIG_NAME
    file.write_text("[station\n", encoding="utf-8")
    done = kiosk("doctor", "--config", str(file))
    assert done.returncode == 2
    assert f"{file}: is not TOML" in done.stderr
    assert "line 1" in done.stderr
