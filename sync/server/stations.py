"""The home of enrolled stations: one-time codes, tokens (only their SHA-256 is kept), contact.

EnrolmentError          a code that gives no station; the message says what to do
├── CodeError           unknown, used or too old
├── TriesError          too many wrong codes, here or in all; `wait_seconds` says how long
└── JournalTakenError   the journal's origin belongs to another station
"""

import hmac
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, delete, select, update
from sqlalchemy import insert as insert_into

from sync.domain.events import NAME_CHARS_MAX
from sync.pinning import ALPHABET, CODE_CHARS, plain_code, split_code, with_check
from sync.server import tables, tokens
from sync.server.clock import ServerClock
from sync.server.database import Database
from sync.server.errors import ServerError
from sync.server.keys import new_token
from sync.server.settings import OFFICE
from sync.server.tokens import Caller, names_in, token_hash
from sync.server.view_tables import master
from sync.server.wording import Said

__all__ = ["Caller", "Stations", "moment"]

CODE_MINUTES: Final = 15
CODE_KEPT_MINUTES: Final = 1_440  # so long a late or second try is told what is wrong with it
TRIES_MAX: Final = 5
TRIES_MINUTES: Final = 15
TRIES_TOTAL_MAX: Final = 50
CALLER_SECONDS_MAX: Final = 5.0
CALLERS_COUNT_MAX: Final = 10_000
CONTACT_SECONDS: Final = 20.0
WORK_CENTERS_COUNT_MAX: Final = 50
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
# No comma, no sign that steers the line or the direction of writing.
NAME: Final = r"^[^,\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$"
_EVERYWHERE: Final = "*"  # beside the addresses: wrong codes of all of them


class EnrolmentError(ServerError):
    """A code that gives no station; see the tree at the top."""


class CodeError(EnrolmentError):
    pass


class TriesError(EnrolmentError):
    def __init__(self, wait_seconds: int, *, everywhere: bool = False) -> None:
        said = (
            f"{TRIES_TOTAL_MAX} wrong codes from many addresses"
            if everywhere
            else f"{TRIES_MAX} wrong codes from this address"
        )
        super().__init__(f"{said}: wait {wait_seconds} s, then make a new code")
        self.wait_seconds = wait_seconds


class JournalTakenError(EnrolmentError):
    pass


class StationNameError(ServerError):
    """A station or work center name that cannot be taken; the message says why, `field` which."""

    def __init__(self, said: Said, field: str) -> None:
        super().__init__(said)
        self.said, self.field = said, field


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
    """Who may push and pull. Callers are remembered for seconds: a push costs no look-up.

    What is changed here counts at once in this process, in others when they forget.
    """

    def __init__(self, database: Database, clock: ServerClock, pin: str = "") -> None:
        """`pin` is of the TLS key that stations are to trust: each code is bound to it."""
        self._database = database
        self._clock = clock
        self.pin = pin
        self._changes = 0
        self._callers: dict[bytes, tuple[Caller, float]] = {}
        self._contacts: dict[str, float] = {}

    def make_code_now(self, station: str, work_centers: Sequence[str]) -> EnrolmentCode:
        """A one-time code for a station; raises `StationNameError`."""
        names = checked_names(station, work_centers)
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_CHARS))
        expires = self._clock.milliseconds() + CODE_MINUTES * 60_000
        self._database.write_now(lambda conn: _keep_code(conn, code, station, names, expires))
        unknown = self._database.read_now(lambda conn: _undefined(conn, names))
        return EnrolmentCode(with_check(code, self.pin), expires, unknown)

    async def enrol(self, code: str, origin: str, machine: str, address: str) -> Enrolled:
        """Spend a code; raises `EnrolmentError`. A station enrolled before gets a new token."""
        now, token = self._clock.milliseconds(), new_token()
        digest = _code_hash(code)

        def spend(connection: Connection) -> Enrolled | EnrolmentError:
            return _spend(connection, digest, token, (origin, machine, address), now)

        enrolled = await self._database.write(spend)
        if isinstance(enrolled, EnrolmentError):
            raise enrolled
        self._forget()
        return enrolled

    async def offer_token(self, station: str) -> str:
        """A new token for an enrolled station; the one it has is good until this one is used."""
        made, now = new_token(), self._clock.milliseconds()
        digest = token_hash(made)
        await self._database.write(lambda conn: tokens.offer(conn, station, digest, now))
        return made

    def revoke_now(self, station: str) -> bool:
        """Refuse a station from now on, until it is enrolled again; False if there is none."""
        known = self._database.write_now(lambda conn: tokens.revoke(conn, station))
        self._forget()
        return known

    async def caller_of(self, token: str) -> Caller | None:
        """The station whose token this is, active or not."""
        digest = token_hash(token)
        found = self._callers.get(digest)
        if found and found[1] > time.monotonic():
            return found[0]
        changes = self._changes
        caller = await self._database.read(lambda conn: tokens.caller(conn, digest))
        if caller is None:
            return None
        if caller.offered and caller.active:
            station = caller.station
            await self._database.write(lambda conn: tokens.accept(conn, station, digest))
            self._forget()
        elif changes == self._changes:  # else what was read may be of before the change
            if len(self._callers) >= CALLERS_COUNT_MAX:
                self._callers.clear()
            self._callers[digest] = (caller, time.monotonic() + CALLER_SECONDS_MAX)
        return caller

    def _forget(self) -> None:
        self._changes += 1
        self._callers.clear()

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


def checked_names(station: str, work_centers: Sequence[str]) -> tuple[str, ...]:
    """The work centers, if all names can be taken; raises `StationNameError`."""
    names = tuple(dict.fromkeys(name.strip() for name in work_centers if name.strip()))
    for name in (station, *names):
        clean = re.fullmatch(NAME[1:-1], name) and not _SURROGATES.search(name)
        if not 0 < len(name) <= NAME_CHARS_MAX or not clean:
            raise StationNameError(
                Said("station.name", name=name[:40], most=NAME_CHARS_MAX),
                "station" if name == station else "work_centers",
            )
    if station == OFFICE:
        raise StationNameError(Said("station.own", name=OFFICE), "station")
    if len(names) > WORK_CENTERS_COUNT_MAX:
        raise StationNameError(
            Said("station.centers", count=len(names), most=WORK_CENTERS_COUNT_MAX), "work_centers"
        )
    return names


def _code_hash(code: str) -> bytes:
    """What is kept of a code, whether or not the check came along."""
    try:
        secret, _ = split_code(code)
    except ValueError:
        secret = code
    return token_hash(plain_code(secret))


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
    for where in (address, _EVERYWHERE):
        wait = _wait_seconds(connection, where, now_ms)
        if wait:
            return TriesError(wait, everywhere=where == _EVERYWHERE)
    table = tables.enrolment_code
    # Locked: of two server processes one spends it.
    found = select(table).where(table.c.code_hash == digest).with_for_update()
    row = connection.execute(found).one_or_none()
    if row is not None and not hmac.compare_digest(bytes(row.code_hash), digest):
        row = None
    why = "unknown" if row is None else "used" if row.used_ms else ""
    if not why and row is not None and row.expires_ms < now_ms:
        why = f"older than {CODE_MINUTES} minutes"
    if why or row is None:
        for where in (address, _EVERYWHERE):
            _count_failure(connection, where, now_ms)
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
    return Enrolled(row.station, token, names_in(row.work_centers))


def _wait_seconds(connection: Connection, address: str, now_ms: int) -> int:
    table = tables.enrolment_failure
    row = connection.execute(select(table).where(table.c.address == address)).one_or_none()
    tries = TRIES_TOTAL_MAX if address == _EVERYWHERE else TRIES_MAX
    if row is None or row.failures < tries or row.until_ms <= now_ms:
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
    tokens.withdraw(connection, station)
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
