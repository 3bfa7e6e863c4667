"""The queue: orders for this station's work centers, or why there are none."""

from collections.abc import Iterator
from textwrap import wrap

from textual.content import Content

from kiosk.dialog import Dialog
from kiosk.dialog import queue as waiting
from kiosk.screens.around import Around
from kiosk.screens.text import (
    FAINT,
    MARKED,
    STRONG,
    Column,
    amount,
    columns,
    day_of,
    header,
    line,
    page,
)
from sync.domain.order import Order
from sync.domain.shop import Shop

TABLE = (
    Column("ORDER", 10, 1),
    Column("PRODUCT", 14, 4),
    Column("DUE", 10),
    Column("DONE OF PLANNED", 15, 1, "right"),
    Column("STATUS", 9),
    Column("PRIO", 4, 0, "right"),
)


def queue(dialog: Dialog, shop: Shop, around: Around, width: int, rows: int) -> Content:
    """The queue in `width` × `rows` cells; the row selected by the arrows is always in view."""
    told = (part for text in around.rest for part in wrap(text, width))
    rest = [line((part, STRONG)) for part in told][: max(0, rows - 3)]
    orders = waiting(dialog, shop)
    if rest and rows > len(rest) + len(orders) + 1:
        rest.append(Content(""))
    if not orders:
        return page([*rest, *why_empty(dialog, around)])
    room = max(1, rows - len(rest) - 1)
    return page([*rest, header(TABLE, width), *_rows(orders, dialog, around, width, room)])


def why_empty(dialog: Dialog, around: Around) -> Iterator[Content]:
    """An empty queue says why, so that nobody looks for a fault."""
    centers = " or ".join(dialog.workplace.work_centers) or "this station"
    heard = around.link.heard
    when = f"last heard from the server {heard}" if heard else "the server was never heard yet"
    yield line((f"No order released for {centers}; {when}.", STRONG))
    yield line("An order's traveller can be scanned all the same.")


def _rows(
    orders: tuple[Order, ...], dialog: Dialog, around: Around, width: int, room: int
) -> Iterator[Content]:
    if len(orders) > room > 1:
        room -= 1  # the last row tells how many there are beside these
    first = max(0, min(dialog.selected - room // 2, len(orders) - room))
    for place, order in enumerate(orders[first : first + room], first):
        style = MARKED if place == dialog.selected else ""
        yield Content.styled(columns(TABLE, _cells(order, around), width), style)
    left = len(orders) - room
    if left > 0:
        yield Content.styled(f"and {left} more: ↑ ↓", FAINT)


def _cells(order: Order, around: Around) -> list[str]:
    release = order.release
    return [
        order.number,
        release.name if release else order.material,
        day_of(order.due, around.now.date()) if order.due else "–",
        f"{amount(order.good_total)} of {amount(order.planned, order.unit)}",
        order.status.value,
        str(order.priority),
    ]
