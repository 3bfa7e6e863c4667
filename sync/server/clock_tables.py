"""The home of what the stations' pushes tell of their clocks and of themselves.

No event is read for it.
"""

from typing import Final

from sqlalchemy import Column, Table

from sync.server.tables import ByteOrdered, Number, metadata


def _count(name: str) -> Column[int]:
    return Column(name, Number, nullable=False, server_default="0")


station_clock: Final = Table(
    "station_clock",
    metadata,
    Column("station", ByteOrdered, primary_key=True),
    Column("boot", ByteOrdered, primary_key=True),
    *(_count(name) for name in ("ahead", "within_ms", "mono", "wall_lead", "heard_ms")),
    sqlite_with_rowid=False,
)
"""One row a boot, in milliseconds: the server's time was `ahead` of the boot clock, within so much,
when that stood at `mono`, and `wall_lead` ahead of the wall clock when it was last looked at."""

station_told: Final = Table(
    "station_told",
    metadata,
    Column("station", ByteOrdered, primary_key=True),
    Column("content", ByteOrdered, nullable=False, server_default=""),
    _count("since_ms"),
    sqlite_with_rowid=False,
)
"""What each station said of itself last, as JSON, and since when it says so."""
