"""The home of the door to the office's pages: who asks, whether he may, and what he is told if not.

A route says `opt={"right": "plan"}`; one that says none is shut. `PUBLIC` is for the sign-in alone.
"""

import hmac
from dataclasses import dataclass
from typing import Any, Final

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.handlers.base import BaseRouteHandler

from sync.server.auth import OWNER, RIGHT, Auth, bearer_of, session_cookie
from sync.server.rights import Right, Visitor
from sync.server.services import Services
from sync.server.web.origin import is_own_machine, same_origin

PUBLIC: Final = "public"
CSRF: Final = "csrf"
KEPT_BYTES_MAX: Final = 1_048_576
KEPT_COUNT_MAX: Final = 5_000
SHOWN_COUNT_MAX: Final = 12
SHOWN_CHARS_MAX: Final = 120
UNSHOWN: Final = frozenset({"once", "do", "revision"})  # kept, and nothing that anybody typed
UNSAID: Final = frozenset({CSRF, "password", "pin", "badge"})  # never written into a page
AnyRequest = Request[Any, Any, State]


@dataclass(frozen=True, slots=True)
class Kept:
    """What somebody filled in on a form that could not be taken, secrets left out."""

    fields: tuple[tuple[str, str], ...] = ()

    @property
    def shown(self) -> list[tuple[str, str]]:
        """So much of it that people know their form again."""
        told = [(name, value) for name, value in self.fields if name not in UNSHOWN]
        filled = [(name, value[:SHOWN_CHARS_MAX]) for name, value in told if value.strip()]
        return filled[:SHOWN_COUNT_MAX]


class EntryError(Exception):
    """Somebody may not come in; how is the class."""


class NotSignedIn(EntryError):  # noqa: N818 — named after what is met
    """`known` tells whether anybody has an account, so that there is something to sign in with."""

    def __init__(self, *, known: bool, kept: Kept) -> None:
        super().__init__(known)
        self.known = known
        self.kept = kept


class NotAllowed(EntryError):  # noqa: N818
    """`right` is what is missing."""

    def __init__(self, right: str) -> None:
        super().__init__(right)
        self.right = right


class ForeignForm(EntryError):  # noqa: N818
    """A form that came from another site, or from a page of an ended session (then it is kept)."""

    def __init__(self, why: str, kept: Kept) -> None:
        super().__init__(why)
        self.kept = kept


async def visitor_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Visitor | None:
    """Who asks for a page: the owner's token, a session or a key, or a person at this machine."""
    auth: Auth = connection.app.state.auth
    if session := connection.cookies.get(session_cookie(connection)):
        found = await auth.sign_ins.visitor(session)
        if found is not None:
            return found
    token = bearer_of(connection)
    if token and auth.is_admin(token):
        return OWNER
    if token and (caller := await auth.sign_ins.key(token)):
        return caller
    services: Services = connection.app.state.services
    if services.config.open_board and is_own_machine(connection, services.config.host):
        return OWNER
    return None


async def page_guard(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """Raises an `EntryError` unless the visitor has the route's right."""
    right: Right | str = handler.opt.get(RIGHT, "")
    if right == PUBLIC or connection.scope.get("method") == "OPTIONS":
        return  # which methods there are is no secret
    visitor = await visitor_of(connection)
    if visitor is None:
        services: Services = connection.app.state.services
        kept = await kept_of(connection) if same_origin(connection) else Kept()
        raise NotSignedIn(known=await services.people.exist(), kept=kept)
    connection.scope["user"] = visitor
    if right not in visitor.rights:
        raise NotAllowed(right)
    if connection.scope.get("method") == "POST":
        await check_form(connection, visitor)


async def check_form(connection: ASGIConnection[Any, Any, Any, Any], visitor: Visitor) -> None:
    """Raises `ForeignForm` unless the form is of our own page, and of this session's."""
    if not same_origin(connection):
        raise ForeignForm("origin", Kept())
    if visitor.session:
        sent = str((await AnyRequest(connection.scope, connection.receive).form()).get(CSRF, ""))
        if not hmac.compare_digest(sent.encode(errors="replace"), visitor.session.encode()):
            raise ForeignForm("session", await kept_of(connection) if sent else Kept())


async def kept_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Kept:
    """The fields of a form without files; nothing of anything else."""
    request = AnyRequest(connection.scope, connection.receive)
    length = request.headers.get("content-length", "")
    is_small = length.isascii() and length.isdigit() and int(length) <= KEPT_BYTES_MAX
    if request.content_type[0] != RequestEncodingType.URL_ENCODED or not is_small:
        return Kept()
    items = list((await request.form()).multi_items())[:KEPT_COUNT_MAX]
    return Kept(tuple((name, str(value)) for name, value in items if name not in UNSAID))


def visitor(request: AnyRequest) -> Visitor:
    """Who asks, behind the guard."""
    found = request.scope["user"]
    assert isinstance(found, Visitor), "only routes behind `page_guard` ask"
    return found
