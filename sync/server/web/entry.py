"""The home of the door to the office's pages: who asks, whether he may, and what he is told if not.

A route says `opt={"right": "plan"}`; one that says none is shut. `PUBLIC` is for the sign-in alone.
"""

import hmac
from typing import Any, Final

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers.base import BaseRouteHandler

from sync.server.auth import OWNER, RIGHT, Auth, bearer_of, session_cookie
from sync.server.rights import Right, Visitor
from sync.server.services import Services
from sync.server.web.origin import is_own_machine, same_origin

PUBLIC: Final = "public"
CSRF: Final = "csrf"
AnyRequest = Request[Any, Any, State]


class EntryError(Exception):
    """Somebody may not come in; how is the class."""


class NotSignedIn(EntryError):  # noqa: N818 — named after what is met
    """`known` tells whether anybody has an account, so that there is something to sign in with."""

    def __init__(self, *, known: bool) -> None:
        super().__init__(known)
        self.known = known


class NotAllowed(EntryError):  # noqa: N818
    """`right` is what is missing."""

    def __init__(self, right: str) -> None:
        super().__init__(right)
        self.right = right


class ForeignForm(EntryError):  # noqa: N818
    """A form that came from another site, or from a page of an ended session."""


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
    if right == PUBLIC:
        return
    visitor = await visitor_of(connection)
    if visitor is None:
        services: Services = connection.app.state.services
        raise NotSignedIn(known=await services.people.exist())
    if right not in visitor.rights:
        raise NotAllowed(right)
    if connection.scope.get("method") == "POST":
        await check_form(connection, visitor)
    connection.scope["user"] = visitor


async def check_form(connection: ASGIConnection[Any, Any, Any, Any], visitor: Visitor) -> None:
    """Raises `ForeignForm` unless the form is of our own page, and of this session's."""
    if not same_origin(connection):
        raise ForeignForm("origin")
    if visitor.session:
        sent = str((await AnyRequest(connection.scope, connection.receive).form()).get(CSRF, ""))
        if not hmac.compare_digest(sent.encode(), visitor.session.encode()):
            raise ForeignForm("session")


def visitor(request: AnyRequest) -> Visitor:
    """Who asks, behind the guard."""
    found = request.scope["user"]
    assert isinstance(found, Visitor), "only routes behind `page_guard` ask"
    return found
