"""The home of the tables of drawings: names, and the files that they name, stored once each."""

from typing import Final

from sqlalchemy import Column, Index, LargeBinary, Table

from sync.server.tables import ByteOrdered, Number, metadata


def _text(name: str) -> Column[str]:
    return Column(name, ByteOrdered, nullable=False, server_default="")


def _count(name: str) -> Column[int]:
    return Column(name, Number, nullable=False, server_default="0")


drawing: Final = Table(
    "drawing",
    metadata,
    Column("name", ByteOrdered, primary_key=True),
    _text("digest"),
    _text("media"),
    _count("bytes"),
    _count("changed_ms"),
)
"""What routings name; `digest` is the SHA-256 of the file, in hexadecimal."""
Index("ix_drawing_digest", drawing.c.digest)

drawing_part: Final = Table(
    "drawing_part",
    metadata,
    Column("digest", ByteOrdered, primary_key=True),
    Column("part", Number, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)
"""A file in parts, so that a backup never holds many whole files in memory."""
