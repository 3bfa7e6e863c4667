"""A small server that follows the table of the exchange, with faults that a test switches on.

It shares no code with the product: chains, marks and messages are written out here once more.
"""

import copy
import hashlib
import json
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.sockets import over_connected

PAGE_EVENTS = 3
GONE = b""
TOKEN = "a-token"


class AnswerLost(Exception):  # noqa: N818
    """The server did its work and the answer never arrives."""


@dataclass
class Answer:
    status: int
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


def chain_of(origin: str, bodies: list[bytes]) -> str:
    return chained(hashlib.sha256(origin.encode()).hexdigest(), bodies)


def chained(digest: str, bodies: list[bytes]) -> str:
    for body in bodies:
        digest = hashlib.sha256(bytes.fromhex(digest) + body).hexdigest()
    return digest


@dataclass
class ModelLedger:
    """What is stored: a chain per origin, and one entry per id in the order of arrival."""

    incarnation: str = "one"
    origins: dict[str, list[bytes]] = field(default_factory=dict)
    entries: dict[str, bytes] = field(default_factory=dict)
    alarms: list[str] = field(default_factory=list)
    gaps: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    safe: dict[str, int] = field(default_factory=dict)

    def head(self, origin: str) -> list[Any]:
        held = self.origins.setdefault(origin, [])
        return [len(held), self.digest_at(origin, len(held))]

    def digest_at(self, origin: str, seq: int) -> str:
        """The chain's digest there, from the last gap before it on; nothing within a gap."""
        gap, digest = max(
            (one for one in self.gaps.get(origin, []) if one[0] <= seq),
            default=(0, chain_of(origin, [])),
        )
        bodies = self.origins.get(origin, [])[gap:seq]
        return "" if GONE in bodies else chained(digest, bodies)

    def receive(self, origin: str, header: dict[str, Any], bodies: list[bytes]) -> bool:
        """False for another digest at a place that is known."""
        held = self.origins.setdefault(origin, [])
        (seq, digest), (low, before) = header["after"], header["low"]
        if len(held) < low - 1:
            self.alarms.append(f"gap {len(held) + 1} to {low - 1} of {origin}")
            held += [GONE] * (low - 1 - len(held))
            self.gaps.setdefault(origin, []).append((low - 1, before))
        if seq > len(held):
            return True
        known = held[seq : seq + len(bodies)]
        if self.digest_at(origin, seq) != digest or known != bodies[: len(known)]:
            self.alarms.append(f"fork at {seq} of {origin}")
            return False
        for body in bodies[len(known) :]:
            held.append(body)
            self.enter(body)
        return True

    def promise(self) -> None:
        """All that is held now is in every backup."""
        self.safe = {origin: len(held) for origin, held in self.origins.items()}

    def enter(self, body: bytes) -> None:
        self.entries.setdefault(json.loads(body)["id"], body)

    def feed_mark(self, position: int) -> str:
        digest = chain_of("feed", list(self.entries.values())[:position])
        return f"{self.incarnation}.{position}.{digest}"


class ModelServer:
    """The ledger behind HTTP, in memory (`transport`) or on a real socket (`listening`)."""

    def __init__(self) -> None:
        self.ledger = ModelLedger()
        self.key = Ed25519PrivateKey.generate()
        self.fault: Callable[[str, str, list[bytes]], Answer | None] = lambda *_: None
        self.lose_answer: Callable[[str], bool] = lambda _: False
        self.review: list[str] = []
        self.requests: list[tuple[str, str, int]] = []  # method, path, events in it
        self.headers: list[dict[str, Any]] = []
        self.reviews: list[dict[str, str]] = []
        self.counted: Callable[[int], int] = lambda seq: seq  # of the seq that is held
        self.news = threading.Condition()
        self.closing = False

    @property
    def public_key(self) -> str:
        return self.key.public_key().public_bytes_raw().hex()

    def backup(self) -> ModelLedger:
        with self.news:
            return copy.deepcopy(self.ledger)

    def restore(self, ledger: ModelLedger, incarnation: str = "") -> None:
        with self.news:
            self.ledger = copy.deepcopy(ledger)
            self.ledger.incarnation = incarnation or ledger.incarnation
            self.news.notify_all()

    def office(self, **event: Any) -> str:
        """An event born on the server."""
        event = {"id": str(uuid.uuid4()), "station": "office", **event}
        with self.news:
            self.ledger.enter(json.dumps(event).encode())
            self.news.notify_all()
        return str(event["id"])

    def pushes(self) -> list[int]:
        """How many events each push brought."""
        return [events for _, path, events in self.requests if path.endswith("/events")]

    def answer(self, method: str, target: str, token: str, message: bytes) -> Answer:
        parts = urlsplit(target)
        query = {
            name: values[0]
            for name, values in parse_qs(parts.query, keep_blank_values=True).items()
        }
        lines = message.split(b"\n")[:-1]
        self.requests.append((method, parts.path, max(0, len(lines) - 1)))
        given = self.fault(method, parts.path, lines[1:])
        if given is not None:
            return given
        if token != f"Bearer {TOKEN}":
            return Answer(401, b'{"detail": "this token is not known here"}')
        if parts.path == "/v1/feed":
            answer = self._feed(query["after"], float(query["wait"]))
        elif parts.path == "/v1/snapshot":
            answer = self._snapshot(query.get("cursor", ""))
        elif parts.path == "/v1/recovered":
            answer = self._recovered(lines)
        elif parts.path.endswith("/outcome"):
            answer = self._outcome(parts.path.split("/")[3])
        else:
            answer = self._push(parts.path.split("/")[3], json.loads(lines[0]), lines[1:])
        if self.lose_answer(parts.path):
            raise AnswerLost
        return answer

    def _push(self, origin: str, header: dict[str, Any], bodies: list[bytes]) -> Answer:
        with self.news:
            self.headers.append(header)
            if not self.ledger.receive(origin, header, bodies):
                return Answer(409, json.dumps({"detail": "fork: a copied disk?"}).encode())
            self.news.notify_all()
            have, now = self.ledger.head(origin), "2026-11-22T10:00:00Z"
            signed = f"{origin} {have[0]} {have[1]} {self.ledger.incarnation} {now}".encode()
            return Answer(
                200,
                json.dumps(
                    {
                        "have": have,
                        "safe": self.ledger.safe.get(origin, 0),
                        "incarnation": self.ledger.incarnation,
                        "time": now,
                        "sig": self.key.sign(signed).hex(),
                        "review": self.review,
                    }
                ).encode(),
            )

    def _recovered(self, bodies: list[bytes]) -> Answer:
        with self.news:
            before = len(self.ledger.entries)
            for body in bodies:
                assert json.loads(body)["station"] == "office"
                self.ledger.enter(body)
            self.news.notify_all()
            return Answer(200, b'{"stored":%d}' % (len(self.ledger.entries) - before))

    def _outcome(self, origin: str) -> Answer:
        counted = self.counted(len(self.ledger.origins.get(origin, [])))
        body = json.dumps({"counted": counted, "review": self.reviews})
        return Answer(200, body.encode())

    def _feed(self, after: str, wait: float) -> Answer:
        with self.news:
            until = time.monotonic() + wait
            while True:
                if not after or not self._confirms(after):
                    return Answer(410, b'{"detail": "no such mark here"}')
                position = int(after.split(".")[1])
                rest = list(self.ledger.entries.values())[position:]
                left = until - time.monotonic()
                if rest or left <= 0 or self.closing:
                    return self._page(rest, position)
                self.news.wait(left)

    def _snapshot(self, cursor: str) -> Answer:
        with self.news:
            position = int(cursor.split(".")[1]) if cursor else 0
            return self._page(list(self.ledger.entries.values())[position:], position)

    def _page(self, rest: list[bytes], position: int) -> Answer:
        some = rest[:PAGE_EVENTS]
        incarnation, at, digest = self.ledger.feed_mark(position + len(some)).split(".")
        more = json.dumps(len(rest) > PAGE_EVENTS).encode()
        mark = json.dumps([incarnation, int(at), digest]).encode()
        body = b'{"events":[%b],"mark":%b,"more":%b}' % (b",".join(some), mark, more)
        return Answer(200, body)

    def _confirms(self, mark: str) -> bool:
        position = int(mark.split(".")[1])
        return position <= len(self.ledger.entries) and self.ledger.feed_mark(position) == mark

    def transport(self) -> httpx.MockTransport:
        """The same server without a socket."""

        def handle(request: httpx.Request) -> httpx.Response:
            token = request.headers.get("Authorization", "")
            target = request.url.raw_path.decode()
            try:
                answer = self.answer(request.method, target, token, request.content)
            except AnswerLost:
                raise httpx.ReadError("connection reset") from None
            return httpx.Response(answer.status, headers=answer.headers, content=answer.body)

        return httpx.MockTransport(handle)

    @contextmanager
    def listening(self, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[str]:
        """Serve on a real socket of 127.0.0.1; the address."""
        server = _Listener(("127.0.0.1", port), _handler(self))
        server.tls = over_connected(tls) if tls else None
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        self.closing = False
        try:
            yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
        finally:
            with self.news:
                self.closing = True
                self.news.notify_all()
            server.shutdown()
            server.cut()
            server.server_close()
            thread.join()


class _Listener(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    allow_reuse_address = True
    tls: ssl.SSLContext | None = None

    def __init__(self, *given: Any) -> None:
        self.connections: set[Any] = set()
        super().__init__(*given)

    def get_request(self) -> tuple[Any, Any]:
        request, address = super().get_request()
        if self.tls:
            request = self.tls.wrap_socket(request, server_side=True)
        return request, address

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""

    def cut(self) -> None:
        """Reset every connection, as a server that dies does."""
        for connection in list(self.connections):
            try:
                connection.shutdown(2)
            except OSError:
                self.connections.discard(connection)


def _handler(model: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            self._handle(b"")

        def do_POST(self) -> None:
            self._handle(self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *given: object) -> None:
            """Tests read no log."""

        def _handle(self, message: bytes) -> None:
            token = self.headers.get("Authorization", "")
            try:
                answer = model.answer(self.command, self.path, token, message)
            except AnswerLost:
                self.close_connection = True
                return
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(answer.body)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

    return Handler
