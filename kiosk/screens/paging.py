"""The home of pages: a body that is longer than its zone is turned by the arrows."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from kiosk.screens.text import FAINT, Label, fit, page


@dataclass(frozen=True, slots=True)
class Page:
    """All lines of a body, and how often the arrows turned it; behind the last is the first."""

    lines: Sequence[Content]
    turned: int = 0


def paged(given: Page, label: Label, width: int, rows: int) -> Content:
    """The page that is turned to, in `width` × `rows` cells; its number where there are several."""
    if len(given.lines) <= rows:
        return page(given.lines)
    room = max(1, rows - 1)
    pages = -(-len(given.lines) // room)
    place = given.turned % pages
    shown = list(given.lines[place * room : (place + 1) * room])
    if rows > 1:
        shown += [Content("")] * (room - len(shown))
        foot = label("outbox_page", page=place + 1, pages=pages)
        shown.append(Content.styled(fit(foot, width, "right"), FAINT))
    return page(shown)
