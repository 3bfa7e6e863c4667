"""When things happened on the floor: what pushes tell of clocks, and the times that views show."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from sync.domain.events import (
    Event,
    HelpCalled,
    MaterialConsumed,
    OperationEnded,
    OperationPaused,
    OperationResumed,
    OperationStarted,
    OperatorJoined,
    OperatorSignedIn,
    stamped,
)
from sync.server.database import Database
from sync.server.ledger import Ledger, OwnerError
from sync.server.station_clocks import ClockBook, Heard, Timed, clock_book, heard, time_text
from sync.server.views.detail import order_detail
from sync.server.views.trace import trace_of
from sync.timing import Measured
from sync.wire import Mark, PushHeader, encode, read_push
from tests.sync.server.histories import (
    Plant,
    kg,
    master_data,
    new_id,
    planned,
    release_of,
)
from tests.sync.server.server_parts import Log, help_called, rows

NOW: Final = 1_800_000_000_000
BOOTED: Final = NOW - 5_000_000  # true time when boot b1 began
DAY: Final = 86_400_000
ROWS: Final = "SELECT station, boot, ahead, within_ms, mono FROM station_clock ORDER BY boot"
MADE: Final[dict[str, Any]] = {"order": "B-1", "operation": "10", "work_center": "MIX"}


def text(time: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time)).isoformat()


def header(**clocks: Any) -> PushHeader:
    told = {"boot": "b1", "mono": 5_000_000, "at": text(NOW), **clocks}
    return PushHeader(Mark(0, ""), Mark(1, ""), **told)


@pytest.mark.parametrize(
    ("told", "measured"),
    [
        # No answer was heard in this boot: the push left before it came.
        (header(), Measured(BOOTED, 10_000, 5_000_000)),
        # One was: the station knows better.
        (
            header(ahead=BOOTED - 90, within=21, measured=4_000_000),
            Measured(BOOTED - 90, 21, 4_000_000),
        ),
        # It says that it sent tomorrow, or an hour ago: the server's clock was set since.
        (header(ahead=BOOTED + DAY, within=21), Measured(BOOTED, 10_000, 5_000_000)),
        (header(ahead=BOOTED - 3_600_000, within=21), Measured(BOOTED, 10_000, 5_000_000)),
    ],
)
def test_what_a_push_tells(told: PushHeader, measured: Measured) -> None:
    lead = measured.time_at(told.mono) - NOW
    assert heard("MIX-1", told, NOW) == Heard("MIX-1", "b1", measured, lead, NOW)


@pytest.mark.parametrize(
    "told",
    [
        PushHeader(Mark(0, ""), Mark(1, "")),  # of an older program
        header(boot=""),
        header(boot="b" * 121),
        header(boot="b\0"),
        header(boot="\ud800"),
        header(at="noon"),
        header(at="2026-11-22T10:00:00"),
        header(mono=-1),
        header(mono=2**60),
        header(ahead=-(2**60), within=1),
        header(within=2**60),
        header(within=1, measured=-5),
    ],
)
def test_what_names_no_clock_tells_nothing(told: PushHeader) -> None:
    assert heard("MIX-1", told, NOW) is None


def pushed(ledger: Ledger, log: Log, station: str = "MIX-1", **clocks: Any) -> None:
    held = ledger.database.read_now(
        lambda conn: conn.exec_driver_sql("SELECT count(*) FROM place").scalar_one()
    )
    told = msgspec.structs.replace(log.header(int(held)), **clocks)
    ledger.receive_now(log.origin, station, told, log.bodies[int(held) :])


def test_the_best_of_each_boot_is_kept(ledger: Ledger) -> None:
    """On every engine; an older station's push, and a worse measurement, change nothing."""
    log, now = Log(help_called(1)), ledger.clock.milliseconds()
    pushed(ledger, log)
    assert rows(ledger.database, ROWS) == []
    log.bodies += help_called(1)
    pushed(ledger, log, boot="b1", mono=1_000, at=text(now))
    ((*known, ahead, within, mono),) = rows(ledger.database, ROWS)
    assert (known, within, mono) == (["MIX-1", "b1"], 10_000, 1_000)
    assert now - 1_000 <= ahead <= now + 60_000
    clocks: dict[str, Any] = {"boot": "b1", "mono": 1_000, "at": text(now)}
    for within in (30, 900, 8, 7):
        told: dict[str, Any] = {"ahead": now - 1_000, "within": within, "measured": 900}
        pushed(ledger, log, **clocks, **told)
    assert rows(ledger.database, ROWS) == [("MIX-1", "b1", now - 1_000, 8, 900)]
    pushed(ledger, log, boot="b2", mono=5, at=text(now), ahead=now, within=9, measured=4)
    assert [row[1:] for row in rows(ledger.database, ROWS)] == [
        ("b1", now - 1_000, 8, 900),
        ("b2", now, 9, 4),
    ]
    again = Ledger(ledger.database, ledger.clock)  # another process, which knows of nothing yet
    pushed(again, log, **clocks, ahead=now - 1_010, within=40, measured=950)
    assert rows(ledger.database, ROWS)[0] == ("MIX-1", "b1", now - 1_000, 8, 900)


def test_an_origin_of_another_station_tells_nothing(ledger: Ledger) -> None:
    log, now = Log(help_called(1)), ledger.clock.milliseconds()
    pushed(ledger, log, boot="b1", mono=1_000, at=text(now))
    with pytest.raises(OwnerError):
        pushed(ledger, log, "MIX-2", boot="b7", mono=1_000, at=text(now))
    assert [row[1] for row in rows(ledger.database, ROWS)] == ["b1"]


def test_a_push_without_clocks_is_read_as_ever() -> None:
    line = b'{"after":[0,"00"],"low":[1,"00"],"waiting":3}\n'
    told, _ = read_push(line)
    assert (told.boot, told.mono, told.at, told.within) == ("", 0, "", -1)


BOOK: Final = ClockBook({("MIX-1", "b1"): Measured(BOOTED, 40, 5_000_000)}, {"MIX-1": -3 * DAY})


def called(station: str = "MIX-1", boot: str = "b1", mono: int = 0, at: str = "") -> Event:
    clocks: dict[str, Any] = {"boot": boot, "mono": mono, "at": at or text(NOW + 3 * DAY)}
    return stamped(HelpCalled(work_center="MIX"), **clocks, station=station)


@pytest.mark.parametrize(
    ("event", "time", "within"),
    [
        (called(mono=5_000_000), NOW, 0.04),
        (called(mono=0), BOOTED, 0.29),
        (called(boot="b0", mono=77), NOW, None),
        (called(boot=""), NOW, None),
        (called("MIX-2"), NOW + 3 * DAY, None),
        (called("office"), NOW + 3 * DAY, 0.0),
    ],
)
def test_the_time_of_an_event(event: Event, time: int, within: float | None) -> None:
    told = BOOK.timed(event)
    assert (datetime.fromisoformat(told.time), told.within) == (
        datetime.fromisoformat(text(time)),
        within,
    )
    assert told.at == text(NOW + 3 * DAY)
    assert BOOK.seconds(event) == time / 1000


@pytest.mark.parametrize("at", ["", "noon", "9999-12-31T23:59:59+00:00"])
def test_a_time_that_is_none_stays_as_it_is(at: str) -> None:
    event = stamped(HelpCalled(work_center="MIX"), at=at, station="MIX-1")
    assert ClockBook({}, {"MIX-1": 2**50}).timed(event) == Timed(at, at, None, time_text(at, None))


@pytest.mark.parametrize(
    ("within", "text_told"),
    [
        (0.0, "2026-11-22 10:00:07"),
        (2.0, "2026-11-22 10:00:07"),
        (9.6, "2026-11-22 10:00:07 ±10 s"),
        (None, "≈ 2026-11-22 10:00:07"),
    ],
)
def test_a_time_for_people(within: float | None, text_told: str) -> None:
    assert time_text("2026-11-22T10:00:07.123+01:00", within) == text_told
    assert time_text("", None) == ""


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    made = Plant(tmp_path)
    made.office(*master_data(), planned("B-1"), release_of("B-1"))
    yield made
    made.close()


def write(plant: Plant, minute: int, off: int, event: Event, boot: str = "b1") -> Event:
    """Minute of the boot clock; the wall clock is off by so many milliseconds."""
    log, mono = plant.logs["MIX-1"], minute * 60_000
    n = len(log.bodies) + 1
    clocks = {"boot": boot, "mono": mono, "at": text(BOOTED + mono + off)}
    full = stamped(event, id=event.id or new_id(), n=n, act=new_id(), **clocks)
    full = stamped(full, station="MIX-1", operator=full.operator or "anna")
    log.bodies.append(encode(full))
    return full


def worked(plant: Plant, offs: list[int]) -> None:
    """40 minutes, 10 of them a pause, wrong material at minute 5; then a push that tells clocks."""
    day: tuple[tuple[int, Event], ...] = (
        (0, OperatorSignedIn()),
        (0, OperationStarted(**MADE, id="s")),
        (0, OperatorJoined(id="j", order="B-1", operation="10", operator="anna")),
        (5, MaterialConsumed(**MADE, material="NONE", lot="N-1", quantity=kg("1"))),
        (10, OperationPaused(**MADE, id="p", of="s")),
        (20, OperationResumed(**MADE, of="p")),
        (40, OperationEnded(**MADE, id="e", of="s")),
    )
    for (minute, event), off in zip(day, offs, strict=True):
        write(plant, minute, off, event)
    log = plant.logs["MIX-1"]
    clocks: dict[str, Any] = {"boot": "b1", "mono": 5_000_000, "at": text(NOW + offs[-1])}
    told: dict[str, Any] = {"ahead": BOOTED, "within": 3_000, "measured": 5_000_000}
    shift = plant.ledger.clock
    shift.offset_seconds = (NOW - shift.milliseconds()) / 1000 + shift.offset_seconds
    start = msgspec.structs.replace(log.header(0), **clocks, **told)
    plant.ledger.receive_now(log.origin, "MIX-1", start, log.bodies)
    plant.projector.catch_up()


JUMPING: Final = [0, 0, 3 * DAY, -3 * DAY, 3 * DAY, 0, -3 * DAY]


def test_views_tell_true_times_and_durations(plant: Plant) -> None:
    worked(plant, JUMPING)
    detail = plant.database.read_now(lambda conn: order_detail(conn, "B-1", date(2026, 11, 22)))
    assert detail is not None
    times = next(one.times for one in detail.operations if one.operation == "10")
    assert (times.run_seconds, times.pause_seconds) == (1_800, 600)
    assert times.started is not None
    assert times.ended is not None
    assert datetime.fromisoformat(times.started.time) == datetime.fromisoformat(text(BOOTED))
    assert datetime.fromisoformat(times.ended.time) == datetime.fromisoformat(
        text(BOOTED + 2_400_000)
    )
    assert times.ended.at == text(BOOTED + 2_400_000 - 3 * DAY)
    assert times.ended.within == pytest.approx(3.13, abs=0.001)
    assert detail.attended_seconds == {"anna": 2_400}
    wrong = next(one for one in detail.open_deviations if one.name == "wrong_material")
    assert wrong.timed is not None
    assert wrong.at == text(BOOTED + 300_000 - 3 * DAY)
    assert datetime.fromisoformat(wrong.timed.time) == datetime.fromisoformat(
        text(BOOTED + 300_000)
    )
    trace = plant.database.read_now(lambda conn: trace_of(conn, "N-1"))
    assert trace is not None
    assert trace.items[0].first == trace.items[0].last == wrong.timed


@pytest.mark.parametrize("seed", range(3))
def test_no_jump_changes_what_the_views_tell(
    plant: Plant, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """Neither a time nor a duration; and the clocks, which no event tells, are in no view."""
    chance = random.Random(seed)
    other = Plant(tmp_path_factory.mktemp("other"))
    other.office(*master_data(), planned("B-1"), release_of("B-1"))
    worked(plant, [0] * 7)
    worked(other, [chance.randrange(-30 * DAY, 30 * DAY) for _ in range(7)])
    assert true_times(plant) == true_times(other)
    before = other.views()
    other.projector.rebuild()
    assert other.views() == before
    other.close()


def true_times(plant: Plant) -> list[Any]:
    """What the views tell of times, but for what was on the wall."""
    detail = plant.database.read_now(lambda conn: order_detail(conn, "B-1", date(2026, 11, 22)))
    assert detail is not None
    times = next(one.times for one in detail.operations if one.operation == "10")
    assert times.started is not None
    assert times.ended is not None
    moments = [times.started, times.ended]
    moments += [one.timed for one in detail.open_deviations if one.timed is not None]
    true = [(datetime.fromisoformat(one.time), one.within) for one in moments]
    return [*true, times.run_seconds, times.pause_seconds, detail.attended_seconds]


def test_the_clock_book_asks_for_nothing_without_stations(database: Database) -> None:
    book = database.read_now(lambda conn: clock_book(conn, [called("office")]))
    assert book.timed(called("office")).within == 0.0
