"""Accounts, sessions, keys of the interface, what was done to them."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Text

revision = "0009"
down_revision = "0008"

NUMBER = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def text(name: str) -> Column[str]:
    return Column(name, TEXT, nullable=False, server_default="")


def count(name: str) -> Column[int]:
    return Column(name, NUMBER, nullable=False, server_default="0")


def upgrade() -> None:
    op.create_table(
        "account",
        Column("account", TEXT, primary_key=True),
        *(text(name) for name in ("name", "role", "password")),
        *(count(name) for name in ("active", "made_ms", "failures", "failed_ms")),
    )
    op.create_table(
        "session",
        Column("digest", LargeBinary, primary_key=True),
        *(text(name) for name in ("account", "csrf")),
        *(count(name) for name in ("begun_ms", "seen_ms")),
    )
    op.create_index("ix_session_account", "session", ["account"])
    op.create_table(
        "api_key",
        Column("name", TEXT, primary_key=True),
        Column("digest", LargeBinary, nullable=False, unique=True),
        *(text(name) for name in ("rights", "made_by")),
        *(count(name) for name in ("made_ms", "used_ms", "ends_ms")),
    )
    op.create_table(
        "audit",
        Column("number", NUMBER, primary_key=True, autoincrement=False),
        count("at_ms"),
        *(text(name) for name in ("account", "act", "target", "detail", "address")),
    )
