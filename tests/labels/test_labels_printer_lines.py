"""Device files and serial lines, on real descriptors: what arrives, and what is told when it stops."""

import os
import select
from pathlib import Path

import pytest

from labels.printers import (
    DevicePrinter,
    PrinterDoubt,
    PrinterUnreachable,
    SerialPrinter,
    open_printer,
)
from labels.printers.serial_port import Flow
from tests.labels.faulty_printer import Faults, on_fifo, on_pty

LABEL = b"^XA^FXjob 1^FS^FDl\xc3\xa4nge \x00\x7f\r\n^FS^XZ\n"
LONG = LABEL * 40_000
SECONDS = 0.3


@pytest.mark.parametrize("data", [LABEL, LONG], ids=["one", "many"])
def test_a_device_takes_the_bytes_as_they_are(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "lp0"
    with on_fifo(str(path), Faults()) as printed:
        DevicePrinter(path, SECONDS).send("17", data)
    assert bytes(printed.got) == data


def test_a_device_that_stops_taking_is_doubt(tmp_path: Path) -> None:
    path = tmp_path / "lp0"
    with (
        on_fifo(str(path), Faults(stops_reading_after=10)),
        pytest.raises(PrinterDoubt, match=r"label 17: broke off after .* takes nothing since"),
    ):
        DevicePrinter(path, SECONDS).send("17", LONG)


def test_a_device_that_takes_nothing_at_all_may_be_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "lp0"
    with on_fifo(str(path), Faults(stops_reading_after=0)):
        full = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        while select.select([], [full], [], 0)[1]:
            os.write(full, b"x" * 4096)
        with pytest.raises(PrinterUnreachable, match="it took no byte"):
            DevicePrinter(path, SECONDS).send("17", LABEL)
        os.close(full)


def test_a_device_that_is_unplugged_in_mid_label_is_doubt(tmp_path: Path) -> None:
    path = tmp_path / "lp0"
    with (
        on_fifo(str(path), Faults(closes_after=70_000)),
        pytest.raises(PrinterDoubt, match=r"label 17: broke off after"),
    ):
        DevicePrinter(path, SECONDS).send("17", LONG)


def test_a_device_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PrinterUnreachable, match="is the printer on and plugged in"):
        DevicePrinter(tmp_path / "lp0").send("17", LABEL)
    os.mkfifo(tmp_path / "lp1")
    with pytest.raises(PrinterUnreachable, match="nothing is behind it"):
        DevicePrinter(tmp_path / "lp1").send("17", LABEL)
    (tmp_path / "lp2").touch()
    with pytest.raises(PrinterUnreachable, match="write folder:// for files"):
        DevicePrinter(tmp_path / "lp2").send("17", LABEL)
    with pytest.raises(PrinterUnreachable, match="it is a folder"):
        DevicePrinter(tmp_path).send("17", LABEL)


def test_out_of_paper_is_said_so() -> None:
    with pytest.raises(PrinterUnreachable, match="it is out of paper"):
        open_printer("device:///dev/full").send("17", LABEL)


@pytest.mark.parametrize("flow", ["xonxoff", "rtscts", "none"])
def test_a_serial_line_carries_a_label(flow: Flow) -> None:
    with on_pty(Faults()) as (path, printed):
        open_printer(f"serial://{path}?baud=115200&flow={flow}").send("17", LABEL * 20)
    assert bytes(printed.got) == LABEL * 20


def test_a_serial_line_that_is_held_back_is_doubt() -> None:
    with (
        on_pty(Faults(stops_reading_after=10)) as (path, _),
        pytest.raises(PrinterDoubt, match=r"label 17: broke off after .*it holds us back"),
    ):
        SerialPrinter(path, write_seconds=SECONDS).send("17", LONG)


def test_a_serial_line_has_one_user() -> None:
    with on_pty(Faults()) as (path, _):
        first = SerialPrinter(path)
        with (
            first._opened(),
            pytest.raises(PrinterUnreachable, match="another program has it"),
        ):
            SerialPrinter(path).send("17", LABEL)


def test_a_serial_line_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PrinterUnreachable, match="listed under /dev/serial/by-id"):
        SerialPrinter(str(tmp_path / "ttyS9")).send("17", LABEL)
