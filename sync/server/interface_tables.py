"""The home of the interface's own tables: repeated requests and their answers, webhooks.

None of them holds a secret: bodies of requests are there as keyed digests, and what signs the
messages of a webhook is derived from the server's key whenever it is needed.
"""

from typing import Final

from sqlalchemy import Column, Index, LargeBinary, Table

from sync.server.tables import ByteOrdered, Number, metadata


def _text(name: str) -> Column[str]:
    return Column(name, ByteOrdered, nullable=False, server_default="")


def _count(name: str) -> Column[int]:
    return Column(name, Number, nullable=False, server_default="0")


repeated: Final = Table(
    "repeated",
    metadata,
    Column("request", LargeBinary, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    *(_text(name) for name in ("account", "state", "owner", "headers")),
    *(_count(name) for name in ("made_ms", "renewed_ms", "status")),
    Column("body", LargeBinary, nullable=True),
)
"""One request with an Idempotency-Key: `begun`, `done` with its answer, or `unkept` without.

`request` is the digest of account, method, path and key; `owner` the process that acts on it.
"""
Index("ix_repeated_made_ms", repeated.c.made_ms)

webhook: Final = Table(
    "webhook",
    metadata,
    Column("webhook", ByteOrdered, primary_key=True),
    *(_text(name) for name in ("url", "kinds", "salt", "proof", "made_by", "paused", "fault")),
    *(
        _count(name)
        for name in (
            *("position", "trying", "attempts", "next_ms"),
            *("made_ms", "delivered", "delivered_ms", "failed_ms"),
        )
    ),
)
"""Where events go: `position` is the last one that was taken, `trying` the one being sent.

`paused` says why nothing is sent, `kinds` are types of events parted by commas, none: all. `proof`
is of the secret that `salt` and the server's key make: with another key it is another one.
"""
