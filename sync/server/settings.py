"""The home of the ledger's own facts: its incarnation and other named values of `setting`."""

import uuid
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from sync.server.rows import inserting
from sync.server.tables import head
from sync.server.tables import setting as table

INCARNATION: Final = "incarnation"
OFFICE: Final = "office"
OFFICE_ORIGIN: Final = "office_origin"
INCARNATIONS_BEFORE: Final = "incarnations_before"
NUMBERS_SKIP: Final = 1_000
NUMBERS_SKIPS_MAX: Final = 64
# Made once: to make a statement costs more than to run it.
_VALUE: Final = select(table.c.value).where(table.c.name == bindparam("named"))
NUMBERS: Final = "numbers:"  # counters of `head`: the highest number granted of each kind


def setting(connection: Connection, name: str) -> str:
    """The value, or nothing."""
    row = connection.execute(_VALUE, {"named": name}).one_or_none()
    return str(row[0]) if row else ""


def keep_setting(connection: Connection, name: str, value: str) -> None:
    """Store a value in place of the one before."""
    changed = connection.execute(update(table).where(table.c.name == name).values(value=value))
    if not changed.rowcount:
        connection.execute(insert(table).values(name=name, value=value))


def made_once(connection: Connection, name: str) -> str:
    """The random 128-bit name kept under `name`, made at the first call and held until commit."""
    held = select(table.c.value).where(table.c.name == name).with_for_update()
    value = connection.execute(held).scalar()
    if value is None:  # another server process may be making it too
        put = inserting(connection, table).values(name=name, value="")
        connection.execute(put.on_conflict_do_nothing())
        value = connection.execute(held).scalar()
    if not value:
        value = uuid.uuid4().hex
        keep_setting(connection, name, value)
    return str(value)


def new_incarnation(connection: Connection) -> str:
    """Say that this is another ledger: what it held last may be lost.

    Feed marks are void, the office begins a new origin, and every counter of numbers skips what
    may have been granted and forgotten. Stations then offer the office's events that they hold.
    """
    remember_incarnation(connection, held_incarnation(connection))
    value = uuid.uuid4().hex
    keep_setting(connection, INCARNATION, value)
    counters = head.c.name.startswith(NUMBERS)
    held = select(head.c.name).where(counters).order_by(head.c.name).with_for_update()
    connection.execute(held).all()
    skipped = {"position": head.c.position + numbers_skip(value)}
    connection.execute(update(head).where(counters).values(**skipped))
    keep_setting(connection, OFFICE_ORIGIN, "")
    return value


def held_incarnation(connection: Connection) -> str:
    """What this ledger is now, which no other process changes until the commit."""
    held = select(table.c.value).where(table.c.name == INCARNATION).with_for_update()
    return str(connection.execute(held).scalar() or "")


def numbers_skip(incarnation: str) -> int:
    """How many numbers an incarnation leaves out of each kind.

    Not the same for all: a backup that is restored twice would grant the same numbers twice.
    """
    return NUMBERS_SKIP * (1 + int(incarnation, 16) % NUMBERS_SKIPS_MAX)


def remember_incarnation(connection: Connection, name: str) -> None:
    """Note what this ledger was once."""
    before = incarnations_before(connection)
    if name and name not in before:
        keep_setting(connection, INCARNATIONS_BEFORE, " ".join((*before, name)))


def incarnations_before(connection: Connection) -> tuple[str, ...]:
    """What this ledger was before each of its restores, the first one first; nothing at birth."""
    return tuple(setting(connection, INCARNATIONS_BEFORE).split())
