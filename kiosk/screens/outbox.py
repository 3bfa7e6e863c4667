"""The outbox: what the server does not have yet, and why not."""

from collections.abc import Iterator

from textual.content import Content

from kiosk.screens.around import Around, Link
from kiosk.screens.text import FAINT, STRONG, Column, columns, fit, hour_of, line, page
from kiosk.screens.words import person, told
from sync.domain.events import Event
from sync.domain.shop import Shop

TABLE = (Column("AT", 5), Column("WHAT", 30, 3), Column("WHO", 12, 1))


def outbox(shop: Shop, around: Around, width: int, rows: int) -> Content:
    """The unsent events in `width` × `rows` cells, oldest first."""
    top = list(reasons(around.link, width))
    room = max(1, rows - len(top))
    waiting = around.link.waiting
    fits = around.unsent if waiting <= room else around.unsent[: room - 1]
    lines = [*top, *(_row(event, shop, width) for event in fits)]
    if waiting > len(fits):
        lines.append(line((f"and {waiting - len(fits)} more, in this order", FAINT)))
    return page(lines)


def reasons(link: Link, width: int) -> Iterator[Content]:
    """How much waits and why, in words."""
    if not link.waiting:
        heard = f" Last heard from the server {link.heard}." if link.heard else ""
        yield line((f"Everything is on the server.{heard}", STRONG))
    else:
        one = link.waiting == 1
        what = "1 event waits" if one else f"{link.waiting} events wait"
        yield Content.styled(fit(f"{what}: {_why(link)}.", width), STRONG)
    for name in link.review[:3]:
        yield Content(fit(f"The office has to review: {name}", width))


def _why(link: Link) -> str:
    match link.state:
        case "online":
            return "being sent now"
        case "offline":
            since = f" since {link.since}" if link.since else ""
            return f"no server{since}. Safe on this disk; sent by itself later"
        case "refused":
            return f"the server refuses this station; call the office. {link.why}"
        case "stuck":
            return f"one of them is stuck; call the office. {link.why}"
    return "no server yet. Safe on this disk; sent by itself later"


def _row(event: Event, shop: Shop, width: int) -> Content:
    cells = [hour_of(event.at), told(event, shop), person(event.operator, shop)]
    return Content(columns(TABLE, cells, width))
