"""The home of what an observer is told: each answer, each change of status, the clock."""

import os
from collections.abc import Iterable

from kiosk.clock import Clock
from kiosk.dialog import Dialog
from kiosk.observer import Observer
from kiosk.readers import PrintState
from kiosk.screens.around import Link
from kiosk.screens.band import Band


class Teller:
    """Tells the observer, if there is one."""

    def __init__(self, observer: Observer | None, clock: Clock) -> None:
        self._observer = observer
        self._clock = clock
        self._bands = 0
        self._status: dict[str, object] = {}

    def tell(self, **line: object) -> None:
        """One line."""
        if self._observer is not None:
            self._observer.tell(**line)

    def ready(self, station: str, origin: str) -> None:
        """Scans are taken from now on."""
        self.tell(event="ready", pid=os.getpid(), station=station, origin=origin)

    def band(self, band: Band, dialog: Dialog, link: Link, handled: int) -> None:
        """The band turned, or was drawn again as the answer to one more input."""
        self._bands += 1
        self.tell(
            band=self._bands,
            kind=band.kind,
            word=band.word,
            what=band.what,
            next=band.next,
            key=band.key,
            order=dialog.order or "",
            operation=dialog.operation or "",
            person=dialog.person or "",
            waiting=link.waiting,
            sync=link.state,
            at=self._clock.now().isoformat(timespec="milliseconds"),
            scan=handled,
        )

    def status(self, link: Link, printers: Iterable[PrintState]) -> None:
        """What waits for the server and for printers, where that changed."""
        status: dict[str, object] = {
            "waiting": link.waiting,
            "sync": link.state,
            "why": link.why,
            "printing": {one.printer: [one.state, one.queued] for one in printers},
        }
        if status != self._status:
            self._status = status
            self.tell(event="status", **status)

    def clock(self) -> None:
        """Where the simulated clock stands."""
        at, offset = self._clock.now().isoformat(), self._clock.offset_seconds
        self.tell(event="clock", at=at, offset=offset)

    def close(self) -> None:
        """Say good-bye and hang up."""
        if self._observer is not None:
            self._observer.tell(event="end")
            self._observer.close()
