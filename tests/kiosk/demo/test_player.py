"""The player on a small floor: real sockets, kiosks that answer from a table."""

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kiosk.demo import script
from kiosk.demo.factory import Factory
from kiosk.demo.observed import Json, Observed, Silence
from kiosk.demo.player import Player, Score

BAKERY = Factory.named("bakery", date(2026, 11, 22))
PATIENCE_SECONDS = 5.0

ANNA = BAKERY.badge("anna").sent
ORDER = BAKERY.order("B-1").sent
WRONG = BAKERY.lot("R-118").sent
FLOUR = BAKERY.lot("W-204").sent
DONE = BAKERY.command("DONE").sent

ANSWERS: dict[bytes, tuple[str, str, str, str]] = {
    ANNA: ("ok", "HELLO", "Anna Berg signed in.", "Scan an order."),
    ORDER: ("note", "B-1", "Wheat roll, 1000 PCS.", "Scan the flour."),
    WRONG: ("stop", "WRONG LOT", "You scanned Rye flour R-118.", "Fetch W-204 from place A3."),
    FLOUR: ("ok", "BOOKED", "25 KG of 25 on label · 35 LEFT", "Scan the next bag."),
    DONE: ("ask", "SURE?", "Wheat flour is short by 35 KG.", "Scan OK or CANCEL."),
}


class Impatient(Observed):
    """Waits a moment only, so that silence is soon told."""

    def answered(self, scans: int, seconds: float) -> Json:
        return super().answered(scans, min(seconds, 0.1))


class TableKiosk:
    """One process of a kiosk: answers by its own socket, in a thread of its own."""

    def __init__(self, path: Path, deaf: Sequence[bytes] = ()) -> None:
        self.asked: list[float] = []
        self._deaf = deaf
        self._bands = self._scans = 0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(str(path))
        self.show("rest", "SIGN IN", "Nobody is signed in.", "Scan your badge.")
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def show(self, kind: str, word: str, what: str, following: str) -> None:
        self._bands += 1
        self.tell(
            band=self._bands,
            kind=kind,
            word=word,
            what=what,
            next=following,
            scan=self._scans,
        )

    def scanned(self, sent: bytes) -> None:
        if sent not in self._deaf:
            self._scans += 1
            self.show(*ANSWERS[sent])

    def typed(self, text: str) -> None:
        self._scans += 1
        self.show("note", text, f"{text} PCS before DONE", "Scan DONE.")

    def tell(self, **line: Any) -> None:
        self._socket.sendall(json.dumps(line).encode() + b"\n")

    def hang_up(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._socket.close()

    def _read(self) -> None:
        with self._socket.makefile("rb") as lines:
            for line in lines:
                self.asked.append(json.loads(line)["advance"])
                self.tell(event="clock")


class Station:
    """What the player holds of one kiosk."""

    def __init__(self, name: str, folder: Path, log: list[str], deaf: Sequence[bytes]) -> None:
        self.name = name
        self.data = folder
        self.log = log
        self.advanced: list[float] = []
        self.observed: Observed = Impatient(folder / f"{name}.sock")
        self._deaf = deaf
        self._start()

    def scan(self, sent: bytes) -> None:
        self.process.scanned(sent)

    def type(self, text: str) -> None:
        self.log.append(f"{self.name} types {text}")
        self.process.typed(text)

    def advance(self, seconds: float) -> None:
        self.advanced.append(seconds)
        self.observed.advance(seconds, PATIENCE_SECONDS)

    def restart_after_kill(self) -> None:
        self.log.append(f"{self.name} is killed")
        self.process.hang_up()
        self.observed.forget()
        self._start()

    def close(self) -> None:
        self.process.hang_up()
        self.observed.close()

    def _start(self) -> None:
        self.process = TableKiosk(self.observed.path, self._deaf)
        self.observed.connected(PATIENCE_SECONDS)


class SmallFloor:
    """Two stations, started when first asked for, and a network that only notes what happens."""

    def __init__(self, folder: Path) -> None:
        self.log: list[str] = []
        self.deaf: list[bytes] = []
        self.events: list[Json] = []
        self.is_stuck = False
        self._folder = folder
        self._stations: dict[str, Station] = {}

    def kiosk(self, station: str) -> Station:
        if station not in self._stations:
            self._stations[station] = Station(station, self._folder, self.log, self.deaf)
        return self._stations[station]

    def kiosks(self) -> Sequence[Station]:
        return list(self._stations.values())

    def offline(self) -> None:
        self.log.append("offline")

    def online(self) -> None:
        self.log.append("online")

    def await_synced(self) -> None:
        if self.is_stuck:
            raise Silence("BAKE-1 did not send within 60 s")
        self.log.append("synced")

    def await_printed(self) -> None:
        self.log.append("printed")

    def bodies(self) -> Iterator[bytes]:
        return (json.dumps(event).encode() for event in self.events)


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[SmallFloor]:
    made = SmallFloor(tmp_path)
    yield made
    for one in made.kiosks():
        one.close()


def steps(text: str) -> tuple[script.Step, ...]:
    return script.parse(text, BAKERY, "shift.txt")


def play(floor: SmallFloor, text: str, pace: float = 0.0) -> Score:
    return Player(floor, pace=pace, name="shift.txt").play(steps(text))


SHIFT = """\
station BAKE-1
scan badge anna
expect ok "anna berg"
scan order B-1
expect note "B-1" "1000 pcs" next "flour"
scan lot R-118
expect stop "WRONG LOT" next "from place A3"
scan lot W-204
expect ok "35 left"
scan DONE
expect note "short"
"""


def test_a_shift_that_holds(floor: SmallFloor) -> None:
    assert play(floor, SHIFT) == Score(scans=5, accepted=4, stopped=1)


MISSES = [
    ('expect stop "HELLO"', "wanted stop, the band says ok: HELLO / Anna Berg signed in. / Scan"),
    ('expect note "HELLO"', "wanted note, the band says ok: HELLO"),
    ('expect ok "HELLO" "Eva"', "wanted 'Eva' in 'HELLO / Anna Berg signed in.'"),
    ('expect ok "HELLO" next "a lot"', "wanted next 'a lot' in 'Scan an order.'"),
]


@pytest.mark.parametrize(("line", "why"), MISSES)
def test_what_the_band_does_not_say_is_missed(line: str, why: str, floor: SmallFloor) -> None:
    score = play(floor, f"station BAKE-1\n# in\nscan badge anna\n{line}\nscan DONE\n{line}\n")
    first, _ = score.misses
    assert first.startswith(f"shift.txt:4: {why}")
    assert (score.scans, score.accepted) == (2, 2)


def test_silence_ends_the_shift(floor: SmallFloor) -> None:
    floor.deaf.append(ORDER)
    score = play(floor, SHIFT)
    (why,) = score.misses
    assert why.startswith("shift.txt:4: ")
    assert "did not answer scan 2 within" in why
    assert (score.scans, score.accepted, score.stopped) == (2, 1, 0)


def test_a_kiosk_that_is_gone_ends_the_shift(floor: SmallFloor) -> None:
    floor.kiosk("BAKE-1").observed.forget()
    assert play(floor, SHIFT).misses == ["shift.txt:2: no kiosk is connected"]


def test_scans_are_two_seconds_apart_on_the_kiosks_clock(floor: SmallFloor) -> None:
    text = """\
station BAKE-1
scan badge anna
expect ok ""
wait 90s
scan order B-1
expect note ""
wait 0
scan lot W-204
expect ok ""
scan lot W-204
expect ok ""
"""
    assert play(floor, text).misses == []
    assert floor.kiosk("BAKE-1").advanced == [2.0, 90.0, 2.0, 2.0]
    assert floor.kiosk("BAKE-1").process.asked == [2.0, 90.0, 2.0, 2.0]


def test_the_pace_of_a_hand_counts_towards_the_two_seconds(floor: SmallFloor) -> None:
    text = 'station BAKE-1\nscan badge anna\nexpect ok ""\nwait 0\nscan DONE\nexpect note ""\n'
    assert play(floor, text, pace=0.01).misses == []
    assert floor.kiosk("BAKE-1").advanced == [1.99]


def test_what_is_typed_is_answered_too(floor: SmallFloor) -> None:
    text = 'station BAKE-1\ntype 3.5\nexpect note "3.5 PCS before DONE" next "Scan DONE."\n'
    score = play(floor, text)
    assert (score.scans, score.misses) == (0, [])
    assert floor.log == ["BAKE-1 types 3.5"]
    assert floor.kiosk("BAKE-1").advanced == [2.0]


def test_network_and_power_are_pulled_in_their_place(floor: SmallFloor) -> None:
    text = """\
station BAKE-1
scan badge anna
expect ok "Anna"
offline
kill
scan order B-1
expect note "B-1"
online
station PACK-1
scan badge anna
expect ok "Anna"
kill
"""
    score = play(floor, text)
    assert score == Score(scans=3, accepted=3)
    assert floor.log == ["offline", "BAKE-1 is killed", "online", "PACK-1 is killed"]


def test_what_is_waited_for_is_the_floors_to_tell(floor: SmallFloor) -> None:
    score = play(floor, "station BAKE-1\nwait synced\noffline\nwait printed\n")
    assert score == Score()
    assert floor.log == ["synced", "offline", "printed"]


def test_what_never_settles_ends_the_shift(floor: SmallFloor) -> None:
    floor.is_stuck = True
    score = play(floor, "station BAKE-1\nwait synced\nwait printed\n")
    assert score.misses == ["shift.txt:2: BAKE-1 did not send within 60 s"]
    assert floor.log == []


EVENTS: list[Json] = [
    {
        "type": "OrderReleased", "id": "1", "order": "B-1", "revision": 1, "material": "ROLL",
        "quantity": {"amount": "1000", "unit": "C62"}, "operations": [{"operation": "10"}],
    },
    {
        "type": "MaterialReceived", "id": "2", "material": "WHEAT", "lot": "W-204",
        "quantity": {"amount": "500", "unit": "KGM"},
    },
    {
        "type": "MaterialConsumed", "id": "3", "act": "a", "order": "B-1", "operation": "10",
        "material": "WHEAT", "lot": "W-204", "quantity": {"amount": "37.5", "unit": "KGM"},
    },
    {
        "type": "OperationReported", "id": "4", "act": "b", "order": "B-1", "operation": "10",
        "good": {"amount": "480", "unit": "C62"}, "scrap": {"amount": "12", "unit": "C62"},
    },
    {
        "type": "MaterialProduced", "id": "5", "act": "b", "order": "B-1", "operation": "10",
        "material": "ROLL", "lot": "B-1", "quantity": {"amount": "480", "unit": "C62"},
    },
]  # fmt: skip

FACTS = [
    ("expect order B-1 partial 480 good 12 scrap", ""),
    ("expect order B-1 partial 480.0 good", ""),
    ("expect order B-1 partial", ""),
    ("expect lot W-204 consumed 37.5 KGM by B-1", ""),
    ("expect lot W-190 consumed 0 KGM by B-1", ""),
    ("expect stock WHEAT W-204 462.5 KGM", ""),
    ("expect stock ROLL B-1 480 C62", ""),
    ("expect order B-1 completed 480 good", "wanted completed 480 good, found partial 480 good"),
    ("expect order B-1 partial 500 good", "wanted partial 500 good, found partial 480 good"),
    ("expect order B-1 partial 11 scrap", "wanted partial 11 scrap, found partial 12 scrap"),
    ("expect order B-9 released", "wanted released, found unknown"),
    ("expect lot W-204 consumed 37.5 KGM by B-2", "wanted 37.5, found 0"),
    ("expect stock WHEAT W-204 500 KGM", "wanted 500, found 462.5"),
    ("expect stock WHEAT W-204 462.5 GRM", "wanted 462.5, found 0"),
]


@pytest.mark.parametrize(("line", "why"), FACTS)
def test_totals_are_held_against_the_journals(line: str, why: str, floor: SmallFloor) -> None:
    floor.events = EVENTS
    score = play(floor, f"station BAKE-1\n{line}\n")
    assert score.misses == ([f"shift.txt:2: {why}"] if why else [])


def test_a_shift_can_be_stopped(floor: SmallFloor) -> None:
    left = iter([False, False, False, True])
    score = Player(floor).play(steps(SHIFT), lambda: next(left))
    assert score == Score(scans=1, accepted=1)


def test_who_watches_hears_each_scan(floor: SmallFloor) -> None:
    heard: list[str] = []
    Player(floor, told=heard.append).play(steps(SHIFT))
    assert heard == [
        "BAKE-1: Anna Berg",
        "BAKE-1: B-1 Wheat roll",
        "BAKE-1: Rye flour R-118",
        "BAKE-1: Wheat flour W-204",
        "BAKE-1: DONE",
    ]
