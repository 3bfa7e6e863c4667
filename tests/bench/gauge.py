"""What the benches share: programs on pseudo-terminals, CPU time of processes, figures.

Standard library only: the harness runs on the cores that it measures.
"""

import argparse
import fcntl
import json
import math
import os
import pty
import re
import select
import signal
import statistics
import struct
import sys
import termios
import time
import tty
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal

REPOSITORY: Final = Path(__file__).parents[2]
COLUMNS, ROWS = 120, 40
START_SECONDS_MAX: Final = 60.0
READ_BYTES: Final = 65_536
TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")

_FRAME_END: Final = b"\x1b[?2026l"
_SEQUENCE: Final = re.compile(rb"\x1b(?:\[[0-9;:?<>=$ ]*[A-Za-z@`]|[()][A-Z0-9]|[=>78])")
_ASKED: Final = ((b"\x1b[?2026$p", b"\x1b[?2026;2$y"), (b"\x1b[6n", b"\x1b[1;1R"))
_OUTER: Final = ("TEXTUAL", "TMUX", "TERM", "COLORTERM", "COLUMNS", "LINES")

now = time.perf_counter
Size = Literal["small", "full"]


class BenchError(Exception):
    """A program that is measured did not do what was waited for; its last words are told."""


class MissingError(Exception):
    """A tool of this machine is not there: what needs it is left out of the table."""

    def __init__(self, tool: str, why: str) -> None:
        super().__init__(f"{tool}: {why}")
        self.tool = tool
        self.why = why


class Screen:
    """A program on a pseudo-terminal, of 120x40 unless told, that answers what it is asked."""

    def __init__(self, command: Sequence[str], *, columns: int = COLUMNS, rows: int = ROWS) -> None:
        self.seen = bytearray()
        self.bytes_out = 0
        environment = {k: v for k, v in os.environ.items() if not k.startswith(_OUTER)}
        environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        self.began = now()
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            _resize(0, columns, rows)
            os.chdir(REPOSITORY)
            os.execvpe(command[0], list(command), environment)
        _resize(self._master, columns, rows)

    def send(self, keys: bytes) -> None:
        """Type."""
        os.write(self._master, keys)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size, as a window does."""
        _resize(self._master, columns, rows)

    def until(self, text: str, seconds: float) -> float:
        """When the frame that shows `text` had come whole; raises `BenchError`."""
        wanted, end = text.encode(), now() + seconds
        while not self._shows(wanted):
            if now() > end or not self.read(end - now()):
                raise BenchError(f"{text!r} was not shown: {self.plain[-1_500:]!r}")
        return now()

    def read(self, seconds: float) -> bool:
        """Take what comes next; False if nothing came."""
        ready, _, _ = select.select([self._master], [], [], max(0.0, seconds))
        if not ready:
            return False
        try:
            data = os.read(self._master, READ_BYTES)
        except OSError:  # the program ended
            return False
        self.bytes_out += len(data)
        self.seen += data
        for asked, answer in _ASKED:
            if asked in data:
                self.send(answer)
        return bool(data)

    def quiet(self, seconds: float, limit: float = 5.0) -> None:
        """Read until nothing comes for so long, and forget all of it."""
        end = now() + limit
        while now() < end and self.read(seconds):
            pass
        self.seen.clear()

    def idle(self, seconds: float) -> None:
        """Let time go by, reading."""
        end = now() + seconds
        while (left := end - now()) > 0:
            self.read(left)

    @property
    def plain(self) -> str:
        """What came since it was last forgotten, without control sequences."""
        return _SEQUENCE.sub(b"", bytes(self.seen)).decode(errors="replace")

    def kill(self) -> None:
        """End it at once."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._master)

    def _shows(self, text: bytes) -> bool:
        """Whether the text stands in a frame whose end has come."""
        whole = bytes(self.seen)
        end = whole.rfind(_FRAME_END)
        shown = whole[:end] if end >= 0 else b""
        return text in shown or text in _SEQUENCE.sub(b"", shown)


class Cable:
    """A pseudo-terminal as a serial line: `device` is for the program, our end is read and sent."""

    def __init__(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.device = os.ttyname(self._slave)

    def send(self, data: bytes) -> None:
        """Put a scan on the line; what a scanner would be told is thrown away."""
        with suppress(BlockingIOError):
            os.read(self._master, READ_BYTES)
        os.write(self._master, data)

    def close(self) -> None:
        os.close(self._master)
        os.close(self._slave)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, all its threads, in steps of a clock tick."""
    return _cpu(Path(f"/proc/{pid}"))


def cpu_of_threads(pid: int) -> dict[int, float]:
    """The same for each thread that a process has now."""
    return {int(task.name): _cpu(task) for task in Path(f"/proc/{pid}/task").iterdir()}


def cpu_of_family(pid: int) -> float:
    """The same for a process and all that came of it, those that ended and were waited for too."""
    own = Path(f"/proc/{pid}")
    return sum(_cpu(folder, ended=folder == own) for folder in (own, *_children(pid)))


def _children(pid: int) -> list[Path]:
    found = (own / "children" for own in Path(f"/proc/{pid}/task").iterdir())
    return [Path("/proc", child) for file in found for child in file.read_text().split()]


def _cpu(folder: Path, *, ended: bool = False) -> float:
    """Seconds; with those of its ended children if asked."""
    try:
        fields = (folder / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except FileNotFoundError:  # a child that ended just now
        return 0.0
    return sum(map(int, fields[11 : 15 if ended else 13])) / TICKS_PER_SECOND


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(percent / 100 * len(ranked)) - 1)]


def milliseconds(seconds: float) -> float:
    return round(seconds * 1e3, 2)


def median_of_ratios(ours: Sequence[float], floors: Sequence[float]) -> float:
    """Ours by the floor's, round by round."""
    pairs = zip(ours, floors, strict=True)
    return round(statistics.median(our / floor for our, floor in pairs), 3)


def load() -> list[float]:
    """The machine's load of the last 1, 5 and 15 minutes: read figures with it."""
    return [round(one, 2) for one in os.getloadavg()]


def python(module: str, *words: str) -> list[str]:
    """The command that runs a module with this interpreter."""
    return [sys.executable, "-m", module, *words]


def size_asked(name: str, text: str) -> Size:
    """`--size small|full`; `--help` tells what is measured."""
    parser = argparse.ArgumentParser(
        prog=f"python -m tests.bench.{name}",
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--size",
        choices=("small", "full"),
        default="small",
        help="small: a quick look (default); full: the figures of record",
    )
    asked: Size = parser.parse_args().size
    return asked


def say(line: str) -> None:
    """Progress for people, apart from the result."""
    print(line, file=sys.stderr, flush=True)


def goal(said: str, figure: float | None, limit: float, *, least: bool = False) -> dict[str, Any]:
    """A goal and whether the figure meets it: at most the limit, or at least; None was not seen."""
    seen = figure is not None and not math.isnan(figure)
    met = (figure >= limit if least else figure <= limit) if seen and figure is not None else None
    shown = round(figure, 3) if seen and figure is not None else None
    return {"goal": said, "figure": shown, "limit": limit, "met": met}


def left_out(fault: MissingError, what: str) -> dict[str, str]:
    """What is not in the table, and why; told to people at once."""
    say(f"{what} is left out: {fault}")
    return {"what": what, "tool": fault.tool, "why": fault.why}


def result(bench: str, size: Size, load_before: list[float], **figures: object) -> None:
    """The last line: one JSON object."""
    loads = {"load_before": load_before, "load_after": load()}
    print(json.dumps({"bench": bench, "size": size, **figures, **loads}))


def _resize(terminal: int, columns: int = COLUMNS, rows: int = ROWS) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
