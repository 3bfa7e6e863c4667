"""Scan to answer: from the carriage return to the last byte of the frame that shows the answer.

The kiosk with its journal (one flush a scan) on a pseudo-terminal, scanned by a keyboard wedge and
by a serial line, in rounds that alternate with a bare Textual app that changes one text and with a
raw loop that reads and writes; at 80x24, 120x40 and 240x67. Its server is away, which is how a
station must work. CPU is that of the whole process. Then a flood: 800 codes from both sources at
once, each of which the journal must hold once, and the scan after it answered.
Goal: p50 at most 4 times the bare app's, p99 at most 60 ms.
"""

import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from typing import Final

from kiosk.demo import audit
from labels.codes import LotCode, encode
from tests.bench import bare_app, bare_loop, plant
from tests.bench.gauge import (
    START_SECONDS_MAX,
    BenchError,
    Cable,
    Screen,
    Size,
    cpu_seconds,
    goal,
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

SIZES: Final = ((80, 24), (120, 40), (240, 67))
GOAL_SIZE: Final = (120, 40)
ROUNDS: Final = {"small": 5, "full": 15}
SCANS_A_ROUND: Final = {"small": 20, "full": 40}
WARM_UP_SCANS: Final = 20
JOURNAL_EVENTS: Final = {"small": 2_000, "full": 50_000}
ANSWER_SECONDS_MAX: Final = 5.0
FLOOD_CODES: Final = 400  # a source
FLOOD_GAP_SECONDS: Final = 0.004
FLOOD_SECONDS_MAX: Final = 60.0
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


def start_kiosk(folder: Path, events: int, place: tuple[int, int]) -> Measured:
    """The real kiosk, an operator signed in, the order open."""
    cable = Cable()
    plant.make(folder, events=events, serial=cable.device)
    columns, rows = place
    screen = Screen(python("kiosk", "run", "--data", str(folder)), columns=columns, rows=rows)
    screen.until("signed in at", START_SECONDS_MAX)
    screen.quiet(0.5)
    for code, shown in ((plant.BADGE, "Anna Berg"), (plant.TRAVELLER, "Wheat flour")):
        screen.send(code + b"\r")
        screen.until(shown, ANSWER_SECONDS_MAX)
        screen.quiet(0.2)
    return Measured(screen, cable, plant.container)


def start_floor(module: str, ready: str, place: tuple[int, int]) -> Measured:
    """A bare program."""
    cable = Cable()
    columns, rows = place
    command = python(module, "--serial", cable.device)
    screen = Screen(command, columns=columns, rows=rows)
    screen.until(ready, START_SECONDS_MAX)
    screen.quiet(0.5)
    return Measured(screen, cable, str.encode)


def measure(size: Size, folder: Path, place: tuple[int, int]) -> dict[str, object]:
    """Interleaved rounds of all programs and both ways, then the flood."""
    kiosk = start_kiosk(folder, JOURNAL_EVENTS[size], place)
    floor = start_floor("tests.bench.bare_app", bare_app.READY, place)
    raw = start_floor("tests.bench.bare_loop", bare_loop.READY, place)
    every, lots = (kiosk, floor, raw), cycle(plant.lots())
    try:
        for one in every:
            one.warm_up(lots)
        for number in range(ROUNDS[size]):
            for way in kiosk.ways:
                for one in every:
                    one.round(way, lots, SCANS_A_ROUND[size])
            say(f"{place}: round {number + 1} of {ROUNDS[size]}, load {load()}")
        flooded = flood(kiosk, folder) if place == GOAL_SIZE else {}
    finally:
        for one in every:
            one.close()
    ways = {way: compared(*(one.figures[way] for one in every)) for way in kiosk.ways}
    return {**ways, **({"flood": flooded} if flooded else {})}


def compared(ours: Figures, floor: Figures, raw: Figures) -> dict[str, object]:
    """All three, and the medians of the rounds' ratios."""
    return {
        "kiosk": ours.told(),
        "floor": floor.told(),
        "raw": raw.told(),
        "p50_ratio": median_of_ratios(ours.medians, floor.medians),
        "p50_ratio_to_raw": median_of_ratios(ours.medians, raw.medians),
        "cpu_ratio": round(sum(ours.cpus) / max(sum(floor.cpus), 1e-9), 3),
    }


def flood(kiosk: Measured, folder: Path) -> dict[str, float]:
    """Codes from both sources at once; raises `BenchError` if the journal lacks one."""
    before = len(audit.own_events(folder / "journal.db"))
    began = now()
    senders = [
        threading.Thread(target=_pour, args=(send, source), daemon=True)
        for source, send in enumerate(kiosk.ways.values())
    ]
    for one in senders:
        one.start()
    end = now() + FLOOD_SECONDS_MAX
    counted = 0
    while counted < len(senders) * FLOOD_CODES and now() < end:
        kiosk.screen.idle(0.2)
        counted = len(audit.own_events(folder / "journal.db")) - before
    seconds = now() - began
    if counted != len(senders) * FLOOD_CODES:
        raise BenchError(f"{counted} of {len(senders) * FLOOD_CODES} codes were counted")
    kept, kiosk.figures = kiosk.figures, {way: Figures() for way in kiosk.ways}
    kiosk.round("serial", cycle(reversed(plant.lots())), 1)
    following, kiosk.figures = kiosk.figures["serial"].walls[0], kept
    return {
        "codes": counted,
        "seconds": round(seconds, 2),
        "next_scan_ms": milliseconds(following),
    }


def _pour(send: Callable[[bytes], None], source: int) -> None:
    """Labels that all differ, as fast as a scanner sends."""
    for number, lot in zip(range(FLOOD_CODES), cycle(plant.lots())):
        amount = Decimal("0.001") * (1 + source * FLOOD_CODES + number)
        send(encode(LotCode(lot, "WHEAT", amount=amount, unit="KGM")).encode() + b"\r")
        time.sleep(FLOOD_GAP_SECONDS)


def goals(figures: dict[str, dict[str, object]]) -> list[dict[str, object]]:
    """The goals by the size of record."""
    told = []
    columns, rows = GOAL_SIZE
    for way in ("wedge", "serial"):
        one = figures[f"{columns}x{rows}"][way]
        assert isinstance(one, dict), "figures of a way"
        told += [
            goal(f"p50 by {way}, times the bare app", one["p50_ratio"], 4.0),
            goal(f"p99 by {way}, ms", one["kiosk"]["p99_ms"], 60.0),
        ]
    return told


def main() -> None:
    size, before = size_asked("scan_answer", str(__doc__)), load()
    figures = {}
    for columns, rows in SIZES:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            found = measure(size, Path(folder) / "station", (columns, rows))
            figures[f"{columns}x{rows}"] = found
    told = {"journal_events": JOURNAL_EVENTS[size], **figures, "goals": goals(figures)}
    result("scan_answer", size, before, **told)


if __name__ == "__main__":
    main()
