"""The virtual printer over its real port, with labels as the product renders them."""

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from kiosk.demo.virtual_printer import (
    LABEL_BYTES_MAX,
    PrintedLabel,
    Symbol,
    Tray,
    VirtualPrinter,
    draw,
    read,
)
from labels.codes import LabelCode, LotCode, decode
from labels.printers import PrinterStatus, open_printer, status
from labels.render import render

PATIENCE_SECONDS = 20.0
VALUES = {
    "product": "Wheat roll",
    "material": "ROLL",
    "order": "B-1",
    "lot": "B-1",
    "quantity": "480",
    "unit": "C62",
    "produced": "2026-11-22 14:46",
    "expiry": "2026-11-25",
    "station": "BAKE-1",
    "operator": "Anna Berg",
    "label": "17",
}
WANTED = {
    LotCode("B-1"),
    LotCode("B-1", "ROLL", expiry=date(2026, 11, 25), amount=Decimal(480), unit="C62"),
    LabelCode("17"),
}


def zpl(job: str, **values: str) -> bytes:
    return render("batch", {**VALUES, **values}, "zpl", 203, job)


def codes(label: PrintedLabel) -> set[object]:
    return {decode(symbol.text.encode(), symbol.aim) for symbol in label.symbols}


@pytest.fixture
def printer(tmp_path: Path) -> Iterator[VirtualPrinter]:
    with VirtualPrinter(tmp_path / "labels") as printer:
        serving = threading.Thread(target=printer.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        try:
            yield printer
        finally:
            printer.shutdown()
            serving.join()


@contextlib.contextmanager
def connected(printer: VirtualPrinter) -> Iterator[socket.socket]:
    """A connection; at its end everything that was sent has been taken."""
    with socket.create_connection(("127.0.0.1", printer.server_address[1]), 5) as line:
        line.settimeout(PATIENCE_SECONDS)
        yield line
        line.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            assert line.recv(1) == b""


def test_a_label_is_kept_drawn_and_read(printer: VirtualPrinter) -> None:
    sent = zpl("job-1")
    with connected(printer) as line:
        line.sendall(sent)
    (label,) = printer.tray.labels()
    assert (label.number, label.job, label.fault) == (1, "job-1", "")
    assert codes(label) == WANTED
    assert Path(label.picture) == printer.tray.folder / "label-0001.png"
    with Image.open(label.picture) as picture:
        assert picture.size == (800, 600)
    assert (printer.tray.folder / "label-0001.zpl").read_bytes() == sent.strip()


def test_two_labels_in_one_connection(printer: VirtualPrinter) -> None:
    both = zpl("job-1") + zpl("job-2", lot="B-2", label="18")
    with connected(printer) as line:
        for start in range(0, len(both), 700):
            line.sendall(both[start : start + 700])
    first, second = printer.tray.labels()
    assert [(one.number, one.job) for one in (first, second)] == [(1, "job-1"), (2, "job-2")]
    assert codes(first) == WANTED
    assert {LotCode("B-2"), LabelCode("18")} <= codes(second)


def test_a_torn_label_is_thrown_away(printer: VirtualPrinter) -> None:
    whole = zpl("job-1")
    with connected(printer) as line:
        line.sendall(whole[: len(whole) // 2])
    with connected(printer) as line:
        line.sendall(whole[len(whole) // 2 :] + zpl("job-2"))
    (label,) = printer.tray.labels()
    assert label.job == "job-2"
    assert codes(label) == WANTED


def test_garbage_is_no_label(printer: VirtualPrinter) -> None:
    with connected(printer) as line:
        line.sendall(b"GET / HTTP/1.1\r\n\r\n" + bytes(range(256)) + zpl("job-1"))
    (label,) = printer.tray.labels()
    assert (label.job, codes(label)) == ("job-1", WANTED)


@pytest.mark.parametrize(
    "bad",
    [
        b"^XA^FXjob x-1^FS^GFA,99999999,9,9,zz^FS^XZ",
        b"^XA^FXjob x-1^FS^FO10,10^BXN,999999,200^FDx^FS^XZ",
        b"^XA^FXjob x-1^FS\xff\xfe\x00^XZ",
    ],
)
def test_a_label_that_cannot_be_drawn_is_kept_with_its_fault(
    bad: bytes, printer: VirtualPrinter
) -> None:
    with connected(printer) as line:
        line.sendall(bad + zpl("job-2"))
    spoilt, good = printer.tray.labels()
    assert spoilt.fault
    assert spoilt == PrintedLabel(1, "x-1", "", (), spoilt.fault)
    assert (printer.tray.folder / "label-0001.zpl").read_bytes() == bad
    assert (good.number, good.job, good.fault) == (2, "job-2", "")


def test_an_endless_label_ends_its_connection(printer: VirtualPrinter) -> None:
    with (
        socket.create_connection(("127.0.0.1", printer.server_address[1]), 5) as line,
        contextlib.suppress(ConnectionError),
    ):
        line.settimeout(PATIENCE_SECONDS)
        line.sendall(b"^XA" + b"x" * (2 * LABEL_BYTES_MAX))
        assert line.recv(1) == b""
    with connected(printer) as line:
        line.sendall(zpl("job-1"))
    assert [label.job for label in printer.tray.labels()] == ["job-1"]


def test_two_stations_print_at_once(printer: VirtualPrinter) -> None:
    def send(name: str) -> None:
        with connected(printer) as line:
            for number in range(5):
                line.sendall(zpl(f"{name}-{number}"))

    senders = [threading.Thread(target=send, args=(name,)) for name in ("bake", "pack")]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    found = printer.tray.labels()
    assert [label.number for label in found] == list(range(1, 11))
    assert {label.job for label in found} == {
        f"{name}-{number}" for name in ("bake", "pack") for number in range(5)
    }
    assert all(codes(label) == WANTED for label in found)


def test_the_product_sends_to_it(printer: VirtualPrinter) -> None:
    open_printer(f"tcp://127.0.0.1:{printer.server_address[1]}").send("job-1", zpl("job-1"))
    assert _labels_in(printer.tray, 1)[0].job == "job-1"


def test_a_tray_is_found_again_as_it_was_left(tmp_path: Path) -> None:
    first = Tray(tmp_path).take(zpl("job-1"))
    again = Tray(tmp_path)
    assert again.labels() == [first]
    assert again.take(zpl("job-2")).number == 2


def test_a_picture_without_symbols_reads_as_nothing() -> None:
    assert read(draw(b"^XA^FO20,20^A0N,40,40^FDHELLO^FS^XZ")) == ()
    (found,) = read(draw(b"^XA^FO40,40^BY3^BCN,100,N,N,N^FDLO1^FS^XZ"))
    assert found == Symbol("LO1", "]C0", found.kind)


def test_the_program_says_its_port(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "kiosk.demo.virtual_printer", "--folder", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            word, port = process.stdout.readline().split()
            assert word == "READY"
            with socket.create_connection(("127.0.0.1", int(port)), 5) as line:
                line.sendall(zpl("job-1"))
            assert codes(_labels_in(Tray(tmp_path), 1)[0]) == WANTED
        finally:
            process.terminate()


def _labels_in(tray: Tray, count: int) -> list[PrintedLabel]:
    """The labels, once so many came out."""
    end = time.monotonic() + PATIENCE_SECONDS
    while len(tray.labels()) < count:
        assert time.monotonic() < end, f"{len(tray.labels())} of {count} labels came out"
        time.sleep(0.02)
    return tray.labels()


def test_it_says_that_it_is_ready_and_keeps_nothing_of_the_question(
    printer: VirtualPrinter,
) -> None:
    url = f"tcp://127.0.0.1:{printer.server_address[1]}"
    assert status(url, "zpl") == PrinterStatus("ready", "ready", 0)
    assert printer.tray.labels() == []


def test_letters_that_the_renderer_lacks_are_drawn_bare() -> None:
    label = zpl("1", product="Käsebrötchen 20 °C")
    assert read(draw(label)) == read(draw(zpl("1")))
    assert draw(label) != draw(zpl("1"))
