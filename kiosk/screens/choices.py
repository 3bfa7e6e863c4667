"""The answers to a question that has several: reasons, operations."""

from textual.content import Content

from kiosk.dialog import Asking
from kiosk.screens.text import MARKED, STRONG, Column, columns, line, page

TABLE = (Column("", 2), Column("", 12), Column("", 30, 1))


def choices(asking: Asking, width: int, rows: int) -> Content:
    """The answers in `width` × `rows` cells, with the selected one in view."""
    room = max(1, rows - 1)
    first = max(0, min(asking.selected - room // 2, len(asking.choices) - room))
    lines = [line(("Scan the code, or choose with ↑ ↓ and press ⏎:", STRONG))]
    for place, choice in enumerate(asking.choices[first : first + room], first):
        selected = place == asking.selected
        cells = ["▶" if selected else "", choice.code, choice.text]
        lines.append(Content.styled(columns(TABLE, cells, width), MARKED if selected else ""))
    return page(lines)
