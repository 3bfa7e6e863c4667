"""Real sockets and folders: a label is there, surely not there, or in doubt."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from labels.printers import (
    FolderPrinter,
    NetworkPrinter,
    PrinterAddressError,
    PrinterDoubt,
    PrinterUnreachable,
    open_printer,
)

LABEL = b"^XA^FXjob 1^FS^XZ\n"
LONG = LABEL * 500_000
SECONDS = 0.3
Behaviour = Callable[[socket.socket, bytearray, threading.Event], None]


def _reads_all(line: socket.socket, got: bytearray, _: threading.Event) -> None:
    while chunk := line.recv(65_536):
        got += chunk


def _reads_and_stays_open(line: socket.socket, got: bytearray, done: threading.Event) -> None:
    _reads_all(line, got, done)
    line.sendall(b"status")
    done.wait(10)


def _resets(line: socket.socket, got: bytearray, _: threading.Event) -> None:
    got += line.recv(5)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _takes_nothing_more(line: socket.socket, got: bytearray, done: threading.Event) -> None:
    got += line.recv(5)
    done.wait(10)


@contextmanager
def virtual_printer(behaviour: Behaviour) -> Iterator[tuple[int, bytearray]]:
    got, done = bytearray(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            line, _ = server.accept()
            with line:
                behaviour(line, got, done)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1], got
        finally:
            done.set()
            thread.join(10)
    assert not thread.is_alive()


@pytest.mark.parametrize("behaviour", [_reads_all, _reads_and_stays_open])
@pytest.mark.parametrize("data", [LABEL, LONG], ids=["one", "many"])
def test_a_label_arrives_whole(behaviour: Behaviour, data: bytes) -> None:
    with virtual_printer(behaviour) as (port, got):
        NetworkPrinter("127.0.0.1", port, answer_seconds=SECONDS).send("1", data)
    assert bytes(got) == data


def test_a_refused_connection_may_be_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(PrinterUnreachable, match=rf"127.0.0.1:{port} does not answer"):
        open_printer(f"tcp://127.0.0.1:{port}").send("1", LABEL)


@pytest.mark.parametrize("data", [LABEL, LONG], ids=["one", "many"])
def test_a_reset_in_mid_label_is_doubt(data: bytes) -> None:
    with virtual_printer(_resets) as (port, got):
        with pytest.raises(PrinterDoubt, match="label 17: broke off after"):
            NetworkPrinter("127.0.0.1", port, SECONDS, SECONDS).send("17", data)
        assert len(got) <= 5


def test_a_printer_that_stops_reading_is_doubt() -> None:
    with (
        virtual_printer(_takes_nothing_more) as (port, _),
        pytest.raises(PrinterDoubt, match="look if it came out"),
    ):
        NetworkPrinter("127.0.0.1", port, SECONDS, SECONDS).send("17", LONG)


def test_a_folder_gets_whole_files(tmp_path: Path) -> None:
    folder = tmp_path / "new folder"
    printer = open_printer(f"folder://{str(folder).replace(' ', '%20')}")
    printer.send("17", LABEL)
    printer.send("17", LABEL * 2)
    printer.send("18", b"%PDF", "pdf")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "17.zpl": LABEL * 2,
        "18.pdf": b"%PDF",
    }


def test_a_folder_that_cannot_be_written_may_be_tried_again(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(PrinterUnreachable, match=r"17\.zpl"):
        FolderPrinter(blocked / "labels").send("17", LABEL)


@pytest.mark.parametrize("job", ["../17", "a/b", ".17", ""])
def test_a_job_cannot_leave_its_folder(tmp_path: Path, job: str) -> None:
    with pytest.raises(AssertionError):
        FolderPrinter(tmp_path).send(job, LABEL)


def test_addresses() -> None:
    assert open_printer("tcp://192.0.2.1") == NetworkPrinter("192.0.2.1", 9100)
    assert open_printer("tcp://[::1]:6101/") == NetworkPrinter("::1", 6101)
    assert open_printer("folder:///var/labels") == FolderPrinter(Path("/var/labels"))
    for url in ("", "printer", "tcp://", "tcp://h:x", "tcp://h:99999", "folder://a/b", "usb://1"):
        with pytest.raises(PrinterAddressError, match="printer"):
            open_printer(url)
