"""The demo's kiosk: the kiosk as it is, and below it the things that lie on the workbench.

A letter sends the full bytes of a code through the simulated scanner's framing, as a scanner would.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from kiosk import run
from kiosk.app import KioskApp
from kiosk.clock import Clock
from kiosk.config import Config
from kiosk.demo.bench_text import Cell, label_lines, paper, table
from kiosk.demo.control import Control
from kiosk.demo.factory import Factory
from kiosk.demo.virtual_printer import PrintedLabel, Tray
from kiosk.demo.workbench import Thing, fitting, in_sight, things
from kiosk.dialog import expected
from kiosk.observer import Observer
from kiosk.scanners.simulated import SimulatedScanner
from labels import codes

SOURCE: Final = "workbench"
TRAY_SECONDS: Final = 0.25
WIDE_COLUMNS_MIN: Final = 110
SAID_SECONDS: Final = 20.0
PAGES: Final = {"pagedown": 1, "pageup": -1}
ASKS: Final = {"f5": "network", "f6": "power", "f7": "play", "f10": "end"}
KEYS_LINE: Final = "Space scans ▶ · F5 network · F6 power · F7 rest of the shift · F10 end"
NOTHING_FITS: Final = "Nothing on this workbench fits the next step: read the line with ▶ above."
PLUG_FIRST: Final = "Plug the network in first (F5): other stations join for the rest."
LABEL_LINE: Final = "This label came out of the virtual printer; Space goes on."
WELCOME: Final = "This terminal runs production orders by barcode, network or not: press Space."


class Told(Message):
    """The supervisor told something."""

    def __init__(self, line: dict[str, Any]) -> None:
        self.line = line
        super().__init__()


class DemoApp(KioskApp):
    """KioskApp with a workbench; it asks its supervisor to pull network and power."""

    CSS = """
    #lower { height: 34%; max-height: 34%; background: $panel; }
    #said { height: 1; padding: 0 1; text-style: bold; }
    #bench { height: 1fr; }
    #things { width: 1fr; height: 100%; padding: 0 1; }
    #label { width: 57; height: 100%; display: none; }
    #picture { width: auto; height: 100%; min-width: 20; }
    #read { width: 1fr; height: 100%; padding: 0 1; }
    .labelled #label { display: block; }
    .labelled.narrow #things { display: none; }
    .labelled.narrow #label { width: 100%; }
    """
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 — Textual's own declaration
        (0, "low"),
        (38, "tall"),
        (50, "huge"),
    ]

    def __init__(
        self, config: Config, *, clock: Clock, observer: Observer | None, words: argparse.Namespace
    ) -> None:
        self.scanner = SimulatedScanner(SOURCE, clock=clock.monotonic)
        super().__init__(config, clock=clock, observer=observer, extra_scanners=[self.scanner])
        self._factory = Factory(words.factory, words.today)
        self._things = things(self._factory, self._factory.station(config.station.name))
        self._letters = {thing.letter: thing for thing in self._things}
        self._board = words.board
        self._tray = Tray(words.labels)
        self._lesson = words.demo_data / "lesson"
        self._label: PrintedLabel | None = None
        self._labels_seen = len(self._tray.labels())
        self._turned = 0
        self._network = True
        self._said = ""
        self._said_at = 0.0
        self._control = Control(words.control, self._hear)

    def lower_third(self) -> ComposeResult:
        yield Static("", id="said", markup=False)
        with Horizontal(id="bench"):
            yield Static("", id="things", markup=False)
            with Horizontal(id="label"):
                yield Static("", id="picture", markup=False)
                yield Static("", id="read", markup=False)

    def rest_lines(self) -> Sequence[str]:
        return (WELCOME, f"Board: {self._board} · all is kept in {self._lesson.parent}")

    async def typed(self, key: str) -> None:
        """Space and letters scan; digits, point and comma are typed as everywhere."""
        self._look_up()
        thing = self._next() if key == " " else self._letters.get(key)
        if thing is None and key == " ":
            self._say(NOTHING_FITS)
            return
        if thing is None:
            await super().typed(key)
            return
        if thing.wrong_for:
            self._lesson.touch()
        self.inject(thing.printed.sent, SOURCE)

    async def pressed(self, key: str) -> None:
        """F5, F6, F7 and F10 are the supervisor's, pages the bench's; the rest the kiosk's."""
        if key in PAGES:
            self._turned += PAGES[key]
            self.draw()
            return
        self._look_up()
        if key == "f7" and not self._network:
            self._say(PLUG_FIRST)
        elif key in ASKS:
            self._control.ask(ASKS[key])
        else:
            await super().pressed(key)

    async def on_mount(self) -> None:
        """Begin to listen to the supervisor, and to look into the printer's tray."""
        await super().on_mount()
        self._control.start()
        self.set_interval(TRAY_SECONDS, self.look_into_tray)

    def _hear(self, line: dict[str, Any]) -> None:
        self.post_message(Told(line))

    def on_told(self, message: Told) -> None:
        """Show what the supervisor says."""
        self._network = bool(message.line.get("network", self._network))
        if "say" in message.line:
            self._say(str(message.line["say"]))

    def _say(self, text: str) -> None:
        self._said, self._said_at = text, time.monotonic()
        self.draw()

    def draw(self) -> None:
        super().draw()
        if self.query("#things"):
            self._draw_bench()

    def _look_up(self) -> None:
        """Whoever goes on has seen the label, and wants the page with the next thing."""
        self._turned = 0
        if self._label is not None and not self._is_wide:
            self._label = None
            self._show_label()

    @property
    def _is_wide(self) -> bool:
        return self.size.width >= WIDE_COLUMNS_MIN

    def _next(self) -> Thing | None:
        """What fits the next step; once, when the first order is open, the lot that is wrong."""
        dialog = self.dialog
        wrong = next((thing for thing in self._things if thing.wrong_for), None)
        is_free = dialog.person is not None and dialog.asking is None
        if wrong and is_free and dialog.order == wrong.wrong_for and not self._lesson.exists():
            return wrong
        return fitting(self._things, expected(dialog, self.shop))

    def _draw_bench(self) -> None:
        is_fresh = time.monotonic() - self._said_at < SAID_SECONDS
        usual = LABEL_LINE if self._label is not None and not self._is_wide else KEYS_LINE
        said = self._said if self._said and is_fresh else usual
        self.query_one("#said", Static).update(said, layout=False)
        place = self.query_one("#things", Static)
        size = place.content_size
        if size.width and size.height:
            cells = self._cells()
            place.update(table(cells, size.width, size.height, self._turned), layout=False)

    def _cells(self) -> list[Cell]:
        following = self._next()
        seen = in_sight(self._things, self._is_used)
        if following is not None and following not in seen:
            seen = (*seen, following)
        return [
            Cell(one.letter, one.title, self._remark(one), is_next=one is following) for one in seen
        ]

    def _remark(self, thing: Thing) -> str:
        """A lot is wrong for one order only; for another it may be the right one."""
        is_wrong = thing.wrong_for and self.dialog.order in (None, thing.wrong_for)
        return "wrong" if is_wrong else thing.remark

    def _is_used(self, code: codes.Code) -> bool:
        if not isinstance(code, codes.LotCode | codes.MaterialCode) or not code.serial:
            return False
        known = self.shop.material_of_gtin(code.gtin) if code.gtin else None
        material = known.material if known is not None else code.material or ""
        return bool(self.shop.serial_used(material, code.serial))

    def look_into_tray(self) -> None:
        """Show the label that came out last, if one did since."""
        labels = self._tray.labels()
        if len(labels) > self._labels_seen:
            self._labels_seen, self._label = len(labels), labels[-1]
            self._show_label()

    def on_resize(self, _: events.Resize) -> None:
        """The label is drawn to the size that the bench has now."""
        self.call_after_refresh(self._show_label)

    def _show_label(self) -> None:
        """The label, beside the things; on a small screen in their place, until the next key."""
        self.screen.set_class(self._label is not None, "labelled")
        self.screen.set_class(not self._is_wide, "narrow")
        self.call_after_refresh(self._draw_label)

    def _draw_label(self) -> None:
        self.draw()
        label = self._label
        if label is None:
            return
        panel = self.query_one("#label").content_size
        drawn = Path(label.picture)
        columns = panel.width // 2
        picture = paper(drawn, columns, panel.height) if drawn.is_file() else Content("")
        self.query_one("#picture", Static).update(picture)
        room = panel.width - max(map(cell_len, picture.plain.split("\n"))) - 2
        words = "\n".join(label_lines(label, max(20, room)))
        self.query_one("#read", Static).update(words)


def main(arguments: list[str] | None = None) -> int:
    """Run the demo's kiosk; takes the options of `kiosk run` and those of the workbench."""
    parser = argparse.ArgumentParser(prog="python -m kiosk.demo.bench", description=__doc__)
    parser.add_argument("--factory", type=Path, required=True, help="the factory's folder")
    parser.add_argument("--today", type=date.fromisoformat, required=True, help="its first day")
    parser.add_argument("--control", type=Path, required=True, help="the supervisor's socket")
    parser.add_argument("--board", required=True, help="the board's address")
    parser.add_argument("--labels", type=Path, required=True, help="the printer's tray")
    parser.add_argument("--demo-data", type=Path, required=True, help="the demo's folder")
    run.add_place(parser)
    run.add_options(parser)
    words = parser.parse_args(arguments)

    def make(config: Config, *, clock: Clock, observer: Observer | None) -> KioskApp:
        return DemoApp(config, clock=clock, observer=observer, words=words)

    try:
        return run.run(words, make)
    except run.Trouble as trouble:
        print(f"kiosk: {trouble}", file=sys.stderr)
        return trouble.status


if __name__ == "__main__":
    sys.exit(main())
