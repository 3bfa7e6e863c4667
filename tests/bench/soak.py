"""A kiosk for months, in short: what it holds after many scans, unplugs and resizes.

The real kiosk on a pseudo-terminal with its journal and a serial scanner; every scan is waited for
on the screen, and after each tenth of them every body is opened. Then its scanner is unplugged and
plugged in, each time proved by a scan; its terminal is resized as fast as it reads; and it is left
alone. Goals: objects at most +0.01 a scan in the second half, threads and files as at the start,
idle at most 0.5 % of a core.
"""

import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from itertools import count, cycle, islice
from pathlib import Path
from typing import Final

from kiosk.demo.terminal import ScannerCable
from labels.codes import CommandCode, LotCode, encode
from tests.bench import plant
from tests.bench.gauge import (
    START_SECONDS_MAX,
    BenchError,
    Screen,
    Size,
    cpu_seconds,
    goal,
    load,
    python,
    result,
    say,
    size_asked,
)

SCANS: Final = {"small": 4_000, "full": 20_000}
UNPLUGS: Final = {"small": 20, "full": 200}
RESIZES: Final = {"small": 200, "full": 2_000}
IDLE_SECONDS: Final = {"small": 10.0, "full": 60.0}
LOOKS: Final = 10
ANSWER_SECONDS_MAX: Final = 10.0
BODIES: Final = ("HELP", "QUEUE", "OUTBOX", "DRAWING", "DOCTOR", "HANDOVER", "PRINT")
SIZES: Final = ((80, 24), (240, 67), (120, 40))
GRAMS: Final = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class Held:
    """What the process holds: objects that the collector knows, threads, open files, memory."""

    objects: int
    threads: int
    files: int
    rss_kib: int


class Soaked:
    """The kiosk at work."""

    def __init__(self, folder: Path) -> None:
        self._told, self._link = folder / "held", folder / "scanner"
        self._told.touch()
        data = folder / "station"
        self._cable = ScannerCable(self._link)
        plant.make(data, events=2_000, serial=str(self._link))
        module = python("tests.bench.soaked_kiosk", str(self._told), "run")
        self.screen = Screen([*module, "--data", str(data)])
        self.screen.until("signed in at", START_SECONDS_MAX)
        self._lots = self._containers()
        for code, shown in ((plant.BADGE, "Anna Berg"), (plant.TRAVELLER, "Wheat flour")):
            self.screen.quiet(0.5)
            self._cable.send(code + b"\r")
            self.screen.until(shown, ANSWER_SECONDS_MAX)

    def scan(self, seconds: float = ANSWER_SECONDS_MAX) -> None:
        """One container, until the screen names it; raises `BenchError`."""
        lot, code = next(self._lots)
        self.screen.seen.clear()
        self._cable.send(code)
        self.screen.until(lot, seconds)

    def open_every_body(self) -> None:
        """Each body in turn, back to the order by CANCEL."""
        for name in BODIES:
            for command in (name, "CANCEL"):
                self._cable.send(f"]Q1{encode(CommandCode(command))}\r".encode())
                self.screen.quiet(0.3)
        self.screen.idle(2.0)
        self.scan()

    def unplug(self) -> None:
        """Pull the scanner, plug it in, and scan until it answers."""
        self._cable.close()
        self.screen.idle(0.05)
        self._cable = ScannerCable(self._link)
        end = time.monotonic() + ANSWER_SECONDS_MAX
        while True:
            try:
                return self.scan(0.4)
            except BenchError:
                if time.monotonic() > end:
                    raise

    def resize(self, times: int) -> None:
        """So many sizes in turn, and the usual one at the end."""
        for size in islice(cycle(SIZES), times):
            self.screen.resize(*size)
            self.screen.read(0.002)
        self.screen.resize(120, 40)
        self.screen.quiet(1.0, limit=60.0)
        self.scan()

    def idle(self, seconds: float) -> float:
        """The share of a core that it takes when nobody does anything, in percent."""
        self.screen.quiet(1.5, limit=3.0)
        before = cpu_seconds(self.screen.pid)
        self.screen.idle(seconds)
        return (cpu_seconds(self.screen.pid) - before) / seconds * 100

    def held(self) -> Held:
        """What it holds now, after a collection."""
        self.screen.quiet(0.3)
        before = len(self._told.read_text(encoding="utf-8").splitlines())
        os.kill(self.screen.pid, signal.SIGUSR1)
        end = time.monotonic() + ANSWER_SECONDS_MAX
        while time.monotonic() < end:
            self.screen.idle(0.05)
            lines = self._told.read_text(encoding="utf-8").splitlines()
            if len(lines) > before:
                return Held(**json.loads(lines[-1]))
        raise BenchError("the kiosk did not tell what it holds")

    def close(self) -> None:
        self.screen.kill()
        self._cable.close()

    def _containers(self) -> Iterator[tuple[str, bytes]]:
        """Labels that differ each time, so that none counts as stutter of the last."""
        for number, lot in zip(count(), cycle(plant.lots())):
            amount = Decimal("0.5") + GRAMS * (number // plant.LOTS % 400)
            code = LotCode(lot, "WHEAT", amount=amount, unit="KGM")
            yield lot, f"]Q1{encode(code)}\r".encode()


def measure(size: Size, folder: Path) -> dict[str, object]:
    """All of it, one after the other."""
    kiosk = Soaked(folder)
    try:
        kiosk.open_every_body()
        looks = _scanned(kiosk, SCANS[size])
        for _ in range(UNPLUGS[size]):
            kiosk.unplug()
        unplugged = kiosk.held()
        say(f"{UNPLUGS[size]} unplugs: {unplugged}")
        kiosk.resize(RESIZES[size])
        resized = kiosk.held()
        say(f"{RESIZES[size]} resizes: {resized}")
        idle = kiosk.idle(IDLE_SECONDS[size])
    finally:
        kiosk.close()
    return {
        "scans": SCANS[size],
        "start": asdict(looks[0]),
        "half": asdict(looks[LOOKS // 2]),
        "end": asdict(looks[-1]),
        "after_unplugs": {"unplugs": UNPLUGS[size], **asdict(unplugged)},
        "after_resizes": {"resizes": RESIZES[size], **asdict(resized)},
        "goals": _goals(looks, resized, SCANS[size], idle),
    }


def _scanned(kiosk: Soaked, scans: int) -> list[Held]:
    """What it held at the start and after each tenth of the scans."""
    looks = [kiosk.held()]
    for part in range(LOOKS):
        for _ in range(scans // LOOKS):
            kiosk.scan()
        kiosk.open_every_body()
        looks.append(kiosk.held())
        say(f"{(part + 1) * scans // LOOKS} scans: {looks[-1]}, load {load()}")
    return looks


def _goals(looks: Sequence[Held], last: Held, scans: int, idle: float) -> list[dict[str, object]]:
    half, end = looks[LOOKS // 2], looks[-1]
    objects = (end.objects - half.objects) / (scans / 2)
    memory = (end.rss_kib - half.rss_kib) * 1024 / (scans / 2)
    return [
        goal("objects a scan, second half", objects, 0.01),
        goal("bytes of memory a scan, second half", memory, 200.0),
        goal("threads more than at the start", float(last.threads - looks[0].threads), 0.0),
        goal("files more than at the start", float(last.files - looks[0].files), 0.0),
        goal("percent of a core when idle", idle, 0.5),
    ]


def main() -> None:
    size, before = size_asked("soak", str(__doc__)), load()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        figures = measure(size, Path(folder))
    result("soak", size, before, **figures)


if __name__ == "__main__":
    main()
