"""Sums of the stock from an index alone; lots by status, and those below nothing."""

from alembic import op
from sqlalchemy import text

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.drop_index("ix_stock_material", "stock")
    op.create_index(
        "ix_stock_material", "stock", ["material", "unit", "status", "expiry", "micros"]
    )
    op.create_index("ix_stock_status", "stock", ["status", "material", "lot", "expiry", "micros"])
    below = text("micros < 0")
    op.create_index(
        "ix_stock_below", "stock", ["material", "lot"], sqlite_where=below, postgresql_where=below
    )
