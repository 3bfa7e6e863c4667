"""The home of the auditor: what must be true, computed from the files and from what was promised.

It shares no code with the product: files are read with sqlite3, bodies with json, chains are made
with hashlib, and whom an event concerns is worked out here once more.
"""

import hashlib
import json
import sqlite3
from collections.abc import Container, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

_ALL_HEAR: Final = frozenset(
    {
        *("NumbersGranted", "MaterialDefined", "BomDefined", "RoutingDefined", "WorkCenterDefined"),
        *("OperatorDefined", "ReasonDefined", "MaterialReceived", "MaterialMoved"),
        *("StockCounted", "LotStatusSet", "MaterialProduced"),
    }
)
_AT_WORK_CENTER: Final = frozenset(
    {"DowntimeStarted", "DowntimeEnded", "HelpCalled", "HelpAnswered"}
)
_TAKING: Final = frozenset({"MaterialConsumed", "MaterialReturned"})


class Violation(AssertionError):  # noqa: N818
    """What was promised is not so; the message says what of it."""


def require(fact: object, told: str) -> None:
    """Raise `Violation` unless it is so."""
    if not fact:
        raise Violation(told)


@lru_cache(maxsize=100_000)
def meaning(body: bytes) -> dict[str, Any]:
    """An event's fields; nothing for bytes that are no JSON object."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def is_of_office(body: bytes) -> bool:
    return meaning(body).get("station") == "office"


def grants(bodies: Mapping[str, bytes], origins: Container[str]) -> set[str]:
    """The ids of the office's grants to origins that there were: a push is answered with them."""
    found = set()
    for name, body in bodies.items():
        event = meaning(body)
        if event.get("type") == "NumbersGranted" and event["origin"] in origins:
            found.add(name)
    return found


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


@dataclass(slots=True)
class Row:
    """An event of the ledger."""

    position: int
    id: str
    body: bytes
    unreadable: str


@dataclass(slots=True)
class Books:
    """What the ledger's file says, after its own consistency was proved."""

    rows: dict[str, Row] = field(default_factory=dict)
    heads: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    gaps: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    feed: list[tuple[int, str, int]] = field(default_factory=list)
    projected: int = 0


@dataclass(slots=True)
class Papers:
    """What a station's file says, after its own consistency was proved."""

    origin: str
    acknowledged: int
    last: tuple[int, bytes]
    own: list[str]
    known: dict[str, bytes]
    feed: str


def asked(path: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query, by a connection of the auditor's own."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def event_ids(path: Path) -> set[str]:
    """The ids of all events in a ledger's or a journal's file."""
    return {row[0] for row in asked(path, "SELECT id FROM event")}


def heads_in(path: Path) -> dict[str, int]:
    """How far a ledger's file holds each origin."""
    return dict(asked(path, "SELECT origin, head_seq FROM origin"))


def incarnation(path: Path) -> str:
    """Which ledger a file says that it is."""
    return str(asked(path, "SELECT value FROM setting WHERE name = 'incarnation'")[0][0])


def counter(path: Path) -> int:
    """The last position that a ledger has given."""
    return int(asked(path, "SELECT position FROM head WHERE name = 'event'")[0][0])


def high_water_in(folder: Path) -> tuple[str, int]:
    """Which ledger was how far, as is written outside of it; nothing if it is not."""
    path = folder / "high-water.json"
    if not path.exists():
        return "", 0
    written = json.loads(path.read_bytes())
    return written["incarnation"], written["position"]


def backup_names(path: Path) -> set[str]:
    """The backups that a ledger's file promises."""
    return {row[0] for row in asked(path, "SELECT name FROM backup")}


def projected(path: Path) -> int:
    """How far the projector of a ledger is."""
    rows = asked(path, "SELECT position FROM mark WHERE reader = 'projector'")
    return rows[0][0] if rows else 0


def viewed(path: Path) -> frozenset[str]:
    """The ids of the events that a ledger's views hold."""
    query = f"SELECT id FROM event WHERE unreadable = '' AND position <= {projected(path)}"
    return frozenset(row[0] for row in asked(path, query))


def books_of(path: Path, unknown: frozenset[str]) -> Books:
    """Read the ledger and prove chains, positions and feed; `unknown` types are in quarantine."""
    books = Books(projected=projected(path))
    by_position: dict[int, Row] = {}
    for values in asked(path, "SELECT position, id, body, unreadable FROM event ORDER BY 1"):
        row = Row(*values)
        by_position[row.position] = books.rows[row.id] = row
    counters = dict(asked(path, "SELECT name, position FROM head"))
    highest = max(by_position, default=0)
    require(highest <= counters["event"], f"position {highest} is above the counter")
    _prove_identity(books, unknown)
    _prove_chains(path, books, by_position)
    _prove_feed(path, books, by_position, counters)
    return books


def _prove_identity(books: Books, unknown: frozenset[str]) -> None:
    """One row an event: the id in the bytes is the row's, and no bytes of another say the same."""
    seen: set[str] = set()
    for row in books.rows.values():
        fields = meaning(row.body)
        name = fields.get("id", "")
        require(name == row.id, f"row {row.id} at {row.position} holds event {name}")
        require(name not in seen, f"event {name} is in the ledger twice")
        seen.add(name)
        bad = fields.get("type") in unknown
        require(bad == bool(row.unreadable), f"event {name}: unreadable is {row.unreadable!r}")


def _prove_chains(path: Path, books: Books, by_position: Mapping[int, Row]) -> None:
    """Every origin's places follow from 1 without holes but recorded gaps, digests made again."""
    gaps: dict[str, dict[int, tuple[int, bytes]]] = {}
    for origin, first, last, digest in asked(
        path, "SELECT origin, from_seq, to_seq, digest FROM gap"
    ):
        gaps.setdefault(origin, {})[first] = (last, digest)
        books.gaps.setdefault(origin, []).append((first, last))
    ends: dict[str, tuple[int, bytes]] = {}
    placed: set[int] = set()
    places = "SELECT origin, seq, digest, position FROM place ORDER BY origin, seq"
    for origin, seq, digest, position in asked(path, places):
        end, before = ends.get(origin) or (0, sha(origin.encode()))
        end, before = gaps.get(origin, {}).get(end + 1, (end, before))
        require(seq == end + 1, f"origin {origin}: {end + 1} to {seq - 1} are missing, no gap told")
        require(position in by_position, f"origin {origin}: no event at the position of {seq}")
        made = sha(before, by_position[position].body)
        require(made == digest, f"origin {origin}: the digest at {seq} is not that of its bytes")
        ends[origin] = (seq, made)
        placed.add(position)
    for origin, head, digest in asked(path, "SELECT origin, head_seq, head_digest FROM origin"):
        found = ends.get(origin) or (0, sha(origin.encode()))
        found = gaps.get(origin, {}).get(found[0] + 1, found)
        require(found == (head, digest), f"origin {origin}: head {head}, places to {found[0]}")
        books.heads[origin] = found
    require(placed == set(by_position), "an event stands in no origin's log")


def _prove_feed(
    path: Path, books: Books, by_position: Mapping[int, Row], counters: Mapping[str, int]
) -> None:
    """Positions without holes above what is pruned, one chain of digests over all scopes."""
    expected, before = counters.get("feed_pruned", 0) + 1, b""
    rows = asked(path, "SELECT position, scope, event_position, digest FROM feed ORDER BY 1")
    for position, scope, event_position, digest in rows:
        require(position == expected, f"feed: {expected} to {position - 1} are missing")
        row = by_position.get(event_position)
        require(row is not None, f"feed: row {position} tells of no event")
        if before and row is not None:
            made = sha(before, row.id.encode(), scope.encode())
            require(made == digest, f"feed: the digest at {position} is not that of its rows")
        expected, before = position + 1, digest
        books.feed.append((position, scope, event_position))
    require(expected == counters["feed"] + 1, f"feed: ends at {expected - 1}, not at its counter")


def papers_of(path: Path) -> Papers:
    """Read a journal and prove its own chain; `n` grows along it."""
    meta = dict(asked(path, "SELECT name, value FROM meta"))
    known = dict(asked(path, "SELECT id, body FROM event"))
    origin, n = meta["origin"], -1
    own: list[str] = []
    salvaged = False
    seq, digest = 0, sha(origin.encode())
    if "low" in meta:
        low, before = meta["low"].split()
        seq, digest = int(low) - 1, bytes.fromhex(before)
    query = f"SELECT seq, digest, id FROM place WHERE origin = '{origin}' ORDER BY seq"
    for at, stored, name in asked(path, query):
        body = known.get(name)
        require(body is not None, f"{path}: place {at} of {name} has no bytes")
        require(at == seq + 1, f"{path}: own places {seq + 1} to {at - 1} are missing")
        require(sha(digest, body or b"") == stored, f"{path}: digest at {at} is of other bytes")
        fields = meaning(body or b"")
        salvaged = salvaged or fields["type"] == "JournalSalvaged"  # it knows no order any more
        told = f"{path}: n {fields['n']} at place {at} follows {n}"
        require(salvaged or fields["n"] > n, told)
        seq, digest, n = at, stored, fields["n"]
        own.append(name)
    for name, body in known.items():
        require(meaning(body).get("id") == name, f"{path}: row {name} holds another event")
    acknowledged = int(meta.get("acknowledged", 0))
    return Papers(origin, acknowledged, (seq, digest), own, known, meta.get("feed", ""))


@dataclass(slots=True)
class Concerns:
    """Which scopes the orders and materials of a set of events concern."""

    orders: dict[str, set[str]] = field(default_factory=dict)
    materials: dict[str, set[str]] = field(default_factory=dict)

    def add(self, event: Mapping[str, Any]) -> None:
        """A release brings work centers, a start its station."""
        if event["type"] == "OrderReleased":
            centers = {one["operation"]: one["work_center"] for one in event["operations"]}
            scopes = {f"work_center:{center}" for center in centers.values()}
            self.orders.setdefault(event["order"], set()).update(scopes)
            for line in event.get("lines", ()):
                scope = f"work_center:{centers[line['operation']]}"
                self.materials.setdefault(line["material"], set()).add(scope)
        elif event["type"] == "OperationStarted" and event.get("station"):
            scopes = {f"station:{event['station']}"}
            self.orders.setdefault(event["order"], set()).update(scopes)

    def of(self, event: Mapping[str, Any]) -> set[str]:
        """The scopes that an event concerns when all is known."""
        kind, station = event["type"], event.get("station", "")
        own = set() if station in {"", "office"} else {f"station:{station}"}
        if kind in _ALL_HEAR:
            return {"site"}
        of_order = self.orders.get(event.get("order", ""), set())
        if kind in _TAKING:
            return of_order | self.materials.get(event["material"], set()) or own
        if kind in _AT_WORK_CENTER and event.get("work_center"):
            return of_order | {f"work_center:{event['work_center']}"}
        return of_order or own


def prove_numbers(books: Books, copied: Container[str], *, overlapping: bool) -> None:
    """No number is granted twice over all origins; an origin uses what was granted to it.

    Copies of one disk use the same numbers until they are found, so those of `copied` origins may
    be used twice. `overlapping`: the ledger forgot grants and did not know of it.
    """
    granted: dict[int, str] = {}
    uses: dict[int, str] = {}
    for event in readable(books):
        if event["type"] == "NumbersGranted":
            for number in range(event["first"], event["last"] + 1):
                told = f"number {number} is granted to {event['origin']} and {granted.get(number)}"
                require(overlapping or number not in granted, told)
                granted[number] = event["origin"]
    for event in readable(books):
        if event["type"] != "HelpCalled" or not event.get("reason"):
            continue
        _, origin, text = event["reason"].split()
        number = int(text)
        owner = granted.get(number)
        require(owner == origin or overlapping, f"{origin} uses {number}, which is of {owner}")
        told = f"number {number} of {origin} is used twice"
        require(number not in uses or overlapping or origin in copied, told)
        uses[number] = origin


def readable(books: Books) -> list[dict[str, Any]]:
    """What readers can read."""
    return [meaning(row.body) for row in books.rows.values() if not row.unreadable]


def wanted_at(books: Books, scopes: Iterable[str], before: frozenset[str]) -> set[str]:
    """The ids that a station in some scopes must know in the end.

    Of those `before` its snapshot, if it took one, that is what a snapshot must hold: the newest
    of each register, lots in stock, orders that are not closed.
    """
    events, here = readable(books), set(scopes)
    concerns = Concerns()
    for event in events:
        concerns.add(event)
    lasting = _lasting(events)
    return {
        event["id"]
        for event in events
        if concerns.of(event) & here and (event["id"] not in before or event["id"] in lasting)
    }


def _lasting(events: list[dict[str, Any]]) -> set[str]:
    """The ids that any snapshot of the scopes concerned must hold."""
    newest: dict[tuple[str, str], tuple[int, str]] = {}
    released = {event["order"] for event in events if event["type"] == "OrderReleased"}
    closed = {event["order"] for event in events if event["type"] == "OrderClosed"}
    lasting = set()
    for event in events:
        kind = event["type"]
        if kind == "MaterialDefined":
            key, rank = (kind, event["material"]), (event["revision"], event["id"])
            newest[key] = max(newest.get(key, rank), rank)
        stays = kind in {"MaterialReceived", "MaterialConsumed"}
        if stays or event.get("order", "") in released - closed:
            lasting.add(event["id"])
    return lasting | {rank[1] for rank in newest.values()}
