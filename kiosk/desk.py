"""The home of the handlers: what each input means for station, screen, scanner and observer.

All of it runs in the app's loop, one input at a time. Nothing here knows Textual.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from kiosk import enrolment
from kiosk.clock import Clock
from kiosk.config import Config
from kiosk.dialog import (
    Connected,
    Dialog,
    Entry,
    Input,
    Key,
    Scanned,
    Tick,
    Typing,
    Workplace,
    readings,
)
from kiosk.dialog.pins import SIGN
from kiosk.enrolment import EnrolmentError
from kiosk.journal.ballast import Room
from kiosk.observer import Advance, Misunderstood, Request, TypeIn
from kiosk.readers import PrintState, Reader
from kiosk.scanners import KEYBOARD, KEYS_SWALLOWED, Misread, Scan, Scanner, SourceState, visible
from kiosk.scanners.diagnosis import Diagnosis, Exam
from kiosk.screens.around import Latency
from kiosk.screens.band import Band, tone
from kiosk.screens.notices import Notices, scan_line
from kiosk.sounds import Sound
from kiosk.station import Station, origin_of
from kiosk.surroundings import Surroundings
from kiosk.swallowed import SwallowedKeys
from kiosk.telling import Teller
from labels.codes import BadgeCode, Code, CodeError, DigitCode, EnrolmentCode, decode
from labels.keyboard import Fault, setup_fault
from sync.domain.shop import Shop
from sync.exchange import SyncStatus
from sync.wire import Recorded

LOST_TOLD: Final = frozenset({"torn", "too_long", "dropped"})
QUIET_SECONDS: Final = 10.0
PAUSE_SECONDS: Final = 3.0
SCANS_SHOWN_MAX: Final = 8
_NO_SHOP: Final = Shop()
_log = logging.getLogger("kiosk")


class Desk:
    """One terminal behind its screen; `station` is there once it is enrolled.

    `redraw` brings the screen up to date, `redraw_link` only what tells of the server, `ring`
    is the terminal's bell, and `readers` makes what reads the journal beside it.
    """

    def __init__(
        self,
        config: Config,
        clock: Clock,
        teller: Teller,
        *,
        redraw: Callable[[], None],
        redraw_link: Callable[[], None],
        ring: Callable[[Sound], None],
        readers: Callable[[Station], Sequence[Reader]],
    ) -> None:
        self.config = config
        self.clock = clock
        self.teller = teller
        self.station: Station | None = None
        self.band = Band("rest", "", "")
        self.scans: deque[str] = deque(maxlen=SCANS_SHOWN_MAX)
        self.scanners: dict[str, Scanner] = {}
        self._notices = Notices.load(config.station.language)
        self.label = self._notices.label
        self.surroundings = Surroundings(self._notices.forms, redraw)
        self.surroundings.know_printers(one.name for one in config.printers)
        self.diagnosis = Diagnosis(config.wedge.gap_ms / 1000)
        self.last_input = clock.monotonic()
        self.swallowed = SwallowedKeys(clock.monotonic())
        self._redraw, self._redraw_link, self._ring = redraw, redraw_link, ring
        self._voices = frozenset(one.label for one in config.scanners if one.feedback != "none")
        self._readers = readers
        self._idle_dialog = Dialog(Workplace(""))
        self._handled, self._room = 0, Room.AMPLE
        self._scan_now: Scan | None = None

    @property
    def dialog(self) -> Dialog:
        """The dialog as it stands now."""
        return self.station.dialog if self.station else self._idle_dialog

    @property
    def shop(self) -> Shop:
        """All that this station knows."""
        return self.station.shop if self.station else _NO_SHOP

    @property
    def undo(self) -> str:
        """What UNDO would take back now, in words."""
        return self._notices.undo(self.dialog, self.shop)

    def open(self) -> None:
        """Open the station if it is enrolled; raises `JournalError`."""
        if not self.config.is_enrolled:
            self.band = self._notices.not_enrolled()
            return
        self.station = Station.open(self.config, self.clock)
        self.surroundings.labels_told(self.station)
        told = self._notices.opened(self.station.journal)
        self.band = told or self._notices.say(self.station.rest())

    def begin(self) -> None:
        """The first picture stands: what takes longer begins only now."""
        self.show(self.band)
        origin = self.station.journal.origin if self.station else ""
        self.teller.ready(self.config.station.name, origin)
        if self.station is not None:
            self.station.start(self._readers(self.station))
        self.tell_status()

    async def close(self) -> None:
        """Stop the readers and give the journal back."""
        if self.station is not None:
            await asyncio.to_thread(self.station.stop)
            self.station.close()

    def show(self, band: Band) -> None:
        """Turn the band, and tell the observer."""
        self.band = band
        self._redraw()
        link = self.surroundings.link_now(self.station)
        self.teller.band(band, self.dialog, link, self._handled)

    async def take(self, given: Input, scan: Scan | None = None) -> None:
        """One input for the dialog: its answer on screen, then at the scanner."""
        if self.station is None:
            self._take_unenrolled(given)
            return
        asking, before = self.dialog.asking, self.dialog
        turn = await self.station.take(given)
        self.surroundings.labels_told(self.station, turn.events)
        if turn.notice is None:
            rests = isinstance(given, Tick) and self.dialog == before
            if rests and not self.surroundings.is_new_minute(self._now()):
                self._redraw_link()
            else:
                self._refresh_rest()
            return
        code = given.code if isinstance(given, Scanned) else None
        is_secret = asking is not None and asking.wanted == "pin" and isinstance(code, DigitCode)
        if turn.refused and scan is not None and not is_secret:
            self.station.journal.log_scan(scan.source, scan.payload, turn.notice.text)
        code = DigitCode(SIGN) if is_secret else code  # no digit of a PIN stands among the scans
        self._answer(self._notices.say(turn.notice), scan, code)

    async def enter(self, text: str) -> None:
        """A typed line was submitted; an empty one is the key Enter."""
        self.last_input = self.clock.monotonic()
        self._handled += 1
        if self.station is not None:
            typed = self._notices.command(text)
            await self.take(Entry(typed) if text else Key("enter"))
        elif text:
            self._idle_dialog = replace(self._idle_dialog, entry="")
            try:
                server, code = enrolment.typed(text, self.config.station.server)
            except EnrolmentError as fault:
                self._answer(self._notices.band("enrol_failed", why=str(fault)))
                return
            await self._enrol(server, code)

    def _now(self) -> datetime:
        """The time that it is: what the server and the boot clock make of the wall clock."""
        return self.station.time.time() if self.station else self.clock.now()

    def _answer(
        self, band: Band, scan: Scan | None = None, code: Code | CodeError | None = None
    ) -> None:
        if scan is not None and code is not None:
            self.scans.appendleft(scan_line(self._now(), band, scan, code, self.label))
        self.show(band)
        kind = tone(band.kind)
        if kind is not None:
            self._sound(kind, scan.source if scan is not None else "")
        self.tell_status()

    def _sound(self, kind: Sound, source: str = "") -> None:
        """At the scanner itself where it has a voice, else by the terminal's bell."""
        scanner = self.scanners.get(source)
        if scanner is not None:
            scanner.answer(kind)
        if source not in self._voices:
            self._ring(kind)

    def fault(self, fault: Exception) -> None:
        """A handler failed: say so, at the scanner too; the next input is handled as ever."""
        _log.error("a handler met %r", fault, exc_info=fault)
        scan, self._scan_now = self._scan_now, None
        try:
            self._answer(self._notices.fault(fault), scan)
        except Exception:
            _log.exception("the fault could not be shown")

    async def scan(self, scan: Scan, came: float | None = None) -> None:
        """A code was read; it came at that time of the clock."""
        self.last_input = self.clock.monotonic()
        came = self.last_input if came is None else came
        self._handled += 1
        self._scan_now = scan
        code: Code | CodeError
        try:
            code = decode(scan.payload, scan.aim, current_year=self._now().year)
        except CodeError as fault:
            code = fault
        set_up = setup_fault(scan.aim + scan.payload.decode("utf-8", "replace"))
        self._examine(scan, code, set_up)
        if set_up is not None:
            self._answer(self._notices.say(readings.set_up(set_up)), scan)
        elif self.station is not None:
            await self.take(Scanned(code, scan.payload), scan)
        elif isinstance(code, EnrolmentCode):
            await self._enrol(code.server, code.code)
        else:
            self._answer(self._notices.not_enrolled(), scan, code)
        self._scan_now = None
        journal = self.station.append_seconds if self.station is not None else None
        self.surroundings.latency = Latency.of(self.clock.monotonic() - came, journal)

    def _examine(self, scan: Scan, code: Code | CodeError, fault: Fault | None) -> None:
        """Remember a scan for the doctor. A badge's number is nobody's business."""
        if fault is None and isinstance(code, CodeError):
            fault = code.fault if code.kind == "layout" else Fault(gs_lost=code.kind == "gs_lost")
        self.diagnosis.scanned(scan, fault, secret=isinstance(code, BadgeCode))

    @property
    def exams(self) -> tuple[Exam, ...]:
        """What the doctor knows of each source, while it is looked at."""
        is_open = self.dialog.body == readings.DOCTOR
        return self.diagnosis.exams(self.swallowed.counted) if is_open else ()

    async def misread(self, lost: Misread) -> None:
        """A scanner sent what is no whole scan: for the doctor, and for people where it matters."""
        self.diagnosis.lost(lost)
        if lost.why in LOST_TOLD:
            await self.scan_lost(lost.source, lost.why)
        else:
            self._redraw()

    async def scan_lost(self, source: str, why: str) -> None:
        """A scanner sent a part of a code, or no end: nothing is booked, and the operator hears."""
        self.show(self._notices.band(f"scan_{why}"))
        self._sound("stop", source)

    def _take_unenrolled(self, given: Input) -> None:
        if isinstance(given, Typing):
            self._idle_dialog = replace(self._idle_dialog, entry=given.text)
        elif isinstance(given, Key) and given.name == "cancel":
            self._idle_dialog = replace(self._idle_dialog, entry="")
        self._redraw()

    async def _enrol(self, server: str, code: str) -> None:
        """Enrol, and go on without a restart under the origin that the journal has."""
        self.show(self._notices.band("enrolling", server=server))
        try:
            origin = origin_of(self.config, self.clock)
            enrolled = await asyncio.to_thread(
                enrolment.enrol, server, code, data=self.config.data, origin=origin
            )
        except EnrolmentError as fault:
            self._answer(self._notices.band("enrol_failed", why=str(fault)))
            return
        self.config = enrolment.with_enrolment(self.config, server, enrolled)
        self.station = Station.open(self.config, self.clock)
        self.station.start(self._readers(self.station))
        names = ", ".join(self.config.station.work_centers)
        band = self._notices.band("enrolled", station=enrolled.station, work_centers=names)
        self._answer(band)

    async def absorb(self, records: Sequence[Recorded]) -> None:
        """What the server fed is on disk: fold it, and show it where nothing else is told."""
        assert self.station is not None, "a feed without a station"
        self.station.fold(records)
        self._refresh_rest()

    async def relink(self, status: SyncStatus) -> None:
        """The way to the server changed."""
        before = self.surroundings.link
        came = self.surroundings.relink(status, self.clock.now(), self.station)
        link = self.surroundings.link
        if came:
            await self.take(Connected(link.state == "online", link.heard))
        if came or link.reviews != before.reviews:
            self._redraw()
        elif link != before:
            self._redraw_link()
        self.tell_status()

    async def printing(self, state: PrintState) -> None:
        """Labels never hold up a scan: what the band says of them gives way to any answer."""
        assert self.station is not None, "a printer without a station"
        self.station.fold(state.events)
        self.surroundings.labels_told(self.station, state.events)
        if state.events:
            self.station.wake()
        is_news = self.surroundings.printer(state)
        band = self._notices.printing(state) if is_news else None
        asked = bool(self.dialog.asking or self.dialog.number)  # what stands there has to be seen
        if band is not None and not asked and self.band.kind in ("rest", "ok", "note"):
            self.show(replace(band, next=band.next or self.band.next))
            if state.state == "doubt":
                self._sound("note")
        else:
            self._redraw()
        self.tell_status()

    async def requested(self, request: Request) -> None:
        """The observer asks for something; answered when all before it is handled."""
        match request:
            case Advance(seconds):
                self.clock.advance(seconds)
                await self.take(Tick())
                self.teller.clock()
            case TypeIn(text):
                await self.enter(text)
            case Misunderstood(why):
                self.teller.tell(event="misunderstood", why=why)

    def keyboard(self, name: str, *, active: bool) -> None:
        """Another window took the keyboard, or gave it back."""
        why = "" if active else "another window has it"
        self.surroundings.source(SourceState(name, active, why))
        band = self._notices.not_active()
        if not active and not self.scanners:
            self.show(band)
        elif active and self.band.key == band.key and self.station is not None:
            self.show(self._notices.say(self.station.rest()))
        else:
            self._redraw()

    def _note_swallowed(self) -> None:
        """Note in the scan log which keys came with bursts."""
        keys = self.swallowed.news(self.clock.monotonic()) if self.station is not None else ""
        if keys and self.station is not None:
            self.station.journal.log_scan(KEYBOARD, keys.encode(), KEYS_SWALLOWED)

    async def tick(self) -> None:
        """A second went by."""
        await self.take(Tick())
        self._note_swallowed()
        if self.station is None:
            return
        if self.clock.monotonic() - self.last_input > QUIET_SECONDS:
            self.station.save_image()
        self._tell_room(self.station.journal.room)
        self.tell_status()

    @property
    def is_between_orders(self) -> bool:
        """Whether nothing is open that a fresh start of the program would hold up."""
        dialog = self.dialog
        busy = (dialog.order, dialog.asking, dialog.number, dialog.entry, dialog.handover)
        return not any(busy) and self.clock.monotonic() - self.last_input > PAUSE_SECONDS

    def config_unusable(self, name: str, problem: str) -> None:
        """The configuration was changed to one that cannot be used: the one before is kept."""
        _log.error("%s cannot be used, the one before is kept: %s", name, problem)
        self.show(self._notices.band("config_kept", file=name, why=visible(problem)))

    def _tell_room(self, room: Room) -> None:
        """The disk has room for the last scans only: said once, where no question stands."""
        asked = bool(self.dialog.asking or self.dialog.number)
        if room is self._room or asked or self.band.kind not in ("rest", "ok", "note"):
            return
        self._room = room
        if room is not Room.AMPLE:
            self.show(self._notices.band("disk_low"))

    def _refresh_rest(self) -> None:
        """Where nothing happened last, the band says what comes next as things stand now."""
        if self.station is not None and self.band.kind == "rest":
            band = self._notices.say(self.station.rest())
            if band != self.band:
                self.show(band)
                return
        self._redraw()

    def tell_status(self) -> None:
        """Tell the observer what waits, where that changed."""
        if self.station is not None:
            self.teller.status(self.surroundings.link_now(self.station), self.surroundings.printers)
