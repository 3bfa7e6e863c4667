"""The first run: what is a candidate, what is written; and the wizard on a real cable and printer."""

import os
import select
import socket
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from kiosk.config import Config, PrinterConfig, load
from kiosk.config_scanner import ScannerConfig
from kiosk.first_run import (
    Candidate,
    Typing,
    candidates,
    free_name,
    printer_address,
    queues,
    with_sections,
)
from kiosk.run import Trouble
from kiosk.setup import write

XENON: Final = "/dev/serial/by-id/usb-Honeywell_Xenon_1950_12345-if00"
ZEBRA: Final = Typing("05e0", "1200", "Symbol Bar Code Scanner")
SECONDS_MAX: Final = 30.0


def test_candidates_are_serial_names_and_keyboards_of_scanner_vendors() -> None:
    typing = [Typing("046d", "c31c", "Logitech Keyboard"), ZEBRA, ZEBRA]
    assert candidates(["/dev/serial/by-id/usb-FTDI_1", XENON], typing, ()) == [
        Candidate("/dev/serial/by-id/usb-FTDI_1", ScannerConfig("/dev/serial/by-id/usb-FTDI_1")),
        Candidate(XENON, ScannerConfig(XENON, feedback="honeywell")),
        Candidate(
            "Symbol Bar Code Scanner (05e0:1200)",
            ScannerConfig(driver="evdev", vendor="05e0", product="1200"),
        ),
    ]
    known = [ScannerConfig(XENON), ScannerConfig(driver="evdev", vendor="05e0", product="1200")]
    assert candidates([XENON], typing, known) == []


def test_queues_of_network_printers_are_found() -> None:
    told = (
        "device for LABELS: socket://10.0.0.9:9100\n"
        "device for Office: ipp://printer.example/ipp\n"
        "device for ZD420: socket://zd420.plant\n"
    )
    assert queues(told) == [("LABELS", "tcp://10.0.0.9:9100"), ("ZD420", "tcp://zd420.plant")]


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        (" 10.0.0.9 ", "tcp://10.0.0.9"),
        ("zd420:6101", "tcp://zd420:6101"),
        ("tcp://10.0.0.9:9100", "tcp://10.0.0.9:9100"),
        ("folder:///srv/labels", "folder:///srv/labels"),
        ("cups://labels", "cups://labels"),
        ("/dev/usb/lp0", "device:///dev/usb/lp0"),
        ("/dev/serial/by-id/usb-Zebra", "serial:///dev/serial/by-id/usb-Zebra"),
    ],
)
def test_a_printers_address_as_it_is_typed(typed: str, url: str) -> None:
    assert printer_address(typed) == url


@pytest.mark.parametrize("typed", ["the one there", "10.0.0.9:port", "-", "usb://lp0"])
def test_what_is_no_printers_address_is_told(typed: str) -> None:
    with pytest.raises(ValueError, match="want an address such as"):
        printer_address(typed)


def test_names_are_free() -> None:
    assert free_name("labels", ()) == "labels"
    assert free_name("labels", {"labels", "labels-2"}) == "labels-3"


def test_what_stood_in_the_file_stays() -> None:
    scanner = ScannerConfig(XENON, "left", feedback="honeywell")
    printer = PrinterConfig("labels", "tcp://10.0.0.9")
    assert with_sections("# ours\n[wedge]\ngap_ms = 300\n\n", [scanner], [printer]) == (
        "# ours\n[wedge]\ngap_ms = 300\n"
        "\n[[scanner]]  # answered a trial scan\n"
        f'port = "{XENON}"\nname = "left"\nfeedback = "honeywell"\n'
        "\n[[printer]]  # printed a test label\n"
        'name = "labels"\nurl = "tcp://10.0.0.9"\n'
    )


def test_what_cannot_be_used_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text('[[scanner]]\nport = "/dev/x"\n')
    with pytest.raises(Trouble, match="is as it was"):
        write(file, tmp_path, [ScannerConfig("/dev/x")], [])
    assert [one.name for one in tmp_path.iterdir()] == ["kiosk.toml"]
    assert file.read_text() == '[[scanner]]\nport = "/dev/x"\n'


class Paper:
    """A label printer on the network: what it was sent."""

    def __init__(self) -> None:
        self._door = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._door.getsockname()[1]}"
        self.printed = b""
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        line, _ = self._door.accept()
        with line:
            while data := line.recv(65_536):
                self.printed += data

    def close(self) -> None:
        self._thread.join(SECONDS_MAX)
        self._door.close()


class Wizard:
    """`kiosk setup` as a process, with a person at its lines."""

    def __init__(self, data: Path, names: Path) -> None:
        words = ["setup", "--data", str(data), "--serial", str(names)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kiosk", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.said = ""

    def until(self, text: str) -> None:
        """Read what it says until it says that."""
        assert self._process.stdout is not None
        end = time.monotonic() + SECONDS_MAX
        while text not in self.said:
            ready = select.select([self._process.stdout], [], [], end - time.monotonic())[0]
            data = os.read(self._process.stdout.fileno(), 4_096) if ready else b""
            assert data, f"{text!r} was not said: {self.said}"
            self.said += data.decode()

    def type(self, line: str) -> None:
        assert self._process.stdin is not None
        self.said = ""
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def end(self) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        status = self._process.wait(SECONDS_MAX)
        self._process.stdout.close()
        return status


@pytest.fixture
def paper() -> Iterator[Paper]:
    made = Paper()
    yield made
    made.close()


def test_a_trial_scan_and_a_test_label_make_the_configuration(tmp_path: Path, paper: Paper) -> None:
    names, data = tmp_path / "by-id", tmp_path / "data"
    names.mkdir()
    data.mkdir()
    (data / "kiosk.toml").write_text("[wedge]\ngap_ms = 60  # ours\n")
    ours, theirs = zip(*(os.openpty() for _ in range(2)), strict=True)
    for number, end in enumerate(theirs):
        tty.setraw(end)
        (names / f"usb-Honeywell_Xenon_{number}").symlink_to(os.ttyname(end))
    wizard = Wizard(data, names)
    wizard.until("press Enter to go on without.")
    os.write(ours[1], b"]Q1B=4402917386\r")
    wizard.until("Xenon_1 read ]Q1B=4402917386\nIts name on the screen (Enter: scanner)?")
    wizard.type("left")
    wizard.until("Did it beep low just now (y/n)?")
    assert os.read(ours[1], 100) == b"\x1b8,\x1b8,"
    wizard.type("y")
    wizard.until("press Enter to go on without.")
    wizard.type("")
    wizard.until("(Enter: none, or no more)?")
    wizard.type("the grey one")
    wizard.until("want an address such as 10.0.0.9")
    wizard.type(paper.address)
    wizard.until("Did a label come out (y/n)?")
    wizard.type("y")
    wizard.until("(Enter: none, or no more)?")
    wizard.type("")
    wizard.until("Written: ")
    assert wizard.end() == 0
    made: Config = load(None, data)
    assert made.scanners == (
        ScannerConfig(str(names / "usb-Honeywell_Xenon_1"), "left", feedback="honeywell"),
    )
    assert made.printers == (PrinterConfig("labels", f"tcp://{paper.address}"),)
    assert made.wedge.gap_ms == 60
    assert "gap_ms = 60  # ours" in (data / "kiosk.toml").read_text()
    assert paper.printed.startswith(b"^XA")
    for end in (*ours, *theirs):
        os.close(end)


def test_without_a_person_nothing_is_written(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kiosk", "setup", "--data", str(tmp_path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "nobody answers" in done.stderr
    assert list(tmp_path.iterdir()) == []
