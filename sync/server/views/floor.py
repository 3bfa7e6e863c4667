"""What the office asks of the floor: which stations are heard, what disagrees with the plan."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Select, func, select

from sync.server import tables
from sync.server.sentences import sentence
from sync.server.station_clocks import Timed
from sync.server.station_told import told_of_stations
from sync.server.view_tables import deviation
from sync.server.views.times import times_of
from sync.told import PrinterTold, StationTold

PAGE_ROWS_MAX: Final = 500


class StationLine(msgspec.Struct, frozen=True):
    """A station: when it was last heard (RFC 3339, UTC), how many events wait there.

    `version` is its program's, and `printers` how each was, when it told so last; empty where its
    program is too old to tell.
    """

    station: str
    work_centers: tuple[str, ...]
    last_contact: str
    waiting: int
    active: bool
    version: str = ""
    printers: tuple[PrinterTold, ...] = ()


class DeviationLine(msgspec.Struct, frozen=True):
    """Where an event or an order's sum disagrees with the plan; `text` says it in a sentence.

    `at` is as the station's clock said, `timed` tells of an event's what time that was.
    """

    name: str
    text: str
    severity: str
    status: str
    target: str
    subject: str
    order: str
    material: str
    lot: str
    station: str
    operator: str
    at: str
    accepted_by: str
    facts: dict[str, str]
    verdict: str
    position: int
    timed: Timed | None = None


def station_lines(connection: Connection) -> list[StationLine]:
    """Every enrolled station; how many events wait is what its last push said."""
    table, log = tables.station, tables.origin
    pushed = (
        select(log.c.station, func.max(log.c.contact_ms), func.max(log.c.waiting))
        .where(log.c.station != "")
        .group_by(log.c.station)
    )
    told = {row[0]: (row[1], row[2]) for row in connection.execute(pushed)}
    rows = connection.execute(select(table).order_by(table.c.station)).all()
    own, nothing = told_of_stations(connection), StationTold()
    return [
        _station_line(row, *told.get(row.station, (0, 0)), own.get(row.station, nothing))
        for row in rows
    ]


def deviation_lines(
    connection: Connection,
    statuses: Sequence[str] = ("open",),
    order: str = "",
    limit: int = PAGE_ROWS_MAX,
) -> list[DeviationLine]:
    """Deviations, the latest first."""
    table = deviation
    query = select(table).order_by(table.c.position.desc(), table.c.target, table.c.name)
    if statuses:
        query = query.where(table.c.status.in_(list(statuses)))
    if order:
        query = query.where(table.c.order_number == order)
    return lines_of(connection, query.limit(limit))


def lines_of(connection: Connection, query: Select[Any]) -> list[DeviationLine]:
    """The rows of a query for whole deviations, as lines."""
    rows = connection.execute(query).all()
    times = times_of(connection, {row.target for row in rows if row.kind == "event"})
    return [_deviation_line(row, times.get(row.target)) for row in rows]


def deviation_counts(connection: Connection) -> dict[str, dict[str, int]]:
    """Order → its open deviations: how many of each name."""
    table = deviation
    names = (table.c.order_number, table.c.name)
    rows = connection.execute(
        select(*names, func.count())
        .where(table.c.status == "open")
        .group_by(*names)
        .order_by(*names)
    )
    found: dict[str, dict[str, int]] = {}
    for order, name, count in rows:
        found.setdefault(order, {})[name] = count
    return found


def moment(milliseconds: int) -> str:
    """RFC 3339 in UTC; nothing for never."""
    if not milliseconds:
        return ""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")


def _station_line(row: Any, contact_ms: int, waiting: int, told: StationTold) -> StationLine:
    return StationLine(
        station=row.station,
        work_centers=tuple(name for name in row.work_centers.split(",") if name),
        last_contact=moment(max(row.contact_ms, contact_ms)),
        waiting=max(row.waiting, waiting),
        active=bool(row.active),
        version=told.version,
        printers=told.printers,
    )


def _deviation_line(row: Any, timed: Timed | None) -> DeviationLine:
    facts = msgspec.json.decode(row.facts or "{}", type=dict[str, str])
    return DeviationLine(
        name=row.name,
        text=sentence(row.name, facts, station=row.station, who=row.operator),
        severity=row.severity,
        status=row.status,
        target=row.target,
        subject=row.subject,
        order=row.order_number,
        material=row.material,
        lot=row.lot,
        station=row.station,
        operator=row.operator,
        at=row.at,
        accepted_by=row.accepted_by,
        facts=facts,
        verdict=row.verdict,
        position=row.position,
        timed=timed,
    )
