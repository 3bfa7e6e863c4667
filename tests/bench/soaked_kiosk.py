"""The kiosk that the soak looks into: the product's, and at SIGUSR1 it writes what it holds.

`python -m tests.bench.soaked_kiosk FILE run --data DIR`. A line of JSON a signal goes to FILE.
"""

import argparse
import asyncio
import gc
import json
import os
import signal
import sys
import threading
from pathlib import Path

from kiosk.app import KioskApp
from kiosk.clock import Clock
from kiosk.config import Config
from kiosk.observer import Observer
from kiosk.run import add_options, add_place, run


class SoakedApp(KioskApp):
    """Tells what it holds."""

    told = Path("/nowhere")

    async def on_mount(self) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._tell)

    def _tell(self) -> None:
        gc.collect()
        held = {
            "objects": len(gc.get_objects()) + gc.get_freeze_count(),
            "threads": threading.active_count(),
            "files": len(list(Path("/proc/self/fd").iterdir())),
            "rss_kib": _rss_kib(),
        }
        with self.told.open("a", encoding="utf-8") as file:
            file.write(json.dumps(held) + "\n")
            file.flush()


def _rss_kib() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def make(config: Config, *, clock: Clock, observer: Observer | None) -> SoakedApp:
    return SoakedApp(config, clock=clock, observer=observer)


def main() -> int:
    SoakedApp.told = Path(sys.argv[1])
    parser = argparse.ArgumentParser()
    add_place(parser)
    add_options(parser)
    return run(parser.parse_args(sys.argv[3:]), make)


if __name__ == "__main__":
    sys.exit(main())
