"""Recorded input events through a pipe, and folders that tell of devices as the kernel's do."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.scanners import Delivery, Misread, Scan, SourceState
from kiosk.scanners.input_device import (
    Folders,
    InputDeviceError,
    InputScanner,
    choose,
    input_devices,
)
from kiosk.scanners.keycodes import KeyDecoder
from labels.keyboard import LAYOUTS
from tests.kiosk.scanners.recorded_keys import (
    ALT,
    CAPS,
    CTRL,
    F5,
    KEYPAD,
    LOST,
    REPORT,
    Machine,
    event,
    keys,
    pressed,
    released,
    stroke,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIT_S = 10.0
GAP_S = 0.2
CODE = "]C1010952110153001810LOT-1\x1d21aZ_/:x"
BOOT_KEYBOARD = "ffff ffffffffffffffff fffffffffffffffe"
UP = SourceState("gun", up=True, why="")


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    machine.close()


class Bench:
    """A scanner on the machine, and what it delivered."""

    def __init__(self, machine: Machine, layout: str = "us") -> None:
        self.delivered: queue.Queue[Delivery] = queue.Queue()
        self.scanner = InputScanner(
            "0c2e",
            "0b61",
            name="gun",
            layout=layout,
            gap=GAP_S,
            folders=Folders(machine.devices, machine.facts),
            exclusive=False,
        )
        self.scanner.start(self.delivered.put)

    def next(self) -> Delivery:
        return self.delivered.get(timeout=WAIT_S)

    def payload(self) -> bytes:
        found = self.next()
        assert isinstance(found, Scan), found
        return found.payload


@pytest.fixture
def bench(machine: Machine) -> Iterator[Bench]:
    machine.plug("event3")
    bench = Bench(machine)
    assert bench.next() == UP
    yield bench
    bench.scanner.stop()


def typed(data: bytes, layout: str = "us") -> list[bytes | None]:
    return KeyDecoder(layout).feed(data)


def test_a_code_with_its_identifier_and_gs(machine: Machine, bench: Bench) -> None:
    machine.send("event3", keys(CODE + "\r"))
    scan = bench.next()
    assert isinstance(scan, Scan)
    assert (scan.payload, scan.aim, scan.source) == (CODE[3:].encode(), "]C1", "gun")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_types_every_sign_of_our_codes(layout: str) -> None:
    text = "WO-1.2+AZYQMaq0123456789/;:_ LO"
    strokes = b"".join(keys(sign, layout) if sign != " " else stroke(57) for sign in text)
    assert typed(strokes, layout) == [text.encode()]


@pytest.mark.parametrize(
    ("what", "events", "bytes_"),
    [
        ("Caps Lock does nothing", stroke(CAPS) + keys("aB"), b"aB"),
        ("a key that repeats is one", pressed(30) + event(1, 30, 2) * 5 + released(30), b"a"),
        (
            "Alt and 029 is GS",
            pressed(ALT) + b"".join(stroke(KEYPAD[one]) for one in "029") + released(ALT),
            b"\x1d",
        ),
        (
            "Alt and 0228 is a letter of Windows",
            pressed(ALT) + b"".join(stroke(KEYPAD[one]) for one in "0228") + released(ALT),
            "ä".encode(),
        ),
        ("Ctrl and ] is GS", stroke(27, CTRL), b"\x1d"),
        ("a function key types nothing", stroke(F5) + keys("A"), b"A"),
        ("doubled digits stay two", keys("02422288"), b"02422288"),
        ("keypad digits are digits", stroke(KEYPAD["7"]), b"7"),
    ],
)
def test_what_keys_mean(what: str, events: bytes, bytes_: bytes) -> None:
    assert typed(events) == [bytes_], what


def test_accents_join_their_letter() -> None:
    dead = stroke(13)  # on a German keyboard
    assert typed(dead + stroke(18) + dead + stroke(57), "de") == ["é´".encode()]
    assert typed(stroke(9, 100), "de") == [b"["]
    assert typed(keys("a]b", "de"), "de") == [b"a]b"]


def test_events_in_parts_are_read_whole() -> None:
    decoder, data = KeyDecoder(), keys("LO-1\r")
    found = [piece for at in range(0, len(data), 7) for piece in decoder.feed(data[at : at + 7])]
    assert b"".join(piece for piece in found if piece is not None) == b"LO-1\r"


@given(st.binary(max_size=2_000))
def test_any_events_are_survived(data: bytes) -> None:
    for layout in ("us", "fr"):
        assert all(piece is None or piece for piece in typed(data, layout))


def test_lost_events_refuse_the_code_and_the_next_is_good(machine: Machine, bench: Bench) -> None:
    machine.send("event3", keys("LOT-1") + LOST + stroke(30) + REPORT + keys("234\rB-2\r"))
    lost = bench.next()
    assert isinstance(lost, Misread)
    assert (lost.why, lost.head) == ("dropped", b"LOT-1")
    assert bench.payload() == b"B-2"


def test_lost_events_without_an_end_hold_up_nothing(machine: Machine, bench: Bench) -> None:
    machine.send("event3", keys("LOT") + LOST + REPORT + keys("-1"))
    assert isinstance(bench.next(), Misread)
    bench.scanner.stop()
    again = Bench(machine)
    assert again.next() == UP
    machine.send("event3", keys("B-2\r"))
    assert again.payload() == b"B-2"
    again.scanner.stop()


def test_unplug_in_mid_scan_and_replug_under_another_number(machine: Machine, bench: Bench) -> None:
    machine.send("event3", keys("LOT-1"))
    machine.unplug("event3")
    found = [bench.next(), bench.next()]
    torn = next(one for one in found if isinstance(one, Misread))
    gone = next(one for one in found if isinstance(one, SourceState))
    assert (torn.why, torn.head) == ("torn", b"LOT-1")
    assert gone == SourceState("gun", up=False, why="gun: unplugged")
    machine.plug("event7")
    while (state := bench.next()) != UP:
        assert isinstance(state, SourceState)
    machine.send("event7", keys("B-2\r"))
    assert bench.payload() == b"B-2"


def test_twenty_unplugs_leave_nothing_behind(machine: Machine, bench: Bench) -> None:
    for number in range(20):
        machine.send("event3", keys(f"LOT-{number}\r"))
        assert bench.payload() == f"LOT-{number}".encode()
        machine.unplug("event3")
        assert bench.next() == SourceState("gun", up=False, why="gun: unplugged")
        machine.plug("event3")
        while bench.next() != UP:
            pass


@pytest.mark.parametrize(
    ("ids", "plugs", "why"),
    [
        ("0c2e:0b61", [], "0c2e:0b61: not plugged in"),
        ("046d:c31c", [("046d:c31c", "usb-1/input0")], "046d:c31c: Logitech makes keyboards"),
        (
            "1a2c:0e24",
            [("1a2c:0e24", "usb-1/input0"), ("1a2c:0e24", "usb-2/input0")],
            "1a2c:0e24: 2 devices, one may be the keyboard: give port",
        ),
        (
            "0c2e:0b61",
            [("0c2e:0b61", "usb-1/input0"), ("0c2e:0b61", "usb-2/input0")],
            "0c2e:0b61: 2 devices: give port = its name under /dev/input/by-path",
        ),
    ],
)
def test_a_device_that_is_not_surely_the_scanner_is_refused(
    machine: Machine, ids: str, plugs: list[tuple[str, str]], why: str
) -> None:
    machine.plug("event0", "0001:0001", name="AT keyboard", phys="isa0060/serio0/input0")
    for number, (found, phys) in enumerate(plugs, 4):
        machine.plug(f"event{number}", found, phys=phys)
    vendor, product = ids.split(":")
    with pytest.raises(InputDeviceError) as caught:
        choose(input_devices(Folders(machine.devices, machine.facts)), vendor, product, "")
    assert str(caught.value).startswith(why)


def test_one_of_two_is_chosen_by_its_place_and_parts_of_one_are_one(machine: Machine) -> None:
    machine.plug("event4", phys="usb-1/input0")
    machine.plug("event5", phys="usb-1/input1", keys="0")
    machine.plug("event10", phys="usb-2/input0")
    found = input_devices(Folders(machine.devices, machine.facts))
    assert [one.node.name for one in found] == ["event4", "event5", "event10"]
    port = machine.devices / "by-path-usb-2"
    port.symlink_to(machine.devices / "event10")
    assert choose(found, "0c2e", "0b61", str(port)).node.name == "event10"
    assert choose(found[:2], "0c2e", "0b61", "").node.name == "event4"
    with pytest.raises(InputDeviceError, match="types no keys"):
        choose(found[1:2], "0c2e", "0b61", "")


def test_a_device_without_ids_is_never_seen(machine: Machine) -> None:
    machine.plug("event0", "0000:0000")
    (machine.facts / "event1" / "device").mkdir(parents=True)
    assert input_devices(Folders(machine.devices, machine.facts)) == []


def test_a_pipe_cannot_be_grabbed_and_that_is_told(machine: Machine) -> None:
    machine.plug("event3")
    told: queue.Queue[Delivery] = queue.Queue()
    folders = Folders(machine.devices, machine.facts)
    scanner = InputScanner("0c2e", "0b61", name="gun", folders=folders)
    scanner.start(told.put)
    state = told.get(timeout=WAIT_S)
    scanner.stop()
    assert isinstance(state, SourceState)
    assert not state.up
    assert state.why.startswith("gun: ")
