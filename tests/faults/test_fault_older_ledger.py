"""An older ledger is put back, declared or not: the stations bring back all that it lacks."""

import json
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from sync.server.__main__ import main as kiosk_server
from tests.faults.history import OFFICE, alarms, events, rows
from tests.faults.room import FILES, Room

ACTS: Final = 20
SENT_SECONDS_MAX: Final = 20.0
RECOVERED_SECONDS_MAX: Final = 30.0
LONG: Final = pytest.mark.long
LOOK_SECONDS: Final = 0.05
STATIONS: Final = ("MIX-1", "MIX-2")
HIGH_WATER: Final = "high-water.json"
KEPT: Final = "kept"


def office(path: Path) -> dict[str, bytes]:
    """The events of the office in a ledger or a journal."""
    found = events(path)
    return {name: body for name, body in found.items() if json.loads(body)["station"] == OFFICE}


def incarnation(room: Room) -> str:
    """The name under which the ledger goes on."""
    ((name,),) = rows(room.ledger, "SELECT value FROM setting WHERE name = 'incarnation'")
    return str(name)


def work(room: Room) -> None:
    for name in STATIONS:
        room.act(name, ACTS)
        assert room.waiting(name, SENT_SECONDS_MAX) == 0


def until(fact: Callable[[], object], what: str) -> None:
    end = time.monotonic() + RECOVERED_SECONDS_MAX
    while not fact():
        assert time.monotonic() < end, what
        threading.Event().wait(LOOK_SECONDS)


def copy_ledger(room: Room, place: Path, *, back: bool = False) -> None:
    """Copy the ledger's files, and how far it was, while no server runs."""
    source, target = (place, room.data) if back else (room.data, place)
    target.mkdir(exist_ok=True)
    for name in [HIGH_WATER, *(f"{room.ledger.name}{end}" for end in FILES)]:
        (target / name).unlink(missing_ok=True)
        if (source / name).exists():
            shutil.copyfile(source / name, target / name)


def undeclared(room: Room, place: Path, *, noticed: bool) -> None:
    """Put the copy back; without the high-water file of the lost days only a station can tell."""
    newest = (room.data / HIGH_WATER).read_bytes()
    copy_ledger(room, place, back=True)
    if noticed:
        (room.data / HIGH_WATER).write_bytes(newest)


def assert_brought_back(room: Room, was: str, said: dict[str, bytes]) -> None:
    """A new incarnation, every office event that a station knew, and everything else that is due."""
    for name in STATIONS:
        room.act(name, ACTS)
    until(lambda: said.items() <= office(room.ledger).items(), "office events are still lost")
    assert room.proved() == []
    assert incarnation(room) != was
    found = alarms(room.ledger)
    assert found["restored"] == 1
    assert found["recovered"] >= 1


@pytest.mark.parametrize(
    "noticed",
    [
        pytest.param(True, id="high-water kept", marks=LONG),
        pytest.param(False, id="high-water lost"),
    ],
)
def test_an_older_copy_is_put_back_and_nobody_says_so(tmp_path: Path, noticed: bool) -> None:
    with Room(tmp_path) as room:
        room.release(1)
        for name in STATIONS:
            room.station(name)
        work(room)
        room.kill_server()
        copy_ledger(room, tmp_path / KEPT)
        room.start_server()
        said, was = lived_on(room), incarnation(room)
        room.kill_server()
        undeclared(room, tmp_path / KEPT, noticed=noticed)
        room.start_server()
        assert_brought_back(room, was, said)


@pytest.mark.parametrize(
    "killed",
    [
        pytest.param(True, id="stations killed", marks=LONG),
        pytest.param(False, id="stations stay"),
    ],
)
def test_a_backup_is_restored_as_the_handbook_says(tmp_path: Path, killed: bool) -> None:
    with Room(tmp_path) as room:
        room.release(1)
        for name in STATIONS:
            room.station(name)
        work(room)
        room.command("backup", "--to", str(tmp_path / KEPT))
        (file,) = (tmp_path / KEPT).iterdir()
        said, was = lived_on(room), incarnation(room)
        room.kill_server()
        if killed:
            for name in STATIONS:
                room.kill_station(name)
        assert kiosk_server(["restore", str(file), "--data", str(room.data), "--replace"]) == 0
        room.start_server()
        if killed:
            for name in STATIONS:
                room.station(name)
        assert_brought_back(room, was, said)


def lived_on(room: Room) -> dict[str, bytes]:
    """The days that will be lost: a second order, work of both stations; what the office said."""
    room.release(2)
    work(room)
    said = office(room.ledger)
    for name in STATIONS:
        until(lambda name=name: said.items() <= events(room.journal(name)).items(), "not heard")  # type: ignore[misc]
    return said


@LONG
def test_twice_put_back_to_the_same_copy(tmp_path: Path) -> None:
    """The second time the copy does not know of the first: both are found."""
    with Room(tmp_path) as room:
        room.release(1)
        for name in STATIONS:
            room.station(name)
        work(room)
        room.kill_server()
        copy_ledger(room, tmp_path / KEPT)
        room.start_server()
        names = {incarnation(room)}
        said = lived_on(room)
        for _ in range(2):
            room.kill_server()
            undeclared(room, tmp_path / KEPT, noticed=False)
            room.start_server()
            assert_again(room, said)
            names.add(incarnation(room))
        assert room.proved() == []
        assert len(names) == 3


def assert_again(room: Room, said: dict[str, bytes]) -> None:
    for name in STATIONS:
        room.act(name, ACTS)
        assert room.waiting(name, SENT_SECONDS_MAX) == 0
    until(lambda: said.items() <= office(room.ledger).items(), "office events are still lost")
