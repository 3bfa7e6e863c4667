"""The home of the network between a station and the server: it loses, delays, doubles and cuts.

A request meets a fate that the world draws. A delayed one arrives later, perhaps more than once and
behind younger ones; nobody waits for its answer any more.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any, Final

import httpx

from tests.simulation.auditor import viewed
from tests.simulation.process import Answer
from tests.simulation.servers import Backup, Plant

IN_FLIGHT_MAX: Final = 12
OLD_ANSWERS_MAX: Final = 6


class Fate(StrEnum):
    """What happens to a request."""

    WELL = "well"
    LOST = "request lost"
    LATE = "request late"
    TWICE = "request twice"
    LATE_COPY = "a copy late"
    UNHEARD = "answer lost"
    HALF = "half an answer"
    STALE = "an older answer"
    BUSY = "server busy"
    POWER = "server's power cut"


@dataclass(frozen=True, slots=True)
class Request:
    """What went over the wire."""

    method: str
    path: str
    query: str
    token: str
    body: bytes

    @property
    def pushes(self) -> bool:
        return self.method == "POST" and self.path.startswith("/v1/origins/")


@dataclass(slots=True)
class Snapshot:
    """A snapshot being read: what the views held as it began, and the mark that it gives."""

    viewed: frozenset[str] = frozenset()
    mark: str = ""


@dataclass(slots=True)
class Network:
    """All wires; `fate` is drawn for each request by who uses it."""

    plant: Plant
    chance: Random
    in_flight: list[Request] = field(default_factory=list)
    older: dict[str, list[bytes]] = field(default_factory=dict)
    told: Callable[[str], None] = print

    def executed(self, request: Request) -> Answer:
        """Some process does what is asked, and what it promised is noted."""
        process = self.chance.choice(self.plant.processes)
        answer = process.answer(
            request.method, request.path, request.query, request.token, request.body
        )
        if request.pushes and answer.status == httpx.codes.OK:
            self.plant.promise(request.body, answer.body)
            self.older.setdefault(request.path, []).append(answer.body)
        return answer

    def delay(self, request: Request) -> None:
        if request.pushes and len(self.in_flight) < IN_FLIGHT_MAX:
            self.in_flight.append(request)

    def deliver(self) -> str:
        """One delayed request arrives, any of them, and may arrive again."""
        if not self.in_flight:
            return "none"
        at = self.chance.randrange(len(self.in_flight))
        request = self.in_flight[at]
        if self.chance.random() < 0.8:
            del self.in_flight[at]
        return str(self.executed(request).status)

    def cut(self, request: Request) -> None:
        """The server does what is asked; its power is cut after any commit on the way."""
        before = self.plant.backed_up()
        self.executed(request)
        images = self.plant.image().since(before.image)
        image = self.chance.choice(images)
        promises = self.plant.promises if image is images[-1] else before.promises
        self.plant.cut(Backup(image, promises))


class Wire(httpx.BaseTransport):
    """One station's way to the server."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.fates: list[Fate] = []
        self.snapshot = Snapshot()
        self.safe: dict[str, int] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx's errors, as a real connection does."""
        asked = Request(
            request.method,
            request.url.path,
            request.url.query.decode(),
            request.headers.get("Authorization", "").removeprefix("Bearer "),
            request.read(),
        )
        fate = self.fates.pop(0) if self.fates else Fate.WELL
        answer = self._met(fate, asked)
        self._watch(asked, answer)
        return httpx.Response(answer.status, content=answer.body)

    def _met(self, fate: Fate, asked: Request) -> Answer:
        network = self.network
        match fate:
            case Fate.LOST:
                raise httpx.ConnectError("no way there")
            case Fate.LATE:
                network.delay(asked)
                raise httpx.ReadTimeout("no answer yet")
            case Fate.LATE_COPY:
                network.delay(asked)
            case Fate.TWICE:
                network.executed(asked)
            case Fate.BUSY:
                return Answer(503)
            case Fate.POWER:
                network.cut(asked)
                raise httpx.ReadError("connection reset")
            case Fate.STALE if older := network.older.get(asked.path):
                return Answer(200, network.chance.choice(older[-OLD_ANSWERS_MAX:]))
        answer = network.executed(asked)
        if fate is Fate.UNHEARD:
            raise httpx.ReadTimeout("the answer is lost")
        if fate is Fate.HALF:
            return Answer(answer.status, answer.body[: len(answer.body) // 2])
        return answer

    def _watch(self, asked: Request, answer: Answer) -> None:
        """What the station is told: what is safe, what a snapshot held and its mark."""
        if asked.pushes and answer.status == httpx.codes.OK:
            safe = _parsed(answer.body).get("safe")
            if safe is not None:
                self.safe[asked.path.split("/")[3]] = safe
        if asked.path != "/v1/snapshot" or answer.status != httpx.codes.OK:
            return
        if asked.query in {"", "cursor="}:
            self.snapshot = Snapshot(viewed(self.network.plant.path))
        incarnation, position, digest = _page_mark(answer.body) or ("", 0, "")
        self.snapshot.mark = f"{incarnation}.{position}.{digest}" if incarnation else ""


def _page_mark(body: bytes) -> list[object] | None:
    """The mark of a last page."""
    page = _parsed(body)
    return list(page["mark"]) if page and not page["more"] else None


def _parsed(body: bytes) -> dict[str, Any]:
    """Nothing where the answer was cut."""
    try:
        found: dict[str, Any] = json.loads(body)
    except ValueError:
        return {}
    return found
