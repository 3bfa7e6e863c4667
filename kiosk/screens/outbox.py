"""The outbox: what is recorded here, what the server has, what it counted, what needs review."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from textual.content import Content

from kiosk.dialog.people import name_of
from kiosk.screens.around import Around, Link
from kiosk.screens.paging import Page, paged
from kiosk.screens.text import FAINT, STRONG, Column, Label, columns, fit, folded, hour_of, line
from kiosk.screens.words import ago, told
from sync.domain.events import Event
from sync.domain.shop import Shop

REVIEWS_SHOWN_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class OutboxPage:
    """What one page is drawn from; `selected` is moved by the arrows."""

    shop: Shop
    around: Around
    label: Label
    selected: int = 0


def outbox(given: OutboxPage, width: int, rows: int) -> Content:
    """What waits, oldest first, then the newest that was sent, in `width` × `rows` cells."""
    around, label = given.around, given.label
    link = around.link
    top = [
        *reasons(link, label, width),
        counts(link, label, width),
        *known(given, width),
        *reviews(link, label, width),
    ]
    table = _table(label)
    waits = [_row(event, label("outbox_recorded"), given, table, width) for event in around.unsent]
    if link.waiting > len(waits):
        more = label("outbox_more_waiting", count=link.waiting - len(waits))
        waits.append(line((more, FAINT)))
    sent = [
        _row(event, label(f"outbox_{state(seq, event, link)}"), given, table, width)
        for seq, event in around.latest
    ]
    return paged(Page((*top, *waits, *sent), given.selected), label, width, rows)


def reasons(link: Link, label: Label, width: int) -> Iterator[Content]:
    """How much waits and why, in words."""
    if not link.waiting:
        heard = label("outbox_heard", heard=link.heard) if link.heard else ""
        yield line((f"{label('outbox_all_sent')} {heard}".rstrip(), STRONG))
        return
    key = "outbox_one_waits" if link.waiting == 1 else "outbox_waits"
    waits = label(key, count=link.waiting, why=_why(link, label))
    yield from (Content.styled(row, STRONG) for row in folded(waits, width))


def counts(link: Link, label: Label, width: int) -> Content:
    """How many events of this station are recorded, sent and counted, and how many need review."""
    told_counts = label(
        "outbox_counts",
        recorded=link.sent + link.waiting,
        sent=link.sent,
        counted=min(link.counted, link.sent),
    )
    if link.reviews:
        key = "outbox_reviews" if len(link.reviews) > 1 else "outbox_one_review"
        told_counts += f" · {label(key, count=len(link.reviews))}"
    return Content(fit(told_counts, width))


def known(given: OutboxPage, width: int) -> Iterator[Content]:
    """What this station knows and how old that is, its last scan's latency, and its disk."""
    shop, around, label = given.shop, given.around, given.label
    knows = label(
        "outbox_knows",
        orders=len(shop.orders),
        lots=sum(len(lots) for lots in shop.stock.values()),
        people=len(shop.operators),
    )
    told_known = [f"{knows} · {heard(around, label)}"]
    latency = around.latency
    if latency is not None:
        key = "outbox_answered" if latency.journal_ms is not None else "outbox_answered_only"
        told_known.append(label(key, answer=latency.answer_ms, journal=latency.journal_ms))
    yield from (Content(row) for one in told_known for row in folded(one, width))
    if around.is_disk_low:
        yield line((f"▲ {label('outbox_disk_low')}", STRONG))


def heard(around: Around, label: Label) -> str:
    """How old what this station knows is: when the server was last heard."""
    if around.link.state == "online":
        return label("outbox_heard_now")
    if around.heard_seconds is None or not around.link.heard:
        return label("outbox_heard_never")
    age = ago(around.heard_seconds, label)
    return label("outbox_heard_ago", heard=around.link.heard, ago=age)


def reviews(link: Link, label: Label, width: int) -> Iterator[Content]:
    """What the office has to look at, and why, in full."""
    for one in link.reviews[:REVIEWS_SHOWN_MAX]:
        why = f"▲ {one.text or label('outbox_unread')}"
        yield from (Content.styled(row, STRONG) for row in folded(why, width))
    more = len(link.reviews) - REVIEWS_SHOWN_MAX
    if more > 0:
        yield line((label("outbox_more_reviews", count=more), FAINT))


def state(seq: int, event: Event, link: Link) -> str:
    """What became of an event that the server has: sent, counted or needs_review."""
    if any(one.id == event.id for one in link.reviews):
        return "needs_review"
    return "counted" if seq <= link.counted else "sent"


def _why(link: Link, label: Label) -> str:
    since = link.state == "offline" and link.since
    key = f"outbox_why_{link.state}{'_since' if since else ''}"
    return line(label(key, since=link.since, why=link.why)).plain.rstrip(" .")


def _table(label: Label) -> tuple[Column, ...]:
    """The last column holds the longest of its words in the language at hand."""
    words = ("recorded", "sent", "counted", "needs_review")
    became = max(len(label(f"outbox_{one}")) for one in words)
    return (Column("", 5), Column("", 30, 1), Column("", 12), Column("", became))


def _row(
    event: Event, became: str, given: OutboxPage, table: tuple[Column, ...], width: int
) -> Content:
    around, shop, label = given.around, given.shop, given.label
    cells = [
        hour_of(around.time_of(event)),
        told(event, shop, label, around.forms),
        name_of(shop, event.operator),
        became,
    ]
    return Content(columns(table, cells, width))
