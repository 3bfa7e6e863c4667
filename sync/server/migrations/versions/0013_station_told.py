"""What stations tell of themselves."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, Text

revision = "0013"
down_revision = "0012"

NUMBER = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "station_told",
        Column("station", TEXT, primary_key=True),
        Column("content", TEXT, nullable=False, server_default=""),
        Column("since_ms", NUMBER, nullable=False, server_default="0"),
        sqlite_with_rowid=False,
    )
