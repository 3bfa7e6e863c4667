"""The home of the REST interface to webhooks: who is sent what happens, and how that goes.

Messages are signed as Standard Webhooks says; `sync.server.webhooks_message` is their home.
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Final

import httpx
import msgspec
from litestar import Litestar, Router, delete, get, post
from litestar.datastructures import CacheControlHeader
from litestar.params import FromPath, JSONBody

from sync.server.api import AnyRequest, services_of
from sync.server.auth import account_of, office_guard
from sync.server.openapi import ADMIN, OptionalBodyOperation, as_told, refusals
from sync.server.people import By
from sync.server.problem import at_field, problem
from sync.server.services import Services
from sync.server.stations import moment
from sync.server.webhooks import (
    KINDS,
    URL_CHARS_MAX,
    Webhook,
    WebhookError,
    Webhooks,
    WebhookUnknown,
    row_of,
)
from sync.server.webhooks_delivery import Deliveries
from sync.server.webhooks_message import attempt, check_message, client_of, headers_of

ADMINISTER: Final = {"right": "administer"}
URL: Final = r"""^https?://[!-"$-?A-~]+$"""  # what more is wrong with one is told in words
Kind = Annotated[str, as_told(enum=list(KINDS))]


class WebhookRequest(msgspec.Struct, frozen=True):
    """Where to send to, and which types of events; no `kinds`: all."""

    url: Annotated[str, as_told(pattern=URL, max_length=URL_CHARS_MAX)]
    kinds: Annotated[tuple[Kind, ...], as_told(max_items=len(KINDS))] = ()


class WebhookState(msgspec.Struct, frozen=True):
    """A webhook as it stands; `state` is `sending`, `retrying` or `paused`, `fault` says why.

    `position` is the last event taken, `trying` the one that is not taken yet (0: none) after
    `attempts`; moments are empty where there was none.
    """

    webhook: str
    url: str
    kinds: tuple[str, ...]
    state: str
    fault: str
    position: int
    trying: int
    attempts: int
    next: str
    delivered: int
    last_delivered: str
    last_failed: str
    made: str
    made_by: str


class WebhookList(msgspec.Struct, frozen=True):
    items: tuple[WebhookState, ...]


class WebhookMade(msgspec.Struct, frozen=True):
    """The new webhook and the secret that signs its messages, which is told this once."""

    webhook: WebhookState
    secret: str


class ResumeRequest(msgspec.Struct, frozen=True):
    """With `skip` the event that was not taken is left out for good."""

    skip: bool = False


class TestAnswer(msgspec.Struct, frozen=True):
    """Whether the test message was taken; `status` 0: there was no answer."""

    taken: bool
    status: int
    fault: str
    milliseconds: int


@get("/v1/webhooks", opt=ADMINISTER, responses=refusals(401))
async def list_webhooks(request: AnyRequest) -> WebhookList:
    """All webhooks and how they stand."""
    return WebhookList(tuple(_state(one) for one in await webhooks_of(request).all()))


@post(
    "/v1/webhooks",
    opt=ADMINISTER,
    status_code=201,
    cache_control=CacheControlHeader(no_store=True),
    response_description="Made; events from now on are sent.",
    responses=refusals(400, 401, 409, 413),
)
async def add_webhook(request: AnyRequest, data: JSONBody[WebhookRequest]) -> WebhookMade:
    """Send events to a URL from now on; who has badges and PINs is not told."""
    try:
        made, secret = await webhooks_of(request).add(data.url, data.kinds, _by(request))
    except WebhookError as fault:
        raise _told(fault) from None
    return WebhookMade(_state(made), secret)


@delete("/v1/webhooks/{webhook:str}", opt=ADMINISTER, responses=refusals(400, 401, 404))
async def remove_webhook(request: AnyRequest, webhook: FromPath[str]) -> None:
    """Send nothing there any more."""
    try:
        await webhooks_of(request).remove(webhook, _by(request))
    except WebhookError as fault:
        raise _told(fault) from None


@post(
    "/v1/webhooks/{webhook:str}/test",
    opt=ADMINISTER,
    status_code=200,
    responses=refusals(400, 401, 404),
)
async def test_webhook(request: AnyRequest, webhook: FromPath[str]) -> TestAnswer:
    """Send a message of the type `webhook.test` at once, once."""
    try:
        return await tested(request, webhook)
    except WebhookError as fault:
        raise _told(fault) from None


@post(
    "/v1/webhooks/{webhook:str}/resume",
    opt=ADMINISTER,
    status_code=200,
    operation_class=OptionalBodyOperation,
    responses=refusals(400, 401, 404, 409, 413),
)
async def resume_webhook(
    request: AnyRequest, webhook: FromPath[str], data: JSONBody[ResumeRequest | None] = None
) -> WebhookState:
    """Send again at once what was not taken, or leave it out; the audit tells which."""
    skip = data is not None and data.skip
    try:
        return _state(await webhooks_of(request).resume(webhook, _by(request), skip=skip))
    except WebhookError as fault:
        raise _told(fault) from None


@contextlib.asynccontextmanager
async def delivering(app: Litestar) -> AsyncIterator[None]:
    """Send to the webhooks while the application runs."""
    services: Services = app.state.services
    webhooks = Webhooks(services.database, services.clock, services.signer)
    async with client_of() as client:
        app.state.webhooks, app.state.webhook_client = webhooks, client
        parts = services.database, services.clock, webhooks.secrets, app.state.hub, client
        running = asyncio.create_task(Deliveries(*parts).run())
        try:
            yield
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running


routes: Final = (
    Router(
        "/",
        guards=[office_guard],
        tags=["office"],
        security=ADMIN,
        route_handlers=[
            list_webhooks,
            add_webhook,
            remove_webhook,
            test_webhook,
            resume_webhook,
        ],
    ),
)


async def tested(request: AnyRequest, webhook: str) -> TestAnswer:
    """Send one test message and wait for its answer; raises `WebhookUnknown`."""
    services, keys = services_of(request), webhooks_of(request).secrets
    row = await services.database.read(lambda conn: row_of(conn, webhook))
    now, began = services.clock.milliseconds(), time.monotonic()
    message = check_message(webhook, f"test-{uuid.uuid4().hex}", now)
    headers = headers_of(message, keys.of(webhook, row.salt), 1, now // 1000)
    client: httpx.AsyncClient = request.app.state.webhook_client
    verdict = await attempt(client, row.url, message, headers)
    took = round((time.monotonic() - began) * 1000)
    return TestAnswer(verdict.taken, verdict.status, verdict.fault, took)


def webhooks_of(request: AnyRequest) -> Webhooks:
    """The webhooks of the application."""
    found: Webhooks = request.app.state.webhooks
    return found


def _by(request: AnyRequest) -> By:
    return By(account_of(request), request.client.host if request.client else "")


def _told(fault: WebhookError) -> Exception:
    """The problem that a fault is told as."""
    if isinstance(fault, WebhookUnknown):
        return problem(404, "unknown", str(fault))
    status = 400 if fault.field in {"url", "kinds"} else 409
    return problem(status, "webhook", str(fault), errors=at_field(fault.field, str(fault)))


def _state(one: Webhook) -> WebhookState:
    state = "paused" if one.paused else "retrying" if one.fault else "sending"
    return WebhookState(
        one.webhook,
        one.url,
        one.kinds,
        state,
        one.paused or one.fault,
        one.position,
        one.trying,
        one.attempts,
        _moment(one.next_ms),
        one.delivered,
        _moment(one.delivered_ms),
        _moment(one.failed_ms),
        _moment(one.made_ms),
        one.made_by,
    )


def _moment(milliseconds: int) -> str:
    return moment(milliseconds) if milliseconds else ""
