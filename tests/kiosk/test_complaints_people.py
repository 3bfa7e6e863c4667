"""What users of other terminals complain of about signing in, fed to this one as they met it."""

import signal
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from kiosk.dialog import STUTTER_SECONDS
from labels.codes import LotCode
from sync.domain.events import MaterialConsumed
from tests.kiosk.people_parts import PIN, guarded
from tests.kiosk.real_terminals import PtyKiosk, own_events
from tests.kiosk.terminals import badge, command, order

EXPIRED: Final = LotCode("W-190", "WHEAT", amount=Decimal(25), unit="KGM")
BURST_SECONDS: Final = 0.4  # between a hand's keys and a scanner's burst


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A station where Eva's badge wants her PIN, and no server answers."""
    guarded(tmp_path)
    return tmp_path


@pytest.fixture
def terminal(data: Path) -> Iterator[PtyKiosk]:
    kiosk = PtyKiosk(data)
    yield kiosk
    if kiosk.master >= 0:
        kiosk.close()


# W32, odoo#262474: a badge is scanned while the PIN has the focus. The scanner types into the same
# keyboard and ends in CR, which must not confirm the PIN; and another badge must switch the user.


def test_w32_the_own_badge_confirms_no_pin_that_stands_typed(terminal: PtyKiosk) -> None:
    terminal.until("Scan your badge")
    terminal.send(badge("eva"))
    terminal.until("Eva Holm: your PIN is asked for.")
    terminal.type(PIN)
    terminal.until("TYPED: ••••_")
    terminal.watch(BURST_SECONDS)
    terminal.send(badge("eva"))
    shown = terminal.watch(1.0)
    assert "your PIN is asked for." in shown
    assert "TYPED: ••••_" in shown
    assert "nobody signed in" in shown
    terminal.type("\r")
    terminal.until("Eva Holm is signed in at BAKE-1.")
    assert PIN.encode() not in terminal.raw
    told = [f"{type(one).__name__} {one.operator}" for one in terminal.end()]
    assert told == ["OperatorSignedIn eva"]


def test_w32_another_badge_switches_the_user_and_takes_no_digit_over(terminal: PtyKiosk) -> None:
    terminal.until("Scan your badge")
    terminal.send(badge("eva"))
    terminal.until("Eva Holm: your PIN is asked for.")
    terminal.type(PIN)
    terminal.until("TYPED: ••••_")
    terminal.watch(BURST_SECONDS)
    terminal.send(badge("anna"))
    shown = terminal.until("Anna Berg is signed in at BAKE-1.")
    assert "TYPED" not in shown
    assert PIN.encode() not in terminal.raw
    told = [f"{type(one).__name__} {one.operator}" for one in terminal.end()]
    assert told == ["OperatorSignedIn anna"]


# W38, opencrvs#11243: after a restart without a network the whole login is asked for, where the
# PIN would do. Here nothing is asked for, and badge and PIN are checked by what the station knows.


def test_w38_after_a_restart_offline_nobody_signs_in_anew(terminal: PtyKiosk, data: Path) -> None:
    terminal.until("Scan your badge")
    terminal.send(badge("anna"))
    terminal.until("Anna Berg is signed in")
    terminal.send(order("B-1"))
    terminal.until("Mix and bake")
    terminal.process.send_signal(signal.SIGKILL)
    terminal.close()
    again = PtyKiosk(data)
    try:
        shown = again.until("Anna Berg", "B-1", "OFFLINE")
        assert "Scan your badge" not in shown
        again.send(EXPIRED)
        again.until("IT IS ALREADY IN: SUPERVISOR BADGE")
        again.send(badge("eva"))
        again.until("Eva Holm: your PIN is asked for.")
        again.type(f"{PIN}\r")
        again.until("25 KG of 25 KG on label")
    finally:
        again.close()
    facts = own_events(data)
    assert [type(one).__name__ for one in facts] == [
        "OperatorSignedIn",
        "OperationStarted",
        "OperatorJoined",
        "MaterialConsumed",
    ]
    (consumed,) = [one for one in facts if isinstance(one, MaterialConsumed)]
    assert (consumed.operator, [(a.deviation, a.by) for a in consumed.accepted]) == (
        "anna",
        [("lot_expired", "eva")],
    )


def test_a_handover_survives_a_kill_in_the_middle(terminal: PtyKiosk, data: Path) -> None:
    terminal.until("Scan your badge")
    terminal.send(badge("anna"))
    terminal.until("Anna Berg is signed in")
    terminal.send(order("B-1"))
    terminal.until("Mix and bake")
    terminal.send(command("HANDOVER"))
    terminal.until("Gives: Anna Berg (not signed)")
    terminal.send(command("OK"))
    terminal.until("✔ kept")
    terminal.watch(STUTTER_SECONDS)  # sooner, the same badge again would be a stutter
    terminal.send(badge("anna"))
    terminal.until("Gives: Anna Berg ✔ signed")
    terminal.process.send_signal(signal.SIGKILL)
    terminal.close()
    again = PtyKiosk(data)
    try:
        again.until("Gives: Anna Berg ✔ signed", "✔ kept")
        again.send(badge("paul"))
        again.until("Paul Lind has taken over from Anna Berg, who is signed out.")
    finally:
        again.close()
    told = [f"{type(one).__name__} {one.operator}" for one in own_events(data)]
    assert told[3:] == [
        "HandoverSigned anna",
        "HandoverSigned paul",
        "OperatorLeft anna",
        "OperatorSignedOut anna",
        "OperatorSignedIn paul",
        "OperatorJoined paul",
    ]
