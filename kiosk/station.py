"""The home of the station at work: journal, shop, dialog and readers, without a screen.

The shop and the dialog belong to the thread of the app's loop. A fact is folded only after the
journal has it on disk.
"""

import asyncio
import contextlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from uuid_utils import uuid7

from kiosk.clock import Clock
from kiosk.config import Config
from kiosk.dialog import (
    Dialog,
    Input,
    Moment,
    Notice,
    Tick,
    Turn,
    Typing,
    Workplace,
    advance,
    begin,
    kept,
    session_ended,
    settled,
)
from kiosk.journal import Journal, JournalError
from kiosk.readers import Reader
from kiosk.timekeeper import CLOCK_KEY, Timekeeper
from sync.domain.events import ClockJumped, Event, order_of
from sync.domain.events.packing import unpacked
from sync.domain.rules import SEVERITIES, Severity
from sync.domain.shop import Shop, absorb
from sync.wire import Recorded, Unknown

DIALOG_KEY: Final = "dialog"
UNSENT_SHOWN_MAX: Final = 40
IMAGE_EVENTS_MIN: Final = 500
FOLD_EVENTS_MAX: Final = 200


@dataclass(slots=True)
class Station:
    """An enrolled station. `reached` is the local up to which the shop is surely folded."""

    config: Config
    clock: Clock
    journal: Journal
    shop: Shop
    dialog: Dialog
    reached: int
    time: Timekeeper
    imaged: int = 0
    append_seconds: float | None = None  # of the last input; None: it wrote no act
    readers: list[Reader] = field(default_factory=list)
    _kept: bytes = b""

    @classmethod
    def open(cls, config: Config, clock: Clock) -> "Station":
        """Open the journal and take up where it was left; raises `JournalError`.

        Of a salvaged one the session is not taken up: whose badge it was may be among what is
        missing, and the screen asks for it. A badge would end the session otherwise.
        """
        journal = open_journal(config, clock)
        try:
            shop, reached = journal.folded()
            place = workplace(config, journal.origin)
            dialog = begin(place, shop, journal.kept(DIALOG_KEY))
            if journal.salvaged is not None:
                dialog = session_ended(dialog)
                journal.keep(DIALOG_KEY, kept(dialog))  # if the disk refuses, the next act tells
            time = Timekeeper(clock, journal.kept(CLOCK_KEY))
        except BaseException:
            journal.close()
            raise
        return cls(config, clock, journal, shop, dialog, reached, time, reached, _kept=kept(dialog))

    def moment(self) -> Moment:
        """Now, for the dialog."""
        clock = self.clock
        return Moment(clock.now(), clock.monotonic(), clock.boot, self.time.time())

    def rest(self) -> Notice:
        """What the band says when nothing happened last."""
        return settled(self.dialog, self.shop, self.moment())

    async def take(self, given: Input) -> Turn:
        """One input: the answer is given only after its act is on disk.

        Raises `JournalError`, and then nothing has changed.
        """
        await self._look_at_clock(given)
        self._know_origin()
        turn = advance(self.dialog, self.shop, given, self.moment())
        memory = kept(turn.dialog)
        self.append_seconds = None
        if turn.events:
            began = self.clock.monotonic()
            records = await asyncio.wrap_future(
                self.journal.append(turn.events, {DIALOG_KEY: memory})
            )
            self.append_seconds = self.clock.monotonic() - began
            self.fold(records)
            self.wake()
        elif memory != self._kept and not isinstance(given, Tick | Typing):
            await asyncio.wrap_future(self.journal.keep(DIALOG_KEY, memory))
        self._kept = memory
        self.dialog = turn.dialog
        return turn

    def _know_origin(self) -> None:
        """After a fork numbers are taken from what the new origin is granted."""
        place = self.dialog.workplace
        if place.origin != self.journal.origin:
            place = replace(place, origin=self.journal.origin)
            self.dialog = replace(self.dialog, workplace=place)

    async def _look_at_clock(self, given: Input) -> None:
        """A jump of the wall clock is on record before what follows it."""
        jump = self.time.look()
        if jump:
            event, memory = ClockJumped(seconds=jump), {CLOCK_KEY: self.time.memory()}
            try:
                records = await asyncio.wrap_future(self.journal.append([event], memory))
            except JournalError:
                if isinstance(given, Tick):
                    return  # found again at the next look: a clock alone alarms nobody
                raise
            self.time.accept()
            self.fold(records)
            self.wake()
        elif self.time.is_due():
            with contextlib.suppress(JournalError):  # the next start only knows less
                await asyncio.wrap_future(self.journal.keep(CLOCK_KEY, self.time.memory()))

    def fold(self, records: Iterable[Recorded | Event]) -> None:
        """Absorb what the journal has; known events have no effect."""
        for one in records:
            event = one.event if isinstance(one, Recorded) else one
            if not isinstance(event, Unknown):
                absorb(self.shop, event)

    def wake(self) -> None:
        """Tell every reader that there is something new."""
        for reader in self.readers:
            reader.wake()

    def start(self, readers: Sequence[Reader]) -> None:
        """Start what reads the journal beside the screen."""
        self.readers += readers
        for reader in readers:
            reader.start()

    def unsent(self) -> tuple[Event, ...]:
        """The oldest events that the server does not have."""
        waiting = self.journal.waiting_events(UNSENT_SHOWN_MAX)
        return tuple(one.event for one in waiting if not isinstance(one.event, Unknown))

    def latest(self) -> tuple[tuple[int, Event], ...]:
        """The newest own events that the server has, each with its seq, the newest first."""
        sent = self.journal.sent()
        latest = self.journal.latest_events(UNSENT_SHOWN_MAX)
        return tuple(
            (seq, one.event)
            for seq, one in reversed(latest)
            if seq <= sent and not isinstance(one.event, Unknown)
        )

    def orders_of(self, ids: Collection[str]) -> dict[str, str]:
        """Event → its order, of those of these events that tell of one."""
        found = {
            event_id: order_of(unpacked(act[event_id]))
            for act in self.shop.packed.values()
            for event_id in ids
            if event_id in act
        }
        return {event_id: order for event_id, order in found.items() if order}

    def save_image(self, *, events_min: int = IMAGE_EVENTS_MIN) -> bool:
        """At a quiet time: save the folded shop where that spares the next start some work.

        False where there is little to spare, or the disk refused.
        """
        if self.journal.local() - self.imaged < events_min:
            return False
        try:
            self.reached = self.journal.fold(self.shop, self.reached)
        except JournalError:  # the next act tells of it; an image is only a cache
            return False
        self.imaged = self.reached
        return self.journal.save_image(self.shop, self.reached)

    def stop(self) -> None:
        """Stop the readers; may wait for their threads, which may ask for the shop."""
        for reader in self.readers:
            reader.stop()
        self.readers.clear()

    def close(self) -> None:
        """Save the image and give the journal back, after `stop`."""
        try:
            self.save_image(events_min=1)
        finally:
            self.journal.close()


def open_journal(config: Config, clock: Clock) -> Journal:
    """The journal of the data folder; raises `JournalError`."""
    name = config.station.name
    return Journal.open(config.data, station=name, clock=clock, new_id=new_id)


def origin_of(config: Config, clock: Clock) -> str:
    """The origin of the data folder's journal, which is made if there is none."""
    journal = open_journal(config, clock)
    try:
        return journal.origin
    finally:
        journal.close()


def new_id() -> str:
    """An identity that sorts by time (UUIDv7)."""
    return str(uuid7())


def workplace(config: Config, origin: str = "") -> Workplace:
    """What the dialog has to know of the configuration, and the journal's origin."""
    site = config.site
    changed = {name: Severity(value) for name, value in site.severities.items()}
    return Workplace(
        config.station.name,
        config.station.work_centers,
        one_person=site.one_person,
        pin=site.pin,
        severities={**SEVERITIES, **changed},
        shifts=config.station.shifts,
        labour_in_full=site.labour == "full",
        origin=origin,
        printers=tuple(one.name for one in config.printers),
    )
