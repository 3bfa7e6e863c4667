"""The queue: orders for this station's work centers, or why there are none."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from textwrap import wrap
from typing import Final

from textual.content import Content

from kiosk.dialog import Dialog, Pointed, Waiting, waiting
from kiosk.dialog import queue as queued
from kiosk.dialog.steps import clock_text
from kiosk.screens.around import Around
from kiosk.screens.text import (
    FAINT,
    MARKED,
    STRONG,
    Column,
    Label,
    amount,
    columns,
    day_of,
    fit,
    header,
    line,
    page,
    plain,
)
from kiosk.screens.touch import TARGET_ROWS, shelf
from kiosk.screens.trouble import alarms
from sync.domain.order import Order
from sync.domain.shop import Shop
from sync.domain.slack import slack_seconds

TABLE: Final = (
    Column("order", 10, 1),
    Column("product", 14, 4),
    Column("due", 10),
    Column("done_of_planned", 15, 1, "right"),
    Column("status", 9),
    Column("priority", 4, 0, "right"),
)
INDENT: Final = 2
REMARK_ROWS_MAX: Final = 3
_NAMED: Final = {"held", "planned"}


def queue(
    dialog: Dialog,
    shop: Shop,
    around: Around,
    label: Label,
    width: int,
    rows: int,
    *,
    touch: bool = False,
) -> Content:
    """The queue in `width` × `rows` cells; the row selected by the arrows is always in view."""
    orders = queued(dialog, shop)
    top = _top(dialog, shop, around, label, width, rows, len(orders))
    if not orders:
        return page([*top, *why_empty(dialog, around, label)])
    room = max(1, rows - len(top) - 1)
    heads = tuple(replace(column, head=label(column.head)) for column in TABLE)
    blocks = _Blocks(orders, dialog, shop, around, label, width)
    seen = blocks.touched(room) if touch else blocks.around_selected(room)
    return page([*top, header(heads, width), *seen])


def touched(
    dialog: Dialog, shop: Shop, around: Around, label: Label, width: int, rows: int, row: int
) -> Pointed | None:
    """What a touch on a row of the body means."""
    orders = queued(dialog, shop)
    if not orders:
        return None
    above = len(_top(dialog, shop, around, label, width, rows, len(orders))) + 1
    return shelf(dialog.selected, len(orders), max(1, rows - above)).at(row - above, len(orders))


def why_empty(dialog: Dialog, around: Around, label: Label) -> Iterator[Content]:
    """An empty queue says why, so that nobody looks for a fault."""
    centers = ", ".join(dialog.workplace.work_centers) or dialog.workplace.station
    heard = around.link.heard
    why = "queue_none" if heard else "queue_none_never"
    yield line((label(why, work_centers=centers, heard=heard), STRONG))
    yield line(label("queue_scan"))


def remarks(one: Waiting, around: Around, label: Label) -> list[str]:
    """What there is to know of an order beside its row: what hinders it comes first."""
    unit = one.order.unit
    told = []
    if one.standing == "held":
        told.append(f"{label('on_hold')}{f': {one.why}' if one.why else ''}")
    if one.standing == "planned":
        told.append(label("not_released"))
    told += _lateness(one.order, around, label)
    if one.came is not None:
        name = f"{one.came.operation} {one.came.name}".strip()
        arrived = "arrived" if one.came.micros else "not_arrived"
        given = amount(one.came.micros, unit, around.forms)
        told.append(label(arrived, amount=given, operation=name))
    told += [
        f"{label('short')}: {lack.name.upper()} {amount(lack.micros, lack.unit, around.forms)}"
        for lack in one.lacks
    ]
    if one.rework:
        told.append(f"{amount(one.rework, forms=around.forms)} {label('rework')}")
    for station, names in one.elsewhere:
        at = label("runs_at", station=station)
        told.append(f"{at}: {', '.join(names)}" if names else at)
    return [plain(part) for part in told]


class _Blocks:
    """The lines of each order, made for those alone that are to be seen."""

    def __init__(
        self,
        orders: Sequence[Order],
        dialog: Dialog,
        shop: Shop,
        around: Around,
        label: Label,
        width: int,
    ) -> None:
        self._orders = orders
        self._dialog = dialog
        self._shop = shop
        self._around = around
        self._label = label
        self._width = width
        self._selected = min(dialog.selected, len(orders) - 1)

    def around_selected(self, room: int) -> list[Content]:
        """As many orders as fit in `room` rows, and how many there are beside them."""
        if len(self._orders) <= room:
            whole = [line for n in range(len(self._orders)) for line in self._block(n)]
            if len(whole) <= room:
                return whole
        room = max(1, room - 1)
        found = self._block(self._selected)[:room]
        first, last = self._selected, self._selected + 1
        first, found = self._upwards(first, found, (room + len(found)) // 2)
        while last < len(self._orders) and len(block := self._block(last)) + len(found) <= room:
            found, last = [*found, *block], last + 1
        first, found = self._upwards(first, found, room)
        left = len(self._orders) - (last - first)
        more = plain(self._label("more_below", count=left))
        return [*found, Content.styled(fit(more, self._width), FAINT)] if left else found

    def touched(self, room: int) -> list[Content]:
        """A page of orders, each of so many rows as a finger needs."""
        seen = shelf(self._dialog.selected, len(self._orders), room)
        found: list[Content] = []
        for place in range(seen.first, seen.first + seen.count):
            block = self._block(place)[:TARGET_ROWS]
            blank = Content.styled(" " * self._width, self._style(place))
            found += [*block, *[blank] * (TARGET_ROWS - len(block))]
        if seen.more:
            found += [Content(""), line((f"▼ {self._label('key_more')}", STRONG)), Content("")]
        return found

    def _upwards(self, first: int, found: list[Content], room: int) -> tuple[int, list[Content]]:
        while first and len(block := self._block(first - 1)) + len(found) <= room:
            first, found = first - 1, [*block, *found]
        return first, found

    def _style(self, place: int) -> str:
        return MARKED if place == self._selected else ""

    def _block(self, place: int) -> list[Content]:
        """The row of an order, and below it what there is to know of it."""
        one = waiting(self._dialog, self._shop, self._orders[place])
        style = self._style(place)
        row = columns(TABLE, _cells(one, self._dialog, self._around, self._label), self._width)
        told = " · ".join(remarks(one, self._around, self._label))
        parts = wrap(told, max(1, self._width - INDENT))[:REMARK_ROWS_MAX]
        below = [fit(" " * INDENT + part, self._width) for part in parts]
        return [Content.styled(text, style) for text in (row, *below)]


def _top(
    dialog: Dialog, shop: Shop, around: Around, label: Label, width: int, rows: int, count: int
) -> list[Content]:
    """What stands above the table: trouble, and what the terminal has to tell."""
    told = (part for text in around.rest for part in wrap(text, width))
    rest = [line((part, STRONG)) for part in told][: max(0, rows - 3)]
    if rest and rows > len(rest) + count + 1:
        rest.append(Content(""))
    return [*alarms(dialog, shop, around, label, width), *rest]


def _lateness(order: Order, around: Around, label: Label) -> Iterator[str]:
    slack = slack_seconds(order, around.now)
    if order.due and order.due < around.now.date().isoformat():
        yield label("late")
    elif slack is not None and slack < 0:
        yield label("hours_late", hours=clock_text(-slack))


def _cells(one: Waiting, dialog: Dialog, around: Around, label: Label) -> list[str]:
    order, release = one.order, one.order.release
    return [
        order.number,
        release.name if release else order.material,
        day_of(order.due, around.now.date(), around.forms) if order.due else "–",
        label(
            "good_of_planned",
            good=amount(one.good, forms=around.forms),
            planned=amount(order.planned, order.unit, around.forms),
        ),
        label(_state(one, dialog)),
        str(order.priority),
    ]


def _state(one: Waiting, dialog: Dialog) -> str:
    """How an order stands: at this station, else at all."""
    here = [
        start
        for start in one.order.open_starts(dialog.workplace.station)
        if not one.order.is_ended(start.operation)
    ]
    if one.standing in _NAMED or not here:
        return one.order.status.value
    if one.order.is_paused(here[-1].id):
        return "paused"
    return "setup" if one.order.in_setup(here[-1]) else "running"
