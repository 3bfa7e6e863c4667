"""Real sockets and folders: a label is there, surely not there, or in doubt."""

import socket
import time
from pathlib import Path

import pytest

from labels.printers import (
    CupsPrinter,
    DevicePrinter,
    FolderPrinter,
    NetworkPrinter,
    PrinterAddressError,
    PrinterDoubt,
    PrinterUnreachable,
    SerialPrinter,
    WindowsPrinter,
    discover,
    open_printer,
)
from tests.labels.faulty_printer import Faults, on_tcp

LABEL = b"^XA^FXjob 1^FS^XZ\n"
LONG = LABEL * 500_000
SECONDS = 0.3
LOST_SECONDS_MAX = 5.0


def printer(port: int) -> NetworkPrinter:
    return NetworkPrinter("127.0.0.1", port, SECONDS, SECONDS, SECONDS)


@pytest.mark.parametrize("stays_open", [False, True])
@pytest.mark.parametrize("data", [LABEL, LONG], ids=["one", "many"])
def test_a_label_arrives_whole(data: bytes, stays_open: bool) -> None:
    with on_tcp(Faults(stays_open=stays_open), "escpos") as (port, printed):
        printer(port).send("1", data)
        assert bytes(printed.got) == data


def test_a_refused_connection_may_be_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(PrinterUnreachable, match=rf"127.0.0.1:{port} does not answer"):
        open_printer(f"tcp://127.0.0.1:{port}").send("1", LABEL)


@pytest.mark.parametrize("data", [LABEL, LONG], ids=["one", "many"])
def test_a_reset_in_mid_label_is_doubt(data: bytes) -> None:
    with on_tcp(Faults(resets_after=5)) as (port, printed):
        with pytest.raises(PrinterDoubt, match="label 17: broke off after"):
            printer(port).send("17", data)
        assert len(printed.got) <= 5


def test_a_printer_that_closes_early_is_doubt() -> None:
    with (
        on_tcp(Faults(closes_after=5)) as (port, _),
        pytest.raises(PrinterDoubt, match="label 17: broke off after"),
    ):
        printer(port).send("17", LONG)


def test_a_printer_that_stops_reading_is_told_in_time_and_is_doubt() -> None:
    with on_tcp(Faults(stops_reading_after=0)) as (port, _):
        begun = time.monotonic()
        with pytest.raises(PrinterDoubt, match="look if it came out"):
            NetworkPrinter("127.0.0.1", port).send("17", LONG)
        assert time.monotonic() - begun < LOST_SECONDS_MAX


def test_a_slow_printer_is_none_that_is_lost() -> None:
    """At 9,600 baud a label takes longer than the time without a byte that loses a printer."""
    label = LABEL * 360
    with on_tcp(Faults(baud=9600)) as (port, printed):
        begun = time.monotonic()
        NetworkPrinter("127.0.0.1", port).send("17", label)
        assert time.monotonic() - begun > LOST_SECONDS_MAX
        assert len(printed.got) > len(label) - 1024  # the rest is in its own memory


def test_a_folder_gets_whole_files(tmp_path: Path) -> None:
    folder = tmp_path / "new folder"
    printer = open_printer(f"folder://{str(folder).replace(' ', '%20')}")
    printer.send("17", LABEL)
    printer.send("17", LABEL)  # the same once more is the same
    printer.send("18", b"%PDF", "pdf")
    with pytest.raises(PrinterUnreachable, match="is another label that nobody has taken yet"):
        printer.send("17", LABEL * 2)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "17.zpl": LABEL,
        "18.pdf": b"%PDF",
    }


def test_a_folder_that_cannot_be_written_may_be_tried_again(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(PrinterUnreachable, match=r"17\.zpl"):
        FolderPrinter(blocked / "labels").send("17", LABEL)
    with pytest.raises(PrinterUnreachable, match="cannot be written"):
        FolderPrinter(blocked / "labels").status("zpl")
    assert FolderPrinter(tmp_path / "labels").status("zpl").state == "ready"


@pytest.mark.parametrize("job", ["../17", "a/b", ".17", ""])
def test_a_job_cannot_leave_its_folder(tmp_path: Path, job: str) -> None:
    with pytest.raises(AssertionError):
        FolderPrinter(tmp_path).send(job, LABEL)


def test_addresses() -> None:
    assert {url: open_printer(url) for url in ADDRESSES} == ADDRESSES


ADDRESSES = {
    "tcp://192.0.2.1": NetworkPrinter("192.0.2.1", 9100),
    "tcp://[::1]:6101/": NetworkPrinter("::1", 6101),
    "folder:///var/labels": FolderPrinter(Path("/var/labels")),
    "device:///dev/usb/lp0": DevicePrinter(Path("/dev/usb/lp0")),
    "serial:///dev/ttyS0": SerialPrinter("/dev/ttyS0", 9600, "xonxoff"),
    "serial:///dev/ttyS0?baud=38400&flow=rtscts": SerialPrinter("/dev/ttyS0", 38400, "rtscts"),
    "cups://Zebra-1": CupsPrinter("Zebra-1"),
    "cups://prints.example:631/Zebra-1": CupsPrinter("Zebra-1", "prints.example:631"),
    "windows://ZDesigner%20ZD421": WindowsPrinter("ZDesigner ZD421"),
}


@pytest.mark.parametrize(
    "url",
    [
        *("", "printer", "tcp://", "tcp://h:x", "tcp://h:99999", "tcp://h/path", "tcp://h?a=1"),
        *("folder://a/b", "usb://1", "device://", "device://host/dev/lp0", "device:///"),
        *("serial://", "serial:///dev/ttyS0?baud=fast", "serial:///dev/ttyS0?baud=9601"),
        *(
            "serial:///dev/ttyS0?flow=maybe",
            "serial:///dev/ttyS0?parity=odd",
            "serial:///dev/a?baud=",
        ),
        *("cups://", "cups://a b", "cups:///", "cups://q?x=1", "windows://", "tcp://[::1"),
    ],
)
def test_addresses_of_no_printer(url: str) -> None:
    with pytest.raises(PrinterAddressError, match=r"^printer "):
        open_printer(url)


def test_a_windows_printer_is_reached_from_windows() -> None:
    with pytest.raises(PrinterUnreachable, match="from Windows only"):
        open_printer("windows://ZDesigner").send("1", LABEL)


def test_local_printers_are_found_and_given_ones_asked(tmp_path: Path) -> None:
    for name in ("usb/lp0", "usb/lp1", "lp0", "serial/by-id/usb-Zebra-if00"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with on_tcp(Faults()) as (port, printed):
        given = f"tcp://127.0.0.1:{port}"
        found = discover([given, "tcp://127.0.0.1:1"], tmp_path)
        assert not printed.got
    assert [one.url for one in found if not one.url.startswith("cups://")] == [
        f"device://{tmp_path}/usb/lp0",
        f"device://{tmp_path}/usb/lp1",
        f"device://{tmp_path}/lp0",
        f"serial://{tmp_path}/serial/by-id/usb-Zebra-if00",
        given,
    ]
