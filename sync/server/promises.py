"""The home of what backups promise: `safe` of each origin, the least that any of them holds.

A station may delete only what every promised backup holds, so that whichever is restored, nothing
is gone. A backup whose file is gone is forgotten only once a newer one is proved.

PromiseError     a backup that cannot be confirmed or forgotten; the message says why
"""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, and_, case, delete, func, select, update
from sqlalchemy import insert as insert_into

from sync.server import tables
from sync.server.alarms import raise_alarm
from sync.server.backup_tables import backup, backup_origin
from sync.server.errors import ServerError
from sync.server.locks import hold_all_origins
from sync.server.rows import insert_rows
from sync.server.settings import INCARNATION, setting

NAME_CHARS_MAX: Final = 200
UNPROTECTED_HOURS: Final = 24
NO_BACKUP: Final = "no_backup"


class PromiseError(ServerError):
    """A backup that cannot be confirmed or forgotten."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A backup that can be restored. `file` is empty where another tool keeps it."""

    name: str
    file: str
    machine: str
    incarnation: str
    made_ms: int
    position: int
    bytes: int = 0


def promises(connection: Connection) -> list[Promise]:
    """All backups that are promised, the newest first."""
    rows = connection.execute(select(backup).order_by(backup.c.made_ms.desc(), backup.c.name))
    names = Promise.__slots__
    return [Promise(**{name: getattr(row, name) for name in names}) for row in rows]


def promise(connection: Connection, made: Promise, heads: Mapping[str, int]) -> None:
    """Record a proved backup, forget those whose file is gone, set every origin's `safe` anew."""
    hold_all_origins(connection)
    forgotten = [made.name, *(one.name for one in promises(connection) if is_gone(one))]
    _drop(connection, forgotten)
    values = {name: getattr(made, name) for name in Promise.__slots__}
    connection.execute(insert_into(backup).values(**values))
    rows = [(made.name, origin, seq) for origin, seq in heads.items()]
    insert_rows(connection, backup_origin, ("name", "origin", "seq"), rows)
    table = tables.alarm
    connection.execute(delete(table).where(table.c.kind == NO_BACKUP))
    _set_safe(connection)


def forget(connection: Connection, names: Sequence[str]) -> list[str]:
    """Promise some backups no more; returns those that were promised."""
    hold_all_origins(connection)
    known = [one.name for one in promises(connection) if one.name in names]
    _drop(connection, known)
    _set_safe(connection)
    return known


def confirmed(connection: Connection, name: str, position: int, made_ms: int) -> Promise:
    """Promise the backup of another tool, which holds all up to a position.

    Raises `PromiseError`.
    """
    checked_name(name)
    head = tables.head
    end = connection.execute(select(head.c.position).where(head.c.name == "event")).scalar_one()
    if not 0 <= position <= end:
        raise PromiseError(
            f"position {position}: the ledger ends at {end}; say the position that kiosk-server"
            " status told before that backup began"
        )
    incarnation = setting(connection, INCARNATION)
    made = Promise(name, "", "", incarnation, made_ms, position)
    promise(connection, made, heads_at(connection, position))
    return made


def checked_name(name: str) -> str:
    """The name, if it can be one; raises `PromiseError`."""
    if not 0 < len(name) <= NAME_CHARS_MAX or not name.isprintable():
        raise PromiseError(f"name {name[:40]!r}: want 1 to {NAME_CHARS_MAX} printable characters")
    return name


def heads_at(connection: Connection, position: int) -> dict[str, int]:
    """How far each origin was held when the ledger ended at a position; rather less than more.

    A journal that was copied brings places for events of long ago: an origin that was first seen
    after the position counts nothing.
    """
    origin, place, event = tables.origin, tables.place, tables.event
    received = select(event.c.received_ms).where(event.c.position <= position)
    last_ms = connection.execute(received.order_by(event.c.position.desc()).limit(1)).scalar()
    beyond = (
        select(place.c.origin, func.min(place.c.seq).label("seq"))
        .where(place.c.position > position)
        .group_by(place.c.origin)
        .subquery()
    )
    rows = connection.execute(
        select(origin.c.origin, origin.c.head_seq, beyond.c.seq)
        .outerjoin(beyond, beyond.c.origin == origin.c.origin)
        .where(origin.c.first_ms <= (last_ms or 0))
    )
    return {name: head if seq is None else seq - 1 for name, head, seq in rows}


def shared_heads(connection: Connection, held: Sequence[tuple[str, int, bytes]]) -> dict[str, int]:
    """How far a file holds each origin, where this ledger has the same chain up to there."""
    return {
        origin: seq
        for origin, seq, digest in held
        if digest in _digests_at(connection, origin, seq)
    }


def warn_unprotected(connection: Connection, now_ms: int) -> str:
    """Raise the alarm, once, of a day's work that no backup holds; returns its words or nothing."""
    if connection.execute(select(backup.c.name).limit(1)).first() is not None:
        return ""
    event = tables.event
    first = connection.execute(
        select(event.c.received_ms).order_by(event.c.position).limit(1)
    ).scalar()
    if first is None or first > now_ms - UNPROTECTED_HOURS * 3_600_000:
        return ""
    text = (
        "no backup is promised: stations can delete nothing, and a lost disk loses the ledger;"
        " run kiosk-server backup every night, or confirm another tool's with backup --confirm"
    )
    raise_alarm(connection, NO_BACKUP, text, now_ms)
    return text


def is_gone(made: Promise) -> bool:
    """Whether the backup's file lay on this machine, and lies there no more."""
    try:
        return made.machine == socket.gethostname() and not Path(made.file).exists()
    except OSError:  # its folder may not be looked into: it may well be there
        return False


def _digests_at(connection: Connection, origin: str, seq: int) -> list[bytes]:
    """The digest that the ledger holds at a place: of an event, of a gap's end, or of the head."""
    place, gap, head = tables.place, tables.gap, tables.origin
    asked = (
        select(place.c.digest).where(place.c.origin == origin, place.c.seq == seq),
        select(gap.c.digest).where(gap.c.origin == origin, gap.c.to_seq == seq),
        select(head.c.head_digest).where(head.c.origin == origin, head.c.head_seq == seq),
    )
    return [bytes(row[0]) for one in asked for row in connection.execute(one)]


def _drop(connection: Connection, names: Sequence[str]) -> None:
    connection.execute(delete(backup_origin).where(backup_origin.c.name.in_(names)))
    connection.execute(delete(backup).where(backup.c.name.in_(names)))


def _set_safe(connection: Connection) -> None:
    """The least over all promised backups; one that never saw an origin holds nothing of it."""
    origin, held = tables.origin, backup_origin
    count = select(func.count()).select_from(backup).scalar_subquery()
    of_origin = held.c.origin == origin.c.origin
    holding = select(func.count()).where(of_origin).scalar_subquery()
    least = select(func.min(held.c.seq)).where(of_origin).scalar_subquery()
    safe = case((and_(count > 0, holding == count), least), else_=0)
    connection.execute(update(origin).values(safe=safe).where(origin.c.safe != safe))
