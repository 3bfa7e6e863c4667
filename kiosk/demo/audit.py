"""Holds journals against the ledger, reading both files as any program would: plain SQLite, read
only, and the chain computed anew. Shares no code with journal, wire or ledger.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Comparison:
    """How the journals' own events stand in the ledger."""

    in_journals: int = 0
    in_ledger: int = 0
    twice: int = 0
    missing: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Every event of every journal is in the ledger once, with the same bytes and digest."""
        return not (self.twice or self.missing or self.different)

    def __str__(self) -> str:
        doubled = "none twice" if not self.twice else f"{self.twice} TWICE"
        changed = f", {len(self.different)} DIFFERENT" if self.different else ""
        return f"{self.in_ledger} of {self.in_journals} on the server, {doubled}{changed}"


def own_events(journal: Path) -> list[tuple[str, int, bytes, str, bytes]]:
    """(origin, seq, digest, id, body) of every event that was born in a journal."""
    return _rows(
        journal,
        "SELECT p.origin, p.seq, p.digest, e.id, e.body FROM place p JOIN event e ON e.id = p.id "
        "ORDER BY p.origin, p.seq",
    )


def bodies(journal: Path) -> Iterator[bytes]:
    """Every event that a journal holds, born here or heard."""
    for (body,) in _rows(journal, "SELECT body FROM event ORDER BY local"):
        yield bytes(body)


def compare(journals: Iterable[Path], ledger: Path) -> Comparison:
    """Every own event of the journals against the ledger's rows."""
    placed = {
        (origin, seq): (bytes(digest), bytes(body))
        for origin, seq, digest, body in _rows(
            ledger,
            "SELECT p.origin, p.seq, p.digest, e.body FROM place p "
            "JOIN event e ON e.position = p.position",
        )
    }
    counts = dict(_rows(ledger, "SELECT id, count(*) FROM event GROUP BY id"))
    result = Comparison()
    for journal in journals:
        _compare(result, own_events(journal), placed, counts)
    return result


def unheard(journal: Path, ledger: Path, scopes: Sequence[str]) -> int:
    """How many rows of a station's feed stand behind its journal's mark.

    What the journal holds does not tell it: a snapshot leaves out what no longer concerns it.
    """
    marks = ", ".join("?" * len(scopes))
    query = f"SELECT count(*) FROM feed WHERE scope IN ({marks}) AND position > ?"
    ((count,),) = _rows(ledger, query, [*scopes, heard_until(journal)])
    return int(count)


def heard_until(journal: Path) -> int:
    """The position in the server's feed up to which a journal has heard; -1 before all."""
    for (mark,) in _rows(journal, "SELECT value FROM meta WHERE name = 'feed'"):
        return int(mark.split(".")[1])
    return -1


def _compare(
    result: Comparison,
    rows: list[tuple[str, int, bytes, str, bytes]],
    placed: dict[tuple[str, int], tuple[bytes, bytes]],
    counts: dict[str, int],
) -> None:
    digest = b""
    for origin, seq, stored, event_id, body in rows:
        digest = hashlib.sha256(
            (digest if seq > 1 else hashlib.sha256(origin.encode()).digest()) + bytes(body)
        ).digest()
        result.in_journals += 1
        result.twice += counts.get(event_id, 0) > 1
        if event_id not in counts or (origin, seq) not in placed:
            result.missing.append(event_id)
        elif placed[origin, seq] != (bytes(stored), bytes(body)) or digest != bytes(stored):
            result.different.append(event_id)
        else:
            result.in_ledger += 1


def _rows(path: Path, query: str, values: Sequence[object] = ()) -> list[Any]:
    address = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=30)) as database:
        return database.execute(query, values).fetchall()
