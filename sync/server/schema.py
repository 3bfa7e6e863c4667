"""The home of the database's schema: which revision it is of, and the migrations to the newest.

Several processes that start at once migrate once: SQLite lets one write, and PostgreSQL has an
advisory lock that is held until the commit.
"""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text

from sync.server import bi_views
from sync.server.engines import ForeignError, NewerError
from sync.server.rows import on_sqlite

MIGRATIONS: Final = Path(__file__).parent / "migrations"
MIGRATION_LOCK: Final = 0x6B696F736B  # "kiosk": one number that all our processes know


def newest_revision() -> str:
    """The revision that this program's migrations lead to."""
    return max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def migrate(engine: Engine) -> None:
    """Bring the database to the newest schema; raises `ForeignError` or `NewerError`."""
    with engine.begin() as connection:
        if not on_sqlite(connection):
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        found = _revision(connection)
        newest = newest_revision()
        if found == newest:
            return
        tables_there = inspect(connection).get_table_names()
        if not found and tables_there:
            raise ForeignError(
                f"{engine.url}: no ledger of this program, it holds {', '.join(tables_there[:5])}:"
                " move it aside, or give another --data"
            )
        if found > newest:
            raise NewerError(
                f"{engine.url}: of revision {found}, this program knows {newest}:"
                " start the newer program"
            )
        granted = bi_views.taken_down(connection)
        _run_alembic(connection)
        bi_views.put_up(connection, granted)


def _revision(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    row = connection.execute(text("SELECT version_num FROM alembic_version")).one_or_none()
    return str(row[0]) if row else ""


def _run_alembic(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
