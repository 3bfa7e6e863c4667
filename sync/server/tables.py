"""The home of the ledger's tables: one schema for SQLite and PostgreSQL, append-only at its heart.

Times are milliseconds UTC, digests 32 raw bytes, bodies the bytes that were sent. View tables of
other modules join the same `metadata`.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata: Final = MetaData(naming_convention=NAMING)

# SQLite keeps a row under its key only if the key's type is exactly INTEGER.
Number: Final = BigInteger().with_variant(Integer(), "sqlite")
# Ordered by bytes, as SQLite and our own code order it, whatever the database's language is.
ByteOrdered: Final = Text().with_variant(Text(collation="C"), "postgresql")


def _text(name: str) -> Column[str]:
    return Column(name, ByteOrdered, nullable=False, server_default="")


def _count(name: str) -> Column[int]:
    return Column(name, Number, nullable=False, server_default="0")


event: Final = Table(
    "event",
    metadata,
    Column("position", Number, primary_key=True, autoincrement=False),
    Column("id", ByteOrdered, nullable=False, unique=True),
    _text("type"),
    _text("act"),
    _text("station"),
    _text("order_number"),
    Column("body", LargeBinary, nullable=False),
    _count("received_ms"),
    _text("unreadable"),
)
"""One row per event id. `unreadable` says why a row is in quarantine; readers pass over those."""
Index("ix_event_act", event.c.act)
Index(
    "ix_event_order_number",
    event.c.order_number,
    event.c.position,
    sqlite_where=event.c.order_number != "",
    postgresql_where=event.c.order_number != "",
)
Index(
    "ix_event_unreadable",
    event.c.position,
    sqlite_where=event.c.unreadable != "",
    postgresql_where=event.c.unreadable != "",
)

place: Final = Table(
    "place",
    metadata,
    Column("origin", ByteOrdered, primary_key=True),
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, nullable=False),
    Column("position", Number, nullable=False),
    sqlite_with_rowid=False,
)
"""Where an event stands in a station's log: an event has one place per origin that sent it."""
Index("ix_place_position", place.c.position)

origin: Final = Table(
    "origin",
    metadata,
    Column("origin", ByteOrdered, primary_key=True),
    _text("station"),
    _count("head_seq"),
    Column("head_digest", LargeBinary, nullable=False),
    _count("first_ms"),
    _count("contact_ms"),
    _count("waiting"),
    _count("safe"),
    _text("numbers"),
)
"""The head of each station's log as the server holds it, and what that station said of itself."""

gap: Final = Table(
    "gap",
    metadata,
    Column("origin", ByteOrdered, primary_key=True),
    Column("from_seq", Number, primary_key=True, autoincrement=False),
    Column("to_seq", Number, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    _count("at_ms"),
)
"""Places that are gone for good; `digest` is the chain's at `to_seq`, as the station told it."""

alarm: Final = Table(
    "alarm",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    _text("kind"),
    _text("origin"),
    _text("subject"),
    _text("station"),
    _text("text"),
    _count("at_ms"),
    UniqueConstraint("kind", "origin", "subject"),
)
"""What a planner should look at: `fork`, `gap` and `altered` (a known id with other bytes)."""

station: Final = Table(
    "station",
    metadata,
    Column("station", ByteOrdered, primary_key=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    _text("work_centers"),
    _text("origin"),
    _text("machine"),
    _count("enrolled_ms"),
    _count("contact_ms"),
    _count("waiting"),
    Column("active", Integer, nullable=False, server_default="1"),
)
"""An enrolled station; only the SHA-256 of its token is kept; work centers are comma-separated."""

station_token: Final = Table(
    "station_token",
    metadata,
    Column("station", ByteOrdered, primary_key=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    _count("made_ms"),
)
"""A new token that its station did not use yet; until it does, the one before is good."""

enrolment_code: Final = Table(
    "enrolment_code",
    metadata,
    Column("code_hash", LargeBinary, primary_key=True),
    _text("station"),
    _text("work_centers"),
    _count("expires_ms"),
    _count("used_ms"),
)

enrolment_failure: Final = Table(
    "enrolment_failure",
    metadata,
    Column("address", ByteOrdered, primary_key=True),
    _count("failures"),
    _count("until_ms"),
)

head: Final = Table(
    "head",
    metadata,
    Column("name", ByteOrdered, primary_key=True),
    _count("position"),
)
"""Counters taken as the last act before commit: `event` and `feed`; `feed_pruned` is how far."""

mark: Final = Table(
    "mark",
    metadata,
    Column("reader", ByteOrdered, primary_key=True),
    _count("position"),
)
"""How far each reader of the ledger got."""

lease: Final = Table(
    "lease",
    metadata,
    Column("name", ByteOrdered, primary_key=True),
    _text("owner"),
    _count("fence"),
    _count("until_ms"),
)

feed: Final = Table(
    "feed",
    metadata,
    Column("position", Number, primary_key=True, autoincrement=False),
    _text("scope"),
    Column("event_position", Number, nullable=False),
    Column("digest", LargeBinary, nullable=False),
)
"""What each scope is told, in order: one global digest chain over event id and scope."""
Index("ix_feed_scope", feed.c.scope, feed.c.position)

setting: Final = Table(
    "setting",
    metadata,
    Column("name", ByteOrdered, primary_key=True),
    _text("value"),
)
"""Facts of this ledger: `incarnation`, `office_origin`, `program` (that last read quarantine)."""
