"""No scan is lost on a real terminal: before the first picture, while it is resized or stopped."""

import fcntl
import os
import signal
import struct
import termios
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from labels.codes import BadgeCode, CommandCode, LotCode, OrderCode
from tests.kiosk.real_terminals import PtyKiosk, sent

ANNA = BadgeCode("4402917386")
WHEAT = LotCode("W-204", "WHEAT", amount=Decimal(25), unit="KGM")
SIZES = ((79, 24), (120, 40), (80, 24))


@pytest.fixture
def early(tmp_path: Path) -> Iterator[PtyKiosk]:
    """Anna's badge and an order were scanned before the program had begun to run."""
    one = PtyKiosk(tmp_path / "data")
    one.send(ANNA, OrderCode("B-1"))
    yield one
    one.close()


def resized(kiosk: PtyKiosk, columns: int, rows: int) -> None:
    size = struct.pack("HHHH", rows, columns, 0, 0)
    fcntl.ioctl(kiosk.master, termios.TIOCSWINSZ, size)
    os.kill(kiosk.process.pid, signal.SIGWINCH)


def test_scans_before_the_first_picture_and_while_it_is_resized_count(early: PtyKiosk) -> None:
    early.until("B-1:", "● keyboard")
    early.send(CommandCode("OK"))
    early.watch(0.3)
    code = sent(WHEAT)
    for size, piece in zip(SIZES, (code[:9], code[9:20], code[20:]), strict=True):
        os.write(early.master, piece)
        resized(early, *size)
    early.until("35 KG left")


def test_scans_while_the_program_is_stopped_and_when_it_goes_on_count(early: PtyKiosk) -> None:
    early.until("B-1:", "● keyboard")
    early.process.send_signal(signal.SIGSTOP)
    early.send(CommandCode("OK"), WHEAT)
    early.process.send_signal(signal.SIGCONT)
    early.until("35 KG left")
