"""The promises of backups."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, Text

revision = "0004"
down_revision = "0003"

NUMBER = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "backup",
        Column("name", TEXT, primary_key=True),
        *(_text(name) for name in ("file", "machine", "incarnation")),
        *(_count(name) for name in ("made_ms", "position", "bytes")),
    )
    op.create_table(
        "backup_origin",
        Column("name", TEXT, primary_key=True),
        Column("origin", TEXT, primary_key=True),
        Column("seq", NUMBER, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_backup_origin_origin", "backup_origin", ["origin"])


def _text(name: str) -> Column[str]:
    return Column(name, TEXT, nullable=False, server_default="")


def _count(name: str) -> Column[int]:
    return Column(name, NUMBER, nullable=False, server_default="0")
