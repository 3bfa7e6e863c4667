"""The home of what links the app to threads: messages, and how scanners and readers are made."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, TypeVar

from textual.message import Message

from kiosk.dialog import drawing
from kiosk.scanners.drivers import make_scanner
from sync.domain.events import NumbersGranted
from sync.domain.logistic_unit import UNIT_KIND, units_granted, units_left
from sync.domain.numbers import counter_of
from sync.pulse import Pulse, Pulsing
from sync.told import StationTold, written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kiosk.config import Config
    from kiosk.drawings import Paper
    from kiosk.observer import Request
    from kiosk.printing import Spooler
    from kiosk.readers import PrintState, Reader, ShopAccess
    from kiosk.scanners import Scanner
    from kiosk.station import Station
    from sync.domain.shop import Shop
    from sync.exchange import SyncStatus
    from sync.wire import Recorded

R = TypeVar("R")
UNITS_WANTED: Final = 1_000


class FeedCame(Message, bubble=False):
    """The server fed events that are new here, and the journal has them."""

    def __init__(self, records: Sequence[Recorded]) -> None:
        self.records = records
        super().__init__()


class LinkChanged(Message, bubble=False):
    """The way to the server changed, or what waits for it."""

    def __init__(self, status: SyncStatus) -> None:
        self.status = status
        super().__init__()


class PrintChanged(Message, bubble=False):
    """A printer began, ended or doubted a label."""

    def __init__(self, state: PrintState) -> None:
        self.state = state
        super().__init__()


class DrawingsChanged(Message, bubble=False):
    """A drawing came, or was drawn into cells."""


class RequestCame(Message, bubble=False):
    """The observer asks for something."""

    def __init__(self, request: Request) -> None:
        self.request = request
        super().__init__()


class Granted:
    """The highest number granted to this station by kind, and how many it wants.

    Each push tells it, so that a restored server grants none of them again, and a new range comes
    before half of the last is used. The sync client's threads ask here and not the shop: a push
    does not wait for the app. As a reader it looks at the shop in the app's own thread.
    """

    def __init__(self, station: Station) -> None:
        self._station = station
        self._highest = station.shop.numbers_granted()
        self._looked: tuple[str, int, int] | None = None
        self._wanted: dict[str, int] = {}

    @property
    def pulses(self) -> Mapping[str, Pulse]:
        """It has no thread."""
        return {}

    def start(self) -> None:
        """Look for the first time."""
        self.wake()

    def stop(self) -> None:
        """Nothing to end."""

    def wake(self) -> None:
        """Something was appended: is half of the last range used, or has this origin none?"""
        shop, origin = self._station.shop, self._station.journal.origin
        looked = (origin, len(shop.unit_names), len(shop.numbers))
        if looked != self._looked:
            self._looked = looked
            is_low = units_left(shop, origin) * 2 <= units_granted(shop, origin)
            self._wanted = {UNIT_KIND: UNITS_WANTED} if is_low else {}

    def told(self) -> tuple[dict[str, int], dict[str, int]]:
        """Counter → the highest number granted, and kind → how many more are wanted."""
        return dict(self._highest), dict(self._wanted)

    def heard(self, records: Sequence[Recorded]) -> Sequence[Recorded]:
        """Take note of what was granted, and pass the records on."""
        for record in records:
            event = record.event
            if isinstance(event, NumbersGranted):
                counter = counter_of(event.kind, event.prefix)
                self._highest[counter] = max(event.last, self._highest.get(counter, 0))
                if event.origin == self._station.journal.origin:
                    self._wanted.pop(event.kind, None)  # folded soon; then it is looked at again
        return records


def make_scanners(config: Config) -> list[Scanner]:
    """The scanners of the configuration; the keyboard is the terminal's driver."""
    return [make_scanner(one) for one in config.scanners]


def pulses_of(drivers: Mapping[str, object], station: Station | None) -> dict[str, Pulse]:
    """The signs of life of the drivers that work in threads, and of what a station works with."""
    found = {name: one.pulse for name, one in drivers.items() if isinstance(one, Pulsing)}
    if station is not None:
        found["journal"] = station.journal.pulse
        for reader in station.readers:
            found |= reader.pulses
    return found


def make_readers(
    station: Station,
    post: Callable[[Message], None],
    shop: ShopAccess,
) -> list[Reader]:
    """What reads the journal beside the screen: sync client, token, numbers, spooler."""
    from kiosk.drawings.keeper import DrawingKeeper
    from kiosk.tokens import TokenKeeper
    from sync.client import SyncClient

    config = station.config
    granted = Granted(station)
    keeper = TokenKeeper(config.data, config.station.server, pin=config.pin)
    printing = make_spooler(station, post, shop)
    client = SyncClient(
        config.station.server,
        keeper,
        station.journal,
        lambda status: post(LinkChanged(status)),
        lambda records: post(FeedCame(granted.heard(records))),
        public_key=config.public_key,
        pin=config.pin,
        now=station.time.time,
        on_time=station.time.heard,
        numbers=granted.told,
        about=lambda: about(printing),
    )
    for spooler in printing:
        spooler.on_told(client.tell)
    drawings = DrawingKeeper(
        config.data,
        config.station.server,
        keeper,
        shop,
        lambda: post(DrawingsChanged()),
        pin=config.pin,
        now=station.time.time,
    )
    return [client, keeper, granted, *printing, drawings]


def about(printing: Sequence[Spooler]) -> bytes:
    """What the station tells of itself with a push: its program, and how its printers are."""
    printers = tuple(one for spooler in printing for one in spooler.told)
    return written(StationTold(version("floor-kiosk"), printers))


def make_spooler(
    station: Station, post: Callable[[Message], None], shop: ShopAccess
) -> list[Spooler]:
    """What prints, where the station has a printer."""
    from kiosk.printing import Spooler

    printers, time_of = station.config.printers, station.time.time_of
    if not printers:
        return []
    return [
        Spooler(station.journal, shop, printers, lambda state: post(PrintChanged(state)), time_of)
    ]


def paper_of(station: Station | None, *, console: bool) -> Paper | None:
    """The drawing of the current operation, while it is looked at."""
    if station is None or station.dialog.body != drawing.DRAWING:
        return None
    from kiosk.drawings import Paper
    from kiosk.drawings.keeper import DrawingKeeper

    operation = drawing.operation_of(station.dialog, station.shop)
    written = operation.drawing.strip() if operation is not None else ""
    for reader in station.readers:
        if isinstance(reader, DrawingKeeper):
            return reader.paper(written, console=console)
    return Paper(written, why="waits") if written else None


def shop_access(station: Station) -> ShopAccess:
    """Ask the shop from another thread; the question runs between two inputs of the app's loop."""
    loop = asyncio.get_running_loop()

    def ask(question: Callable[[Shop], R]) -> R:
        answer: Future[R] = Future()

        def run() -> None:
            try:
                answer.set_result(question(station.shop))
            except BaseException as fault:
                answer.set_exception(fault)

        loop.call_soon_threadsafe(run)
        return answer.result()

    return ask
