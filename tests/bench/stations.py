"""The load: many stations that each push one event a request, in a process of their own.

Plain sockets and one selector, so that the generator costs little of the machine that it measures.
Each answer is read whole and held against what was sent. To the real server they speak the exchange,
to the bare one its arrays.
"""

import heapq
import multiprocessing
import random
import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from sync.wire import Mark, PushAnswer, PushHeader, chain, chain_start, push_message
from tests.bench.gauge import BenchError, milliseconds, now, percentile
from tests.bench.ledgers import Identity, scanned

ANSWER_SECONDS_MAX: Final = 60.0
READ_BYTES: Final = 65_536
HEAD_END: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length: "
WAIT_SECONDS_MAX: Final = 0.5
_answer: Final = msgspec.json.Decoder(PushAnswer).decode
_have: Final = msgspec.json.Decoder(dict[str, int]).decode


@dataclass(frozen=True, slots=True)
class Round:
    """What came of so many seconds of load; times in seconds, `cpu` is the generator's."""

    events: int
    events_a_second: float
    answers: list[float]
    cpu: float

    def told(self) -> dict[str, float]:
        return {
            "events_a_second": round(self.events_a_second, 1),
            "p50_ms": milliseconds(percentile(self.answers, 50)),
            "p99_ms": milliseconds(percentile(self.answers, 99)),
        }


class Crowd:
    """The stations' process; a station pushes to its server, the next of the addresses in turn."""

    def __init__(self, urls: Sequence[str], who: Sequence[Identity], *, bare: bool = False) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, list(urls), list(who), bare), daemon=True
        )
        self._process.start()
        theirs.close()

    def round(self, seconds: float, *, stations: int = 0, pause: float = 0.0) -> Round:
        """Load by so many of the stations (all by default), each resting about `pause` between."""
        self._pipe.send((seconds, stations, pause))
        try:
            came = self._pipe.recv()
        except EOFError:
            raise BenchError("the stations' process ended; see above") from None
        if isinstance(came, str):
            raise BenchError(came)
        assert isinstance(came, Round), came
        return came

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


class _Sender:
    """A station of the real server."""

    def __init__(self, number: int, url: str, who: Identity) -> None:
        parts = urlsplit(url)
        self._address = parts.hostname or "", parts.port or 0
        self.who = who
        self.order = f"P-{number}"
        self.seq = 0
        self._start = chain_start(who.origin)
        self._digest = self._start
        self._sent = b""
        self.began = 0.0
        self.received = bytearray()
        self.socket: socket.socket | None = None

    def connect(self) -> socket.socket:
        """A fresh connection."""
        self.close()
        self.socket = socket.create_connection(self._address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.socket

    def send(self) -> None:
        """The next event."""
        assert self.socket, "connected before"
        self._sent = scanned(self.who.station, self.order, self.seq + 1)
        self.began = now()
        self.socket.sendall(self.request(self._sent))

    def read(self) -> bool:
        """Take what came; whether the answer is whole. Raises `BenchError` for another answer."""
        assert self.socket, "connected before"
        data = self.socket.recv(READ_BYTES)
        self.received += data
        head = self.received.find(HEAD_END)
        if data and head < 0:
            return False
        if not data or not self.received.startswith(b"HTTP/1.1 200"):
            raise BenchError(f"{self.who.station}: {bytes(self.received[:400])!r}")
        start = self.received.lower().index(LENGTH) + len(LENGTH)
        length = int(self.received[start : self.received.index(b"\r", start)])
        body = bytes(self.received[head + len(HEAD_END) :])
        if len(body) < length:
            return False
        self.received.clear()
        self.seq, self._digest = self.seq + 1, chain(self._digest, self._sent)
        have = self.have(body)
        if have != self.seq:
            raise BenchError(f"{self.who.station} sent {self.seq} and is answered {have}")
        return True

    def request(self, body: bytes) -> bytes:
        mark = Mark(self.seq, self._digest.hex())
        message = push_message(PushHeader(mark, Mark(1, self._start.hex()), waiting=1), [body])
        path, kind = f"/v1/origins/{self.who.origin}/events", "application/x-ndjson"
        return _post(path, kind, message, f"Authorization: Bearer {self.who.token}\r\n")

    def have(self, body: bytes) -> int:
        return _answer(body).have.seq

    def close(self) -> None:
        if self.socket:
            self.socket.close()
            self.socket = None


class _BareSender(_Sender):
    """A station of the bare server."""

    def request(self, body: bytes) -> bytes:
        path = f"/{self.who.origin}/{self.seq + 1}"
        return _post(path, "application/json", b"[" + body + b"]")

    def have(self, body: bytes) -> int:
        return _have(body)["have"]


def _post(path: str, kind: str, body: bytes, more: str = "") -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\n{more}Content-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Load:
    """One round."""

    def __init__(self, senders: Sequence[_Sender], pause: float) -> None:
        self._pause = pause
        self._dice = random.Random(11)
        self._selector = selectors.DefaultSelector()
        self._due: list[tuple[float, int]] = []
        self._senders = senders
        self._open = 0
        self.answers: list[float] = []

    def run(self, seconds: float) -> Round:
        for sender in self._senders:
            self._selector.register(sender.connect(), selectors.EVENT_READ, sender)
        cpu, began = time.process_time(), now()
        self._due = sorted(
            (began + self._dice.uniform(0, self._pause), n) for n in range(len(self._senders))
        )
        numbers = {id(sender): n for n, sender in enumerate(self._senders)}
        end, in_time = began + seconds, 0
        while self._open or now() < end:
            self._send(end)
            for key, _ in self._selector.select(self._patience(end)):
                heard: _Sender = key.data
                if heard.read():
                    in_time += self._answered(heard, numbers[id(heard)], end)
            if now() > end + ANSWER_SECONDS_MAX:
                raise BenchError(f"{self._open} stations had no answer in {ANSWER_SECONDS_MAX} s")
        spent = time.process_time() - cpu
        self._selector.close()
        return Round(len(self.answers), in_time / seconds, self.answers, spent)

    def _send(self, end: float) -> None:
        """Whoever is due by now."""
        at = now()
        while at < end and self._due and self._due[0][0] <= at:
            _, number = heapq.heappop(self._due)
            self._senders[number].send()
            self._open += 1

    def _answered(self, sender: _Sender, number: int, end: float) -> bool:
        at = now()
        self._open -= 1
        self.answers.append(at - sender.began)
        rest = self._dice.uniform(0.5, 1.5) * self._pause
        heapq.heappush(self._due, (at + rest, number))
        return at <= end

    def _patience(self, end: float) -> float:
        due = self._due[0][0] if self._due else end
        wait = min(due, end) - now() if now() < end else WAIT_SECONDS_MAX
        return min(max(0.0, wait), WAIT_SECONDS_MAX)


def _serve(pipe: "Connection[Any, Any]", urls: list[str], who: list[Identity], bare: bool) -> None:
    kind = _BareSender if bare else _Sender
    senders = [kind(n, urls[n % len(urls)], one) for n, one in enumerate(who)]
    while True:
        try:
            seconds, stations, pause = pipe.recv()
        except EOFError:
            return
        some = senders[: stations or len(senders)]
        try:
            came: Round | str = _Load(some, pause).run(seconds)
        except (BenchError, OSError) as fault:
            came = str(fault)
        for sender in senders:
            sender.close()
            sender.received.clear()
        pipe.send(came)
