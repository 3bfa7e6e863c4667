"""A changed or spoilt kiosk.toml: seen, told, and never taken half."""

from pathlib import Path

import pytest

from kiosk.__main__ import parser
from kiosk.config import load
from kiosk.reload import KEPT_NAME, Changed, ConfigFile, keep, kept
from kiosk.run import Trouble, usable
from tests.kiosk.terminals import Terminal, badge, order, running, seeded
from tests.kiosk.test_running import replaced

GOOD = "[wedge]\ngap_ms = 60\n"
BAD = "[wedge]\ngap_ms = 5\n"


def test_each_writing_is_seen_once(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    watched = ConfigFile(load(None, tmp_path))
    assert watched.look() is None
    file.write_text(GOOD)
    assert watched.look() == Changed()
    assert watched.look() is None
    replaced(file, BAD)
    found = watched.look()
    assert found is not None
    assert found.problems[0].startswith(f"{file}: wedge.gap_ms = 5: want a whole number")
    assert watched.look() is None
    file.unlink()
    assert watched.look() == Changed()


def test_a_start_with_a_spoilt_file_goes_by_the_last_good_one(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    words = parser().parse_args(["run", "--data", str(tmp_path)])
    file.write_text(BAD)
    with pytest.raises(Trouble):
        usable(words)
    file.write_text(GOOD)
    keep(usable(words))
    file.write_text(BAD)
    found = usable(words)
    assert found.wedge.gap_ms == 60
    assert found.file == file
    assert "wedge.gap_ms = 5" in found.problems[0]
    keep(found)
    assert (tmp_path / KEPT_NAME).read_text() == GOOD
    file.write_text("[[scanner\n")
    assert usable(words).wedge.gap_ms == 60
    file.write_text(GOOD)
    assert usable(words).problems == ()
    assert kept(None, tmp_path) is None


async def test_a_bad_file_is_told_in_the_band_and_a_good_one_ends_no_order(tmp_path: Path) -> None:
    seeded(tmp_path)
    file = tmp_path / "kiosk.toml"
    station = '[station]\nname = "BAKE-1"\nwork_centers = ["MIX"]\nserver = "http://127.0.0.1:9"\n'
    file.write_text(station)
    terminal = Terminal(load(None, tmp_path))
    async with running(terminal):
        await terminal.scan(badge("anna"))
        await terminal.scan(order("B-1"))
        replaced(file, station + BAD)
        await terminal._tick()
        assert terminal.band.word == "KEPT AS IS"
        assert "gap_ms = 5" in terminal.band.what
        replaced(file, station + GOOD)
        terminal.still.advance(60)
        await terminal._tick()
        await terminal.settle()
        assert terminal.is_running
        assert terminal.dialog.order == "B-1"


async def test_a_good_file_is_taken_when_no_order_is_open(tmp_path: Path) -> None:
    seeded(tmp_path)
    file = tmp_path / "kiosk.toml"
    station = '[station]\nname = "BAKE-1"\nwork_centers = ["MIX"]\nserver = "http://127.0.0.1:9"\n'
    file.write_text(station)
    terminal = Terminal(load(None, tmp_path))
    async with running(terminal):
        await terminal.scan(badge("anna"))
        replaced(file, station + GOOD)
        await terminal._tick()
        assert terminal.return_code is None
        terminal.still.advance(60)
        await terminal._tick()
    assert terminal.return_code == 75


async def test_a_start_by_what_was_kept_says_so(tmp_path: Path) -> None:
    seeded(tmp_path)
    file = tmp_path / "kiosk.toml"
    file.write_text('[station]\nname = "BAKE-1"\nwork_centers = ["MIX"]\nserver = "http://x:9"\n')
    keep(load(None, tmp_path))
    file.write_text("nonsense")
    found = kept(None, tmp_path)
    assert found is not None
    terminal = Terminal(found)
    async with running(terminal):
        await terminal._tick()
        await terminal.settle()
        assert terminal.band.word == "KEPT AS IS"
        assert "kiosk.toml" in terminal.zone("what")
