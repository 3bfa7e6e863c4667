"""The home of the view tables: what the projector makes of the ledger, and nothing else writes.

All of it can be thrown away and made again (`rebuild`). Amounts are micros with their unit beside
them, clamped to what a BIGINT holds; states are msgpack of the domain's own.
"""

from typing import Final

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, Table, quoted_name, text

from sync.server.tables import NAMING, ByteOrdered, Number, metadata

SHADOW: Final = "_shadow"
AMOUNT_MAX: Final = 2**63 - 1


def _key(name: str) -> Column[str]:
    return Column(name, ByteOrdered, primary_key=True)


def _rank(name: str) -> Column[int]:
    return Column(name, Number, primary_key=True, autoincrement=False)


def _text(name: str) -> Column[str]:
    return Column(name, ByteOrdered, nullable=False, server_default="")


def _number(name: str) -> Column[int]:
    return Column(name, Number, nullable=False, server_default="0")


def _bytes(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


def _flag(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default="0")


master: Final = Table(
    "master", metadata, _key("kind"), _key("key"), _number("revision"), _text("event_id"),
    _bytes("body"),
)  # fmt: skip
"""The winning event of each register of master data, and the open sign-ins of stations."""

master_revision: Final = Table(
    "master_revision", metadata, _key("kind"), _key("key"), _rank("revision"), _key("event_id"),
    _number("position"), _text("at"), _text("account"), _bytes("body"), sqlite_with_rowid=False,
)  # fmt: skip
"""Every revision of what planning reads: materials, BOMs, routings, work centers, calendars."""
Index("ix_master_revision_position", master_revision.c.position)

order_state: Final = Table("order_state", metadata, _key("order_number"), _bytes("body"))

order_view: Final = Table(
    "order_view", metadata, _key("order_number"),
    *(_text(name) for name in ("status", "material", "name", "unit", "due", "start_date", "note",
                               "customer_reference", "operation", "work_center")),
    *(_number(name) for name in ("planned", "good", "scrap", "priority", "revision", "position")),
)  # fmt: skip
"""One row an order; `operation` is the current one, `position` the ledger's when it changed."""
Index("ix_order_view_status", order_view.c.status)

order_operation: Final = Table(
    "order_operation", metadata, _key("order_number"), _rank("rank"),
    *(_text(name) for name in ("operation", "name", "work_center", "status")),
    *(_number(name) for name in ("good", "scrap", "seconds_left")),
)  # fmt: skip

order_material: Final = Table(
    "order_material", metadata, _key("order_number"), _rank("rank"),
    *(_text(name) for name in ("line", "material", "name", "unit", "operation")),
    *(_number(name) for name in ("needed", "consumed", "waste", "remaining")),
)  # fmt: skip
Index("ix_order_material_material", order_material.c.material)

order_lot: Final = Table(
    "order_lot", metadata, _key("order_number"), _key("material"), _key("lot"), _key("unit"),
    _number("consumed"), sqlite_with_rowid=False,
)  # fmt: skip
"""What each order took of each lot, net of returns: with `order_output` the links of the trace."""
Index("ix_order_lot_lot", order_lot.c.lot)

order_output: Final = Table(
    "order_output", metadata, _key("order_number"), _key("material"), _key("lot"), _key("unit"),
    _number("produced"), sqlite_with_rowid=False,
)  # fmt: skip
Index("ix_order_output_lot", order_output.c.lot)

stock: Final = Table(
    "stock", metadata, _key("lot"), _key("material"),
    *(_text(name) for name in ("unit", "place", "expiry", "status", "supplier_lot")),
    *(_number(name) for name in ("micros", "received")), _bytes("body"),
)  # fmt: skip
"""One row a lot: what is left of it, where it lies; `received` is what goods receipts brought."""
Index(
    "ix_stock_material", *(stock.c[n] for n in ("material", "unit", "status", "expiry", "micros"))
)
for _name, _few in (("ix_stock_below", "micros < 0"), ("ix_stock_kept", "status <> 'available'")):
    Index(
        _name,
        stock.c.material,
        stock.c.lot,
        sqlite_where=text(_few),
        postgresql_where=text(_few),
    )

stock_place: Final = Table(
    "stock_place", metadata, _key("material"), _key("lot"), _key("place"), _text("unit"),
    _number("micros"), sqlite_with_rowid=False,
)  # fmt: skip

lot_event: Final = Table(
    "lot_event", metadata, _key("material"), _key("lot"), _rank("position"), _flag("of_order"),
    sqlite_with_rowid=False,
)  # fmt: skip
"""Which events moved a lot, by position in the ledger; `of_order` where an order used it."""

serial_use: Final = Table(
    "serial_use", metadata, _key("serial"), _key("material"), _key("way"), _key("order_number"),
    _number("uses"), sqlite_with_rowid=False,
)  # fmt: skip
"""How often each order took (`in`) or made (`out`) a serial number; above one it is a deviation."""

reversed_act: Final = Table(
    "reversed_act",
    metadata,
    _key("act"),
    _number("position"),
    sqlite_with_rowid=False,
)

concern: Final = Table(
    "concern",
    metadata,
    _key("key"),
    _key("kind"),
    _key("scope"),
    sqlite_with_rowid=False,
)
"""Since when on: the `order` or `material` concerns the scope."""

deviation: Final = Table(
    "deviation", metadata, _key("target"), _key("name"), _key("subject"),
    *(_text(name) for name in ("kind", "order_number", "material", "lot", "station", "operator",
                               "at", "severity", "facts", "accepted_by", "status", "verdict")),
    _number("position"),
)  # fmt: skip
"""`kind` is `event` (`target` is its id) or `set` (an order's number); `status` is open, withdrawn,
reviewed, or of a set `accepted` by badges; `subject` tells several of one name apart."""
Index("ix_deviation_order_number", deviation.c.order_number)
Index("ix_deviation_status", deviation.c.status)

trouble: Final = Table(
    "trouble", metadata, _key("id"),
    *(_text(name) for name in ("kind", "work_center", "order_number", "station", "operator",
                               "reason", "at")),
    *(_number(name) for name in ("begun", "ended")),
)  # fmt: skip
"""One row a stop or a call for help, by the id of what began it; `ended` counts what closes it."""
Index("ix_trouble_ended", trouble.c.ended)

unit_content: Final = Table(
    "unit_content", metadata, _key("id"),
    *(_text(name) for name in ("unit", "packed_unit", "order_number", "material", "lot", "serial",
                               "measure")),
    *(_number(name) for name in ("micros", "position")),
)  # fmt: skip
"""One row a thing on a logistic unit, by the event that put it there; `measure` is its unit of
measure. A row without any content tells that the unit was sealed."""
Index("ix_unit_content_unit", unit_content.c.unit)
Index("ix_unit_content_packed_unit", unit_content.c.packed_unit)
Index("ix_unit_content_lot", unit_content.c.lot)

VIEWS: Final = (
    master,
    master_revision,
    order_state,
    order_view,
    order_operation,
    order_material,
    order_lot,
    order_output,
    stock,
    stock_place,
    lot_event,
    serial_use,
    reversed_act,
    concern,
    deviation,
    trouble,
    unit_content,
)
_shadows: Final = MetaData(naming_convention=NAMING)
SHADOWS: Final = {view.name: view.to_metadata(_shadows, name=view.name + SHADOW) for view in VIEWS}
for _index in (index for shadow in SHADOWS.values() for index in shadow.indexes):
    _index.name = quoted_name(f"{_index.name}{SHADOW}", quote=None)  # PostgreSQL knows a name once


def clamped(value: int) -> int:
    """The amount as a BIGINT can hold it: garbage of many 12-digit amounts must not stop a fold."""
    return max(-AMOUNT_MAX, min(AMOUNT_MAX, value))
