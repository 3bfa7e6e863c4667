"""The product on real terminals: `kiosk run` as a process, on a pseudo-terminal or in an xterm.

Keys go in as bytes or as key codes of an X server, the screen comes out as text or as pixels.
"""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
import tty
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import pyte
from PIL import Image

from kiosk.journal import Journal
from kiosk.station import new_id
from labels.codes import Code, CommandCode, encode
from labels.symbols import decode_image
from sync.domain.events import Event, MaterialReceived, stamped
from sync.wire import FeedMark, Unknown
from sync.wire import encode as body_of
from tests.kiosk.dialog.bakery import TODAY, office
from tests.kiosk.terminals import StillClock
from tests.missing import missing

WAIT_SECONDS: Final = 30.0
KEEPS: Final = "2099-12-31"
LOOKS: Final = 5  # at the monitor, before the scan is repeated
READ_BYTES: Final = 65_536
STATION: Final = (
    '[station]\nname = "BAKE-1"\nwork_centers = ["MIX"]\nserver = "http://127.0.0.1:9"\n'
)
ROOT: Final = Path(__file__).parents[2]
# Asked or set by Textual, unknown to pyte, which would print their ends.
_PRIVATE: Final = re.compile(rb"\x1b\[[<>=?][0-9;]*(?:\$p|u|m|t|q|c)")
T = TypeVar("T")


def sent(code: Code, end: str = "\r") -> bytes:
    """What a scanner sends for a code."""
    return f"]Q1{encode(code)}{end}".encode()


def command_line(data: Path) -> list[str]:
    """`kiosk run` of a station with this folder."""
    return [sys.executable, "-m", "kiosk", "run", "--data", str(data)]


def lasting(data: Path, settings: str = "") -> None:
    """The bakery of a station by the machine's own clock: what is good keeps for ever."""
    journal = Journal.open(data, station="BAKE-1", clock=StillClock(), new_id=new_id)
    today = TODAY.date().isoformat()
    bodies = []
    for number, event in enumerate(office(), 1):
        known = event
        if isinstance(event, MaterialReceived) and event.expiry > today:
            known = msgspec.structs.replace(event, expiry=KEEPS)
        whole = stamped(
            known, id=f"0-{number:04}", n=number, station="office", at=TODAY.isoformat()
        )
        bodies.append(body_of(whole))
    journal.absorb(bodies, FeedMark("i1", len(bodies), "00")).result(WAIT_SECONDS)
    journal.close()
    (data / "station.token").write_text("secret\n")
    (data / "kiosk.toml").write_text(STATION + settings)


def environment(**more: str) -> dict[str, str]:
    """What the process sees."""
    return {**os.environ, "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), **more}


def own_events(data: Path) -> list[Event]:
    """What the station recorded, in order; its kiosk has ended."""
    journal = Journal.open(data, station="BAKE-1", clock=StillClock(), new_id=new_id)
    found = [record.event for _, record in journal.replay()]
    journal.close()
    return [one for one in found if not isinstance(one, Unknown) and one.station == "BAKE-1"]


class PtyKiosk:
    """A kiosk on a pseudo-terminal, which a keyboard scanner and a person type into."""

    def __init__(
        self,
        data: Path,
        settings: str = "",
        size: tuple[int, int] = (80, 24),
        term: str = "xterm-256color",
    ) -> None:
        self.data = data
        lasting(data, settings)
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.raw = b""
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self.process = subprocess.Popen(
            command_line(data),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env=environment(TERM=term),
        )
        os.close(slave)

    def send(self, *codes: Code | bytes) -> None:
        """Bursts, one behind the other; codes as a scanner sends them."""
        for one in codes:
            os.write(self.master, one if isinstance(one, bytes) else sent(one))

    def type(self, text: str, gap: float = 0.12) -> None:
        """As a hand types."""
        for sign in text:
            os.write(self.master, sign.encode())
            self.watch(gap)

    def watch(self, seconds: float) -> str:
        """The screen as it is after so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                data = os.read(self.master, READ_BYTES)
                self.raw += data
                self._stream.feed(_PRIVATE.sub(b"", data))
        return "\n".join(self._screen.display)

    def until(self, *texts: str) -> str:
        """The screen once it holds all of these."""
        end = time.monotonic() + WAIT_SECONDS
        while not all(one in (shown := self.watch(0.05)) for one in texts):
            assert time.monotonic() < end, f"never showed {texts}:\n{shown}"
        return shown

    def end(self) -> list[Event]:
        """End it, and tell what it recorded."""
        self.close()
        return own_events(self.data)

    def close(self) -> None:
        """End the process by SIGTERM, as the unit does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with suppress(OSError):  # EIO: the other end is closed
                while self.process.poll() is None:
                    self.watch(0.05)
        self.process.wait(WAIT_SECONDS)
        with suppress(OSError):
            os.close(self.master)
        self.master = -1


class XtermKiosk:
    """A kiosk in an xterm on a virtual X server: true pixels. Its scanner is a serial line."""

    def __init__(
        self,
        data: Path,
        size: tuple[int, int] = (120, 40),
        *,
        station: str = "",
        more: str = "",
        enrolled: bool = True,
    ) -> None:
        """`station` goes into its configuration under that name, `more` behind it."""
        for program in ("Xvfb", "xterm", "import"):
            if shutil.which(program) is None:
                missing(program, "run deploy/test-tools as root")
        self.cable, inner = pty.openpty()
        tty.setraw(inner)
        self._inner = inner
        port = f'[[scanner]]\nport = "{os.ttyname(inner)}"\nname = "hand"\n'
        if enrolled:
            lasting(data, station + port + more)
        else:
            data.mkdir(parents=True, exist_ok=True)
            (data / "kiosk.toml").write_text(f"[station]\n{station}{port}")
        told, number = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(number), "-screen", "0", "1920x1080x24", "-noreset"],
            pass_fds=(number,),
            stderr=subprocess.DEVNULL,
        )
        os.close(number)
        with os.fdopen(told) as line:
            self.display = f":{line.readline().strip()}"
        font = ["-fa", "DejaVu Sans Mono", "-fs", "14", "-u8", "-b", "0", "-bw", "0", "+sb"]
        place = ["-geometry", f"{size[0]}x{size[1]}+0+0"]
        self._xterm = subprocess.Popen(
            ["xterm", "-tn", "xterm-256color", *font, *place, "-e", *command_line(data)],
            env=environment(DISPLAY=self.display, COLORTERM="truecolor"),
            stderr=subprocess.DEVNULL,
        )

    def begin(self) -> None:
        """Until it hears its scanner: HELP shows a code."""
        end = time.monotonic() + WAIT_SECONDS
        while not self._shows_code():
            if time.monotonic() > end:
                self.close()
                raise AssertionError("the kiosk never heard its scanner")
            self.scan(CommandCode("HELP"))

    def _shows_code(self) -> bool:
        return any(decode_image(self.picture()) for _ in range(LOOKS))

    def scan(self, *codes: Code) -> None:
        """One behind the other, by the serial line."""
        for one in codes:
            os.write(self.cable, sent(one))

    def picture(self) -> Image.Image:
        """What stands on the monitor."""
        taken = subprocess.run(
            ["import", "-window", "root", "png:-"],
            env=environment(DISPLAY=self.display),
            capture_output=True,
            check=False,
            timeout=WAIT_SECONDS,
        )
        assert not taken.returncode, taken.stderr
        return Image.open(BytesIO(taken.stdout)).convert("RGB")

    def until(self, find: Callable[[Image.Image], T | None], why: str) -> T:
        """What is found on a picture, once it is there."""
        end = time.monotonic() + WAIT_SECONDS
        while (found := find(self.picture())) is None:
            assert time.monotonic() < end, f"the monitor never showed {why}"
        return found

    def close(self) -> None:
        """End the terminal, then the server; twice is harmless."""
        if self.cable < 0:
            return
        for one in (self._xterm, self._server):
            one.terminate()
            one.wait(WAIT_SECONDS)
        os.close(self.cable)
        os.close(self._inner)
        self.cable = -1
