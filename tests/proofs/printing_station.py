"""A station that only makes labels: real journal, real spooler, a process of its own to be killed.

    python -m tests.proofs.printing_station FOLDER PORT make|finish

`make` books an output every few milliseconds until it is killed. `finish` books none, and ends
when no label waits.
"""

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from uuid_utils import uuid7

from kiosk.clock import Clock
from kiosk.config import PrinterConfig
from kiosk.journal import Journal
from kiosk.printing import Spooler
from kiosk.readers import PrintState
from sync.domain.events import Event, MaterialProduced, OrderReleased
from sync.domain.quantity import Quantity
from sync.domain.shop import Shop, absorb

STATION: Final = "PACK-1"
ORDER: Final = "B-1"
BOOKING_SECONDS: Final = 0.015
FINISH_SECONDS_MAX: Final = 60.0
QUIET_SECONDS: Final = 0.6
WAITING_MAX: Final = 4
R = TypeVar("R")


def opened(folder: Path) -> Journal:
    """The journal of the station."""
    return Journal.open(folder, station=STATION, clock=Clock(), new_id=lambda: str(uuid7()))


class Floor:
    """The shop behind a lock, as the app's loop guards it in a kiosk."""

    def __init__(self, folder: Path, port: int) -> None:
        self.journal = opened(folder)
        self.shop = self.journal.shop()
        self.waiting = 0
        self.heard_at = time.monotonic()
        self._lock = threading.Lock()
        printer = PrinterConfig("labels", f"tcp://127.0.0.1:{port}")
        self.spooler = Spooler(self.journal, self.ask, [printer], self.hear)

    def ask(self, question: Callable[[Shop], R]) -> R:
        with self._lock:
            return question(self.shop)

    def hear(self, state: PrintState) -> None:
        with self._lock:
            self.waiting, self.heard_at = state.queued, time.monotonic()
            for event in state.events:
                absorb(self.shop, event)

    def book(self, *events: Event) -> None:
        records = self.journal.append(events).result()
        with self._lock:
            for record in records:
                assert isinstance(record.event, Event)
                absorb(self.shop, record.event)
        self.spooler.wake()

    def make(self) -> None:
        """One more output, as a DONE books it."""
        number = self.ask(lambda shop: shop.labels_made(STATION)) + 1
        self.book(
            MaterialProduced(
                order=ORDER,
                operation="10",
                material="ROLL",
                lot=f"B-1-{number}",
                quantity=Quantity("10", "C62"),
                label=str(number),
                operator="anna",
            )
        )


def main() -> int:
    """Work as the command line says."""
    folder, port, what = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    floor = Floor(folder, port)
    floor.spooler.start()
    if ORDER not in floor.shop.orders:
        quantity = Quantity("1000", "C62")
        release = OrderReleased(
            order=ORDER, revision=1, material="ROLL", name="Roll", quantity=quantity
        )
        floor.book(release)
    print("READY", flush=True)
    while what == "make":
        if floor.waiting < WAITING_MAX:
            floor.make()
        time.sleep(BOOKING_SECONDS)
    end = time.monotonic() + FINISH_SECONDS_MAX
    while time.monotonic() < min(end, floor.heard_at + QUIET_SECONDS):
        time.sleep(BOOKING_SECONDS)
    floor.spooler.stop()
    floor.journal.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
