"""Scan to answer: from the carriage return to the last byte of the frame that shows the answer.

The kiosk with its journal (one flush a scan) on a pseudo-terminal of 120x40, scanned by a keyboard
wedge and by a serial line, in rounds that alternate with a bare Textual app that changes one text.
Its server is away, which is how a station must work. CPU is that of the whole process.
Goal: p50 at most 4 times the floor's, p99 at most 60 ms.
"""

import random
import statistics
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Final

from tests.bench import plant
from tests.bench.bare_app import READY
from tests.bench.gauge import (
    START_SECONDS_MAX,
    Cable,
    Screen,
    Size,
    cpu_seconds,
    load,
    median_of_ratios,
    milliseconds,
    now,
    percentile,
    python,
    result,
    say,
    size_asked,
)

ROUNDS: Final = {"small": 5, "full": 15}
SCANS_A_ROUND: Final = {"small": 20, "full": 40}
WARM_UP_SCANS: Final = 20
JOURNAL_EVENTS: Final = {"small": 2_000, "full": 50_000}
ANSWER_SECONDS_MAX: Final = 5.0
GAP_SECONDS: Final = (0.03, 0.08)


@dataclass(slots=True)
class Figures:
    """One way of scanning one program: seconds of every scan, CPU seconds a scan of each round."""

    walls: list[float] = field(default_factory=list)
    medians: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)

    def told(self) -> dict[str, float]:
        return {
            "p50_ms": milliseconds(statistics.median(self.walls)),
            "p99_ms": milliseconds(percentile(self.walls, 99)),
            "max_ms": milliseconds(max(self.walls)),
            "cpu_ms_a_scan": milliseconds(statistics.median(self.cpus)),
            "scans": len(self.walls),
        }


class Measured:
    """A program on its screen, with its two ways of scanning."""

    def __init__(self, screen: Screen, cable: Cable, code: Callable[[str], bytes]) -> None:
        self.screen = screen
        self.cable = cable
        self.ways = {"wedge": screen.send, "serial": cable.send}
        self.figures = {way: Figures() for way in self.ways}
        self._code = code
        self._dice = random.Random(3)

    def round(self, way: str, lots: Iterator[str], scans: int) -> None:
        """So many scans one after the other."""
        self.screen.quiet(0.1)
        cpu = cpu_seconds(self.screen.pid)
        walls = [self._scan(self.ways[way], next(lots)) for _ in range(scans)]
        figures = self.figures[way]
        figures.walls += walls
        figures.medians.append(statistics.median(walls))
        figures.cpus.append((cpu_seconds(self.screen.pid) - cpu) / scans)

    def warm_up(self, lots: Iterator[str]) -> None:
        """Scans that do not count."""
        for way in self.ways:
            self.round(way, lots, WARM_UP_SCANS)
        self.figures = {way: Figures() for way in self.ways}

    def close(self) -> None:
        self.screen.kill()
        self.cable.close()

    def _scan(self, send: Callable[[bytes], None], lot: str) -> float:
        self.screen.seen.clear()
        code = self._code(lot) + b"\r"
        began = now()
        send(code)
        seconds = self.screen.until(lot, ANSWER_SECONDS_MAX) - began
        self.screen.idle(self._dice.uniform(*GAP_SECONDS))
        return seconds


def start_kiosk(folder: Path, events: int) -> Measured:
    """The real kiosk, an operator signed in, the order open."""
    cable = Cable()
    plant.make(folder, events=events, serial=cable.device)
    screen = Screen(python("kiosk", "run", "--data", str(folder)))
    screen.until("signed in at", START_SECONDS_MAX)
    screen.quiet(0.5)
    for code, shown in ((plant.BADGE, "Anna Berg"), (plant.TRAVELLER, "Wheat flour")):
        screen.send(code + b"\r")
        screen.until(shown, ANSWER_SECONDS_MAX)
        screen.quiet(0.2)
    return Measured(screen, cable, plant.container)


def start_floor() -> Measured:
    """The bare app."""
    cable = Cable()
    screen = Screen(python("tests.bench.bare_app", "--serial", cable.device))
    screen.until(READY, START_SECONDS_MAX)
    screen.quiet(0.5)
    return Measured(screen, cable, str.encode)


def measure(size: Size, folder: Path) -> dict[str, object]:
    """Interleaved rounds of both programs and both ways."""
    kiosk, floor = start_kiosk(folder, JOURNAL_EVENTS[size]), start_floor()
    lots = cycle(plant.lots())
    try:
        for one in (kiosk, floor):
            one.warm_up(lots)
        for number in range(ROUNDS[size]):
            for way in kiosk.ways:
                for one in (kiosk, floor):
                    one.round(way, lots, SCANS_A_ROUND[size])
            say(f"round {number + 1} of {ROUNDS[size]}, load {load()}")
    finally:
        kiosk.close()
        floor.close()
    return {way: compared(kiosk.figures[way], floor.figures[way]) for way in kiosk.ways}


def compared(ours: Figures, floor: Figures) -> dict[str, object]:
    """Both, and the median of the rounds' ratios."""
    return {
        "kiosk": ours.told(),
        "floor": floor.told(),
        "p50_ratio": median_of_ratios(ours.medians, floor.medians),
        "cpu_ratio": round(sum(ours.cpus) / max(sum(floor.cpus), 1e-9), 3),
    }


def main() -> None:
    size, before = size_asked("scan_answer", str(__doc__)), load()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        figures = measure(size, Path(folder) / "station")
    result("scan_answer", size, before, journal_events=JOURNAL_EVENTS[size], **figures)


if __name__ == "__main__":
    main()
