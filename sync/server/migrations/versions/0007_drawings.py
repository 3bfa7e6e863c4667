"""Drawings of operations."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Text

revision = "0007"
down_revision = "0006"

NUMBER = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "drawing",
        Column("name", TEXT, primary_key=True),
        *(Column(name, TEXT, nullable=False, server_default="") for name in ("digest", "media")),
        *(
            Column(name, NUMBER, nullable=False, server_default="0")
            for name in ("bytes", "changed_ms")
        ),
    )
    op.create_index("ix_drawing_digest", "drawing", ["digest"])
    op.create_table(
        "drawing_part",
        Column("digest", TEXT, primary_key=True),
        Column("part", NUMBER, primary_key=True, autoincrement=False),
        Column("body", LargeBinary, nullable=False),
    )
