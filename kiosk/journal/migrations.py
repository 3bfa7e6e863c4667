"""The home of the journal's schema: one migration per version, never changed once released.

Imported only to create or upgrade a file: sqlite-utils takes longer to import than a kiosk may
take to be ready. A new migration also raises `SCHEMA_VERSION` in `files`.
"""

import sqlite3
import zlib

from sqlite_utils import Database, Migrations

MIGRATIONS = Migrations("journal")


@MIGRATIONS()
def m001_two_tables_and_their_readers(db: Database) -> None:
    """`event` is every event known here, `place` where the station's own stand in its chain."""
    db.table("event").create(
        {"local": int, "id": str, "body": bytes}, pk="local", not_null={"id", "body"}
    )
    db.table("event").create_index(["id"], unique=True)
    db.execute(
        "CREATE TABLE place (origin TEXT NOT NULL, seq INTEGER NOT NULL, digest BLOB NOT NULL,"
        " id TEXT NOT NULL, PRIMARY KEY (origin, seq)) WITHOUT ROWID"
    )
    db.table("meta").create({"name": str, "value": str}, pk="name", not_null={"value"})
    db.table("kept").create({"name": str, "value": bytes}, pk="name", not_null={"value"})
    db.table("mark").create({"reader": str, "local": int}, pk="reader", not_null={"local"})
    db.table("stage").create(
        {"row": int, "id": str, "body": bytes}, pk="row", not_null={"id", "body"}
    )
    db.table("stage").create_index(["id"], unique=True)
    db.table("scan_log").create(
        {"row": int, "at": str, "source": str, "payload": bytes, "answer": str}, pk="row"
    )
    db.execute("PRAGMA user_version = 1")


@MIGRATIONS()
def m002_a_checksum_of_every_body(db: Database) -> None:
    """`crc` is the CRC-32 of the body, 0 to 2**32-1: own events have a chain, absorbed ones none.

    It guards against accidents alone, and finds every error of up to 32 bits in a row; a hash of
    32 bytes a row would cost more than it proves. A row that nobody gave one has 0, and fails.
    """

    def crc_of(body: object) -> int:
        return zlib.crc32(body) if isinstance(body, bytes) else 0

    db.conn.create_function("crc_of", 1, crc_of, deterministic=True)
    for table in ("event", "stage"):
        db.execute(f"ALTER TABLE {table} ADD COLUMN crc INTEGER NOT NULL DEFAULT 0")
        db.execute(f"UPDATE {table} SET crc = crc_of(body)")
    db.execute("PRAGMA user_version = 2")


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to the newest schema; each migration is one transaction."""
    database = Database(connection, recursive_triggers=False, execute_plugins=False)
    MIGRATIONS.apply(database)
