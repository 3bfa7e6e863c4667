"""What planners ask of all orders: those of one kind or with one word, by number, page by page."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, or_, select

from sync.server.view_tables import order_view
from sync.server.views.books import book
from sync.server.views.floor import deviation_counts
from sync.server.views.orders import OPEN, OrderLine, line_of, shortages
from sync.server.views.plan import recent_plan, with_slack

STATUSES: Final = ("planned", "released", "started", "held", "completed", "closed", "cancelled")
FILTERS: Final = ("open", "late", "short", *STATUSES, "deviations", "all")
WORD_CHARS_MAX: Final = 80
NUMBERS_MAX: Final = 2_000


def listed(
    connection: Connection,
    now: datetime,
    kind: str,
    word: str = "",
    after: str = "",
    limit: int = 100,
) -> list[OrderLine]:
    """Orders of a filter by number, after one, with a word in number, item, name or customer."""
    today, table = now.date(), order_view
    lacking, counted = shortages(connection, today), deviation_counts(connection)
    late = set(recent_plan(connection, now).late) if kind == "late" else set()
    chosen: dict[str, Collection[str]] = {"late": late, "short": lacking, "deviations": counted}
    query = select(table).where(table.c.order_number > after).order_by(table.c.order_number)
    if kind in chosen:
        query = query.where(table.c.order_number.in_(sorted(chosen[kind])[:NUMBERS_MAX]))
    elif kind != "all":
        query = query.where(_of_status(kind))
    if word:
        query = query.where(_with_word(word))
    rows = connection.execute(query.limit(limit)).all()
    return with_slack(
        (line_of(row, lacking, counted) for row in rows), recent_plan(connection, now)
    )


def counted_by_filter(connection: Connection, now: datetime) -> dict[str, int]:
    """How many orders each filter of open work shows; what is over is not counted."""
    table = order_view
    query = (
        select(table.c.status, func.count())
        .where(table.c.status.in_((*OPEN, "completed")))
        .group_by(table.c.status)
    )
    found = {row[0]: row[1] for row in connection.execute(query)}
    open_ones = sum(count for status, count in found.items() if status in OPEN)
    return {
        **found,
        "open": open_ones,
        "late": len(recent_plan(connection, now).late),
        "short": len(shortages(connection, now.date())),
        "deviations": sum(1 for number in deviation_counts(connection) if number),
    }


def made_materials(connection: Connection, today: date) -> list[tuple[str, str]]:
    """(material, name) of what has a routing, by name: what an order can be planned for."""
    known = book(connection, today)
    made = {**known.routings, **known.boms}
    found = [(known.materials[key].name or key, key) for key in made if key in known.materials]
    return [(key, name) for name, key in sorted(found)]


def _of_status(kind: str) -> ColumnElement[bool]:
    """Few rows are found by their status; of fifty thousand a page is found by its number."""
    if kind == "open":
        return order_view.c.status.in_(OPEN)
    if kind in {"closed", "cancelled"}:
        return func.coalesce(order_view.c.status, "") == kind
    return order_view.c.status == kind


def _with_word(word: str) -> ColumnElement[bool]:
    table = order_view
    sought = word[:WORD_CHARS_MAX].lower()
    columns = (table.c.order_number, table.c.material, table.c.name, table.c.customer_reference)
    return or_(*(func.lower(one).contains(sought, autoescape=True) for one in columns))
