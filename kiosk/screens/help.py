"""Help: all that can be done, numbered; beside the list the code of the selected one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

from textual.content import Content

from kiosk.dialog import Dialog, Pointed
from kiosk.dialog.actions import ACTIONS, Item, chosen, items
from kiosk.screens.choices import Label
from kiosk.screens.symbols_drawn import drawn
from kiosk.screens.text import MARKED, STRONG, Column, columns, fit, page
from kiosk.screens.touch import shelf, targets
from sync.domain.shop import Shop


class HelpView(Protocol):
    """What this page draws from."""

    @property
    def dialog(self) -> Dialog: ...
    @property
    def shop(self) -> Shop: ...
    @property
    def console(self) -> bool: ...


TABLE: Final = (
    Column("", 3, 0, "right"),
    Column("", 8),
    Column("", 3),
    Column("", 20, 1),
)
NAME: Final = 1  # the column that is as wide as the longest word of a command
GAP: Final = 2
LIST_COLUMNS_MIN: Final = 44
HEADS: Final = ("help_choose", "help_number")


def help_page(
    view: HelpView, label: Label, width: int, rows: int, *, touch: bool = False
) -> Content:
    """The list in `width` × `rows` cells, and at its right the code of its selected line."""
    code = _code_beside(view, label, width, rows)
    room = width - code[0].cell_length - GAP if code else width
    shown = [*_heads(label, room, rows), *_listed(view, label, room, rows, touch=touch)]
    if not code:
        return page(shown)
    blank = Content(" " * room)
    shown += [blank] * (min(rows, len(code)) - len(shown))
    apart = Content(" " * GAP)
    return page(
        one.pad_right(room - one.cell_length) + apart + code[place] if place < len(code) else one
        for place, one in enumerate(shown[:rows])
    )


def touched(view: HelpView, rows: int, row: int) -> Pointed | None:
    """What a touch on a row of the page means."""
    count = len(items(view.shop))
    heads = min(len(HEADS), rows - 1)
    return shelf(_selected(view), count, rows - heads).at(row - heads, count)


def _code_beside(view: HelpView, label: Label, width: int, rows: int) -> list[Content]:
    """The selected line's code, where the list and a whole symbol have room."""
    item = chosen(view.dialog, view.shop)
    code = drawn(item.code, _name(item, label), console=view.console).split("\n")
    fits = width - code[0].cell_length - GAP >= LIST_COLUMNS_MIN and rows >= len(code) - 1
    return list(code) if fits and len(code) > 1 else []


def _heads(label: Label, width: int, rows: int) -> list[Content]:
    return [Content.styled(fit(label(name), width), STRONG) for name in HEADS[: rows - 1]]


def _selected(view: HelpView) -> int:
    return min(view.dialog.selected, len(items(view.shop)) - 1)


def _listed(view: HelpView, label: Label, width: int, rows: int, *, touch: bool) -> list[Content]:
    """As many lines of the list as there is room for, the selected one among them."""
    every = items(view.shop)
    room = max(1, rows - len(HEADS[: rows - 1]))
    seen = shelf(_selected(view), len(every), room) if touch else None
    first = seen.first if seen else first_shown(_selected(view), len(every), room)
    table = _table(label)
    lines = [
        Content.styled(_line(item, label, width, table), MARKED if place == _selected(view) else "")
        for place, item in enumerate(every[first : first + (seen.count if seen else room)], first)
    ]
    if seen is None:
        return lines
    return targets(lines, width, label("key_more") if seen.more else "")


def first_shown(selected: int, count: int, rows: int) -> int:
    """The first line of a list of which `rows` are seen, the selected one in the middle."""
    return max(0, min(selected - rows // 2, count - rows))


def _line(item: Item, label: Label, width: int, table: Sequence[Column]) -> str:
    number = f"*{item.number}" if item.number else ""
    told = item.text or label(item.label)
    return columns(table, (number, _name(item, label), key_name(item.key, label), told), width)


def _table(label: Label) -> list[Column]:
    words = max(len(label(action.word)) for action in ACTIONS)
    return [replace(one, width=words) if place == NAME else one for place, one in enumerate(TABLE)]


def _name(item: Item, label: Label) -> str:
    return label(item.word) if item.word else item.name


def key_name(key: str, label: Label) -> str:
    """A key as it is printed on a keyboard."""
    return label(f"key_{key}") if key == "escape" else key.upper()
