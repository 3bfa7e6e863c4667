"""Complaints about scanners that type, fed to a real terminal: the opposite in journal and on screen."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from labels.codes import BadgeCode, CommandCode, LotCode, OrderCode
from sync.domain.events import MaterialConsumed, StepConfirmed
from tests.kiosk.real_terminals import PtyKiosk, sent

WHEAT = LotCode("W-204", "WHEAT", amount=Decimal(25), unit="KGM")
BUTTER = LotCode("BT-12", "BUTTER")
STUTTER_OVER_SECONDS = 1.7


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[PtyKiosk]:
    """Anna is signed in and B-1 is open, its note is read."""
    one = PtyKiosk(tmp_path / "data")
    one.until("Scan your badge", "● keyboard")
    one.send(BadgeCode("4402917386"))
    one.until("Anna Berg is signed in")
    yield one
    one.close()


def opened(kiosk: PtyKiosk, order: str = "B-1") -> None:
    kiosk.send(OrderCode(order))
    kiosk.until(f"{order}:")


def consumed(kiosk: PtyKiosk) -> list[tuple[str, str]]:
    """What was booked, by lot and amount, once the terminal has ended."""
    return [
        (one.lot, str(one.quantity)) for one in kiosk.end() if isinstance(one, MaterialConsumed)
    ]


def test_w33_a_scan_is_never_a_shortcut_and_never_a_quantity(kiosk: PtyKiosk) -> None:
    """The complaint: the barcode becomes the quantity. Digits, shortcuts, in a half-typed line."""
    opened(kiosk)
    kiosk.type("1")
    kiosk.until("TYPED: 1_")
    for code in (b"4006381333931\r", b"12345678\r", b"sptebr?\r", b"*2*2\r"):
        kiosk.send(code)
        kiosk.until("This code is none of ours", "TYPED: 1_")
        kiosk.watch(0.3)
    kiosk.send(WHEAT)
    kiosk.until("TYPED: 1_", "W-204: 25 KG")
    kiosk.type("2\r")
    kiosk.until("12 KG of Wheat flour")
    assert consumed(kiosk) == [("W-204", "25 KG")]


@pytest.mark.parametrize("empty", [b"]C1\r", b"]Q1\r\n", b"\x02\x03\r", b"\r\n\r\n"])
def test_w11_an_empty_code_does_nothing(kiosk: PtyKiosk, empty: bytes) -> None:
    """The complaint: a keyboard-type scanner yields an empty code."""
    opened(kiosk)
    kiosk.send(CommandCode("OK"))
    kiosk.send(WHEAT)
    kiosk.until("35 KG left")
    kiosk.watch(0.5)
    kiosk.send(empty)
    after = kiosk.watch(1.0)
    assert "TYPED" not in after
    assert "35 KG" in after
    assert consumed(kiosk) == [("W-204", "25 KG")]


@pytest.mark.parametrize("end", ["\r\n", "\r\r", "\n", "\r\n\r\n", "\t", "\r\t"])
def test_w8_w9_whatever_ends_a_code_it_counts_once(kiosk: PtyKiosk, end: str) -> None:
    """The complaints: said to be increased and was not, the field not cleared; booked twice."""
    opened(kiosk)
    kiosk.send(CommandCode("OK"))
    kiosk.watch(0.3)
    kiosk.send(sent(WHEAT, end))
    shown = kiosk.until("W-204: 25 KG", "35 KG left")
    kiosk.watch(0.5)
    assert "TYPED" not in shown
    assert consumed(kiosk) == [("W-204", "25 KG")]


def test_w9_the_second_half_of_an_end_confirms_no_step(kiosk: PtyKiosk) -> None:
    """Enter confirms a step: the rest of a suffix is no Enter."""
    opened(kiosk, "B-3")
    kiosk.send(sent(BUTTER, "\r\r\n"))
    kiosk.until("Fold twice")
    kiosk.watch(0.5)
    events = kiosk.end()
    assert [type(one) for one in events if isinstance(one, MaterialConsumed)] == [MaterialConsumed]
    assert not any(isinstance(one, StepConfirmed) for one in events)


def test_w10_the_same_code_twice_at_once_counts_once_and_later_again(kiosk: PtyKiosk) -> None:
    """The complaint: the same item scanned twice in quick succession."""
    opened(kiosk)
    kiosk.send(WHEAT, WHEAT)
    kiosk.until("counts once")
    kiosk.watch(STUTTER_OVER_SECONDS)
    kiosk.send(WHEAT)
    kiosk.until("10 KG left")
    assert consumed(kiosk) == [("W-204", "25 KG"), ("W-204", "25 KG")]


def test_keys_that_come_with_a_burst_do_not_act_and_are_counted(kiosk: PtyKiosk) -> None:
    """F8 is DONE: a scanner that sends it inside a code reports nothing, and the doctor is told."""
    opened(kiosk)
    kiosk.send(b"\x1b[19~" + sent(WHEAT))
    kiosk.until("35 KG left")
    assert consumed(kiosk) == [("W-204", "25 KG")]
