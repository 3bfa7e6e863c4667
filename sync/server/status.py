"""The home of the administrator's overview: what runs, how far all of it is, what needs a look."""

import shutil
from collections import Counter

import msgspec
from sqlalchemy import Connection, func, select

from sync.server import tables
from sync.server.ledger import backlog
from sync.server.promises import promises
from sync.server.services import PROGRAM_VERSION, Services
from sync.server.settings import incarnations_before
from sync.server.station_told import told_of_stations
from sync.server.stations import moment
from sync.told import PrinterTold, StationTold

BEHIND_EVENTS_MAX = 1_000_000
ALARMS_SHOWN_MAX = 20


class StationState(msgspec.Struct, frozen=True):
    """`waiting` events were unsent when the station was last heard; `safe` ones are in backups.

    `version` and `printers` are what it told of itself then.
    """

    station: str
    active: bool
    heard: str
    waiting: int
    received: int
    safe: int
    version: str = ""
    printers: tuple[PrinterTold, ...] = ()


class BackupState(msgspec.Struct, frozen=True):
    """A promised backup; `file` is empty where another tool keeps it."""

    name: str
    file: str
    made: str
    position: int
    bytes: int


class AlarmState(msgspec.Struct, frozen=True):
    """What was noted, and when."""

    kind: str
    station: str
    at: str
    text: str


class Status(msgspec.Struct, frozen=True):
    """`position` is the ledger's end; `behind` events are not in the views yet."""

    version: str
    site: str
    database: str
    incarnation: str
    restores: int
    position: int
    projected: int
    behind: int
    stations: tuple[StationState, ...]
    backups: tuple[BackupState, ...]
    alarms: dict[str, int]
    last_alarms: tuple[AlarmState, ...]
    free_bytes: int


def status_of(services: Services) -> Status:
    """All of it at one moment of the ledger."""
    database = services.database
    return database.read_now(lambda conn: _status(conn, services))


def _status(connection: Connection, services: Services) -> Status:
    head, alarm = tables.head, tables.alarm
    end = select(head.c.position).where(head.c.name == "event")
    projected = _projected(connection)
    kinds = Counter(row[0] for row in connection.execute(select(alarm.c.kind)))
    return Status(
        version=PROGRAM_VERSION,
        site=services.config.site,
        database=services.database.url,
        incarnation=services.ledger.incarnation,
        restores=len(incarnations_before(connection)),
        position=int(connection.execute(end).scalar_one()),
        projected=projected,
        behind=backlog(connection, projected, BEHIND_EVENTS_MAX),
        stations=_stations(connection),
        backups=_backups(connection),
        alarms=dict(sorted(kinds.items())),
        last_alarms=_alarms(connection),
        free_bytes=shutil.disk_usage(services.config.data).free,
    )


def _projected(connection: Connection) -> int:
    mark = tables.mark
    found = select(mark.c.position).where(mark.c.reader == "projector")
    return int(connection.execute(found).scalar() or 0)


def _stations(connection: Connection) -> tuple[StationState, ...]:
    """A station has the events of all its journals, old and new."""
    station, origin = tables.station, tables.origin
    held = (
        select(
            origin.c.station,
            func.sum(origin.c.head_seq).label("received"),
            func.sum(origin.c.safe).label("safe"),
        )
        .group_by(origin.c.station)
        .subquery()
    )
    rows = connection.execute(
        select(station, held.c.received, held.c.safe)
        .outerjoin(held, held.c.station == station.c.station)
        .order_by(station.c.station)
    )
    own, nothing = told_of_stations(connection), StationTold()
    return tuple(
        StationState(
            station=row.station,
            active=bool(row.active),
            heard=moment(row.contact_ms) if row.contact_ms else "",
            waiting=row.waiting,
            received=int(row.received or 0),
            safe=int(row.safe or 0),
            version=own.get(row.station, nothing).version,
            printers=own.get(row.station, nothing).printers,
        )
        for row in rows
    )


def _backups(connection: Connection) -> tuple[BackupState, ...]:
    return tuple(
        BackupState(one.name, one.file, moment(one.made_ms), one.position, one.bytes)
        for one in promises(connection)
    )


def _alarms(connection: Connection) -> tuple[AlarmState, ...]:
    table = tables.alarm
    rows = connection.execute(select(table).order_by(table.c.number.desc()).limit(ALARMS_SHOWN_MAX))
    return tuple(AlarmState(row.kind, row.station, moment(row.at_ms), row.text) for row in rows)
