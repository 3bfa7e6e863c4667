"""The home of what is kept of tokens: who has which, the one offered in its place, revocation.

Only SHA-256 digests are kept. A new token is *offered*: the one before is good until the new one is
first used, so that a station that lost the answer, or its power, still has one that works.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, select, update
from sqlalchemy import insert as insert_into

from sync.server import tables
from sync.server.feed import scopes_of

NAMES_SEPARATOR: Final = ","


@dataclass(frozen=True, slots=True)
class Caller:
    """A station that showed its token; `offered` is the new one, used for the first time."""

    station: str
    work_centers: tuple[str, ...]
    active: bool
    offered: bool = False

    @property
    def scopes(self) -> tuple[str, ...]:
        return scopes_of(self.station, self.work_centers)


def token_hash(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def caller(connection: Connection, digest: bytes) -> Caller | None:
    """The station whose token this is, active or not."""
    table, offer = tables.station, tables.station_token
    row = connection.execute(select(table).where(table.c.token_hash == digest)).one_or_none()
    if row is not None and hmac.compare_digest(bytes(row.token_hash), digest):
        return Caller(row.station, names_in(row.work_centers), bool(row.active))
    found = select(table, offer.c.token_hash.label("offered")).join(
        offer, offer.c.station == table.c.station
    )
    row = connection.execute(found.where(offer.c.token_hash == digest)).one_or_none()
    if row is None or not hmac.compare_digest(bytes(row.offered), digest):
        return None
    return Caller(row.station, names_in(row.work_centers), bool(row.active), offered=True)


def offer(connection: Connection, station: str, digest: bytes, now_ms: int) -> None:
    """Keep a new token beside the one that works, in place of one offered before."""
    table = tables.station_token
    withdraw(connection, station)
    values = {"station": station, "token_hash": digest, "made_ms": now_ms}
    connection.execute(insert_into(table).values(**values))


def accept(connection: Connection, station: str, digest: bytes) -> None:
    """The offered token was used: it is the token now, and the one before is dead."""
    offered, table = tables.station_token, tables.station
    mine = (offered.c.station == station, offered.c.token_hash == digest)
    if connection.execute(delete(offered).where(*mine)).rowcount:
        changed = update(table).where(table.c.station == station)
        connection.execute(changed.values(token_hash=digest))


def withdraw(connection: Connection, station: str) -> None:
    """Nothing is offered to the station any more."""
    table = tables.station_token
    connection.execute(delete(table).where(table.c.station == station))


def revoke(connection: Connection, station: str) -> bool:
    """Close the door to a station, with every code that would open it; False if there is none."""
    table, code = tables.station, tables.enrolment_code
    connection.execute(delete(code).where(code.c.station == station, code.c.used_ms == 0))
    withdraw(connection, station)
    closed = update(table).where(table.c.station == station).values(active=0)
    return bool(connection.execute(closed).rowcount)


def names_in(text: str) -> tuple[str, ...]:
    """Work centers as a column keeps them."""
    return tuple(name for name in text.split(NAMES_SEPARATOR) if name)
