"""What a station without a server shows: how it gets one."""

from textual.content import Content

from kiosk.screens.around import Around
from kiosk.screens.text import STRONG, line, page


def enrol(around: Around, _width: int, rows: int) -> Content:
    """The two ways to enrol."""
    lines = [
        *(line((text, STRONG)) for text in around.rest),
        line(("This terminal does not know its server and its name yet.", STRONG)),
        line(""),
        line("1  Ask the office for an enrolment code: kiosk-server enrol --station NAME"),
        line("2  Scan that code here, or type the server's address, a space and the code:"),
        line(("   plant-server:8400 K7QM2XWD4N-8FJ3QZ0A", STRONG), "   and press Enter"),
        line(""),
        line("Scans are not booked before that."),
    ]
    return page(lines[:rows])
