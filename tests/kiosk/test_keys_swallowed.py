"""Function keys that come with a code do not act; they are counted, and the doctor tells them."""

from pathlib import Path

from kiosk.doctor import swallowed
from kiosk.scanners import KEYBOARD, KEYS_SWALLOWED
from kiosk.scanners.wedge import KeySwallowed
from kiosk.swallowed import SWALLOWED_KEYS_MAX, SWALLOWED_SECONDS
from tests.kiosk.terminals import Terminal, badge, running, seeded


async def test_the_doctor_tells_which_keys_came_with_codes(tmp_path: Path) -> None:
    terminal = Terminal(seeded(tmp_path))
    assert list(swallowed(tmp_path)) == []
    async with running(terminal):
        await terminal.scan(badge("anna"))
        for key in ("f5", "down", "f5"):
            terminal.post_message(KeySwallowed(key))
        await terminal.settle()
        assert terminal.desk.swallowed.counted == {"f5": 2, "down": 1}
        assert terminal.band.key == "signed_in"
        assert terminal.station is not None
        await terminal.desk.tick()
        assert terminal.station.journal.scan_log() == []
        for _ in range(2):  # told once, and not again while no more come
            terminal.still.advance(SWALLOWED_SECONDS)
            await terminal.desk.tick()
        terminal.station.journal.log_scan("test", b"", "the end").result(5)
        _, *rows = terminal.station.journal.scan_log()
        assert [row[1:] for row in rows] == [(KEYBOARD, b"down:1 f5:2", KEYS_SWALLOWED)]
        (finding,) = swallowed(tmp_path)  # while the terminal runs
    assert (finding.state, finding.what) == ("warn", "keys")
    assert "down:1 f5:2" in finding.detail
    assert "function-key" in finding.next
    assert list(swallowed(tmp_path / "none")) == []


async def test_made_up_keys_do_not_fill_the_memory(tmp_path: Path) -> None:
    terminal = Terminal(seeded(tmp_path))
    async with running(terminal):
        for place in range(3 * SWALLOWED_KEYS_MAX):
            terminal.desk.swallowed.add(f"key-{place}")
        assert len(terminal.desk.swallowed.counted) == SWALLOWED_KEYS_MAX + 1
        assert terminal.desk.swallowed.counted.total() == 3 * SWALLOWED_KEYS_MAX
