"""What is on logistic units."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, Text

revision = "0008"
down_revision = "0007"

NUMBER = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def upgrade() -> None:
    names = ("unit", "packed_unit", "order_number", "material", "lot", "serial", "measure")
    numbers = ("micros", "position")
    op.create_table(
        "unit_content",
        Column("id", TEXT, primary_key=True),
        *(Column(name, TEXT, nullable=False, server_default="") for name in names),
        *(Column(name, NUMBER, nullable=False, server_default="0") for name in numbers),
    )
    for name in ("unit", "packed_unit", "lot"):
        op.create_index(f"ix_unit_content_{name}", "unit_content", [name])
