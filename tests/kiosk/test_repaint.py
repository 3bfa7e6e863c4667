"""A terminal that somebody else wrote on is drawn anew, as a real process on a real pty."""

import os
import select
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.demo.terminal import READ_BYTES, Terminal
from tests.kiosk.terminals import seeded

SOON = 20.0


class Seen:
    """A kiosk on a pseudo-terminal, and the bytes that it sends there."""

    def __init__(self, data: Path) -> None:
        (data / "kiosk.toml").write_text(
            '[station]\nname = "BAKE-1"\nwork_centers = ["MIX"]\nserver = "http://127.0.0.1:9"\n'
        )
        self.terminal = Terminal((80, 24))
        environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        command = [sys.executable, "-m", "kiosk", "run", "--data", str(data)]
        self.process = self.terminal.run(command, environment)

    def until(self, wanted: str) -> str:
        """All that came until these characters did."""
        seen, end = b"", time.monotonic() + SOON
        while wanted.encode() not in seen:
            ready, _, _ = select.select([self.terminal.master], [], [], SOON)
            assert ready, f"no {wanted!r} in {seen!r}"
            assert time.monotonic() < end, f"no {wanted!r} in {seen!r}"
            seen += os.read(self.terminal.master, READ_BYTES)
        return seen.decode("utf-8", "replace")

    def settle(self) -> None:
        """Until nothing but the clock is drawn."""
        while select.select([self.terminal.master], [], [], 0.2)[0]:
            os.read(self.terminal.master, READ_BYTES)


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[Seen]:
    seeded(tmp_path)
    kiosk = Seen(tmp_path)
    yield kiosk
    kiosk.process.kill()
    kiosk.process.wait()
    kiosk.terminal.close()


def test_told_its_size_again_it_draws_all_of_itself(seen: Seen) -> None:
    seen.until("Scan your badge.")
    seen.settle()
    seen.terminal.repaint()
    drawn = seen.until("Scan your badge.")
    for part in ("BAKE-1", "Nobody is signed in", "DONE OF PLANNED", "Butter croissant"):
        assert part in drawn
