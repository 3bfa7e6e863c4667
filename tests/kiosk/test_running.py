"""A real kiosk on a real terminal over months: killed, resized, stopped, told to change."""

import os
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Final

import pyte
import pytest

from labels.codes import Code
from tests.bench.bare_app import READY
from tests.bench.gauge import Screen, python
from tests.kiosk.real_terminals import lasting, sent
from tests.kiosk.terminals import badge, command, lot, order
from tests.kiosk.test_watchdog import Manager

SECONDS_MAX: Final = 60.0
SIZES: Final = ((80, 24), (240, 67))
RESIZES: Final = 200
STARTS: Final = 3
RATIO_MAX: Final = 4.0
NOTE_READ: Final = "read the office's note"
IN_THE_ORDER: Final[tuple[Code, ...]] = (
    badge("anna"),
    order("B-1"),
    command("OK"),
    lot("W-204", "WHEAT"),
)


class Shown(Screen):
    """A program on a pseudo-terminal, read as a person reads it."""

    def __init__(self, words: list[str], **more: str) -> None:
        os.environ.update(more)
        try:
            super().__init__(words)
        finally:
            for name in more:
                del os.environ[name]

    def picture(self, size: tuple[int, int] = (120, 40)) -> str:
        """What stands on the screen, of all that came since it was last forgotten."""
        screen = pyte.Screen(*size)
        pyte.ByteStream(screen).feed(bytes(self.seen).replace(b"\x1b[?2026$p", b""))
        return "\n".join(screen.display)

    def wait(self, text: str, seconds: float = SECONDS_MAX) -> float:
        """Seconds until a picture of 120x40 shows the text."""
        return self.until(text, seconds) - self.began

    def is_alive(self) -> bool:
        return os.waitpid(self.pid, os.WNOHANG) == (0, 0)


Start = Callable[..., Shown]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts programs, and ends them after the test."""
    open_ones: list[Shown] = []

    def started(words: list[str], **more: str) -> Shown:
        open_ones.append(Shown(words, **more))
        return open_ones[-1]

    yield started
    for one in open_ones:
        if one.pid:
            one.kill()


def end(shown: Shown) -> None:
    """Pull its power."""
    shown.kill()
    shown.pid = 0


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """`kiosk run` of a fresh bakery."""
    data = tmp_path / "data"
    data.mkdir()
    lasting(data)
    return python("kiosk", "run", "--data", str(data))


def scan(shown: Shown, code: Code, says: str) -> None:
    shown.quiet(0.3)
    shown.send(sent(code))
    shown.until(says, SECONDS_MAX)


def test_a_killed_kiosk_is_back_in_its_order_and_step(start: Start, words: list[str]) -> None:
    first = start(words)
    first.wait("Nobody is signed in")
    for code, says in zip(IN_THE_ORDER, ("Anna", "B-1", NOTE_READ, "60 KG"), strict=True):
        scan(first, code, says)
    first.quiet(0.3)
    end(first)
    walls, floors = [], []
    for _ in range(STARTS):
        again = start(words)
        walls.append(again.wait("Scan Fresh yeast"))
        again.idle(0.2)
        seen = again.picture()
        end(again)
        bare = start(python("tests.bench.bare_app"))
        floors.append(bare.wait(READY))
        end(bare)
    assert "B-1" in seen
    assert "Anna Berg" in seen
    assert "60 KG" in seen
    assert "Scan Fresh yeast" in seen
    ratio = statistics.median(walls) / statistics.median(floors)
    print(f"ready after {min(walls):.2f} s, an empty app after {min(floors):.2f} s: {ratio:.2f}")
    assert ratio <= RATIO_MAX


def test_a_storm_of_resizes_ends_in_the_right_picture(start: Start, words: list[str]) -> None:
    kiosk = start(words)
    kiosk.wait("Nobody is signed in")
    for size in islice(cycle(SIZES), RESIZES):
        kiosk.resize(*size)
        kiosk.idle(0.005)
    for size in SIZES:
        kiosk.quiet(0.5)
        kiosk.resize(*size)
        kiosk.until("Nobody is signed in", SECONDS_MAX)
        kiosk.idle(0.5)
        shown = kiosk.picture(size).splitlines()
        assert len(shown) == size[1]
        assert "BAKE-1" in shown[0]
        assert any("Nobody is signed in" in row for row in shown)
    scan(kiosk, badge("anna"), "Anna Berg")
    assert kiosk.is_alive()


def test_a_scan_that_comes_while_it_is_suspended_is_answered(
    start: Start, words: list[str], tmp_path: Path
) -> None:
    manager = Manager(tmp_path)
    kiosk = start(words, **manager.environment(1))
    kiosk.wait("Nobody is signed in")
    assert manager.heard(SECONDS_MAX).startswith("READY=1")
    assert manager.heard(5) == "WATCHDOG=1"
    kiosk.quiet(0.3)
    os.kill(kiosk.pid, signal.SIGSTOP)
    while manager.heard(1.5):
        pass  # what was on its way
    kiosk.send(sent(badge("anna")))
    kiosk.idle(2.0)
    assert manager.heard() == ""
    os.kill(kiosk.pid, signal.SIGCONT)
    kiosk.until("Anna Berg", SECONDS_MAX)
    assert manager.heard(5) == "WATCHDOG=1"
    manager.close()


@pytest.mark.long
def test_a_changed_configuration_is_taken_between_orders_only(
    start: Start, words: list[str], tmp_path: Path
) -> None:
    manager, file = Manager(tmp_path), tmp_path / "data" / "kiosk.toml"
    good = file.read_text()
    kiosk = start(words, **manager.environment(0))
    kiosk.wait("Nobody is signed in")
    assert manager.heard(SECONDS_MAX).startswith("READY=1")
    replaced(file, good + "[wedge]\ngap_ms = 5\n")
    kiosk.until("so nothing is changed", SECONDS_MAX)
    replaced(file, good + "[wedge]\ngap_ms = 60\n")
    assert until_ready(kiosk, manager, 20)
    assert kiosk.is_alive()
    kiosk.until("Nobody is signed in", SECONDS_MAX)
    for code, says in zip(IN_THE_ORDER[:2], ("Anna", "B-1"), strict=True):
        scan(kiosk, code, says)
    replaced(file, good)
    assert not until_ready(kiosk, manager, 6)
    manager.close()


def until_ready(kiosk: Shown, manager: Manager, seconds: float) -> bool:
    """Whether the manager hears of another start in time."""
    end_at = time.monotonic() + seconds
    while time.monotonic() < end_at:
        kiosk.idle(0.2)
        while said := manager.heard():
            if said.startswith("READY=1"):
                return True
    return False


def replaced(file: Path, text: str) -> None:
    """Write a file as editors do."""
    fresh = file.with_suffix(".fresh")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)
