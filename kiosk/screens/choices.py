"""The answers to a question that has several: reasons, operations."""

from collections.abc import Callable

from textual.content import Content

from kiosk.dialog import Asking
from kiosk.screens.text import FAINT, MARKED, STRONG, Column, columns, line, page
from kiosk.screens.touch import shelf, targets

TABLE = (Column("", 1), Column("", 3, 0, "right"), Column("", 34, 1), Column("", 14))
HEAD_ROWS = 1
Label = Callable[..., str]


def choices(asking: Asking, label: Label, width: int, rows: int, *, touch: bool = False) -> Content:
    """The answers in `width` × `rows` cells, with the selected one in view.

    `label` names the answers that are ours and not the site's; for fingers each is a target.
    """
    room = max(1, rows - HEAD_ROWS)
    head = line((label("choices_head"), STRONG))
    if touch:
        seen = shelf(asking.selected, len(asking.choices), room)
        lines = _rows(asking, label, width, seen.first, seen.count)
        return page([head, *targets(lines, width, label("key_more") if seen.more else "")])
    return page([head, *_grouped(asking, label, width, room)])


def _grouped(asking: Asking, label: Label, width: int, room: int) -> list[Content]:
    """The answers below the names of their groups, so many lines that the selected one is seen."""
    lines: list[Content] = []
    chosen, group = 0, ""
    for place, line_of_one in enumerate(_rows(asking, label, width, 0, len(asking.choices))):
        named = asking.choices[place].group
        if named != group:
            lines.append(line((label(f"group_{named}"), FAINT)))
            group = named
        if place == asking.selected:
            chosen = len(lines)
        lines.append(line_of_one)
    if len(lines) <= room:
        return lines
    room = max(1, room - 1)  # the last row tells how to see the others
    first = max(0, min(chosen - room // 2, len(lines) - room))
    count = len(asking.choices)
    return [*lines[first : first + room], line((label("choices_all", count=count), FAINT))]


def _rows(asking: Asking, label: Label, width: int, first: int, count: int) -> list[Content]:
    lines = []
    for place, choice in enumerate(asking.choices[first : first + count], first):
        selected = place == asking.selected
        named = [choice.text, choice.code] if choice.text else [label(f"choice_{choice.code}"), ""]
        cells = ["▶" if selected else "", str(place + 1), *named]
        lines.append(Content.styled(columns(TABLE, cells, width), MARKED if selected else ""))
    return lines
