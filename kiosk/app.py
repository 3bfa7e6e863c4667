"""KioskApp: the only place where the parts meet. Threads speak by message, handlers act.

Everything that happens goes through one line of inputs and is handled strictly in order: a scan
that comes while another is processed waits its turn. A fault in a handler is shown, and the next
input works.
"""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from textual import events
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.message import Message

from kiosk import containment
from kiosk.bell import Bell
from kiosk.clock import Clock
from kiosk.config import Config
from kiosk.desk import Desk
from kiosk.dialog import Dialog, Key, Typing
from kiosk.dialog.actions import ACTIONS
from kiosk.inputs import Inputs
from kiosk.journal import JournalError
from kiosk.links import (
    DrawingsChanged,
    FeedCame,
    LinkChanged,
    PrintChanged,
    RequestCame,
    make_readers,
    make_scanners,
    paper_of,
    pulses_of,
    shop_access,
)
from kiosk.observer import Observer
from kiosk.readers import Reader
from kiosk.reload import RELOAD_STATUS, ConfigFile
from kiosk.scanners import Scanner
from kiosk.scanners.simulated import SimulatedScanner
from kiosk.scanners.wedge import (
    SOURCE,
    EntrySubmitted,
    KeySwallowed,
    ScanLost,
    Scanned,
    SourceChanged,
    Typed,
    post_to,
    tap_of,
    wedge_driver,
)
from kiosk.screens.band import Band
from kiosk.screens.floor import Floor, View, Zone, zones
from kiosk.screens.palette import EVERY, FLOOR, is_console, theme_for
from kiosk.sounds import Sound
from kiosk.station import FOLD_EVENTS_MAX, Station
from kiosk.telling import Teller
from kiosk.watchdog import Watchdog
from sync.domain.shop import Shop
from sync.pulse import Pulse

KEYS: Final = {
    **{one.key: one.command.lower() for one in ACTIONS if one.key},
    "up": "up",
    "down": "down",
}
TICK_SECONDS: Final = 1.0
ENTRY_CHARS_MAX: Final = 120
TOUCH_PAUSE_S: Final = 0.3
GIANT_ROWS_MIN: Final = 56
INPUT_SECONDS_MAX: Final = 60.0  # an enrolment waits for its server


class KioskApp(App[int], inherit_bindings=False):
    """The terminal of one station.

    Subclasses may override `lower_third`, `rest_lines`, `typed`, `submitted` and `pressed`.
    """

    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    CSS_PATH = Path(__file__).with_name("screens") / "floor.tcss"
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 — declared so by Textual
        (0, "low"),
        (32, "tall"),
        (40, "huge"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "narrow"), (120, "wide")]  # noqa: RUF012

    def __init__(
        self,
        config: Config,
        *,
        clock: Clock,
        observer: Observer | None = None,
        extra_scanners: Sequence[Scanner] = (),
    ) -> None:
        containment.install()
        gap, touch = config.wedge.gap_ms / 1000, config.input.mouse
        super().__init__(driver_class=wedge_driver(gap, touch=touch))
        self.animation_level = "none"
        for theme in EVERY:  # before the style sheet is read: it names their colours
            self.register_theme(theme)
        self.theme = theme_for(os.environ, config.screen.theme).name
        self.clock = clock
        self.trouble = ""
        self.desk = Desk(
            config,
            clock,
            Teller(observer, clock),
            redraw=self.draw,
            redraw_link=self.draw_link,
            ring=self.ring,
            readers=self.make_readers,
        )
        self._observer = observer
        self._inputs = Inputs(self.desk.fault)
        self._floor: Floor | None = None
        self._extra_scanners = tuple(extra_scanners)
        self._last_touch = -TOUCH_PAUSE_S
        self._bell = Bell(self._to_terminal, console=is_console(self.theme))
        self._tick_waits = False
        self._draw_waits = False
        self._line = Pulse()
        self._file = ConfigFile(config)
        self._watchdog = Watchdog()

    # What a subclass may change

    def lower_third(self) -> ComposeResult:
        """Widgets below the screen's own; none in the product."""
        return ()

    def rest_lines(self) -> Sequence[str]:
        """Lines at the top of the queue's body; none in the product."""
        return ()

    async def typed(self, key: str) -> None:
        """A person typed one printable character, or "backspace": it stands in the entry line."""
        entry = self.desk.dialog.entry
        entry = entry[:-1] if key == "backspace" else (entry + key)[:ENTRY_CHARS_MAX]
        await self.desk.take(Typing(entry))

    async def submitted(self) -> None:
        """A person pressed Enter."""
        await self.desk.enter(self.desk.dialog.entry)

    async def pressed(self, key: str) -> None:
        """A person pressed a function key, an arrow or Esc, or touched the screen."""
        tap = tap_of(key)
        if tap is not None:
            await self._touched(*tap)
        elif key in KEYS:
            await self.desk.take(Key(KEYS[key]))

    async def _touched(self, column: int, row: int) -> None:
        """A finger that bounces counts once."""
        now = self.clock.monotonic()
        if self._floor is None or now - self._last_touch < TOUCH_PAUSE_S:
            return
        self._last_touch = now
        given = self._floor.touched(self._view(), column, row)
        if given is not None:
            await self.desk.take(given)

    def inject(self, data: bytes, source: str = "") -> None:
        """Feed bytes to a simulated scanner among `extra_scanners`, through its framing."""
        found = (one for one in self._extra_scanners if isinstance(one, SimulatedScanner))
        next(one for one in found if source in ("", one.name)).feed(data)

    # What is shown

    @property
    def config(self) -> Config:
        """The configuration, with the enrolment once there is one."""
        return self.desk.config

    @property
    def station(self) -> Station | None:
        """The station at work, once it is enrolled."""
        return self.desk.station

    @property
    def dialog(self) -> Dialog:
        """The dialog as it stands now."""
        return self.desk.dialog

    @property
    def shop(self) -> Shop:
        """All that this station knows."""
        return self.desk.shop

    @property
    def band(self) -> Band:
        """What the band shows."""
        return self.desk.band

    def compose(self) -> ComposeResult:
        yield from zones()
        with Vertical(id="lower"):
            yield from self.lower_third()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours that the style sheet names, for every theme."""
        return FLOOR.variables

    def draw(self) -> None:
        """Bring the screen up to date; zones that did not change cost nothing."""
        if self._floor is not None:
            self._floor.draw(self._view())

    def draw_link(self) -> None:
        """Bring up to date only what tells of the way to the server."""
        if self._floor is not None:
            self._floor.draw_link(self._view())

    def ring(self, kind: Sound) -> None:
        """The terminal's bell for an answer, if the site wants to hear it."""
        if self.config.screen.sound:
            self._bell.ring(kind)

    def _to_terminal(self, sent: str) -> None:
        if self._driver is not None and not self.is_headless:
            self._driver.write(sent)
            self._driver.flush()

    def _view(self) -> View:
        """All that is to be seen now."""
        desk = self.desk
        rest = self.rest_lines() if desk.band.kind == "rest" or not desk.station else ()
        around = desk.surroundings.around(self.clock.now(), desk.station, rest)
        scans = tuple(desk.scans)
        return View(
            desk.dialog,
            desk.shop,
            around,
            desk.band,
            scans,
            desk.undo,
            desk.label,
            touch=self.config.input.mouse,
            console=is_console(self.theme),
            exams=desk.exams,
            paper=paper_of(desk.station, console=is_console(self.theme)),
        )

    # From the first moment to the last

    async def on_mount(self) -> None:
        """Open the station and begin to listen.

        Textual calls this for each class that defines it, so a subclass needs no `super()`.
        """
        if self._floor is not None:
            return
        self._floor = Floor(self.screen, console=is_console(self.theme))
        self.screen.set_class(bool(self.query_one("#lower").children), "shared")
        self.screen.set_class(self.config.input.mouse, "touch")
        self.screen.set_focus(None)
        self._catch_signals()
        try:
            self.desk.open()
        except JournalError as fault:
            self.trouble = str(fault)
            self.exit(return_code=1)
            return
        self._inputs.start()
        if self._observer is not None:
            self._observer.start(lambda request: self._post(RequestCame(request)))
        for scanner in (*make_scanners(self.config), *self._extra_scanners):
            assert scanner.name not in self.desk.scanners, f"two scanners named {scanner.name}"
            self.desk.scanners[scanner.name] = scanner
            scanner.start(post_to(self))
        self.set_interval(TICK_SECONDS, self._queue_tick)
        self.call_after_refresh(self._first_drawn)

    async def on_unmount(self) -> None:
        """Let devices go and give the journal back."""
        self._watchdog.stopping()
        for scanner in self.desk.scanners.values():
            scanner.stop()
        self._bell.stop()
        await self._inputs.stop()
        await self.desk.close()
        self.desk.teller.close()

    def _first_drawn(self) -> None:
        self.desk.begin()
        self._line.tick(INPUT_SECONDS_MAX)
        self._watchdog.ready()
        gc.collect()
        gc.freeze()  # a full collection later never walks what stays for ever

    def make_readers(self, station: Station) -> list[Reader]:
        """What reads the journal beside the screen; each is woken after every append."""
        return make_readers(station, self._post, shop_access(station))

    def _catch_signals(self) -> None:
        if sys.platform == "win32":
            return
        loop = asyncio.get_running_loop()
        for one in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            loop.add_signal_handler(one, self.exit)

    def _post(self, message: Message) -> None:
        self.post_message(message)

    # Messages from threads and terminal: each only takes its place in the line

    def on_scanned(self, message: Scanned) -> None:
        came = self.clock.monotonic()
        self._inputs.put(partial(self.desk.scan, message.scan, came))

    def on_scan_lost(self, message: ScanLost) -> None:
        self._inputs.put(partial(self.desk.misread, message.misread))

    def on_key_swallowed(self, message: KeySwallowed) -> None:
        self.desk.swallowed.add(message.key)

    def on_typed(self, message: Typed) -> None:
        self._inputs.put(partial(self.typed, message.key))

    def on_entry_submitted(self, _: EntrySubmitted) -> None:
        self._inputs.put(self.submitted)

    def on_key(self, event: events.Key) -> None:
        self.desk.last_input = self.clock.monotonic()
        self._inputs.put(partial(self.pressed, event.key))

    def on_source_changed(self, message: SourceChanged) -> None:
        self.desk.surroundings.source(message.state)
        self.draw()

    def on_app_blur(self, _: events.AppBlur) -> None:
        self.desk.keyboard(SOURCE, active=False)

    def on_app_focus(self, _: events.AppFocus) -> None:
        self.desk.keyboard(SOURCE, active=True)

    def on_resize(self, _: events.Resize) -> None:
        """Told of a size, draw all of it, even if it is the same: another may have wiped it."""
        self.screen.set_class(self.size.height >= GIANT_ROWS_MIN, "giant")
        if self._floor is not None:
            self.screen.refresh()

    def on_zone_sized(self, _: Zone.Sized) -> None:
        if not self._draw_waits:  # a layout gives a size to many zones: one drawing for all
            self._draw_waits = True
            self.call_later(self._draw_sized)

    def _draw_sized(self) -> None:
        self._draw_waits = False
        self.draw()

    def on_feed_came(self, message: FeedCame) -> None:
        records = message.records
        for start in range(0, len(records), FOLD_EVENTS_MAX):
            part = records[start : start + FOLD_EVENTS_MAX]
            self._inputs.put(partial(self.desk.absorb, part))

    def on_link_changed(self, message: LinkChanged) -> None:
        self._inputs.put(partial(self.desk.relink, message.status))

    def on_print_changed(self, message: PrintChanged) -> None:
        self._inputs.put(partial(self.desk.printing, message.state))

    def on_drawings_changed(self, _: DrawingsChanged) -> None:
        self.draw()

    def on_request_came(self, message: RequestCame) -> None:
        self._inputs.put(partial(self.desk.requested, message.request))

    def pulses(self) -> dict[str, Pulse]:
        """The signs of life of all that a station needs, by name."""
        drivers = {SOURCE: self._driver, **self.desk.scanners}
        return {"inputs": self._line, **pulses_of(drivers, self.station)}

    def _queue_tick(self) -> None:
        self._watchdog.look(self.pulses())
        if not self._tick_waits:
            self._tick_waits = True
            self._inputs.put(self._tick)

    async def _tick(self) -> None:
        self._tick_waits = False
        self._line.tick(INPUT_SECONDS_MAX)
        await self.desk.tick()
        if self._file.is_due(self.desk.config_unusable) and self.desk.is_between_orders:
            self.exit(return_code=RELOAD_STATUS)
