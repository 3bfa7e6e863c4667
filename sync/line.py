"""The home of one long-lived HTTP connection to the server, and of what can go wrong on it.

SyncError
├── ServerAddressError   the configured address is no http or https address
├── ServerUnreachable    no answer; `sent` tells whether the request had gone out
├── ServerRefused        an answer other than success: `status`, `retry_after` if it was told
├── AnswerUnreadable     success in a language that is not this server's
└── AnswerUnsigned       an answer that is not proved to come from the server of the enrolment
    └── ServerUnproved   the peer has another TLS key than was pinned; it was told nothing

httpx and cryptography are imported when first used: a kiosk is ready to scan before that.
"""

import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

import msgspec

from sync.pinning import is_unproved, pinned
from sync.sockets import over_connected, shut
from sync.wire import PushAnswer, signed_text

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS_MAX: Final = 3.0
ANSWER_SECONDS_MAX: Final = 10.0
WHY_CHARS_MAX: Final = 200
UNAUTHORIZED: Final = 401
UNCHANGED: Final = 304

T = TypeVar("T")


class SyncError(Exception):
    """Operating trouble with the server; the message names it and what was answered."""


class ServerAddressError(SyncError):
    """The address cannot be one of a server."""


class ServerUnreachable(SyncError):  # noqa: N818
    """Nothing was heard."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.sent = sent


class ServerRefused(SyncError):  # noqa: N818
    """The server answered with a status other than success."""

    def __init__(self, status: int, why: str, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.status = status
        self.retry_after = retry_after


class AnswerUnreadable(SyncError):  # noqa: N818
    """The bytes are not the message that was asked for."""


class AnswerUnsigned(SyncError):  # noqa: N818
    """The answer is not proved to come from the server of the enrolment."""


class ServerUnproved(AnswerUnsigned):
    """Somebody else answers at the server's address, or it has a new key."""


class Tokens(Protocol):
    """A station's token, which may change while it works."""

    @property
    def current(self) -> str: ...

    def other(self, refused: str) -> str:
        """Another token to try where one is refused, or nothing."""
        ...

    def settle(self, accepted: str) -> None:
        """A token from `other` was accepted."""
        ...


class FixedToken:
    """A token that does not change."""

    def __init__(self, token: str) -> None:
        self.current = token

    def other(self, refused: str) -> str:
        assert refused == self.current, "the only one"
        return ""

    def settle(self, accepted: str) -> None:
        raise AssertionError(f"no other token of {len(accepted)} characters was given")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file of the server, and the target of its `Link`; `content` is None where it is known."""

    content: bytes | None
    link: str = ""


class _Problem(msgspec.Struct):
    """What is read of problem details (RFC 9457)."""

    title: str = ""
    detail: str = ""


class Line:
    """Requests of one thread to one server; `break_off` may be called from any other thread."""

    def __init__(
        self,
        server: str,
        token: str | Tokens,
        transport: "httpx.BaseTransport | None" = None,
        *,
        pin: str = "",
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """`pin` is of the server's TLS key; without one `trust` or the machine's authorities."""
        import httpx

        self._server = checked_address(server, pin)
        self._tokens = FixedToken(token) if isinstance(token, str) else token
        self._client = httpx.Client(
            base_url=server,
            transport=transport,
            trust_env=False,  # a factory's proxy settings are not for its own server
            verify=_trust(self._server, pin, trust),
            timeout=httpx.Timeout(ANSWER_SECONDS_MAX, connect=CONNECT_SECONDS_MAX),
        )
        self._socket: socket.socket | None = None
        self._broken = False

    def send(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        query: dict[str, str] | None = None,
        form: str = "application/x-ndjson",
        patience: float = ANSWER_SECONDS_MAX,
    ) -> bytes:
        """The body of a successful answer; raises `ServerUnreachable` or `ServerRefused`.

        Raises `ServerUnproved` before anything is sent to somebody with another key.
        """
        import httpx

        headers = {"Content-Type": form} if content else {}
        timeout = httpx.Timeout(patience, connect=CONNECT_SECONDS_MAX)
        asked = self._client.build_request(
            method, path, content=content, params=query, headers=headers, timeout=timeout
        )
        answer = self._answer(asked)
        if answer.is_success:
            return answer.content
        raise ServerRefused(answer.status_code, _why(answer), _retry_after(answer))

    def fetch(self, path: str, *, known: str = "", patience: float = ANSWER_SECONDS_MAX) -> Fetched:
        """A file, or that it is still the one whose digest is `known`; raises as `send` does."""
        import httpx

        headers = {"If-None-Match": f'"{known}"'} if known else {}
        timeout = httpx.Timeout(patience, connect=CONNECT_SECONDS_MAX)
        answer = self._answer(
            self._client.build_request("GET", path, headers=headers, timeout=timeout)
        )
        link = str(answer.links.get("alternate", {}).get("url", ""))
        if answer.status_code == UNCHANGED:
            return Fetched(None, link)
        if answer.is_success:
            return Fetched(answer.content, link)
        raise ServerRefused(answer.status_code, _why(answer), _retry_after(answer))

    def _answer(self, asked: "httpx.Request") -> "httpx.Response":
        """What comes for a token that the server takes."""
        token = self._tokens.current
        answer = self._asked(asked, token)
        if answer.status_code == UNAUTHORIZED and (other := self._tokens.other(token)):
            answer = self._asked(asked, other)
            if answer.status_code != UNAUTHORIZED:
                self._tokens.settle(other)
        return answer

    def _asked(self, request: "httpx.Request", token: str) -> "httpx.Response":
        import httpx

        if self._broken:
            raise ServerUnreachable("the line was closed", sent=False)
        if token:
            request.headers["Authorization"] = f"Bearer {token}"
        request.extensions["trace"] = self._trace
        try:
            return self._client.send(request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as fault:
            if is_unproved(fault):
                raise ServerUnproved(
                    f"{self._server}: this is not the server of the enrolment: it has another key."
                    " Ask the office; if the key was changed there, enrol again"
                ) from fault
            raise ServerUnreachable(self._told(fault), sent=False) from fault
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            raise ServerUnreachable(self._told(fault), sent=True) from fault

    def break_off(self) -> None:
        """End the request under way, if any: closing a socket does not wake who reads it."""
        held = self._socket
        if held is not None:
            with suppress(OSError):
                shut(held)

    def close(self) -> None:
        """Break off, and refuse what comes later."""
        self._broken = True
        self.break_off()

    def hang_up(self) -> None:
        """Free the connection; by the thread that used it, at its end."""
        self._client.close()

    def _trace(self, event: str, info: dict[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")
            if self._broken:
                self.break_off()

    def _told(self, fault: Exception) -> str:
        why = str(fault) or type(fault).__name__
        return f"{self._server}: no answer ({why})"[:WHY_CHARS_MAX]


def _trust(server: str, pin: str, trust: ssl.SSLContext | None) -> ssl.SSLContext | bool:
    """How a server is known; no certificates are read for http.

    Without pin and trust by the machine's own certificates, a factory's authority among them.
    """
    if server.startswith("http:"):
        return False
    return over_connected(pinned(pin) if pin else trust or ssl.create_default_context())


def checked_address(server: str, pin: str = "") -> str:
    """The server's address without a slash at the end; raises `ServerAddressError`."""
    try:
        parts = urlsplit(server)
        fit = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        fit = False
    if not fit:
        raise ServerAddressError(f"server {server[:80]!r}: want http://HOST:PORT or https://HOST")
    if pin and parts.scheme != "https":
        raise ServerAddressError(
            f"server {server[:80]!r}: this station was enrolled over TLS: want https://,"
            " or enrol it again"
        )
    return server.rstrip("/")


def read_answer(content: bytes, kind: type[T], what: str) -> T:
    """An answer as a message; raises `AnswerUnreadable`."""
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise AnswerUnreadable(f"{what}: not from a kiosk server ({fault})") from fault


def check_signature(answer: PushAnswer, origin: str, public_key: str) -> None:
    """Raises `AnswerUnsigned` unless the pinned Ed25519 key (hexadecimal) signed the answer."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    signed = signed_text(origin, answer.have, answer.incarnation, answer.time)
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(answer.sig), signed)
    except (ValueError, InvalidSignature):
        raise AnswerUnsigned(
            "the answer is not signed by the server of the enrolment; enrol this station again"
        ) from None


def _why(answer: "httpx.Response") -> str:
    try:
        problem = msgspec.json.decode(answer.content, type=_Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = _Problem()
    said = problem.detail or problem.title or answer.reason_phrase
    return f"server answers {answer.status_code}: {said}"[:WHY_CHARS_MAX]


def _retry_after(answer: "httpx.Response") -> float | None:
    """`Retry-After` in seconds; its form with a date is left to the back-off."""
    text = answer.headers.get("Retry-After", "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
