"""A real CUPS of its own, on a socket in a temporary folder, with raw queues to a virtual printer."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from labels.printers import CupsPrinter, PrinterDoubt, PrinterUnreachable, discover, open_printer
from tests.labels.faulty_printer import Faults, Printed, on_tcp
from tests.missing import missing

LABEL: Final = b"^XA^FXjob 1^FS^FDl\xc3\xa4nge \x00\x7f\r\n^FS^XZ\n"
PDF: Final = b"%PDF-1.4\n%\xe2\xe3\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
START_SECONDS_MAX: Final = 20.0
DAEMON: Final = "/usr/sbin/cupsd"
PRIVATE: Final = """
ServerRoot {root}
ServerBin /usr/lib/cups
DataDir /usr/share/cups
StateDir {root}/state
CacheDir {root}/cache
RequestRoot {root}/spool
TempDir {root}/spool/tmp
AccessLog {root}/access
ErrorLog {root}/error
PageLog {root}/page
SystemGroup root
"""
OPEN: Final = """
Listen {root}/socket
Browsing Off
WebInterface No
LogLevel warn
DefaultAuthType None
<Location />
  Order allow,deny
  Allow all
</Location>
<Policy default>
  <Limit All>
    Order allow,deny
    Allow all
  </Limit>
</Policy>
"""


@dataclass
class Cups:
    """What its queues print to."""

    device: str
    printed: Printed


@pytest.fixture(scope="module")
def cups() -> Iterator[Cups]:
    if not Path(DAEMON).exists() or shutil.which("lp") is None:
        missing("cupsd or lp", "install the packages cups-daemon and cups-client")
    if os.geteuid() != 0:
        missing("a user that may start cupsd", "run as root, as in a container")
    with tempfile.TemporaryDirectory(prefix="cups-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # its backend runs as another user
        yield from _served(Path(folder))


def _served(root: Path) -> Iterator[Cups]:
    for folder in ("state", "cache", "spool", "spool/tmp", "ppd"):
        (root / folder).mkdir(parents=True)
    (root / "cups-files.conf").write_text(PRIVATE.format(root=root))
    (root / "cupsd.conf").write_text(OPEN.format(root=root))
    daemon = subprocess.Popen(
        [DAEMON, "-f", "-c", str(root / "cupsd.conf"), "-s", str(root / "cups-files.conf")]
    )
    os.environ["CUPS_SERVER"] = str(root / "socket")
    try:
        _await(lambda: _said("lpstat", "-r").endswith("is running\n"))
        with on_tcp(Faults(), "") as (port, printed):
            device = f"socket://127.0.0.1:{port}"
            for queue in ("labels", "stopped"):
                _admin("lpadmin", "-p", queue, "-v", device, "-m", "raw", "-E")
            _admin("cupsdisable", "-r", "door open", "stopped")
            yield Cups(device, printed)
    finally:
        del os.environ["CUPS_SERVER"]
        daemon.terminate()
        daemon.wait(10)


def _said(*command: str) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}
    )
    return done.stdout


def _admin(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, (command, done.stderr)


def _await(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + START_SECONDS_MAX
    while not is_so():
        assert time.monotonic() < end, "CUPS is too slow"
        time.sleep(0.05)


def test_a_raw_queue_hands_on_the_bytes_as_they_are(cups: Cups) -> None:
    printer = CupsPrinter("labels")
    assert printer.submit("T-1", LABEL) == "labels-1"
    _await(lambda: bytes(cups.printed.got) == LABEL)
    open_printer("cups://labels").send("T-2", PDF, "pdf")
    _await(lambda: bytes(cups.printed.got) == LABEL + PDF)
    _await(lambda: printer.status("zpl").state == "ready")


def test_a_queue_that_is_stopped_says_why_and_counts_what_waits(cups: Cups) -> None:
    printer = CupsPrinter("stopped")
    assert printer.status("zpl").detail.startswith("the queue is stopped (door open)")
    before = bytes(cups.printed.got)
    for job in ("T-1", "T-2"):
        printer.send(job, LABEL)
    told = printer.status("zpl")
    assert (told.state, told.waiting, told.has_room) == ("paused", 2, False)
    assert bytes(cups.printed.got) == before


def test_a_queue_that_is_not_there_or_takes_nothing(cups: Cups) -> None:
    nowhere = CupsPrinter("nowhere")
    with pytest.raises(PrinterUnreachable, match="print queue nowhere, label 1: there is no such"):
        nowhere.send("1", LABEL)
    with pytest.raises(PrinterUnreachable, match="print queue nowhere: "):
        nowhere.status("zpl")
    _admin("cupsreject", "stopped")
    with pytest.raises(PrinterUnreachable, match="run `cupsaccept`"):
        CupsPrinter("stopped").send("1", LABEL)


def test_queues_are_found(cups: Cups) -> None:
    found = [one for one in discover() if one.url.startswith("cups://")]
    assert [(one.url, one.what) for one in found] == [
        ("cups://labels", f"print queue to {cups.device}"),
        ("cups://stopped", f"print queue to {cups.device}"),
    ]


def test_no_cups_no_label(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if shutil.which("lp") is None:
        missing("lp", "install the package cups-client")
    monkeypatch.setenv("CUPS_SERVER", str(tmp_path / "socket"))
    with pytest.raises(PrinterUnreachable, match="CUPS does not run"):
        CupsPrinter("labels").send("1", LABEL)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PrinterUnreachable, match="the program lp is not installed"):
        CupsPrinter("labels").send("1", LABEL)
    assert [one for one in discover() if one.url.startswith("cups://")] == []


@pytest.mark.parametrize(
    ("script", "error", "words"),
    [
        ("exec /bin/sleep 5", PrinterDoubt, "lp did not end in 0.2 s"),
        ("/bin/cat > /dev/null; echo accepted", PrinterDoubt, "gave no request id"),
        ("echo 'lp: Forbidden' >&2; exit 1", PrinterUnreachable, "does not let this user"),
    ],
)
def test_what_lp_says_is_read_strictly(
    script: str,
    error: type[Exception],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    program = tmp_path / "lp"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(error, match=words):
        CupsPrinter("labels", seconds=0.2).send("1", LABEL)
