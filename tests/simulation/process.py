"""The home of one server process: requests answered as `sync.server.api` routes them.

Everything behind the routing is the product's.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec

from sync.server.database import Database, DatabaseError, sqlite_url
from sync.server.feed import MarkGoneError, read_feed, scopes_of
from sync.server.highwater import check_restored
from sync.server.intake import HeaderError
from sync.server.keys import Signer
from sync.server.ledger import ForkError, Ledger, OwnerError
from sync.server.numbers import grant
from sync.server.outcome import outcome_of, owner_of
from sync.server.projector import Projector
from sync.server.recovered import recover
from sync.server.snapshot import SnapshotError, Snapshots
from sync.server.stations import Stations
from sync.wire import (
    FeedMark,
    OutcomeAnswer,
    PushAnswer,
    RecoveredAnswer,
    WireError,
    read_push,
    signed_text,
)
from tests.simulation.clocks import PlantClock

_MODELS: Final[dict[int, Any]] = {}
SIGNER: Final = Signer(bytes(range(32)))


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status and body."""

    status: int
    body: bytes = b"{}"


def _share_statements(database: Database) -> None:
    """Statements are compiled once for all processes of all histories: half of their time else."""
    for number, engine in enumerate((database._write_engine, database._read_engine)):
        model = _MODELS.setdefault(number, engine)
        engine.dialect = model.dialect
        engine._compiled_cache = model._compiled_cache


class Process:
    """One server process: nothing but caches of its own."""

    def __init__(self, path: Path, clock: PlantClock, program: str) -> None:
        self.database = Database(sqlite_url(path))
        _share_statements(self.database)
        self.restored = check_restored(path.parent, self.database, clock.milliseconds())
        self.ledger = Ledger(self.database, clock, grant)
        self.ledger.reread_quarantine(program)
        self.projector = Projector(self.database)
        self.snapshots = Snapshots()
        self.stations = Stations(self.database, clock)
        self.callers: dict[str, tuple[str, tuple[str, ...]] | None] = {}
        self._clock = clock

    def scopes(self, token: str) -> tuple[str, tuple[str, ...]] | None:
        """The station whose token this is, and what it hears; found once until it may change."""
        if token not in self.callers:
            self.callers[token] = self._caller(token)
        return self.callers[token]

    def _caller(self, token: str) -> tuple[str, tuple[str, ...]] | None:
        digest = hashlib.sha256(token.encode()).digest()
        query = "SELECT station, work_centers FROM station WHERE token_hash = ?"
        row = self.database.read_now(lambda conn: conn.exec_driver_sql(query, (digest,)).first())
        if row is None:
            return None
        return row[0], scopes_of(row[0], [name for name in row[1].split(",") if name])

    def answer(self, method: str, path: str, query: str, token: str, body: bytes) -> Answer:
        """What the stations' interface answers."""
        caller = self.scopes(token)
        if caller is None:
            return Answer(401)
        station, scopes = caller
        values = {name: values[0] for name, values in parse_qs(query).items()}
        try:
            if method == "POST" and path.startswith("/v1/origins/"):
                return self._pushed(path.split("/")[3], station, body)
            if path.startswith("/v1/origins/"):
                return self._outcome(path.split("/")[3], station)
            if path == "/v1/recovered":
                return self._recovered(station, body)
            if path == "/v1/feed":
                return self._fed(scopes, values.get("after", ""))
            if path == "/v1/snapshot":
                return self._snapshot(scopes, values.get("cursor", ""))
        except DatabaseError:
            return Answer(503)
        return Answer(404)

    def _pushed(self, origin: str, station: str, message: bytes) -> Answer:
        try:
            header, bodies = read_push(message)
            outcome = self.ledger.receive_now(origin, station, header, bodies)
        except (HeaderError, WireError) as fault:
            return Answer(400, _problem(fault))
        except OwnerError as fault:
            return Answer(403, _problem(fault))
        except ForkError as fault:
            return Answer(409, _problem(fault))
        incarnation, now = self.ledger.incarnation, self._clock.text()
        incarnation = getattr(outcome, "incarnation", "") or incarnation
        signature = SIGNER.sign(signed_text(origin, outcome.have, incarnation, now))
        answer = PushAnswer(outcome.have, outcome.safe, incarnation, now, signature, outcome.review)
        return Answer(200, msgspec.json.encode(answer))

    def _outcome(self, origin: str, station: str) -> Answer:
        owner = self.database.read_now(lambda conn: owner_of(conn, origin))
        if owner not in {None, station}:
            return Answer(403)
        if owner is None:
            return Answer(200, msgspec.json.encode(OutcomeAnswer(0)))
        answer = self.database.read_now(lambda conn: outcome_of(conn, origin, station))
        return Answer(200, msgspec.json.encode(answer))

    def _recovered(self, station: str, message: bytes) -> Answer:
        bodies, now = message.split(b"\n")[:-1], self._clock.milliseconds()
        stored = self.database.write_now(lambda conn: recover(conn, station, bodies, now))
        return Answer(200, msgspec.json.encode(RecoveredAnswer(stored)))

    def _fed(self, scopes: tuple[str, ...], after: str) -> Answer:
        if not after:
            return Answer(410)
        mark = FeedMark.of(after)
        try:
            page = self.database.read_now(lambda conn: read_feed(conn, scopes, mark))
        except MarkGoneError as fault:
            return Answer(410, _problem(fault))
        return Answer(200, msgspec.json.encode(page))

    def _snapshot(self, scopes: tuple[str, ...], cursor: str) -> Answer:
        try:
            page = self.database.read_now(lambda conn: self.snapshots.read(conn, scopes, cursor))
        except SnapshotError as fault:
            return Answer(410, _problem(fault))
        return Answer(200, msgspec.json.encode(page))


def _problem(fault: Any) -> bytes:
    return msgspec.json.encode({"detail": str(fault)})
