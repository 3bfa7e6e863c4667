"""Sums of the stock from an index alone; the few lots that are kept back, or below nothing."""

from alembic import op
from sqlalchemy import text

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.drop_index("ix_stock_material", "stock")
    op.create_index(
        "ix_stock_material", "stock", ["material", "unit", "status", "expiry", "micros"]
    )
    for name, few in (("ix_stock_below", "micros < 0"), ("ix_stock_kept", "status <> 'available'")):
        where = text(few)
        op.create_index(
            name, "stock", ["material", "lot"], sqlite_where=where, postgresql_where=where
        )
