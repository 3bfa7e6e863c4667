"""The home of the REST interface to deviations and calls: settle, take back, answer."""

from typing import Annotated, Final

import msgspec
from litestar import Router, post
from litestar.params import FromPath, JSONBody

from sync.domain.events import NAME_CHARS_MAX, TEXT_CHARS_MAX
from sync.server.api import AnyRequest
from sync.server.api_office import acted, desk_of
from sync.server.auth import account_of, office_guard
from sync.server.desk.quality import answer, review, take_back
from sync.server.openapi import ADMIN, refusals

Why = Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_CHARS_MAX)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_CHARS_MAX)]


class Review(msgspec.Struct, frozen=True):
    """A deviation by target and name, as `GET /v1/deviations` tells them; why it is settled."""

    target: Id
    name: Id
    reason: Why
    subject: Annotated[str, msgspec.Meta(max_length=NAME_CHARS_MAX)] = ""


class TakeBack(msgspec.Struct, frozen=True):
    """An event of the act that is taken back, and why."""

    event: Id
    reason: Why


class Done(msgspec.Struct, frozen=True):
    """What it was done to."""

    target: str


@post(
    "/v1/reviews",
    status_code=201,
    opt={"right": "quality"},
    response_description="Settled.",
    responses=refusals(400, 401, 404, 409, 413),
)
async def settle(request: AnyRequest, data: JSONBody[Review]) -> Done:
    """Settle a deviation with a reason."""
    desk, account = desk_of(request), account_of(request)
    await acted(lambda: review(desk, account, data.target, data.name, data.reason, data.subject))
    return Done(data.target)


@post(
    "/v1/reversals",
    status_code=201,
    opt={"right": "quality"},
    response_description="Taken back.",
    responses=refusals(400, 401, 404, 409, 413),
)
async def reverse(request: AnyRequest, data: JSONBody[TakeBack]) -> Done:
    """Take back the whole act that an event is of."""
    desk, account = desk_of(request), account_of(request)
    await acted(lambda: take_back(desk, account, data.event, data.reason))
    return Done(data.event)


@post(
    "/v1/calls/{call:str}/answer",
    status_code=201,
    opt={"right": "floor"},
    response_description="Answered.",
    responses=refusals(400, 401, 404, 409),
)
async def answer_call(request: AnyRequest, call: FromPath[str]) -> Done:
    """Tell that help came to who called."""
    desk, account = desk_of(request), account_of(request)
    await acted(lambda: answer(desk, account, call))
    return Done(call)


routes: Final = (
    Router(
        "/",
        guards=[office_guard],
        tags=["office"],
        security=ADMIN,
        route_handlers=[settle, reverse, answer_call],
    ),
)
