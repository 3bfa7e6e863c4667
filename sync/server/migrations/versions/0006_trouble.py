"""Stops of work centers and calls for help."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, Text

revision = "0006"
down_revision = "0005"

NUMBER = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def upgrade() -> None:
    names = ("kind", "work_center", "order_number", "station", "operator", "reason", "at")
    op.create_table(
        "trouble",
        Column("id", TEXT, primary_key=True),
        *(Column(name, TEXT, nullable=False, server_default="") for name in names),
        *(Column(name, NUMBER, nullable=False, server_default="0") for name in ("begun", "ended")),
    )
    op.create_index("ix_trouble_ended", "trouble", ["ended"])
