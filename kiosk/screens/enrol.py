"""What a station without a server shows: how it gets one."""

from textual.content import Content

from kiosk.screens.around import Around
from kiosk.screens.text import STRONG, Label, line, page


def enrol(around: Around, label: Label, rows: int) -> Content:
    """The two ways to enrol."""
    lines = [
        *(line((text, STRONG)) for text in around.rest),
        line((label("enrol_head"), STRONG)),
        line(""),
        line(label("enrol_ask")),
        line(label("enrol_give")),
        line((label("enrol_example"), STRONG), label("enrol_enter")),
        line(""),
        line(label("enrol_until")),
    ]
    return page(lines[:rows])
