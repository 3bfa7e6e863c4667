"""Answers kept for repeated requests, and webhooks."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Text

revision = "0012"
down_revision = "0011"

NUMBER = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def text(name: str) -> Column[str]:
    return Column(name, TEXT, nullable=False, server_default="")


def count(name: str) -> Column[int]:
    return Column(name, NUMBER, nullable=False, server_default="0")


def upgrade() -> None:
    op.create_table(
        "repeated",
        Column("request", LargeBinary, primary_key=True),
        Column("fingerprint", LargeBinary, nullable=False),
        *(text(name) for name in ("account", "state", "owner", "headers")),
        *(count(name) for name in ("made_ms", "renewed_ms", "status")),
        Column("body", LargeBinary, nullable=True),
    )
    op.create_index("ix_repeated_made_ms", "repeated", ["made_ms"])
    op.create_table(
        "webhook",
        Column("webhook", TEXT, primary_key=True),
        *(text(name) for name in ("url", "kinds", "salt", "proof", "made_by", "paused", "fault")),
        *(count(name) for name in ("position", "trying", "attempts", "next_ms")),
        *(count(name) for name in ("made_ms", "delivered", "delivered_ms", "failed_ms")),
    )
