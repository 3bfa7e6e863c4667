"""The home of the bell at work: it sends the beats of `kiosk.sounds` in their time."""

import asyncio
from collections.abc import Callable

from kiosk.sounds import Ringing, Sound


class Bell:
    """One terminal's bell; `write` sends to it. Belongs to the thread of the running loop."""

    def __init__(self, write: Callable[[str], None], *, console: bool) -> None:
        self._write = write
        self._console = console
        self._ringing = Ringing()
        self._timer: asyncio.TimerHandle | None = None

    def ring(self, kind: Sound) -> None:
        """An answer wants to be heard: now, or as soon as what rings leaves room."""
        self._ringing = self._ringing.asked(kind, console=self._console)
        if self._timer is None:
            self._beat()

    def stop(self) -> None:
        """Nothing more is rung."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._ringing = None, Ringing()

    def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        sent, self._ringing = self._ringing.due(loop.time())
        if sent:
            self._write(sent)
        wait = self._ringing.wait_s(loop.time())
        if wait is not None:
            self._timer = loop.call_later(wait, self._beat)
