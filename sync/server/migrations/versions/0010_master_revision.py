"""Every revision of master data."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Text

revision = "0010"
down_revision = "0009"

NUMBER = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "master_revision",
        Column("kind", TEXT, primary_key=True),
        Column("key", TEXT, primary_key=True),
        Column("revision", NUMBER, primary_key=True, autoincrement=False),
        Column("event_id", TEXT, primary_key=True),
        Column("position", NUMBER, nullable=False, server_default="0"),
        Column("at", TEXT, nullable=False, server_default=""),
        Column("account", TEXT, nullable=False, server_default=""),
        Column("body", LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_master_revision_position", "master_revision", ["position"])
