"""The home of what stations tell of themselves: the last word of each, kept beside its clocks."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, select

from sync.server.clock_tables import station_told
from sync.server.intake import Batch
from sync.server.rows import inserting
from sync.told import StationTold, read, written


def keep_told(connection: Connection, batches: Iterable[Batch], now_ms: int) -> None:
    """Keep what pushes of their origins' owners tell, in the open transaction.

    A row is written only where it says something else; what cannot be read changes nothing.
    """
    heard = {one.station: told for one in batches if (told := read(bytes(one.header.about)))}
    if not heard:
        return
    put = inserting(connection, station_told)
    changed = {name: put.excluded[name] for name in ("content", "since_ms")}
    storing = put.on_conflict_do_update(
        index_elements=["station"],
        set_=changed,
        where=station_told.c.content != put.excluded.content,
    )
    rows = [
        {"station": name, "content": written(told).decode(), "since_ms": now_ms}
        for name, told in sorted(heard.items())
    ]
    connection.execute(storing, rows)


def told_of_stations(connection: Connection) -> dict[str, StationTold]:
    """Station → what it said of itself last; none of who never said anything."""
    rows = connection.execute(select(station_told.c.station, station_told.c.content))
    return {name: msgspec.json.decode(content, type=StationTold) for name, content in rows}
