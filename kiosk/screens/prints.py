"""The printers and the labels: what waits there, what became of each, the selected one as it is."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from textual.content import Content

from kiosk.dialog import Dialog
from kiosk.dialog.labels_open import OpenLabel
from kiosk.dialog.printing import listed
from kiosk.readers import PrintState, QueuedLabel
from kiosk.screens.around import Around
from kiosk.screens.help import first_shown
from kiosk.screens.text import (
    FAINT,
    MARKED,
    STRONG,
    Column,
    Label,
    columns,
    fit,
    line,
    page,
    wrapped,
)
from sync.domain.shop import Shop

SIGNS: Final = {"waiting": "✖", "failed": "✖", "doubt": "▲"}
STATES: Final = {
    "unprinted": "prints_unprinted",
    "requested": "prints_requested",
    "doubt": "prints_in_doubt",
    "outstanding": "prints_outstanding",
    "printed": "prints_out",
    "voided": "prints_voided",
    "queued": "prints_unprinted",
    "sending": "prints_sending",
    "sent": "prints_sent",
    "failed": "prints_failed",
}
TELLING_ROWS_MAX: Final = 2
PREVIEW_COLUMNS: Final = 54
PREVIEW_FROM_COLUMNS: Final = 112
PREVIEW_FROM_ROWS: Final = 20
GAP: Final = 2
TABLE: Final = (
    *(Column("", 1), Column("", 3, 0, "right"), Column("", 19, 2), Column("", 9)),
    Column("", 20, 1),
)


def prints(
    dialog: Dialog, shop: Shop, around: Around, label: Label, width: int, rows: int
) -> Content:
    """Printers, doubts and labels in `width` × `rows` cells; beside them the selected label."""
    is_wide = width >= PREVIEW_FROM_COLUMNS and rows >= PREVIEW_FROM_ROWS and around.preview
    room = width - PREVIEW_COLUMNS - GAP if is_wide else width
    lines = [
        *(row for one in around.printers for row in printer(one, label, room)),
        *nobody_prints(around, label),
        *in_doubt(around, label, room),
    ]
    lines += _list(dialog, shop, around, label, room, max(2, rows - len(lines)))
    return _beside(lines[:rows], around.preview, label, room, rows) if is_wide else page(lines)


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


def in_doubt(around: Around, label: Label, width: int) -> Iterator[Content]:
    """How many labels nobody has looked for, and how that is answered."""
    if around.doubts:
        yield Content.styled(fit(label("prints_doubts", count=len(around.doubts)), width), STRONG)


def _list(
    dialog: Dialog, shop: Shop, around: Around, label: Label, width: int, rows: int
) -> list[Content]:
    """The labels, the newest first, as many as there is room for, the selected one among them."""
    known = [one for _, one in listed(dialog, shop)]
    if not known:
        return [line((label("prints_none_yet"), FAINT))]
    queued = {one.label: one for state in around.printers for one in state.queue}
    room = max(1, rows - 1)
    selected = min(dialog.selected, len(known) - 1)
    first = first_shown(selected, len(known), room)
    lines = [Content.styled(fit(label("prints_list"), width), STRONG)]
    for place, listed_one in enumerate(known[first : first + room], first):
        one = replace(listed_one, quantity=around.forms.told(listed_one.quantity))
        cells = _cells(place, one, queued.get(one.label), label, is_chosen=place == selected)
        style = MARKED if place == selected else ""
        lines.append(Content.styled(columns(TABLE, cells, width), style))
    return lines


def _cells(
    place: int, one: OpenLabel, queued: QueuedLabel | None, label: Label, *, is_chosen: bool
) -> list[str]:
    named = one.label
    if one.lot:
        named = f"{label('prints_label', label=one.label)}  {label('prints_lot', lot=one.lot)}"
    sign = "▶" if is_chosen else SIGNS.get(one.state, "")
    return [sign, str(place + 1), named, one.quantity, _state(one, queued, label)]


def _state(one: OpenLabel, queued: QueuedLabel | None, label: Label) -> str:
    """What became of it, and why it was printed again or voided."""
    if queued is not None:
        return label(STATES[queued.state], why=queued.why)
    told = label(STATES[one.state])
    if one.state == "printed" and one.copies > 1:
        told = label("prints_copies", count=one.copies)
    if not one.reason:
        return told
    ours = {"DAMAGED", "LOST", "UNREADABLE"}
    reason = label(f"choice_{one.reason}").partition(":")[0] if one.reason in ours else one.reason
    return label("prints_why", state=told, reason=reason)


def _beside(
    lines: list[Content], preview: Sequence[str], label: Label, width: int, rows: int
) -> Content:
    """The lines, and at their right the label as it is printed."""
    picture = [label("prints_preview"), *preview][:rows]
    blank = Content(" " * width)
    lines += [blank] * (len(picture) - len(lines))
    apart = Content(" " * GAP)
    shown = []
    for place, one in enumerate(lines):
        if place < len(picture):
            beside = Content.styled(fit(picture[place], PREVIEW_COLUMNS), "" if place else FAINT)
            shown.append(one.pad_right(width - one.cell_length) + apart + beside)
        else:
            shown.append(one)
    return page(shown)
