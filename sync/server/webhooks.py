"""The home of webhooks: where events are sent to, kept on the ledger's database.

What signs a webhook's messages is derived from the server's signing key and a random salt, so it is
stored nowhere: it is told once when the webhook is made, and a backup holds nothing of it. Under
another signing key it would be another secret; `proof` shows that, and then nothing is sent.

WebhookError           what was asked of a webhook cannot be done; `field` is what is wrong
├── WebhookUnknown     no such webhook
└── WebhooksFull       there are as many as one server sends to
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from sync.domain.events import EVENT_TYPES, OperatorDefined
from sync.server.clock import ServerClock
from sync.server.database import Database
from sync.server.errors import ServerError
from sync.server.interface_tables import webhook as table
from sync.server.keys import Signer
from sync.server.ledger import end_of
from sync.server.people import By, noted

WEBHOOKS_COUNT_MAX: Final = 20
URL_CHARS_MAX: Final = 500
PORT_MAX: Final = 65_535
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 — how Standard Webhooks marks one
SECRET_BYTES: Final = 32
NAME_BYTES: Final = 8
SALT_BYTES: Final = 16
PROOF_CHARS: Final = 32
SECRETIVE: Final = OperatorDefined.__name__  # holds badge and PIN: for stations alone
KINDS: Final = tuple(name for name in EVENT_TYPES if name != SECRETIVE)
OTHER_KEY: Final = "the server's signing key is another one: remove this webhook, add it anew"
_PURPOSE: Final = b"kiosk-server webhooks"


class WebhookError(ServerError):
    """The message names the thing, the value and the next step."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class WebhookUnknown(WebhookError):  # noqa: N818 — named after what happened
    pass


class WebhooksFull(WebhookError):  # noqa: N818
    pass


class Webhook(msgspec.Struct, frozen=True):
    """One webhook as it stands; times in milliseconds UTC, 0: never.

    `position` is the last event that was taken, `trying` the one that is being sent, `attempts` how
    often it was; `paused` says why nothing is sent, `fault` what was wrong with the last attempt.
    """

    webhook: str
    url: str
    kinds: tuple[str, ...]
    made_by: str
    made_ms: int
    position: int
    trying: int
    attempts: int
    next_ms: int
    delivered: int
    delivered_ms: int
    failed_ms: int
    paused: str
    fault: str


class Secrets:
    """Makes and proves the secrets of webhooks; every server with the same signing key does."""

    def __init__(self, signer: Signer) -> None:
        self._key = hashlib.sha256(signer.sign(_PURPOSE).encode()).digest()

    def of(self, webhook: str, salt: str) -> bytes:
        """The bytes that sign a webhook's messages."""
        return hmac.digest(self._key, f"{webhook} {salt}".encode(), "sha256")

    def proof(self, webhook: str, salt: str) -> str:
        """What shows later that the secret is still the same, and nothing else."""
        return hashlib.sha256(b"proof " + self.of(webhook, salt)).hexdigest()[:PROOF_CHARS]


class Webhooks:
    """The webhooks of one database."""

    def __init__(self, database: Database, clock: ServerClock, signer: Signer) -> None:
        self._database = database
        self._clock = clock
        self.secrets = Secrets(signer)

    async def all(self) -> list[Webhook]:
        """By age."""
        return await self._database.read(webhooks)

    async def add(self, url: str, kinds: Sequence[str], by: By) -> tuple[Webhook, str]:
        """A new webhook, sent what is said from now on, and its secret; raises `WebhookError`."""
        host, wanted = _checked_url(url), _checked_kinds(kinds)
        name, salt = secrets.token_hex(NAME_BYTES), secrets.token_hex(SALT_BYTES)
        now = self._clock.milliseconds()
        proof = self.secrets.proof(name, salt)

        def put(connection: Connection) -> Webhook:
            count = connection.execute(select(func.count()).select_from(table)).scalar_one()
            if count >= WEBHOOKS_COUNT_MAX:
                said = f"there are {count} webhooks, as many as there can be: remove one first"
                raise WebhooksFull(said)
            values: dict[str, Any] = {"url": url, "kinds": ",".join(wanted)}
            values |= {"salt": salt, "proof": proof}
            values |= {"made_by": by.account, "made_ms": now, "position": end_of(connection)}
            connection.execute(insert(table).values(webhook=name, **values))
            noted(connection, now, by, "webhook added", name, host)
            return webhook_of(connection, name)

        made = await self._database.write(put)
        return made, SECRET_PREFIX + base64.b64encode(self.secrets.of(name, salt)).decode()

    async def remove(self, name: str, by: By) -> None:
        """Send nothing there any more; raises `WebhookUnknown`."""
        now = self._clock.milliseconds()

        def drop(connection: Connection) -> None:
            known = webhook_of(connection, name)
            connection.execute(delete(table).where(table.c.webhook == name))
            noted(connection, now, by, "webhook removed", name, _host(known.url))

        await self._database.write(drop)

    async def resume(self, name: str, by: By, *, skip: bool) -> Webhook:
        """Send again at once, with `skip` from the event behind the one that was not taken.

        What is skipped stands in the audit. Raises `WebhookUnknown`, `WebhookError`.
        """
        now = self._clock.milliseconds()

        def put(connection: Connection) -> Webhook:
            row, known = row_of(connection, name), webhook_of(connection, name)
            if self.secrets.proof(name, row.salt) != row.proof:
                raise WebhookError(f"webhook {name}: {OTHER_KEY}")
            values: dict[str, Any] = {"paused": "", "next_ms": 0, "trying": 0, "attempts": 0}
            said = "at the same event"
            if skip:
                if not known.trying:
                    raise WebhookError(f"webhook {name}: no event waits to be skipped", "skip")
                values |= {"position": known.trying, "fault": ""}
                said = f"skipped the event at position {known.trying}"
            else:
                # The event keeps its count, so that who takes it sees that it was sent before.
                values |= {"trying": known.trying, "attempts": known.attempts}
            connection.execute(update(table).where(table.c.webhook == name).values(**values))
            noted(connection, now, by, "webhook resumed", name, said)
            return webhook_of(connection, name)

        return await self._database.write(put)


def webhooks(connection: Connection) -> list[Webhook]:
    """All of them, the oldest first."""
    rows = connection.execute(select(table).order_by(table.c.made_ms, table.c.webhook))
    return [_shown(row) for row in rows]


def webhook_of(connection: Connection, name: str) -> Webhook:
    """One of them; raises `WebhookUnknown`."""
    return _shown(row_of(connection, name))


def row_of(connection: Connection, name: str) -> Any:
    """The same as it is stored, with its salt."""
    row = connection.execute(select(table).where(table.c.webhook == name)).one_or_none()
    if row is None:
        raise WebhookUnknown(f"webhook {name[:40]!r} is not known: look at the list")
    return row


def _shown(row: Any) -> Webhook:
    kinds = tuple(row.kinds.split(",")) if row.kinds else ()
    return Webhook(
        row.webhook, row.url, kinds, row.made_by, row.made_ms, row.position, row.trying,
        row.attempts, row.next_ms, row.delivered, row.delivered_ms, row.failed_ms, row.paused,
        row.fault,
    )  # fmt: skip


def _checked_url(url: str) -> str:
    """The host of a URL that can be sent to; raises `WebhookError`."""
    if not (1 <= len(url) <= URL_CHARS_MAX and url.isascii() and url.isprintable()):
        raise WebhookError(f"url: want 1 to {URL_CHARS_MAX} ASCII characters", "url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as fault:
        raise WebhookError(f"url {url[:60]!r}: {fault}; write http(s)://host/path", "url") from None
    if parts.scheme not in {"http", "https"} or not _is_host(parts, port):
        raise WebhookError(f"url {url[:60]!r}: write http://host/path or https://…", "url")
    if parts.username is not None or parts.password is not None or parts.fragment:
        said = "leave out user, password and what follows #: messages are signed instead"
        raise WebhookError(f"url of {parts.hostname}: {said}", "url")
    return _host(url)


def _is_host(parts: SplitResult, port: int | None) -> bool:
    return bool(parts.hostname) and " " not in parts.netloc and (port is None or port > 0)


def _host(url: str) -> str:
    """What the audit tells of a URL: its path and query may be somebody's secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _checked_kinds(kinds: Sequence[str]) -> list[str]:
    unknown = [one for one in kinds if one not in KINDS]
    if unknown:
        said = f"{unknown[0][:40]!r} is no type of event that is sent: see `kinds` in the document"
        raise WebhookError(f"kinds: {said}", "kinds")
    return [one for one in KINDS if one in kinds]
