"""The floor's people as the office keeps them: names, roles, badges, PINs as salted hashes."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec
from sqlalchemy import Connection, select

from sync.domain.events import NAME_CHARS_MAX, Event, OperatorDefined
from sync.domain.pin import PIN_ROUNDS
from sync.domain.pin import kept as hashed
from sync.server.desk import Desk
from sync.server.office import OfficeInvalid
from sync.server.view_tables import master
from sync.server.wording import Said

SALT_BYTES: Final = 8
PIN_DIGITS_MIN, PIN_DIGITS_MAX = 4, 12
BADGE_DIGITS: Final = 10


def operators_of(connection: Connection) -> list[OperatorDefined]:
    """Everybody who was ever defined, by the short name."""
    query = (
        select(master.c.body)
        .where(master.c.kind == OperatorDefined.__name__)
        .order_by(master.c.key)
    )
    return [
        msgspec.json.decode(body, type=OperatorDefined) for (body,) in connection.execute(query)
    ]


def change_operator(desk: Desk, account: str, fields: Mapping[str, str]) -> None:
    """Define an operator, new or as changed; `badge` `new` gives a random one.

    An empty name, role or PIN stays as it is. Raises `OfficeError`, `DatabaseError`.
    """

    def change(connection: Connection) -> Sequence[Event]:
        known = {one.person: one for one in operators_of(connection)}
        person = _person(fields.get("person", ""))
        before = known.get(person)
        badge = _badge(fields.get("badge", ""), before, known)
        after = OperatorDefined(
            person=person,
            revision=before.revision + 1 if before else 1,
            name=_name(fields.get("name", "") or (before.name if before else "")),
            badge=badge,
            role=_role(fields.get("role", ""), before),
            pin=_pin(fields.get("pin", ""), before),
            active="active" in fields and fields["active"] not in {"", "0"},
        )
        return [after]

    desk.act(change, account)


def _person(written: str) -> str:
    if not (written.isprintable() and 1 <= len(written) <= NAME_CHARS_MAX):
        raise OfficeInvalid(Said("person.short", written=written[:40]), "person")
    return written


def _name(written: str) -> str:
    if not (written.isprintable() and 1 <= len(written) <= NAME_CHARS_MAX):
        raise OfficeInvalid(Said("person.name", written=written[:40]), "name")
    return written


def _badge(
    written: str, before: OperatorDefined | None, known: Mapping[str, OperatorDefined]
) -> str:
    """The badge as it is, a new random one, or the one that was typed; no two alike."""
    used = {one.badge for one in known.values() if before is None or one.person != before.person}
    if not written and before is not None:
        return before.badge
    if written in {"", "new"}:
        while (made := str(secrets.randbelow(9 * 10 ** (BADGE_DIGITS - 1)) + 10**9)) in used:
            pass
        return made
    if not (written.isprintable() and len(written) <= NAME_CHARS_MAX):
        raise OfficeInvalid(Said("badge.unread"), "badge")
    if written in used:
        raise OfficeInvalid(Said("badge.taken"), "badge")
    return written


def _role(written: str, before: OperatorDefined | None) -> Literal["operator", "supervisor"]:
    if written == "supervisor":
        return "supervisor"
    if written == "operator" or before is None:
        return "operator"
    return before.role


def _pin(written: str, before: OperatorDefined | None) -> str:
    """A salted hash; `none` takes the PIN away, an empty one leaves it."""
    if not written:
        return before.pin if before else ""
    if written == "none":
        return ""
    is_pin = written.isascii() and written.isdigit()
    if not (is_pin and PIN_DIGITS_MIN <= len(written) <= PIN_DIGITS_MAX):
        raise OfficeInvalid(Said("pin.digits", least=PIN_DIGITS_MIN, most=PIN_DIGITS_MAX), "pin")
    return hashed(written, secrets.token_hex(SALT_BYTES), PIN_ROUNDS)
