"""The one screen: zones that are always mounted, and the painter that draws what changed."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final, Self

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.screen import Screen
from textual.strip import Strip
from textual.visual import Visual
from textual.widgets import Static

from kiosk.dialog import Dialog, Input, Key
from kiosk.dialog.actions import fitting
from kiosk.drawings import Paper
from kiosk.scanners.diagnosis import Exam
from kiosk.screens import help as help_body
from kiosk.screens.around import Around
from kiosk.screens.band import Band, tag, what, word
from kiosk.screens.choices import HEAD_ROWS, Label, choices
from kiosk.screens.doctor import doctor
from kiosk.screens.drawing import drawing
from kiosk.screens.enrol import enrol
from kiosk.screens.handover import handover
from kiosk.screens.head import head, is_alarm
from kiosk.screens.order import order
from kiosk.screens.outbox import OutboxPage, outbox
from kiosk.screens.packing import packing
from kiosk.screens.prints import prints
from kiosk.screens.queue import queue
from kiosk.screens.queue import touched as queue_touched
from kiosk.screens.symbols_drawn import drawn
from kiosk.screens.text import fit, page, plain, wrapped
from kiosk.screens.together import together
from kiosk.screens.touch import button, shelf
from kiosk.screens.trouble import alarm_tag, alarms
from labels.codes import CommandCode
from sync.domain.shop import Shop

BODIES: Final = (
    *("queue", "order", "outbox", "prints", "help", "choices", "enrol", "handover", "doctor"),
    *("drawing", "packing"),
)
_SLOTS: Final = ("code-first", "code-second", "touch-first", "touch-second")
_NO_ROW: Final = Content("")
_TALL: Final = frozenset(
    {"help", "drawing", "doctor", "prints"}
)  # of more rows than the work needs
_CLAIMING: Final = frozenset({"help", "doctor"})
# One sign for one: the styles of a line stay where they are.
CONSOLE_SIGNS: Final = str.maketrans("▶✔✖●…–⏎×", ">√X*~-┘x")


@dataclass(frozen=True, slots=True)
class View:
    """All that one drawing needs. `scans` are lines about the last scans, the newest first;
    `undo` says what UNDO would take back; `label` names the answers that are ours; `touch` draws
    for fingers, `console` for the eight grounds of Linux; `exams` are the doctor's, `paper` is
    the drawing that is looked at.
    """

    dialog: Dialog
    shop: Shop
    around: Around
    band: Band
    scans: tuple[str, ...] = ()
    undo: str = ""
    label: Label = str
    touch: bool = False
    console: bool = False
    exams: tuple[Exam, ...] = ()
    paper: Paper | None = None


class Zone(Static):
    """A part of the screen that is drawn to its size; it says when it has another one.

    Of text at its left and top only the rows that changed are drawn anew.
    """

    class Sized(Message):
        """The zone has a new size: what it shows has to be drawn anew."""

    _rows: tuple[Content, ...] = ()
    _widest = 0
    _changed: tuple[Region, ...] = ()

    def on_resize(self, _: events.Resize) -> None:
        self.post_message(self.Sized())

    def show(self, content: Content) -> None:
        """Show text that was made for this size."""
        before, was_by_rows = self._rows, self._is_by_rows
        self._rows = tuple(content.split(allow_blank=True))
        self._widest = max(one.cell_length for one in self._rows)
        if was_by_rows and self._is_by_rows:
            pairs = enumerate(zip_longest(before, self._rows, fillvalue=_NO_ROW))
            width = self.size.width
            self._changed = tuple(
                Region(0, y, width, 1) for y, (old, new) in pairs if not old.is_same(new)
            )
        self.update(content, layout=False)
        self._changed = ()

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """As every widget; while new text is put there, of the rows that changed."""
        asked = regions or self._changed
        return super().refresh(*asked, repaint=repaint, layout=layout, recompose=recompose)

    def render_line(self, y: int) -> Strip:
        """One row; Textual asks for those that are not drawn yet."""
        if not self._is_by_rows:
            return super().render_line(y)
        width, style = self.size.width, self.visual_style
        rows = self._rows[y : y + 1]
        strips = Visual.to_strips(self, rows[0], width, 1, style) if rows else []
        return strips[0] if strips else Strip.blank(width, style.rich_style)

    @property
    def _is_by_rows(self) -> bool:
        """Whether a row of text is a row of the zone: nothing is wrapped, nothing aligned."""
        aligned = self.styles.content_align == ("left", "top")
        return aligned and 0 < self._widest <= self.size.width


def zones() -> ComposeResult:
    """The widgets of the screen, top to bottom."""
    yield Zone("", id="head", markup=False)
    with Vertical(id="band"):
        yield Zone("", id="word", markup=False)
        yield Zone("", id="what", markup=False)
    with Container(id="body"):
        for name in BODIES:
            yield Zone("", id=name, markup=False)
    yield Zone("", id="next", markup=False)
    with Horizontal(id="foot"):
        yield Zone("", id="code-first", markup=False, classes="code")
        yield Zone("", id="scans", markup=False)
        yield Zone("", id="code-second", markup=False, classes="code")
    with Horizontal(id="touch"):
        yield Zone("", id="touch-first", markup=False)
        yield Zone("", id="touch-second", markup=False)


class Floor:
    """Draws a `View` onto the mounted zones; a zone whose content is the same is left alone."""

    def __init__(self, screen: Screen[object], *, console: bool = False) -> None:
        self._console = console
        self._screen = screen
        names = ("head", "word", "what", "next", "scans", *_SLOTS, *BODIES)
        self._zones = {name: screen.query_one(f"#{name}", Zone) for name in names}
        self._band = screen.query_one("#band", Vertical)
        self._body = screen.query_one("#body", Container)
        self._shown: dict[str, Content] = {}

    def draw(self, view: View) -> None:
        """Bring every zone up to date; before the first layout there is nothing to draw on."""
        if not self._zones["head"].size.width:
            return
        self._draw_band(view)
        self._draw_body(view)
        self._draw_head(view)
        self._put("next", next_step(view, self._zones["next"].size.width))
        self._put("scans", last_scans(view, self._zones["scans"].content_size))
        self._draw_commands(view)

    def touched(self, view: View, column: int, row: int) -> Input | None:
        """What a finger on a cell of the screen means; None: nothing is there."""
        for name, zone in self._zones.items():
            inside = zone.content_region
            if inside.contains(column, row):
                return _touch_of(view, name, row - inside.y, inside.size)
        return None

    def draw_link(self, view: View) -> None:
        """Bring up to date only what tells of the way to the server."""
        if not self._zones["head"].size.width:
            return
        self._draw_head(view)
        if body_of(view) in ("outbox", "prints"):
            self._draw_body(view)

    def _draw_head(self, view: View) -> None:
        zone = self._zones["head"]
        self._put("head", head(view.dialog, view.shop, view.around, view.label, zone.size.width))
        zone.set_class(is_alarm(view.around), "alarm")

    def _draw_band(self, view: View) -> None:
        kind = view.band.kind
        if not self._band.has_class(kind):
            self._band.set_classes(kind)
        size = self._zones["word"].size
        self._put("word", word(view.band, size.height, size.width))
        size = self._zones["what"].size
        help_called = alarm_tag(view.dialog, view.shop, view.around, view.label)
        told = [tag(view.band, view.dialog, view.shop, view.around.forms), help_called]
        if view.dialog.handover is not None and not view.band.key.startswith("handover"):
            told.append(view.label("handover"))
        tagged = " · ".join(one for one in told if one)
        self._put("what", what(view.band, tagged, view.label, size.height, size.width))

    def _draw_body(self, view: View) -> None:
        name = body_of(view)
        if not self._body.has_class(name):
            self._body.set_classes(name)
            self._screen.set_class(name in _TALL, "helping")
        width, rows = self._body.content_size
        self._put(name, _PAGES[name](view, width, rows))

    def _draw_commands(self, view: View) -> None:
        """What fits the moment, as codes and as targets; a slot that is not seen costs nothing."""
        fit_now = dict(zip(("first", "second"), offered(view), strict=False))
        for name in _SLOTS:
            size = self._zones[name].size
            if not size.width:
                continue
            command = fit_now.get(name.partition("-")[2], "")
            told = view.label(f"command_{command}") if command else ""
            self._zones[name].set_class(bool(command), "shown")
            if name.startswith("code") and command:
                self._put(name, drawn(CommandCode(command), told, console=self._console))
            else:
                self._put(name, button(told, size.width, size.height))

    def _put(self, name: str, content: Content) -> None:
        before = self._shown.get(name)
        if before is None or not before.is_same(content):
            self._shown[name] = content
            self._zones[name].show(for_console(content) if self._console else content)


def for_console(content: Content) -> Content:
    """The same with signs that the fonts of the Linux console hold."""
    return Content(content.plain.translate(CONSOLE_SIGNS), spans=list(content.spans))


def offered(view: View) -> tuple[str, ...]:
    """The commands that are drawn; none where HELP draws its own or scans are not taken as such."""
    if not view.around.is_enrolled or body_of(view) in _CLAIMING:
        return ()
    return fitting(view.dialog, view.shop)


def body_of(view: View) -> str:
    """Which body is to be seen; a question with several answers goes before all others."""
    if not view.around.is_enrolled:
        return "enrol"
    asking = view.dialog.asking
    if asking is not None and asking.choices:
        return "choices"
    return view.dialog.body


def next_step(view: View, width: int) -> Content:
    """`▶` and what to do now; at the right what is being typed."""
    step = f"▶ {plain(view.band.next)}" if view.band.next else ""
    if not view.dialog.entry:
        return Content(fit(step, width))
    asking = view.dialog.asking
    secret = asking is not None and asking.wanted == "pin"
    typed = "•" * len(view.dialog.entry) if secret else plain(view.dialog.entry)
    entry = f" {view.label('typed_entry', entry=typed)}_ "
    room = max(0, width - cell_len(entry))
    return Content(fit(step, room)) + Content.styled(fit(entry, width - room), "reverse")


def last_scans(view: View, size: Size) -> Content:
    """The last scans, and below them what UNDO would take back; that alone in a single row."""
    undo = [view.undo] if view.undo else []
    told = wrapped(undo[0], size.width, size.height) if undo else []
    scans = [fit(one, size.width).rstrip() for one in view.scans]
    return page(Content(one) for one in [*scans[: max(0, size.height - len(told))], *told])


def _choices(view: View, width: int, rows: int) -> Content:
    asking = view.dialog.asking
    assert asking is not None, "choices are drawn without a question"
    return choices(asking, view.label, width, rows, touch=view.touch)


def _touch_of(view: View, zone: str, row: int, size: Size) -> Input | None:
    rows = size.height
    if zone in _SLOTS:
        commands, place = offered(view), 0 if zone.endswith("first") else 1
        return Key(commands[place].lower()) if place < len(commands) else None
    asking = view.dialog.asking
    if zone == "choices" and asking is not None:
        count = len(asking.choices)
        return shelf(asking.selected, count, rows - HEAD_ROWS).at(row - HEAD_ROWS, count)
    if zone == "queue" and view.touch:
        shown = (view.dialog, view.shop, view.around, view.label, size.width, rows)
        return queue_touched(*shown, row)
    return help_body.touched(view, rows, row) if zone == "help" else None


def _order(view: View, width: int, rows: int) -> Content:
    """The order, and below it who works on what, where that needs to be said."""
    above = list(alarms(view.dialog, view.shop, view.around, view.label, width))
    told = together(view.dialog, view.shop, view.label, width)
    below = [told] if told is not None else []
    room = max(1, rows - len(above) - len(below))
    return page(
        [*above, order(view.dialog, view.shop, view.around, width, room, view.label), *below]
    )


def _queue(view: View, width: int, rows: int) -> Content:
    shown = (view.dialog, view.shop, view.around, view.label, width, rows)
    return queue(*shown, touch=view.touch)


_PAGES: Final[dict[str, Callable[[View, int, int], Content]]] = {
    "queue": _queue,
    "order": _order,
    "outbox": lambda view, width, rows: outbox(
        OutboxPage(view.shop, view.around, view.label, view.dialog.selected), width, rows
    ),
    "prints": lambda view, width, rows: prints(
        view.dialog, view.shop, view.around, view.label, width, rows
    ),
    "packing": lambda view, width, rows: packing(
        view.dialog, view.shop, view.around, view.label, width, rows
    ),
    "help": lambda view, width, rows: help_body.help_page(
        view, view.label, width, rows, touch=view.touch
    ),
    "handover": lambda view, width, rows: handover(
        view.dialog, view.shop, view.around, view.label, width, rows
    ),
    "doctor": lambda view, width, rows: doctor(
        view.exams, view.label, width, rows, console=view.console
    ),
    "drawing": lambda view, width, rows: drawing(
        view.dialog, view.shop, view.paper, view.label, width, rows, console=view.console
    ),
    "choices": _choices,
    "enrol": lambda view, _width, rows: enrol(view.around, view.label, rows),
}
