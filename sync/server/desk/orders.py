"""What planners do with an order that stands: change, split, release, hold, close.

All raise `OfficeError` and `DatabaseError`, and may wait for the disk. Each act is made of what
stands when it is appended, so that of two people who change one order the second is told.
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection

from sync.domain.events import Event, LabelRule, OrderHeader
from sync.server.desk import Desk, next_number, order_allowing
from sync.server.office.orders import (
    ChangeWanted,
    SplitWanted,
    check_seen,
    check_short,
    edited,
    header_of,
    release,
    split,
)
from sync.server.planning.explosion import Book, Feasibility, feasibility, free_stock
from sync.server.views import order_of_state, promised
from sync.server.views.stock import available


def change_order(desk: Desk, account: str, wanted: ChangeWanted) -> None:
    """Give an order another quantity, dates, priority, note or customer reference."""

    def make(connection: Connection) -> Sequence[Event]:
        order = order_of_state(connection, wanted.order)
        header_of(order, wanted.order)
        assert order is not None, "an order with a header is one"
        event = edited(order, wanted, desk.book(connection))
        return [event] if event is not None else []

    desk.act(make, account, wanted.order)


def split_order(desk: Desk, account: str, wanted: SplitWanted) -> str:
    """Make two of one; returns the number of the new one."""
    said: list[str] = []

    def make(connection: Connection) -> Sequence[Event]:
        order = order_of_state(connection, wanted.order)
        header_of(order, wanted.order)
        assert order is not None, "an order with a header is one"
        said[:] = [next_number(connection)]
        return split(order, wanted, said[0], desk.book(connection))

    desk.act(make, account, wanted.order)
    return said[0]


def release_order(
    desk: Desk,
    account: str,
    number: str,
    rule: LabelRule,
    *,
    accept: bool = False,
    reason: str = "",
    revision: int | None = None,
) -> None:
    """Give an order to the floor; where materials are short only if `accept` says so.

    `revision` is the one that was looked at, none: whichever stands.
    """

    def make(connection: Connection) -> Sequence[Event]:
        header = header_of(order_allowing(connection, number, "release"), number)
        if revision is not None:
            check_seen(header, revision)
        known = desk.book(connection)
        short = can_be_made(connection, header, known, desk.today).short
        own = [one for one in short if one.level == 1]
        check_short(number, own, accepted=accept)
        return release(header, rule, known, own, account, reason)

    desk.act(make, account, number)


def can_be_made(
    connection: Connection, header: OrderHeader, book: Book, today: date
) -> Feasibility:
    """What the order needs and what of it is free in stock."""
    free = free_stock(available(connection, today), promised(connection))
    return feasibility(header.material, header.quantity, book, free)
