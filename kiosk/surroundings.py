"""The home of what surrounds the dialog: scanners, printers and the way to the server."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from kiosk.journal.ballast import Room
from kiosk.previews import Previews
from kiosk.readers import PrintState
from kiosk.scanners import SourceState
from kiosk.screens.around import ENGLISH, NO_READING, UNKNOWN, Around, Latency, Link
from kiosk.screens.text import hour_of
from kiosk.station import Station
from kiosk.texts.forms import Forms
from sync.domain.events import Event, EventReversed, LabelEvent
from sync.domain.label_jobs import doubts
from sync.exchange import SyncStatus
from sync.wire import Review

UNREAD: Final = "quarantine"


class Surroundings:
    """The latest word of every device and of the server."""

    def __init__(self, forms: Forms = ENGLISH, redraw: Callable[[], None] = lambda: None) -> None:
        self._previews = Previews(redraw)
        self.link = Link()
        self.latency: Latency | None = None
        self.doubts: tuple[str, ...] = ()
        self._heard_at: float | None = None
        self._minute = -1
        self._forms = forms
        self._sources: dict[str, SourceState] = {}
        self._printers: dict[str, PrintState] = {}
        self._label_waits: dict[str, str] = {}  # what the band told of already, by printer
        self._reviewed: dict[str, str] = {}

    @property
    def printers(self) -> tuple[PrintState, ...]:
        """Every printer."""
        return tuple(self._printers.values())

    def know_printers(self, names: Iterable[str]) -> None:
        """The printers of the configuration: they rest until they say something."""
        for name in names:
            self._printers.setdefault(name, PrintState(name, "idle"))

    def _heard_seconds(self, station: Station | None) -> float | None:
        """How long ago the server was heard; by a clock that nobody sets."""
        if station is None or self._heard_at is None:
            return None
        return max(0.0, station.clock.monotonic() - self._heard_at)

    def is_new_minute(self, now: datetime) -> bool:
        """Whether it is asked for the first time in this minute; only the head tells seconds."""
        before, self._minute = self._minute, now.minute
        return before != now.minute

    def source(self, state: SourceState) -> None:
        """A scanner came or went."""
        self._sources[state.source] = state

    def printer(self, state: PrintState) -> bool:
        """A printer said what it does; whether that is news: a label that waits is tried again.

        The events that it carried are folded elsewhere.
        """
        self._printers[state.printer] = replace(state, events=())
        again = self._label_waits.get(state.printer) == state.label
        if state.state == "waiting":
            self._label_waits[state.printer] = state.label
        elif state.state != "printing":
            self._label_waits.pop(state.printer, None)
            return True
        return not again

    def labels_told(self, station: Station, events: Iterable[Event] | None = None) -> None:
        """Something may have been told of labels: which are in doubt, and how one looks."""
        if events is None or any(isinstance(one, LabelEvent | EventReversed) for one in events):
            name = station.config.station.name
            self.doubts = tuple(one.label for one in doubts(station.shop, name))
        self._previews.look(station)

    def relink(self, status: SyncStatus, now: datetime, station: Station | None = None) -> bool:
        """Take the sync client's word; whether the server came or went with it."""
        before, told = self.link.state == "online", self.link.reviews
        online = status.state == "online"
        if online and station is not None:
            self._heard_at = station.clock.monotonic()
        self.link = Link(
            state=status.state.value,
            since=hour_of(status.since) if status.since else "",
            why=status.why,
            waiting=status.waiting,
            heard=hour_of(station.time.time() if station else now) if online else self.link.heard,
            counted=status.counted,
            reviews=reviews_of(status),
        )
        if station is not None and self.link.reviews != told:
            self._reviewed = reviewed(station, self.link.reviews)
        return before != online

    def link_now(self, station: Station | None) -> Link:
        """The way to the server, with what waits at this moment."""
        if station is None:
            return replace(self.link, waiting=0)
        journal = station.journal
        return replace(self.link, waiting=journal.waiting(), sent=journal.sent())

    def around(self, now: datetime, station: Station | None, rest: Sequence[str] = ()) -> Around:
        """What the screens need beside dialog and shop."""
        shows_events = station is not None and station.dialog.body in ("outbox", "prints")
        time = station.time if station else None
        return Around(
            now=time.time() if time else now,
            station=station.config.station.name if station else "",
            link=self.link_now(station),
            sources=tuple(self._sources.values()),
            printers=self.printers,
            unsent=station.unsent() if station and shows_events else (),
            latest=station.latest() if station and shows_events else (),
            reviewed=self._reviewed,
            rest=tuple(rest),
            is_enrolled=station is not None,
            clock=time.sign() if time else "",
            known=time.known if time else UNKNOWN,
            reading=time.reading if time else NO_READING,
            heard_seconds=self._heard_seconds(station),
            latency=self.latency,
            is_disk_low=station is not None and station.journal.room is not Room.AMPLE,
            forms=self._forms,
            doubts=self.doubts,
            preview=self._previews.lines,
        )


def reviews_of(status: SyncStatus) -> tuple[Review, ...]:
    """What needs review: told with its sentence, or so far only that it cannot be read."""
    told = {one.id for one in status.reviews}
    unread = (Review(one, UNREAD) for one in status.review if one not in told)
    return (*status.reviews, *unread)


def reviewed(station: Station, reviews: Sequence[Review]) -> dict[str, str]:
    """Order → why the first of its events needs review."""
    orders = station.orders_of({one.id for one in reviews})
    found: dict[str, str] = {}
    for one in reviews:
        if one.id in orders:
            found.setdefault(orders[one.id], one.text)
    return found
