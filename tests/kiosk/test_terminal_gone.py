"""A terminal that goes away: the kiosk ends by itself, with all that was accepted on disk."""

import os
from pathlib import Path

from kiosk.scanners.wedge import TERMINAL_GONE_STATUS
from labels.codes import BadgeCode
from sync.domain.events import OperatorSignedIn
from tests.kiosk.real_terminals import WAIT_SECONDS, PtyKiosk, own_events


def test_a_kiosk_ends_with_its_terminal_and_keeps_what_it_took(tmp_path: Path) -> None:
    kiosk = PtyKiosk(tmp_path)
    kiosk.until("Scan your badge")
    kiosk.send(BadgeCode("4402917386"))
    kiosk.until("HELLO")
    os.close(kiosk.master)
    assert kiosk.process.wait(WAIT_SECONDS) == TERMINAL_GONE_STATUS
    assert [type(one) for one in own_events(tmp_path)] == [OperatorSignedIn]
