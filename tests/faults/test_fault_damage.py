"""Bits flip and pages are overwritten: a station saves what can be read, a ledger's proof names it."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Final

import pytest

from sync.server.__main__ import main as kiosk_server
from tests.faults.history import events, rows
from tests.faults.room import FILES, Room

ACTS: Final = 40
UNSENT_ACTS: Final = 60
TURNS: Final = 4
LEDGERS: Final = 4
LONG: Final = pytest.mark.long
SENT_SECONDS_MAX: Final = 10.0
PAGE_BYTES: Final = 4_096
SALVAGED: Final = "JournalSalvaged"
Damage = Callable[[bytearray, Random, list[bytes]], None]


def flip_bodies(content: bytearray, random: Random, bodies: list[bytes]) -> None:
    """One bit in each of three events that were not sent."""
    for body in random.sample(bodies, 3):
        flip(content, content.index(body) + random.randrange(len(body)), random)


def flip_anywhere(content: bytearray, random: Random, _: list[bytes]) -> None:
    for _turn in range(40):
        flip(content, random.randrange(len(content)), random)


def overwrite_pages(content: bytearray, random: Random, _: list[bytes]) -> None:
    for page in random.sample(range(len(content) // PAGE_BYTES), 5):
        content[page * PAGE_BYTES : (page + 1) * PAGE_BYTES] = random.randbytes(PAGE_BYTES)


def overwrite_first(content: bytearray, _random: Random, _: list[bytes]) -> None:
    content[:PAGE_BYTES] = bytes(PAGE_BYTES)


def flip(content: bytearray, at: int, random: Random) -> None:
    content[at] ^= 1 << random.randrange(8)


def at_rest(file: Path) -> None:
    """All of a database in one file, as after an orderly end."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def damaged(file: Path, damage: Damage, random: Random, bodies: list[bytes]) -> None:
    at_rest(file)
    content = bytearray(file.read_bytes())
    damage(content, random, bodies)
    file.write_bytes(content)


def own(journal: Path, after: int = 0) -> dict[str, bytes]:
    """A station's own events beyond a place."""
    query = "SELECT p.id, e.body FROM place p JOIN event e ON e.id = p.id WHERE p.seq > "
    return dict(rows(journal, f"{query}{after}"))


def salvages(ledger: Path) -> list[dict[str, object]]:
    """What stations said in the ledger of their salvage."""
    return [json.loads(row[0]) for row in rows(ledger, f"{_OF_TYPE} = '{SALVAGED}'")]


_OF_TYPE: Final = "SELECT body FROM event WHERE type"


@pytest.mark.parametrize("turns", [1, pytest.param(TURNS, marks=LONG)])
@pytest.mark.parametrize(
    "damage",
    [
        flip_anywhere,
        overwrite_pages,
        pytest.param(flip_bodies, marks=LONG),
        pytest.param(overwrite_first, marks=LONG),
    ],
)
def test_a_station_goes_on_with_what_could_be_read(
    damage: Damage, turns: int, tmp_path: Path
) -> None:
    """What was told is in the ledger once, as it was, or it is counted as missing."""
    random = Random(damage.__name__)
    with Room(tmp_path) as room:
        room.release(1)
        for name in ("MIX-1", "MIX-2"):
            room.station(name)
        room.act("MIX-1", ACTS)
        assert room.waiting("MIX-1", SENT_SECONDS_MAX) == 0
        for _ in range(turns):
            sent = len(own(room.journal("MIX-1")))
            room.kill_server()
            room.act("MIX-1", UNSENT_ACTS)
            room.stop_station("MIX-1")
            written = own(room.journal("MIX-1"))
            unsent = list(own(room.journal("MIX-1"), sent).values())
            damaged(room.journal("MIX-1"), damage, random, unsent)
            room.station("MIX-1")
            room.act("MIX-1", 1)
            room.start_server()
            assert room.waiting("MIX-1", SENT_SECONDS_MAX) == 0
            check_saved(room, written)
        told, lost = salvages(room.ledger), len(written_off(room))
        print(f"{damage.__name__}: {len(told)} salvages, {lost} events lost")
        assert told
        assert lost <= sum(int(str(one["missing"])) for one in told)
        room.told["MIX-1"] = [one for one in room.told["MIX-1"] if one not in written_off(room)]
        assert room.proved(cut={"MIX-1": len(told)}) == []


def check_saved(room: Room, written: dict[str, bytes]) -> None:
    """What the ledger has of a station are the bytes that it once wrote."""
    held = events(room.ledger)
    assert {name: held[name] for name in written if name in held}.items() <= written.items()


def written_off(room: Room) -> set[str]:
    """Told events that the ledger does not have."""
    return set(room.told["MIX-1"]) - events(room.ledger).keys()


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a server that stopped, with some hundred events."""
    folder = tmp_path_factory.mktemp("ledger")
    with Room(folder) as room:
        room.release(2)
        room.station("MIX-1")
        for _ in range(4):
            room.act("MIX-1", UNSENT_ACTS)
        assert room.waiting("MIX-1", SENT_SECONDS_MAX) == 0
        room.stop_station("MIX-1")
        room.kill_server()
        at_rest(room.ledger)
        return room.data


@pytest.mark.parametrize("turn", range(LEDGERS))
def test_one_flipped_bit_of_an_event_is_named(
    turn: int, ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    random = Random(turn)
    file = copy_of(ledger, tmp_path)
    places = rows(file, "SELECT p.origin, p.seq, e.body FROM place p JOIN event e USING (position)")
    origin, seq, body = random.choice(places)
    content = bytearray(file.read_bytes())
    flip(content, content.index(body) + random.randrange(len(body)), random)
    file.write_bytes(content)
    assert kiosk_server(["verify", "--data", str(tmp_path / "server")]) == 1
    told = capsys.readouterr()
    assert f"origin {origin}, seq {seq}:" in told.out + told.err
    assert file.read_bytes() == content, "a proof changes nothing"


@pytest.mark.parametrize("turn", range(LEDGERS))
def test_overwritten_pages_of_the_ledger_are_found(
    turn: int, ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those that hold events or places; the message names a row, or the file and what to do."""
    random = Random(turn)
    file = copy_of(ledger, tmp_path)
    content = bytearray(file.read_bytes())
    bodies = [row[0] for row in rows(file, "SELECT body FROM event")]
    for page in [content.index(body) // PAGE_BYTES for body in random.sample(bodies, 3)]:
        content[page * PAGE_BYTES : (page + 1) * PAGE_BYTES] = random.randbytes(PAGE_BYTES)
    file.write_bytes(content)
    assert kiosk_server(["verify", "--data", str(tmp_path / "server")]) == 1
    told = capsys.readouterr()
    said = told.out + told.err
    assert any(word in said for word in ("seq ", "position ", str(file))), said
    assert "Traceback" not in said


def copy_of(data: Path, folder: Path) -> Path:
    """A server's folder of its own for one test; the ledger's file."""
    target = folder / "server"
    shutil.copytree(data, target)
    file = next(one for one in target.iterdir() if one.name.endswith(".sqlite"))
    assert not any((target / f"{file.name}{end}").exists() for end in FILES[1:2])
    return file
