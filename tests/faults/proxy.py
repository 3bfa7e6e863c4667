"""A TCP proxy that mistreats what passes: delays, repeats, lets it come late, cuts, half-closes.

It knows where a request ends, no more. What it does to each is drawn from a seed, so that a run can
be told again; which request meets which fault also hangs on the clock.
"""

import contextlib
import random
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

HEADER_END: Final = b"\r\n\r\n"
READ_BYTES: Final = 65_536
PUSH: Final = b"POST /v1/origins"
LATE_SECONDS: Final = 0.6
DELAY_SECONDS: Final = 0.15
PATIENCE_SECONDS: Final = 40.0


class Fault(StrEnum):
    """What befalls one request."""

    NONE = "passed on"
    DELAY = "answer delayed"
    UNSENT = "cut before the server has it"
    UNHEARD = "cut after the server answered"
    HALF = "half of the answer, then cut"
    HALF_CLOSED = "answered, then half-closed"
    TWICE = "sent twice"
    LATE = "cut, and brought to the server later"


@dataclass(slots=True)
class Channel:
    """A connection and what was read ahead of it."""

    socket: socket.socket
    rest: bytes = b""

    def message(self) -> bytes:
        """The next HTTP message, whole; nothing at the end."""
        while HEADER_END not in self.rest:
            if not self._read():
                return b""
        head, _, _ = self.rest.partition(HEADER_END)
        size = len(head) + len(HEADER_END) + _length(head)
        while len(self.rest) < size:
            if not self._read():
                return b""
        whole, self.rest = self.rest[:size], self.rest[size:]
        return whole

    def _read(self) -> bool:
        part = self.socket.recv(READ_BYTES)
        self.rest += part
        return bool(part)


class Proxy:
    """Listens on loopback and passes requests on to `port` there; `calm` ends the mistreatment."""

    def __init__(self, port: int, seed: int) -> None:
        self._to = port
        self._random = random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._door = threading.Lock()
        self._is_calm = False
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._passing = threading.Event()
        self._passing.set()
        self._held_back = threading.Event()
        self.done: Counter[Fault] = Counter()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_exc: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._door:
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)

    def calm(self) -> None:
        """From now on everything passes."""
        self._is_calm = True

    def hold_answers(self) -> None:
        """Keep every answer of the server back."""
        self._held_back.clear()
        self._passing.clear()

    def until_held(self) -> None:
        """Wait for an answer that is kept back."""
        assert self._held_back.wait(PATIENCE_SECONDS), "the server answered nothing"

    def let_go(self) -> None:
        """Break off what is kept back, and keep nothing back any more."""
        self._passing.set()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._start(lambda client=client: self._serve(client))  # type: ignore[misc]

    def _serve(self, client: socket.socket) -> None:
        """One connection of a client, until a fault or an end."""
        with self._held(client), contextlib.suppress(OSError):
            channel = Channel(client)
            while request := channel.message():
                if not self._pass_on(request, client):
                    return

    def _pass_on(self, request: bytes, client: socket.socket) -> bool:
        """Deal with one request; whether the connection goes on."""
        fault = self._draw(request)
        match fault:
            case Fault.UNSENT:
                return False
            case Fault.LATE:
                self._start(lambda: self._late(request))
                return False
            case Fault.TWICE:
                self._ask(request)
        answer = self._ask(request)
        if not self._passing.is_set() and request.startswith(PUSH):
            self._held_back.set()
            self._passing.wait(PATIENCE_SECONDS)
            return False
        if fault is Fault.DELAY:
            threading.Event().wait(DELAY_SECONDS)
        if fault is Fault.UNHEARD or not answer:
            return False
        client.sendall(answer[: len(answer) // 2] if fault is Fault.HALF else answer)
        if fault is Fault.HALF_CLOSED:
            client.shutdown(socket.SHUT_WR)
        return fault not in {Fault.HALF, Fault.HALF_CLOSED}

    def _draw(self, request: bytes) -> Fault:
        with self._door:
            fault = Fault.NONE
            if not self._is_calm and request.startswith(PUSH):
                fault = self._random.choice(list(Fault))
            self.done[fault] += 1
        return fault

    def _late(self, request: bytes) -> None:
        threading.Event().wait(LATE_SECONDS)
        self._ask(request)

    def _ask(self, request: bytes) -> bytes:
        """What the server answers, on a connection of its own; nothing if it does not."""
        with contextlib.suppress(OSError):
            server = socket.create_connection(("127.0.0.1", self._to), PATIENCE_SECONDS)
            with self._held(server):
                server.sendall(request)
                return Channel(server).message()
        return b""

    @contextlib.contextmanager
    def _held(self, one: socket.socket) -> Iterator[None]:
        with self._door:
            self._open.add(one)
        try:
            yield
        finally:
            with self._door:
                self._open.discard(one)
            one.close()

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0
