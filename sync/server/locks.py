"""The home of the one order in which rows are held: no two server processes wait crosswise.

A write takes what it needs of these classes in this order, and within a class by key:

1. `backup`, the table, which only promises take: one is made after another
2. `origin`: the rows of stations that are there, then new ones are put
3. `station_told`, by station, then `station_clock`, by station and boot
4. `event`: known ids that are told again, or stand in quarantine
5. `setting` `incarnation`, and what is kept beside it
6. `head`: counters of numbers that are there, then new ones are put
7. `setting` `office_origin`, then the office's own row of `origin`
8. `enrolment_code`, `station_token`, `station`, then `enrolment_failure`
9. `head` `event`, then `feed`: positions, taken last, become visible in order

A push takes 2 to 9, an act of the office 7 and 9, a promise 1, 2 and the office's row of 7, a
restore that is found out 5 to 7, enrolment and revocation 8. A row that another process puts at the
same time fails as a conflict and the write runs once more: to hold that row now would be late.
Leases and views are one projector's at a time, which takes no row of others but `feed`.

SQLite has one writer, and holds nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, select, text

from sync.server.backup_tables import backup
from sync.server.rows import Row, insert_rows, on_sqlite, rows_with
from sync.server.settings import OFFICE, OFFICE_ORIGIN, made_once
from sync.server.tables import origin as table
from sync.server.tables import station
from sync.wire import chain_start

_ORIGIN_COLUMNS: Final = ("origin", "station", "head_digest", "first_ms")
_ONE_PROMISE: Final = text(f"LOCK TABLE {backup.name} IN SHARE ROW EXCLUSIVE MODE")


def hold_origins(
    connection: Connection, stations: Mapping[str, str], now_ms: int, *columns: str
) -> list[Row]:
    """The rows (origin, *columns) of origins, each its station's if it is new."""
    rows = _held(connection, sorted(stations), columns)
    known = {row[0] for row in rows}
    missing = [name for name in sorted(stations) if name not in known]
    if missing:
        new = [(name, stations[name], chain_start(name), now_ms) for name in missing]
        insert_rows(connection, table, _ORIGIN_COLUMNS, new)
        rows += _held(connection, missing, columns)
    return rows


def hold_office(connection: Connection, now_ms: int) -> str:
    """Hold the log of what the office of this incarnation says; returns its origin."""
    origin = made_once(connection, OFFICE_ORIGIN)
    hold_origins(connection, {origin: OFFICE}, now_ms)
    return origin


def hold_all_origins(connection: Connection) -> None:
    """Hold every origin, the office's last, as the one promise that is made now."""
    if on_sqlite(connection):
        return
    connection.execute(_ONE_PROMISE)
    order = (table.c.station == OFFICE, table.c.origin)
    connection.execute(select(table.c.origin).order_by(*order).with_for_update()).all()


def hold_stations(connection: Connection, names: Sequence[str]) -> None:
    """Hold rows of `station` before they are changed; of a single one the change does that."""
    if len(names) > 1 and not on_sqlite(connection):
        rows_with(connection, station, "station", names, lock=True)


def _held(connection: Connection, names: Sequence[str], columns: Sequence[str]) -> list[Row]:
    return rows_with(connection, table, "origin", names, *columns, lock=True)
