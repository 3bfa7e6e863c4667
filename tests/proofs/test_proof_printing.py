"""A station is killed in the middle of printing: no label is lost, none comes twice unmarked."""

import random
import re
import socketserver
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from sync.domain.events import Event, LabelDoubted, LabelPrinted, MaterialProduced
from sync.domain.label_jobs import came_not, came_out, doubts
from tests.proofs.printing_station import STATION, opened

ROOT: Final = Path(__file__).parents[2]
READ_BYTES: Final = 300
READ_SECONDS: Final = 0.002  # a printer takes its time
IDLE_SECONDS_MAX: Final = 20.0
LIFE_SECONDS_MAX: Final = 0.3
FINISHED_SECONDS_MAX: Final = 120.0
_JOB: Final = re.compile(rb"\^FXjob ([^\^]*)\^FS")


@dataclass(slots=True)
class Tray:
    """What came out: (job, whether it bears the mark of a copy), and jobs of which a byte came."""

    out: list[tuple[str, bool]] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)

    def take(self, data: bytes) -> None:
        """The bytes of one connection; a label that is not whole does not come out."""
        job = _JOB.search(data)
        if job is not None:
            self.begun.add(job.group(1).decode())
            if data.rstrip().endswith(b"^XZ"):
                self.out.append((job.group(1).decode(), b"COPY" in data))


class _Session(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.settimeout(IDLE_SECONDS_MAX)
        data = b""
        try:
            while part := self.request.recv(READ_BYTES):
                data += part
                time.sleep(READ_SECONDS)
        except OSError:
            data += b"broken off"
        self.server.tray.take(data)  # type: ignore[attr-defined]


class SlowPrinter(socketserver.ThreadingTCPServer):
    """A real port; what a killed station had sent before still arrives, as on any network."""

    daemon_threads = True

    def __init__(self) -> None:
        self.tray = Tray()
        super().__init__(("127.0.0.1", 0), _Session)


@pytest.fixture
def printer() -> Iterator[SlowPrinter]:
    with SlowPrinter() as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def started(folder: Path, printer: SlowPrinter, what: str) -> "subprocess.Popen[bytes]":
    port = str(printer.server_address[1])
    command = [sys.executable, "-m", "tests.proofs.printing_station", str(folder), port, what]
    station = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert station.stdout is not None
    assert station.stdout.readline() == b"READY\n"
    return station


def killed(folder: Path, printer: SlowPrinter, seconds: float) -> None:
    with started(folder, printer, "make") as station:
        threading.Event().wait(seconds)
        station.kill()


def answer_doubts(folder: Path, tray: Tray) -> int:
    """What a person says who looks at the printer; how many doubts were asked."""
    with closing(opened(folder)) as journal:
        asked = doubts(journal.shop(), STATION)
        out = {job for job, _ in tray.out}
        for doubt in asked:
            is_out = (doubt.request or doubt.of) in out
            journal.append([came_out(doubt) if is_out else came_not(doubt)]).result()
    return len(asked)


def facts(folder: Path) -> list[Event]:
    with closing(opened(folder)) as journal:
        return [one.event for _, one in journal.replay() if isinstance(one.event, Event)]


def prove(folder: Path, printer: SlowPrinter, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    asked = 0
    for _ in range(kills):
        killed(folder, printer, chance.uniform(0.0, LIFE_SECONDS_MAX))
        asked += answer_doubts(folder, printer.tray)
    for _ in range(2):  # the first run tells the last doubt, the second prints what was not there
        with started(folder, printer, "finish") as station:
            assert station.wait(FINISHED_SECONDS_MAX) == 0
        asked += answer_doubts(folder, printer.tray)
    told = facts(folder)
    labels = check(told, printer.tray)
    print(f"seed {seed}: {kills} kills, {labels} labels, {asked} doubts")
    assert asked == sum(isinstance(event, LabelDoubted) for event in told)
    assert asked >= kills // 5
    assert labels > kills


def check(told: list[Event], tray: Tray) -> int:
    """Nothing lost, nothing twice unmarked, every byte that left told of; how many labels."""
    settled = [event for event in told if isinstance(event, LabelPrinted | LabelDoubted)]
    of_job = {event.request or event.of: event.of for event in settled}
    assert tray.begun <= of_job.keys()
    came = Counter(of_job[job] for job, _ in tray.out)
    unmarked = Counter(of_job[job] for job, is_copy in tray.out if not is_copy)
    made = {event.id for event in told if isinstance(event, MaterialProduced)}
    assert made == came.keys()
    assert max(unmarked.values()) == 1
    jobs = Counter(job for job, _ in tray.out)
    assert max(jobs.values()) == 1
    return len(made)


def test_fifteen_kills_in_mid_print(tmp_path: Path, printer: SlowPrinter) -> None:
    prove(tmp_path, printer, kills=15, seed=2026)


@pytest.mark.long
def test_three_hundred_kills_in_mid_print(tmp_path: Path, printer: SlowPrinter) -> None:
    prove(tmp_path, printer, kills=300, seed=5)
