"""The home of a rebuild's tables: shadows of the views, filled from the ledger, then swapped in.

Readers see the old views or the new ones, whole. On SQLite a swap is one transaction like any
other. On PostgreSQL a transaction sees tables by name as they are and rows as of its own beginning:
one that began before the shadows were full must not find them under the views' names, so the swap
waits for such readers to end; and it takes the views' locks for a moment only, else it tries again,
for a reader behind it may hold what it waits for.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, Table, inspect, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateTable, DropTable

from sync.server import bi_views
from sync.server.database import Database
from sync.server.feed import append_feed
from sync.server.ledger import move_mark, reader_mark
from sync.server.notice import ALL, Projected, tell_projected
from sync.server.projector_reader import READER
from sync.server.projector_state import SHADOWED, past_of, taken_of
from sync.server.projector_version import keep_version
from sync.server.scopes import ORDER, Concern
from sync.server.view_tables import SHADOW, VIEWS, concern

SHADOW_READER: Final = "projector_shadow"
LOCK_MILLISECONDS_MAX: Final = 250  # less than PostgreSQL takes to look for a deadlock
VACUUM_MILLISECONDS_MAX: Final = 5_000  # more than it takes to send an autovacuum away
_LOCKED: Final = frozenset({"55P03", "40P01"})  # no lock in time, deadlock
_MOMENT: Final = text("SELECT clock_timestamp()")
_READERS_BEFORE: Final = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND xact_start < :moment"
)
_READERS_LONG: Final = text(
    "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
    " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    " AND xact_start < clock_timestamp() - interval '1 second')"
)


class LockedError(Exception):
    """Readers hold the views: nothing was swapped."""


def create_shadows(connection: Connection) -> None:
    """Make empty shadows in place of what an earlier rebuild left."""
    drop_shadows(connection)
    for view in VIEWS:
        if connection.dialect.name == "postgresql":
            _create_named(connection, view)
        else:
            connection.execute(CreateTable(SHADOWED[view]))
    move_mark(connection, SHADOW_READER, 0)


def _create_named(connection: Connection, view: Table) -> None:
    """A shadow whose key has a name of its own: PostgreSQL knows each name once."""
    shadow, key = SHADOWED[view].name, ", ".join(column.name for column in view.primary_key)
    connection.execute(text(f"CREATE TABLE {shadow} (LIKE {view.name} INCLUDING DEFAULTS)"))
    named = f"ADD CONSTRAINT pk_{shadow} PRIMARY KEY ({key})"
    connection.execute(text(f"ALTER TABLE {shadow} {named}"))


def index_shadows(database: Database) -> Iterator[None]:
    """Index and sample the shadows when they are filled, which costs less; yields now and then.

    On SQLite the swap does that: it renames no index, and takes no samples.
    """
    for table in () if database.url.startswith("sqlite") else SHADOWED.all:
        for index in table.indexes:
            database.write_now(index.create)
            yield
        database.write_now(partial(_sample, table))
        yield


def _sample(table: Table, connection: Connection) -> None:
    connection.execute(text(f"ANALYZE {table.name}"))


def drop_shadows(connection: Connection) -> None:
    """Leave nothing of a rebuild."""
    known = set(inspect(connection).get_table_names())
    for table in SHADOWED.all:
        if table.name in known:
            connection.execute(DropTable(table))


def moment_of(connection: Connection) -> Any:
    """The database's time, to ask `has_readers_before` of; None where a swap waits for nobody."""
    return connection.scalar(_MOMENT) if connection.dialect.name == "postgresql" else None


def has_readers_before(connection: Connection, moment: Any) -> bool:
    """Whether a transaction is open that began before a moment."""
    if moment is None:
        return False
    return bool(connection.scalar(_READERS_BEFORE, {"moment": moment}))


def has_long_readers(connection: Connection) -> bool:
    """Whether a transaction is open (a backup, a dump) that is not likely to end in a moment."""
    return connection.dialect.name == "postgresql" and bool(connection.scalar(_READERS_LONG))


def swap(database: Database, connection: Connection, sender: str) -> None:
    """Put the shadows in place; scopes that they concern and the old views did not are told.

    Raises `LockedError` where the views' locks cannot be had at once.
    """
    _lock(connection)
    mark = reader_mark(connection, READER)
    assert mark == reader_mark(connection, SHADOW_READER), "the shadows are not up with the views"
    rows = _newly_concerned(connection, mark)
    granted = bi_views.taken_down(connection)
    for view in VIEWS:
        shadow = SHADOWED[view]
        connection.execute(DropTable(view))
        connection.execute(text(f"ALTER TABLE {shadow.name} RENAME TO {view.name}"))
        _name_as(connection, view, shadow)
    bi_views.put_up(connection, granted)
    append_feed(connection, rows)
    move_mark(connection, SHADOW_READER, 0)
    keep_version(connection)
    tell_projected(database, connection, Projected(sender, mark, mark, (ALL,)))


def _lock(connection: Connection) -> None:
    if connection.dialect.name != "postgresql":
        return
    # A reader of a BI view locks that first, then its table: so do we.
    names = ", ".join((*bi_views.standing(connection), *(view.name for view in VIEWS)))
    connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS_MAX}"))
    _or_locked(lambda: connection.execute(text(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")))
    connection.execute(text("SET LOCAL lock_timeout TO DEFAULT"))


def _or_locked(act: Callable[[], object]) -> None:
    try:
        act()
    except OperationalError as fault:
        if getattr(fault.orig, "sqlstate", "") in _LOCKED:
            raise LockedError from fault
        raise


def _newly_concerned(connection: Connection, mark: int) -> list[tuple[str, int]]:
    now, shadow = concern, SHADOWED[concern]
    columns = ("kind", "key", "scope")
    new = select(*(shadow.c[name] for name in columns)).except_(
        select(*(now.c[name] for name in columns))
    )
    begun = [Concern(kind, key, scope) for kind, key, scope in connection.execute(new).all()]
    rows: dict[tuple[str, int], None] = {}
    for one in begun:
        for position in sorted(_told_of(connection, one, mark)):
            rows[one.scope, position] = None
    return list(rows)


def _told_of(connection: Connection, begun: Concern, mark: int) -> set[int]:
    """Positions up to a mark of what a scope is told of an order or a material."""
    if begun.kind == ORDER:
        told = past_of(connection, SHADOWED, {begun.key}, mark)[begun.key]
    else:
        told = taken_of(connection, SHADOWED, begun.key)
    return {position for position in told if position <= mark}


def _name_as(connection: Connection, view: Table, shadow: Table) -> None:
    """Give key and indexes the view's names; SQLite renames no index and makes them now."""
    if connection.dialect.name != "postgresql":
        for index in view.indexes:
            index.create(connection)
        return
    old, new = f"pk_{shadow.name}", f"pk_{view.name}"
    connection.execute(text(f"ALTER TABLE {view.name} RENAME CONSTRAINT {old} TO {new}"))
    for index in view.indexes:
        connection.execute(text(f"ALTER INDEX {index.name}{SHADOW} RENAME TO {index.name}"))
