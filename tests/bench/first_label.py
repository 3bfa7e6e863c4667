"""First byte of a label after DONE: warm, and from the cold start of a process.

A real journal, a real spooler and a TCP printer that notes when the first byte of each connection
comes. Warm: acts one after the other in one process, each after the label before it is out; from
the moment before the act is appended to the first byte at the printer. Cold: a process of its own
is started on a journal with one label that waits; from its start to the first byte.
Goals: warm p99 at most 150 ms; cold at most 1.5 s.
"""

import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from queue import Queue
from typing import Final

from tests.bench.gauge import goal, load, milliseconds, percentile, python, result, say, size_asked
from tests.proofs.printing_station import Floor, opened

LABELS: Final = {"small": 200, "full": 2_000}
STARTS: Final = {"small": 5, "full": 20}
WARM_MAX_MS: Final = 150.0
COLD_MAX_MS: Final = 1_500.0
UNTIMED: Final = 5
READ_BYTES: Final = 65_536
ANSWER_SECONDS: Final = 30.0
ROOT: Final = Path(__file__).parents[2]


class _Session(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        part = self.request.recv(READ_BYTES)
        arrived = time.perf_counter()
        while part:
            part = self.request.recv(READ_BYTES)
        self.server.firsts.put(arrived)  # type: ignore[attr-defined]


class TimedPrinter(socketserver.ThreadingTCPServer):
    """Tells when the first byte of each label came, once all of it is there."""

    daemon_threads = True

    def __init__(self) -> None:
        self.firsts: Queue[float] = Queue()
        super().__init__(("127.0.0.1", 0), _Session)

    @property
    def port(self) -> int:
        return int(self.server_address[1])


def warm(printer: TimedPrinter, folder: Path, labels: int) -> list[float]:
    """Seconds of each label."""
    floor = Floor(folder, printer.port)
    floor.spooler.start()
    seconds = []
    for _ in range(labels + UNTIMED):
        began = time.perf_counter()
        floor.make()
        seconds.append(printer.firsts.get(timeout=ANSWER_SECONDS) - began)
    floor.spooler.stop()
    floor.journal.close()
    return seconds[UNTIMED:]


def cold(printer: TimedPrinter, folder: Path, starts: int) -> list[float]:
    """Seconds of each start."""
    floor = Floor(folder, printer.port)
    floor.spooler.start()
    floor.make()
    printer.firsts.get(timeout=ANSWER_SECONDS)
    floor.spooler.stop()
    seconds = []
    for _ in range(starts):
        floor.make()  # nothing prints it
        floor.journal.close()
        began = time.perf_counter()
        command = python("tests.proofs.printing_station", str(folder), str(printer.port), "finish")
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as station:
            seconds.append(printer.firsts.get(timeout=ANSWER_SECONDS) - began)
            station.wait(ANSWER_SECONDS)
        floor.journal = opened(folder)
    floor.journal.close()
    return seconds


def main() -> int:
    """Measure, and print the result as the last line."""
    size = size_asked("first_label", __doc__ or "")
    before = load()
    with tempfile.TemporaryDirectory() as folder, TimedPrinter() as printer:
        thread = threading.Thread(target=printer.serve_forever)
        thread.start()
        of_warm = warm(printer, Path(folder) / "warm", LABELS[size])
        say(f"warm: p50 {milliseconds(percentile(of_warm, 50))} ms")
        of_cold = cold(printer, Path(folder) / "cold", STARTS[size])
        printer.shutdown()
        thread.join()
    warm_p99, cold_p99 = milliseconds(percentile(of_warm, 99)), milliseconds(max(of_cold))
    result(
        "first_label",
        size,
        before,
        warm_ms={"p50": milliseconds(percentile(of_warm, 50)), "p99": warm_p99},
        cold_ms={"p50": milliseconds(percentile(of_cold, 50)), "max": cold_p99},
        goals=[
            goal("first byte after DONE, warm, p99 in ms", warm_p99, WARM_MAX_MS),
            goal("first byte from a cold start in ms", cold_p99, COLD_MAX_MS),
        ],
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
