"""The home of the office's own tables: accounts, sessions, keys of the interface, the audit.

None of them holds a secret in clear: passwords are Argon2id, sessions and keys SHA-256 digests.
"""

from typing import Final

from sqlalchemy import Column, Index, LargeBinary, Table

from sync.server.tables import ByteOrdered, Number, metadata


def _text(name: str) -> Column[str]:
    return Column(name, ByteOrdered, nullable=False, server_default="")


def _count(name: str) -> Column[int]:
    return Column(name, Number, nullable=False, server_default="0")


account: Final = Table(
    "account",
    metadata,
    Column("account", ByteOrdered, primary_key=True),
    *(_text(name) for name in ("name", "role", "password")),
    *(_count(name) for name in ("active", "made_ms", "failures", "failed_ms")),
)
"""People of the office; `password` is a PHC string, `failures` are in a row since `failed_ms`."""

session: Final = Table(
    "session",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    *(_text(name) for name in ("account", "csrf")),
    *(_count(name) for name in ("begun_ms", "seen_ms")),
)
Index("ix_session_account", session.c.account)

api_key: Final = Table(
    "api_key",
    metadata,
    Column("name", ByteOrdered, primary_key=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    *(_text(name) for name in ("rights", "made_by")),
    *(_count(name) for name in ("made_ms", "used_ms", "ends_ms")),
)
"""`rights` are parted by commas; a key without an end has `ends_ms` 0."""

audit: Final = Table(
    "audit",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
    _count("at_ms"),
    *(_text(name) for name in ("account", "act", "target", "detail", "address")),
)
"""What was done to accounts, keys and doors; what was said of the plant stands in the ledger."""
