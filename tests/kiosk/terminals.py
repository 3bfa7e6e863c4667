"""A terminal for tests: a real journal filled as a server would, real bytes, a clock that stands."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from textual.pilot import Pilot

from kiosk.app import KioskApp
from kiosk.clock import Clock
from kiosk.config import Config, StationConfig
from kiosk.journal import Journal
from kiosk.observer import Observer
from kiosk.readers import Reader
from kiosk.scanners.simulated import SimulatedScanner
from kiosk.station import Station, new_id
from labels.codes import (
    BadgeCode,
    Code,
    CommandCode,
    DigitCode,
    LotCode,
    OrderCode,
    ReasonCode,
    encode,
)
from sync.domain.events import stamped
from sync.wire import FeedMark
from sync.wire import encode as body_of
from tests.kiosk.dialog.bakery import TODAY, office

BADGES = {"anna": "4402917386", "paul": "5820174463", "eva": "9914402758"}
SETTLE_SECONDS = 5.0


class StillClock(Clock):
    """Stands at ten o'clock unless it is moved."""

    def __init__(self) -> None:
        super().__init__()
        self.boot = "boot-of-a-test"
        self.wrong_seconds = 0.0  # what somebody set the wall clock ahead by

    def now(self) -> datetime:
        return TODAY + timedelta(hours=2, seconds=self.offset_seconds + self.wrong_seconds)

    def monotonic(self) -> float:
        return 5_000.0 + self.offset_seconds


class Watched(KioskApp):
    """An app of which a test knows when all is handled and drawn, and what its zones show."""

    async def settle(self) -> None:
        """Until every input is handled and drawn."""
        await asyncio.wait_for(self._settled(), SETTLE_SECONDS)

    async def _settled(self) -> None:
        for _ in range(2):
            await self.handled()
            drawn = asyncio.Event()
            self.call_after_refresh(drawn.set)
            await drawn.wait()

    async def handled(self) -> None:
        """Until all that was posted by now went through the line of inputs."""
        reached = asyncio.Event()

        async def reach() -> None:
            reached.set()

        self.call_later(lambda: self._inputs.put(reach))
        await reached.wait()

    def zone(self, name: str) -> str:
        """What a zone shows, as text."""
        return str(self.query_one(f"#{name}").render())


class Terminal(Watched):
    """The product's app with a simulated scanner and, unless `online`, without a server."""

    def __init__(
        self, config: Config, *, online: bool = False, observer: Observer | None = None
    ) -> None:
        self.scanner = SimulatedScanner("hand")
        self.still = StillClock()
        super().__init__(config, clock=self.still, observer=observer, extra_scanners=[self.scanner])
        self.online = online

    def make_readers(self, station: Station) -> list[Reader]:
        if self.online:
            return super().make_readers(station)
        station.time.heard(self.still.now().isoformat(), 0.01)  # as an answer before the history
        return []

    async def scan(self, code: Code | bytes, *, after: float = 2.0) -> None:
        """One scan as bytes, `after` seconds on the clock; returns when it is answered."""
        self.still.advance(after)
        raw = code if isinstance(code, bytes) else f"]Q1{encode(code)}\r".encode()
        self.scanner.feed(raw)
        await self.settle()


def seeded(data: Path) -> Config:
    """An enrolled station's folder with the bakery in its journal."""
    journal = Journal.open(data, station="BAKE-1", clock=StillClock(), new_id=new_id)
    bodies = [
        body_of(stamped(event, id=f"0-{n:04}", n=n, station="office", at=TODAY.isoformat()))
        for n, event in enumerate(office(), 1)
    ]
    journal.absorb(bodies, FeedMark("i1", len(bodies), "00")).result(5)
    journal.close()
    (data / "station.token").write_text("secret\n")
    station = StationConfig("BAKE-1", ("MIX",), "http://127.0.0.1:9", data=str(data))
    return Config(data=data, station=station)


@asynccontextmanager
async def running(
    terminal: KioskApp, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[Pilot[int]]:
    """The app at work, headless."""
    async with terminal.run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot


def badge(person: str) -> BadgeCode:
    return BadgeCode(BADGES[person])


def order(number: str) -> OrderCode:
    return OrderCode(number)


def lot(name: str, material: str | None = None) -> LotCode:
    return LotCode(name, material)


def command(name: str) -> CommandCode:
    return CommandCode(name)


def number(text: str) -> Sequence[DigitCode]:
    return [DigitCode(sign) for sign in text]


def reason(name: str) -> ReasonCode:
    return ReasonCode(name)
