"""The view tables: what the projector makes of the ledger."""

from typing import Any

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Text

revision = "0002"
down_revision = "0001"

NUMBER = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def upgrade() -> None:
    _order_tables()
    _stock_tables()
    _other_tables()
    for table, column in (
        ("order_view", "status"),
        ("order_material", "material"),
        ("order_lot", "lot"),
        ("order_output", "lot"),
        ("stock", "material"),
        ("deviation", "order_number"),
        ("deviation", "status"),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column])


def _keys(*names: str) -> list[Column[str]]:
    return [Column(name, TEXT, primary_key=True) for name in names]


def _rank(name: str) -> Column[int]:
    return Column(name, NUMBER, primary_key=True, autoincrement=False)


def _texts(names: str) -> list[Column[str]]:
    return [Column(name, TEXT, nullable=False, server_default="") for name in names.split()]


def _numbers(names: str) -> list[Column[int]]:
    return [Column(name, NUMBER, nullable=False, server_default="0") for name in names.split()]


def _body() -> Column[bytes]:
    return Column("body", LargeBinary, nullable=False)


def _clustered(name: str, *columns: Column[Any]) -> None:
    """A table of small rows, kept under its key."""
    op.create_table(name, *columns, sqlite_with_rowid=False)


def _order_tables() -> None:
    op.create_table("order_state", *_keys("order_number"), _body())
    op.create_table(
        "order_view",
        *_keys("order_number"),
        *_texts("status material name unit due start_date note customer_reference"),
        *_texts("operation work_center"),
        *_numbers("planned good scrap priority revision position"),
    )
    op.create_table(
        "order_operation",
        *_keys("order_number"),
        _rank("rank"),
        *_texts("operation name work_center status"),
        *_numbers("good scrap seconds_left"),
    )
    op.create_table(
        "order_material",
        *_keys("order_number"),
        _rank("rank"),
        *_texts("line material name unit operation"),
        *_numbers("needed consumed waste remaining"),
    )
    links = ("order_number", "material", "lot", "unit")
    _clustered("order_lot", *_keys(*links), *_numbers("consumed"))
    _clustered("order_output", *_keys(*links), *_numbers("produced"))


def _stock_tables() -> None:
    op.create_table(
        "stock",
        *_keys("lot", "material"),
        *_texts("unit place expiry status supplier_lot"),
        *_numbers("micros received"),
        _body(),
    )
    _clustered(
        "stock_place", *_keys("material", "lot", "place"), *_texts("unit"), *_numbers("micros")
    )
    _clustered(
        "lot_event",
        *_keys("material", "lot"),
        _rank("position"),
        Column("of_order", Integer, nullable=False, server_default="0"),
    )
    _clustered("serial_use", *_keys("serial", "material", "way", "order_number"), *_numbers("uses"))


def _other_tables() -> None:
    op.create_table(
        "master", *_keys("kind", "key"), *_numbers("revision"), *_texts("event_id"), _body()
    )
    _clustered("reversed_act", *_keys("act"), *_numbers("position"))
    _clustered("concern", *_keys("key", "kind", "scope"))
    op.create_table(
        "deviation",
        *_keys("target", "name", "subject"),
        *_texts("kind order_number material lot station operator at severity facts"),
        *_texts("accepted_by status verdict"),
        *_numbers("position"),
    )
