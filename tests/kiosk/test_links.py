"""What links the app to the sync client: numbers granted, and when more are wanted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.clock import Clock
from kiosk.config import Config, StationConfig
from kiosk.links import UNITS_WANTED, Granted
from kiosk.station import Station
from sync.domain.events import NumbersGranted, OperatorSignedIn, UnitPacked
from sync.domain.logistic_unit import next_unit, sscc
from sync.wire import Recorded, Unknown, recorded


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    made = Station.open(Config(tmp_path, StationConfig("PACK-1")), Clock())
    yield made
    made.close()


def grant(station: Station, first: int, last: int, prefix: str = "") -> Recorded:
    return recorded(
        NumbersGranted(
            id=f"g{first}{prefix}",
            n=first,
            origin=station.journal.origin,
            kind="sscc",
            first=first,
            last=last,
            prefix=prefix,
        )
    )


def pack(station: Station) -> str:
    name = next_unit(station.shop, station.journal.origin)
    station.fold(station.journal.append([UnitPacked(unit=name)]).result())
    return name


def test_the_highest_number_granted_is_told_by_kind(station: Station) -> None:
    granted = Granted(station)
    ranges = [
        ("lot", 101, 200, ""),
        ("lot", 1, 50, ""),
        ("sscc", 1, 9, ""),
        ("sscc", 1, 5, "39521"),
    ]
    records = [
        recorded(
            NumbersGranted(id=f"e{n}", origin="o", kind=kind, first=first, last=last, prefix=prefix)
        )
        for n, (kind, first, last, prefix) in enumerate(ranges)
    ]
    records.append(recorded(OperatorSignedIn(id="e")))
    assert not any(isinstance(record.event, Unknown) for record in records)
    assert granted.heard(records) is records
    assert granted.told()[0] == {"lot": 200, "sscc": 9, "sscc:39521": 5}


def test_a_new_range_is_wanted_before_half_of_the_last_is_used(station: Station) -> None:
    granted = Granted(station)
    granted.start()
    assert granted.told()[1] == {"sscc": UNITS_WANTED}
    station.fold(granted.heard([grant(station, 1, 8)]))
    assert granted.told() == ({"sscc": 8}, {})
    for _ in range(3):
        pack(station)
        granted.wake()
        assert granted.told()[1] == {}
    assert pack(station) == "U-4"
    granted.wake()
    assert granted.told()[1] == {"sscc": UNITS_WANTED}
    station.fold(granted.heard([grant(station, 9, 16, "3952123")]))
    granted.wake()
    assert granted.told() == ({"sscc": 8, "sscc:3952123": 16}, {})
    assert pack(station) == sscc("3952123", 9)
    granted.stop()
    assert granted.pulses == {}


def test_a_fork_wants_a_range_of_its_own(station: Station) -> None:
    granted = Granted(station)
    station.fold(granted.heard([grant(station, 1, 8, "3952123")]))
    first = pack(station)
    origin = station.journal.fork()
    granted.wake()
    assert granted.told()[1] == {"sscc": UNITS_WANTED}
    assert first == sscc("3952123", 1)
    assert pack(station) == f"U-{origin[:8].upper()}-1"
