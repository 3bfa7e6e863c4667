"""The demo's kiosk: the kiosk as it is, and below it the things that lie on the workbench.

A letter sends the full bytes of a code through the simulated scanner's framing, as a scanner would.
"""

import argparse
import io
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from kiosk import run
from kiosk.app import KioskApp
from kiosk.clock import Clock
from kiosk.config import Config
from kiosk.demo.control import Control
from kiosk.demo.factory import Factory
from kiosk.demo.virtual_printer import PrintedLabel, Tray
from kiosk.demo.workbench import Thing, fitting, things
from kiosk.dialog import expected
from kiosk.observer import Observer
from kiosk.scanners.simulated import SimulatedScanner
from kiosk.screens.text import fit

SOURCE: Final = "workbench"
TRAY_SECONDS: Final = 0.25
LABEL_CELLS: Final = (26, 10)
WIDE_COLUMNS_MIN: Final = 110
COLUMN_CELLS_MIN: Final = 25
ASKS: Final = {"f5": "network", "f6": "power", "f7": "play", "f10": "end"}
KEYS_LINE: Final = "Space scans ▶ · F5 network · F6 power · F7 rest of the shift · F10 end"
WELCOME: Final = (
    "This terminal runs production orders by barcode, with or without a network: press Space."
)


class Told(Message):
    """The supervisor told something."""

    def __init__(self, line: dict[str, Any]) -> None:
        self.line = line
        super().__init__()


class DemoApp(KioskApp):
    """KioskApp with a workbench; it asks its supervisor to pull network and power."""

    CSS = """
    #lower { height: 34%; max-height: 34%; background: $panel; }
    #things { width: 1fr; height: 100%; padding: 0 1; }
    #label { width: 60; height: 100%; display: none; }
    #label.out { display: block; }
    #picture { width: 27; height: 100%; }
    #read { width: 1fr; height: 100%; padding: 0 1; }
    #bench { height: 1fr; }
    #said { height: 1; padding: 0 1; text-style: bold; }
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
        self._said = ""
        self._control = Control(words.control, self._hear)

    def lower_third(self) -> ComposeResult:
        yield Static("", id="said", markup=False)
        with Horizontal(id="bench"):
            yield Static("", id="things", markup=False)
            with Horizontal(id="label"):
                yield Static("", id="picture", markup=False)
                yield Static("", id="read", markup=False)

    def rest_lines(self) -> Sequence[str]:
        return (WELCOME, f"The planners' board: {self._board}")

    async def typed(self, key: str) -> None:
        """Space and letters scan; digits, point and comma are typed as everywhere."""
        thing = self._next() if key == " " else self._letters.get(key)
        if thing is None:
            await super().typed(key)
            return
        if thing.is_wrong:
            self._lesson.touch()
        self.inject(thing.printed.sent, SOURCE)

    async def pressed(self, key: str) -> None:
        """F5, F6, F7 and F10 are the supervisor's; the rest are the kiosk's."""
        if key in ASKS:
            self._control.ask(ASKS[key])
        else:
            await super().pressed(key)

    async def on_mount(self) -> None:
        """Begin to listen to the supervisor, and to look into the printer's tray."""
        await super().on_mount()
        self._control.start()
        self.set_interval(TRAY_SECONDS, self._look_into_tray)

    def _hear(self, line: dict[str, Any]) -> None:
        self.post_message(Told(line))

    def on_told(self, message: Told) -> None:
        """Show what the supervisor says."""
        self._said = str(message.line.get("say", self._said))
        self.draw()

    def draw(self) -> None:
        super().draw()
        self._draw_bench()

    def _next(self) -> Thing | None:
        """What fits the next step; once, after the first order is open, the wrong lot."""
        wrong = next((thing for thing in self._things if thing.is_wrong), None)
        if wrong and self.dialog.order and not self._lesson.exists():
            return wrong
        return fitting(self._things, expected(self.dialog, self.shop))

    def _draw_bench(self) -> None:
        place = self.query("#things")
        if not place:
            return
        things_place = self.query_one("#things", Static)
        self.query_one("#said", Static).update(self._said or KEYS_LINE, layout=False)
        size = things_place.content_size
        wide = self.size.width >= WIDE_COLUMNS_MIN
        self.query_one("#label").set_class(self._label is not None and wide, "out")
        lines = [] if wide or self._label is None else [" · ".join(label_lines(self._label))]
        things_place.update(
            Content("\n").join(
                [self._columns(size.width, size.height - len(lines)), *map(Content, lines)]
            ),
            layout=False,
        )
        if self._label and wide:
            picture = "\n".join(half_blocks(Path(self._label.picture)))
            self.query_one("#picture", Static).update(picture, layout=False)
            words = "\n".join(label_lines(self._label))
            self.query_one("#read", Static).update(words, layout=False)

    def _columns(self, width: int, rows: int) -> Content:
        if width < COLUMN_CELLS_MIN or rows < 1:
            return Content("")
        following = self._next()
        cells = [self._cell(thing, thing is following) for thing in self._things]
        count = max(1, min(-(-len(cells) // rows), width // COLUMN_CELLS_MIN))
        each = width // count
        lines = []
        for row in range(rows):
            line = [cell for column in range(count) for cell in cells[column * rows + row :][:1]]
            lines.append(
                Content("").join(_styled(fit(text, each), marked) for text, marked in line)
            )
        return Content("\n").join(lines)

    def _cell(self, thing: Thing, is_next: bool) -> tuple[str, bool]:
        remark = f" ({thing.remark})" if thing.remark else ""
        return f"{'▶' if is_next else ' '} {thing.letter}  {thing.title}{remark}", is_next

    def _look_into_tray(self) -> None:
        labels = self._tray.labels()
        if len(labels) > self._labels_seen:
            self._labels_seen, self._label = len(labels), labels[-1]
            self.draw()


def _styled(text: str, is_next: bool) -> Content:
    return Content.styled(text, "bold reverse") if is_next else Content(text)


def label_lines(label: PrintedLabel) -> list[str]:
    """What a printed label says as its symbols were read back, and where its picture lies."""
    read = [symbol.text for symbol in label.symbols]
    return [f"LABEL {label.number} CAME OUT", *read, label.picture]


def half_blocks(picture: Path, cells: tuple[int, int] = LABEL_CELLS) -> list[str]:
    """A picture as lines of ▀▄█, ink bright on the terminal's ground as paper is dark on bright."""
    from PIL import Image

    columns, rows = cells
    image = Image.open(io.BytesIO(picture.read_bytes())).convert("L")
    dots = image.resize((columns, rows * 2), Image.Resampling.BOX).point(lambda grey: grey < 150)
    pixels = dots.load()
    assert pixels is not None
    return [
        "".join(" ▀▄█"[bool(pixels[x, y]) + 2 * bool(pixels[x, y + 1])] for x in range(columns))
        for y in range(0, rows * 2, 2)
    ]


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
