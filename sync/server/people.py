"""The home of who works in the office: accounts and their passwords, keys of programs, the audit.

PeopleError              what was asked of accounts cannot be done; `field` is what is wrong
├── SignInRefused        name and password do not open the door, or it is shut for a while
├── PersonUnknown        no such account or key
└── PersonExists         the name is taken, or the act would leave no administrator
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from sync.server.clock import ServerClock
from sync.server.database import Database
from sync.server.errors import ServerError
from sync.server.passwords import hashed_async, weakness
from sync.server.people_tables import account as accounts
from sync.server.people_tables import api_key, audit, session
from sync.server.rights import RIGHTS, ROLES, Role
from sync.server.tokens import token_hash
from sync.server.wording import Said

TOKEN_BYTES: Final = 32
KEY_PREFIX: Final = "fk_"
KEY_DAYS_MAX: Final = 3_650
NAME_CHARS_MAX: Final = 60
AUDIT_ROWS_MAX: Final = 200
ADMINISTRATOR: Final[Role] = "administrator"


class PeopleError(ServerError):
    """Names the thing, the value and the next step, as an `OfficeError` does."""

    def __init__(self, said: Said, field: str = "") -> None:
        super().__init__(said)
        self.said, self.field = said, field


class SignInRefused(PeopleError):  # noqa: N818 — named after what happened
    """`wait_seconds` is how long the door stays shut."""

    def __init__(self, said: Said, wait_seconds: int = 0) -> None:
        super().__init__(said)
        self.wait_seconds = wait_seconds


class PersonUnknown(PeopleError):  # noqa: N818
    pass


class PersonExists(PeopleError):  # noqa: N818
    pass


class Account(msgspec.Struct, frozen=True):
    """One account as it may be shown."""

    account: str
    name: str
    role: str
    active: bool
    made_ms: int


class ApiKey(msgspec.Struct, frozen=True):
    """One key as it may be shown: what it opens, never the key."""

    name: str
    rights: tuple[str, ...]
    made_by: str
    made_ms: int
    used_ms: int
    ends_ms: int


class Done(msgspec.Struct, frozen=True):
    """One line of the audit."""

    number: int
    at_ms: int
    account: str
    act: str
    target: str
    detail: str
    address: str


@dataclass(frozen=True, slots=True)
class By:
    """Who does something, and from where."""

    account: str
    address: str = ""


class People:
    """Accounts and keys on one database; what changes ends the sessions and keys concerned."""

    def __init__(self, database: Database, clock: ServerClock) -> None:
        self._database = database
        self._clock = clock
        self.changes = 0  # who remembers callers forgets them with each

    # --- accounts -------------------------------------------------------------------------------

    async def exist(self) -> bool:
        """Whether anybody has an account."""
        query = select(accounts.c.account).limit(1)
        return await self._database.read(lambda conn: conn.execute(query).first() is not None)

    async def accounts(self) -> list[Account]:
        def read(connection: Connection) -> list[Account]:
            rows = connection.execute(select(accounts).order_by(accounts.c.account))
            return [
                Account(row.account, row.name, row.role, bool(row.active), row.made_ms)
                for row in rows
            ]

        return await self._database.read(read)

    async def add(self, account: str, name: str, role: str, password: str, by: By) -> None:
        """A new account; raises `PeopleError`."""
        _check_name(account)
        _check_role(role)
        if weak := weakness(password, account):
            raise PeopleError(weak, "password")
        kept, now = await hashed_async(password), self._clock.milliseconds()

        def put(connection: Connection) -> None:
            if account_row(connection, account) is not None:
                raise PersonExists(Said("account.exists", account=account), "account")
            values = {"name": name.strip() or account, "role": role, "password": kept}
            connection.execute(
                insert(accounts).values(account=account, active=1, made_ms=now, **values)
            )
            noted(connection, now, by, "account added", account, role)

        await self._database.write(put)

    async def put(
        self, account: str, name: str, role: str, password: str, *, active: bool, by: By
    ) -> Account:
        """Make an account, or change the one of that name; an empty password leaves what there is.

        Raises `PeopleError`.
        """
        if account not in {one.account for one in await self.accounts()}:
            await self.add(account, name, role, password, by)
        elif password:
            await self.set_password(account, password, by)
        await self.change(account, name, role, active, by)
        return next(one for one in await self.accounts() if one.account == account)

    async def change(self, account: str, name: str, role: str, active: bool, by: By) -> None:
        """Another name or role, or let in again or no more; raises `PeopleError`."""
        _check_role(role)
        now = self._clock.milliseconds()

        def put(connection: Connection) -> None:
            row = account_row(connection, account)
            if row is None:
                raise PersonUnknown(Said("account.unknown", account=account[:60]))
            stays = active and role == ADMINISTRATOR
            if row.role == ADMINISTRATOR and row.active and not stays:
                _check_not_last(connection, account)
            mine = update(accounts).where(accounts.c.account == account)
            connection.execute(
                mine.values(name=name.strip() or account, role=role, active=int(active))
            )
            _end_sessions(connection, account)
            detail = f"{role}{'' if active else ', shut out'}"
            noted(connection, now, by, "account changed", account, detail)

        await self._database.write(put)
        self.changes += 1

    async def set_password(self, account: str, password: str, by: By) -> None:
        """A new password; ends the account's sessions. Raises `PeopleError`."""
        if weak := weakness(password, account):
            raise PeopleError(weak, "password")
        kept, now = await hashed_async(password), self._clock.milliseconds()

        def put(connection: Connection) -> None:
            mine = update(accounts).where(accounts.c.account == account)
            if not connection.execute(mine.values(password=kept, failures=0)).rowcount:
                raise PersonUnknown(Said("account.unknown", account=account[:60]))
            _end_sessions(connection, account)
            noted(connection, now, by, "password set", account, "")

        await self._database.write(put)
        self.changes += 1

    # --- keys -----------------------------------------------------------------------------------

    async def keys(self) -> list[ApiKey]:
        def read(connection: Connection) -> list[ApiKey]:
            rows = connection.execute(select(api_key).order_by(api_key.c.name))
            return [
                ApiKey(
                    row.name, tuple(row.rights.split(",")), row.made_by, row.made_ms, row.used_ms,
                    row.ends_ms,
                )
                for row in rows
            ]  # fmt: skip

        return await self._database.read(read)

    async def make_key(self, name: str, rights: Collection[str], days: int, by: By) -> str:
        """A key for a program, told once; `days` 0 is without end. Raises `PeopleError`."""
        _check_name(name)
        if not rights or not set(rights) <= set(RIGHTS):
            raise PeopleError(Said("key.rights", known=", ".join(RIGHTS)), "rights")
        if not 0 <= days <= KEY_DAYS_MAX:
            raise PeopleError(Said("key.days", days=days, most=KEY_DAYS_MAX), "days")
        token, now = KEY_PREFIX + secrets.token_urlsafe(TOKEN_BYTES), self._clock.milliseconds()
        told = ",".join(right for right in RIGHTS if right in rights)

        def put(connection: Connection) -> None:
            if connection.execute(select(api_key.c.name).where(api_key.c.name == name)).first():
                raise PersonExists(Said("key.exists", name=name), "name")
            values = {"rights": told, "made_by": by.account, "made_ms": now}
            ends = now + days * 86_400_000 if days else 0
            connection.execute(
                insert(api_key).values(name=name, digest=token_hash(token), ends_ms=ends, **values)
            )
            noted(connection, now, by, "key made", name, told)

        await self._database.write(put)
        return token

    async def revoke_key(self, name: str, by: By) -> None:
        """The key opens nothing any more; raises `PersonUnknown`."""
        now = self._clock.milliseconds()

        def drop(connection: Connection) -> None:
            gone = connection.execute(delete(api_key).where(api_key.c.name == name))
            if not gone.rowcount:
                raise PersonUnknown(Said("key.unknown", name=name[:60]))
            noted(connection, now, by, "key revoked", name, "")

        await self._database.write(drop)
        self.changes += 1

    # --- audit ----------------------------------------------------------------------------------

    async def audit(self, before: int = 0) -> Sequence[Done]:
        """What was done, the latest first; `before` is the number to go on from."""
        query = select(audit).order_by(audit.c.number.desc()).limit(AUDIT_ROWS_MAX)
        if before:
            query = query.where(audit.c.number < before)
        return await self._database.read(
            lambda conn: [Done(*row) for row in conn.execute(query).all()]
        )

    async def note(self, by: By, act: str, target: str, detail: str = "") -> None:
        """Keep that something was done beside the ledger."""
        await self._note(by, act, target, detail)

    async def _note(self, by: By, act: str, target: str, detail: str) -> None:
        now = self._clock.milliseconds()
        await self._database.write(lambda conn: noted(conn, now, by, act, target, detail))


def account_row(connection: Connection, name: str) -> Any:
    return connection.execute(select(accounts).where(accounts.c.account == name)).one_or_none()


def _end_sessions(connection: Connection, account: str) -> None:
    connection.execute(delete(session).where(session.c.account == account))


def _check_not_last(connection: Connection, account: str) -> None:
    others = select(func.count()).where(
        accounts.c.role == ADMINISTRATOR, accounts.c.active == 1, accounts.c.account != account
    )
    if not connection.execute(others).scalar():
        raise PersonExists(Said("account.last", account=account), "role")


def _check_name(name: str) -> None:
    if not (name.isprintable() and name == name.strip() and 1 <= len(name) <= NAME_CHARS_MAX):
        raise PeopleError(Said("account.name", name=name[:60], most=NAME_CHARS_MAX), "account")


def _check_role(role: str) -> None:
    if role not in get_args(Role):
        raise PeopleError(Said("account.role", role=role[:60], known=", ".join(ROLES)), "role")


def noted(connection: Connection, now_ms: int, by: By, act: str, target: str, detail: str) -> None:
    number = int(connection.execute(select(func.max(audit.c.number))).scalar() or 0) + 1
    values = {"account": by.account, "act": act, "target": target, "detail": detail}
    connection.execute(
        insert(audit).values(number=number, at_ms=now_ms, address=by.address, **values)
    )
