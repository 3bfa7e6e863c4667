"""The clocks of the stations."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, Text

revision = "0005"
down_revision = "0004"

NUMBER = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "station_clock",
        Column("station", TEXT, primary_key=True),
        Column("boot", TEXT, primary_key=True),
        *(_count(name) for name in ("ahead", "within_ms", "mono", "wall_lead", "heard_ms")),
        sqlite_with_rowid=False,
    )


def _count(name: str) -> Column[int]:
    return Column(name, NUMBER, nullable=False, server_default="0")
