"""The home of salvage: what of a damaged journal can be proved goes into a fresh one.

An event is saved if its bytes are those of its checksum and, for one of the station's own, its link
of the digest chain holds where that can be told; the chain alone proves an own event whose checksum
was damaged. Of others' events that are not saved the feed gives them again. Events keep their
`local`, so that marks of readers stay true. The station's own get places under the fresh origin
after a `JournalSalvaged`; the server knows again by id those that it has.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zlib import crc32

import msgspec

from kiosk.clock import Clock
from kiosk.journal.retention import RETIRED, RETIRING, Retiring
from kiosk.journal.salvage_read import Pages, Row
from kiosk.journal.store import (
    PUT_EVENT,
    PUT_NEW_EVENT,
    identity,
    is_whole,
    low_of,
    number_here,
)
from sync.domain.events import Event, JournalSalvaged, stamped
from sync.wire import (
    ORIGIN_CHARS,
    FeedMark,
    WireError,
    chain,
    chain_start,
    decode,
    recorded,
)

DIGEST_BYTES: Final = 32
DIGEST_BITS_FLIPPED_MAX: Final = 40
SALVAGED_ROWS_MAX: Final = 2_000
NUMBERS_SKIPPED: Final = 1_000
LOCAL_MAX: Final = 1 << 40
META_CARRIED: Final = ("recovered",)

_PUT_AT: Final = "INSERT OR IGNORE INTO event (local, id, body, crc) VALUES (?, ?, ?, ?)"

Place = tuple[bytes, str]


@dataclass(frozen=True, slots=True)
class Birth:
    """What a journal's first own event and its origin are made of."""

    station: str
    clock: Clock
    new_id: Callable[[], str]
    new_origin: Callable[[], str]

    def stamped(self, event: Event, n: int, saw: tuple[str, int] | None) -> Event:
        """The event as an act of its own."""
        return stamped(
            event,
            id=self.new_id(),
            act=self.new_id(),
            n=n,
            saw=saw,
            at=self.clock.now().isoformat(timespec="milliseconds"),
            boot=self.clock.boot,
            mono=self.clock.milliseconds(),
            station=self.station,
        )


@dataclass(frozen=True, slots=True)
class Salvage:
    """What was saved of a damaged journal; `missing` own events are known to be gone."""

    saved: int
    missing: int
    old_origin: str

    @property
    def told(self) -> str:
        """For people, short."""
        gone = f"{self.missing} of this station's own are missing"
        return f"{self.saved} records were saved, {gone if self.missing else 'none is missing'}"


@dataclass(slots=True)
class _Find:
    """What the old file's pages held beside events that bear their own id."""

    meta: dict[str, str] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)
    marks: dict[str, int] = field(default_factory=dict)
    scans: list[tuple[str, str, bytes, str]] = field(default_factory=list)
    places: dict[str, dict[int, Place]] = field(default_factory=dict)
    unlike: list[tuple[int, str, bytes]] = field(default_factory=list)
    displaced: list[tuple[str, bytes]] = field(default_factory=list)
    has_checksums: bool = False
    n: int = 0

    @property
    def origin(self) -> str:
        """The old origin: the noted one, else that of most places."""
        noted = self.meta.get("origin", "")
        if noted in self.places or not self.places:
            return noted if len(noted) == ORIGIN_CHARS else ""
        return Counter({name: len(rows) for name, rows in self.places.items()}).most_common(1)[0][0]

    @property
    def low(self) -> tuple[int, bytes | None]:
        """The first place that was held, the digest before it.

        Where that is lost and retention was at work: the first place that is found.
        """
        noted = self.meta.get("low", "")
        if not noted and "origin" not in self.meta and RETIRED in self.kept:
            return min(self.places.get(self.origin, {}), default=1), None
        try:
            return low_of(noted, self.origin)
        except ValueError:
            return low_of("", self.origin)


def salvage(damaged: Path, fresh: sqlite3.Connection, born: Birth) -> Salvage | None:
    """Fill an empty journal from a damaged file, which is only read.

    None where the file holds nothing of a journal.
    Raises `sqlite3.Error` of the fresh file, `OSError` if the old one cannot be opened.
    """
    find, own = _Find(), set[str]()
    with closing(Pages(damaged)) as pages:
        for block in _blocks(pages.rows()):
            fresh.execute("BEGIN IMMEDIATE")
            for row in block:
                _sort(fresh, row, find, own, born.station)
            _commit(fresh)
    places = find.places.get(find.origin, {})
    if not (find.origin or fresh.execute("SELECT 1 FROM event LIMIT 1").fetchone()):
        return None
    fresh.execute("BEGIN IMMEDIATE")
    doubted = _put_doubtful(fresh, find, {id_ for _, id_ in places.values()})
    _drop_unproved(fresh, find, places, doubted)
    _carry(fresh, find, feed=_absorbed_is_whole(damaged, fresh, places))
    result = _go_on(fresh, find, own, born)
    _commit(fresh)
    return result


def _blocks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    block: list[Row] = []
    for row in rows:
        block.append(row)
        if len(block) == SALVAGED_ROWS_MAX:
            yield block
            block = []
    yield block


def _commit(fresh: sqlite3.Connection) -> None:
    fresh.execute("COMMIT")
    fresh.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


def _sort(fresh: sqlite3.Connection, row: Row, find: _Find, own: set[str], station: str) -> None:
    """A row by its form alone; the tables of a journal all differ in it."""
    match row.keyed, row.values:
        case True, (None, str(id_), bytes(body)):
            _take(fresh, (row.rowid, id_, body), find, own, station)
        case True, (None, str(id_), bytes(body), int(crc)):
            find.has_checksums = True
            if is_whole(body, crc):
                _take(fresh, (row.rowid, identity(decode(body)), body), find, own, station)
            else:
                find.unlike.append((row.rowid, identity(decode(body)), body))
        case True, (str(name), str(value)):
            find.meta[name] = value
        case True, (str(name), bytes(value)):
            find.kept[name] = value
        case True, (str(reader), int(local)):
            find.marks[reader] = local
        case True, (None, str(at), str(source), bytes(payload), str(answer)):
            find.scans.append((at, source, payload, answer))
        case False, (str(origin), int(seq), bytes(digest), str(id_)) if (
            len(digest) == DIGEST_BYTES and seq > 0
        ):
            find.places.setdefault(origin, {})[seq] = (digest, id_)


def _take(
    fresh: sqlite3.Connection,
    row: tuple[int, str, bytes],
    find: _Find,
    own: set[str],
    station: str,
) -> None:
    local, id_, body = row
    record = decode(body)
    if identity(record) != id_:
        find.unlike.append((local, identity(record), body))
        return
    number = number_here(record, station)
    if number:
        own.add(id_)
        find.n = max(find.n, number)
    _put(fresh, row, find)


def _put(fresh: sqlite3.Connection, row: tuple[int, str, bytes], find: _Find) -> None:
    """At its own `local`, or laid by where another event stands there."""
    local, id_, body = row
    if 0 < local <= LOCAL_MAX:
        done = fresh.execute(_PUT_AT, (local, id_, body, crc32(body)))
        if done.rowcount or fresh.execute("SELECT 1 FROM event WHERE id = ?", (id_,)).fetchone():
            return
    find.displaced.append((id_, body))


def _put_doubtful(fresh: sqlite3.Connection, find: _Find, placed: set[str]) -> set[str]:
    """Own events whose row contradicts itself: the chain has to prove them; their ids."""
    _put_displaced(fresh, find)
    doubted = set()
    for row in find.unlike:
        if row[1] in placed and _body(fresh, row[1]) is None:
            doubted.add(row[1])
            _put(fresh, row, find)
    _put_displaced(fresh, find)
    return doubted


def _put_displaced(fresh: sqlite3.Connection, find: _Find) -> None:
    rows = [(id_, body, crc32(body)) for id_, body in find.displaced]
    fresh.executemany(PUT_NEW_EVENT, rows)
    find.displaced.clear()


def _drop_unproved(
    fresh: sqlite3.Connection, find: _Find, places: dict[int, Place], doubted: set[str]
) -> None:
    """Take out own events whose bytes are not those that were recorded.

    Where the digest before was not proved itself, a checksum that holds is believed.
    """
    low, before = find.low
    link = (low - 1, before, True)
    for seq in sorted(places):
        digest, id_ = places[seq]
        known, is_proved = link[1:] if link[0] == seq - 1 else (None, False)
        link, body = (seq, digest, False), _body(fresh, id_)
        if body is None:
            continue
        found = chain(known, body) if known is not None else b""
        following = places.get(seq + 1)
        if known and (found == digest or _is_damaged_digest(fresh, found, digest, following)):
            link = (seq, found, True)
        elif id_ in doubted or (known and (is_proved or not find.has_checksums)):
            fresh.execute("DELETE FROM event WHERE id = ?", (id_,))


def _is_damaged_digest(
    fresh: sqlite3.Connection, found: bytes, stored: bytes, following: Place | None
) -> bool:
    """Whether the digest is what was damaged, not the bytes: other bytes change half of its bits.

    Few of its bits differ, or the next event's link fits the one computed.
    """
    unlike = int.from_bytes(found, "big") ^ int.from_bytes(stored, "big")
    if unlike.bit_count() <= DIGEST_BITS_FLIPPED_MAX:
        return True
    body = _body(fresh, following[1]) if following else None
    return body is not None and following is not None and chain(found, body) == following[0]


def _body(fresh: sqlite3.Connection, id_: str) -> bytes | None:
    found = fresh.execute("SELECT body FROM event WHERE id = ?", (id_,)).fetchone()
    return found[0] if found else None


def _absorbed_is_whole(damaged: Path, fresh: sqlite3.Connection, places: dict[int, Place]) -> bool:
    """Whether nothing of others is missing, so that the feed can go on where it was."""
    try:
        with closing(sqlite3.connect(f"{damaged.absolute().as_uri()}?mode=ro", uri=True)) as old:
            if old.execute("PRAGMA integrity_check('event')").fetchall() != [("ok",)]:
                return False
            known = {row[0] for row in old.execute("SELECT id FROM event")}
    except (sqlite3.Error, UnicodeDecodeError):  # what it tells of may hold the damaged bytes
        return False
    known -= {id_ for _, id_ in places.values()}
    known -= {row[0] for row in fresh.execute("SELECT id FROM event")}
    return not known


def _carry(fresh: sqlite3.Connection, find: _Find, *, feed: bool) -> None:
    """What is no event: values kept, marks of readers, the scan log, how far the feed was read."""
    kept = [(name, value) for name, value in find.kept.items() if not name.startswith(RETIRING)]
    fresh.executemany("INSERT INTO kept VALUES (?, ?)", kept)
    (last,) = fresh.execute("SELECT coalesce(max(local), 0) FROM event").fetchone()
    marks = [(reader, min(local, last)) for reader, local in find.marks.items()]
    fresh.executemany("INSERT INTO mark VALUES (?, ?)", marks)
    fresh.executemany(
        "INSERT INTO scan_log (at, source, payload, answer) VALUES (?, ?, ?, ?)", sorted(find.scans)
    )
    carried = {name: find.meta[name] for name in META_CARRIED if name in find.meta}
    mark = _feed_mark(find) if feed else None
    if mark:
        carried["feed"] = mark.text()
    fresh.executemany("INSERT INTO meta VALUES (?, ?)", carried.items())


def _feed_mark(find: _Find) -> FeedMark | None:
    try:
        return FeedMark.of(find.meta["feed"])
    except (KeyError, WireError):
        return None


def _go_on(fresh: sqlite3.Connection, find: _Find, own: set[str], born: Birth) -> Salvage:
    """`JournalSalvaged` first, then every own event, under the fresh origin."""
    places = find.places.get(find.origin, {})
    head = max(places, default=0)
    digest = places[head][0].hex() if head else ""
    saved = {row[0] for row in fresh.execute("SELECT id FROM event")}
    missing = _missing(find, own, saved)
    _forget_condemned(fresh, find)
    salvaged = JournalSalvaged(
        old_origin=find.origin, old_seq=head, old_digest=digest, missing=missing
    )
    own |= {id_ for _, id_ in places.values()}
    mine = [id_ for (id_,) in fresh.execute("SELECT id FROM event ORDER BY local") if id_ in own]
    _place_all(fresh, _first(fresh, find, salvaged, born), mine)
    return Salvage(len(saved), missing, find.origin)


def _missing(find: _Find, own: set[str], saved: set[str]) -> int:
    """Own events that are gone: those with a place, and those whose place is gone as well."""
    places = find.places.get(find.origin, {})
    placed = {id_ for _, id_ in places.values()}
    without_place = sum(seq not in places for seq in range(find.low[0], max(places, default=0)))
    return len(placed - saved) + max(0, without_place - len((own & saved) - placed))


def _forget_condemned(fresh: sqlite3.Connection, find: _Find) -> None:
    """Finish what retention had settled before the damage."""
    try:
        retiring = msgspec.msgpack.decode(find.kept[RETIRING], type=Retiring)
    except (KeyError, msgspec.DecodeError, UnicodeDecodeError):
        return
    rows = [(local,) for local in retiring.locals]
    fresh.executemany("DELETE FROM event WHERE local = ?", rows)


def _first(fresh: sqlite3.Connection, find: _Find, event: JournalSalvaged, born: Birth) -> str:
    """Record the event that tells of the salvage; its id.

    It is numbered after all that were lost, of which some may not even be known of.
    """
    noted = find.meta.get("n", "")
    known = max(find.n, int(noted) if noted.isdecimal() else 0)
    n = known + event.missing + NUMBERS_SKIPPED
    feed = fresh.execute("SELECT value FROM meta WHERE name = 'feed'").fetchone()
    mark = FeedMark.of(feed[0]) if feed else None
    saw = (mark.incarnation, mark.position) if mark else None
    record = recorded(born.stamped(event, n, saw))
    fresh.execute(PUT_EVENT, (record.id, record.body, crc32(record.body)))
    fresh.execute("INSERT INTO meta VALUES ('n', ?)", (str(n),))
    return record.id


def _place_all(fresh: sqlite3.Connection, first: str, own: list[str]) -> None:
    (origin,) = fresh.execute("SELECT value FROM meta WHERE name = 'origin'").fetchone()
    digest = chain_start(origin)
    for seq, id_ in enumerate([first, *own], 1):
        body = _body(fresh, id_)
        assert body is not None, f"{id_} was listed and is not there"
        digest = chain(digest, body)
        fresh.execute("INSERT INTO place VALUES (?, ?, ?, ?)", (origin, seq, digest, id_))
