"""The home of the tables of promises: which backups can be restored, and how far each one holds."""

from typing import Final

from sqlalchemy import Column, Index, Table

from sync.server.tables import ByteOrdered, Number, metadata


def _text(name: str) -> Column[str]:
    return Column(name, ByteOrdered, nullable=False, server_default="")


def _count(name: str) -> Column[int]:
    return Column(name, Number, nullable=False, server_default="0")


backup: Final = Table(
    "backup",
    metadata,
    Column("name", ByteOrdered, primary_key=True),
    _text("file"),
    _text("machine"),
    _text("incarnation"),
    _count("made_ms"),
    _count("position"),
    _count("bytes"),
)
"""A verified backup: ours with its file and the machine where that lies, others' by name alone."""

backup_origin: Final = Table(
    "backup_origin",
    metadata,
    Column("name", ByteOrdered, primary_key=True),
    Column("origin", ByteOrdered, primary_key=True),
    Column("seq", Number, nullable=False),
    sqlite_with_rowid=False,
)
"""How far a backup holds each station's log."""
Index("ix_backup_origin_origin", backup_origin.c.origin)
