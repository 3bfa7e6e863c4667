"""The outbox: what is recorded here, what the server has, what it counted, what needs review."""

import textwrap
from collections.abc import Iterator
from typing import Final

from textual.content import Content

from kiosk.screens.around import Around, Link
from kiosk.screens.text import FAINT, STRONG, Column, columns, fit, hour_of, line, page
from kiosk.screens.words import person, told
from sync.domain.events import Event
from sync.domain.shop import Shop

RECORDED: Final = "recorded"
SENT: Final = "sent"
COUNTED: Final = "counted"
NEEDS_REVIEW: Final = "needs review"
TABLE: Final = (
    Column("AT", 5), Column("WHAT", 30, 3), Column("WHO", 10, 1), Column("IS", len(NEEDS_REVIEW)),
)  # fmt: skip
REVIEWS_SHOWN_MAX: Final = 3
REVIEW_ROWS_MAX: Final = 2


def outbox(shop: Shop, around: Around, width: int, rows: int) -> Content:
    """What waits, oldest first, then the newest that was sent, in `width` × `rows` cells."""
    link = around.link
    top = [*reasons(link, width), counts(link, width), *reviews(link, width)]
    room = max(1, rows - len(top))
    waiting = link.waiting
    fits = around.unsent if waiting <= room else around.unsent[: room - 1]
    lines = [*top, *(_row(event, RECORDED, shop, around, width) for event in fits)]
    if waiting > len(fits):
        lines.append(line((f"and {waiting - len(fits)} more, in this order", FAINT)))
    latest = around.latest[: max(0, room - waiting)]
    lines += [_row(event, state(seq, event, link), shop, around, width) for seq, event in latest]
    return page(lines)


def reasons(link: Link, width: int) -> Iterator[Content]:
    """How much waits and why, in words."""
    if not link.waiting:
        heard = f" Last heard from the server {link.heard}." if link.heard else ""
        yield line((f"Everything is on the server.{heard}", STRONG))
        return
    what = "1 event waits" if link.waiting == 1 else f"{link.waiting} events wait"
    yield Content.styled(fit(f"{what}: {_why(link)}.", width), STRONG)


def counts(link: Link, width: int) -> Content:
    """How many events of this station are recorded, sent and counted, and how many need review."""
    counted = min(link.counted, link.sent)
    parts = [
        f"{link.sent + link.waiting} {RECORDED}",
        f"{link.sent} {SENT}",
        f"{counted} {COUNTED}",
        f"{len(link.reviews)} {'need' if len(link.reviews) > 1 else 'needs'} review",
    ]
    shown = parts if link.reviews else parts[:3]
    return Content(fit(" · ".join(shown), width))


def reviews(link: Link, width: int) -> Iterator[Content]:
    """What the office has to look at, and why."""
    for one in link.reviews[:REVIEWS_SHOWN_MAX]:
        why = one.text or "an event that the server cannot read; it is kept there"
        found = textwrap.wrap(fit(f"▲ {why}", width * REVIEW_ROWS_MAX).rstrip(), width)
        yield from (Content.styled(row, STRONG) for row in found[:REVIEW_ROWS_MAX])
    more = len(link.reviews) - REVIEWS_SHOWN_MAX
    if more > 0:
        yield line((f"and {more} more for the office to look at", FAINT))


def state(seq: int, event: Event, link: Link) -> str:
    """What became of an event that the server has."""
    if any(one.id == event.id for one in link.reviews):
        return NEEDS_REVIEW
    return COUNTED if seq <= link.counted else SENT


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


def _row(event: Event, became: str, shop: Shop, around: Around, width: int) -> Content:
    cells = [
        hour_of(around.time_of(event)),
        told(event, shop),
        person(event.operator, shop),
        became,
    ]
    return Content(columns(TABLE, cells, width))
