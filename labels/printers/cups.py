"""A print queue of CUPS: `lp -o raw` for a printer's language, the document itself for PDF.

`cups://QUEUE`, or `cups://host:631/QUEUE` for a server elsewhere. CUPS takes the job and prints it
when it can: "sent" is then said of the queue, and `status` counts what waits in it.
"""

import os
import re
import subprocess
from dataclasses import dataclass
from typing import Final

from labels.printers.base import PrinterDoubt, PrinterError, PrinterStatus, PrinterUnreachable

LP_SECONDS_MAX: Final = 4.0
QUEUE: Final = re.compile(r"[A-Za-z0-9_.-]{1,127}")
_REQUEST: Final = re.compile(r"request id is (\S+-\d+) ")
NO_QUEUE: Final = "there is no such queue: `lpstat -e` lists them"
NOT_RUNNING: Final = "CUPS does not run: start cups.service"
# As a program of CUPS says that it did not take the job; another end leaves it open.
_REFUSED: Final = (
    ("does not exist", NO_QUEUE),
    ("Invalid destination name", NO_QUEUE),
    ("not accepting", "the queue takes no jobs: run `cupsaccept`"),
    ("Forbidden", "CUPS does not let this user print there"),
    ("Unauthorized", "CUPS does not let this user print there"),
    ("Unsupported document-format", "the queue takes no such document: is it a raw queue?"),
)


@dataclass(frozen=True, slots=True)
class CupsPrinter:
    """A queue; `server` is host:port of a CUPS elsewhere, "" for the one of this machine."""

    queue: str
    server: str = ""
    seconds: float = LP_SECONDS_MAX

    @property
    def name(self) -> str:
        return f"print queue {self.queue}" + (f" at {self.server}" if self.server else "")

    def send(self, job: str, data: bytes, suffix: str = "zpl") -> None:
        """`job` is the job's title; raises PrinterUnreachable, PrinterDoubt."""
        self.submit(job, data, suffix)

    def submit(self, job: str, data: bytes, suffix: str = "zpl") -> str:
        """As `send`; CUPS's id of the request."""
        raw = () if suffix == "pdf" else ("-o", "raw")
        said = self._run("lp", "-d", self.queue, *raw, "-t", job, data=data)
        if said.returncode:
            raise PrinterUnreachable(f"{self.name}, label {job}: {self._reason(said.stderr)}")
        found = _REQUEST.search(said.stdout)
        if found is None:
            told = said.stdout.strip() or "nothing"
            raise PrinterDoubt(
                f"{self.name}, label {job}: lp gave no request id ({told}); look if it came out"
            )
        return found.group(1)

    def status(self, language: str) -> PrinterStatus:
        """Of the queue; what a printer says itself is not seen through it."""
        del language
        said = self._run("lpstat", "-p", self.queue)
        if said.returncode or not said.stdout.strip():
            raise PrinterUnreachable(f"{self.name}: {self._reason(said.stderr)}")
        jobs = self._run("lpstat", "-W", "not-completed", "-o", self.queue)
        waiting = len(jobs.stdout.splitlines())
        return _read_state(said.stdout, waiting)

    def _reason(self, said: str) -> str:
        """Where no scheduler runs, the programs say that there is no queue: so it is asked for."""
        text = said.lower()
        for sign, reason in _REFUSED:
            if sign.lower() in text:
                is_lost = (
                    reason == NO_QUEUE and "is running" not in self._run("lpstat", "-r").stdout
                )
                return NOT_RUNNING if is_lost else reason
        told = said.strip().removeprefix("lp: ").removeprefix("lpstat: ")
        return told or "CUPS says nothing of it"

    def _run(
        self, program: str, *arguments: str, data: bytes = b""
    ) -> "subprocess.CompletedProcess[str]":
        command = [program, *(("-h", self.server) if self.server else ()), *arguments]
        environment = {**os.environ, "LC_ALL": "C"}
        try:
            done = subprocess.run(
                command,
                input=data,
                capture_output=True,
                check=False,
                timeout=self.seconds,
                env=environment,
            )
        except FileNotFoundError:
            raise PrinterUnreachable(
                f"{self.name}: the program {program} is not installed: install cups-client, "
                "or print by tcp:// or device://"
            ) from None
        except subprocess.TimeoutExpired:
            raise self._late(program) from None
        out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        return subprocess.CompletedProcess(command, done.returncode, out, err)

    def _late(self, program: str) -> PrinterError:
        if program == "lp":
            return PrinterDoubt(
                f"{self.name}: lp did not end in {self.seconds:g} s; "
                "look in `lpstat -o` and at the printer if the label came out"
            )
        return PrinterUnreachable(f"{self.name}: CUPS did not answer in {self.seconds:g} s")


def queues() -> list[tuple[str, str]]:
    """(name, device) of the queues of this machine; none where CUPS is not."""
    try:
        said = CupsPrinter("")._run("lpstat", "-v")
    except PrinterError:
        return []
    found = re.findall(r"^device for (\S+): (.*)$", said.stdout, re.MULTILINE)
    return [(str(name), str(device)) for name, device in found]


def _read_state(said: str, waiting: int) -> PrinterStatus:
    """`lpstat -p` in the C locale: one line of state, then the reason indented."""
    head, *rest = said.strip().splitlines()
    reason = " ".join(line.strip() for line in rest).strip()
    if " disabled since" in head or "disabled" in head.split(".")[0]:
        why = f" ({reason})" if reason else ""
        return PrinterStatus(
            "paused", f"the queue is stopped{why}: run `cupsenable`; {waiting} wait", waiting
        )
    if waiting:
        detail = f"{waiting} jobs wait in the queue" + (f" ({reason})" if reason else "")
        return PrinterStatus("busy", detail, waiting)
    return PrinterStatus("ready", "the queue is idle", 0)
