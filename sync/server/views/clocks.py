"""What is known of the stations' clocks: how far each is off, how exactly that is known."""

import msgspec
from sqlalchemy import Connection, select

from sync.server.clock_tables import station_clock

EXACT_MS = 2_000


class Clock(msgspec.Struct, frozen=True):
    """`off` milliseconds that the wall clock is ahead of the server's; `within` how exact."""

    off: int
    within: int
    heard_ms: int

    @property
    def is_off(self) -> bool:
        return abs(self.off) > max(EXACT_MS, self.within)


def clocks(connection: Connection, now_ms: int) -> dict[str, Clock]:
    """Station → its clock, as it was last heard until now."""
    table = station_clock
    rows = connection.execute(
        select(table.c.station, table.c.wall_lead, table.c.within_ms, table.c.heard_ms)
        .where(table.c.heard_ms <= now_ms)
        .order_by(table.c.station, table.c.heard_ms)
    )
    return {station: Clock(-lead, within, heard) for station, lead, within, heard in rows}
