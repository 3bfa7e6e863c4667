"""A demo whose terminal is closed leaves no process behind."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest

PATIENCE_SECONDS: Final = 60.0
READ_BYTES: Final = 65_536
PROCESSES: Final = Path("/proc")


def of_demo(folder: Path) -> list[str]:
    """The command lines of processes that work in this folder."""
    lines = []
    for one in PROCESSES.glob("[0-9]*/cmdline"):
        try:
            words = one.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it ended meanwhile
            continue
        if str(folder) in words:
            lines.append(words)
    return lines


@pytest.mark.long
def test_a_terminal_that_says_twice_that_it_is_closed_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    master, slave = pty.openpty()
    demo = subprocess.Popen(
        [sys.executable, "-m", "kiosk", "demo", "--data", str(folder)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    end, seen = time.monotonic() + PATIENCE_SECONDS, b""
    while b"press Space" not in seen:
        assert time.monotonic() < end, seen[-500:]
        if select.select([master], [], [], 0.1)[0]:
            seen += os.read(master, READ_BYTES)
    assert len(of_demo(folder)) >= 3
    demo.send_signal(signal.SIGHUP)
    while select.select([master], [], [], 0.2)[0]:  # on its way out by now
        try:
            os.read(master, READ_BYTES)
        except OSError:
            break
    if demo.poll() is None:
        demo.send_signal(signal.SIGHUP)
    os.close(master)
    assert demo.wait(PATIENCE_SECONDS) == 128 + signal.SIGHUP
    while of_demo(folder):
        assert time.monotonic() < end, of_demo(folder)
        time.sleep(0.1)
