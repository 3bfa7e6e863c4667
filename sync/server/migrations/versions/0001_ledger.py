"""The ledger: events, places, origins, stations, the feed, and the counters."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Text, UniqueConstraint, text

revision = "0001"
down_revision = None

NUMBER = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def upgrade() -> None:
    _log_tables()
    _log_indexes()
    _station_tables()
    _reader_tables()
    op.execute(text("INSERT INTO head (name, position) VALUES ('event', 0), ('feed', 0)"))


def _text(name: str) -> Column[str]:
    return Column(name, TEXT, nullable=False, server_default="")


def _count(name: str) -> Column[int]:
    return Column(name, NUMBER, nullable=False, server_default="0")


def _key(name: str) -> Column[int]:
    return Column(name, NUMBER, primary_key=True, autoincrement=False)


def _bytes(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


def _named(name: str) -> Column[str]:
    return Column(name, TEXT, primary_key=True)


def _log_tables() -> None:
    op.create_table(
        "event",
        _key("position"),
        Column("id", TEXT, nullable=False),
        *(_text(name) for name in ("type", "act", "station", "order_number")),
        _bytes("body"),
        _count("received_ms"),
        _text("unreadable"),
        UniqueConstraint("id", name="uq_event_id"),
    )
    op.create_table(
        "place",
        _named("origin"),
        _key("seq"),
        _bytes("digest"),
        Column("position", NUMBER, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "origin",
        _named("origin"),
        _text("station"),
        _count("head_seq"),
        _bytes("head_digest"),
        *(_count(name) for name in ("first_ms", "contact_ms", "waiting", "safe")),
        _text("numbers"),
    )
    op.create_table(
        "gap",
        _named("origin"),
        _key("from_seq"),
        Column("to_seq", NUMBER, nullable=False),
        _bytes("digest"),
        _count("at_ms"),
    )


def _log_indexes() -> None:
    op.create_index("ix_event_act", "event", ["act"])
    op.create_index("ix_place_position", "place", ["position"])
    for name, columns, where in (
        ("ix_event_order_number", ["order_number", "position"], text("order_number != ''")),
        ("ix_event_unreadable", ["position"], text("unreadable != ''")),
    ):
        op.create_index(name, "event", columns, sqlite_where=where, postgresql_where=where)


def _station_tables() -> None:
    op.create_table(
        "alarm",
        Column("number", NUMBER, primary_key=True, autoincrement=True),
        *(_text(name) for name in ("kind", "origin", "subject", "station", "text")),
        _count("at_ms"),
        UniqueConstraint("kind", "origin", "subject", name="uq_alarm_kind"),
    )
    op.create_table(
        "station",
        _named("station"),
        _bytes("token_hash"),
        *(_text(name) for name in ("work_centers", "origin", "machine")),
        *(_count(name) for name in ("enrolled_ms", "contact_ms", "waiting")),
        Column("active", Integer, nullable=False, server_default="1"),
        UniqueConstraint("token_hash", name="uq_station_token_hash"),
    )
    op.create_table(
        "enrolment_code",
        Column("code_hash", LargeBinary, primary_key=True),
        _text("station"),
        _text("work_centers"),
        _count("expires_ms"),
        _count("used_ms"),
    )
    op.create_table("enrolment_failure", _named("address"), _count("failures"), _count("until_ms"))


def _reader_tables() -> None:
    op.create_table("head", _named("name"), _count("position"))
    op.create_table("mark", _named("reader"), _count("position"))
    op.create_table("lease", _named("name"), _text("owner"), _count("fence"), _count("until_ms"))
    op.create_table("setting", _named("name"), _text("value"))
    op.create_table(
        "feed",
        _key("position"),
        _text("scope"),
        Column("event_position", NUMBER, nullable=False),
        _bytes("digest"),
    )
    op.create_index("ix_feed_scope", "feed", ["scope", "position"])
