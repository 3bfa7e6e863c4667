"""What operators of other systems complain of when they scan, on a real terminal with ours.

Each test feeds the complaint's own input to `kiosk run` as bytes of a scanner and asserts the
opposite of the complaint on the screen and in the journal. The numbers are those of the survey.
"""

from __future__ import annotations

import os
import pty
import tty
from typing import TYPE_CHECKING, Final

import pytest

from kiosk.scanners.input_device import Folders, InputScanner
from labels.codes import DigitCode, LotCode
from labels.keyboard import typed
from sync.domain.events import MaterialConsumed, OperatorSignedIn
from tests.kiosk.real_terminals import PtyKiosk, sent
from tests.kiosk.scanners.recorded_keys import Machine, keys
from tests.kiosk.terminals import Terminal, badge, command, lot, order, running, seeded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kiosk.config import Config
    from kiosk.scanners import Scanner
    from sync.domain.events import Event

WHEAT, YEAST = lot("W-204", "WHEAT"), lot("Y-31", "YEAST")
GS1_WHEAT: Final = "01{gtin}10W-204{gs}3103012500\r"


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[PtyKiosk]:
    kiosk = PtyKiosk(tmp_path / "data")
    kiosk.until("Scan your badge")
    yield kiosk
    if kiosk.master >= 0:
        kiosk.close()


def opened(kiosk: PtyKiosk) -> None:
    """Anna at work on B-1, its note read."""
    kiosk.send(badge("anna"))
    kiosk.until("Anna")
    kiosk.send(order("B-1"), command("OK"))
    kiosk.until("Wheat flour")


def consumed(events: Sequence[Event]) -> list[str]:
    return [one.lot for one in events if isinstance(one, MaterialConsumed)]


def signed_in(events: Sequence[Event]) -> list[str]:
    return [one.operator for one in events if isinstance(one, OperatorSignedIn)]


def test_w3_ten_fast_scans_count_as_ten_and_the_next_is_whole(kiosk: PtyKiosk) -> None:
    opened(kiosk)
    kiosk.send(b"".join(sent(DigitCode(sign)) for sign in "1029384756"))
    kiosk.until("1029384756")
    kiosk.send(command("CANCEL"), WHEAT)
    kiosk.until("W-204: 60 KG")
    assert consumed(kiosk.end()) == ["W-204"]


def test_w4_two_scans_at_once_are_both_booked(kiosk: PtyKiosk) -> None:
    opened(kiosk)
    kiosk.send(sent(WHEAT) + sent(YEAST))
    kiosk.until("Y-31: 2 KG")
    assert consumed(kiosk.end()) == ["W-204", "Y-31"]


def test_w5_no_gap_in_which_a_scan_is_lost(kiosk: PtyKiosk) -> None:
    """The server cannot be reached, and is asked again and again meanwhile."""
    opened(kiosk)
    for sign in "9182736450":
        kiosk.send(DigitCode(sign))
        kiosk.watch(0.07)
    kiosk.until("9182736450")
    kiosk.send(command("CANCEL"), WHEAT)
    kiosk.until("W-204: 60 KG")
    assert consumed(kiosk.end()) == ["W-204"]


def test_w6_a_slow_bluetooth_scanner_has_a_longer_limit(tmp_path: Path) -> None:
    kiosk = PtyKiosk(tmp_path / "data", "[wedge]\ngap_ms = 400\n")
    try:
        kiosk.until("Scan your badge")
        kiosk.type(sent(badge("anna")).decode(), gap=0.1)
        kiosk.until("Anna")
    finally:
        events = kiosk.end()
    assert signed_in(events) == ["anna"]


class Cable:
    """A serial scanner on a pseudo-terminal."""

    def __init__(self) -> None:
        self.outer, self.inner = pty.openpty()
        tty.setraw(self.inner)
        self.settings = f'[[scanner]]\nport = "{os.ttyname(self.inner)}"\nname = "hand"\n'

    def send(self, data: bytes) -> None:
        os.write(self.outer, data)

    def close(self) -> None:
        os.close(self.outer)
        os.close(self.inner)


@pytest.fixture
def cable() -> Iterator[Cable]:
    cable = Cable()
    yield cable
    cable.close()


@pytest.fixture
def wired(tmp_path: Path, cable: Cable) -> Iterator[PtyKiosk]:
    """A kiosk with a serial scanner; it ends before its cable goes to somebody else."""
    kiosk = PtyKiosk(tmp_path / "data", cable.settings)
    yield kiosk
    if kiosk.master >= 0:
        kiosk.close()


def test_w7_two_halves_are_one_code_or_none(wired: PtyKiosk, cable: Cable) -> None:
    kiosk = wired
    kiosk.until("Scan your badge", "● hand")
    opened(kiosk)
    whole = sent(WHEAT)
    cable.send(whole[:7])
    kiosk.until("only a part of the code")
    cable.send(whole[7:])
    kiosk.until("none of ours")
    cable.send(sent(YEAST)[:7])
    kiosk.watch(0.02)
    cable.send(sent(YEAST)[7:])
    kiosk.until("Y-31: 2 KG")
    assert consumed(kiosk.end()) == ["Y-31"]


def test_w11_an_empty_code_does_nothing(kiosk: PtyKiosk) -> None:
    for nothing in (b"\r", b"\r\n", b"\t", b"]Q1\r", b"]C1\r\n", b"\x02\x03\r"):
        kiosk.send(nothing)
        kiosk.watch(0.15)
    kiosk.until("Scan your badge", "nobody signed in")
    kiosk.send(badge("anna"))
    kiosk.until("Anna")
    assert signed_in(kiosk.end()) == ["anna"]


def test_w12_a_french_keyboard_is_named_and_nothing_is_booked(kiosk: PtyKiosk) -> None:
    kiosk.send(badge("anna"))
    kiosk.until("Anna")
    kiosk.send(typed(sent(WHEAT).decode(), "fr").encode())
    kiosk.until("KEYBOARD FRENCH", "set the PC's keyboard layout to US")
    kiosk.send("HA&&é\r".encode())
    kiosk.until("none of ours")
    events = kiosk.end()
    assert (consumed(events), len(events)) == ([], 1)


def test_w13_doubled_digits_stay_and_a_code_that_lost_some_is_refused(kiosk: PtyKiosk) -> None:
    opened(kiosk)
    whole = sent(LotCode("02422288", "WHEAT"))
    kiosk.send(whole.replace(b"02422288", b"024228"))
    kiosk.until("KEYBOARD LAYOUT or Caps Lock")
    kiosk.send(whole)
    kiosk.until("lot 02422288")
    assert "024228" not in consumed(kiosk.end())


def test_w14_a_lost_gs_is_told_and_never_merges_lot_and_quantity(kiosk: PtyKiosk) -> None:
    opened(kiosk)
    kiosk.send(GS1_WHEAT.format(gtin="09521101530018", gs="").encode())
    kiosk.until("GS LOST: lot and quantity ran together")
    kiosk.send(GS1_WHEAT.format(gtin="09521101530018", gs="\x1d").encode())
    kiosk.until("W-204: 12.5 KG")
    assert consumed(kiosk.end()) == ["W-204"]


class Grabbed(Terminal):
    """A terminal with a keyboard scanner as an input device."""

    def __init__(self, config: Config, scanner: Scanner) -> None:
        super().__init__(config)
        self._extra_scanners = (self.scanner, scanner)


async def test_w15_a_grabbed_scanner_reaches_the_program_and_never_the_entry_line(
    tmp_path: Path,
) -> None:
    machine = Machine(tmp_path)
    machine.plug("event3")
    folders = Folders(machine.devices, machine.facts)
    scanner = InputScanner("0c2e", "0b61", name="gun", folders=folders, exclusive=False)
    terminal = Grabbed(seeded(tmp_path / "data"), scanner)
    async with running(terminal):
        machine.send("event3", keys(sent(badge("anna")).decode()))
        while terminal.dialog.person is None:
            await terminal.settle()
        assert "Anna" in terminal.zone("what")
        assert "● gun" in terminal.zone("head")
        assert terminal.dialog.entry == ""
        machine.unplug("event3")
        while "✖ gun" not in terminal.zone("head"):
            await terminal.settle()
    machine.close()
