"""The home of one message to a webhook: its body, its signature, what its answer means.

Signed as Standard Webhooks says (version 1.0): `webhook-id`, `webhook-timestamp` in seconds, and
`webhook-signature` of `v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`. The id is of event
and webhook, the same however often it is sent; `webhook-attempt` counts from 1.
"""

import asyncio
import base64
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

import httpx
import msgspec

ANSWER_SECONDS_MAX: Final = 10.0
CONNECT_SECONDS_MAX: Final = 5.0
CONNECTIONS_MAX: Final = 40
TEST: Final = "webhook.test"
AGENT: Final = "floor-server-webhooks"


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: the id that stays the same, the type, and the body as it is signed."""

    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an attempt ended: taken, or why not; `gone` where it shall not be sent to any more."""

    status: int = 0
    fault: str = ""
    gone: bool = False

    @property
    def taken(self) -> bool:
        return not self.fault


def event_message(
    webhook: str, event: str, kind: str, position: int, received_ms: int, body: bytes
) -> Message:
    """An event as it is sent, whichever attempt it is: `data` are its bytes as they were born."""
    moment = datetime.fromtimestamp(received_ms / 1000, UTC).isoformat(timespec="milliseconds")
    told = {
        "type": kind,
        "timestamp": moment,
        "id": event,
        "position": position,
        "data": msgspec.Raw(body),
    }
    return Message(f"{event}_{webhook}", msgspec.json.encode(told))


def check_message(webhook: str, name: str, now_ms: int) -> Message:
    """What only shows that messages arrive."""
    moment = datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds")
    told = {"type": TEST, "timestamp": moment, "id": name, "data": {"webhook": webhook}}
    return Message(f"{name}_{webhook}", msgspec.json.encode(told))


def headers_of(message: Message, secret: bytes, attempt: int, seconds: int) -> dict[str, str]:
    """The headers of one attempt."""
    signed = b".".join((message.id.encode(), str(seconds).encode(), message.body))
    signature = base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()
    return {
        "webhook-id": message.id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{signature}",
        "webhook-attempt": str(attempt),
        "content-type": "application/json",
        "user-agent": AGENT,
    }


def client_of() -> httpx.AsyncClient:
    """Asks whom it is told to, by no proxy, and follows nobody elsewhere."""
    return httpx.AsyncClient(
        follow_redirects=False,
        trust_env=False,
        timeout=httpx.Timeout(ANSWER_SECONDS_MAX, connect=CONNECT_SECONDS_MAX),
        limits=httpx.Limits(max_connections=CONNECTIONS_MAX),
    )


async def attempt(
    client: httpx.AsyncClient, url: str, message: Message, headers: dict[str, str]
) -> Verdict:
    """Send once, all of it within `ANSWER_SECONDS_MAX`; the answer's body is not read."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            sent = client.stream("POST", url, content=message.body, headers=headers)
            async with sent as answer:
                return _verdict(answer)
    except TimeoutError:
        return Verdict(0, f"no answer within {ANSWER_SECONDS_MAX:g} s")
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as fault:
        return Verdict(0, f"not reached: {str(fault) or type(fault).__name__}"[:200])


def _verdict(answer: httpx.Response) -> Verdict:
    status = answer.status_code
    if answer.is_success:
        return Verdict(status)
    if status == HTTPStatus.GONE:
        return Verdict(status, "answers 410: it wants no more", gone=True)
    if answer.is_redirect:
        return Verdict(status, f"answers {status}, elsewhere: add the address that it leads to")
    return Verdict(status, f"answers {status}, want 2xx")
