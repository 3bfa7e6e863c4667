"""The home of the views for reading programs (BI): stable names, plain columns, decimal amounts.

They stand over the tables of the ledger and of its projection. Whoever puts other tables there
takes them down first and puts them up again, with the grants that they had.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, inspect, text

from sync.server.rows import on_sqlite

PREFIX: Final = "bi_"
_GRANTS: Final = text(
    "SELECT table_name, grantee FROM information_schema.role_table_grants"
    " WHERE table_schema = current_schema() AND privilege_type = 'SELECT'"
    " AND grantee <> current_user AND left(table_name, 3) = :prefix"
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `sql` gives it, `postgresql` where that database says it otherwise."""

    name: str
    told: str
    sql: str = ""
    postgresql: str = ""

    def given(self, *, sqlite: bool) -> str:
        said = self.sql or self.name
        return f"{said if sqlite else self.postgresql or said} AS {self.name}"


@dataclass(frozen=True, slots=True)
class View:
    """One view over the tables and rows that `source` names."""

    name: str
    told: str
    source: str
    columns: tuple[Column, ...]

    def made(self, *, sqlite: bool) -> str:
        columns = ", ".join(column.given(sqlite=sqlite) for column in self.columns)
        return f"CREATE VIEW {self.name} AS SELECT {columns} FROM {self.source}"


def _amount(name: str, told: str, sql: str = "") -> Column:
    """Micros as a decimal."""
    return Column(name, told, f"({sql or name} / 1000000.0)")


def _text(name: str, told: str, sql: str = "") -> Column:
    """Text; null where there is none."""
    return Column(name, told, f"NULLIF({sql or name}, '')")


def _time(name: str, told: str, sql: str) -> Column:
    """Milliseconds since 1970 as a time in UTC; null where nothing happened."""
    clock = f"strftime('%Y-%m-%dT%H:%M:%fZ', NULLIF({sql}, 0) / 1000.0, 'unixepoch')"
    return Column(name, told, clock, f"to_timestamp(NULLIF({sql}, 0) / 1000.0)")


# SQLite takes no JSON functions in a view that another program may have made (`trusted_schema`).
_BODY: Final = "CAST(body AS TEXT)"
_REST: Final = f'substr({_BODY}, instr({_BODY}, \'"at":"\') + 6)'
_AT: Final = f"substr({_REST}, 1, instr({_REST}, '\"') - 1)"
_EVENTS: Final = "event WHERE unreadable = '' AND type <> 'OperatorDefined'"
_MASTERS: Final = (
    "master WHERE kind IN ('MaterialDefined', 'BomDefined', 'RoutingDefined', 'WorkCenterDefined',"
    " 'ReasonDefined', 'CalendarDefined', 'DemandDefined', 'ReceiptScheduled')"
)
_ORDER: Final = Column("order_number", "the order's number")
_MATERIAL: Final = Column("material", "the item's number")
_UNIT: Final = Column("unit", "unit of the amounts (UN/CEFACT Recommendation 20)")
_LOT: Final = Column("lot", "the lot's number")

VIEWS: Final = (
    View("bi_orders", "one row an order", "order_view", (
        _ORDER,
        Column("status", "planned, released, started, held, completed, closed or cancelled"),
        Column("material", "what is made"), Column("name", "what people call it"), _UNIT,
        _amount("planned", "how much is wanted"), _amount("good", "how much is made and good"),
        _amount("scrap", "how much was scrapped"), Column("priority", "the lower, the sooner"),
        _text("start_date", "planned start, ISO date"), _text("due", "due day, ISO date"),
        _text("customer_reference", "the customer's own number"),
        _text("operation", "the current operation"), _text("work_center", "where that is done"),
        _text("note", "what the operator reads"),
    )),
    View("bi_operations", "one row an operation of an order", "order_operation", (
        _ORDER, Column("step", "its place in the routing, from 0", "rank"),
        Column("operation", "its number"), Column("name", "what is done"),
        Column("work_center", "where"), Column("status", "waiting, running, paused or ended"),
        _amount("good", "made there and good"), _amount("scrap", "scrapped there"),
        Column("seconds_left", "planned seconds of what is left"),
    )),
    View("bi_order_materials", "one row a component of an order", "order_material", (
        _ORDER, _MATERIAL, Column("name", "what people call it"),
        _text("operation", "where it is used"), _UNIT,
        _amount("needed", "how much the order takes"),
        _amount("consumed", "how much it took, net of returns"),
        _amount("waste", "how much of that was lost"),
        _amount("remaining", "how much it still takes"),
    )),
    View("bi_consumption", "what each order took of each lot", "order_lot", (
        _ORDER, _MATERIAL, _text("lot", "the lot; null without lot control"), _UNIT,
        _amount("consumed", "net of returns"),
    )),
    View("bi_production", "what each order made of each lot", "order_output", (
        _ORDER, _MATERIAL, _LOT, _UNIT, _amount("produced", "net of what was undone"),
    )),
    View("bi_stock", "one row a lot", "stock", (
        _MATERIAL, _LOT, _UNIT, _amount("amount", "what is left of it", "micros"),
        _amount("received", "what goods receipts brought"), _text("place", "where it lies"),
        _text("expiry", "use until, ISO date"), Column("status", "available or blocked"),
        _text("supplier_lot", "the supplier's own lot number"),
    )),
    View("bi_stock_places", "how much of a lot lies where", "stock_place", (
        _MATERIAL, _LOT, Column("place", "where"), _UNIT, _amount("amount", "how much", "micros"),
    )),
    View("bi_serials", "where each serial number went in or came out", "serial_use", (
        Column("serial", "the serial number"), _MATERIAL,
        Column("way", "in: it was used; out: it was made"), _ORDER,
        Column("uses", "how often; above 1 is a deviation"),
    )),
    View("bi_deviations", "what disagreed with the plan", "deviation", (
        Column("name", "its kind, as lot_expired"), Column("severity", "how grave it is"),
        Column("status", "open, withdrawn, reviewed or accepted"),
        _text("order_number", "the order concerned"), _text("material", "the item concerned"),
        _text("lot", "the lot concerned"), _text("station", "where it was told"),
        _text("operator", "who told it"), _text("at", "when, by the station's clock (RFC 3339)"),
        _text("accepted_by", "who accepted it at the station"),
    )),
    View("bi_stops", "stops and calls for help", "trouble", (
        Column("kind", "stop or call"), Column("work_center", "where"),
        _text("order_number", "the order concerned"), _text("station", "where it was told"),
        _text("operator", "who told it"), _text("reason", "the reason's code"),
        _text("at", "when it began, by the station's clock (RFC 3339)"),
        Column("is_over", "1 if it ended", "(CASE WHEN ended > 0 THEN 1 ELSE 0 END)"),
    )),
    View("bi_events", "every event that can be read, but who has which badge", _EVENTS, (
        Column("position", "its place in the ledger"), Column("event", "its id", "id"),
        Column("type", "what happened"), Column("act", "what was told at once"),
        _text("station", "where it was told"), _text("order_number", "the order concerned"),
        Column("at", "when, by the station's clock (RFC 3339)",
               _AT,
               "substring(convert_from(body, 'UTF8') from '\"at\":\"([^\"]*)\"')"),
        _time("received", "when the server had it, UTC", "received_ms"),
        Column("body", "all of it, JSON", "CAST(body AS TEXT)", "convert_from(body, 'UTF8')"),
    )),
    View("bi_master", "what planning reads: items, BOMs, routings, work centers …", _MASTERS, (
        Column("kind", "the event that defines it, as MaterialDefined"),
        Column("key", "its number or name"), Column("revision", "which revision holds"),
        Column("body", "all of it, JSON", "CAST(body AS TEXT)", "convert_from(body, 'UTF8')"),
    )),
)  # fmt: skip


def taken_down(connection: Connection) -> list[tuple[str, str]]:
    """Remove the views; returns (view, role) of those who may read them, for `put_up`."""
    known = standing(connection)
    granted: list[tuple[str, str]] = []
    if known and not on_sqlite(connection):
        granted = [(row[0], row[1]) for row in connection.execute(_GRANTS, {"prefix": PREFIX})]
    for name in known:
        connection.execute(text(f"DROP VIEW {name}"))
    return granted


def put_up(connection: Connection, granted: list[tuple[str, str]]) -> None:
    """Make the views over the tables that stand now, and let those read them who could."""
    quoted = connection.dialect.identifier_preparer.quote
    for view in VIEWS:
        connection.exec_driver_sql(view.made(sqlite=on_sqlite(connection)))
    names = {view.name for view in VIEWS}
    for name, role in granted:
        if name in names:
            to = role if role == "PUBLIC" else quoted(role)
            connection.execute(text(f"GRANT SELECT ON {name} TO {to}"))


def standing(connection: Connection) -> list[str]:
    """The views that there are, by name."""
    return sorted(one for one in inspect(connection).get_view_names() if one.startswith(PREFIX))


def explained() -> str:
    """All views and columns, as text for people."""
    lines = []
    for view in VIEWS:
        lines.append(f"{view.name}: {view.told}")
        lines += [f"    {column.name:<20} {column.told}" for column in view.columns]
    return "\n".join(lines)
