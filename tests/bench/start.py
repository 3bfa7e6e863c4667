"""Start to ready: from exec to the first whole frame that says what to scan.

The kiosk with a journal of many events and its folded image, in rounds that alternate with an empty
Textual app; and the kiosk without the image, which folds the whole journal. CPU is that of the
process up to that frame. Goals: with the image at most 2.5 times the empty app, the fold at most
1.5 s.
"""

import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kiosk.journal.image import IMAGE_NAME
from tests.bench import plant
from tests.bench.bare_app import READY
from tests.bench.gauge import (
    START_SECONDS_MAX,
    Screen,
    Size,
    cpu_seconds,
    load,
    median_of_ratios,
    milliseconds,
    python,
    result,
    say,
    size_asked,
)

EVENTS: Final = {"small": 5_000, "full": 50_000}
ROUNDS: Final = {"small": 5, "full": 11}
ROUNDS_WITHOUT_IMAGE: Final = {"small": 2, "full": 3}
KIOSK_SAYS: Final = "Nobody is signed in"


@dataclass(slots=True)
class Starts:
    """Seconds by the wall and of CPU, one of each a start."""

    walls: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)

    def add(self, command: list[str], says: str) -> None:
        """Start once."""
        screen = Screen(command)
        try:
            self.walls.append(screen.until(says, START_SECONDS_MAX) - screen.began)
            self.cpus.append(cpu_seconds(screen.pid))
        finally:
            screen.kill()

    def told(self) -> dict[str, float]:
        return {
            "median_ms": milliseconds(statistics.median(self.walls)),
            "least_ms": milliseconds(min(self.walls)),
            "cpu_ms": milliseconds(statistics.median(self.cpus)),
        }


def measure(size: Size, folder: Path) -> dict[str, object]:
    """All kinds of start."""
    plant.make(folder, events=EVENTS[size])
    command = python("kiosk", "run", "--data", str(folder))
    with_image, empty, without = Starts(), Starts(), Starts()
    Starts().add(command, KIOSK_SAYS)  # the first start writes caches of Python's own
    for number in range(ROUNDS[size]):
        with_image.add(command, KIOSK_SAYS)
        empty.add(python("tests.bench.bare_app"), READY)
        say(f"round {number + 1} of {ROUNDS[size]}, load {load()}")
    image_bytes = (folder / IMAGE_NAME).stat().st_size
    fold_seconds = _fold(folder)
    for _ in range(ROUNDS_WITHOUT_IMAGE[size]):
        (folder / IMAGE_NAME).unlink(missing_ok=True)
        without.add(command, KIOSK_SAYS)
    return {
        "events": EVENTS[size],
        "image_bytes": image_bytes,
        "kiosk": with_image.told(),
        "empty_app": empty.told(),
        "wall_ratio": median_of_ratios(with_image.walls, empty.walls),
        "cpu_ratio": median_of_ratios(with_image.cpus, empty.cpus),
        "kiosk_without_image": without.told(),
        "fold_cpu_ms": milliseconds(fold_seconds),
    }


def _fold(folder: Path) -> float:
    """CPU seconds to read and fold the whole journal, without a screen."""
    (folder / IMAGE_NAME).unlink()
    journal = plant.opened(folder)
    try:
        began = time.process_time()
        journal.folded()
        return time.process_time() - began
    finally:
        journal.close()


def main() -> None:
    size, before = size_asked("start", str(__doc__)), load()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        figures = measure(size, Path(folder) / "station")
    result("start", size, before, **figures)


if __name__ == "__main__":
    main()
