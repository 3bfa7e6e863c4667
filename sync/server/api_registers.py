"""The home of what all master data has in common by REST: pages of a list, revisions, changes.

A list is by key: `after` is the last one of the page before. A change names the revision that it
is made of, in its body, its query or `If-Match`; the thing is named in the query, because a name
may hold any character.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Annotated, Final, TypeVar

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter
from sqlalchemy import Connection

from sync.domain.events import NAME_CHARS_MAX, Event
from sync.domain.registers import REGISTERS
from sync.server.api import AnyRequest, services_of
from sync.server.api_etag import PRECONDITION, UNCHANGED, Standing, made_of
from sync.server.api_office import acted, desk_of
from sync.server.auth import account_of
from sync.server.desk import Desk
from sync.server.office import OfficeError
from sync.server.office.master import MaterialWanted, WorkCenterWanted
from sync.server.office.structure import BomWanted, RoutingWanted
from sync.server.openapi import refusals
from sync.server.problem import at_field, at_parameter, problem
from sync.server.views.master import Revision, revisions

REVISION_MAX: Final = 2**53 - 1
_ROW: Final = re.compile(r"(?P<beside>beside_)?(?P<name>[a-z_]+)\.(?P<row>[0-9]+)\Z")
E = TypeVar("E", bound=Event)
T = TypeVar("T")
W = TypeVar("W", MaterialWanted, WorkCenterWanted, BomWanted, RoutingWanted)

Key = Annotated[str, QueryParameter(min_length=1, max_length=NAME_CHARS_MAX)]
RevisionTold = Annotated[
    int,
    QueryParameter(ge=0, le=REVISION_MAX, description="The revision; 0: the one that stands."),
]
RevisionOf = Annotated[int, QueryParameter(ge=0, le=REVISION_MAX)]
LOOK: Final = {"right": "look"}
MASTER: Final = {"right": "master"}
READ: Final[Mapping[int, ResponseSpec]] = {**UNCHANGED, **refusals(400, 401, 404)}
LISTED: Final[Mapping[int, ResponseSpec]] = refusals(400, 401)
CHANGED: Final[Mapping[int, ResponseSpec]] = {
    **refusals(400, 401, 404, 409, 413),
    **PRECONDITION,
}
ENDED: Final[Mapping[int, ResponseSpec]] = {**refusals(400, 401, 404, 409), **PRECONDITION}


class RevisionLine(msgspec.Struct, frozen=True):
    """One revision: who said it, and when."""

    revision: int
    account: str
    at: str


class RevisionLines(msgspec.Struct, frozen=True):
    """The highest first."""

    items: tuple[RevisionLine, ...]


def page_of(found: Iterable[T], key: Callable[[T], str], limit: int) -> tuple[tuple[T, ...], str]:
    """The first of what is found, and the key to go on after."""
    rows: list[T] = []
    for one in found:
        if len(rows) == limit:
            return tuple(rows), key(rows[-1])
        rows.append(one)
    return tuple(rows), ""


def standing(kind: type[Event], key: str, connection: Connection) -> Standing | None:
    """The revision of a register that stands."""
    found = next(iter(revisions(connection, kind.__name__, key)), None)
    return Standing(found.revision, found.account, found.at) if found is not None else None


def of_revision(
    connection: Connection, kind: type[E], key: str, revision: int = 0
) -> tuple[E, Revision]:
    """A register as one revision of it says; raises the problem 404."""
    told = revisions(connection, kind.__name__, key)
    found = next((one for one in told if revision in (0, one.revision)), None)
    if found is None:
        raise unknown(kind, key, revision if told else 0)
    return msgspec.json.decode(found.body, type=kind), found


def unknown(kind: type[Event], key: str, revision: int = 0) -> Exception:
    """The problem of a thing that nobody defined, or that has no such revision."""
    named = f"{_word(kind)} {key[:60]!r}"
    if revision:
        said = f"{named} has no revision {revision}: look at its revisions"
    else:
        said = f"{named} is not known: look at the list"
    return problem(404, "unknown", said)


async def revision_lines(request: AnyRequest, kind: type[Event], key: str) -> RevisionLines:
    """All revisions of a register, the highest first; raises the problem 404."""
    found = await services_of(request).database.read(
        lambda conn: revisions(conn, kind.__name__, key)
    )
    if not found:
        raise unknown(kind, key)
    return RevisionLines(tuple(RevisionLine(one.revision, one.account, one.at) for one in found))


async def define(
    request: AnyRequest,
    kind: type[Event],
    key: str,
    wanted: W,
    verb: Callable[[Desk, str, W], None],
    if_match: str,
) -> None:
    """Say a register's next revision; raises the problems that `CHANGED` tells."""
    _, field = REGISTERS[kind]
    named = str(getattr(wanted, field))
    if named.strip() != key.strip():
        said = f"the body defines {named[:40]!r}, the query names {key[:40]!r}: name one thing"
        raise problem(400, "value", said, errors=at_field(field, said))
    desk, account = desk_of(request), account_of(request)

    async def act(revision: int | None) -> None:
        of = msgspec.structs.replace(wanted, revision=revision or 0)
        await acted(partial(pointed, partial(verb, desk, account, of)))

    what, stands = f"{_word(kind)} {key[:60]}", partial(standing, kind, key.strip())
    await made_of(services_of(request), act, stands, what, if_match, wanted.revision or None)


async def deactivate(
    request: AnyRequest,
    kind: type[E],
    key: str,
    revision: int,
    told: Callable[[E], W],
    verb: Callable[[Desk, str, W], None],
    if_match: str,
) -> None:
    """Say that a register is no longer used; raises the problems that `ENDED` tells.

    `told` makes of what stands what is wanted.
    """
    desk, account = desk_of(request), account_of(request)
    if not revision and not if_match:
        said = f"name the revision of {key[:40]} that was looked at: `revision`, or If-Match"
        raise problem(400, "value", said, errors=at_parameter("revision", said))

    async def act(seen: int | None) -> None:
        read = services_of(request).database.read
        event, _ = await read(lambda conn: of_revision(conn, kind, key))
        of = msgspec.structs.replace(told(event), active=False, revision=seen or 0)
        await acted(partial(pointed, partial(verb, desk, account, of)))

    what, stands = f"{_word(kind)} {key[:60]}", partial(standing, kind, key)
    await made_of(services_of(request), act, stands, what, if_match, revision or None)


def pointed(act: Callable[[], T]) -> T:
    """An act of the office; what it finds wrong in a row is told by where that stands in JSON."""
    try:
        return act()
    except OfficeError as fault:
        fault.field = place_of(fault.field)
        raise


def place_of(field: str) -> str:
    """Where an editor's field stands in the body: `material.2` → `lines[2].material`.

    Who was not the first made his change of another revision.
    """
    row = _ROW.match(field)
    if row is None:
        return "revision" if field == "id" else field
    name = row["name"]
    steps = name in {"work_center", "name", "run_seconds", "steps", "checks", "drawing"}
    rows = "by_products" if row["beside"] else "operations" if steps else "lines"
    return f"{rows}[{row['row']}].{name}"


def _word(kind: type[Event]) -> str:
    """`WorkCenterDefined` → `work center`."""
    parts = re.findall(r"[A-Z][a-z]+", kind.__name__.removesuffix("Defined"))
    return " ".join(parts).lower()
