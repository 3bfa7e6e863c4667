"""The disk answers with errors, or late: what was told OK is there, once, and work goes on after."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import pytest

from kiosk.journal import audit
from kiosk.journal.files import JOURNAL_NAME, connect_reader
from tests.faults.recorded_station import READY, act
from tests.faults.stubborn_station import REFUSED
from tests.faults.trace import TRACER
from tests.missing import missing

ACTS: Final = 60
INJECTED: Final = [
    ("fdatasync", "error=EIO:when=3..4"),
    ("fdatasync", "error=EIO:when=5+5"),
    ("fdatasync", "error=EIO:when=12..30"),
    ("fdatasync", "error=ENOSPC:when=20..25"),
    ("pwrite64", "error=EIO:when=10..11"),
    ("pwrite64", "error=EIO:when=20+13"),
    ("pwrite64", "error=EIO:when=30..90"),
    ("pwrite64", "error=ENOSPC:when=30..130"),
    ("pwrite64", "error=ENOSPC:when=15+11"),
    ("pread64", "error=EIO:when=1+2"),
    ("fdatasync", "delay_enter=15ms:when=1+1"),
    ("fdatasync", "delay_exit=15ms:when=1+1"),
]
ATTACHED: Final = "attached"
STATION_SECONDS_MAX: Final = 30.0


def answers(folder: Path, call: str, fault: str) -> list[str]:
    """What a station told while the system answered its calls so; faults are counted by thread."""
    command = [sys.executable, "-m", "tests.faults.stubborn_station", str(folder), str(ACTS)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as station:
        assert station.stdout
        assert station.stdout.readline().strip() == READY
        with killed_late(station), injecting(station.pid, folder, call, fault):
            told, _ = station.communicate("\n", timeout=STATION_SECONDS_MAX)
        return told.splitlines()


@contextmanager
def killed_late(process: "subprocess.Popen[str]") -> Iterator[None]:
    """A process that hangs is ended, so that the test fails and does not wait for ever."""
    try:
        yield
    finally:
        process.kill()


@contextmanager
def injecting(process: int, folder: Path, call: str, fault: str) -> Iterator[None]:
    """Let the tracer answer one kind of call of all threads; it ends with the process."""
    assert TRACER
    command = [TRACER, "-f", "-e", f"trace={call}", "-e", f"inject={call}:{fault}"]
    command += ["-o", str(folder.parent / "calls"), "-p", str(process)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr
        assert ATTACHED in tracer.stderr.readline()
        try:
            yield
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.communicate(timeout=STATION_SECONDS_MAX)


def held(folder: Path) -> list[str]:
    with closing(connect_reader(folder / JOURNAL_NAME)) as connection:
        audit.verify(connection, folder)
        return [row[0] for row in connection.execute("SELECT id FROM place ORDER BY seq")]


def injected(folder: Path) -> int:
    """How many calls were answered by the injector."""
    calls = (folder.parent / "calls").read_text(encoding="utf-8")
    return calls.count("INJECTED") + calls.count("DELAYED")


def promised(lines: Sequence[str]) -> list[str]:
    return [name for line in lines if not line.startswith(REFUSED) for name in line.split()]


@pytest.mark.parametrize(("call", "fault"), INJECTED)
def test_every_promised_event_is_there_once(call: str, fault: str, tmp_path: Path) -> None:
    if not TRACER:
        missing("strace", "apt install strace")
    folder = tmp_path / "station"
    folder.mkdir()
    lines = answers(folder, call, fault)
    assert injected(folder) > 0
    assert len(lines) == ACTS
    found = held(folder)
    assert len(set(found)) == len(found)
    assert set(promised(lines)) <= set(found)
    refused = sum(line.startswith(REFUSED) for line in lines)
    most = len(promised(lines)) + refused * max(len(act(n)) for n in range(3))
    assert len(found) <= most, "an event that no act made"
