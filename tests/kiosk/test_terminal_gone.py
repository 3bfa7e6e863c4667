"""A terminal that goes away: the kiosk ends by itself, with all that was accepted on disk."""

import asyncio
import os
import pty
from pathlib import Path
from typing import Any

from textual.app import App

from kiosk.scanners.wedge import TERMINAL_GONE_STATUS, WedgeDriver
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


async def test_nothing_reads_on_where_the_terminal_is_gone() -> None:
    """An app that ends while it starts tells its driver nothing: the thread ends by itself."""
    master, slave = pty.openpty()
    os.close(master)
    app = App[Any]()
    app._loop = asyncio.get_running_loop()
    driver = WedgeDriver(app)
    driver.fileno = slave
    reading = asyncio.create_task(asyncio.to_thread(driver.run_input_thread))
    try:
        done, _ = await asyncio.wait({reading}, timeout=WAIT_SECONDS)
    finally:
        driver.exit_event.set()
        os.close(slave)
    assert done == {reading}
