"""The home of the REST interface to accounts: who may sign in to the office, and as what."""

from typing import Annotated, Any, Final

import msgspec
from litestar import get, put
from litestar.datastructures import CacheControlHeader
from litestar.params import FromPath, JSONBody

from sync.server.api import AnyRequest, services_of
from sync.server.auth import RIGHT, account_of, office_guard
from sync.server.openapi import ADMIN, as_told, refusals
from sync.server.passwords import PASSWORD_CHARS_MAX
from sync.server.people import NAME_CHARS_MAX, Account, By, PeopleError
from sync.server.problem import at_field, problem
from sync.server.rights import ROLES

ADMINISTER: Final[dict[str, Any]] = {RIGHT: "administer"}


class AccountRequest(msgspec.Struct, frozen=True):
    """An account as it shall be; an empty `password` leaves the one there is."""

    role: Annotated[str, as_told(enum=list(ROLES))]
    name: Annotated[str, as_told(max_length=NAME_CHARS_MAX)] = ""
    password: Annotated[str, as_told(max_length=PASSWORD_CHARS_MAX)] = ""
    active: bool = True


class Accounts(msgspec.Struct, frozen=True):
    items: tuple[Account, ...]


@get(
    "/v1/people",
    opt=ADMINISTER,
    guards=[office_guard],
    tags=["office"],
    security=ADMIN,
    responses=refusals(401, 403),
)
async def list_people(request: AnyRequest) -> Accounts:
    """Who has an account, and with which role."""
    return Accounts(tuple(await services_of(request).people.accounts()))


@put(
    "/v1/people/{account:str}",
    opt=ADMINISTER,
    guards=[office_guard],
    tags=["office"],
    security=ADMIN,
    cache_control=CacheControlHeader(no_store=True),
    responses=refusals(400, 401, 403, 409, 413),
)
async def put_person(
    request: AnyRequest, account: FromPath[str], data: JSONBody[AccountRequest]
) -> Account:
    """Make an account, or change the one of that name; its sessions end with a change.

    What is no name, no role here or too easy a password is refused with 409.
    """
    people = services_of(request).people
    by = By(account_of(request), request.client.host if request.client else "")
    try:
        return await people.put(
            account, data.name, data.role, data.password, active=data.active, by=by
        )
    except PeopleError as fault:
        errors = at_field("" if fault.field == "account" else fault.field, str(fault))
        raise problem(409, "account", str(fault), errors=errors) from None


routes: Final = (list_people, put_person)
