"""The home of the history check: what operators saw accepted, against what the ledger holds.

It shares no code with the product: it reads the ledger's file as SQLite and JSON give it.
"""

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

OFFICE: Final = "office"
_ROWS: Final = (
    "SELECT p.origin, p.seq, p.digest, e.body FROM place p JOIN event e ON e.position = p.position"
    " ORDER BY p.origin, p.seq"
)


def wrongs(ledger: Path, told: Mapping[str, Sequence[str]]) -> list[str]:
    """What is wrong with a ledger, given the ids that each station told as accepted; in words."""
    with closing(sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True)) as connection:
        bodies = [row[0] for row in connection.execute("SELECT body FROM event")]
        positions = [row[0] for row in connection.execute("SELECT position FROM event")]
        gaps = connection.execute("SELECT count(*) FROM gap").fetchone()[0]
        rows = connection.execute(_ROWS).fetchall()
    found = [json.loads(body) for body in bodies]
    counted = Counter((one.get("station", ""), one["id"]) for one in found)
    return [
        *_missing(told, counted),
        *_invented(told, counted),
        *(f"{gaps} gaps" for _ in range(bool(gaps))),
        *_chains(rows),
        *(["positions with holes"] if sorted(positions) != list(_range(positions)) else []),
    ]


def _missing(told: Mapping[str, Sequence[str]], counted: Counter[tuple[str, str]]) -> list[str]:
    return [
        f"{station}: event {name} was told and is there {counted[station, name]} times"
        for station, names in told.items()
        for name in names
        if counted[station, name] != 1
    ]


def _invented(told: Mapping[str, Sequence[str]], counted: Collection[tuple[str, str]]) -> list[str]:
    known = {(station, name) for station, names in told.items() for name in names}
    return [
        f"{station}: event {name} was never told"
        for station, name in counted
        if station != OFFICE and (station, name) not in known
    ]


def _chains(rows: Sequence[tuple[str, int, bytes, bytes]]) -> list[str]:
    bad: list[str] = []
    origin, seq, digest = "", 0, b""
    for name, number, kept, body in rows:
        if name != origin:
            origin, seq, digest = name, 0, hashlib.sha256(name.encode()).digest()
        digest = hashlib.sha256(digest + body).digest()
        if number != seq + 1 or kept != digest:
            bad.append(f"origin {name}: the chain breaks at {number}")
        seq = number
    return bad


def _range(positions: Sequence[int]) -> range:
    return range(1, len(positions) + 1)
