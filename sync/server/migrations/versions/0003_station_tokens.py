"""New tokens, offered to stations beside the ones that they have."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Text, UniqueConstraint

revision = "0003"
down_revision = "0002"

NUMBER = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "station_token",
        Column("station", TEXT, primary_key=True),
        Column("token_hash", LargeBinary, nullable=False),
        Column("made_ms", NUMBER, nullable=False, server_default="0"),
        UniqueConstraint("token_hash", name="uq_station_token_token_hash"),
    )
