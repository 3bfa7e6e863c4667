"""The home of `kiosk setup`: scanners are chosen by a trial scan, printers by a test label, and
kiosk.toml is written. Questions and answers are lines; a scan counts only from its own device.
"""

import os
import queue
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from kiosk.config import CONFIG_NAME, Config, ConfigError, PrinterConfig, load
from kiosk.config_scanner import ScannerConfig
from kiosk.first_run import (
    SERIAL_NAMES,
    Candidate,
    Typing,
    candidates,
    free_name,
    printer_address,
    queues,
    with_sections,
)
from kiosk.run import Trouble
from kiosk.scanners import Delivery, Scan, Scanner, visible
from kiosk.scanners.drivers import make_scanner
from labels import render
from labels.primitives import LabelError
from labels.printers import PrinterError, discover, open_printer
from labels.proof import samples

TRIAL_SECONDS: Final = 60.0
OPEN_SECONDS_MAX: Final = 3.0
POLL_SECONDS: Final = 0.1
LPSTAT_SECONDS_MAX: Final = 5.0
LINE_BYTES_MAX: Final = 4_096
TEMPLATE: Final = "batch"
YES: Final = ("y", "yes")


class Person:
    """Who answers, line by line."""

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self._read = b""

    def ask(self, question: str) -> str:
        """The answer, without blanks at its ends; raises `Trouble` where nobody answers."""
        print(question, end=" ", flush=True)
        while (line := self.line(None)) is None:
            continue
        return line

    def line(self, seconds: float | None) -> str | None:
        """A line that was typed, if one comes in time; None: wait for ever."""
        if b"\n" not in self._read:
            if not select.select([self._descriptor], [], [], seconds)[0]:
                return None
            data = os.read(self._descriptor, LINE_BYTES_MAX)
            if not data:
                raise Trouble("nobody answers: run kiosk setup on a terminal; nothing was written")
            self._read += data
        whole, found, rest = self._read.partition(b"\n")
        if not found:
            return None
        self._read = rest
        return visible(whole.strip())


@dataclass(frozen=True, slots=True)
class Proved:
    """A trial scan, and the device from which it came."""

    candidate: Candidate
    scan: Scan
    scanner: Scanner


class Trial:
    """All devices that may be scanners, open at once: whichever is scanned with tells itself."""

    def __init__(self, tried: Sequence[Candidate]) -> None:
        self._heard: queue.SimpleQueue[Delivery] = queue.SimpleQueue()
        named = {f"device {n}": one for n, one in enumerate(tried, 1)}
        self._tried = named
        self._scanners = {
            name: make_scanner(replace(one.config, name=name)) for name, one in named.items()
        }

    def __enter__(self) -> Self:
        for scanner in self._scanners.values():
            scanner.start(self._heard.put)
        end = time.monotonic() + OPEN_SECONDS_MAX
        silent = set(self._scanners)
        while silent and time.monotonic() < end:  # a scan before its device is open is lost
            with suppress(queue.Empty):
                told = self._heard.get(timeout=POLL_SECONDS)
                silent.discard(told.source)
                self._say(told)
        return self

    def __exit__(self, *_: object) -> None:
        for scanner in self._scanners.values():
            scanner.stop()

    def scan(self, give_up: Callable[[float], bool]) -> Proved | None:
        """The first whole scan; None when it was given up, or nobody scanned for long."""
        end = time.monotonic() + TRIAL_SECONDS
        while time.monotonic() < end and not give_up(POLL_SECONDS):
            while not self._heard.empty():
                told = self._heard.get()
                if isinstance(told, Scan):
                    return Proved(self._tried[told.source], told, self._scanners[told.source])
                self._say(told)
        return None

    def _say(self, told: Delivery) -> None:
        why = getattr(told, "why", "")
        if why:
            print(f"  {self._tried[told.source].shown}: {why}")


def setup(config: Config, serial: Path = Path(SERIAL_NAMES), person: Person | None = None) -> Path:
    """Ask, try, write; the file that was written. Raises `Trouble`."""
    who = person or Person()
    scanners = choose_scanners(config, serial, who)
    printers = choose_printers(config, who)
    path = config.file or config.data / CONFIG_NAME
    if scanners or printers:
        write(path, config.data, scanners, printers)
        print(f"Written: {path}. A kiosk that runs takes it between two orders.")
    else:
        print(f"Nothing was chosen; {path} is as it was.")
    return path


def choose_scanners(config: Config, serial: Path, who: Person) -> list[ScannerConfig]:
    """Those that sent a trial scan."""
    chosen: list[ScannerConfig] = []
    while True:
        known = [*config.scanners, *chosen]
        names = [str(one) for one in serial.iterdir()] if serial.is_dir() else []
        tried = candidates(names, typing_devices(), known)
        for one in tried:
            print(f"  seen: {one.shown}")
        print("A scanner that types like a keyboard works without any setting.")
        if not tried:
            return chosen
        with Trial(tried) as trial:
            print("Scan any code with the scanner to be used; or press Enter to go on without.")
            proved = trial.scan(lambda seconds: gave_up(who, seconds))
            if proved is None:
                return chosen
            chosen.append(settle(proved, {one.label for one in known}, who))


def gave_up(who: Person, seconds: float) -> bool:
    """Whether a person pressed Enter; a line with a code in it came from a keyboard scanner."""
    line = who.line(seconds)
    if line:
        print(f"  {line}: typed by a keyboard scanner, which needs no setting.")
    return line == ""


def settle(proved: Proved, taken: set[str], who: Person) -> ScannerConfig:
    """Name the scanner that was scanned with, and hear whether it can beep our answer."""
    print(f"  {proved.candidate.shown} read {proved.scan.aim}{visible(proved.scan.payload)}")
    name = free_name(who.ask("Its name on the screen (Enter: scanner)?") or "scanner", taken)
    config = replace(proved.candidate.config, name=name)
    if config.feedback != "none":
        proved.scanner.answer("stop")
        if who.ask("Did it beep low just now (y/n)?").lower() not in YES:
            config = replace(config, feedback="none")
    return config


def typing_devices() -> list[Typing]:
    """The input devices that type, as far as this machine has any."""
    if sys.platform != "linux":
        return []
    from kiosk.scanners.input_device import Folders, input_devices

    found = input_devices(Folders())
    return [Typing(one.vendor, one.product, one.name) for one in found if one.types]


def choose_printers(config: Config, who: Person) -> list[PrinterConfig]:
    """Those whose test label a person saw."""
    seen = queues(lpstat())
    for name, url in seen:
        print(f"  seen: print queue {name}, {url}")
    network = {f"cups://{name}" for name, _ in seen}
    scanners = {f"serial://{one.port}" for one in config.scanners}
    for found in discover():
        if found.url not in network | scanners:
            print(f"  seen: {found.url}, {found.what}")
    chosen: list[PrinterConfig] = []
    while typed := who.ask("Address of the label printer (Enter: none, or no more)?"):
        taken = {one.name for one in (*config.printers, *chosen)}
        try:
            url = dict(seen).get(typed) or printer_address(typed)
            printer = PrinterConfig(free_name("labels", taken), url)
            print_test_label(printer)
        except (ValueError, PrinterError, LabelError) as fault:
            print(f"  {fault}")
            continue
        if who.ask("Did a label come out (y/n)?").lower() in YES:
            chosen.append(printer)
    return chosen


def lpstat() -> str:
    """What CUPS tells of its queues; "" where there is none."""
    if shutil.which("lpstat") is None:
        return ""
    try:
        told = subprocess.run(
            ["lpstat", "-v"],
            capture_output=True,
            text=True,
            check=False,
            timeout=LPSTAT_SECONDS_MAX,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return told.stdout


def print_test_label(printer: PrinterConfig) -> None:
    """One label with sample values; raises `PrinterError`, `LabelError`."""
    values = samples(render.load(TEMPLATE, printer.dpi))[-1]
    data = render.render(TEMPLATE, values, printer.language, printer.dpi, "test")
    open_printer(printer.url).send("test", data, printer.language)


def write(
    path: Path,
    data: Path,
    scanners: Sequence[ScannerConfig],
    printers: Sequence[PrinterConfig],
) -> None:
    """Put the sections behind what stands in the file, whole or not at all; raises `Trouble`.

    What was written is read before it counts, and belongs to whom the data folder belongs to.
    """
    fresh = path.with_name(path.name + ".new")
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        with fresh.open("w", encoding="utf-8") as file:
            file.write(with_sections(text, scanners, printers))
            file.flush()
            os.fsync(file.fileno())
        load(fresh, data)
        owner = data.stat()
        if os.geteuid() == 0:
            os.chown(fresh, owner.st_uid, owner.st_gid)
        fresh.replace(path)
    except ConfigError as fault:
        fresh.unlink(missing_ok=True)
        lines = "\n  ".join(fault.problems)
        raise Trouble(f"{path} is as it was, for this cannot be used:\n  {lines}") from None
    except OSError as fault:
        raise Trouble(f"{path}: {fault.strerror}: run it as the kiosk's user") from None
