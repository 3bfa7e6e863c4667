"""A station for proofs: a real kiosk on a cable and a terminal, whose every answer is written down.

A bag's lot is its own, so that a scan is known again in a band, in the journal and in the ledger:
claims are about single scans, not about sums.
"""

import fcntl
import json
import os
import re
import subprocess
import sys
import termios
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeVar

import pyte

from kiosk.clock import Clock
from kiosk.demo import audit
from kiosk.demo.factory import Station as Place
from kiosk.demo.observed import Json, Observed
from kiosk.demo.processes import Kiosk, Options, environment, module
from kiosk.demo.terminal import READ_BYTES, Relay, ScannerCable, Terminal
from kiosk.journal import Journal
from kiosk.station import new_id
from labels.codes import BadgeCode, Code, CommandCode, LotCode, OrderCode, encode
from sync.domain.shop import Shop

KILOGRAMS_A_LOT: Final = "0.5"
ANSWER_SECONDS: Final = 20.0
SYNC_SECONDS: Final = 60.0
TYPING_SECONDS: Final = 0.12
CABLE_SECONDS: Final = 0.05  # what is written to a pseudo-terminal comes out a moment later
POLL_SECONDS: Final = 0.02
BACKLOG: Final = 4
BACKLOG_SECONDS: Final = 0.02
DARK_SECONDS: Final = 0.1
BADGE: Final = BadgeCode("4402917386")
T = TypeVar("T")
_LOT: Final = re.compile(r"\bL-\d{6}\b")
# Asked or set by Textual, unknown to pyte, which would print their ends.
_PRIVATE: Final = re.compile(rb"\x1b\[[<>=?][0-9;]*(?:\$p|u|m|t|q|c)")


def sent(code: Code) -> bytes:
    """What a scanner puts on its cable for a code."""
    return f"]Q1{encode(code)}\r".encode()


@dataclass(frozen=True, slots=True)
class Job:
    """A released order, and the bags that nobody has scanned yet."""

    order: str
    product: str
    material: str
    material_name: str
    lots: Iterator[str]

    def bag(self) -> tuple[str, bytes]:
        """The next lot, and what a scanner sends for its label."""
        lot = next(self.lots, None)
        assert lot, f"{self.order} has too few lots for this test"
        amount = Decimal(KILOGRAMS_A_LOT)
        return lot, sent(LotCode(lot, self.material, amount=amount, unit="KGM"))


class Witness(Observed):
    """Every line that any process of a station told, and for each lot its first answer."""

    def __init__(self, path: Path) -> None:
        self.lines: list[Json] = []
        self.answers: dict[str, Json] = {}
        self._answered = threading.Condition()
        super().__init__(path)

    def accepted(self) -> set[str]:
        """The lots to which a band said ok."""
        with self._answered:
            return {lot for lot, band in self.answers.items() if band["kind"] == "ok"}

    def answer_to(self, lot: str, seconds: float) -> Json | None:
        """The band that named this lot, or None if it did not come in time."""
        with self._answered:
            self._answered.wait_for(lambda: lot in self.answers, seconds)
            return self.answers.get(lot)

    def _told(self, link: Any, line: Json) -> None:
        with self._answered:
            self.lines.append(line)
            for lot in _LOT.findall(str(line.get("what", ""))):
                self.answers.setdefault(lot, line)
            self._answered.notify_all()
        super()._told(link, line)


class Screens(Relay):
    """Reads every terminal, so that no kiosk waits, and keeps what each one drew."""

    def __init__(self) -> None:
        self._drawn: dict[int, list[bytes]] = {}
        super().__init__(visible=False)

    def watch(self, terminal: Terminal) -> None:
        """From now on a new process draws here: what the last one drew is forgotten."""
        self._drawn[terminal.master] = []

    def picture(self, terminal: Terminal) -> str:
        """The screen as a person sees it now."""
        columns, rows = terminal.size
        screen = pyte.Screen(columns, rows)
        pyte.ByteStream(screen).feed(_PRIVATE.sub(b"", b"".join(self._drawn[terminal.master])))
        return "\n".join(screen.display)

    def _from_program(self, terminal: Terminal) -> None:
        data = os.read(terminal.master, READ_BYTES)
        self._drawn.setdefault(terminal.master, []).append(data)


class Station(Kiosk):
    """A station with its witness; a journal, a cable and a screen of its own."""

    def __init__(self, place: Place, options: Options, screens: Screens, ledger: Path) -> None:
        super().__init__(place, options, screens)
        self.observed.close()
        self.observed = self.witness = Witness(self.observed.path)
        self.journal = self.data / "journal.db"
        self.is_plugged = True
        self._screens = screens
        self._ledger = ledger

    def start(self, seconds: float = ANSWER_SECONDS) -> None:
        """Start the kiosk; raises `Silence` if it has shown no band by then."""
        self._screens.watch(self.terminal)
        super().start(seconds)

    @property
    def pid(self) -> int:
        """The kiosk's process."""
        ready = [line for line in self.witness.lines if line.get("event") == "ready"]
        return int(ready[-1]["pid"])

    def scan(self, code: Code | bytes) -> Json:
        """One scan, and the band that answered it; raises `Silence`."""
        before = self.observed.scans
        self.cable.send(code if isinstance(code, bytes) else sent(code))
        return self.observed.answered(before + 1, ANSWER_SECONDS)

    def band_after(self, number: int) -> Json:
        """The band that followed band `number`."""
        return until(lambda: (band := self.observed.band)["band"] > number and band, "say more")

    def begin(self, order: str) -> None:
        """Sign in and open an order; again where the station has not heard of them yet."""
        until(lambda: self.takes(BADGE), "know Anna's badge")
        until(lambda: self.takes(OrderCode(order)), f"know {order}")

    def takes(self, code: Code) -> bool:
        """Whether a code is accepted; if not, it is cancelled."""
        if self.scan(code)["kind"] == "ok":
            return True
        self.scan(CommandCode("CANCEL"))
        return False

    def type_in(self, text: str) -> Json:
        """A hand types a line, slower than any scanner; the band that answers."""
        before = self.observed.scans
        for key in [*text, "\r"]:
            self.terminal.keys(key.encode())
            threading.Event().wait(TYPING_SECONDS)
        return self.observed.answered(before + 1, ANSWER_SECONDS)

    def stop(self) -> None:
        """End it as a service manager would."""
        super().stop()
        self.observed.forget()

    def unplug(self) -> None:
        """Pull the scanner's cable, once all that it sent was read."""
        time.sleep(CABLE_SECONDS)
        until(lambda: not unread(self.cable.link), "read its cable")
        self.cable.close()
        self.is_plugged = False

    def replug(self) -> None:
        """Plug a scanner in again: another device under the same name."""
        self.cable = ScannerCable(self.cable.link)
        self.is_plugged = True

    def close(self) -> None:
        if not self.is_plugged:
            self.replug()
        super().close()

    def screen(self) -> str:
        """What a person sees."""
        return self._screens.picture(self.terminal)

    def until_shown(self, text: str, seconds: float = ANSWER_SECONDS) -> str:
        """The screen that shows a text."""
        end = time.monotonic() + seconds
        while text not in (screen := self.screen()):
            assert time.monotonic() < end, f"{text!r} is not on the screen:\n{screen}"
            time.sleep(POLL_SECONDS)
        return screen

    def until_link(self, state: str, seconds: float = ANSWER_SECONDS) -> None:
        """Wait until the kiosk says that it is online, or offline; raises `Silence`."""
        self.observed.settled(lambda told: told.get("sync") == state, seconds, f"be {state}")

    def until_sent(self) -> None:
        """Wait until the ledger holds the journal, and the kiosk says that nothing waits."""
        until(lambda: self.compared().holds, "reach the ledger", SYNC_SECONDS)
        self.observed.settled(lambda told: told.get("waiting") == 0, SYNC_SECONDS, "have it told")
        self.until_link("online")

    def compared(self) -> audit.Comparison:
        """The journal held against the ledger."""
        return audit.compare([self.journal], self._ledger)

    def bodies(self, order: str) -> list[bytes]:
        """Every event of an order that the journal holds, born here or heard."""
        word = f'"order":"{order}"'.encode()
        return [body for body in audit.bodies(self.journal) if word in body]

    def ids(self, order: str) -> set[str]:
        """The ids of those events."""
        return {str(json.loads(body)["id"]) for body in self.bodies(order)}

    def events(self) -> int:
        """How many events were born here."""
        return len(audit.own_events(self.journal))

    def consumed(self) -> "Counter[str]":
        """How often each lot stands in the journal as consumed here."""
        return lots_consumed(body for *_, body in audit.own_events(self.journal))

    def command(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """A command of `kiosk` on this station's folder."""
        return kiosk(*words, "--data", str(self.data))

    def assert_sound(self) -> None:
        """Every digest, page and number of the journal of the stopped kiosk."""
        done = self.command("journal", "verify")
        assert done.returncode == 0, done.stderr

    def shop(self) -> Shop:
        """What the stopped station knows, folded from its journal."""
        journal = Journal.open(self.data, station=self.name, clock=Clock(), new_id=new_id)
        try:
            return journal.shop()
        finally:
            journal.close()


class Stream(threading.Thread):
    """An operator who goes on scanning, whatever happens: a new bag each time, `gap` seconds apart
    and never far ahead of the answers; slower while the screen is dark.
    """

    def __init__(self, station: Station, job: Job, *, gap: float = 0.0) -> None:
        super().__init__(name=f"scans {station.name}", daemon=True)
        self._station, self._job, self._gap = station, job, gap
        self._ended = threading.Event()
        self.sent: list[str] = []

    def run(self) -> None:
        while not self._ended.wait(self._gap):
            lot, label = self._job.bag()
            self._station.cable.send(label)
            self.sent.append(lot)
            if len(self.sent) > BACKLOG:
                patience = BACKLOG_SECONDS if self._station.observed.band else DARK_SECONDS
                self._station.witness.answer_to(self.sent[-BACKLOG], patience)

    def end(self) -> None:
        """Stop; the kiosk has to read its cable by now."""
        self._ended.set()
        self.join(ANSWER_SECONDS)
        assert not self.is_alive(), "nobody reads the cable"


def lots_consumed(bodies: Iterable[bytes]) -> "Counter[str]":
    """How often each lot was consumed, by the bytes of events."""
    events = (json.loads(body) for body in bodies if b'"MaterialConsumed"' in body)
    return Counter(event["lot"] for event in events)


def kiosk(*words: str) -> "subprocess.CompletedProcess[str]":
    """A command of `kiosk`, whatever its status."""
    return subprocess.run(
        module("kiosk", *words),
        capture_output=True,
        text=True,
        env=environment(),
        timeout=ANSWER_SECONDS * 3,
    )


def until(holds: Callable[[], T], what: str, seconds: float = ANSWER_SECONDS) -> T:
    """The first true value; fails after so long."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, f"it took more than {seconds:g} s to {what}"
        time.sleep(POLL_SECONDS)
    return found


def unread(device: Path) -> int:
    """How many bytes wait at a terminal for the program that reads it."""
    handle = os.open(device, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        answer = fcntl.ioctl(handle, termios.FIONREAD, b"\0" * 4)
    finally:
        os.close(handle)
    return int.from_bytes(answer, sys.byteorder)
