"""The answers to a question that has several: reasons, operations."""

from collections.abc import Callable

from textual.content import Content

from kiosk.dialog import Asking
from kiosk.screens.text import MARKED, STRONG, Column, columns, line, page

TABLE = (Column("", 1), Column("", 3, 0, "right"), Column("", 34, 1), Column("", 14))
Label = Callable[[str], str]


def choices(asking: Asking, label: Label, width: int, rows: int) -> Content:
    """The answers in `width` × `rows` cells, with the selected one in view.

    `label` names the answers that are ours and not the site's.
    """
    room = max(1, rows - 1)
    first = max(0, min(asking.selected - room // 2, len(asking.choices) - room))
    lines = [line(("Scan it, or choose with ↑ ↓ or its number, then press ⏎:", STRONG))]
    for place, choice in enumerate(asking.choices[first : first + room], first):
        selected = place == asking.selected
        named = [choice.text, choice.code] if choice.text else [label(f"choice_{choice.code}"), ""]
        cells = ["▶" if selected else "", str(place + 1), *named]
        lines.append(Content.styled(columns(TABLE, cells, width), MARKED if selected else ""))
    return page(lines)
