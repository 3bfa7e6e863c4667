"""The home of when things happened on the floor: what pushes tell of a station's clocks is kept for
each of its boots, and puts right the time of every event of that boot.

No clock orders anything, and no view holds a corrected time: it is told when asked, by what is
known of the clocks then.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection, func, select

from sync.domain.events import Event
from sync.server.clock_tables import station_clock
from sync.server.intake import SEQ_MAX, Batch
from sync.server.rows import inserting
from sync.timing import Measured, better, milliseconds_of
from sync.wire import PushHeader

OFFICE: Final = "office"
WAY_MS_MAX: Final = 10_000  # what a push may take to get here, while its station has no answer yet
LATE_MS_MAX: Final = 60_000  # what a push may take that a slow link holds up
LEAD_MS_MAX: Final = 1_000
EXACT_SECONDS_MAX: Final = 2
BOOT_CHARS_MAX: Final = 120
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS: Final = ("station", "boot", "ahead", "within_ms", "mono", "wall_lead", "heard_ms")


class Heard(NamedTuple):
    """What a push tells of its station's clocks; `lead`: the server's time less the wall clock."""

    station: str
    boot: str
    measured: Measured
    lead: int
    heard_ms: int


class Timed(msgspec.Struct, frozen=True):
    """When something happened (RFC 3339): `at` by its station's clock, `time` put right.

    `within` is how exact that is, in seconds; null where nobody knows. `text` is for people.
    """

    at: str
    time: str
    within: float | None
    text: str = ""


class ClockNews:
    """What this server process knows to be on record already: most pushes tell nothing new."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Heard] = {}
        self._waiting: dict[tuple[str, str], Heard] = {}

    def of(self, batches: Iterable[Batch], now_ms: int) -> list[Heard]:
        """What is worth keeping of pushes of their origins' owners, one for each boot."""
        told = (heard(batch.station, batch.header, now_ms) for batch in batches)
        news = {(one.station, one.boot): one for one in told if one and self._is_news(one)}
        self._waiting |= news
        return [news[key] for key in sorted(news)]

    def kept(self, batch: Batch) -> None:
        """What this push told is on disk."""
        key = (batch.station, batch.header.boot)
        waiting = self._waiting.pop(key, None)
        if waiting is not None:
            self._known[key] = waiting

    def _is_news(self, told: Heard) -> bool:
        known = self._known.get((told.station, told.boot))
        if known is None or known.measured.contradicts(told.measured):
            return True
        by_now = known.measured.within_at(told.measured.mono)
        return told.measured.within * 2 <= by_now or abs(told.lead - known.lead) > LEAD_MS_MAX


def heard(station: str, header: PushHeader, now_ms: int) -> Heard | None:
    """What a push that came now tells; nothing where it names no clocks that can be.

    A station that has heard us in this boot knows its clock best. Else its push left before now.
    """
    wall, boot = milliseconds_of(header.at), header.boot
    numbers = (header.mono, header.measured, abs(header.ahead), header.within)
    named = 0 < len(boot) <= BOOT_CHARS_MAX and boot.isprintable()
    if wall is None or not named or max(numbers) > SEQ_MAX or min(numbers[:2]) < 0:
        return None
    arrived = Measured(now_ms - header.mono, WAY_MS_MAX, header.mono)
    measured = Measured(header.ahead, header.within, header.measured)
    way = now_ms - measured.time_at(header.mono)
    if header.within < 0 or not -measured.within_at(header.mono) <= way <= LATE_MS_MAX:
        measured = arrived  # or our clock was set since
    return Heard(station, boot, measured, measured.time_at(header.mono) - wall, now_ms)


def keep_clocks(connection: Connection, news: Sequence[Heard]) -> None:
    """Keep the better of what is held and what is told, for each boot, in the open transaction."""
    if not news:
        return
    put = inserting(connection, station_clock)
    changed = {name: put.excluded[name] for name in _COLUMNS[2:]}
    storing = put.on_conflict_do_update(index_elements=_COLUMNS[:2], set_=changed)
    for one in news:
        best = better(_held(connection, one), one.measured)
        row = (one.station, one.boot, best.ahead, best.within, best.mono, one.lead, one.heard_ms)
        connection.execute(storing, dict(zip(_COLUMNS, row, strict=True)))


class ClockBook:
    """The clocks of some stations, to tell the time of their events."""

    def __init__(self, boots: Mapping[tuple[str, str], Measured], leads: Mapping[str, int]) -> None:
        self._boots = boots
        self._leads = leads

    def timed(self, event: Event) -> Timed:
        """When an event happened; the office's clock is the server's own."""
        wall = milliseconds_of(event.at)
        if event.station == OFFICE or wall is None:
            within = 0.0 if wall is not None else None
            return Timed(event.at, event.at, within, time_text(event.at, within))
        measured = self._boots.get((event.station, event.boot))
        if measured is None or not event.boot:
            return _timed(event.at, wall + self._leads.get(event.station, 0), None)
        within = measured.within_at(event.mono) / 1000
        return _timed(event.at, measured.time_at(event.mono), within)

    def seconds(self, event: Event) -> float | None:
        """The same in seconds since 1970, for durations across boots; None without a time."""
        time = milliseconds_of(self.timed(event).time)
        return None if time is None else time / 1000


def clock_book(connection: Connection, events: Collection[Event]) -> ClockBook:
    """What is known of the clocks under which these events were recorded."""
    table = station_clock
    stations = sorted({event.station for event in events} - {OFFICE, ""})
    boots = sorted({event.boot for event in events})
    if not stations:
        return ClockBook({}, {})
    rows = connection.execute(
        select(table).where(table.c.station.in_(stations), table.c.boot.in_(boots))
    )
    known = {(row.station, row.boot): Measured(row.ahead, row.within_ms, row.mono) for row in rows}
    last = (
        select(table.c.station, func.max(table.c.heard_ms).label("heard_ms"))
        .where(table.c.station.in_(stations))
        .group_by(table.c.station)
        .subquery()
    )
    latest = select(table.c.station, table.c.wall_lead).join(
        last, (last.c.station == table.c.station) & (last.c.heard_ms == table.c.heard_ms)
    )
    return ClockBook(known, {row[0]: row[1] for row in connection.execute(latest)})


def time_text(time: str, within: float | None) -> str:
    """A time as people read it, with ± where it is not known to two seconds."""
    clock = time[:19].replace("T", " ")
    if within is None:
        return f"≈ {clock}" if clock else ""
    return clock if within <= EXACT_SECONDS_MAX else f"{clock} ±{within:.0f} s"


def _held(connection: Connection, told: Heard) -> Measured | None:
    table = station_clock
    found = select(table.c.ahead, table.c.within_ms, table.c.mono).where(
        table.c.station == told.station, table.c.boot == told.boot
    )
    row = connection.execute(found.with_for_update()).one_or_none()
    return Measured(*row) if row else None


def _timed(at: str, time_ms: int, within: float | None) -> Timed:
    try:
        moment = (_EPOCH + timedelta(milliseconds=time_ms)).astimezone(
            datetime.fromisoformat(at).tzinfo
        )
    except (ValueError, OverflowError):
        return Timed(at, at, None, time_text(at, None))
    time = moment.isoformat(timespec="milliseconds")
    return Timed(at, time, within, time_text(time, within))
