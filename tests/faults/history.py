"""The home of the history check: what operators saw accepted, against what the ledger holds.

It shares no code with the product: it reads the files of ledger and journals as SQLite and JSON
give them.
"""

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

OFFICE: Final = "office"
_ROWS: Final = (
    "SELECT p.origin, p.seq, p.digest, e.body FROM place p JOIN event e ON e.position = p.position"
    " ORDER BY p.origin, p.seq"
)


def wrongs(
    ledger: Path, told: Mapping[str, Sequence[str]], cut: Mapping[str, int] | None = None
) -> list[str]:
    """What is wrong with a ledger, given the ids that each station told as accepted; in words.

    `cut`: so many events of a station may be there untold, because a kill cut their telling off.
    """
    bodies = [row[0] for row in rows(ledger, "SELECT body FROM event")]
    positions = [row[0] for row in rows(ledger, "SELECT position FROM event")]
    ((gaps,),) = rows(ledger, "SELECT count(*) FROM gap")
    found = [json.loads(body) for body in bodies]
    counted = Counter((one.get("station", ""), one["id"]) for one in found)
    return [
        *_missing(told, counted),
        *_invented(told, counted, cut or {}),
        *(f"{gaps} gaps" for _ in range(bool(gaps))),
        *_chains(rows(ledger, _ROWS)),
        *(["positions with holes"] if sorted(positions) != list(_range(positions)) else []),
    ]


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    """What a database file of some process holds now; nothing is written."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def events(path: Path) -> dict[str, bytes]:
    """The bytes of every event of a ledger or a journal, by id."""
    return {name: bytes(body) for name, body in rows(path, "SELECT id, body FROM event")}


def unheard(ledger: Path, journal: Path) -> list[str]:
    """The events of orders that a ledger holds and a journal does not, by id."""
    known = {row[0] for row in rows(journal, "SELECT id FROM event")}
    return [
        name
        for name, body in events(ledger).items()
        if name not in known and json.loads(body).get("order")
    ]


def alarms(ledger: Path) -> "Counter[str]":
    """How many alarms of each kind the server has raised."""
    return Counter(row[0] for row in rows(ledger, "SELECT kind FROM alarm"))


def origins(ledger: Path, station: str) -> int:
    """Under how many origins a station's events stand."""
    found = rows(ledger, _ROWS)
    return len({row[0] for row in found if json.loads(row[3]).get("station") == station})


def _missing(told: Mapping[str, Sequence[str]], counted: Counter[tuple[str, str]]) -> list[str]:
    return [
        f"{station}: event {name} was told and is there {counted[station, name]} times"
        for station, names in told.items()
        for name in names
        if counted[station, name] != 1
    ]


def _invented(
    told: Mapping[str, Sequence[str]], counted: Collection[tuple[str, str]], cut: Mapping[str, int]
) -> list[str]:
    known = {(station, name) for station, names in told.items() for name in names}
    found = [one for one in counted if one[0] != OFFICE and one not in known]
    many = Counter(station for station, _ in found)
    return [
        f"{station}: event {name} was never told"
        for station, name in found
        if many[station] > cut.get(station, 0)
    ]


def _chains(found: Sequence[tuple[str, int, bytes, bytes]]) -> list[str]:
    bad: list[str] = []
    origin, seq, digest = "", 0, b""
    for name, number, kept, body in found:
        if name != origin:
            origin, seq, digest = name, 0, hashlib.sha256(name.encode()).digest()
        digest = hashlib.sha256(digest + body).digest()
        if number != seq + 1 or kept != digest:
            bad.append(f"origin {name}: the chain breaks at {number}")
        seq = number
    return bad


def _range(positions: Sequence[int]) -> range:
    return range(1, len(positions) + 1)
