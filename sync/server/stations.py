"""The home of enrolled stations: one-time codes, tokens (only their SHA-256 is kept), contact.

EnrolmentError          a code that gives no station; the message says what to do
├── CodeError           unknown, used or too old
├── TriesError          too many wrong codes from one address; `wait_seconds` says how long
└── JournalTakenError   the journal's origin belongs to another station
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, delete, select, update
from sqlalchemy import insert as insert_into

from sync.domain.events import NAME_CHARS_MAX
from sync.server import tables
from sync.server.clock import ServerClock
from sync.server.database import Database
from sync.server.errors import ServerError
from sync.server.feed import scopes_of
from sync.server.keys import new_token
from sync.server.ledger import OFFICE
from sync.server.view_tables import master

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U
CODE_CHARS: Final = 10
CODE_MINUTES: Final = 15
CODE_KEPT_MINUTES: Final = 1_440  # so long a late or second try is told what is wrong with it
TRIES_MAX: Final = 5
TRIES_MINUTES: Final = 15
CALLER_SECONDS_MAX: Final = 5.0
CALLERS_COUNT_MAX: Final = 10_000
CONTACT_SECONDS: Final = 20.0
WORK_CENTERS_COUNT_MAX: Final = 50
_LOOKALIKES: Final = str.maketrans("ILO", "110", "- ")


class EnrolmentError(ServerError):
    """A code that gives no station; see the tree at the top."""


class CodeError(EnrolmentError):
    pass


class TriesError(EnrolmentError):
    def __init__(self, wait_seconds: int) -> None:
        super().__init__(
            f"{TRIES_MAX} wrong codes from this address:"
            f" wait {wait_seconds} s, then make a new code"
        )
        self.wait_seconds = wait_seconds


class JournalTakenError(EnrolmentError):
    pass


class StationNameError(ServerError):
    """A station or work center name that cannot be taken; the message says why."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A station that showed its token."""

    station: str
    work_centers: tuple[str, ...]
    active: bool

    @property
    def scopes(self) -> tuple[str, ...]:
        return scopes_of(self.station, self.work_centers)


@dataclass(frozen=True, slots=True)
class EnrolmentCode:
    """A one-time code; `unknown` are work centers that no master data defines yet."""

    code: str
    expires_ms: int
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Enrolled:
    station: str
    token: str
    work_centers: tuple[str, ...]


class Stations:
    """Who may push and pull. Callers are remembered for seconds: a push costs no look-up."""

    def __init__(self, database: Database, clock: ServerClock) -> None:
        self._database = database
        self._clock = clock
        self._callers: dict[bytes, tuple[Caller, float]] = {}
        self._contacts: dict[str, float] = {}

    def make_code_now(self, station: str, work_centers: Sequence[str]) -> EnrolmentCode:
        """A one-time code for a station; raises `StationNameError`."""
        names = checked_names(station, work_centers)
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_CHARS))
        expires = self._clock.milliseconds() + CODE_MINUTES * 60_000
        self._database.write_now(lambda conn: _keep_code(conn, code, station, names, expires))
        unknown = self._database.read_now(lambda conn: _undefined(conn, names))
        return EnrolmentCode(code, expires, unknown)

    async def enrol(self, code: str, origin: str, machine: str, address: str) -> Enrolled:
        """Spend a code; raises `EnrolmentError`. A station enrolled before gets a new token."""
        now, token = self._clock.milliseconds(), new_token()
        digest = _code_hash(code)

        def spend(connection: Connection) -> Enrolled | EnrolmentError:
            return _spend(connection, digest, token, (origin, machine, address), now)

        enrolled = await self._database.write(spend)
        if isinstance(enrolled, EnrolmentError):
            raise enrolled
        self._callers.clear()
        return enrolled

    async def caller_of(self, token: str) -> Caller | None:
        """The station whose token this is, active or not."""
        digest = token_hash(token)
        found = self._callers.get(digest)
        if found and found[1] > time.monotonic():
            return found[0]
        caller = await self._database.read(lambda conn: _caller(conn, digest))
        if caller is not None:
            if len(self._callers) >= CALLERS_COUNT_MAX:
                self._callers.clear()
            self._callers[digest] = (caller, time.monotonic() + CALLER_SECONDS_MAX)
        return caller

    def touch(self, caller: Caller) -> None:
        """Note that the station was heard, at most every some seconds, without waiting for it."""
        now = time.monotonic()
        if self._contacts.get(caller.station, 0.0) > now - CONTACT_SECONDS:
            return
        self._contacts[caller.station] = now
        at, table = self._clock.milliseconds(), tables.station
        self._database.submit(
            lambda conn: (
                conn.execute(
                    update(table).where(table.c.station == caller.station).values(contact_ms=at)
                ).rowcount
            )
        )


def moment(milliseconds: int) -> str:
    """RFC 3339 in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")


def token_hash(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def checked_names(station: str, work_centers: Sequence[str]) -> tuple[str, ...]:
    """The work centers, if all names can be taken; raises `StationNameError`."""
    names = tuple(dict.fromkeys(name.strip() for name in work_centers if name.strip()))
    for name in (station, *names):
        if not name or len(name) > NAME_CHARS_MAX or not name.isprintable() or "," in name:
            raise StationNameError(
                f"name {name[:40]!r}: want 1 to {NAME_CHARS_MAX} printable characters, no comma"
            )
    if station == OFFICE:
        raise StationNameError(f"name {OFFICE!r} is the server's own: choose another")
    if len(names) > WORK_CENTERS_COUNT_MAX:
        raise StationNameError(f"{len(names)} work centers: at most {WORK_CENTERS_COUNT_MAX}")
    return names


def _code_hash(code: str) -> bytes:
    return hashlib.sha256(code.upper().translate(_LOOKALIKES).encode()).digest()


def _keep_code(
    connection: Connection, code: str, station: str, names: Sequence[str], expires_ms: int
) -> None:
    table = tables.enrolment_code
    old = expires_ms - (CODE_MINUTES + CODE_KEPT_MINUTES) * 60_000
    connection.execute(delete(table).where(table.c.expires_ms < old))
    connection.execute(
        insert_into(table).values(
            code_hash=_code_hash(code),
            station=station,
            work_centers=",".join(names),
            expires_ms=expires_ms,
        )
    )


def _undefined(connection: Connection, names: Sequence[str]) -> tuple[str, ...]:
    known = select(master.c.key).where(master.c.kind == "WorkCenterDefined")
    defined = {row[0] for row in connection.execute(known)}
    return tuple(name for name in names if name not in defined)


def _spend(
    connection: Connection, digest: bytes, token: str, who: tuple[str, str, str], now_ms: int
) -> Enrolled | EnrolmentError:
    """Faults are returned, so that the count of wrong tries is committed."""
    origin, machine, address = who
    wait = _wait_seconds(connection, address, now_ms)
    if wait:
        return TriesError(wait)
    table = tables.enrolment_code
    row = connection.execute(select(table).where(table.c.code_hash == digest)).one_or_none()
    why = "unknown" if row is None else "used" if row.used_ms else ""
    if not why and row is not None and row.expires_ms < now_ms:
        why = f"older than {CODE_MINUTES} minutes"
    if why or row is None:
        _count_failure(connection, address, now_ms)
        return CodeError(f"the code is {why}: make a new one with kiosk-server enrol")
    owner = _owner(connection, origin)
    if owner not in {"", row.station}:
        return JournalTakenError(
            f"this journal belongs to station {owner}, the code is for {row.station}:"
            " use another data folder"
        )
    used = update(table).where(table.c.code_hash == digest).values(used_ms=now_ms)
    connection.execute(used)
    _keep_station(connection, row.station, row.work_centers, token, (origin, machine), now_ms)
    failure = tables.enrolment_failure
    connection.execute(delete(failure).where(failure.c.address == address))
    return Enrolled(row.station, token, _names(row.work_centers))


def _wait_seconds(connection: Connection, address: str, now_ms: int) -> int:
    table = tables.enrolment_failure
    row = connection.execute(select(table).where(table.c.address == address)).one_or_none()
    if row is None or row.failures < TRIES_MAX or row.until_ms <= now_ms:
        return 0
    return int((row.until_ms - now_ms) // 1000) + 1


def _count_failure(connection: Connection, address: str, now_ms: int) -> None:
    table = tables.enrolment_failure
    connection.execute(delete(table).where(table.c.until_ms <= now_ms))
    counted = update(table).where(table.c.address == address).values(failures=table.c.failures + 1)
    if not connection.execute(counted).rowcount:
        until = now_ms + TRIES_MINUTES * 60_000
        connection.execute(insert_into(table).values(address=address, failures=1, until_ms=until))


def _owner(connection: Connection, origin: str) -> str:
    table = tables.origin
    found = connection.execute(select(table.c.station).where(table.c.origin == origin))
    return str(found.scalar() or "")


def _keep_station(
    connection: Connection,
    station: str,
    work_centers: str,
    token: str,
    journal: tuple[str, str],
    now_ms: int,
) -> None:
    table = tables.station
    values = {
        "token_hash": token_hash(token),
        "work_centers": work_centers,
        "origin": journal[0],
        "machine": journal[1],
        "enrolled_ms": now_ms,
        "contact_ms": now_ms,
        "active": 1,
    }
    changed = update(table).where(table.c.station == station).values(**values)
    if not connection.execute(changed).rowcount:
        connection.execute(insert_into(table).values(station=station, **values))


def _caller(connection: Connection, digest: bytes) -> Caller | None:
    table = tables.station
    row = connection.execute(select(table).where(table.c.token_hash == digest)).one_or_none()
    if row is None or not hmac.compare_digest(bytes(row.token_hash), digest):
        return None
    return Caller(row.station, _names(row.work_centers), bool(row.active))


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)
