"""The printers: what each does and what waits there, labels to look after, labels that came out."""

from collections.abc import Iterator
from typing import Final

from textual.content import Content

from kiosk.dialog import Dialog
from kiosk.dialog.labels_open import labels_open
from kiosk.dialog.people import name_of
from kiosk.readers import PrintState
from kiosk.screens.around import Around
from kiosk.screens.paging import Page, paged
from kiosk.screens.text import FAINT, STRONG, Column, Label, columns, hour_of, line, wrapped
from sync.domain.events import Event, LabelPrinted
from sync.domain.shop import Shop

SIGNS: Final = {"waiting": "✖", "doubt": "▲"}
OPEN: Final = {
    "unprinted": "prints_unprinted",
    "doubt": "prints_in_doubt",
    "outstanding": "prints_outstanding",
}
TELLING_ROWS_MAX: Final = 3
TABLE: Final = (Column("", 5), Column("", 14), Column("", 16, 1), Column("", 20, 2))


def prints(
    dialog: Dialog, shop: Shop, around: Around, label: Label, width: int, rows: int
) -> Content:
    """All printers of the station in `width` × `rows` cells; the arrows turn the page."""
    lines = [
        *(row for one in around.printers for row in printer(one, label, width)),
        *nobody_prints(around, label),
        *to_look_after(dialog, shop, label, width),
        *last_printed(shop, around, label, width),
    ]
    return paged(Page(lines, dialog.selected), label, width, rows)


def printer(state: PrintState, label: Label, width: int) -> Iterator[Content]:
    """One printer: its sign, what it does, why it waits, and how many wait behind."""
    told = doing(state, label)
    if state.queued:
        key = "prints_one_queued" if state.queued == 1 else "prints_queued"
        told += f" · {label(key, count=state.queued)}"
    sentence = f"{SIGNS.get(state.state, '●')} {state.printer}: {told}"
    for row in wrapped(sentence, width, TELLING_ROWS_MAX):
        yield Content.styled(row, STRONG)


def doing(state: PrintState, label: Label) -> str:
    """What a printer does now, in words."""
    match state.state:
        case "idle":
            return label("prints_ready")
        case "waiting" if not state.label:
            return label("prints_waiting_bare", why=state.why)
    return label(f"prints_{state.state}", label=state.label, why=state.why)


def nobody_prints(around: Around, label: Label) -> Iterator[Content]:
    """A station without a printer says so, so that nobody waits for a label."""
    if not around.printers:
        yield line((label("prints_none"), STRONG))


def to_look_after(dialog: Dialog, shop: Shop, label: Label, width: int) -> Iterator[Content]:
    """Labels that are not out, or of which nobody knows it, or that have to be found."""
    found = labels_open(shop, dialog.workplace.station)
    if not found:
        yield line((label("prints_none_open"), FAINT))
        return
    yield line((label("prints_open"), STRONG))
    for one in found:
        named = label("prints_label", label=one.label)
        cells = ["", named, label("prints_of", order=one.order), label(OPEN[one.state])]
        yield Content(columns(TABLE, cells, width))


def last_printed(shop: Shop, around: Around, label: Label, width: int) -> Iterator[Content]:
    """The newest labels that came out, the newest first."""
    own: list[Event] = [*(event for _, event in reversed(around.latest)), *around.unsent]
    printed = [event for event in reversed(own) if isinstance(event, LabelPrinted)]
    if not printed:
        yield line((label("prints_none_yet"), FAINT))
        return
    yield line((label("prints_last"), STRONG))
    for event in printed:
        cells = [
            hour_of(around.time_of(event)),
            label("prints_label", label=event.label),
            label("prints_of", order=event.order),
            name_of(shop, event.operator),
        ]
        yield Content(columns(TABLE, cells, width))
