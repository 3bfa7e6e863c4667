"""What systemd hears of a kiosk: over a real socket, of a real process."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.scanners import ReconnectingScanner, SourceState
from kiosk.watchdog import LATE_SECONDS_MAX, Watchdog, late_ones
from sync.pulse import Pulse
from tests.bench import plant
from tests.kiosk.terminals import Terminal, badge, running, seeded

START_SECONDS_MAX = 60.0


class Manager:
    """The end of the socket at which systemd sits."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))

    def heard(self, seconds: float = 0.0) -> str:
        """The next datagram, or "" if none comes in time."""
        self._socket.settimeout(seconds or 0.001)
        try:
            return self._socket.recv(4_096).decode()
        except TimeoutError:
            return ""

    def environment(self, watchdog_seconds: float) -> dict[str, str]:
        microseconds = str(int(watchdog_seconds * 1_000_000))
        return {"NOTIFY_SOCKET": str(self.path), "WATCHDOG_USEC": microseconds}

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(tmp_path)
    yield made
    made.close()


class Hand:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Stuck(ReconnectingScanner):
    """A driver whose device never answers its opening: the thread hangs in it."""

    def _session(self) -> None:
        self._report(up=True)
        self.pulse.tick()
        self._stopped.wait()


def test_it_is_fed_four_times_a_period_while_all_live(manager: Manager) -> None:
    clock = Hand()
    pulse = Pulse(clock)
    watchdog = Watchdog(manager.environment(16), clock)
    watchdog.ready()
    told = []
    for _ in range(9):
        pulse.tick()
        assert watchdog.look({"left": pulse})
        clock.now += 1
    watchdog.stopping()
    while one := manager.heard():
        told.append(one.splitlines()[0])
    assert told == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]


def test_who_is_silent_too_long_is_named_and_nothing_is_fed(manager: Manager) -> None:
    clock = Hand()
    left, server, ended = Pulse(clock), Pulse(clock), Pulse(clock)
    pulses = {"left": left, "sync-feed": server, "token": ended}
    watchdog = Watchdog(manager.environment(4), clock)
    left.tick()
    server.tick(wait_seconds=35)
    ended.tick()
    ended.rest()
    clock.now += LATE_SECONDS_MAX
    assert watchdog.look(pulses)
    assert manager.heard() == "WATCHDOG=1"
    clock.now += 1
    assert not watchdog.look(pulses)
    assert manager.heard() == "STATUS=no sign of life: left"
    assert manager.heard() == ""
    left.tick()
    assert watchdog.look(pulses)
    assert manager.heard() == "STATUS=ready to scan"
    assert manager.heard() == "WATCHDOG=1"
    clock.now += 35
    assert late_ones(pulses) == "left, sync-feed"


@pytest.mark.parametrize(
    "environment",
    [{}, {"NOTIFY_SOCKET": "/there/is/none"}, {"WATCHDOG_USEC": "soon"}, {"NOTIFY_SOCKET": "@no"}],
)
def test_without_systemd_nothing_happens(environment: dict[str, str]) -> None:
    watchdog = Watchdog(environment)
    watchdog.ready()
    assert watchdog.look({})
    watchdog.stopping()


async def test_all_threads_of_a_terminal_give_their_sign(tmp_path: Path) -> None:
    scanner = Stuck("left")
    terminal = Terminal(seeded(tmp_path / "data"), online=True)
    async with running(terminal):
        scanner.start(lambda _: None)
        terminal.desk.scanners["left"] = scanner
        await terminal.settle()
        names = set(terminal.pulses())
        late = late_ones(terminal.pulses())
    assert names == {"inputs", "left", "journal", "sync-push", "sync-feed", "sync-upkeep"}
    assert late == ""


def test_a_driver_that_hangs_is_late_and_one_that_asks_is_not() -> None:
    heard: list[object] = []
    stuck = Stuck("left", pause=lambda _: False)
    clock = Hand()
    stuck.pulse = Pulse(clock)
    stuck.start(heard.append)
    end = time.monotonic() + 5
    while not heard and time.monotonic() < end:
        os.sched_yield()
    assert heard == [SourceState("left", up=True, why="")]
    clock.now += LATE_SECONDS_MAX + 1
    assert late_ones({"left": stuck.pulse}) == "left"
    stuck.stop()
    assert late_ones({"left": stuck.pulse}) == ""


async def test_a_terminal_with_a_scanner_that_hangs_is_fed_no_more(
    tmp_path: Path, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in manager.environment(0).items():
        monkeypatch.setenv(name, value)
    clock, stuck = Hand(), Stuck("left")
    stuck.pulse = Pulse(clock)
    terminal = Terminal(seeded(tmp_path / "data"))
    terminal._extra_scanners += (stuck,)
    async with running(terminal):
        await terminal.settle()
        assert manager.heard(5).startswith("READY=1")
        terminal._queue_tick()
        assert manager.heard(5) == "WATCHDOG=1"
        clock.now += LATE_SECONDS_MAX + 1
        while manager.heard():
            pass
        terminal._queue_tick()
        assert manager.heard(5) == "STATUS=no sign of life: left"
        terminal._queue_tick()
        assert manager.heard() == ""
        await terminal.scan(badge("anna"))  # what still works goes on until systemd acts
        assert terminal.band.key == "signed_in"


@pytest.mark.long
def test_a_real_kiosk_is_ready_fed_and_stops(tmp_path: Path, manager: Manager) -> None:
    plant.make(tmp_path / "station")
    command = [sys.executable, "-m", "kiosk", "run", "--headless", "--data"]
    with subprocess.Popen(
        [*command, str(tmp_path / "station")],
        env={**os.environ, **manager.environment(1)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as kiosk:
        try:
            assert manager.heard(START_SECONDS_MAX).startswith("READY=1\n")
            assert [manager.heard(5), manager.heard(5)] == ["WATCHDOG=1", "WATCHDOG=1"]
        finally:
            kiosk.terminate()
        said = [manager.heard(5) for _ in range(3)]
        assert kiosk.wait(10) == 0
    assert any(one.startswith("STOPPING=1") for one in said)
