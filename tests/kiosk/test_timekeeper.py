"""A station whose wall clock jumps: what is recorded, what is shown, and what a restart knows."""

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from kiosk.clock import Clock
from kiosk.config import Config
from kiosk.correction import Reading, Sign
from kiosk.dialog import Dialog, Key, Scanned, Tick, Workplace
from kiosk.journal import Journal
from kiosk.printing.jobs import values_of
from kiosk.screens.around import Around, Link
from kiosk.screens.head import head
from kiosk.screens.words import told
from kiosk.station import Station, new_id
from kiosk.surroundings import Surroundings
from kiosk.texts import Texts
from kiosk.timekeeper import Timekeeper
from labels.codes import BadgeCode
from sync.domain.events import (
    ClockJumped,
    Event,
    MaterialProduced,
    OperationStarted,
    stamped,
)
from sync.domain.label_jobs import Job
from sync.domain.quantity import Quantity
from sync.domain.shop import Shop, absorb
from tests.kiosk.dialog.bakery import TODAY
from tests.kiosk.terminals import BADGES, seeded
from tests.missing import missing

TEN: Final = TODAY + timedelta(hours=2)
LABEL = Texts.load("en").label
DAYS: Final = 3 * 86_400.0
LIBRARY: Final = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
FOUND_SECONDS_MAX: Final = 10.0


class SetClock(Clock):
    """Stands until it is moved; `off` is what somebody set the wall clock wrong by."""

    def __init__(self, boot: str = "b1", *, steered: bool = False, begun: float = 5_000.0) -> None:
        super().__init__(steered=steered)
        self.boot = boot
        self.off = 0.0
        self._begun = begun

    def now(self) -> datetime:
        return TEN + timedelta(seconds=self.offset_seconds + self.off)

    def monotonic(self) -> float:
        return self._begun + self.offset_seconds


def own(station: Station) -> list[Event]:
    """What the station recorded, in its order."""
    records = (record.event for _, record in station.journal.replay())
    found = [one for one in records if isinstance(one, Event) and one.station == "BAKE-1"]
    return sorted(found, key=lambda one: one.n)


def badge(name: str) -> Scanned:
    return Scanned(BadgeCode(BADGES[name]), name.encode())


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return seeded(tmp_path)


@pytest.mark.parametrize("away", [DAYS, -DAYS, 7.0])
async def test_a_jump_stands_before_the_act_that_follows(config: Config, away: float) -> None:
    clock = SetClock()
    station = Station.open(config, clock)
    await station.take(badge("anna"))
    clock.advance(5)
    clock.off = away
    await station.take(Key("help"))
    await station.take(Tick())
    clock.advance(5)
    await station.take(badge("paul"))
    recorded = own(station)
    names = [type(one).__name__ for one in recorded]
    assert names == ["OperatorSignedIn", "ClockJumped", "OperatorSignedIn"]
    jump = recorded[1]
    assert isinstance(jump, ClockJumped)
    assert (jump.seconds, jump.boot, jump.mono) == (round(away), "b1", 5_005_000)
    assert jump.at == (TEN + timedelta(seconds=5 + away)).isoformat(timespec="milliseconds")
    assert [one.n for one in recorded] == [1, 2, 3]
    station.journal.close()


async def test_a_tick_finds_it_once_and_so_does_a_restart(config: Config) -> None:
    clock = SetClock()
    station = Station.open(config, clock)
    await station.take(Tick())
    station.journal.close()
    clock.advance(30)
    clock.off = DAYS  # while the program did not run
    station = Station.open(config, clock)
    for _ in range(3):
        await station.take(Tick())
        clock.advance(1)
    station.journal.close()
    station = Station.open(config, clock)
    await station.take(Tick())
    assert [getattr(one, "seconds", 0) for one in own(station)] == [round(DAYS)]
    station.journal.close()
    again = SetClock("b2", begun=3.0)  # the machine was started anew: no jump, a new boot
    station = Station.open(config, again)
    await station.take(Tick())
    assert len(own(station)) == 1
    station.journal.close()


async def test_the_screen_shows_the_servers_time_and_records_its_own(config: Config) -> None:
    clock = SetClock()
    clock.off = DAYS
    station = Station.open(config, clock)
    seen = Surroundings()
    assert seen.around(clock.now(), station).clock == "unknown"
    station.time.heard(TEN.isoformat(), 0.02)
    assert seen.around(clock.now(), station).clock == "off"
    await station.take(badge("anna"))
    around = seen.around(clock.now(), station)
    assert around.now - TEN == timedelta(seconds=0.01)
    assert station.dialog.today == TEN.date().isoformat()
    (signed,) = own(station)
    assert signed.at == (TEN + timedelta(seconds=DAYS)).isoformat(timespec="milliseconds")
    assert datetime.fromisoformat(around.time_of(signed)) - TEN == timedelta(seconds=0.01)
    station.journal.close()
    clock.advance(60)
    station = Station.open(config, clock)  # a restart within the boot needs no server
    around = seen.around(clock.now(), station)
    assert around.now - TEN == timedelta(seconds=60.01)
    assert around.seconds_since(signed) == 60
    station.journal.close()


async def test_a_clock_that_a_show_steers_is_taken_as_it_is(config: Config) -> None:
    clock = SetClock(steered=True)
    station = Station.open(config, clock)
    clock.off = DAYS
    station.time.heard(TEN.isoformat(), 0.02)
    await station.take(Tick())
    assert own(station) == []
    assert station.time.time() == clock.now()
    assert Surroundings().around(clock.now(), station).clock == ""
    assert station.journal.stamp() == ("", 0, "")
    station.journal.close()


def test_durations_of_others_go_by_their_clocks() -> None:
    begun = stamped(
        OperationStarted(order="B-1", operation="10", work_center="MIX"),
        at=(TEN - timedelta(minutes=7)).isoformat(),
        boot="b9",
        mono=10**9,
        station="BAKE-2",
    )
    around = Around(TEN, "BAKE-1", Link(), reading=Reading("b9", 5, 0))
    assert around.seconds_since(begun) == 420
    assert around.seconds_since(stamped(begun, at="soon")) == 0


@pytest.mark.parametrize(
    ("sign", "shown"),
    [("", "│ 10:00:00 "), ("off", "│ clock off ▲ 10:00:00 "), ("unknown", "│ ~10:00:00 ")],
)
def test_the_head_says_how_far_to_trust_the_clock(sign: Sign, shown: str) -> None:
    around = Around(TEN, "BAKE-1", Link("online"), clock=sign)
    for width in (80, 120):
        drawn = head(Dialog(Workplace("BAKE-1")), Shop(), around, LABEL, width).plain
        assert drawn.endswith(shown)
        assert len(drawn) == width


def test_a_label_tells_the_true_time() -> None:
    event = MaterialProduced(
        id="m",
        act="a",
        order="B-1",
        operation="10",
        work_center="MIX",
        material="ROLL",
        lot="L",
        quantity=Quantity("1", "C62"),
    )
    shop, job = Shop(), Job(of="m", label="1", order="B-1", template="batch")
    absorb(shop, event)
    values = values_of(shop, job, 1, lambda _: "2026-11-22T10:00:00.000+01:00")
    assert values is not None
    assert values["produced"] == "2026-11-22 10:00"


def test_what_is_kept_is_not_kept_at_each_look() -> None:
    clock = SetClock()
    keeper = Timekeeper(clock)
    found = []
    for _ in range(1_300):
        keeper.look()
        found.append(keeper.is_due())
        clock.advance(1)
    assert [second for second, due in enumerate(found) if due] == [0, 600, 1_200]


class HeldUpClock(Clock):
    """A machine under load: so many seconds pass at each look at the boot clock."""

    def __init__(self, held_up: list[float]) -> None:
        super().__init__()
        self.held_up = held_up
        self.passed = 0.0

    def now(self) -> datetime:
        return TEN + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        self.passed += self.held_up.pop(0)
        return self.passed


def test_of_readings_that_were_all_held_up_the_tightest_counts() -> None:
    clock = HeldUpClock([0.0, 9.0, 0.0, 2.0, 0.0, 0.2, 0.0, 4.0, 0.0, 8.0])
    reading = clock.reading()
    assert clock.held_up == []
    assert reading.mono == 11_100
    assert reading.wall - round(TEN.timestamp() * 1000) == 11_000


def test_the_clocks_are_read_as_of_one_moment() -> None:
    clock = Clock()
    one = clock.reading()
    assert one.boot == clock.boot
    assert abs(one.mono - clock.milliseconds()) < FOUND_SECONDS_MAX * 1_000
    clock.advance(1_000)
    assert clock.reading().mono - one.mono >= 1_000_000
    assert clock.reading().wall - one.wall >= 1_000_000


_PROGRAM: Final = """
import asyncio, sys
from pathlib import Path
from kiosk.clock import Clock
from kiosk.config import Config, StationConfig
from kiosk.dialog import Tick
from kiosk.station import Station

async def main():
    data = Path(sys.argv[1])
    config = Config(data=data, station=StationConfig("BAKE-1", ("MIX",), "http://127.0.0.1:9"))
    station = Station.open(config, Clock())
    print("ready", flush=True)
    for line in sys.stdin:
        await station.take(Tick())
        print("looked", flush=True)
    station.close()

asyncio.run(main())
"""


def test_the_machines_own_clock_is_set_by_three_days(config: Config, tmp_path: Path) -> None:
    """The C library itself tells the wrong time; the boot clock, as on a machine, does not jump."""
    if LIBRARY is None:
        missing("libfaketime", "apt install faketime")
    offset = tmp_path / "offset"
    offset.write_text("+0d", encoding="ascii")
    environment = {
        **os.environ,
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    command = [sys.executable, "-c", _PROGRAM, str(config.data)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for away in ("+0d", "+3d", "+3d", "-3d", "+0d"):
            # At once: the library reads the file at each look, and must not find half of it.
            other = offset.with_suffix(".new")
            other.write_text(away, encoding="ascii")
            other.replace(offset)
            process.stdin.write("tick\n")
            process.stdin.flush()
            assert process.stdout.readline() == "looked\n"
    journal = Journal.open(config.data, station="BAKE-1", clock=Clock(), new_id=new_id)
    events = [record.event for _, record in journal.replay()]
    journal.close()
    jumps = [one.seconds for one in events if isinstance(one, ClockJumped)]
    assert jumps == [259_200, -518_400, 259_200]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "3 seconds ahead"),
        (-119, "119 seconds back"),
        (130, "2 minutes ahead"),
        (-7_200, "2 hours back"),
        (259_200, "3 days ahead"),
    ],
)
def test_the_outbox_says_how_far_the_clock_was_set(seconds: int, words: str) -> None:
    assert told(ClockJumped(seconds=seconds), Shop(), LABEL) == f"the clock was set {words}"
