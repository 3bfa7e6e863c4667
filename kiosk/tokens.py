"""The home of the station's token while it works: read, tried, and renewed once a month.

The server keeps the token before until a new one is first used, and the new one is on disk before
that: whenever the power goes, the file holds one that works. The one before stays in a file of its
own, for a server that was restored from a backup of older days knows only that.
"""

import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from kiosk.config import TOKEN_BEFORE_NAME, TOKEN_NAME
from kiosk.enrolment import TOKEN_FORM, write_whole
from sync.line import AnswerUnreadable, Line, SyncError, read_answer
from sync.pulse import Pulse

TOKEN_DAYS: Final = 30
FIRST_LOOK_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 3_600.0
STOP_SECONDS_MAX: Final = 1.0
DAY_SECONDS: Final = 86_400


class _Offer(msgspec.Struct, frozen=True):
    token: str


class TokenKeeper:
    """The token for every line to the server; `start` begins to renew it by itself."""

    def __init__(
        self,
        data: Path,
        server: str,
        *,
        pin: str = "",
        now: Callable[[], float] = time.time,
        first_look_seconds: float = FIRST_LOOK_SECONDS,
    ) -> None:
        self._file, self._file_before = data / TOKEN_NAME, data / TOKEN_BEFORE_NAME
        self._server = server
        self._pin = pin
        self._now = now
        self._first_look_seconds = first_look_seconds
        self._token = _read(self._file)
        self._changing = threading.Lock()
        self._ending = threading.Event()
        self._line: Line | None = None
        self._thread: threading.Thread | None = None

    @property
    def current(self) -> str:
        return self._token

    @property
    def is_due(self) -> bool:
        """Whether the token's file is as old as a token may be."""
        try:
            age = self._now() - self._file.stat().st_mtime
        except OSError:
            return False
        return age >= TOKEN_DAYS * DAY_SECONDS

    def other(self, refused: str) -> str:
        """Another token to try: a newer one, or the one before."""
        known = (self._token, _read(self._file), _read(self._file_before))
        return next((one for one in known if one and one != refused), "")

    def settle(self, accepted: str) -> None:
        """Go on with a token that another was refused for; on disk as soon as that can be."""
        with self._changing:
            if accepted == self._token:
                return
            self._token = accepted
            if accepted != _read(self._file):
                with suppress(OSError):  # the same is found at the next start
                    write_whole(self._file, accepted + "\n")

    def renew(self) -> None:
        """Ask for a new token, keep it, and use it from then on; raises `SyncError`, `OSError`."""
        self.keep(self.ask())

    def ask(self) -> str:
        """A new token, which nothing uses yet; raises `SyncError`."""
        self._line = Line(self._server, self, pin=self._pin)
        try:
            if self._ending.is_set():
                self._line.close()
            told = self._line.send("POST", "/v1/token")
        finally:
            self._line.hang_up()
        offered = read_answer(told, _Offer, f"{self._server}/v1/token").token
        if not re.fullmatch(TOKEN_FORM, offered):
            raise AnswerUnreadable(f"{self._server}: gave a token that cannot be used")
        return offered

    def keep(self, offered: str) -> None:
        """Write it to disk, then use it; raises `OSError`, and the one before stays."""
        with self._changing:
            write_whole(self._file_before, self._token + "\n")
            write_whole(self._file, offered + "\n")
            self._token = offered

    @property
    def pulses(self) -> dict[str, Pulse]:
        """None: a token that is not renewed today is renewed after the next start."""
        return {}

    def start(self) -> None:
        """Look by timer whether it is due; a failure is tried again at the next look."""
        assert self._thread is None, "a keeper is started once"
        self._thread = threading.Thread(target=self._looking, name="token", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Nothing that is recorded concerns the token."""

    def stop(self) -> None:
        """End within a second, breaking off a request under way."""
        self._ending.set()
        if self._line is not None:
            self._line.close()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS_MAX)

    def _looking(self) -> None:
        pause = self._first_look_seconds
        while not self._ending.wait(pause):
            pause = LOOK_SECONDS
            if self.is_due:
                with suppress(SyncError, OSError):
                    self.renew()


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        return ""
